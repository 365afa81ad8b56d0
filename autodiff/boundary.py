"""What goes into a transformation and what comes out of it: checks, seeds, and arrays to own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.operands import TRACED, dtype_of, is_inexact, shape_of, value_of
from autodiff.tree import Structure, flatten

ONE = np.float64(1.0)  # NumPy's: Python's own 1.0 / 0.0 raises


def check_differentiable(function: str, x: Any, what: str) -> None:
    """Raise unless `x` is made of floating-point (or complex) numbers."""
    kind = x.__class__
    if kind is float or (kind is np.ndarray and x.dtype.kind in "fc"):
        return
    if kind in TRACED or isinstance(x, (np.ndarray, np.generic, int, complex)):
        dtype = dtype_of(x)
        if is_inexact(dtype):
            if isinstance(x, (np.ma.MaskedArray, np.matrix)):
                raise TypeError(f"{function}: {what} must be a plain array; got {kind.__name__}. Convert it first.")
            return
        if dtype.kind in "biu":
            shown = repr(x) if shape_of(x) == () else f"an array of {dtype}"
            raise TypeError(
                f"{function}: integers have no derivative; got {shown} as {what}. "
                "Write it as a float (2.0 for 2, x.astype(float) for an array)."
            )
    raise TypeError(
        f"{function}: {what} must be a float or an array of floats (or containers of them); "
        f"got {kind.__name__}{f' of {x.dtype}' if isinstance(x, np.ndarray) else ''}. "
        "Convert it, or choose other arguments with argnum."
    )


def one_like(y: Any) -> Any:
    """Return the seed dy/dy = 1 in the shape and dtype of `y`."""
    if y.__class__ is np.float64 or y.__class__ is float:
        return ONE
    if isinstance(y, np.generic):
        return y.__class__(1)
    shape = shape_of(y)
    return dtype_of(y).type(1) if shape == () else np.ones(shape, dtype_of(y))


def zero_like(x: Any) -> Any:
    """Return zero in the shape and dtype of `x`."""
    shape = shape_of(x)
    if shape == ():
        return 0.0 if x.__class__ is float else dtype_of(x).type(0)
    return np.zeros(shape, dtype_of(x))


def as_cotangent(function: str, ct: Any, y: Any, path: str = "") -> Any:
    """Return `ct` in the shape and dtype of `y`, checked."""
    if ct.__class__ in TRACED and not ct._is_recorded():
        ct = value_of(ct)  # a constant tensor
    if ct.__class__ not in TRACED:
        ct = np.asarray(ct)
    if shape_of(ct) != shape_of(y):
        raise ValueError(
            f"{function}: the cotangent{path} must have the shape of the output, {shape_of(y)}; "
            f"got shape {shape_of(ct)}. Reshape it."
        )
    if ct.__class__ in TRACED:
        return ct
    if not np.can_cast(ct.dtype, dtype_of(y), "same_kind"):
        raise TypeError(
            f"{function}: the cotangent{path} must have the dtype of the output, {dtype_of(y)}; got {ct.dtype}. "
            "Convert it with .astype."
        )
    return ct.astype(dtype_of(y), copy=False)[()]


def match_structure(function: str, ct: Any, structure: Structure, values: Sequence) -> list:
    """Return the leaves of `ct`, which must match the outputs `values` one for one."""
    cts = structure.leaves_of(ct)
    if cts is None:
        raise ValueError(
            f"{function}: the cotangent must have the structure of the output, {structure}; got {flatten(ct)[1]}. "
            "Pass the same nesting of lists, tuples and dicts."
        )
    paths = structure.paths()
    return [as_cotangent(function, c, y, path) for c, y, path in zip(cts, values, paths, strict=True)]


def own(ct: Any, primal: Any) -> Any:
    """Return the cotangent of `primal` as an array that the caller may write to; zeros for None."""
    kind = ct.__class__
    if kind is np.float64:
        return ct
    if kind is np.ndarray:
        return ct.copy() if ct.ndim else ct[()]
    if kind is float:
        return np.float64(ct)
    return np.zeros(shape_of(primal), dtype_of(primal))[()] if ct is None else ct
