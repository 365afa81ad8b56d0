import autograd.numpy as np
import autograd.numpy.random as npr
from autograd import grad, jacobian
from autograd.extend import defjvp, defvjp, primitive
from autograd.test_util import check_grads


@primitive
def logsumexp(x):
    """Log of a sum of exponentials, without overflow."""
    max_x = np.max(x)
    return max_x + np.log(np.sum(np.exp(x - max_x)))


def logsumexp_vjp(ans, x):
    x_shape = x.shape
    return lambda g: np.full(x_shape, g) * np.exp(x - np.full(x_shape, ans))


defvjp(logsumexp, logsumexp_vjp)


@primitive
def scaled(function, x, scale, power=2):
    return scale * function(x) ** power


defvjp(
    scaled,
    lambda ans, function, x, scale, power=2: lambda g: g * scale * power * function(x) ** (power - 1) * np.cos(x),
    lambda ans, function, x, scale, power=2: lambda g: np.sum(g * function(x) ** power),
    argnums=(1, 2),
)
defjvp(
    scaled,
    lambda g, ans, function, x, scale, power=2: g * scale * power * function(x) ** (power - 1) * np.cos(x),
    lambda g, ans, function, x, scale, power=2: g * function(x) ** power,
    argnums=(1, 2),
)


def example(y):
    z = y**2
    return np.sum(logsumexp(z))


npr.seed(0)
x = npr.randn(10)
check_grads(example, modes=["rev"])(x)
check_grads(lambda x, s: scaled(np.sin, x, s, power=3), (0, 1), modes=["fwd", "rev"])(x, 1.7)
result = [grad(example)(x), jacobian(grad(example))(x)]
result += [
    grad(lambda s: np.sum(scaled(np.sin, x, s, power=3)))(1.7),
    grad(lambda x: np.sum(scaled(np.sin, x, 2.0)))(x),
]
