"""Functions that order entries or pick some of them by value: sort, unique, median, quantile.

Each entry of the result is an entry of the operand (or lies on the line between two), so
the derivative is that of the indexing that picks it. Of equal entries the first in memory
order comes first (a stable sort), and `unique` keeps the first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autodiff.arraylike import getitem
from autodiff.dispatch import NO_PARAMETERS, RULES
from autodiff.operands import as_operand, is_traced, plain, shape_of, value_of
from autodiff.primitives import Constant, Rewrite, of_numbers
from autodiff.rules.axes import axes_last, trailing_axes
from autodiff.rules.general import composite, general
from autodiff.rules.refused import refuse_complex

# --- permutations along an axis -------------------------------------------------------------------


def sorted_last(x: Any) -> Any:
    """Return `x` sorted along its last axis, by indexing."""
    return _pick_last(x, np.argsort(value_of(x), axis=-1, kind="stable"))


def _pick_last(x: Any, places: np.ndarray) -> Any:
    """Return the entries of `x` at `places` along the last axis."""
    index: list[Any] = list(np.indices(places.shape, sparse=True))
    index[-1] = places
    return getitem(x, index=tuple(index))


def _permuted(x: Any, result: np.ndarray, axis: int | None) -> Any:
    """Return `result`, which holds the entries of `x` along `axis` in another order, by indexing `x`."""
    if axis is None:
        x, axis = np.ravel(x), -1
    x = np.moveaxis(x, axis, -1)
    order = np.argsort(value_of(x), axis=-1, kind="stable")
    rank = np.argsort(np.argsort(np.moveaxis(result, axis, -1), axis=-1, kind="stable"), axis=-1)
    return np.moveaxis(_pick_last(x, np.take_along_axis(order, rank, -1)), -1, axis)


def _order(x: np.ndarray, axis: int | None) -> np.ndarray:
    """Return where each entry of the sorted array comes from."""
    return np.argsort(x, axis=axis, kind="stable")


def _ranks(x: np.ndarray, axis: Any) -> np.ndarray:
    """Return where each entry of `x` goes: the inverse permutations."""
    order = _order(x, axis)
    ranks = np.empty_like(order)
    if order.ndim == 1:
        ranks[order] = np.arange(order.size)
        return ranks
    length = order.shape[axis]
    places = np.arange(length).reshape([-1 if a == axis % order.ndim else 1 for a in range(order.ndim)])
    np.put_along_axis(ranks, order, places, axis)
    return ranks


def _unsorted(ct: Any, _y: Any, x: Any, axis: int | None = -1, **_how: Any) -> Any:
    ct = _picked_along(ct, RANKS.apply((x, axis), NO_PARAMETERS), axis)
    return np.reshape(ct, shape_of(x)) if axis is None else ct


def _sorted_tangent(dots: Mapping[int, Any], _y: Any, x: Any, axis: int | None = -1, **_how: Any) -> Any:
    order = ORDER.apply((x, axis), NO_PARAMETERS)
    return _picked_along(np.ravel(dots[0]) if axis is None else dots[0], order, axis)


def _picked_along(x: Any, places: Any, axis: int | None) -> Any:
    if len(shape_of(places)) == 1:
        return getitem(x, index=places)
    return np.take_along_axis(x, places, -1 if axis is None else axis)


ORDER, RANKS = Constant(_order), Constant(_ranks)


def _partition(a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: Any = None) -> Any:
    x = as_operand(a)
    return _permuted(x, of_numbers(np.partition, x, kth, axis=axis, kind=kind), axis)


general(np.sort, _unsorted, jvp=_sorted_tangent, parameters=["axis", "kind", "order", "stable"])
composite(np.partition, _partition)

# --- sets -----------------------------------------------------------------------------------------


def _picked(x: Any, values: np.ndarray) -> Any:
    """Return `values`, each of which is an entry of `x`, by indexing: the first entry of that value."""
    x = np.ravel(x)
    flat = value_of(x)
    order = np.argsort(flat, kind="stable")
    return getitem(x, index=(order[np.searchsorted(flat[order], values)],))


def _set_operation(function: Callable) -> Callable:
    """Return the definition of a function of two arrays that picks entries of them."""

    def definition(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
        options = {"assume_unique": True} if assume_unique else {}
        values = of_numbers(function, as_operand(ar1), as_operand(ar2), **options)
        return _picked(np.concatenate([np.ravel(as_operand(ar1)), np.ravel(as_operand(ar2))]), values)

    return definition


def _unique(ar: Any, axis: int | None = None, equal_nan: bool = True, sorted: bool = True) -> Any:
    x = as_operand(ar)
    if axis is not None:
        return np.take(x, of_numbers(np.unique, x, return_index=True, axis=axis, equal_nan=equal_nan)[1], axis)
    options: Any = {} if sorted else {"sorted": False}
    return _picked(x, of_numbers(np.unique, x, equal_nan=equal_nan, **options))


def _unique_with_places(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    if not (return_index or return_inverse or return_counts):
        options = {} if sorted else {"sorted": False}
        return unique_entries.apply([ar], {"axis": axis, "equal_nan": equal_nan, **options})
    x = as_operand(ar)
    _, places, *others = of_numbers(np.unique, x, True, return_inverse, return_counts, axis, equal_nan=equal_nan)
    values = np.ravel(x)[places] if axis is None else np.take(x, places, axis)
    return (values, places, *others) if return_index else (values, *others)


def _unique_record(function: Callable) -> Callable:
    """Return the definition of unique_all, unique_counts or unique_inverse, which return named tuples."""

    def definition(x: Any) -> Any:
        values, *others = result = of_numbers(function, as_operand(x))
        return type(result)(_picked(x, values), *others)

    return definition


_function: Any
composite(np.unique, _unique)
unique_entries = RULES[np.unique]
RULES[np.unique] = Rewrite(np.unique, _unique_with_places)
composite(np.unique_values, lambda x: _picked(x, of_numbers(np.unique_values, x)))
for _function in (np.unique_all, np.unique_counts, np.unique_inverse):
    RULES[_function] = Rewrite(_function, _unique_record(_function))
for _function in (np.union1d, np.intersect1d, np.setdiff1d, np.setxor1d):
    composite(_function, _set_operation(_function))


def _trim_zeros(filt: Any, trim: str = "fb") -> Any:
    x = as_operand(filt)
    if len(shape_of(x)) != 1:
        raise ValueError(
            f"np.trim_zeros: has a derivative rule for one axis only; got shape {shape_of(x)}. Slice the array."
        )
    (kept,) = np.nonzero(value_of(x))
    if not len(kept):
        return x[:0]
    start = kept[0] if "f" in trim.lower() else 0
    return x[start : kept[-1] + 1 if "b" in trim.lower() else None]


RULES[np.trim_zeros] = Rewrite(np.trim_zeros, _trim_zeros)

# --- quantiles ------------------------------------------------------------------------------------

SLOPES: dict[str, Callable] = {
    "linear": lambda n: n - 1,
    "interpolated_inverted_cdf": lambda n: n,
    "hazen": lambda n: n,
    "weibull": lambda n: n + 1,
    "median_unbiased": lambda n: n + 1 / 3,
    "normal_unbiased": lambda n: n + 1 / 4,
}
"""How fast the position among n sorted entries moves with q; the other methods jump."""


def quantile(x: Any, q: Any, axis: Any, keepdims: bool, method: str, ignore_nan: bool) -> Any:
    """Return the quantiles of the entries that are no NaN, from the sorted entries on both sides.

    Unless they are to be ignored, a NaN makes the derivatives by all entries beside it NaN.
    NumPy itself is asked for the positions: the quantiles of 0, 1, …, n - 1.
    """
    refuse_complex("np.quantile, np.median", x)
    rows, kept_shape = axes_last(x, axis)
    rows = np.reshape(rows, (-1, shape_of(rows)[-1]))
    levels = np.ravel(as_operand(q))
    numbers = np.sum(~np.isnan(value_of(rows)), axis=-1)
    if is_traced(numbers):
        numbers = numbers._known("np.quantile and its like")  # the positions depend on it
    dtype = value_of(rows).dtype
    below, between = _positions(levels, numbers, method, dtype)
    if not ignore_nan and np.any(numbers < shape_of(rows)[-1]):
        rows = rows * np.where(numbers < shape_of(rows)[-1], np.nan, 1.0).astype(dtype)[:, None]
    rows = sorted_last(rows)
    lower = _pick_last(rows, below)
    upper = _pick_last(rows, np.minimum(below + 1, np.maximum(numbers - 1, 0)[:, None]))
    y = np.reshape(lower * (1 - between) + upper * between, (*kept_shape, *shape_of(as_operand(q))))
    y = np.transpose(y, (*range(len(kept_shape), len(shape_of(y))), *range(len(kept_shape))))
    return _with_lost_axes(y, x, axis, len(shape_of(as_operand(q)))) if keepdims else y


def _positions(q: Any, numbers: np.ndarray, method: str, dtype: np.dtype) -> tuple[np.ndarray, Any]:
    """Return for each row and quantile the number of the entry below, and how far it is to the next."""
    below = np.zeros((len(numbers), len(q)), int)
    between = np.zeros(below.shape)
    slopes = np.zeros(below.shape)
    for n in np.unique(numbers[numbers > 0]):
        position = np.quantile(np.arange(float(n)), value_of(q), method=method)  # type: ignore[call-overload]
        first = np.clip(np.floor(position), 0, max(n - 2, 0)).astype(int)
        inside = (position > 0) & (position < n - 1) | (method == "linear")  # the others are flat at the ends
        below[numbers == n] = first
        between[numbers == n] = position - first
        slopes[numbers == n] = SLOPES[method](n) * inside if method in SLOPES else 0.0
    if not is_traced(q):
        return below, between.astype(dtype)
    return below, (between + slopes * (q - value_of(q))).astype(dtype)


def _weighted(x: Any, q: Any, function: Callable, scale: float, options: dict) -> Any:
    """Return the quantiles where entries have weights: each is an entry, and moves with the first that equals it."""
    refuse_complex("np.quantile, np.median", x)
    axis = options["axis"]
    y = of_numbers(function, x, np.asarray(q) / scale, **options)
    rows, kept_shape = axes_last(x, axis)
    picked = np.reshape(np.moveaxis(np.reshape(y, (-1, *kept_shape)), 0, -1), (*kept_shape, -1))
    places = np.argmax(value_of(rows)[..., None, :] == picked[..., :, None], axis=-1)
    return np.reshape(np.moveaxis(_pick_last(rows, places), -1, 0), shape_of(y))


def _with_lost_axes(y: Any, x: Any, axis: Any, leading: int) -> Any:
    ndim = len(shape_of(x))
    return np.expand_dims(y, tuple([leading + ndim + a for a in trailing_axes(axis, ndim)]))


def _quantile(scale: float, ignore_nan: bool) -> Callable:
    """Return the definition of np.quantile (scale 1) or np.percentile (scale 100)."""

    def definition(
        a: Any,
        q: Any,
        axis: Any = None,
        out: Any = None,
        overwrite_input: bool = False,
        method: str = "linear",
        keepdims: bool = False,
        *,
        weights: Any = None,
    ) -> Any:
        if weights is not None:
            options = {"axis": axis, "method": method, "keepdims": keepdims, "weights": weights}
            return _weighted(as_operand(a), plain(q), np.nanquantile if ignore_nan else np.quantile, scale, options)
        return quantile(as_operand(a), as_operand(q) / scale, axis, keepdims, method, ignore_nan)

    return definition


def _median(ignore_nan: bool) -> Callable:
    """Return the definition of np.median or np.nanmedian."""
    return lambda a, axis=None, out=None, overwrite_input=False, keepdims=False: quantile(
        as_operand(a), 0.5, axis, keepdims, "linear", ignore_nan
    )


composite(np.median, _median(ignore_nan=False))
composite(np.nanmedian, _median(ignore_nan=True))
composite(np.quantile, _quantile(1, ignore_nan=False))
composite(np.nanquantile, _quantile(1, ignore_nan=True))
composite(np.percentile, _quantile(100, ignore_nan=False))
composite(np.nanpercentile, _quantile(100, ignore_nan=True))
