"""The generated checks: what must hold of every operation, whatever it computes.

Each takes a `Problem` and raises AssertionError. One rule gives both modes, so that
comparing the modes says little about the rule: the witnesses of `check_derivative` and
`check_second_derivative` come from outside the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.operands import Spec, dtype_of, value_of
from autodiff.tape import Node, Output
from autodiff.tensor import Tensor
from tests.problems import Problem
from tests.witnesses import complex_step, differences

EPS: dict[type, float] = {np.float64: 1e-13, np.float32: 1e-5}


# --- comparing -------------------------------------------------------------------------


def bitwise(a: Any, b: Any) -> bool:
    """Tell whether dtype, shape and every bit agree (NaNs of any payload being one)."""
    a, b = np.asarray(value_of(a)), np.asarray(b)
    if (a.dtype, a.shape) != (b.dtype, b.shape):
        return False
    if a.tobytes() == b.tobytes():
        return True
    return a.dtype.kind == "f" and bool(np.all((a == b) & (np.signbit(a) == np.signbit(b)) | np.isnan(a) & np.isnan(b)))


def assert_bitwise(got: Any, expected: Any, what: str) -> None:
    a, b = np.asarray(value_of(got)), np.asarray(expected)
    assert a.dtype == b.dtype, f"{what}: dtype {a.dtype} instead of {b.dtype}"
    assert a.shape == b.shape, f"{what}: shape {a.shape} instead of {b.shape}"
    assert bitwise(a, b), f"{what}: {a} instead of {b}"


def assert_near(got: Sequence, expected: Sequence, tolerance: float, what: str, scale: float = 0.0) -> None:
    """Raise unless each pair agrees to `tolerance`, relative to the largest entry (at least `scale`)."""
    for a, b in zip(got, expected, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert a.shape == b.shape, f"{what}: shape {a.shape} instead of {b.shape}"
        size = max(scale, np.abs(b).max(initial=0.0), np.abs(a).max(initial=0.0))
        assert np.all(np.abs(a - b) <= tolerance * size), f"{what}:\n{a}\ninstead of\n{b}"


def inner(a: Sequence, b: Sequence) -> tuple[float, float]:
    """Return ⟨a, b⟩ over all arrays, and the sum of the sizes of its terms."""
    products = [np.ravel(np.asarray(x, np.float64) * np.asarray(y, np.float64)) for x, y in zip(a, b, strict=True)]
    return sum(float(p.sum()) for p in products), sum(float(np.abs(p).sum()) for p in products)


def magnitude(p: Problem) -> float:
    """Return the largest finite entry of the value: what a difference quotient rounds."""
    return max([float(np.abs(y[np.isfinite(y)]).max(initial=0.0)) for y in map(np.asarray, p.values)], default=0.0)


# --- the checks ------------------------------------------------------------------------


def check_refusal(p: Problem) -> None:
    """Where NumPy raises, so do we, the same."""
    assert p.refusal is not None
    for mode in (lambda: ad.vjp(p.f, *p.primals), lambda: ad.jvp(p.f, p.primals, p.tangents)):
        with pytest.raises(p.refusal):
            mode()


def check_values(p: Problem) -> None:
    """(a) The value is NumPy's, bit for bit, in every mode.

    The engine may evaluate on a copy of an input, whose memory layout, and with it the order
    in which NumPy sums, is another: the value on copies is right too.
    """
    expected = [p.everything(*p.primals), p.everything(*map(np.array, p.primals))]
    v = p.tangents
    modes: dict[str, Callable] = {
        "constant tensor": lambda *x: p.everything(*map(ad.tensor, x)),
        "leaf tensor": lambda *x: p.everything(*[ad.tensor(a, requires_grad=True) for a in x]),
        "vjp": lambda *x: ad.vjp(p.everything, *x)[0],
        "jvp": lambda *x: ad.jvp(p.everything, x, v)[0],
        "jvp in vjp": lambda *x: ad.vjp(lambda *u: ad.jvp(p.everything, u, v)[0], *x)[0],
        "vjp in jvp": lambda *x: ad.jvp(lambda *u: ad.vjp(p.everything, *u)[0], x, v)[0],
        "vjp in vjp": lambda *x: ad.vjp(lambda *u: ad.vjp(p.everything, *u)[0], *x)[0],
        "jvp in jvp": lambda *x: ad.jvp(lambda *u: ad.jvp(p.everything, u, v)[0], x, v)[0],
    }
    for mode, evaluate in modes.items():
        got = evaluate(*p.primals)
        for i, (y, *right) in enumerate(zip(got, *expected, strict=True)):
            if not bitwise(y, right[1]):
                assert_bitwise(y, right[0], f"output {i} as {mode}")


def check_shapes_and_dtypes(p: Problem) -> None:
    """(b) A cotangent has its primal's shape and dtype, a tangent its output's."""
    for kind, got, like in (("cotangent", p.vjp(*p.primals), p.primals), ("tangent", p.derivative, p.values)):
        for a, b in zip(got, like, strict=True):
            assert np.shape(a) == np.shape(b), f"{kind} of shape {np.shape(a)} instead of {np.shape(b)}"
            assert dtype_of(a) == dtype_of(b), f"{kind} of dtype {dtype_of(a)} instead of {dtype_of(b)}"


def check_adjoint(p: Problem) -> None:
    """(c) ⟨ct, J v⟩ = ⟨Jᵀ ct, v⟩."""
    forward, size = inner(p.cts, p.derivative)
    backward, other_size = inner(p.vjp(*p.primals), p.tangents)
    rounding = 0.01 * magnitude(p)  # where both vanish but for what cancels in them
    error = abs(forward - backward)
    assert error <= EPS[p.dtype] * (size + other_size + rounding), f"⟨ct, Jv⟩ = {forward} but ⟨Jᵀct, v⟩ = {backward}"


def check_derivative(p: Problem) -> None:
    """(d) The JVP is the complex step's, or that of differences; in float32, that of float64."""
    if p.dtype is np.float32:
        # the numbers are the same: what differs is rounding, amplified by the condition
        assert_near(p.derivative, p.in_float64().derivative, 2e-4, "float32 derivative", 1e-3 * magnitude(p))
        return
    expected = complex_step(p.f, p.primals, p.tangents) if p.case.analytic else None
    if expected is not None:
        assert_near(p.derivative, expected, 1e-11, "derivative against the complex step", 1e-3 * magnitude(p))
        return
    expected = differences(p.f, p.primals, p.tangents)
    assert_near(p.derivative, expected, 1e-8, "derivative against differences", 1e-3 * magnitude(p))


