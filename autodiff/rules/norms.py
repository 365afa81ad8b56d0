"""Norms, of vectors and of matrices, along any axes.

    |x|ₚ = (Σ |xᵢ|ᵖ)^(1/p)        ∂|x|ₚ/∂xᵢ = conj sign(xᵢ) (|xᵢ| / |x|ₚ)ᵖ⁻¹

Norms are convex: where one has a kink, its derivative is the subgradient of least norm. It is 0
where the norm is 0 (or underflows to 0), and equal largest entries share equally.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.dispatch import RULES, Operation
from autodiff.operands import as_operand, dtype_of, shape_of
from autodiff.primitives import Rewrite
from autodiff.rules.conjugates import conjugated
from autodiff.rules.general import composite, reduction


@Operation
def p_norm(x: Any, axis: Any = None, keepdims: bool = False, ord: Any = None) -> Any:
    """Return np.linalg.norm where it is (Σ |xᵢ|ᵖ)^(1/p), p = ord, over one axis, or p = 2 over any axes."""
    return np.linalg.norm(x, ord, axis, keepdims)


@Operation
def other_norm(x: Any, axis: Any = None, keepdims: bool = False, ord: Any = None) -> Any:
    """Return np.linalg.norm where it is something else."""
    return np.linalg.norm(x, ord, axis, keepdims)


def _p_norm_weights(x: Any, y: Any, axis: Any = None, ord: Any = None) -> Any:  # noqa: ARG001 - y has unit axes
    zero = y == 0
    share = np.where(zero, 1.0, x / np.where(zero, 1.0, y))
    weights = share if ord in (None, 2, "fro", "f") else np.sign(x) * np.abs(share) ** (ord - 1)
    return np.where(zero, 0.0, conjugated(weights))


def _other_norm(x: Any, axis: Any, keepdims: bool, ord: Any) -> Any:
    ndim = len(shape_of(x))
    axes = tuple(range(ndim)) if axis is None else tuple([int(a) % ndim for a in np.atleast_1d(axis)])
    largest = np.max if ord in ("nuc", 0) or ord > 0 else np.min
    if len(axes) == 1:
        if ord == 0:
            return np.sum(x != 0, axis=axes, keepdims=keepdims).astype(np.finfo(dtype_of(x)).dtype)
        return (np.sum if ord == 1 else largest)(np.abs(x), axis=axes, keepdims=keepdims)
    if ord in (2, -2, "nuc"):
        s = np.linalg.svdvals(np.moveaxis(x, axes, (-2, -1)))
        y = (np.sum if ord == "nuc" else largest)(s, axis=-1)
        return np.expand_dims(y, axes) if keepdims else y
    added, compared = axes if abs(ord) == 1 else axes[::-1]
    y = largest(np.sum(np.abs(x), axis=added, keepdims=True), axis=compared, keepdims=True)
    return y if keepdims else np.squeeze(y, axes)


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    x = as_operand(x)
    axes = len(shape_of(x)) if axis is None else np.size(axis)
    is_p_norm = ord in (None, "fro", "f") or (axes == 1 and ord not in (0, 1, np.inf, -np.inf))
    return (p_norm if is_p_norm else other_norm)(x, axis=axis, keepdims=keepdims, ord=ord)


def _vector_norm(x: Any, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """As NumPy: the axes are joined into one."""
    x = as_operand(x)
    ndim = len(shape_of(x))
    axes = range(ndim) if axis is None else [int(a) % ndim for a in np.atleast_1d(axis)]
    if axis is None:
        y = np.linalg.norm(np.ravel(x), ord, 0)
    elif np.ndim(axis) == 0:
        y = np.linalg.norm(x, ord, axis)
    else:
        rest = [a for a in range(ndim) if a not in axes]
        joined = np.reshape(np.transpose(x, [*axes, *rest]), (-1, *[shape_of(x)[a] for a in rest]))
        y = np.linalg.norm(joined, ord, 0)
    return np.expand_dims(y, tuple(axes)) if keepdims else y


reduction(p_norm, _p_norm_weights, ["axis", "keepdims", "ord"])
composite(other_norm, _other_norm)
RULES[np.linalg.norm] = Rewrite(np.linalg.norm, _norm)
RULES[np.linalg.vector_norm] = Rewrite(np.linalg.vector_norm, _vector_norm)
RULES[np.linalg.matrix_norm] = Rewrite(
    np.linalg.matrix_norm,
    lambda x, keepdims=False, ord="fro": np.linalg.norm(x, ord, (-2, -1), keepdims),
)
