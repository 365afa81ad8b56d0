"""Nested containers: gradients come back in the structure of the argument, whatever it is made of."""

from collections import OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass

import numpy as np
import pytest

import autodiff as ad
from autodiff.tree import flatten, map_leaves

Pair = namedtuple("Pair", "a b")


@dataclass
class Layer:
    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Frozen:
    weight: np.ndarray
    bias: np.ndarray


@dataclass(slots=True, frozen=True)
class Slotted:
    weight: np.ndarray
    bias: np.ndarray


@dataclass
class Checked:
    """Refuses what is no array of its own when it is made; gradients are made without asking."""

    weight: np.ndarray
    bias: np.ndarray

    def __post_init__(self):
        if not isinstance(self.weight, np.ndarray):
            raise TypeError("not an array")


A = np.array([[1.0, 2.0], [3.0, 4.0]])
B = np.array([5.0, 6.0])


class Attributes(dict):
    """A dict of a kind of its own."""


# name: (a container of A and B, how to get them out of it again)
CONTAINERS = {
    "list": ([A, B], list),
    "tuple": ((A, B), list),
    "dict": ({"a": A, "b": B}, lambda t: [t["a"], t["b"]]),
    "dict in another order": ({"b": B, "a": A}, lambda t: [t["a"], t["b"]]),
    "dict with mixed keys": ({("k", 1): A, 2: B}, lambda t: [t["k", 1], t[2]]),
    "OrderedDict": (OrderedDict(a=A, b=B), lambda t: [t["a"], t["b"]]),
    "defaultdict": (defaultdict(list, a=A, b=B), lambda t: [t["a"], t["b"]]),
    "dict subclass": (Attributes(a=A, b=B), lambda t: [t["a"], t["b"]]),
    "named tuple": (Pair(A, B), lambda t: [t.a, t.b]),
    "dataclass": (Layer(A, B), lambda t: [t.weight, t.bias]),
    "frozen dataclass": (Frozen(A, B), lambda t: [t.weight, t.bias]),
    "slotted dataclass": (Slotted(A, B), lambda t: [t.weight, t.bias]),
    "with None": ([A, None, B], lambda t: [t[0], t[2]]),
    "with empty ones": ([[], A, {}, (), B], lambda t: [t[1], t[4]]),
    "nested": ({"x": [(A,), Pair(None, {"y": B})]}, lambda t: [t["x"][0][0], t["x"][1].b["y"]]),
    "deep": ([[[[[[A]]]]], Layer([B], ())], lambda t: [t[0][0][0][0][0][0], t[1].weight[0]]),
}
EACH = pytest.mark.parametrize("name", CONTAINERS)


def loss(tree, get):
    """Return Σ a² + Σ (a b): by a 2a + b, by b the column sums of a; Hessian 2 I and what couples a to b."""
    a, b = get(tree)
    return np.sum(a * a) + np.sum(a * b)


GRADIENTS = [2 * A + B, A.sum(axis=0)]


def assert_like(tree, container, expected, get):
    assert type(tree) is type(container)
    assert flatten(tree)[1] == flatten(container)[1]
    for actual, wanted in zip(get(tree), expected, strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=1e-15)


@EACH
def test_grad_and_value_and_grad(name):
    container, get = CONTAINERS[name]
    assert_like(ad.grad(loss)(container, get), container, GRADIENTS, get)
    y, gradient = ad.value_and_grad(loss)(container, get)
    assert y == loss(container, get)
    assert_like(gradient, container, GRADIENTS, get)


@EACH
def test_vjp_in_and_out(name):
    container, get = CONTAINERS[name]
    y, pullback = ad.vjp(lambda tree: map_leaves(lambda x: x**2, tree), container)
    assert_like(y, container, [A**2, B**2], get)
    assert_like(pullback(container)[0], container, [2 * A * A, 2 * B * B], get)


@EACH
def test_jvp_in_and_out(name):
    container, get = CONTAINERS[name]
    y, y_dot = ad.jvp(lambda tree: map_leaves(lambda x: x**2, tree), (container,), (container,))
    assert_like(y, container, [A**2, B**2], get)
    assert_like(y_dot, container, [2 * A * A, 2 * B * B], get)


@EACH
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_jacobian_has_the_structure_of_the_output_and_then_of_the_input(name, mode):
    container, get = CONTAINERS[name]
    by_a = np.einsum("ik,jl->ijkl", np.eye(2), np.eye(2))
    jacobian = ad.jacobian(lambda tree: {"twice": 2.0 * get(tree)[0], "sum": np.sum(get(tree)[1])}, mode=mode)(
        container
    )
    assert set(jacobian) == {"twice", "sum"}
    assert_like(jacobian["twice"], container, [2 * by_a, np.zeros((2, 2, 2))], get)
    assert_like(jacobian["sum"], container, [np.zeros((2, 2)), np.ones(2)], get)
    assert_like(ad.jacobian(loss, mode=mode)(container, get), container, GRADIENTS, get)


