"""Conversions from one dtype to another, of what is differentiated."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.assignment import astype
from autodiff.operands import dtype_of, is_inexact, value_of
from autodiff.rules.conjugates import real_part


def to_dtype(x: Any, dtype: np.dtype) -> Any:
    """Return a cotangent or tangent, which may be None, in `dtype`."""
    if x.__class__ is np.ndarray and x.dtype is dtype:
        return x
    if x is None or dtype_of(x) == dtype:
        return x
    if dtype.kind in "iub" and is_inexact(dtype_of(x)):
        raise TypeError(
            f"autodiff: a derivative is not rounded to whole numbers; got {dtype_of(x)} for data of dtype {dtype}. "
            "Keep the data of a tensor that is differentiated floating-point (t.data = array.astype(float))."
        )
    if dtype.kind == "f":
        x = real_part(x)  # Re(ct · v) = Re(ct) · v, v being real
    return astype(x, dtype=dtype)


def in_dtype(x: Any, dtype: Any) -> Any:
    """Return an operand converted as the argument `dtype` of a NumPy function asks: None leaves it as it is."""
    if dtype is None or np.dtype(dtype) == dtype_of(x):
        return x
    return astype(x, dtype=np.dtype(dtype)) if is_inexact(np.dtype(dtype)) else np.asarray(value_of(x)).astype(dtype)
