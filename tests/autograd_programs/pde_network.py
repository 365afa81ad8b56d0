import autograd.numpy as np
import autograd.numpy.random as npr
from autograd import grad, hessian, jacobian

# The diffusion equation g_t = g_xx on [0, 1], g(0, t) = g(1, t) = 0, g(x, 0) = sin πx


def network(params, point):
    a = np.concatenate((np.ones(1), point)).reshape(-1, 1)
    for weights in params[:-1]:
        a = np.concatenate((np.ones((1, 1)), np.tanh(np.matmul(weights, a))), axis=0)
    return np.matmul(params[-1], a)[0][0]


def g_trial(point, P):
    x, t = point
    return (1 - t) * np.sin(np.pi * x) + x * (1 - x) * t * network(P, point)


def cost(P, x, t):
    total = 0
    g_t_jacobian_func = jacobian(g_trial)
    g_t_hessian_func = hessian(g_trial)
    for x_ in x:
        for t_ in t:
            point = np.array([x_, t_])
            g_t_jacobian = g_t_jacobian_func(point, P)
            g_t_hessian = g_t_hessian_func(point, P)
            total = total + (g_t_jacobian[1] - g_t_hessian[0][0]) ** 2
    return total / (np.size(x) * np.size(t))


npr.seed(4)
x, t = np.linspace(0, 1, 4), np.linspace(0, 1, 3)
P = [npr.randn(6, 3), npr.randn(1, 7)]
result = [cost(P, x, t)]
gradient = grad(cost, 0)
for _ in range(10):
    P = [p - 0.01 * g for p, g in zip(P, gradient(P, x, t))]
result += [cost(P, x, t), *P, g_trial(np.array([0.5, 0.5]), P)]
