"""A function of one's own, applied along an axis or over several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.dispatch import RULES
from autodiff.operands import as_operand, shape_of
from autodiff.primitives import Rewrite


def _apply_along_axis(func1d: Callable, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    arr = as_operand(arr)
    axis = axis % len(shape_of(arr))
    moved = np.moveaxis(arr, axis, -1)
    kept = shape_of(moved)[:-1]
    results = [as_operand(func1d(moved[index], *args, **kwargs)) for index in np.ndindex(kept)]
    if not results:
        raise ValueError("np.apply_along_axis: cannot work on an array without entries; got none. Check its shape.")
    stacked = np.stack(results)
    y = np.reshape(stacked, (*kept, *shape_of(results[0])))
    ndim = len(shape_of(results[0]))
    order = (*range(axis), *range(len(kept), len(kept) + ndim), *range(axis, len(kept)))
    return np.transpose(y, order)


def _apply_over_axes(func: Callable, a: Any, axes: int | Sequence[int]) -> Any:
    y = as_operand(a)
    ndim = len(shape_of(y))
    for axis in np.atleast_1d(axes):
        axis = int(axis) % ndim
        result = func(y, axis)
        y = result if len(shape_of(result)) == ndim else np.expand_dims(result, axis)
    return y


RULES[np.apply_along_axis] = Rewrite(np.apply_along_axis, _apply_along_axis)
RULES[np.apply_over_axes] = Rewrite(np.apply_over_axes, _apply_over_axes)
