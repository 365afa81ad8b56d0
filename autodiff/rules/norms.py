"""Norms, of vectors and of matrices, along any axes.

    |x|ₚ = (Σ |xᵢ|ᵖ)^(1/p)        ∂|x|ₚ/∂xᵢ = conj sign(xᵢ) (|xᵢ| / |x|ₚ)ᵖ⁻¹

Norms are convex: where one has a kink, its derivative is the subgradient of least norm. It is 0
where the norm is 0 (or underflows to 0), and equal largest entries share equally. Where only the
powers |xᵢ|ᵖ leave the range of floating-point numbers, x is divided by a power of two first.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from autodiff.dispatch import RULES, Operation
from autodiff.operands import as_operand, dtype_of, shape_of, visible
from autodiff.primitives import Rewrite, of_numbers
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


def _p_norm_weights(x: Any, y: Any, axis: Any = None, ord: Any = None) -> Any:
    p = 2 if ord in (None, "fro", "f") else ord
    numbers = visible(y)
    if numbers is None or not _keeps_digits(np.asarray(numbers), p):
        scale = of_numbers(_scale, x, y, axis=axis, p=p)
        x = x / scale
        y = np.linalg.norm(x, ord, axis, keepdims=True)
        zero = y == 0
        share = np.where(zero, 1.0, x / np.where(zero, 1.0, y))
        return np.where(zero, 0.0, conjugated(_weights(share, x, p)))
    return conjugated(_weights(x / y, x, p))


def _weights(share: Any, x: Any, p: float) -> Any:
    return share if p == 2 else np.sign(x) * np.abs(share) ** (p - 1)


@lru_cache
def _smallest(dtype: np.dtype, p: float) -> float:
    """Return the norm below which the powers that are summed have lost digits."""
    machine = np.finfo(dtype)
    return float(machine.smallest_normal / machine.eps) ** (1 / p)


def _keeps_digits(y: np.ndarray, p: float) -> bool:
    """Tell whether no sum of powers went over or under the range of its numbers, or is 0."""
    if p <= 0:
        return False
    low = _smallest(y.dtype, p)
    return low < y.item() < np.inf if y.size == 1 else bool(np.all((low < y) & (y < np.inf)))


def _scale(x: np.ndarray, y: np.ndarray, axis: Any, p: float) -> np.ndarray:
    """Return by which power of two to divide x, so that the powers keep their digits (1 where they do, or y is 0)."""
    largest = np.max(np.abs(x), axis=axis, keepdims=True, initial=0.0)
    out_of_range = (p > 0) & np.isfinite(largest) & (y > 0) & ~((_smallest(y.dtype, abs(p)) < y) & (y < np.inf))
    return np.ldexp(np.ones_like(y), np.where(out_of_range, np.frexp(largest)[1], 0))


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
    if is_p_norm:
        return p_norm(x, axis=axis, keepdims=keepdims, ord=ord)
    return other_norm(x, axis=axis, keepdims=keepdims, ord=ord)


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
RULES[p_norm].internal = True
composite(other_norm, _other_norm)
RULES[np.linalg.norm] = Rewrite(np.linalg.norm, _norm)
RULES[np.linalg.vector_norm] = Rewrite(np.linalg.vector_norm, _vector_norm)
RULES[np.linalg.matrix_norm] = Rewrite(
    np.linalg.matrix_norm,
    lambda x, keepdims=False, ord="fro": np.linalg.norm(x, ord, (-2, -1), keepdims),
)