def check_second_derivative(p: Problem) -> None:
    """(e) The derivative of the VJP: against differences, and the same in all nestings of the modes."""
    x, v = p.primals, p.tangents
    forward_reverse = ad.jvp(p.vjp, x, v)[1]
    reverse_reverse = ad.vjp(p.vjp, *x)[1](tuple([np.asarray(t)[()] for t in v]))
    reverse_forward = ad.vjp(p.jvp, *x)[1](p.cts)
    for got in (forward_reverse, reverse_reverse, reverse_forward):
        for a, b in zip(got, x, strict=True):
            assert dtype_of(a) == dtype_of(b), f"second derivative of dtype {dtype_of(a)} instead of {dtype_of(b)}"
    scale = max([float(np.abs(g).max(initial=0.0)) for g in p.vjp(*x)])
    tolerance = 10 * EPS[p.dtype]
    assert_near(reverse_reverse, forward_reverse, tolerance, "reverse over reverse", scale)
    assert_near(reverse_forward, forward_reverse, tolerance, "reverse over forward", scale)
    if p.dtype is np.float64:
        assert_near(forward_reverse, differences(p.vjp, x, v), 1e-7, "second derivative against differences", scale)
    for mode in ("forward", "reverse"):  # all second derivatives in one sweep
        rows = ad.jacobian(p.vjp, tuple(range(len(x))), mode=mode)(*x)
        along_v = [sum(np.tensordot(block, t, np.ndim(t)) for block, t in zip(row, v, strict=True)) for row in rows]
        assert_near(along_v, forward_reverse, 10 * tolerance, f"second derivatives in one {mode} sweep", scale)
    through_ct = ad.vjp(lambda *ct: ad.vjp(p.f, *x)[1](ct), *p.cts)[1](v)
    assert_near(through_ct, p.derivative, tolerance, "derivative of the VJP by its cotangent")


def check_jacobian(p: Problem) -> None:
    """(f) All columns in one sweep, all rows in one sweep, and one column at a time agree."""
    argnum = tuple(range(len(p.primals)))
    forward = ad.jacobian(p.f, argnum, mode="forward")(*p.primals)
    reverse = ad.jacobian(p.f, argnum, mode="reverse")(*p.primals)
    columns = list(_columns(p))
    tolerance = 10 * EPS[p.dtype]
    for i, (by_columns, by_rows) in enumerate(zip(forward, reverse, strict=True)):
        assert_near(by_columns, by_rows, tolerance, "Jacobian: forward against reverse")
        for block, primal, unit_columns in zip(by_columns, p.primals, columns, strict=True):
            assert dtype_of(block) == dtype_of(p.values[i]), f"Jacobian of dtype {dtype_of(block)}"
            flat = np.reshape(block, (*np.shape(p.values[i]), np.size(primal)))
            assert_near(
                list(np.moveaxis(flat, -1, 0)), [c[i] for c in unit_columns], tolerance, "Jacobian by columns", 1e-3
            )


def _columns(p: Problem) -> Iterator[list]:
    """Yield, for each primal, J e for each unit direction e."""
    for j, x in enumerate(p.primals):
        units: Any = np.eye(np.size(x), dtype=p.dtype).reshape(np.size(x), *np.shape(x))
        zeros = [np.zeros(np.shape(other), p.dtype) for other in p.primals]
        yield [ad.jvp(p.f, p.primals, (*zeros[:j], unit, *zeros[j + 1 :]))[1] for unit in units]


