"""Joining, splitting and repeating arrays along axes: each transpose is another of these."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from autodiff.arraylike import getitem
from autodiff.dispatch import RULES, Operation
from autodiff.operands import Spec, as_operand, dtype_of, is_traced, plain, shape_of
from autodiff.primitives import Rewrite
from autodiff.rules.axes import along, axes_of
from autodiff.rules.casts import in_dtype
from autodiff.rules.indexing import scatter
from autodiff.rules.linear import linear

# --- joining ----------------------------------------------------------------------------------------


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
            parts.append(ct[along(axis % a.ndim, slice(start, start + length))])
            start += length
    return parts


def _joined_stack(*stacks: Any, axis: int | None = 0) -> Any:
    return np.concatenate([_flat_slices(s) for s in stacks] if axis is None else stacks, _one_further(axis))


def _flat_slices(stack: Any) -> Any:
    """Return a stack of arrays with each of them flattened."""
    k, *shape = shape_of(stack)
    return np.reshape(stack, (k, prod(shape)))


def _one_further(axis: int | None) -> int:
    """Return the axis of a stack that is `axis` of each of its slices, flattened for None."""
    if axis is None:
        return 1
    return axis if axis < 0 else axis + 1


def _concatenate(arrays: Any, axis: int | None = 0, dtype: Any = None, casting: Any = "same_kind") -> Any:
    return _cast(joined(*map(as_operand, arrays), axis=axis), dtype, casting)


def _cast(y: Any, dtype: Any, casting: Any) -> Any:
    if dtype is not None:
        np.empty(0, dtype_of(y)).astype(dtype, casting=casting)  # NumPy's own error
    return in_dtype(y, dtype)


def _column_stack(tup: Any) -> Any:
    columns = [as_operand(a) for a in tup]
    return np.concatenate([a if len(shape_of(a)) > 1 else np.reshape(a, (-1, 1)) for a in columns], 1)


def _stack_along(least: Callable, axis: int | None) -> Callable:
    """Return the definition of vstack, hstack or dstack, which concatenate what `least` makes of the arrays."""

    def definition(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
        arrays = [least(as_operand(a)) for a in tup]
        where = (0 if arrays and len(shape_of(arrays[0])) == 1 else 1) if axis is None else axis
        return np.concatenate(arrays, where, dtype=dtype, casting=casting)

    return definition


def _append(arr: Any, values: Any, axis: int | None = None) -> Any:
    return np.concatenate([as_operand(arr), as_operand(values)], axis)


linear(joined, _joined, None, ["axis"], batch=_joined_stack)
linear(
    stacked,
    lambda ct, *_arrays, axis=0: list(np.moveaxis(ct, axis, 0)),
    None,
    ["axis"],
    batch=lambda *stacks, axis=0: np.stack(stacks, _one_further(axis)),
)
RULES[np.concatenate] = Rewrite(np.concatenate, _concatenate)
RULES[np.stack] = Rewrite(
    np.stack,
    lambda arrays, axis=0, dtype=None, casting="same_kind": _cast(
        stacked(*map(as_operand, arrays), axis=axis), dtype, casting
    ),
)
RULES[np.vstack] = Rewrite(np.vstack, _stack_along(np.atleast_2d, 0))
RULES[np.hstack] = Rewrite(np.hstack, _stack_along(np.atleast_1d, None))
RULES[np.dstack] = Rewrite(np.dstack, _stack_along(np.atleast_3d, 2))
RULES[np.column_stack] = Rewrite(np.column_stack, _column_stack)
RULES[np.append] = Rewrite(np.append, _append)

# --- splitting --------------------------------------------------------------------------------------


def _pieces(x: Any, axis: int, split: Callable) -> list:
    """Return the slices of `x` along `axis` that `split` makes: it is shown the places along the axis instead."""
    shape = shape_of(x)
    places = np.arange(shape[axis]) if -len(shape) <= axis < len(shape) else np.zeros(())
    axis = axis % max(len(shape), 1)
    pieces = split(np.broadcast_to(np.reshape(places, (-1,) + (1,) * (len(shape) - 1 - axis)), shape))
    bounds = [(int(p.flat[0]) if p.size else 0, p.shape[axis]) for p in pieces]
    return [getitem(x, index=along(axis, slice(start, start + length))) for start, length in bounds]


def _split(function: Callable) -> Callable:
    """Return the definition of np.split or np.array_split."""
    return lambda ary, indices_or_sections, axis=0: _pieces(
        as_operand(ary), axis, lambda places: function(places, plain(indices_or_sections), axis)
    )


def _split_along(function: Callable, axis: int) -> Callable:
    """Return the definition of hsplit, vsplit or dsplit; a vector is split along its one axis."""
    return lambda ary, indices_or_sections: _pieces(
        as_operand(ary),
        min(axis, len(shape_of(as_operand(ary))) - 1),
        lambda places: function(places, plain(indices_or_sections)),
    )


_function: Any
for _function in (np.split, np.array_split):
    RULES[_function] = Rewrite(_function, _split(_function))
for _function, _axis in ((np.vsplit, 0), (np.hsplit, 1), (np.dsplit, 2)):
    RULES[_function] = Rewrite(_function, _split_along(_function, _axis))

# --- repeating, taking, rolling, triangles ------------------------------------------------------------


def _tile(ct: Any, x: Spec, reps: Any) -> Any:
    """Sum over the copies: the axes of the result are pairs, the copy and the place in it."""
    reps = np.atleast_1d(reps).tolist()
    ndim = max(len(reps), x.ndim)
    copies, lengths = (1,) * (ndim - len(reps)) + tuple(reps), (1,) * (ndim - x.ndim) + x.shape
    pairs = np.reshape(ct, [n for pair in zip(copies, lengths, strict=True) for n in pair])
    return np.reshape(np.sum(pairs, axis=tuple([2 * i for i, n in enumerate(copies) if n != 1])), x.shape)


def _tile_stack(x: Any, reps: Any) -> Any:
    k, *shape = shape_of(x)
    reps = np.atleast_1d(reps).tolist()
    ndim = max(len(reps), len(shape))
    x = np.reshape(x, (k, *(1,) * (ndim - len(shape)), *shape))
    return np.tile(x, (1, *(1,) * (ndim - len(reps)), *reps))


def _repeat(ct: Any, x: Spec, repeats: Any, axis: int | None = None) -> Any:
    shape = (x.size,) if axis is None else x.shape
    axis = 0 if axis is None else axis % x.ndim
    if np.ndim(repeats) == 0:
        return np.reshape(
            np.sum(np.reshape(ct, (*shape[: axis + 1], repeats, *shape[axis + 1 :])), axis=axis + 1), x.shape
        )
    places = np.repeat(np.arange(shape[axis]), repeats)
    return np.reshape(scatter(ct, shape=shape, index=along(axis, places)), x.shape)


def _take(ct: Any, x: Spec, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    shape = (x.size,) if axis is None else x.shape
    axis = 0 if axis is None else axis % x.ndim
    places: Any = np.arange(shape[axis])
    if is_traced(indices) and mode == "raise":  # np.take does not look for a recorded index of an array of its own
        places = getitem(places, index=indices)
    else:
        places = np.take(places, indices, mode=mode)  # type: ignore[call-overload]
    return np.reshape(scatter(ct, shape=shape, index=along(axis, places)), x.shape)


def _along_stack(function: Callable) -> Callable:
    """Return how `function` is done along one axis of a stack."""

    def on_stack(x: Any, *args: Any, axis: int | None = None, **kwargs: Any) -> Any:
        return function(_flat_slices(x) if axis is None else x, *args, axis=_one_further(axis), **kwargs)

    return on_stack


def _roll_value(x: Any, shift: Any, axis: Any = None) -> Any:
    """Return np.roll(x, shift, axis): its two pieces exchanged, without NumPy's overhead where there is one axis."""
    axis = 0 if axis is None and len(shape_of(x)) == 1 else axis
    simple = x.__class__ is np.ndarray and shift.__class__ is axis.__class__ is int
    if not (simple and -x.ndim <= axis < x.ndim and x.size):
        return np.roll(x, shift, axis)
    axis %= x.ndim
    first = -shift % x.shape[axis]
    before = (slice(None),) * axis
    return np.concatenate((x[(*before, slice(first, None))], x[(*before, slice(first))]), axis)


