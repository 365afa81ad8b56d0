import autograd.numpy as np
from autograd import grad, jacobian, make_jvp


def lorenz(state, t, params):
    sigma, rho, beta = params
    x, y, z = state
    return np.array([sigma * (y - x), x * (rho - z) - y, x * y - beta * z])


def integrate(state, params, steps=20, h=0.02):
    path = [state]
    for i in range(steps):
        t = i * h
        k1 = lorenz(state, t, params)
        k2 = lorenz(state + h / 2 * k1, t + h / 2, params)
        k3 = lorenz(state + h / 2 * k2, t + h / 2, params)
        k4 = lorenz(state + h * k3, t + h, params)
        state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        path.append(state)
    return np.array(path)


params = np.array([10.0, 28.0, 8 / 3])
start = np.array([1.0, 1.0, 1.0])
energy = lambda params: np.mean(integrate(start, params)[-5:, 2] ** 2)
result = [integrate(start, params), grad(energy)(params), jacobian(integrate)(start, params)]
result += list(make_jvp(lambda s: integrate(s, params)[-1])(start)(np.array([1.0, 0.0, 0.0])))
