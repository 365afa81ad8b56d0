"""What must hold of every operation on complex numbers: the checks that the rows of complex cases go through.

A complex derivative is a real-linear map. The witnesses move the real and the imaginary parts
by differences, which know nothing of rules or of conventions; the convention itself,
⟨ct, v⟩ = Re Σ ctᵢ vᵢ, is in `check_adjoint` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autodiff as ad
from autodiff.checking.parts import in_real_parts
from autodiff.operands import dtype_of
from autodiff.tree import flatten
from tests.checks import assert_near, bitwise
from tests.witnesses import differences

SINGLE: dict[Any, Any] = {
    np.dtype(np.complex128): np.complex64, np.dtype(np.float64): np.float32,
}  # fmt: skip


def random_like(rng: np.random.Generator, x: Any) -> Any:
    """Return random numbers of the shape and dtype of `x`, of size up to 1 in each part."""
    x = np.asarray(x)
    v = rng.uniform(-1.0, 1.0, x.shape)
    if x.dtype.kind == "c":
        v = v + 1j * rng.uniform(-1.0, 1.0, x.shape)
    return v.astype(x.dtype)[()]


def inner(a: Sequence, b: Sequence) -> float:
    """Return ⟨a, b⟩ = Re Σ aᵢ bᵢ over all arrays."""
    return sum(float(np.real(np.sum(np.asarray(x) * np.asarray(y)))) for x, y in zip(a, b, strict=True))


def outputs_of(f: Callable) -> Callable:
    """Return `f` with its outputs, integers left out, in a tuple."""
    return lambda *x: tuple([y for y in flatten(f(*x))[0] if dtype_of(y).kind in "fc"])


def check(
    f: Callable, *primals: Any, symmetric: bool = False, second_order: bool = True, tolerance: float = 1e-8
) -> None:
    """Raise AssertionError unless value, both modes and second order of `f` are right at `primals`.

    `symmetric`: only Hermitian directions are tried, f being a function of Hermitian matrices.
    """
    f = outputs_of(f)
    rng = np.random.default_rng(len(primals) + sum(map(np.size, primals)))
    v = tuple([random_like(rng, x) for x in primals])
    if symmetric:
        v = tuple([0.5 * (t + np.conj(np.swapaxes(t, -1, -2))) for t in v])
    values = f(*primals)
    cts = tuple([random_like(rng, y) for y in values])

    check_values(f, primals, v, values)
    dots = ad.jvp(f, primals, v)[1]
    grads = ad.vjp(f, *primals)[1](cts)
    for a, b in [*zip(dots, values, strict=True), *zip(grads, primals, strict=True)]:
        assert np.shape(a) == np.shape(b) and dtype_of(a) == dtype_of(b), f"{dtype_of(a)} instead of {dtype_of(b)}"
    scale = 1e-3 * max([float(np.abs(y).max(initial=0.0)) for y in values], default=0.0)
    assert_near(dots, differences(f, primals, v), tolerance, "tangent against differences", scale)
    check_adjoint(cts, dots, grads, v)
    if second_order:
        check_second_order(f, primals, v, cts, tolerance)
    check_single_precision(f, primals, v, dots)
    check_sweeps(f, primals)


def check_values(f: Callable, primals: Sequence, v: Sequence, values: Sequence) -> None:
    """The values are NumPy's, bit for bit."""
    for got in (
        f(*map(ad.tensor, primals)), ad.vjp(f, *primals)[0], ad.jvp(f, primals, v)[0],
        ad.vjp(lambda *x: ad.jvp(f, x, v)[0], *primals)[0],
    ):  # fmt: skip
        for a, b in zip(got, values, strict=True):
            assert bitwise(a, b), f"value {a} instead of {b}"


def check_adjoint(cts: Sequence, dots: Sequence, grads: Sequence, v: Sequence, tolerance: float = 1e-12) -> None:
    """⟨ct, J v⟩ = ⟨Jᵀ ct, v⟩."""
    size = inner(map(np.abs, cts), map(np.abs, dots)) + inner(map(np.abs, grads), map(np.abs, v))
    assert abs(inner(cts, dots) - inner(grads, v)) <= tolerance * max(size, 1e-3)


def check_second_order(f: Callable, primals: Sequence, v: Sequence, cts: Sequence, tolerance: float) -> None:
    """The derivative of the pullback: against differences, and in three nestings of the modes."""

    def pulled(*x: Any) -> Any:
        return ad.vjp(f, *x)[1](cts)

    forward_reverse = ad.jvp(pulled, primals, v)[1]
    scale = max(float(np.abs(g).max(initial=0.0)) for g in pulled(*primals))
    assert_near(forward_reverse, differences(pulled, primals, v), 10 * tolerance, "second derivative", scale)
    reverse_forward = ad.vjp(lambda *x: ad.jvp(f, x, v)[1], *primals)[1](cts)
    reverse_reverse = ad.vjp(pulled, *primals)[1](v)
    assert_near(reverse_forward, forward_reverse, 1e-11, "reverse over forward", scale)
    assert_near(reverse_reverse, forward_reverse, 1e-11, "reverse over reverse", scale)


def check_single_precision(f: Callable, primals: Sequence, v: Sequence, dots: Sequence) -> None:
    """Single precision stays single in both modes, and is right to its digits."""
    narrow = [np.asarray(x).astype(SINGLE[dtype_of(x)])[()] for x in primals]
    narrow_v = [np.asarray(x).astype(SINGLE[dtype_of(x)])[()] for x in v]
    y, y_dot = ad.jvp(f, narrow, narrow_v)
    for a, b in zip(y_dot, y, strict=True):
        assert dtype_of(a) == dtype_of(b), f"tangent of dtype {dtype_of(a)} instead of {dtype_of(b)}"
    cts = tuple([np.ones_like(part) for part in y])
    for a, b in zip(ad.vjp(f, *narrow)[1](cts), narrow, strict=True):
        assert dtype_of(a) == dtype_of(b), f"cotangent of dtype {dtype_of(a)} instead of {dtype_of(b)}"
    scale = max([float(np.abs(part).max(initial=0.0)) for part in y], default=0.0)
    assert_near([np.asarray(d) for d in y_dot], dots, 1e-3, "single precision", scale)


def check_sweeps(f: Callable, primals: Sequence) -> None:
    """All columns in one sweep, and all rows in one sweep, of the Jacobian by real and imaginary parts."""
    of_parts, parts = in_real_parts(f, primals)
    argnum = tuple(range(len(parts)))
    columns, rows = [flatten(ad.jacobian(of_parts, argnum, mode=mode)(*parts))[0] for mode in ("forward", "reverse")]
    assert_near(columns, rows, 1e-11, "Jacobian: forward against reverse", 1e-3)
