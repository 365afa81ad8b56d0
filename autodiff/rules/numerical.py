"""Numerical mathematics: differences, integrals, interpolation, polynomials, grids, statistics.

Each is written out in operations that have rules. Where the values are NumPy's own by
construction it is a rewrite, else a composite: NumPy evaluates, the definition differentiates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.arraylike import astype
from autodiff.dispatch import RULES
from autodiff.operands import FLOAT64, as_operand, dtype_of, is_traced, plain, shape_of, value_of
from autodiff.primitives import Rewrite
from autodiff.rules.axes import along, axes_of
from autodiff.rules.casts import in_dtype
from autodiff.rules.general import composite
from autodiff.rules.indexing import scatter

# --- differences and integrals ----------------------------------------------------------------------


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

# --- interpolation ----------------------------------------------------------------------------------


def _interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """At a knot the slope is that of the piece on its right (at the last knot, on its left)."""
    x, xp, fp = [astype(as_operand(a), dtype=FLOAT64) for a in (x, xp, fp)]
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

# --- polynomials, highest power first ---------------------------------------------------------------


def _polyval(p: Any, x: Any) -> Any:
    p, x = np.atleast_1d(as_operand(p)), as_operand(x)
    y: Any = np.zeros_like(value_of(x))
    for k in range(len(p)):
        y = y * x + p[k]
    return y


def _aligned(a1: Any, a2: Any) -> tuple[Any, Any]:
    """Return two polynomials with as many coefficients each."""
    a1, a2 = np.atleast_1d(as_operand(a1)), np.atleast_1d(as_operand(a2))
    n = max(len(a1), len(a2))
    first, second = [np.concatenate([np.zeros(n - len(a), dtype_of(a)), a]) for a in (a1, a2)]
    return first, second


def _trimmed(p: Any) -> Any:
    """Return a polynomial without leading zeros (np.poly1d drops them), at least one coefficient."""
    p = np.atleast_1d(as_operand(p))
    nonzero = np.flatnonzero(value_of(p))
    return p[nonzero[0] :] if len(nonzero) else p[-1:] * 0.0


def _polyder(p: Any, m: int = 1) -> Any:
    p = np.atleast_1d(as_operand(p))
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1).astype(dtype_of(p))
    return p


def _polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    p = np.atleast_1d(as_operand(p))
    constants = np.zeros(m) if k is None else np.broadcast_to(np.atleast_1d(as_operand(k)), (m,))
    for i in range(m):
        p = np.concatenate([p / np.arange(len(p), 0, -1).astype(dtype_of(p)), constants[i : i + 1]])
    return p


def _polydiv(u: Any, v: Any) -> tuple:
    """Long division, one coefficient of the quotient at a time."""
    rest, divisor = np.atleast_1d(as_operand(u)) + 0.0, np.atleast_1d(as_operand(v)) + 0.0
    quotient = []
    for _ in range(max(len(rest) - len(divisor) + 1, 1)):
        if len(rest) < len(divisor):
            quotient.append(rest[0] * 0.0)
            break
        factor = rest[0] / divisor[0]
        quotient.append(factor)
        rest = np.concatenate([rest[1 : len(divisor)] - factor * divisor[1:], rest[len(divisor) :]])
    return np.stack(quotient), rest


def _remainder_like(u: Any, v: Any) -> tuple:
    """Return quotient and remainder of np.polydiv, which drops leading zeros of the remainder."""
    quotient, rest = _polydiv(u, v)
    expected = np.polydiv(*[value_of(as_operand(a)) for a in (u, v)])[1]
    rest = np.concatenate([rest, np.zeros(0)])
    missing = len(expected) - len(rest)
    return quotient, rest[-missing:] if missing < 0 else np.concatenate([np.zeros(missing), rest])


def _vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:  # noqa: N803 - NumPy's name
    x = as_operand(x)
    n = len(x) if N is None else N
    columns = [np.ones(shape_of(x), dtype_of(x))]
    for _ in range(1, n):
        columns.append(columns[-1] * x)
    columns = columns[:n] if increasing else columns[:n][::-1]
    return np.stack(columns, -1)


def _poly(seq_of_zeros: Any) -> Any:
    zeros = np.atleast_1d(as_operand(seq_of_zeros))
    p = np.ones(1, dtype_of(zeros))
    nothing = np.zeros(1, dtype_of(zeros))
    for k in range(len(zeros)):  # times (x - zₖ)
        p = np.concatenate([p, nothing]) - np.concatenate([nothing, zeros[k] * p])
    return p


def _no_matrix(seq_of_zeros: Any) -> None:
    shape = shape_of(as_operand(seq_of_zeros))
    if len(shape) > 1:
        raise ValueError(
            f"np.poly: has a derivative rule for a sequence of zeros only; got shape {shape}. "
            "Pass the eigenvalues of the matrix."
        )


def _coefficients_only(
    x: Any,  # noqa: ARG001 - np.polyfit's signature
    y: Any,  # noqa: ARG001
    deg: Any,
    rcond: Any = None,  # noqa: ARG001
    full: bool = False,
    w: Any = None,  # noqa: ARG001
    cov: Any = False,
) -> None:
    if full or cov or not isinstance(deg, (int, np.integer)):
        raise TypeError(
            "np.polyfit: only the coefficients of a polynomial of one degree have a derivative rule; "
            f"got deg={deg}, full={full}, cov={cov}. Leave out full and cov."
        )


def _polyfit(
    x: Any,
    y: Any,
    deg: int,
    rcond: Any = None,
    full: bool = False,  # noqa: ARG001 - False, as `_coefficients_only` has seen to
    w: Any = None,
    cov: Any = False,  # noqa: ARG001
) -> Any:
    powers, y = np.vander(as_operand(x) + 0.0, deg + 1), as_operand(y) + 0.0
    if w is not None:
        powers = powers * as_operand(w)[:, None]
        y = np.reshape(as_operand(w), (-1,) + (1,) * (len(shape_of(y)) - 1)) * y
    scale = np.sqrt(np.sum(powers * powers, axis=0))
    solution = np.linalg.lstsq(powers / scale, y, rcond=rcond)[0]
    return np.moveaxis(np.moveaxis(solution, 0, -1) / scale, -1, 0)


RULES[np.polyval] = Rewrite(np.polyval, _polyval)
composite(np.polyadd, lambda a1, a2: np.add(*_aligned(a1, a2)), linear=2)
composite(np.polysub, lambda a1, a2: np.subtract(*_aligned(a1, a2)), linear=2)
composite(np.polymul, lambda a1, a2: np.convolve(_trimmed(a1), _trimmed(a2)))
composite(np.polyder, _polyder, linear=1)
composite(np.polyint, _polyint, linear=1)
composite(np.polydiv, _remainder_like)
composite(np.vander, _vander)
composite(np.poly, _poly, check=_no_matrix)
composite(np.polyfit, _polyfit, check=_coefficients_only)

# --- grids and new arrays -----------------------------------------------------------------------------


def _line(start: Any, stop: Any, num: int, endpoint: bool) -> Any:
    """Return the points (1 - t) start + t stop along axis 0, for t in [0, 1]."""
    start, stop = as_operand(start), as_operand(stop)
    intervals = max(num - 1 if endpoint else num, 1)
    ndim = max(len(shape_of(start)), len(shape_of(stop)))
    t = np.reshape(np.arange(num) / intervals, (num,) + (1,) * ndim)
    return (1.0 - t) * start + t * stop


def _linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    y = np.moveaxis(in_dtype(_line(start, stop, num, endpoint), dtype), 0, axis)
    intervals = num - 1 if endpoint else num
    return (y, (as_operand(stop) - as_operand(start)) / intervals) if retstep else y


def _logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    return np.moveaxis(in_dtype(np.power(base, _line(start, stop, num, endpoint)), dtype), 0, axis)


def _geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    start, stop = as_operand(start), as_operand(stop)
    exponents = _line(np.log(np.abs(start)), np.log(np.abs(stop)), num, endpoint)
    return np.moveaxis(in_dtype(np.sign(value_of(start)) * np.exp(exponents), dtype), 0, axis)


composite(np.linspace, _linspace, linear=2)
composite(np.logspace, _logspace)
composite(np.geomspace, _geomspace)


def _full(shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", *, device: Any = None) -> Any:
    return np.broadcast_to(in_dtype(as_operand(fill_value), dtype), shape)


def _full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None
) -> Any:
    a = value_of(as_operand(a))
    if not is_traced(fill_value):
        return np.full_like(a, fill_value, dtype, order, subok, shape)  # type: ignore[call-overload]
    shape = shape_of(a) if shape is None else shape
    return np.broadcast_to(in_dtype(as_operand(fill_value), dtype or dtype_of(a)), shape)


RULES[np.full] = Rewrite(np.full, _full)
RULES[np.full_like] = Rewrite(np.full_like, _full_like)
if hasattr(np, "astype"):  # NumPy 2.1
    RULES[np.astype] = Rewrite(np.astype, lambda x, dtype, /, *, copy=True, device=None: in_dtype(x, dtype))

# --- statistics ---------------------------------------------------------------------------------------


def _bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    x = np.asarray(plain(x))
    if weights is None:
        return np.bincount(x, None, minlength)
    weights = astype(as_operand(weights), dtype=FLOAT64)
    return scatter(weights, shape=(max(int(x.max(initial=-1)) + 1, minlength),), index=(x,))


def _cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """X W Xᵀ / (Σw - ddof Σwa / Σw), X without its weighted mean, w = f a."""
    x = _observations(m, rowvar)
    if y is not None:
        x = np.concatenate([x, _observations(y, rowvar)])
    x = in_dtype(x, dtype)
    ddof = (0 if bias else 1) if ddof is None else ddof
    weights = [as_operand(w) for w in (fweights, aweights) if w is not None]
    if not weights:
        x = x - np.mean(x, axis=1, keepdims=True)
        return np.squeeze(np.matmul(x, x.T) / (shape_of(x)[1] - ddof))
    w = weights[0] if len(weights) == 1 else weights[0] * weights[1]
    total = np.sum(w)
    x = x - np.sum(x * w, axis=1, keepdims=True) / total
    lost = ddof if aweights is None else ddof * np.sum(w * as_operand(aweights)) / total
    return np.squeeze(np.matmul(x * w, x.T) / (total - lost))


def _observations(m: Any, rowvar: bool) -> Any:
    """Return the data with one variable in each row."""
    m = as_operand(m)
    ndim = len(shape_of(m))
    x = np.atleast_2d(m)
    return x.T if not rowvar and ndim != 1 else x


def _corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    c = _cov(x, y, rowvar, dtype=dtype)
    if shape_of(c) == ():
        return c / c
    deviations = np.sqrt(np.diagonal(c))
    return c / deviations[:, None] / deviations[None, :]


composite(np.bincount, _bincount)
composite(np.cov, _cov)
composite(np.corrcoef, _corrcoef)

# --- along axes ---------------------------------------------------------------------------------------


def _apply_along_axis(func1d: Callable, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    arr = as_operand(arr)
    axis = axis % len(shape_of(arr))
    moved = np.moveaxis(arr, axis, -1)
    kept = shape_of(moved)[:-1]
    results = [as_operand(func1d(moved[index], *args, **kwargs)) for index in np.ndindex(kept)]
    if not results:
        raise ValueError("np.apply_along_axis: cannot work on an array without entries; got none. Check its shape.")
    stacked = np.stack(results)
    y = np.reshape(stacked, (*kept, *shape_of(results[0])))
    ndim = len(shape_of(results[0]))
    order = (*range(axis), *range(len(kept), len(kept) + ndim), *range(axis, len(kept)))
    return np.transpose(y, order)


def _apply_over_axes(func: Callable, a: Any, axes: int | Sequence[int]) -> Any:
    y = as_operand(a)
    ndim = len(shape_of(y))
    for axis in np.atleast_1d(axes):
        axis = int(axis) % ndim
        result = func(y, axis)
        y = result if len(shape_of(result)) == ndim else np.expand_dims(result, axis)
    return y


RULES[np.apply_along_axis] = Rewrite(np.apply_along_axis, _apply_along_axis)
RULES[np.apply_over_axes] = Rewrite(np.apply_over_axes, _apply_over_axes)
