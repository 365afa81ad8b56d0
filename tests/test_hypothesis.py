"""Properties over random shapes, dtypes, containers and programs."""

from __future__ import annotations

import dataclasses
from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

import autodiff as ad
from autodiff.tree import flatten
from tests.cases import A, Case
from tests.checks import assert_bitwise, assert_near, check
from tests.problems import DTYPES, Problem
from tests.programs import SHAPES, Step, programs, run
from tests.witnesses import complex_step, differences

# --- broadcasting -----------------------------------------------------------------------

BINARY: dict[Callable, tuple[str, str]] = {
    np.add: ("real", "real"),
    np.subtract: ("real", "real"),
    np.multiply: ("real", "real"),
    np.divide: ("real", "nonzero"),
    np.power: ("positive", "real"),
    np.hypot: ("nonzero", "nonzero"),
    np.arctan2: ("nonzero", "nonzero"),
    np.logaddexp: ("real", "real"),
}


@settings(max_examples=200)
@given(
    st.sampled_from(list(BINARY)),
    mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3),
    st.sampled_from([(0,), (1,), (0, 1)]),
    st.sampled_from(DTYPES),
    st.sampled_from(["", " strided", " fortran"]),
)
def test_broadcasting(function: Callable, shapes: Any, positions: tuple, dtype: type, layout: str) -> None:
    """Every pair of shapes that broadcasts passes the checks of the tables."""
    operands = [A(shape=s, domain=d) for s, d in zip(shapes.input_shapes, BINARY[function], strict=True)]
    analytic = function not in (np.hypot, np.arctan2, np.logaddexp)
    case = Case(function, *operands, analytic=analytic)
    check(Problem(case, positions, dtype, list(shapes.input_shapes), layout))


@settings(max_examples=100)
@given(mutually_broadcastable_shapes(num_shapes=3, max_dims=3, min_side=1, max_side=3))
def test_broadcasting_of_three(shapes: Any) -> None:
    """A cotangent has the shape of its operand, whichever operands were broadcast in between."""
    arrays = [np.random.default_rng(7).uniform(0.5, 1.5, s) for s in shapes.input_shapes]

    def f(*x: Any) -> Any:
        return x[0] * x[1] + np.sin(x[2] * x[0]) / x[1]

    v = [np.random.default_rng(8).uniform(-1, 1, s) for s in shapes.input_shapes]
    _, pullback = ad.vjp(f, *arrays)
    ct = np.random.default_rng(9).uniform(-1, 1, shapes.result_shape)
    cts = pullback(ct)
    assert [np.shape(c) for c in cts] == list(shapes.input_shapes)
    expected = complex_step(lambda *x: [np.sum(ct * f(*x))], arrays, v)
    assert expected is not None
    assert_near([sum(np.sum(c * d) for c, d in zip(cts, v, strict=True))], expected, 1e-12, "⟨Jᵀct, v⟩", 1.0)


# --- programs ---------------------------------------------------------------------------


def _inputs(low: float, high: float, seed: int) -> list:
    rng = np.random.default_rng(seed)
    return [rng.uniform(low, high, shape)[()] for shape in SHAPES]


@settings(max_examples=300)
@given(programs, st.integers(0, 99))
def test_programs(program: Sequence[Step], seed: int) -> None:
    """The gradient, the forward derivative and the complex step of a random program agree."""
    x, v = _inputs(-1.0, 1.0, seed), _inputs(-1.0, 1.0, seed + 1)

    def f(*inputs: Any) -> Any:
        return run(program, *inputs)

    value, gradient = ad.value_and_grad(f, (0, 1, 2))(*x)
    y, y_dot = ad.jvp(f, x, v)
    assert_bitwise(value, f(*x), "value")
    assert_bitwise(y, f(*x), "value")
    expected = complex_step(lambda *inputs: [f(*inputs)], x, v)
    assert expected is not None
    scale = 1.0 + sum(float(np.abs(g).sum()) for g in gradient)
    assert_near([y_dot], expected, 1e-12, "forward", scale)
    assert_near([sum(np.sum(g * d) for g, d in zip(gradient, v, strict=True))], expected, 1e-12, "reverse", scale)

    leaves = [ad.tensor(a, requires_grad=True) for a in x]
    f(*leaves).backward()
    for leaf, g in zip(leaves, gradient, strict=True):
        assert_near([0.0 * g if leaf.grad is None else leaf.grad], [g], 1e-14, "backward()", 1.0)


@settings(max_examples=100)
@given(programs, st.integers(0, 99))
def test_second_derivatives_of_programs(program: Sequence[Step], seed: int) -> None:
    """H v by both nestings, and by differences of the gradient."""
    x, v = _inputs(-1.0, 1.0, seed), _inputs(-1.0, 1.0, seed + 1)

    def gradient(*inputs: Any) -> Any:
        return ad.grad(lambda *a: run(program, *a), (0, 1, 2))(*inputs)

    forward = ad.jvp(gradient, x, v)[1]
    reverse = ad.vjp(gradient, *x)[1](tuple(v))
    scale = 1.0 + max(float(np.abs(h).max(initial=0.0)) for h in forward)
    assert_near(reverse, forward, 1e-11, "reverse over reverse", scale)
    assert_near(forward, differences(gradient, x, v), 1e-6, "differences", 10 * scale)


