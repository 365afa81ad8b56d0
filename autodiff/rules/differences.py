"""Differences, integrals and interpolation: values at points, and what lies between them.

Where the values are NumPy's own by construction a function is a rewrite, else a composite: NumPy evaluates,
the definition differentiates.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.assignment import astype
from autodiff.dispatch import RULES
from autodiff.operands import FLOAT64, as_operand, dtype_of, shape_of, value_of
from autodiff.primitives import Rewrite
from autodiff.rules.axes import along, axes_of
from autodiff.rules.general import composite

# --- differences and integrals --------------------------------------------------------------------


def _diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    y = as_operand(a)
    axis = axis % len(shape_of(y))
    if n and (prepend is not None or append is not None):
        ends = [None if end is None else _as_slice(as_operand(end), y, axis) for end in (prepend, append)]
        y = np.concatenate([part for part in (ends[0], y, ends[1]) if part is not None], axis)
    for _ in range(n):
        y = y[along(axis, slice(1, None))] - y[along(axis, slice(-1))]
    return y


def _as_slice(end: Any, a: Any, axis: int) -> Any:
    """Return `end` as a slice of `a`; one number stands for a slice full of it."""
    shape = list(shape_of(a))
    shape[axis] = 1
    return np.broadcast_to(end, shape) if shape_of(end) == () else end


def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    flat = np.ravel(as_operand(ary))
    ends = [[] if end is None else [np.ravel(as_operand(end))] for end in (to_begin, to_end)]
    return np.concatenate([*ends[0], flat[1:] - flat[:-1], *ends[1]])


def _steps(x: Any, ndim: int, axis: int) -> Any:
    """Return the distances between the points `x`, ready to multiply an array along `axis`."""
    x = as_operand(x)
    if len(shape_of(x)) != 1:
        return np.diff(x, axis=axis)
    return np.reshape(np.diff(x), (-1,) + (1,) * (ndim - 1 - axis))


def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    y = as_operand(y)
    axis = axis % len(shape_of(y))
    width = dx if x is None else _steps(x, len(shape_of(y)), axis)
    sums = y[along(axis, slice(1, None))] + y[along(axis, slice(-1))]
    return np.sum(width * sums / 2.0, axis=axis)


def _gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    f = as_operand(f)
    axes = axes_of(axis, len(shape_of(f)))
    spacings = list(varargs) if len(varargs) > 1 else list(varargs or (1.0,)) * len(axes)
    slopes = [_slopes(f, as_operand(s), a, edge_order) for s, a in zip(spacings, axes, strict=True)]
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


def _slopes(f: Any, spacing: Any, axis: int, edge_order: int) -> Any:
    """Return the slopes of the parabola through each three neighbours, as np.gradient defines them."""
    n = shape_of(f)[axis]
    f = np.moveaxis(f, axis, 0)
    unit = (1,) * (len(shape_of(f)) - 1)
    h = np.diff(spacing) if len(shape_of(spacing)) == 1 else np.broadcast_to(spacing, (n - 1,))
    h = np.reshape(h, (n - 1, *unit))
    secants = (f[1:] - f[:-1]) / h
    before, after = h[:-1], h[1:]
    inner = (after * secants[:-1] + before * secants[1:]) / (before + after)
    first, last = secants[:1], secants[-1:]
    if edge_order == 2:  # the parabola's slope at its own end
        first = first - h[:1] * (secants[1:2] - secants[:1]) / (h[:1] + h[1:2])
        last = last + h[-1:] * (secants[-1:] - secants[-2:-1]) / (h[-1:] + h[-2:-1])
    return np.moveaxis(np.concatenate([first, inner, last]), 0, axis)


RULES[np.diff] = Rewrite(np.diff, _diff)
composite(np.ediff1d, _ediff1d, linear=3)
composite(np.trapezoid, _trapezoid, linear=1)
composite(np.gradient, _gradient, linear=1)

# --- interpolation --------------------------------------------------------------------------------


def _interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """At a knot the slope is that of the piece on its right (at the last knot, on its left)."""
    x, xp = [astype(as_operand(a), dtype=FLOAT64) for a in (x, xp)]
    fp = astype(as_operand(fp), dtype=np.result_type(dtype_of(as_operand(fp)), FLOAT64))
    if period is not None:
        period = abs(period)
        x, xp = x % period, xp % period
        order = np.argsort(value_of(xp))
        xp, fp = xp[order], fp[order]
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
        left = right = None
    points, knots = value_of(x), value_of(xp)
    inside = (points >= knots[0]) & (points <= knots[-1])
    outside = np.where(points < knots[0], fp[0] if left is None else left, fp[-1] if right is None else right)
    if len(knots) == 1:
        return np.where(inside, fp[0], outside)
    place = np.clip(np.searchsorted(knots, points, "right") - 1, 0, len(knots) - 2)
    slope = (fp[1:] - fp[:-1]) / (xp[1:] - xp[:-1])
    on_line = slope[place] * (x - xp[place]) + fp[place]
    return np.where(inside, on_line, outside)


composite(np.interp, _interp)
