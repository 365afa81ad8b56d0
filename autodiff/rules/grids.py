"""Grids of points, and new arrays filled with a value.

Where the values are NumPy's own by construction a function is a rewrite, else a composite: NumPy evaluates,
the definition differentiates.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.dispatch import RULES
from autodiff.operands import as_operand, dtype_of, is_complex, is_traced, shape_of, value_of
from autodiff.primitives import Rewrite
from autodiff.rules.casts import in_dtype
from autodiff.rules.general import composite


def _line(start: Any, stop: Any, num: int, endpoint: bool) -> Any:
    """Return the points (1 - t) start + t stop along axis 0, for t in [0, 1]."""
    start, stop = as_operand(start), as_operand(stop)
    intervals = max(num - 1 if endpoint else num, 1)
    ndim = max(len(shape_of(start)), len(shape_of(stop)))
    t = np.reshape(np.arange(num) / intervals, (num,) + (1,) * ndim)
    return (1.0 - t) * start + t * stop


def _linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    y = np.moveaxis(in_dtype(_line(start, stop, num, endpoint), dtype), 0, axis)
    intervals = num - 1 if endpoint else num
    return (y, (as_operand(stop) - as_operand(start)) / intervals) if retstep else y


def _logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    return np.moveaxis(in_dtype(np.power(base, _line(start, stop, num, endpoint)), dtype), 0, axis)


def _geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    start, stop = as_operand(start), as_operand(stop)
    if is_complex(start) or is_complex(stop):
        points = start * np.exp(_line(np.log(stop / start) * 0.0, np.log(stop / start), num, endpoint))
        return np.moveaxis(in_dtype(points, dtype), 0, axis)
    exponents = _line(np.log(np.abs(start)), np.log(np.abs(stop)), num, endpoint)
    return np.moveaxis(in_dtype(np.sign(value_of(start)) * np.exp(exponents), dtype), 0, axis)


composite(np.linspace, _linspace, linear=2)
composite(np.logspace, _logspace)
composite(np.geomspace, _geomspace)


def _full(shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", *, device: Any = None) -> Any:
    return np.broadcast_to(in_dtype(as_operand(fill_value), dtype), shape)


def _full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None
) -> Any:
    a = value_of(as_operand(a))
    if not is_traced(fill_value):
        return np.full_like(a, fill_value, dtype, order, subok, shape)  # type: ignore[call-overload]
    shape = shape_of(a) if shape is None else shape
    return np.broadcast_to(in_dtype(as_operand(fill_value), dtype or dtype_of(a)), shape)


RULES[np.full] = Rewrite(np.full, _full)
RULES[np.full_like] = Rewrite(np.full_like, _full_like)
if hasattr(np, "astype"):  # NumPy 2.1
    RULES[np.astype] = Rewrite(np.astype, lambda x, dtype, /, *, copy=True, device=None: in_dtype(x, dtype))
