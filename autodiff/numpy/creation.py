"""`array` and its like: they build arrays of traced values without leaving the graph."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np

from autodiff.operands import TRACED, as_operand, is_traced

__all__ = ["array", "asanyarray", "asarray", "ascontiguousarray", "c_", "fromiter", "full", "make_diagonal", "r_"]


def array(object: Any, dtype: Any = None, *, ndmin: int = 0, **options: Any) -> Any:
    """Return `object` as a new array; traced values in nested lists are stacked. See `np.array`."""
    if not is_traced(object):
        return np.array(object, dtype, ndmin=ndmin, **options)
    result = as_operand(object)
    if result is object:
        result = np.copy(result)  # what is written into the new array is not written into the old one
    if dtype is not None and dtype != result.dtype:
        result = result.astype(dtype)
    return np.reshape(result, (1,) * (ndmin - result.ndim) + result.shape) if ndmin > result.ndim else result


def asarray(a: Any, dtype: Any = None, **options: Any) -> Any:
    """Return `a` as an array, itself if it is one; traced values in nested lists are stacked. See `np.asarray`."""
    if not is_traced(a):
        return np.asarray(a, dtype, **options)
    return a if a.__class__ in TRACED and dtype in (None, a.dtype) else array(a, dtype)


def asanyarray(a: Any, dtype: Any = None, **options: Any) -> Any:
    """Return `a` as an array; traced values in nested lists are stacked. See `np.asanyarray`."""
    return asarray(a, dtype) if is_traced(a) else np.asanyarray(a, dtype, **options)


def ascontiguousarray(a: Any, dtype: Any = None, **options: Any) -> Any:
    """Return `a` as an array; traced values in nested lists are stacked. See `np.ascontiguousarray`."""
    return asarray(a, dtype) if is_traced(a) else np.ascontiguousarray(a, dtype, **options)


def full(shape: Any, fill_value: Any, dtype: Any = None, **options: Any) -> Any:
    """Return an array with the same value everywhere, which may be traced. See `np.full`."""
    if not is_traced(fill_value):
        return np.full(shape, fill_value, dtype, **options)
    return array(np.broadcast_to(asarray(fill_value, dtype), shape))


def fromiter(iter: Iterable, dtype: Any, count: int = -1, **options: Any) -> Any:
    """Return the items in one array; traced ones stay in the graph. See `np.fromiter`."""
    items = list(iter if count < 0 else islice(iter, count))
    return array(items, dtype) if is_traced(items) else np.fromiter(items, dtype, count, **options)


def make_diagonal(D: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:  # noqa: N803 - autograd's name
    """Return matrices with the entries along the last axis of `D` on their diagonals (autograd's own function).

    Examples
    --------
    >>> make_diagonal(np.ones(2), 0, -1, -2)
    array([[1., 0.],
           [0., 1.]])
    """
    if (offset, axis1, axis2) != (0, -1, -2):
        raise ValueError(
            "make_diagonal: makes matrices of the last axis alone, make_diagonal(D, 0, -1, -2); "
            f"got offset={offset}, axis1={axis1}, axis2={axis2}. Write np.moveaxis, or np.diag for a vector."
        )
    return D[..., None] * np.eye(D.shape[-1])


class _Concatenation:
    """`np.r_` or `np.c_`, whose items may be traced."""

    def __init__(self, indexed: Any) -> None:
        self.indexed = indexed

    def __getitem__(self, items: Any) -> Any:
        if not is_traced(items):
            return self.indexed[items]
        # NumPy joins numbers that say where each entry comes from.
        entries: list = []
        numbers: list = []
        count = 0
        for item in items if isinstance(items, tuple) else (items,):
            if isinstance(item, str):
                numbers.append(item)
                continue
            part = np.r_[item] if isinstance(item, slice) else asarray(item)
            numbers.append(np.arange(count, count + part.size).reshape(part.shape))
            entries.append(np.ravel(part))
            count += part.size
        return np.concatenate(entries)[self.indexed[tuple(numbers)]]


r_ = _Concatenation(np.r_)
c_ = _Concatenation(np.c_)
