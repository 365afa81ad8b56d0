import autograd.numpy as np
from autograd import grad, jacobian, value_and_grad

x = np.linspace(-2, 2, 12)[:, None]
y = np.sin(2 * x[:, 0])


def kernel(params, a, b):
    scale, widths = np.exp(params[0]), np.exp(params[1])
    difference = np.expand_dims(a / widths, 1) - np.expand_dims(b / widths, 0)
    return scale * np.exp(-0.5 * np.sum(difference**2, axis=2))


def log_likelihood(params):
    K = kernel(params[:2], x, x) + (np.exp(params[2]) + 1e-6) * np.eye(len(y))
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(K, y)
    sign, logdet = np.linalg.slogdet(K)
    by_cholesky = -np.sum(np.log(np.diag(L))) - 0.5 * np.dot(y, alpha)
    return by_cholesky - 0.5 * (0.5 * logdet) + 0.25 * logdet - 0.5 * len(y) * np.log(2 * np.pi)


params = np.array([0.1, -0.3, -2.0])
spectrum = lambda p: np.linalg.eigh(kernel(p[:2], x[:4], x[:4]))[0]
result = [*value_and_grad(log_likelihood)(params), jacobian(grad(log_likelihood))(params), jacobian(spectrum)(params)]