def check_linearity(p: Problem) -> None:
    """(g) What is declared linear is linear (up to constants it puts in), and its rule sees only Specs."""
    nodes = recorded(p)
    for node in nodes:
        if node.primitive.family == "linear":
            assert not isinstance(node.y, np.ndarray), f"{node.primitive} keeps a value"  # numbers are for pictures
            assert all(a is None or a.__class__ is Spec for a in node.args), f"{node.primitive} keeps an operand"
    if not p.case.analytic or not nodes or any(node.primitive.family != "linear" for node in nodes):
        return  # (np.unique and its like pick entries by their values: linear only in pieces)
    x, z = p.primals, p.directions()
    between = p.f(*[np.asarray(0.25 * a + 0.75 * b, p.dtype)[()] for a, b in zip(x, z, strict=True)])
    expected = [0.25 * a + 0.75 * b for a, b in zip(p.f(*x), p.f(*z), strict=True)]
    assert_near(between, expected, EPS[p.dtype], "not linear", magnitude(p))


def recorded(p: Problem) -> list[Node]:
    """Return the nodes that the problem's function leaves in the graph."""
    inputs = [ad.tensor(x, requires_grad=True) for x in p.primals]
    todo = [y.node for y in p.f(*inputs) if y.__class__ is Tensor and y.node is not None]
    seen: dict[Any, None] = {}
    while todo:
        node = todo.pop()
        if node not in seen:
            seen[node] = None
            todo += [node.parent] if node.__class__ is Output else getattr(node, "parents", [])
    return [node for node in seen if node.__class__ is Node]


def check_purity(p: Problem) -> None:
    """(h) Nothing that is passed in is changed, and a pullback may be called again."""
    inputs = [np.array(x) for x in p.arrays]
    y, pullback = ad.vjp(p.f, *p.primals)
    y_before = [np.array(part) for part in y]
    cts = tuple([np.array(ct) for ct in p.cts])
    first = pullback(cts)
    _unchanged("cotangent", cts, p.cts)
    pullback(tuple([np.array(3 * ct) for ct in p.cts]))
    again = pullback(p.cts)
    for a, b in zip(again, first, strict=True):
        assert_bitwise(a, b, "second call of the pullback")
    v = tuple([np.array(t) for t in p.tangents])
    ad.jvp(p.f, p.primals, v)
    _unchanged("tangent", v, p.tangents)
    _unchanged("input", p.arrays, inputs)
    _unchanged("value", y, y_before)


def _unchanged(what: str, after: Sequence, before: Sequence) -> None:
    for a, b in zip(after, before, strict=True):
        assert_bitwise(a, b, f"{what} was changed")


def check_ownership(p: Problem) -> None:
    """(i) What comes out is the caller's own: writable, and sharing memory with nothing."""
    cts = tuple([np.array(ct) for ct in p.cts])
    y, pullback = ad.vjp(p.f, *p.primals)
    grads = pullback(cts)
    others = pullback(cts)
    taken = [np.asarray(a) for a in (*p.arrays, *cts, *y, *others)]
    for g in grads:
        if isinstance(g, np.ndarray):
            assert g.flags.writeable, "the cotangent is read-only"
            assert not any(np.may_share_memory(g, a) for a in taken), "the cotangent is a view of another array"
            g[...] = np.nan
        taken.append(np.asarray(g))
    for a, b in zip(pullback(cts), others, strict=True):
        assert_bitwise(a, b, "cotangent after the caller wrote into an earlier one")
    v = tuple([np.array(t) for t in p.tangents])
    given = [a for a in (*p.primals, *v) if isinstance(a, np.ndarray) and a.flags.writeable]
    for out in (*ad.jvp(p.f, p.primals, v)[1], *y):
        assert not any(np.may_share_memory(out, a) for a in given), "an output is a view of an input"
    mine = tuple([np.array(x) if isinstance(x, np.ndarray) else x for x in p.primals])
    untouched = ad.vjp(p.f, *mine)[1](cts)  # not `others`: of another layout in memory NumPy sums in another order
    y, pullback = ad.vjp(p.f, *mine)
    for a in (*mine, *y):
        if isinstance(a, np.ndarray):
            a[...] = np.nan
    for a, b in zip(pullback(cts), untouched, strict=True):
        assert_bitwise(a, b, "cotangent after the caller wrote into the inputs and the outputs")


FIRST_ORDER = [
    check_values,
    check_shapes_and_dtypes,
    check_adjoint,
    check_derivative,
    check_jacobian,
    check_linearity,
    check_purity,
    check_ownership,
]


def check(p: Problem) -> None:
    """Run every check that applies to the problem."""
    if p.refusal is not None:
        check_refusal(p)
        return
    if not p.values:
        check_values(p)
        return
    for each in FIRST_ORDER:
        each(p)
    if p.case.second_order:
        check_second_derivative(p)
