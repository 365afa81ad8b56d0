import autograd.numpy as np
from autograd import grad, hessian, value_and_grad

observations = np.cumsum(np.random.RandomState(0).randn(25))


def negative_log_likelihood(theta):
    q, r = np.exp(theta[:2])
    F = np.array([[np.tanh(theta[2]), 1.0], [0.0, 0.9]])
    H = np.array([[1.0, 0.0]])
    m, P = np.zeros(2), 10 * np.eye(2)
    total = 0.0
    for y in observations:
        m = F @ m
        P = F @ P @ F.T + q * np.diag(np.ones(2))
        S = H @ P @ H.T + r
        v = y - H @ m
        gain = np.linalg.solve(S.T, (P @ H.T).T).T
        sign, logdet = np.linalg.slogdet(S)
        total += -0.5 * sign * (logdet + v @ np.linalg.inv(S) @ v + np.log(2 * np.pi))
        m = m + np.dot(gain, v)
        P = P - gain @ H @ P
    return -total


theta = np.array([0.1, -0.2, 0.3])
result = [grad(negative_log_likelihood)(theta), hessian(negative_log_likelihood)(theta)]
for _ in range(5):
    value, slope = value_and_grad(negative_log_likelihood)(theta)
    theta = theta - 0.01 * slope
    result += [value, theta]
