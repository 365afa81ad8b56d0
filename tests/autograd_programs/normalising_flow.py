import autograd.numpy as np
import autograd.numpy.random as npr
import autograd.scipy.stats.norm as norm
from autograd import grad
from autograd.misc import flatten
from autograd.misc.optimizers import adam, rmsprop, sgd


def planar(z, u, w, b):
    h = np.tanh(np.dot(z, w) + b)
    return z + np.outer(h, u), np.log(np.abs(1 + np.dot(np.outer(1 - h**2, w), u)))


def coupling(z, layers, flip):
    (W1, b1), (W2, b2) = layers
    kept, moved = (z[:, :1], z[:, 1:]) if not flip else (z[:, 1:], z[:, :1])
    a = np.dot(kept, W1) + b1
    s_and_t = np.dot(np.maximum(0.1 * a, a), W2) + b2
    s, t = np.tanh(s_and_t[:, :1]), s_and_t[:, 1:]
    moved = moved * np.exp(s) + t
    return np.hstack((kept, moved)) if not flip else np.hstack((moved, kept)), np.sum(s, axis=1)


def loss(params, i):
    z = npr.RandomState(i).randn(30, 2)
    log_q = np.sum(norm.logpdf(z), axis=1)
    for layer in params["planar"]:
        z, log_det = planar(z, *layer)
        log_q = log_q - log_det
    for k, layer in enumerate(params["coupling"]):
        z, log_det = coupling(z, layer, k % 2)
        log_q = log_q - log_det
    ring = -0.5 * ((np.linalg.norm(z, axis=1) - 2) / 0.4) ** 2
    sides = np.exp(norm.logpdf(z[:, 0], 2, 0.6)) + norm.pdf(z[:, 0], loc=-2, scale=0.6)
    return np.mean(log_q - ring - np.log(sides))


rs = npr.RandomState(0)
params = {
    "planar": [(rs.randn(2) * 0.1, rs.randn(2), rs.randn()) for _ in range(3)],
    "coupling": [((rs.randn(1, 5), np.zeros(5)), (rs.randn(5, 2) * 0.1, np.zeros(2))) for _ in range(2)],
}
result = []


def callback(params, i, gradient):
    result.append(loss(params, 1000 + i))
    result.append(flatten(gradient)[0])


for optimizer in (adam, rmsprop, sgd):
    found = optimizer(grad(loss), params, callback=callback, num_iters=4, step_size=0.01)
    result.append(flatten(found)[0])