@settings(max_examples=60)
@given(programs, st.integers(0, 99))
def test_jacobians_of_programs(program: Sequence[Step], seed: int) -> None:
    """All columns in one sweep are the gradient, one row."""
    x = _inputs(-1.0, 1.0, seed)

    def f(*inputs: Any) -> Any:
        return run(program, *inputs)

    gradient = ad.grad(f, (0, 1, 2))(*x)
    scale = 1.0 + sum(float(np.abs(g).sum()) for g in gradient)
    for mode in ("forward", "reverse"):
        assert_near(ad.jacobian(f, (0, 1, 2), mode=mode)(*x), gradient, 1e-12, mode, scale)


# --- dtypes -----------------------------------------------------------------------------

OPERANDS: dict[str, Any] = {
    "float64": np.array([0.5, 1.5]),
    "float32": np.array([0.5, 1.5], np.float32),
    "float16": np.array([0.5, 1.5], np.float16),
    "int64": np.array([1, 2]),
    "bool": np.array([True, False]),
    "float": 0.5,
    "int": 3,
    "np.float64": np.float64(0.5),
    "np.float32": np.float32(0.5),
}


@settings(max_examples=300)
@given(
    st.sampled_from([np.add, np.subtract, np.multiply, np.maximum, np.arctan2, np.logaddexp]),
    st.sampled_from(sorted(OPERANDS)),
    st.sampled_from(sorted(OPERANDS)),
)
def test_dtypes(function: Callable, left: str, right: str) -> None:
    """The value has NumPy's dtype, and each cotangent that of its operand, whatever the two are."""
    a, b = OPERANDS[left], OPERANDS[right]
    if np.subtract is function and left == right == "bool":
        return  # NumPy refuses
    expected = function(a, b)
    for i, x in enumerate((a, b)):
        if np.asarray(x).dtype.kind != "f":
            continue
        f = (lambda t: function(t, b)) if i == 0 else (lambda t: function(a, t))
        y, pullback = ad.vjp(f, x)
        assert_bitwise(y, expected, "value")
        (ct,) = pullback(np.ones_like(y))
        assert np.shape(ct) == np.shape(x)
        assert ct.dtype == np.asarray(x).dtype
        y, y_dot = ad.jvp(
            (lambda t: function(t, b)) if i == 0 else (lambda t: function(a, t)), (x,), (np.ones_like(x),)
        )
        assert_bitwise(y, expected, "value")
        assert y_dot.dtype == expected.dtype


# --- containers ---------------------------------------------------------------------------

Pair = namedtuple("Pair", "first second")


@dataclasses.dataclass
class Layer:
    weight: Any
    bias: Any


leaves = st.one_of(
    st.floats(-2, 2),
    st.tuples(st.sampled_from([(), (2,), (2, 3), (0,)]), st.integers(0, 9)).map(
        lambda pair: np.random.default_rng(pair[1]).uniform(-2, 2, pair[0])
    ),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        st.builds(Pair, inner, inner),
        st.builds(Layer, inner, inner),
        st.tuples(inner, st.none()),
    ),
    max_leaves=6,
)


@given(trees)
def test_containers(tree: Any) -> None:
    """Derivatives come back in the structure of the argument, entry by entry right."""
    x, structure = flatten(tree)

    def loss(tree: Any) -> Any:
        return sum((k + 1) * np.sum(np.sin(leaf)) for k, leaf in enumerate(flatten(tree)[0])) + np.float64(0.0)

    gradient, g_structure = flatten(ad.grad(loss)(tree))
    assert g_structure == structure
    cosines = [(k + 1) * np.cos(leaf) for k, leaf in enumerate(x)]
    assert_near(gradient, cosines, 1e-15, "grad")

    def f(tree: Any) -> Any:
        leaves, structure = flatten(tree)
        return {"sines": structure.unflatten([np.sin(leaf) for leaf in leaves]), "sum": loss(tree)}

    ones = structure.unflatten([np.ones(np.shape(leaf)) for leaf in x])
    y, pullback = ad.vjp(f, tree)
    assert flatten(y["sines"])[1] == structure
    (ct,) = pullback({"sines": ones, "sum": 1.0})
    assert flatten(ct)[1] == structure
    assert_near(flatten(ct)[0], [np.cos(a) + c for a, c in zip(x, cosines, strict=True)], 1e-15, "vjp")
    y, y_dot = ad.jvp(f, (tree,), (ones,))
    assert flatten(y_dot["sines"])[1] == structure
    assert_near(flatten(y_dot["sines"])[0], [np.cos(a) for a in x], 1e-15, "jvp")
    assert_near([y_dot["sum"]], [sum(np.sum(c) for c in cosines)], 1e-13, "jvp", 1.0)
