import autograd.numpy as np
import autograd.numpy.random as npr
from autograd import grad, hessian_vector_product
from autograd.misc.flatten import flatten_func

npr.seed(1)
data = np.concatenate([npr.randn(40, 2) * 0.3 + [1.0, 1.0], npr.randn(40, 2) * 0.5 - [1.0, 0.0]])


def logsumexp(x, axis):
    largest = np.max(x, axis=axis, keepdims=True)
    return np.squeeze(largest + np.log(np.sum(np.exp(x - largest), axis=axis, keepdims=True)), axis=axis)


def log_density(params):
    logits, means, log_scales = params
    log_weights = logits - logsumexp(logits, 0)
    scaled = (data[:, None, :] - means) / np.exp(log_scales)[:, None]
    log_normal = -0.5 * np.sum(scaled**2, axis=2) - 2 * log_scales - np.log(2 * np.pi)
    return np.sum(logsumexp(log_weights + log_normal, axis=1))


params = [np.zeros(2), np.array([[0.5, 0.5], [-0.5, -0.5]]), np.zeros(2)]
objective, unflatten, x = flatten_func(lambda p: -log_density(p) / len(data), params)
loss = lambda x: objective(x)[0]
gradient = grad(loss)
for _ in range(50):
    x = x - 0.3 * gradient(x)
result = [loss(x), x, hessian_vector_product(loss)(x, np.arange(len(x)) / 3.0), *unflatten(x)]