@EACH
def test_hessian_has_the_structure_twice_over(name):
    container, get = CONTAINERS[name]
    identity = np.einsum("ik,jl->ijkl", np.eye(2), np.eye(2))
    coupling = np.broadcast_to(np.eye(2), (2, 2, 2))  # ∂²/∂a_ij ∂b_l = δ_jl
    by_a, by_b = get(ad.hessian(loss)(container, get))
    assert_like(by_a, container, [2 * identity, coupling], get)
    assert_like(by_b, container, [np.moveaxis(coupling, -1, 0), np.zeros((2, 2))], get)


@EACH
def test_hvp(name):
    container, get = CONTAINERS[name]
    v = map_leaves(np.cos, container)
    expected = [2 * np.cos(A) + np.cos(B), np.cos(A).sum(axis=0)]

    def f(tree):
        return loss(tree, get)

    assert_like(ad.hvp(f)(container, v), container, expected, get)


def test_several_arguments():
    def f(p, x, q):
        return np.sum(p["w"] * x) * q[0]

    p, x, q = {"w": B}, np.array([1.0, 2.0]), (2.0, 3.0)
    by_q, by_p = ad.grad(f, (2, 0))(p, x, q)
    assert (float(by_q[0]), float(by_q[1])) == (17.0, 0.0)
    np.testing.assert_array_equal(by_p["w"], [2.0, 4.0])
    np.testing.assert_array_equal(ad.grad(f, -2)(p, x, q), 2 * B)
    value, (gradient,) = ad.value_and_grad(f, (1,))(p, x, q)
    assert value == 34.0
    np.testing.assert_array_equal(gradient, 2 * B)
    hessian = ad.hessian(f, (0, 1))(p, x, q)
    np.testing.assert_array_equal(hessian[0]["w"][1], 2 * np.eye(2))
    np.testing.assert_array_equal(hessian[1][0]["w"], 2 * np.eye(2))
    hv = ad.hvp(f, (0, 1))(p, x, q, ({"w": np.ones(2)}, np.zeros(2)))
    np.testing.assert_array_equal(hv[0]["w"], [0.0, 0.0])
    np.testing.assert_array_equal(hv[1], [2.0, 2.0])


def test_keyword_arguments_pass_through():
    assert ad.grad(lambda x, *, scale: scale * x)(1.0, scale=3.0) == 3.0


def test_a_defaultdict_keeps_its_default():
    gradient = ad.grad(lambda p: p["a"] ** 2)(defaultdict(lambda: 7, a=3.0))
    assert gradient["a"] == 6.0
    assert gradient["new"] == 7


def test_a_dataclass_is_not_checked_again_with_tracers_inside():
    gradient = ad.grad(lambda p: np.sum(p.weight * p.bias))(Checked(B, B))
    np.testing.assert_array_equal(gradient.weight, B)


def test_a_dict_in_another_order_is_the_same_structure():
    """Dicts compare without order; a cotangent may name its keys in any."""
    _, pullback = ad.vjp(lambda x: {"a": x, "b": 10 * x}, 1.0)
    assert pullback({"b": 1.0, "a": 2.0})[0] == 12.0
    assert pullback({"a": 2.0, "b": 1.0})[0] == 12.0
    _, y_dot = ad.jvp(lambda p: p["a"] * p["b"], ({"a": 2.0, "b": 3.0},), ({"b": 10.0, "a": 1.0},))
    assert y_dot == 23.0


def test_the_path_in_a_message():
    tree = {"layers": [Layer(B, B), Pair(B, 3)]}
    with pytest.raises(TypeError, match=r"got 3 as argument 0\['layers'\]\[1\]\.b"):
        ad.grad(lambda t: np.sum(t["layers"][0].bias))(tree)


def test_a_container_of_nothing():
    assert ad.grad(lambda _t: 1.0)([]) == []
    assert ad.grad(lambda _t: 1.0)({"a": None}) == {"a": None}
    y, pullback = ad.vjp(lambda _x: [], 1.0)
    assert y == [] and pullback([])[0] == 0.0


def test_the_same_array_twice_is_two_inputs():
    by_first, by_second = ad.grad(lambda t: np.sum(t[0] * 2 + t[1] * 3))([B, B])
    np.testing.assert_array_equal(by_first, [2.0, 2.0])
    np.testing.assert_array_equal(by_second, [3.0, 3.0])


def test_map_leaves_and_structure():
    tree = {"w": [1.0, (2.0, None)], "b": Pair(3.0, [])}
    assert map_leaves(lambda x: 10 * x, tree) == {"w": [10.0, (20.0, None)], "b": Pair(30.0, [])}
    leaves, structure = flatten(tree)
    assert leaves == [1.0, 2.0, 3.0]
    assert structure.unflatten("xyz") == {"w": ["x", ("y", None)], "b": Pair("z", [])}
    assert structure.paths() == ["['w'][0]", "['w'][1][0]", "['b'].a"]
    assert flatten({"a": 1.0})[1] != flatten({"b": 1.0})[1]
    assert flatten([1.0])[1] != flatten((1.0,))[1]
    assert hash(flatten([1.0])[1]) == hash(flatten([2.0])[1])