def _roll(ct: Any, _x: Any, shift: Any, axis: Any = None) -> Any:
    back = -shift if shift.__class__ is int else np.negative(shift).tolist()
    return (_roll_value if ct.__class__ is np.ndarray else np.roll)(ct, back, axis)


def _roll_stack(x: Any, shift: Any, axis: Any = None) -> Any:
    if axis is None:
        return np.reshape(np.roll(_flat_slices(x), shift, 1), shape_of(x))
    return np.roll(x, shift, tuple([_one_further(a) for a in np.atleast_1d(axis).tolist()]))


linear(np.tile, _tile, 1, ["reps"], batch=_tile_stack)
linear(np.repeat, _repeat, 1, ["repeats", "axis"], ["repeats"], _along_stack(np.repeat))
linear(np.take, _take, 1, ["indices", "axis", "out", "mode"], ["indices"], _along_stack(np.take))
linear(np.roll, _roll, 1, ["shift", "axis"], batch=_roll_stack)
RULES[np.roll].raw = _roll_value


def _shifted(sign: int) -> Callable:
    """Return the definition of np.fft.fftshift (+1) or np.fft.ifftshift (-1)."""

    def definition(x: Any, axes: Any = None) -> Any:
        x = as_operand(x)
        axes = axes_of(axes, len(shape_of(x)))
        return np.roll(x, [sign * (shape_of(x)[a] // 2) for a in axes], axes)

    return definition


def _rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    m = as_operand(m)
    first, second = axes
    if len({a % len(shape_of(m)) for a in axes}) != 2:
        raise ValueError(f"np.rot90: needs two different axes; got {tuple(axes)}. Choose two.")
    if k % 2 == 0:
        return np.flip(m, axes) if k % 4 else +m
    turned = np.swapaxes(m, first, second)
    return np.flip(turned, first if k % 4 == 1 else second)


RULES[np.fft.fftshift] = Rewrite(np.fft.fftshift, _shifted(1))
RULES[np.fft.ifftshift] = Rewrite(np.fft.ifftshift, _shifted(-1))
RULES[np.rot90] = Rewrite(np.rot90, _rot90)


def _triangle(lower: bool) -> Callable:
    """Return the definition of np.tril or np.triu."""

    def definition(m: Any, k: int = 0) -> Any:
        m = as_operand(m)
        rows, columns = shape_of(m)[-2:] if len(shape_of(m)) > 1 else shape_of(m) * 2
        below = np.tri(rows, columns, k if lower else k - 1, dtype=bool)
        zero = dtype_of(m).type(0)
        return np.where(below, m, zero) if lower else np.where(below, zero, m)

    return definition


RULES[np.tril] = Rewrite(np.tril, _triangle(lower=True))
RULES[np.triu] = Rewrite(np.triu, _triangle(lower=False))
