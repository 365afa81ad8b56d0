"""Further products: chains of matrices, Kronecker and cross products, convolution and correlation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.dispatch import RULES, Operation
from autodiff.operands import Spec, as_operand, shape_of
from autodiff.primitives import Rewrite
from autodiff.rules.conjugates import conjugated
from autodiff.rules.general import composite
from autodiff.rules.indexing import scatter
from autodiff.rules.multilinear import Multilinear, matmul_stack, multilinear

# --- chains, Kronecker and cross products --------------------------------------------------------------


@Operation
def chain(*matrices: Any) -> Any:
    """Return the product of all matrices, in the cheapest order; see `np.linalg.multi_dot`."""
    return np.linalg.multi_dot(matrices)


def _chain_transpose(i: int, ct: Any, *matrices: Any) -> Any:
    """(A₀ … Aᵢ₋₁)ᵀ ct (Aᵢ₊₁ … Aₙ)ᵀ, itself a chain; a vector at an end is a row or a column."""
    last = len(matrices) - 1
    full = [m if len(m.shape) == 2 or k == i else _as_matrix(m, k == last) for k, m in enumerate(matrices)]
    rows = 1 if len(matrices[0].shape) == 1 else matrices[0].shape[0]
    columns = 1 if len(matrices[last].shape) == 1 else matrices[last].shape[1]
    before = [full[k].T for k in range(i - 1, -1, -1)]
    after = [full[k].T for k in range(last, i, -1)]
    return np.reshape(chain(*before, np.reshape(ct, (rows, columns)), *after), matrices[i].shape)


def _as_matrix(vector: Any, column: bool) -> Any:
    return vector[:, None] if column else vector[None, :]


def _chain_stack(batched: Sequence[bool], *matrices: Any) -> Any:
    """One stacked matrix between two plain products."""
    if sum(batched) > 1:
        k = next(len(m) for m, b in zip(matrices, batched, strict=True) if b)
        return np.stack([chain(*[m[n] if b else m for m, b in zip(matrices, batched, strict=True)]) for n in range(k)])
    i = batched.index(True)
    y = matrices[i]
    before, after = matrices[:i], matrices[i + 1 :]
    if before:
        y = matmul_stack([False, True], chain(*before) if len(before) > 1 else before[0], y)
    if after:
        y = matmul_stack([True, False], y, chain(*after) if len(after) > 1 else after[0])
    return y


RULES[chain] = Multilinear(chain, _chain_transpose, batch=_chain_stack)
RULES[np.linalg.multi_dot] = Rewrite(np.linalg.multi_dot, lambda arrays: chain(*map(as_operand, arrays)))


def _kron(a: Any, b: Any) -> Any:
    a, b = as_operand(a), as_operand(b)
    ndim = max(len(shape_of(a)), len(shape_of(b)))
    m, n = [(1,) * (ndim - len(shape_of(x))) + shape_of(x) for x in (a, b)]
    outer = np.reshape(a, [k for i in m for k in (i, 1)]) * np.reshape(b, [k for j in n for k in (1, j)])
    return np.reshape(outer, [i * j for i, j in zip(m, n, strict=True)])


def _cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(as_operand(a), axisa, -1), np.moveaxis(as_operand(b), axisb, -1)
    a0, a1, b0, b1 = a[..., 0], a[..., 1], b[..., 0], b[..., 1]
    z = a0 * b1 - a1 * b0
    if a.shape[-1] == b.shape[-1] == 2:
        return z
    a2, b2 = [x[..., 2] if x.shape[-1] == 3 else 0.0 for x in (a, b)]
    return np.moveaxis(np.stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, z], axis=-1), -1, axisc)


composite(np.kron, _kron)
composite(np.cross, _cross)
composite(np.linalg.cross, lambda x1, x2, axis=-1: _cross(x1, x2, axis=axis))

# --- convolution: yₖ = Σᵢ aᵢ vₖ₋ᵢ, and correlation: yₖ = Σᵢ aᵢ₊ₖ conj(vᵢ) ---------------------------------
#
# "same" and "valid" are parts of "full", whose length is len(a) + len(v) - 1; the cotangent is put back
# into its place there.


def _in_full(ct: Any, n: int, m: int, mode: str, swapped: bool) -> Any:
    """Return the cotangent of the full result; `swapped` results are counted from the other end."""
    short = min(n, m)
    length = shape_of(ct)[0]
    start = {"full": 0, "same": (short - 1) // 2, "valid": short - 1}[mode]
    if swapped:
        start = n + m - 1 - length - start
    return scatter(ct, shape=(n + m - 1,), index=slice(start, start + length))


def _convolved_with(ct: Any, operand: Spec, other: Any, mode: str) -> Any:
    other = np.ravel(other)
    full = _in_full(ct, operand.size, other.size, mode, swapped=False)
    return np.reshape(np.correlate(full, conjugated(other), "valid"), operand.shape)


def _correlated_left(ct: Any, a: Spec, v: Any, mode: str = "valid") -> Any:
    v = np.ravel(v)
    full = _in_full(ct, a.size, v.size, mode, swapped=a.size < v.size)
    return np.reshape(np.convolve(full, conjugated(v), "valid"), a.shape)


def _correlated_right(ct: Any, a: Any, v: Spec, mode: str = "valid") -> Any:
    a = np.ravel(a)
    full = _in_full(ct, a.size, v.size, mode, swapped=a.size < v.size)
    return np.reshape(conjugated(np.flip(np.correlate(full, conjugated(a), "valid"))), v.shape)


multilinear(
    np.convolve,
    lambda ct, a, v, mode="full": _convolved_with(ct, a, v, mode),
    lambda ct, a, v, mode="full": _convolved_with(ct, v, a, mode),
    parameters=["mode"],
)
multilinear(np.correlate, _correlated_left, _correlated_right, parameters=["mode"])
