"""Linear operations: y = L(a, b, …), linear in all operands jointly.

    tangent      ẏ = L(ȧ, ḃ, …)         the operation itself
    cotangent    (ā, b̄, …) = Lᵀ(ȳ)      the transpose, which is what a rule gives

A transpose sees the shape and dtype of the operands (a `Spec`), never their values, so it
cannot read what it must not. `batch` says how the operation is done on a stack of operands
at once; without it, slices are done one by one.

Most functions that only move entries around (`tile`, `block`, `pad`, `take`, …) need no
rule of their own: see `rearranges` below.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from math import prod
from typing import Any

import numpy as np

from autodiff.arraylike import astype, getitem, index_update
from autodiff.batch import align
from autodiff.boundary import zero_like
from autodiff.dispatch import RULES, Operation
from autodiff.operands import (
    PLAIN,
    Spec,
    as_operand,
    dtype_of,
    is_inexact,
    is_traced,
    plain,
    shape_of,
    spec_of,
    value_of,
)
from autodiff.primitives import SPEC, Plan, Primitive, Rewrite, Rule
from autodiff.residuals import frozen
from autodiff.rules.elementwise import match
from autodiff.tree import Structure, flatten


class Linear(Primitive):
    """An operation that is linear in its operands."""

    family = "linear"

    def __init__(
        self,
        function: Callable,
        transpose: Callable,
        operands: int | None = 1,
        parameters: Sequence[str] = (),
        constants: Sequence[str] = (),
        batch: Callable | None = None,
        internal: bool = False,
    ) -> None:
        super().__init__(function, operands, parameters, constants, internal)
        self.transpose = transpose
        self.batched = batch
        if operands == 1:
            self.pull = self._pull

    def make_plan(self, argnums: tuple[int, ...]) -> Plan:
        return Plan(argnums, False, repeat(SPEC))

    def _pull(self, ct: Any, _y: Any, x: Spec, **kwargs: Any) -> Any:
        return to_dtype(self.transpose(ct, x, **kwargs), x.dtype)

    def vjp(self, argnums: tuple[int, ...], ct: Any, y: Any, args: Sequence, kwargs: Mapping) -> Sequence:
        if self.operands == 1:
            return (self._pull(ct, y, args[0], **kwargs),)
        cts = self.transpose(ct, *args, **kwargs)
        return [to_dtype(cts[i], args[i].dtype) for i in argnums]

    def jvp(self, tangents: Mapping[int, Any], y: Any, args: Sequence, kwargs: Mapping) -> Any:
        if "initial" in kwargs:  # of np.sum: a constant term
            kwargs = {k: v for k, v in kwargs.items() if k != "initial"}
        return self.function(*[tangents[i] if i in tangents else zero_like(a) for i, a in enumerate(args)], **kwargs)

    def batch(self, batched: Sequence[bool], args: Sequence, kwargs: Mapping) -> Any:
        if self.batched is None:
            return super().batch(batched, args, kwargs)
        k = next(len(a) for a, b in zip(args, batched, strict=True) if b)
        dtype = next(dtype_of(a) for a, b in zip(args, batched, strict=True) if b)
        numbers = [a if a.__class__ not in (float, int) else dtype.type(a) for a in args]  # which have no dtype
        stacks = [a if b else np.broadcast_to(a, (k, *shape_of(a))) for a, b in zip(numbers, batched, strict=True)]
        return self.batched(*stacks, **kwargs)


def to_dtype(x: Any, dtype: np.dtype) -> Any:
    if x.__class__ is np.ndarray and x.dtype is dtype:
        return x
    return x if x is None or dtype_of(x) == dtype else astype(x, dtype=dtype)


def linear(
    function: Callable,
    transpose: Callable,
    operands: int | None = 1,
    parameters: Sequence[str] = (),
    constants: Sequence[str] = (),
    batch: Callable | None = None,
    internal: bool = False,
) -> None:
    """Give `function` the rule `transpose(ct, *specs, **parameters)`."""
    RULES[function] = Linear(function, transpose, operands, parameters, constants, batch, internal)


# --- axes ---------------------------------------------------------------------------------


def trailing_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return `axis` as negative numbers, which mean the same with one more axis in front."""
    if axis is None:
        return tuple(range(-ndim, 0))
    return tuple([a - ndim for a in np.lib.array_utils.normalize_axis_tuple(axis, ndim)])


