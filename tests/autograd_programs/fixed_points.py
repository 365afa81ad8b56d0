import autograd.numpy as np
from autograd import grad
from autograd.misc.fixed_points import fixed_point


def newton_sqrt(a):
    return fixed_point(lambda a: lambda x: 0.5 * (x + a / x), a, 1.0, lambda x, y: np.abs(x - y), 1e-12)


def vector(a):
    step = lambda a: lambda x: np.cos(a * x) / 2
    return np.sum(fixed_point(step, a, np.zeros(3), lambda x, y: np.max(np.abs(x - y)), 1e-12) ** 2)


a = np.array([0.5, 1.0, 1.2])
result = [newton_sqrt(2.0), grad(newton_sqrt)(2.0), grad(grad(newton_sqrt))(2.0), vector(a), grad(vector)(a)]
