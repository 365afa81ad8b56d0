import autograd.numpy as np
import autograd.numpy.random as npr
from autograd import elementwise_grad, grad

# g'(x) = -2 g(x), g(0) = 10, and g'' = -g, g(0) = 0, g'(0) = 1: by a trial solution that fulfils the conditions


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def network(params, x):
    x = x.reshape(-1, np.size(x))
    for i, weights in enumerate(params):
        x = np.concatenate((np.ones((1, x.shape[1])), x), axis=0)
        x = np.matmul(weights, x)
        if i < len(params) - 1:
            x = sigmoid(x)
    return x


def decay(x, params):
    return 10 + x * network(params, x)


def cost_decay(P, x):
    g_t = decay(x, P)
    d_g_t = elementwise_grad(decay, 0)(x, P)
    return np.sum((d_g_t - (-2 * g_t)) ** 2) / np.size(x)


def oscillation(x, params):
    return x + x**2 * network(params, x)


def cost_oscillation(P, x):
    g_t = oscillation(x, P)
    second = elementwise_grad(elementwise_grad(oscillation, 0), 0)(x, P)
    return np.sum((second + g_t) ** 2) / np.size(x)


def solve(cost, x, sizes, num_iter, lmb):
    npr.seed(15)
    P = [npr.randn(m, n + 1) for n, m in zip([1, *sizes], [*sizes, 1])]
    gradient = grad(cost, 0)
    for _ in range(num_iter):
        cost_grad = gradient(P, x)
        P = [p - lmb * g for p, g in zip(P, cost_grad)]
    return P


x = np.linspace(0, 1, 10)
first = solve(cost_decay, x, [10], 200, 0.001)
second = solve(cost_oscillation, x, [5, 5], 50, 0.005)
result = [cost_decay(first, x), decay(x, first), cost_oscillation(second, x), oscillation(x, second), *first, *second]
