"""Many tangents or cotangents in one sweep.

A `Batch` stands for an array and holds one such array for each of k directions, stacked
along a leading axis. It is how a whole Jacobian goes through a function at once: the
tangents of a forward sweep, or the cotangents of a reverse one, are batches, and the rules,
which are linear in them, do not notice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.arraylike import ArrayLike
from autodiff.operands import dtype_of, shape_of, size_of
from autodiff.primitives import Primitive


class Batch(ArrayLike):
    """k arrays of one shape, one for each direction, acting as one array of that shape."""

    __slots__ = ("level", "stacked")

    def __init__(self, stacked: Any, level: int) -> None:
        self.stacked = stacked  # shape (k, *shape)
        self.level = level

    @property
    def payload(self) -> Any:
        return self.stacked

    @property
    def shape(self) -> tuple[int, ...]:
        return shape_of(self.stacked)[1:]

    @staticmethod
    def process(primitive: Primitive, level: int, args: Sequence, kwargs: Mapping) -> Any:
        """Evaluate all slices, by the family's batched form of the operation."""
        batched = [arg.__class__ is Batch and arg.level == level for arg in args]
        values = [arg.stacked if b else arg for arg, b in zip(args, batched, strict=True)]
        y = primitive.batch(batched, values, kwargs)
        if isinstance(y, (tuple, list)):
            return tuple(Batch(part, level) for part in y)
        return Batch(y, level)

    def _is_recorded(self) -> bool:
        return True

    def snapshot(self) -> Batch:
        """Return this value as a batch that no assignment changes."""
        return Batch(self.stacked, self.level)

    def _assign(self, value: Any) -> None:
        if value.__class__ is not Batch or value.level != self.level:
            raise ValueError("Batch: only a value of the same sweep can be stored; got another. Build a new array.")
        self.stacked = value.stacked


def align(stacked: Any, ndim: int) -> Any:
    """Return a stack of arrays with unit axes put in, so that each slice has `ndim` axes."""
    shape = shape_of(stacked)
    missing = ndim - (len(shape) - 1)
    return np.reshape(stacked, (shape[0], *(1,) * missing, *shape[1:])) if missing > 0 else stacked


def basis(leaves: Sequence, start: int, stop: int, level: int, unit: complex = 1) -> list[Batch]:
    """Return the unit directions `start` to `stop` of the space of all `leaves` together.

    For another `unit` than 1 these are multiplied by it, and those of real leaves are zero.
    """
    batches = []
    offset = 0
    for leaf in leaves:
        shape = shape_of(leaf)
        size = size_of(leaf)
        columns = np.eye(stop - start, size, start - offset, dtype_of(leaf))
        if unit != 1:
            columns = columns * unit if columns.dtype.kind == "c" else np.zeros_like(columns)
        batches.append(Batch(columns.reshape(stop - start, *shape), level))
        offset += size
    return batches


def unbatch(x: Any, level: int, k: int) -> Any:
    """Return the stack in `x`, or k copies of a value that is the same in all directions."""
    if x.__class__ is Batch and x.level == level:
        return x.stacked
    return np.broadcast_to(x, (k, *shape_of(x)))
