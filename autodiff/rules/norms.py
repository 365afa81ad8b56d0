"""Norms, of vectors and of matrices, along any axes.

    |x|ₚ = (Σ |xᵢ|ᵖ)^(1/p)        ∂|x|ₚ/∂xᵢ = sign(xᵢ) (|xᵢ| / |x|ₚ)ᵖ⁻¹

Norms are convex: where one has a kink, its derivative is the subgradient of least norm. It is 0
where the norm is 0 (or underflows to 0), and equal largest entries share equally.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.dispatch import Operation, as_operand, dtype_of, shape_of
from autodiff.rules.general import composite, reduction


@Operation
def p_norm(x: Any, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Any:
    """Return (Σ |xᵢ|ᵖ)^(1/p) over some axes, p = ord."""
    return np.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)


def _p_norm_weights(x: Any, y: Any, axis: Any = None, ord: float = 2) -> Any:  # noqa: ARG001 - y has unit axes
    zero = y == 0
    share = np.where(zero, 1.0, x / np.where(zero, 1.0, y))
    return np.where(zero, 0.0, share if ord == 2 else np.sign(x) * np.abs(share) ** (ord - 1))


def _vector(x: Any, ord: Any, axis: Any, keepdims: bool) -> Any:
    axes = {"axis": axis, "keepdims": keepdims}
    if ord is None or ord == 2:
        return p_norm(x, **axes)
    if ord == 0:
        return np.sum(x != 0, **axes).astype(dtype_of(x))
    if ord == 1:
        return np.sum(np.abs(x), **axes)
    if abs(ord) == np.inf:
        return (np.max if ord > 0 else np.min)(np.abs(x), **axes)
    return p_norm(x, ord=ord, **axes)


def _matrix(x: Any, ord: Any, axes: tuple[int, int], keepdims: bool) -> Any:
    if ord is None or ord in ("fro", "f"):
        return p_norm(x, axis=axes, keepdims=keepdims)
    if ord in (2, -2, "nuc"):
        s = np.linalg.svdvals(np.moveaxis(x, axes, (-2, -1)))
        y = np.sum(s, axis=-1) if ord == "nuc" else (np.max if ord > 0 else np.min)(s, axis=-1)
    else:
        added, compared = axes if abs(ord) == 1 else axes[::-1]
        sums = np.sum(np.abs(x), axis=added, keepdims=True)
        y = np.squeeze((np.max if ord > 0 else np.min)(sums, axis=compared, keepdims=True), axes)
    return np.expand_dims(y, tuple([a % len(shape_of(x)) for a in axes])) if keepdims else y


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    x = as_operand(x)
    if axis is None:
        if ord is None:
            return p_norm(x, keepdims=keepdims)
        axis = tuple(range(len(shape_of(x))))
    axes = (axis,) if isinstance(axis, (int, np.integer)) else tuple(axis)
    return _vector(x, ord, axes[0], keepdims) if len(axes) == 1 else _matrix(x, ord, axes, keepdims)


reduction(p_norm, _p_norm_weights, ["axis", "keepdims", "ord"])
composite(np.linalg.norm, _norm)
composite(
    np.linalg.vector_norm,
    lambda x, axis=None, keepdims=False, ord=2: _vector(as_operand(x), ord, axis, keepdims),
)
composite(
    np.linalg.matrix_norm,
    lambda x, keepdims=False, ord="fro": _matrix(as_operand(x), ord, (-2, -1), keepdims),
)
