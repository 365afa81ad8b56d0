"""Joining arrays, and everything else that only moves entries around.

`tile`, `block`, `pad`, `take`, `diag` and two dozen more copy each entry of their result from
an entry of an operand, or put in a constant. They need one rule together: the function
itself, applied to the numbers of the entries, tells where each came from.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from autodiff.arraylike import getitem
from autodiff.dispatch import RULES, Operation
from autodiff.operands import (
    Spec,
    as_operand,
    dtype_of,
    is_traced,
    plain,
    shape_of,
    spec_of,
)
from autodiff.primitives import Rewrite, Rule
from autodiff.residuals import frozen
from autodiff.rules.indexing import scatter
from autodiff.rules.linear import Linear, linear, to_dtype
from autodiff.tree import Structure, flatten


@Operation
def joined(*arrays: Any, axis: int | None = 0) -> Any:
    """Return np.concatenate(arrays, axis)."""
    return np.concatenate(arrays, axis)


@Operation
def stacked(*arrays: Any, axis: int = 0) -> Any:
    """Return np.stack(arrays, axis)."""
    return np.stack(arrays, axis)


def _joined(ct: Any, *arrays: Spec, axis: int | None = 0) -> list:
    parts = []
    start = 0
    for a in arrays:
        if axis is None:
            parts.append(np.reshape(ct[start : start + a.size], a.shape))
            start += a.size
        else:
            length = a.shape[axis]
            parts.append(ct[(slice(None),) * (axis % a.ndim) + (slice(start, start + length),)])
            start += length
    return parts


def _joined_stack(*stacks: Any, axis: int | None = 0) -> Any:
    if axis is None:
        return np.concatenate([np.reshape(s, (shape_of(s)[0], prod(shape_of(s)[1:]))) for s in stacks], 1)
    return np.concatenate(stacks, axis if axis < 0 else axis + 1)


def _sequence(arrays: Any) -> list:
    return [as_operand(a) for a in arrays]


def _in_dtype(y: Any, dtype: Any) -> Any:
    return y if dtype is None else y.astype(np.dtype(dtype))


linear(joined, _joined, None, ["axis"], batch=_joined_stack)
linear(
    stacked,
    lambda ct, *_arrays, axis=0: list(np.moveaxis(ct, axis, 0)),
    None,
    ["axis"],
    batch=lambda *stacks, axis=0: np.stack(stacks, axis if axis < 0 else axis + 1),
)
RULES[np.concatenate] = Rewrite(
    np.concatenate,
    lambda arrays, axis=0, dtype=None, casting="same_kind": _in_dtype(joined(*_sequence(arrays), axis=axis), dtype),
)
RULES[np.stack] = Rewrite(
    np.stack,
    lambda arrays, axis=0, dtype=None, casting="same_kind": _in_dtype(stacked(*_sequence(arrays), axis=axis), dtype),
)

# --- everything that only moves entries --------------------------------------------------------


class Call:
    """A function with its operands taken out: `call(*operands)` puts them back and calls it."""

    __slots__ = ("args", "function", "kwargs", "positions", "structure")

    def __init__(self, function: Callable, positions: tuple[int, ...], args: Sequence, kwargs: Mapping) -> None:
        self.function = function
        self.positions = positions
        self.args = args
        self.kwargs = kwargs
        self.structure: Structure

    def operands(self) -> list:
        """Return the operands, flat, and remember how they were nested."""
        leaves, self.structure = flatten([self.args[p] for p in self.positions])
        self.args = [None if i in self.positions else frozen(a) for i, a in enumerate(self.args)]
        return [as_operand(leaf) for leaf in leaves]

    def __call__(self, *operands: Any) -> Any:
        args = list(self.args)
        for position, tree in zip(self.positions, self.structure.unflatten(operands), strict=True):
            args[position] = tree
        return self.function(*args, **self.kwargs)

    def __repr__(self) -> str:
        return f"<call of {getattr(self.function, '__name__', self.function)}>"


@Operation
def rearranged(*operands: Any, call: Call) -> Any:
    """Return call(*operands), for a function that copies each entry of the result from an operand."""
    return call(*operands)


def _origins(call: Call, specs: Sequence) -> Any:
    """Return where each entry of the result comes from: 1 + its number among all entries, 0 for a constant.

    The function itself is asked: it is applied to operands that hold these numbers, twice, the
    second time with larger ones: an entry that stays the same is a constant that was put in.
    """
    size = sum(spec.size for spec in specs)
    first, second = [_numbered(call, specs, start) for start in (1, 1 + size)]
    if isinstance(first, (list, tuple)):
        return [np.where(a != b, a, 0) for a, b in zip(first, second, strict=True)]
    return np.where(first != second, first, 0)


def _numbered(call: Call, specs: Sequence, start: int) -> Any:
    """Return the call on operands whose entries are numbered from `start`."""
    numbers = []
    for spec in specs:
        numbers.append(np.arange(start, start + spec.size).reshape(spec.shape))
        start += spec.size
    return call(*numbers)


def _rearranged(ct: Any, *operands: Spec, call: Call) -> list:
    origins = _origins(call, operands)
    if isinstance(origins, (list, tuple)):
        pieces = [np.ravel(c) for c in ct if c is not None]
        places = [np.ravel(o) for o, c in zip(origins, ct, strict=True) if c is not None]
        flat, place = np.concatenate(pieces), np.concatenate(places)
    else:
        flat, place = np.ravel(ct), np.ravel(origins)
    size = 1 + sum(o.size for o in operands)
    total = scatter(flat, shape=(size,), index=(place,))
    parts = []
    start = 1
    for o in operands:
        parts.append(np.reshape(total[start : start + o.size], o.shape))
        start += o.size
    return parts


class Rearrangement(Linear):
    """The rule of `rearranged`: the tangent is gathered, since constants that were put in have none."""

    def jvp(self, tangents: Mapping[int, Any], y: Any, args: Sequence, kwargs: Mapping) -> Any:
        specs = [spec_of(a) for a in args]
        dtype = dtype_of(y[0] if isinstance(y, (list, tuple)) else y)  # that of a number put in must not matter
        flat = [np.ravel(tangents[i]) if i in tangents else np.zeros(s.size, dtype) for i, s in enumerate(specs)]
        source = to_dtype(np.concatenate([np.zeros(1, dtype), *flat]), dtype)
        origins = _origins(kwargs["call"], specs)
        if isinstance(origins, (list, tuple)):
            return [getitem(source, index=(o,)) for o in origins]
        return getitem(source, index=(origins,))


RULES[rearranged] = Rearrangement(rearranged, _rearranged, None, ["call"])


class Rearranges(Rule):
    """What is known of a function that only moves entries: which arguments hold them."""

    family = "linear"

    def __init__(self, function: Callable, positions: tuple[int, ...], check: Callable | None) -> None:
        self.name = f"np.{function.__name__}"
        self.function = function
        self.positions = positions
        self.check = check

    def apply(self, args: Sequence, kwargs: Mapping) -> Any:
        if len(args) <= max(self.positions) or kwargs:
            bound = inspect.signature(self.function).bind(*args, **kwargs)
            args, kwargs = bound.args, bound.kwargs
        if self.check is not None:
            self.check(*args, **kwargs)
        positions = tuple([p for p in self.positions if p < len(args)])
        if any(p.kind is p.VAR_POSITIONAL for p in inspect.signature(self.function).parameters.values()):
            positions = tuple(range(len(args)))
        args = [a if i in positions else plain(a) for i, a in enumerate(args)]
        call = Call(self.function, positions, args, {k: plain(v) for k, v in kwargs.items()})
        return rearranged(*call.operands(), call=call)


def rearranges(function: Callable, *positions: int, check: Callable | None = None) -> None:
    """Say that `function` only moves entries of its arguments number `positions` (0 if none is given)."""
    RULES[function] = Rearranges(function, positions or (0,), check)


def _pad_check(_array: Any, _pad_width: Any, mode: Any = "constant", **kwargs: Any) -> None:
    if is_traced(kwargs.get("constant_values")):
        raise TypeError(
            "np.pad: no derivative with respect to `constant_values`; got a traced value there. "
            "Join the parts with np.concatenate, or pass the number (`.item()`)."
        )
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap") or kwargs.get("reflect_type") == "odd":
        raise TypeError(
            f"np.pad: only modes that copy entries have a derivative rule; got mode={mode!r}. "
            "Use constant, edge, reflect, symmetric or wrap, or np.concatenate with what the mode computes."
        )


for _function in (
    np.array_split, np.block, np.column_stack, np.delete, np.diag, np.diagflat, np.diagonal,
    np.dsplit, np.dstack, np.hsplit, np.hstack, np.linalg.diagonal, np.meshgrid, np.repeat, np.resize, np.roll,
    np.rollaxis, np.rot90, np.split, np.take, np.take_along_axis, np.tile, np.tril, np.triu, np.vsplit, np.vstack,
    np.fft.fftshift, np.fft.ifftshift, np.lib.stride_tricks.sliding_window_view,
):  # fmt: skip
    rearranges(_function)
rearranges(np.pad, check=_pad_check)
rearranges(np.append, 0, 1)
rearranges(np.insert, 0, 2)
rearranges(np.choose, 1)
rearranges(np.compress, 1)
rearranges(np.extract, 1)
rearranges(np.select, 1, 2)
if hasattr(np, "unstack"):
    rearranges(np.unstack)
