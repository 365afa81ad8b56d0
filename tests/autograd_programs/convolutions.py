import autograd.numpy as np
from autograd import grad, jacobian
from autograd.scipy.signal import convolve

signal = np.sin(np.arange(12.0))
kernel = np.array([0.2, -0.5, 1.0])


def loss(kernel, signal):
    out = signal
    for _ in range(3):
        out = np.tanh(convolve(out, kernel))
    return np.sum(out**2)


image = np.cos(np.arange(36.0)).reshape(1, 6, 6)
filters = np.array([[[1.0, 0.5], [-0.5, 0.2]], [[0.3, 0.1], [0.7, -0.9]]])


def features(filters):
    out = convolve(image, filters, axes=([1], [1]), dot_axes=([], []), mode="valid")
    return np.sum(np.maximum(out, 0.0) ** 2)


full = lambda k: convolve(image[0], k, mode="full")
result = [loss(kernel, signal), grad(loss, 0)(kernel, signal), grad(loss, 1)(kernel, signal)]
result += [jacobian(full)(filters[0])]