def restore_axes(y: Any, x: Any, axis: Any, keepdims: Any) -> Any:
    """Return a reduced array with the axes it lost put back as unit axes."""
    if axis is None:
        return np.reshape(y, (1,) * len(shape_of(x)))
    return y if keepdims else np.expand_dims(y, axis)


# --- sums ---------------------------------------------------------------------------------


def _sum(
    ct: Any,
    x: Spec,
    axis: Any = None,
    dtype: Any = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = None,
) -> Any:
    if x.shape != ():
        ct = _broadcast(ct if shape_of(ct) == () else restore_axes(ct, x, axis, keepdims), x.shape)
    return ct if where is None else np.where(where, ct, 0.0)


def _broadcast(ct: Any, shape: tuple[int, ...]) -> Any:
    """Return np.broadcast_to(ct, shape); a small array is filled, which is faster."""
    if ct.__class__ in PLAIN and math.prod(shape) < 4096:
        result = np.empty(shape, dtype_of(ct))
        result[...] = ct
        return result
    return np.broadcast_to(ct, shape)


def _mean(
    ct: Any, x: Spec, axis: Any = None, dtype: Any = None, keepdims: Any = False, where: Any = None
) -> Any:
    if where is None:
        count = float(prod([x.shape[a] for a in trailing_axes(axis, x.ndim)]))
        return _sum(ct if count == 0 else ct / count, x, axis, None, keepdims)
    counts = np.sum(np.broadcast_to(where, x.shape), axis=axis, keepdims=keepdims)
    return _sum(ct / counts.astype(dtype_of(ct)), x, axis, None, keepdims, where=where)


def _mean_value(x: Any, axis: Any = None, **options: Any) -> Any:
    """Return np.mean(x, axis, …): the same steps, without NumPy's overhead where nothing is asked for."""
    if axis is None and not options and x.__class__ is np.ndarray and x.dtype.char in "fd" and x.size:
        return np.add.reduce(x, None) / x.size
    return np.mean(x, axis, **options)


def _reduce_stack(function: Callable) -> Callable:
    def reduce_stack(x: Any, axis: Any = None, **kwargs: Any) -> Any:
        return function(x, axis=trailing_axes(axis, len(shape_of(x)) - 1), **kwargs)

    return reduce_stack


def _cumsum(ct: Any, x: Spec, axis: int | None = None, dtype: Any = None) -> Any:
    back = np.flip(np.cumsum(np.flip(ct, axis or 0), axis or 0), axis or 0)
    return np.reshape(back, x.shape) if axis is None else back


