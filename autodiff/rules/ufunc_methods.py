"""The methods of NumPy's ufuncs: `reduce`, `accumulate`, `reduceat`, `outer`, `at`.

`np.add.reduce` is `np.sum` along axis 0, and so on. A ufunc without a function of its own
for the purpose is folded along the axis, step by step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy._core import umath  # for np.clip's ufunc, which has no public name

from autodiff.dispatch import RULES, Operation
from autodiff.operands import as_operand, dtype_of, shape_of
from autodiff.primitives import Constant, Refused, Rewrite
from autodiff.rules.axes import along, axes_last, restore_axes
from autodiff.rules.casts import in_dtype
from autodiff.rules.general import composite, reduction
from autodiff.rules.refused import ASSIGN, named
from autodiff.rules.special import clamp

# --- reduce and accumulate, where a function does the same ----------------------------------------


def _reduce(function: Callable) -> Callable:
    """Return the definition of `ufunc.reduce` by `function`; its axis is 0 unless it is given."""

    def definition(
        array: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = None,
    ) -> Any:
        options = {"dtype": dtype, "initial": initial, "where": where}
        given = {name: value for name, value in options.items() if value is not None}
        return function(array, axis=axis, keepdims=keepdims, **given)

    return definition


@Operation
def logaddexp_reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return log Σ exp(x) over some axes, as np.logaddexp.reduce gives it."""
    return np.logaddexp.reduce(x, axis=axis, keepdims=keepdims)  # type: ignore[call-overload]


def softmax_weights(x: Any, y: Any, axis: Any = None) -> Any:
    """Return exp(x - y), made to sum to 1, which rids it of the rounding of a large y."""
    weights = np.exp(x - y)
    total = np.sum(weights, axis=axis, keepdims=True)
    return weights / np.where(np.isfinite(total), total, 1.0)


_ufunc: Any
_function: Any
reduction(logaddexp_reduce, softmax_weights)
for _ufunc, _function in {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.fmax: np.nanmax,
    np.fmin: np.nanmin,
    np.logaddexp: logaddexp_reduce,
}.items():
    RULES[_ufunc.reduce] = Rewrite(_ufunc.reduce, _reduce(_function))


def _accumulate(function: Callable) -> Callable:
    """Return the definition of `ufunc.accumulate` by `function`."""
    return lambda array, axis=0, dtype=None, out=None: function(array, axis=axis, dtype=dtype)


for _ufunc, _function in {np.add: np.cumsum, np.multiply: np.cumprod}.items():
    RULES[_ufunc.accumulate] = Rewrite(_ufunc.accumulate, _accumulate(_function))

for _ufunc in named(umath, "clip"):
    RULES[_ufunc] = Rewrite(_ufunc, lambda x, low, high: clamp(x, low, high))

# --- the methods of every other ufunc of two operands ---------------------------------------------


def _fold(ufunc: np.ufunc) -> Callable:
    """Return the definition of `ufunc.reduce`: f(… f(f(x₀, x₁), x₂) …)."""

    def definition(array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        x = in_dtype(as_operand(array), dtype)
        rows, kept_shape = axes_last(x, axis)
        if shape_of(rows)[-1] == 0:
            return np.full(kept_shape, ufunc.identity, dtype_of(x))
        y = rows[..., 0]
        for k in range(1, shape_of(rows)[-1]):
            y = ufunc(y, rows[..., k])
        return restore_axes(y, x, axis, False) if keepdims else y

    return definition


def _running_fold(ufunc: np.ufunc) -> Callable:
    """Return the definition of `ufunc.accumulate`."""

    def definition(array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
        x = np.moveaxis(in_dtype(as_operand(array), dtype), axis, 0)
        ys = [x[0]] if len(x) else []
        for k in range(1, len(x)):
            ys.append(ufunc(ys[-1], x[k]))
        return np.moveaxis(np.stack(ys), 0, axis) if ys else x

    return definition


def _fold_pieces(ufunc: np.ufunc) -> Callable:
    """Return the definition of `ufunc.reduceat`: from each index to the next, or that entry alone."""

    def definition(array: Any, indices: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
        x = in_dtype(as_operand(array), dtype)
        axis = axis % len(shape_of(x))
        stops = [*indices[1:], shape_of(x)[axis]]
        pieces = [
            ufunc.reduce(x[along(axis, slice(start, stop))], axis=axis) if start < stop else x[along(axis, start)]
            for start, stop in zip(map(int, indices), map(int, stops), strict=True)
        ]
        return np.stack(pieces, axis)

    return definition


def _outer(ufunc: np.ufunc) -> Callable:
    """Return the definition of `ufunc.outer`: every entry of one with every entry of the other."""

    def definition(a: Any, b: Any) -> Any:
        a, b = as_operand(a), as_operand(b)
        return ufunc(np.reshape(a, shape_of(a) + (1,) * len(shape_of(b))), b)

    return definition


for _ufunc in [f for f, rule in RULES.items() if isinstance(f, np.ufunc) and not isinstance(rule, Refused)]:
    RULES[_ufunc.at] = Refused(_ufunc.at, ASSIGN)
    if _ufunc.nin != 2 or _ufunc.nout != 1 or _ufunc.signature is not None:
        continue
    if isinstance(RULES[_ufunc], Constant):
        for _method in (_ufunc.reduce, _ufunc.accumulate, _ufunc.reduceat, _ufunc.outer):
            RULES[_method] = Constant(_method)
        continue
    RULES[_ufunc.outer] = Rewrite(_ufunc.outer, _outer(_ufunc))
    composite(_ufunc.reduceat, _fold_pieces(_ufunc))
    if _ufunc.reduce not in RULES:
        composite(_ufunc.reduce, _fold(_ufunc))
    if _ufunc.accumulate not in RULES:
        composite(_ufunc.accumulate, _running_fold(_ufunc))

# Seen with NumPy 2.4.6 on an x86-64 with AVX-512: np.power.reduce([.9, 1.1, .6]) is .9 ** .6 there, an operand short;
# np.arctan2.reduce likewise. The derivative of the fold would not be that of such a value.
for _ufunc in (np.power, np.arctan2):
    for _method in (_ufunc.reduce, _ufunc.reduceat):
        RULES[_method] = Refused(_method, "NumPy drops operands here on some processors. Write the fold as a loop.")
