import autograd.numpy as np
from autograd import grad, hessian, jacobian


def metric(x):
    r, theta = x
    return np.array([[1.0, 0.0], [0.0, r**2]]) + 0.1 * np.array([[np.sin(theta), 0], [0, np.cos(r)]])


def christoffel(x):
    slopes = jacobian(metric)(x)
    lower = slopes + np.transpose(slopes, (0, 2, 1)) - np.transpose(slopes, (2, 0, 1))
    return 0.5 * np.einsum("il,ljk->ijk", np.linalg.inv(metric(x)), lower)


def riemann(x):
    G, slopes = christoffel(x), jacobian(christoffel)(x)
    quadratic = np.einsum("ikm,mlj->ijkl", G, G) - np.einsum("ilm,mkj->ijkl", G, G)
    return np.einsum("ijlk->ijkl", slopes) - slopes + quadratic


def lagrangian(q, v):
    potential = -np.cos(q[0]) - 0.5 * np.cos(q[1] - q[0])
    return 0.5 * np.sum(v**2) + 0.3 * v[0] * v[1] * np.cos(q[0] - q[1]) - potential


def acceleration(q, v):
    mixed = jacobian(jacobian(lagrangian, 1), 0)(q, v)
    return np.linalg.solve(hessian(lagrangian, 1)(q, v), grad(lagrangian, 0)(q, v) - mixed @ v)


def lennard_jones(positions):
    points, energy = positions.reshape(-1, 3), 0.0
    for i in range(len(points)):
        for j in range(i):
            inverse = 1 / np.sum((points[i] - points[j]) ** 2) ** 3
            energy += 4 * (inverse**2 - inverse)
    return energy


def taylor(f, x, terms):
    coefficients = []
    for _ in range(terms):
        coefficients.append(f(x))
        f = grad(f)
    return np.array(coefficients)


place = np.array([1.3, 0.4])
cluster = np.random.RandomState(0).rand(12) * 2
result = [
    christoffel(place),
    riemann(place),
    acceleration(np.array([0.3, -0.2]), np.array([0.5, 0.1])),
    grad(lennard_jones)(cluster),
    hessian(lennard_jones)(cluster),
    taylor(np.sin, 0.3, 7),
    taylor(lambda x: np.exp(-(x**2)), 0.5, 6),
]
