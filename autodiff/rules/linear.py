"""Linear operations: y = L(a, b, …), linear in all operands jointly.

    tangent      ẏ = L(ȧ, ḃ, …)         the operation itself
    cotangent    (ā, b̄, …) = Lᵀ(ȳ)      the transpose, which is what a rule gives

A transpose sees the shape and dtype of the operands (a `Spec`), never their values, so it
cannot read what it must not. `batch` says how the operation is done on a stack of operands
at once; without it, slices are done one by one.

Most functions that only move entries around (`tile`, `block`, `pad`, `take`, …) need no
rule of their own: see `autodiff.rules.rearranging`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from math import prod
from typing import Any

import numpy as np

from autodiff.arraylike import getitem
from autodiff.assignment import astype
from autodiff.batch import align
from autodiff.boundary import zero_like
from autodiff.dispatch import RULES, Operation
from autodiff.operands import DIFFERENTIATED, PLAIN, Spec, dtype_of, is_complex, shape_of
from autodiff.primitives import SPEC, SPEC_ONE, Plan, Primitive, Rewrite, View
from autodiff.rules.axes import restore_axes, trailing_axes
from autodiff.rules.casts import to_dtype
from autodiff.rules.conjugates import real_part
from autodiff.rules.elementwise import match


class Linear(Primitive):
    """An operation that is linear in its operands."""

    family = "linear"
    fresh = True

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
        return Plan(argnums, False, SPEC_ONE if self.operands == 1 else repeat(SPEC))

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
    if prod(shape) >= 4096 or ct.__class__ in DIFFERENTIATED:
        return np.broadcast_to(ct, shape)
    return filled.implementation(ct, shape=shape) if ct.__class__ in PLAIN else filled(ct, shape=shape)


@Operation
def filled(x: Any, *, shape: tuple[int, ...]) -> Any:
    """Return an array of `shape` filled with `x`, which broadcasts to it."""
    result = np.empty(shape, dtype_of(x))
    result[...] = x
    return result


def _mean(ct: Any, x: Spec, axis: Any = None, dtype: Any = None, keepdims: Any = False, where: Any = None) -> Any:
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
        k, *shape = shape_of(x)
        return np.cumsum(np.reshape(x, (k, prod(shape))), 1)
    return np.cumsum(x, trailing_axes(axis, len(shape_of(x)) - 1)[0])


linear(np.sum, _sum, 1, ["axis", "dtype", "out", "keepdims", "initial", "where"], ["where"], _reduce_stack(np.sum))
RULES[np.sum].raw = lambda x, axis=None, **options: np.add.reduce(x, axis, **options)
linear(np.mean, _mean, 1, ["axis", "dtype", "out", "keepdims", "where"], ["where"], _reduce_stack(np.mean))
RULES[np.mean].raw = _mean_value
linear(np.cumsum, _cumsum, 1, ["axis", "dtype"], batch=_cumsum_stack)

# --- shape --------------------------------------------------------------------------------


def reshaped(x: Any, shape: Any, order: Any = "C", copy: Any = None) -> Any:
    """Return np.reshape(x, shape, order), also where that has no argument named `shape`."""
    return np.reshape(x, shape, order)


def _reshape_stack(x: Any, shape: Any, order: Any = "C", copy: Any = None) -> Any:
    k, *old = shape_of(x)
    new = np.broadcast_to(0.0, old).reshape(shape).shape
    if order == "C":
        return np.reshape(x, (k, *new))
    return np.stack([np.reshape(x[i], shape, order) for i in range(k)])


def _inverse(axes: Any, ndim: int) -> Any:
    """Return the permutation of axes that undoes `axes`."""
    return None if axes is None else np.argsort([a % ndim for a in np.ravel(axes)])


def _transpose_stack(x: Any, axes: Any = None) -> Any:
    ndim = len(shape_of(x)) - 1
    axes = range(ndim)[::-1] if axes is None else [a % ndim for a in np.ravel(axes)]
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
    _rule.function = _rule.raw = reshaped
linear(
    np.transpose,
    lambda ct, x, axes=None: np.transpose(ct, _inverse(axes, x.ndim)),
    1,
    ["axes"],
    batch=_transpose_stack,
)
RULES[np.reshape].view = View(
    lambda y, x, _parameters: np.may_share_memory(y, x),
    lambda x, new, shape, order="C", copy=None: np.reshape(new, shape_of(x), order),
)
RULES[np.transpose].view = View(
    lambda _y, _x, _parameters: True,
    lambda x, new, axes=None: np.transpose(new, _inverse(axes, len(shape_of(x)))),
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
linear(
    filled,
    lambda ct, x, shape: match(ct, x),
    batch=lambda x, shape: filled(align(x, len(shape)), shape=(len(x), *shape)),
    internal=True,
)
linear(
    astype,
    lambda ct, x, dtype: astype(ct if is_complex(x) else real_part(ct), dtype=x.dtype),
    batch=lambda x, dtype: astype(x, dtype=dtype),
    internal=True,
)


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


def _flipped(m: Any, axis: Any = None) -> Any:
    ndim = len(shape_of(m))
    flipped = trailing_axes(axis, ndim)
    return getitem(m, index=tuple([slice(None, None, -1 if a in flipped else 1) for a in range(-ndim, 0)]))


DEFINITIONS: dict[Any, Any] = {
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
    np.flip: _flipped,
    np.fliplr: lambda m: np.flip(m, 1),
    np.flipud: lambda m: np.flip(m, 0),
}
for _function, _definition in DEFINITIONS.items():
    RULES[_function] = Rewrite(_function, _definition)
RULES[np.broadcast_arrays] = Rewrite(
    np.broadcast_arrays,
    lambda *args, subok=False: tuple([np.broadcast_to(a, np.broadcast_shapes(*map(shape_of, args))) for a in args]),
)
RULES[np.permute_dims] = RULES[np.transpose]
