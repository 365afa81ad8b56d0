import autograd.numpy as np
import autograd.numpy.random as npr
from autograd import grad
from autograd.misc import flatten
from autograd.misc.optimizers import adam, rmsprop, sgd


def init_params(scale, sizes, rs):
    return [(scale * rs.randn(m, n), scale * rs.randn(n)) for m, n in zip(sizes[:-1], sizes[1:])]


def predict(params, inputs):
    for W, b in params:
        outputs = np.dot(inputs, W) + b
        inputs = np.tanh(outputs)
    return outputs - np.log(np.sum(np.exp(outputs), axis=1, keepdims=True))


def log_posterior(params, inputs, targets, strength):
    vector, _ = flatten(params)
    return -strength * np.dot(vector, vector) + np.sum(predict(params, inputs) * targets)


rs = npr.RandomState(0)
X = rs.randn(30, 4)
Y = np.eye(3)[np.argmax(X[:, :3], axis=1)]
start = init_params(0.3, [4, 8, 3], rs)
objective = lambda params, i: -log_posterior(params, X, Y, 0.01)
seen = []
result = []
for optimizer, options in [(adam, {"step_size": 0.05}), (rmsprop, {"step_size": 0.01}), (sgd, {"step_size": 0.01})]:
    trained = optimizer(
        grad(objective), start, callback=lambda p, i, g: seen.append(flatten(g)[0][0]), num_iters=25, **options
    )
    result += [flatten(trained)[0], objective(trained, 0)]
result.append(np.array(seen))
