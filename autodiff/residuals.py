"""What a node keeps for the backward pass, and how it is kept from changing.

A rule reads residuals long after they were computed. So that what it reads is what the
forward pass saw, a residual that its owner could still write to is copied, and the results
of operations, which nobody else holds yet, are made read-only instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.operands import PLAIN, TRACED, Spec, dtype_of, shape_of, spec_of
from autodiff.primitives import DROP, KEEP, LIKE

ndarray = np.ndarray
SCALARS = PLAIN - {ndarray}
"""The types of numbers, which nobody can change."""

CHANGEABLE = {ndarray, list, tuple}


def frozen(x: Any) -> Any:
    """Return `x` if nobody can change it, else a snapshot that nobody can."""
    kind = x.__class__
    if kind is ndarray and x.base is None and not x.flags.writeable:
        return x
    if kind in TRACED:
        return x.snapshot()
    if not isinstance(x, ndarray):
        return rebuild(x, [frozen(item) for item in x]) if isinstance(x, (tuple, list)) else x
    owner: Any = x
    while isinstance(owner, ndarray):
        if owner.flags.writeable:
            return _copy_in_layout(x)
        owner = owner.base
    return x


def _copy_in_layout(x: np.ndarray) -> np.ndarray:
    """Return a read-only copy with the strides of `x`: sums run in the order of memory, and must not run in another."""
    copy = x.copy(order="K")
    if copy.strides != x.strides and x.size:
        reach = [(n - 1) * stride for n, stride in zip(x.shape, x.strides, strict=True)]
        before = -sum(r for r in reach if r < 0)
        memory = np.empty(before + sum(r for r in reach if r > 0) + x.itemsize, np.uint8)  # gaps cost no memory
        copy = ndarray(x.shape, x.dtype, memory, before, x.strides)
        copy[...] = x
        memory.setflags(write=False)
    copy.setflags(write=False)
    return copy


def unchanging(parameters: Mapping) -> Mapping:
    """Return parameters such as an index or a mask as they are now: the caller may write to these arrays."""
    for value in parameters.values():
        if value.__class__ in CHANGEABLE:
            return {name: frozen(value) for name, value in parameters.items()}
    return parameters


def kept(codes: Iterable[int], y: Any, values: Iterable) -> list:
    """Return of each operand what the backward pass will read: itself, its Spec, or nothing."""
    result: list = []
    for value, code in zip(values, codes):  # noqa: B905 - codes may be endless
        if code == KEEP:
            result.append(value if value.__class__ in SCALARS else frozen(value))
        elif code == DROP:
            result.append(value if value.__class__ in SCALARS else None)  # a number costs nothing: for pictures
        elif code == LIKE and same_kind(value, y):
            result.append(None)
        elif value.__class__ is ndarray:
            result.append(Spec(value.shape, value.dtype))
        else:
            result.append(spec_of(value))
    return result


def same_kind(value: Any, y: Any) -> bool:
    """Tell whether a cotangent of y needs no summing and no conversion to be one of `value`."""
    kind = y.__class__
    if value.__class__ is kind:
        if kind is ndarray:
            return value.shape == y.shape and value.dtype is y.dtype
        if kind in SCALARS:
            return True
    if value.__class__ is float:
        return y.__class__ is np.float64 or y.__class__ is float
    return shape_of(value) == shape_of(y) and dtype_of(value) is dtype_of(y)


def rebuild(like: Any, items: Sequence) -> Any:
    """Return `items` in the kind of sequence that `like` is (named tuples included)."""
    return type(like)(*items) if hasattr(like, "_fields") else type(like)(items)
