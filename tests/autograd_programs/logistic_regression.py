import autograd.numpy as np
from autograd import grad, hessian
from autograd.test_util import check_grads


def sigmoid(x):
    return 0.5 * (np.tanh(x / 2.0) + 1)


def predictions(weights, inputs):
    return sigmoid(np.dot(inputs, weights))


def loss(weights):
    p = predictions(weights, inputs)
    return -np.sum(np.log(p * targets + (1 - p) * (1 - targets)))


inputs = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
targets = np.array([True, True, False, True])
weights = np.array([0.1, -0.2, 0.3])
check_grads(loss, modes=["rev"])(weights)
gradient = grad(loss)
result = [loss(weights)]
for _ in range(100):
    weights -= gradient(weights) * 0.01
result += [weights, loss(weights), hessian(loss)(weights)]
