"""Everything that only moves entries around.

`block`, `diag`, `insert`, `pad` and a dozen more copy each entry of their result from
an entry of an operand, or put in a constant. They need one rule together: the function
itself, applied to the numbers of the entries, tells where each came from.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.arraylike import getitem
from autodiff.dispatch import RULES, Operation
from autodiff.operands import (
    Spec,
    as_operand,
    dtype_of,
    full_name,
    is_traced,
    plain,
    shape_of,
    spec_of,
)
from autodiff.primitives import Rewrite, Rule
from autodiff.rules.call import Call
from autodiff.rules.casts import to_dtype
from autodiff.rules.indexing import scatter
from autodiff.rules.linear import Linear
from autodiff.tree import flatten


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

    def __init__(self, function: Callable, positions: tuple[int, ...]) -> None:
        name = full_name(function)
        self.name = name if name.startswith("scipy.") else f"np.{function.__name__}"
        self.function = function
        self.positions = positions

    def apply(self, args: Sequence, kwargs: Mapping) -> Any:
        if len(args) <= max(self.positions) or kwargs:
            bound = inspect.signature(self.function).bind(*args, **kwargs)
            args, kwargs = bound.args, bound.kwargs
        positions = tuple([p for p in self.positions if p < len(args)])
        if any(p.kind is p.VAR_POSITIONAL for p in inspect.signature(self.function).parameters.values()):
            positions = tuple(range(len(args)))
        leaves, structure = flatten((list(args), dict(kwargs)))
        places: list[int] = []
        start = 0
        for i, arg in enumerate(args):
            stop = start + len(flatten(arg)[0])
            places += range(start, stop) if i in positions else ()
            start = stop
        constants = [None if i in places else _number(leaf, self.name) for i, leaf in enumerate(leaves)]
        call = Call(self.function, constants, places, structure).kept(self.function)
        return rearranged(*[as_operand(leaves[place]) for place in places], call=call)


def _number(x: Any, name: str) -> Any:
    """Return an argument that is not differentiated, such as the places to take, as it is now, recorded or not."""
    x = plain(x)
    return x._known(f"what {name} takes") if is_traced(x) else x


def rearranges(function: Callable, *positions: int) -> None:
    """Say that `function` only moves entries of its arguments number `positions` (0 if none is given)."""
    RULES[function] = Rearranges(function, positions or (0,))


for _function in (
    np.block, np.delete, np.diag, np.diagflat, np.diagonal, np.linalg.diagonal, np.meshgrid, np.resize,
    np.rollaxis, np.lib.stride_tricks.sliding_window_view,
):  # fmt: skip
    rearranges(_function)
rearranges(np.insert, 0, 2)
rearranges(np.choose, 1)
rearranges(np.compress, 1)
rearranges(np.extract, 1)
rearranges(np.select, 1, 2)
if hasattr(np, "unstack"):
    rearranges(np.unstack)


def _take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    x = as_operand(arr)
    places = plain(indices) if is_traced(indices) else np.asarray(indices)
    if axis is None:
        return getitem(np.ravel(x), index=(places,))
    if len(shape_of(places)) != len(shape_of(x)):
        np.take_along_axis(np.empty(shape_of(x)), np.empty(shape_of(places), int), axis)  # raises what NumPy raises
    axis = range(len(shape_of(x)))[axis]
    grids: list[Any] = list(np.ogrid[tuple([slice(n) for n in shape_of(x)])])
    grids[axis] = places
    return getitem(x, index=tuple(grids))


RULES[np.take_along_axis] = Rewrite(np.take_along_axis, _take_along_axis)
