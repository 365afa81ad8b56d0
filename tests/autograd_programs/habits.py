import autograd.numpy as np
import autograd.numpy.linalg as npla
from autograd import grad, jacobian
from autograd.numpy.linalg import det, inv

x = np.array([0.5, 1.5, -0.3])
A = np.array([[2.0, 0.3, 0.1], [0.2, 1.5, 0.4], [0.1, 0.2, 3.0]])
printed = []


def lists(x):
    built = np.array([[x[0], 1.0], [x[1] * x[2], x[0] ** 2]])
    largest = np.max([x[0], x[1] * 2])
    return np.sum(built @ built) + largest + np.sum([x[0], x[2]]) + np.mean([x[0], x[1]])


def flow(x):
    if x[0] > 0.2 and len(x) == 3:
        printed.append(str(x.shape))
    total = 0.0
    for i, xi in enumerate(x):
        total += xi ** (i + 1)
    while total < 5.0:
        total = total * 2
    return total


def reductions(x):
    return (
        x.sum() + np.prod(x) + np.var(x) + np.std(x) + x.mean() + np.dot(np.array([1.0, 2.0, 3.0]), x) + np.dot(x.T, x)
    )


def shapes(x):
    y = np.vstack([x, 2 * x, np.ones(3)])
    z = np.concatenate((y, np.expand_dims(x, 0)), axis=0)
    z = np.append(z, [[1.0, 2.0, 3.0]], axis=0)
    w = np.where(z > 0.4, z**2, np.abs(z))
    return np.sum(np.einsum("ij,kj->ik", w, z)) + np.sum(np.tensordot(w, z.T, 1)) + np.linalg.norm(z)


def selections(x):
    y = np.sort(x)[::-1] + x[[2, 0, 0]] + x[x > -1.0]
    y = np.clip(y, -0.5, 1.2) * np.maximum(x, 0.1) + np.minimum(x, x**2)
    return np.sum(np.cumsum(y) * np.arange(3)) + np.sum(np.tile(y, (2, 2)) + np.repeat(x, 2).reshape(2, 3)[0, 0])


def algebra(x):
    B = A * x + np.diag(x**2) + np.eye(3)
    return det(B) + np.trace(inv(B)) + npla.norm(B, "fro") + np.sum(npla.solve(B, x)) + np.sum(np.kron(B, x))


def joined(x):
    return np.r_[x, x[:1]] * np.c_[x, x][0, 0]


functions = [lists, flow, reductions, shapes, selections, algebra]
result = [np.array([f(x) for f in functions]), *[grad(f)(x) for f in functions]]
result += [jacobian(grad(f))(x) for f in functions] + [jacobian(joined)(x)]
