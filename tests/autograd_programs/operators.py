import autograd.numpy as np
from autograd import (
    checkpoint,
    deriv,
    elementwise_grad,
    grad,
    grad_and_aux,
    grad_named,
    hessian,
    hessian_tensor_product,
    hessian_vector_product,
    jacobian,
    make_ggnvp,
    make_hvp,
    make_jvp,
    make_vjp,
    tensor_jacobian_product,
    value_and_grad,
    vector_jacobian_product,
)
from autograd import elementwise_grad as egrad
from autograd.builtins import dict, isinstance, list, tuple
from autograd.differential_operators import make_jvp_reversemode
from autograd.misc.tracers import const_graph

x = np.array([0.3, -0.7, 1.9])
v = np.array([1.0, 2.0, -1.0])
M = np.arange(9.0).reshape(3, 3) / 7


def scalar(x, scale=2.0):
    return np.sum(np.sin(scale * x) * x**3)


def vector(x):
    return np.tanh(np.dot(M, x)) * x[::-1]


pull, y = make_vjp(vector)(x)
hvp, gradient = make_hvp(scalar)(x)
result = [y, pull(v), hvp(v), gradient, *make_jvp(vector)(x)(v), make_jvp_reversemode(vector)(x)(v)]
result += [grad(scalar)(x), grad(scalar, 1)(x, 3.0), *value_and_grad(scalar)(x), grad(scalar)(x, scale=1.5)]
result += [elementwise_grad(np.sin)(x), egrad(egrad(np.tanh))(x), deriv(np.tanh)(0.4), jacobian(vector)(x)]
result += [hessian(scalar)(x), hessian_tensor_product(scalar)(x, v), hessian_vector_product(scalar)(x, v)]
result += [hessian(vector)(x), jacobian(jacobian(vector))(x)]
result += [tensor_jacobian_product(vector)(x, v), vector_jacobian_product(vector)(x, v)]
matrix = lambda x: np.outer(np.sin(x), x)
result += [tensor_jacobian_product(matrix)(x, v), tensor_jacobian_product(matrix)(x, M)]
result += [make_ggnvp(vector)(x)(v), make_ggnvp(vector, lambda y: np.sum(np.cosh(y)))(x)(v)]
result += list(grad_and_aux(lambda x: (np.sum(x**2), x * 3))(x)) + [grad_named(scalar, "scale")(x, 2.0)]
result += [grad(checkpoint(scalar))(x), grad(const_graph(scalar))(x), *grad(scalar, (0, 1))(x, 2.0)]
nested = {"a": x, "b": [1.0, (2.0, v)]}


def of_tree(tree):
    kinds = isinstance(tree["b"], list) and isinstance(tree["b"][1], tuple) and isinstance(tree["a"], np.ndarray)
    made = dict(first=tree["a"], second=tuple([tree["b"][0], tree["b"][1][1]]))
    return np.sum(made["first"] ** 2 * made["second"][1]) * made["second"][0] * (2.0 if kinds else 3.0)


found = grad(of_tree)(nested)
result += [found["a"], found["b"][0], found["b"][1][0], found["b"][1][1]]
