"""The axes of reductions: which they are, and how a reduced array gets them back."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from autodiff.operands import shape_of


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return the axes that the argument `axis` of a reduction means, as numbers from 0."""
    return tuple(range(ndim)) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, ndim)


def trailing_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return them as negative numbers, which mean the same with one more axis in front."""
    return tuple([a - ndim for a in axes_of(axis, ndim)])


def restore_axes(y: Any, x: Any, axis: Any, keepdims: Any) -> Any:
    """Return a reduced array with the axes it lost put back as unit axes."""
    if axis is None:
        return np.reshape(y, (1,) * len(shape_of(x)))
    return y if keepdims else np.expand_dims(y, axis)


def axes_last(x: Any, axis: Any) -> tuple[Any, tuple[int, ...]]:
    """Return `x` with the reduced axes merged into one, the last, and the shape of the others."""
    shape = shape_of(x)
    reduced = axes_of(axis, len(shape))
    kept = [a for a in range(len(shape)) if a not in reduced]
    kept_shape = tuple([shape[a] for a in kept])
    length = prod([shape[a] for a in reduced])
    return np.reshape(np.transpose(x, (*kept, *reduced)), (*kept_shape, length)), kept_shape


def along(axis: int, index: Any) -> tuple:
    """Return the index that applies `index` to one axis (counted from 0)."""
    return (slice(None),) * axis + (index,)
