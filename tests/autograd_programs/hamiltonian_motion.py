import autograd.numpy as np
from autograd import grad, jacobian


def energy(z, mass=1.0, stiffness=2.0):
    q, p = np.split(z, 2)
    repulsion = 1 / np.sqrt((q[0] - q[1]) ** 2 + 1)
    return np.sum(p**2) / (2 * mass) + 0.5 * stiffness * np.dot(q, q) + 0.1 * np.sum(q**4) + repulsion


symplectic = np.block([[np.zeros((2, 2)), np.eye(2)], [-np.eye(2), np.zeros((2, 2))]])


def leapfrog(z, h=0.05, steps=20):
    q, p = z[:2], z[2:]
    force = grad(lambda q, p: -energy(np.concatenate([q, p])))
    velocity = grad(lambda q, p: energy(np.concatenate((q, p))), argnum=1)
    path = [z]
    for _ in range(steps):
        p = p + h / 2 * force(q, p)
        q = q + h * velocity(q, p)
        p = p + h / 2 * force(q, p)
        path.append(np.concatenate([q, p]))
    return np.stack(path)


start = np.array([1.0, -0.5, 0.2, 0.3])
flow = jacobian(lambda z: leapfrog(z)[-1])(start)
assert np.allclose(flow.T @ symplectic @ flow, symplectic)
result = [
    symplectic @ grad(energy)(start),
    grad(energy)(start, stiffness=3.0),
    leapfrog(start),
    flow,
    grad(lambda z: np.mean(leapfrog(z)[:, 0] ** 2))(start),
]
