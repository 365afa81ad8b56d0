"""Reductions and running reductions that are not linear: extrema, products, spreads, nan-versions.

    max, min        the weight is shared equally among ties
    prod, cumprod   by a tree, or a scan, of products alone: nothing is divided, so that zeros
                    are exact, and every higher derivative with them (prod / xᵢ where none is near 0)
    var             2 (x - mean) / (n - ddof);  std: that over 2 std, and 0 where all entries are equal

The nan-versions are the same functions of the array with each NaN replaced by what does
not count, and have zero derivative there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from autodiff.arraylike import getitem
from autodiff.boundary import one_like
from autodiff.dispatch import RULES, Operation
from autodiff.operands import as_operand, dtype_of, is_complex, shape_of, value_of
from autodiff.primitives import Rewrite
from autodiff.reverse import vjp
from autodiff.rules.axes import along, axes_last, axes_of, restore_axes
from autodiff.rules.casts import in_dtype
from autodiff.rules.conjugates import conjugated, squared_size
from autodiff.rules.general import Reduction, composite, reduction
from autodiff.rules.refused import refuse_complex

# --- extrema ----------------------------------------------------------------------------------------


def _extreme_weights(x: Any, y: Any, axis: Any = None, initial: Any = None, where: Any = None) -> Any:
    """Equal shares of the entries (and of `initial`) that equal the extremum; NaN is one if there is any."""
    refuse_complex("np.max, np.min", x)
    values, extremum = value_of(x), value_of(y)
    ties = (values == extremum) | (np.isnan(values) & np.isnan(extremum))
    if where is not None:
        ties &= where
    number = np.sum(ties, axis=axis, keepdims=True) + (0 if initial is None else initial == extremum)
    return (ties / np.maximum(number, 1)).astype(dtype_of(x))


for _function in (np.max, np.min, np.nanmax, np.nanmin):
    reduction(_function, _extreme_weights, ["axis", "out", "keepdims", "initial", "where"])
RULES[np.amax] = RULES[np.max]
RULES[np.amin] = RULES[np.min]
RULES[np.ptp] = Rewrite(
    np.ptp,
    lambda a, axis=None, out=None, keepdims=False: (
        np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)
    ),
)


def running_extreme(function: np.ufunc) -> Callable:
    """Return the definition of `function.accumulate` for an extremum; ties so far share equally."""

    def definition(array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
        x = as_operand(array)
        refuse_complex(f"np.{function.__name__}.accumulate", x)
        axis = axis % len(shape_of(x))
        values = value_of(x)
        extremes = function.accumulate(values, axis)
        ties = (values == extremes) | (np.isnan(values) & np.isnan(extremes))
        new = np.ones(shape_of(x), bool)  # an entry that beats all before it: nothing before counts any more
        new[along(axis, slice(1, None))] = (
            extremes[along(axis, slice(1, None))] != extremes[along(axis, slice(None, -1))]
        )
        shares = _sums_since(np.where(ties, x, 0.0), new, axis)
        return shares / _sums_since(ties.astype(values.dtype), new, axis)

    return definition


def _sums_since(x: Any, new: np.ndarray, axis: int) -> Any:
    """Return the running sums of `x`, begun afresh wherever `new` holds, by doubling the span."""
    n = shape_of(x)[axis]
    begun = new
    span = 1
    while span < n:
        early, late, before = along(axis, slice(span)), along(axis, slice(span, None)), along(axis, slice(-span))
        added = np.where(begun[late], 0.0, getitem(x, index=before))
        x = np.concatenate([getitem(x, index=early), getitem(x, index=late) + added], axis)
        begun = np.concatenate([begun[early], begun[late] | begun[before]], axis)
        span *= 2
    return x


for _ufunc in (np.maximum, np.minimum, np.fmax, np.fmin):
    composite(_ufunc.accumulate, running_extreme(_ufunc))

# --- products ---------------------------------------------------------------------------------------


def product(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = None,
) -> Any:
    """Return the product over some axes, in pairs, pairs of pairs, … : no step divides."""
    x = in_dtype(as_operand(a), dtype)
    if where is not None:
        x = np.where(where, x, 1.0)
    y, kept_shape = axes_last(x, axis)
    while shape_of(y)[-1] > 1:
        half = shape_of(y)[-1] // 2
        pairs = y[..., :half] * y[..., half : 2 * half]
        y = pairs if shape_of(y)[-1] == 2 * half else np.concatenate([pairs, y[..., 2 * half :]], -1)
    y = np.reshape(y, kept_shape) if shape_of(y)[-1] else np.ones(kept_shape, dtype_of(x))
    y = y if initial is None else initial * y
    return restore_axes(y, x, axis, False) if keepdims else y


def running_product(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
    """Return the running products, by doubling the span of each: no step divides."""
    x = in_dtype(as_operand(a), dtype)
    if axis is None or shape_of(x) == ():  # of a number NumPy gives shape (1,)
        x, axis = np.ravel(x), 0
    axis = axis % len(shape_of(x))
    span = 1
    while span < shape_of(x)[axis]:
        late = x[along(axis, slice(span, None))] * x[along(axis, slice(-span))]
        x = np.concatenate([x[along(axis, slice(span))], late], axis)
        span *= 2
    return x


@Operation
def products_of_others(x: Any, y: Any, *, axis: Any) -> Any:
    """Return ∂y/∂x for the product y of x over some axes (y has unit axes there): the product of all other entries.

    Where no entry is 0 and y is well inside the range of its numbers, that is y / x to the last digits.
    """
    size = np.abs(y)
    machine = np.finfo(size.dtype)
    low, high = float(machine.smallest_normal) / float(machine.eps), float(machine.max)
    inside = size.size > 0 and low < size.min() and size.max() < high
    return y / x if inside else _derivative_of_product(x, y, axis)


def _derivative_of_product(x: Any, _y: Any, axis: Any) -> Any:
    y, pullback = vjp(lambda x: product(x, axis), x)
    return pullback(one_like(y))[0]


class Product(Reduction):
    """The rule of `np.prod`; with options that are rarely given it is that of `product`."""

    def __init__(self) -> None:
        super().__init__(np.prod, lambda x, y, axis=None: products_of_others(x, y, axis=axis), ["axis", "keepdims"])
        composite(np.prod, product)
        self.with_options = RULES[np.prod]

    def apply(self, args: Sequence, kwargs: Mapping) -> Any:
        """Evaluate; by the other rule if dtype, out, initial or where is given."""
        if len(args) > 2 or not {k for k, v in kwargs.items() if v is not np._NoValue}.issubset(self.parameters):
            return self.with_options.apply(args, kwargs)
        return super().apply(args, kwargs)


composite(products_of_others, _derivative_of_product)
RULES[np.prod] = Product()
composite(np.cumprod, running_product)


def _with_initial(running: Callable, first: float) -> Callable:
    """Return the definition of np.cumulative_sum or np.cumulative_prod."""

    def definition(
        x: Any, /, *, axis: int | None = None, dtype: Any = None, out: Any = None, include_initial: bool = False
    ) -> Any:
        x = np.atleast_1d(as_operand(x))
        if axis is None:
            if len(shape_of(x)) != 1:
                raise ValueError(
                    f"np.cumulative_{'sum' if first == 0 else 'prod'}: needs an axis for an array of several; "
                    f"got shape {shape_of(x)}. Pass axis."
                )
            axis = 0
        y = running(x, axis=axis, dtype=dtype)
        if not include_initial:
            return y
        shape = list(shape_of(y))
        shape[axis] = 1
        return np.concatenate([np.full(shape, first, dtype_of(y)), y], axis)

    return definition


if hasattr(np, "cumulative_sum"):  # NumPy 2.1
    composite(np.cumulative_sum, _with_initial(np.cumsum, 0.0), linear=1)
    composite(np.cumulative_prod, _with_initial(np.cumprod, 1.0))

# --- spreads ----------------------------------------------------------------------------------------


def _deviations(x: Any, axis: Any, where: Any = True) -> tuple[Any, Any]:
    """Return x - mean(x), 0 where an entry is NaN or not counted, and the number of those that are counted.

    The mean is taken of the distances to the smallest entry: equal entries give exact zeros,
    and a spread that is small against the mean keeps its digits.
    """
    values = value_of(x)
    counted = ~np.isnan(values) & where
    if is_complex(values):
        start = _smallest(np.real(values), axis, counted) + _smallest(np.imag(values), axis, counted) * 1j
    else:
        start = _smallest(values, axis, counted)
    distances = np.where(counted, x - start, 0.0)
    number = np.sum(counted, axis=axis, keepdims=True).astype(dtype_of(np.real(values)))
    mean = np.sum(distances, axis=axis, keepdims=True) / np.maximum(number, 1)
    return np.where(counted, distances - mean, 0.0), number


def _smallest(values: Any, axis: Any, counted: Any) -> Any:
    """Return the smallest entry along an axis, or 0 if there is no finite one."""
    start = np.min(values, axis=axis, keepdims=True, initial=np.inf, where=counted)
    return np.where(np.isfinite(start), start, 0.0)


def _freedom(number: Any, ddof: Any, correction: Any) -> Any:
    """Return n - ddof; NaN where nothing is left, as the value is then."""
    left = number - number.dtype.type(ddof if correction is None else correction)
    return np.where(left > 0, left, np.nan).astype(number.dtype)


def _var_weights(
    x: Any, _y: Any, axis: Any = None, dtype: Any = None, ddof: Any = 0, correction: Any = None, where: Any = True
) -> Any:
    deviations, number = _deviations(x, axis, where)
    return conjugated(deviations) * (2 / _freedom(number, ddof, correction))


def _std_weights(
    x: Any, _y: Any, axis: Any = None, dtype: Any = None, ddof: Any = 0, correction: Any = None, where: Any = True
) -> Any:
    deviations, number = _deviations(x, axis, where)
    freedom = _freedom(number, ddof, correction)
    variance = np.sum(squared_size(deviations), axis=axis, keepdims=True) / freedom
    equal = value_of(variance) == 0  # the subgradient of least norm
    return np.where(equal, 0.0, conjugated(deviations) / (freedom * np.sqrt(np.where(equal, 1.0, variance))))


def _nan_where_value_is(weights: Callable) -> Callable:
    """Return the weights of a function that a NaN among the entries spoils."""
    return lambda x, y, axis=None, **options: np.where(
        np.isnan(value_of(y)), np.nan, weights(x, y, axis=axis, **options)
    )


def _spread_about(root: bool) -> Callable:
    """Return the definition of np.var, or np.std, for a mean that is given."""

    def definition(
        a: Any,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        ddof: Any = 0,
        keepdims: Any = False,
        *,
        where: Any = True,
        mean: Any,
        correction: Any = None,
    ) -> Any:
        x = in_dtype(as_operand(a), dtype)
        deviations = np.where(where, x - mean, 0.0)
        number = np.sum(np.broadcast_to(where, shape_of(x)), axis=axis, keepdims=keepdims) - (correction or ddof)
        y = np.sum(squared_size(deviations), axis=axis, keepdims=keepdims) / number
        if not root:
            return y
        zero = value_of(y) == 0  # the subgradient of least norm
        return np.where(zero, 0.0, np.sqrt(np.where(zero, 1.0, y)))

    return definition


class Spread(Reduction):
    """The rule of `np.var` or `np.std`; with the argument `mean` it is that of a definition."""

    def __init__(self, function: Callable, weights: Callable, root: bool) -> None:
        super().__init__(function, weights, SPREAD)
        composite(function, _spread_about(root))
        self.about_mean = RULES[function]

    def apply(self, args: Sequence, kwargs: Mapping) -> Any:
        """Evaluate; by the definition if the mean is given."""
        given = kwargs.get("mean", np._NoValue) is not np._NoValue
        return self.about_mean.apply(args, kwargs) if given else super().apply(args, kwargs)


SPREAD = ["axis", "dtype", "out", "ddof", "keepdims", "where", "correction"]
RULES[np.var] = Spread(np.var, _nan_where_value_is(_var_weights), root=False)
RULES[np.std] = Spread(np.std, _nan_where_value_is(_std_weights), root=True)
reduction(np.nanvar, _var_weights, SPREAD)
reduction(np.nanstd, _std_weights, SPREAD)

# --- means with weights, sums without NaN -------------------------------------------------------------


def weights_like(weights: Any, a: Any, axis: Any) -> Any:
    """Return the weights of np.average with the axes of `a`."""
    shape = shape_of(a)
    if shape_of(weights) == shape:
        return weights
    axes = axes_of(axis, len(shape))
    weights = np.transpose(weights, np.argsort(axes))
    return np.reshape(weights, [n if a in axes else 1 for a, n in enumerate(shape)])


def _average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    a = as_operand(a)
    if weights is None:
        average = np.mean(a, axis=axis, keepdims=keepdims)
        number = prod([shape_of(a)[k] for k in axes_of(axis, len(shape_of(a)))])
        total = np.full(shape_of(average), number, dtype_of(average))
    else:
        weights = weights_like(as_operand(weights), a, axis)
        total = np.sum(weights, axis=axis, keepdims=keepdims)
        average = np.sum(a * weights, axis=axis, keepdims=keepdims) / total
        total = np.broadcast_to(total, shape_of(average))
    return (average, total) if returned else average


def without_nan(a: Any, instead: float) -> Any:
    """Return `a` with each NaN replaced."""
    a = as_operand(a)
    return np.where(np.isnan(value_of(a)), instead, a)


def _nanmean(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    total = np.sum(without_nan(a, 0.0), axis=axis, dtype=dtype, keepdims=keepdims)
    number = np.sum(~np.isnan(value_of(as_operand(a))), axis=axis, keepdims=keepdims)
    return total / np.where(number == 0, np.nan, number).astype(dtype_of(total))


composite(np.average, _average, linear=1)
composite(np.nanmean, _nanmean)
composite(
    np.trace,
    lambda a, offset=0, axis1=0, axis2=1, dtype=None, out=None: np.sum(
        np.diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype
    ),
    linear=1,
)
composite(
    np.nansum,
    lambda a, axis=None, dtype=None, out=None, keepdims=False, initial=0.0, where=True: np.sum(
        without_nan(a, 0.0), axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=where
    ),
)
composite(
    np.nanprod,
    lambda a, axis=None, dtype=None, out=None, keepdims=False, initial=None, where=None: product(
        without_nan(a, 1.0), axis, dtype, out, keepdims, initial, where
    ),
)
composite(
    np.nancumsum, lambda a, axis=None, dtype=None, out=None: np.cumsum(without_nan(a, 0.0), axis=axis, dtype=dtype)
)
composite(np.nancumprod, lambda a, axis=None, dtype=None, out=None: running_product(without_nan(a, 1.0), axis, dtype))