def _cumsum_stack(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    if axis is None:
        return np.cumsum(np.reshape(x, (shape_of(x)[0], -1)), 1)
    return np.cumsum(x, trailing_axes(axis, len(shape_of(x)) - 1)[0])


linear(np.sum, _sum, 1, ["axis", "dtype", "out", "keepdims", "initial", "where"], ["where"], _reduce_stack(np.sum))
RULES[np.sum].raw = lambda x, axis=None, **options: np.add.reduce(x, axis, **options)  # type: ignore[attr-defined]
linear(np.mean, _mean, 1, ["axis", "dtype", "out", "keepdims", "where"], ["where"], _reduce_stack(np.mean))
RULES[np.mean].raw = _mean_value  # type: ignore[attr-defined]
linear(np.cumsum, _cumsum, 1, ["axis", "dtype"], batch=_cumsum_stack)

# --- shape --------------------------------------------------------------------------------


def _reshape_stack(x: Any, shape: Any, order: str = "C", copy: Any = None) -> Any:
    k, *old = shape_of(x)
    new = np.broadcast_to(0.0, old).reshape(shape).shape
    if order == "C":
        return np.reshape(x, (k, *new))
    return np.stack([np.reshape(x[i], shape, order) for i in range(k)])


def _transpose_stack(x: Any, axes: Any = None) -> Any:
    ndim = len(shape_of(x)) - 1
    axes = range(ndim)[::-1] if axes is None else [a % ndim for a in axes]
    return np.transpose(x, (0, *[1 + a for a in axes]))


linear(
    np.reshape,
    lambda ct, x, shape, order="C", copy=None: np.reshape(ct, x.shape, order),
    1,
    ["shape", "order", "copy"],
    batch=_reshape_stack,
)
if np.lib.NumpyVersion(np.__version__) < "2.1.0":  # np.reshape has no argument named `shape` yet
    _rule: Any = RULES[np.reshape]
    _rule.function = _rule.raw = lambda x, shape, order="C", copy=None: np.reshape(x, shape, order)
linear(
    np.transpose,
    lambda ct, x, axes=None: np.transpose(ct, None if axes is None else np.argsort([a % x.ndim for a in axes])),
    1,
    ["axes"],
    batch=_transpose_stack,
)
linear(
    np.broadcast_to,
    lambda ct, x, shape, subok=False: match(ct, x),
    1,
    ["shape", "subok"],
    batch=lambda x, shape, subok=False: np.broadcast_to(
        align(x, len(np.atleast_1d(shape))), (len(x), *np.atleast_1d(shape))
    ),
)
linear(astype, lambda ct, x, dtype: astype(ct, dtype=x.dtype), batch=lambda x, dtype: astype(x, dtype=dtype), internal=True)


def _moved(a: Any, source: Any, destination: Any) -> Any:
    ndim = len(shape_of(a))
    source = [s % ndim for s in np.atleast_1d(source)]
    destination = [d % ndim for d in np.atleast_1d(destination)]
    order = [n for n in range(ndim) if n not in source]
    for d, s in sorted(zip(destination, source, strict=True)):
        order.insert(d, s)
    return np.transpose(a, order)


def _swapped(a: Any, axis1: int, axis2: int) -> Any:
    axes = list(range(len(shape_of(a))))
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return np.transpose(a, axes)


def _reshaped_as(function: Callable) -> Callable:
    """Return the definition of a function that only changes the shape."""

    def definition(a: Any, axis: Any = None) -> Any:
        stand_in = np.broadcast_to(0.0, shape_of(a))
        return np.reshape(a, (function(stand_in) if axis is None else function(stand_in, axis)).shape)

    return definition


def _each(function: Callable) -> Callable:
    """Return the definition of a function of any number of arrays that only changes shapes."""
    reshaped = _reshaped_as(function)

    def definition(*arrays: Any) -> Any:
        return reshaped(arrays[0]) if len(arrays) == 1 else tuple([reshaped(a) for a in arrays])

    return definition


for _function, _definition in {
    np.expand_dims: _reshaped_as(np.expand_dims),
    np.squeeze: _reshaped_as(np.squeeze),
    np.ravel: lambda a, order="C": np.reshape(a, -1, order="C" if order == "K" else order),
    np.atleast_1d: _each(np.atleast_1d),
    np.atleast_2d: _each(np.atleast_2d),
    np.atleast_3d: _each(np.atleast_3d),
    np.moveaxis: _moved,
    np.swapaxes: _swapped,
    np.matrix_transpose: lambda x: np.swapaxes(x, -1, -2),
    np.linalg.matrix_transpose: lambda x: np.swapaxes(x, -1, -2),
    np.flip: lambda m, axis=None: getitem(
        m, index=tuple([slice(None, None, -1 if a - len(shape_of(m)) in trailing_axes(axis, len(shape_of(m))) else 1)
                        for a in range(len(shape_of(m)))])
    ),
    np.fliplr: lambda m: np.flip(m, 1),
    np.flipud: lambda m: np.flip(m, 0),
}.items():
    RULES[_function] = Rewrite(_function, _definition)
RULES[np.broadcast_arrays] = Rewrite(
    np.broadcast_arrays,
    lambda *args, subok=False: tuple([np.broadcast_to(a, np.broadcast_shapes(*map(shape_of, args))) for a in args]),
)
RULES[np.permute_dims] = RULES[np.transpose]

# --- indexing -------------------------------------------------------------------------------


def is_basic(index: Any) -> bool:
    """Tell whether an index is made of integers, slices, None and Ellipsis only."""
    if index.__class__ is slice or index.__class__ is int:
        return True
    items = index if isinstance(index, tuple) else (index,)
    return all(
        item is None or item is Ellipsis or isinstance(item, slice)
        or (isinstance(item, (int, np.integer)) and not isinstance(item, (bool, np.bool_)))
        for item in items
    )


def may_repeat(index: Any) -> bool:
    """Tell whether an index may name an entry twice: only arrays of integers may."""
    items = index if isinstance(index, tuple) else (index,)
    return not is_basic(index) and any(
        np.asarray(item).dtype.kind in "iu" for item in items if not (item is None or item is Ellipsis or isinstance(item, slice))
    )


@Operation
def scatter(x: Any, *, shape: tuple[int, ...], index: Any) -> Any:
    """Return zeros of `shape` to which `x` is added at `index`: the transpose of indexing."""
    result = np.zeros(shape, dtype_of(x))
    _add_at(result, x, index)
    return result


def _add_at(total: np.ndarray, x: Any, index: Any) -> None:
    """Add `x` to total[index], in place, entries that are named twice twice."""
    if may_repeat(index):
        np.add.at(total, index, x)
    else:
        total[index] += x


def _stack_index(index: Any) -> tuple:
    return (slice(None), *(index if isinstance(index, tuple) else (index,)))


def _keeps_place(index: Any) -> bool:
    """Tell whether indexing commutes with an axis in front (separated index arrays move to the front)."""
    items = index if isinstance(index, tuple) else (index,)
    arrays = [i for i, item in enumerate(items) if not (item is None or item is Ellipsis or isinstance(item, slice))]
    return is_basic(index) or not arrays or arrays[-1] - arrays[0] == len(arrays) - 1


def _getitem_stack(x: Any, index: Any) -> Any:
    if _keeps_place(index):
        return getitem(x, index=_stack_index(index))
    return np.stack([getitem(x[i], index=index) for i in range(len(x))])


def _scatter_stack(x: Any, shape: tuple[int, ...], index: Any) -> Any:
    if _keeps_place(index):
        return scatter(x, shape=(len(x), *shape), index=_stack_index(index))
    return np.stack([scatter(x[i], shape=shape, index=index) for i in range(len(x))])


def _index_update(ct: Any, x: Spec, value: Spec, index: Any) -> tuple:
    ct_value = getitem(ct, index=index)
    if may_repeat(index):  # of several values written to one place the last stays
        places = np.arange(int(np.prod(x.shape))).reshape(x.shape)[index]
        last = np.zeros(int(np.prod(x.shape)), int)
        last[places.ravel()] = np.arange(places.size)
        ct_value = np.where(last[places] == np.arange(places.size).reshape(places.shape), ct_value, 0.0)
    spare = max(len(value.shape) - len(shape_of(ct_value)), 0)  # unit axes in front of the value
    return (
        index_update(ct, 0.0, index=index),
        np.reshape(match(ct_value, Spec(value.shape[spare:], value.dtype)), value.shape),
    )


linear(
    getitem,
    lambda ct, x, index: scatter(ct, shape=x.shape, index=index),
    batch=_getitem_stack,
    internal=True,
)
RULES[getitem].adds_at = _add_at  # type: ignore[attr-defined]
linear(scatter, lambda ct, _x, shape, index: getitem(ct, index=index), batch=_scatter_stack, internal=True)
linear(index_update, _index_update, 2, internal=True)

# --- choosing between arrays -----------------------------------------------------------------


@Operation
def select(a: Any, b: Any, *, condition: Any) -> Any:
    """Return np.where(condition, a, b)."""
    return np.where(condition, a, b)[()]


def _select_stack(a: Any, b: Any, condition: Any) -> Any:
    ndim = max(len(shape_of(a)) - 1, len(shape_of(b)) - 1, np.ndim(condition))
    return select(align(a, ndim), align(b, ndim), condition=condition)


def _where(condition: Any, x: Any = None, y: Any = None) -> Any:
    if x is None or y is None:
        return np.where(plain(condition))
    return select(x, y, condition=plain(condition))


linear(
    select,
    lambda ct, a, b, condition: (
        match(select(ct, 0.0, condition=condition), a),
        match(select(0.0, ct, condition=condition), b),
    ),
    2,
    batch=_select_stack,
    internal=True,
)
RULES[np.where] = Rewrite(np.where, _where)

# --- joining ---------------------------------------------------------------------------------


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
        return np.concatenate([np.reshape(s, (len(s), -1)) for s in stacks], 1)
    return np.concatenate(stacks, axis if axis < 0 else axis + 1)


def _sequence(arrays: Any) -> list:
    return [as_operand(a) for a in arrays]


def _in_dtype(y: Any, dtype: Any) -> Any:
    return y if dtype is None else y.astype(np.dtype(dtype))


linear(joined, _joined, None, ["axis"], batch=_joined_stack)
linear(
    stacked,
    lambda ct, *arrays, axis=0: list(np.moveaxis(ct, axis, 0)),
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


def _pad_check(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> None:
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

__all__ = ["Linear", "getitem", "index_update", "is_inexact", "linear", "scatter", "value_of"]
