"""`np.pad` in all its modes.

Modes that copy entries, and put in constants, only rearrange (see `rearranging`). The others compute
what they put in, one axis after the other, each from the array padded along the axes before it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.dispatch import RULES
from autodiff.operands import as_operand, dtype_of, is_traced, shape_of
from autodiff.primitives import Rewrite
from autodiff.rules.axes import along
from autodiff.rules.general import composite
from autodiff.rules.rearranging import rearranges

COPYING = ("constant", "edge", "reflect", "symmetric", "wrap")
STATISTICS: dict[str, Callable] = {"maximum": np.max, "mean": np.mean, "median": np.median, "minimum": np.min}


def _pairs(x: Any, ndim: int) -> Any:
    """Return what is given for all axes, for each axis, or for both sides of each, in shape (ndim, 2)."""
    return np.broadcast_to(as_operand(x), (ndim, 2))


def _widths(pad_width: Any, ndim: int) -> np.ndarray:
    if not isinstance(pad_width, dict):
        return _pairs(pad_width, ndim)
    widths = np.zeros((ndim, 2), int)
    for axis, width in pad_width.items():
        widths[axis] = width
    return widths


def padded_by_values(array: Any, pad_width: Any, mode: str = "constant", **options: Any) -> Any:
    """Return the padded array where `mode` computes what is put in."""
    x = as_operand(array)
    ndim = len(shape_of(x))
    for axis, widths in enumerate(_widths(pad_width, ndim).tolist()):
        if widths != [0, 0]:
            x = SIDES[mode](x, axis, *widths, **{name: _of_axis(value, axis, ndim) for name, value in options.items()})
    return x


def _of_axis(value: Any, axis: int, ndim: int) -> Any:
    """Return what an option says of one axis: a pair, unless it is a word or nothing."""
    return value if value is None or isinstance(value, str) else _pairs(value, ndim)[axis]


def _joined(x: Any, axis: int, before: Any, behind: Any, widths: tuple[int, int]) -> Any:
    """Return `x` between two arrays that are stretched to the widths along `axis`."""
    shape = list(shape_of(x))
    parts = []
    for part, width in zip((before, behind), widths, strict=True):
        shape[axis] = width
        parts.append(np.broadcast_to(part, shape))
    return np.concatenate([parts[0], x, parts[1]], axis).astype(dtype_of(x))


def _constants(x: Any, axis: int, before: int, behind: int, constant_values: Any = 0) -> Any:
    first, last = as_operand(constant_values) * np.ones(2, dtype_of(x))
    return _joined(x, axis, first, last, (before, behind))


def _ramps(x: Any, axis: int, before: int, behind: int, end_values: Any = 0) -> Any:
    """Return `x` with straight lines from its edges to the values at the new ends."""
    first, last = as_operand(end_values) * np.ones(2, dtype_of(x))
    way = [1 if a == axis else n for a, n in enumerate(shape_of(x))]
    unit = np.reshape([-1 if a == axis else 1 for a in range(len(way))], -1)
    rise, fall = [np.reshape(np.arange(width) / max(width, 1), unit) for width in (before, behind)]
    edges = x[along(axis, slice(None, 1))], x[along(axis, slice(-1, None))]
    left = first + (edges[0] - first) * rise
    right = np.flip(last + (edges[1] - last) * fall, axis)
    return _joined(x, axis, left, right, (before, behind))


def _statistic(statistic: Callable) -> Callable:
    """Return how to pad with a statistic of the entries next to each side (None: of all)."""

    def padded(x: Any, axis: int, before: int, behind: int, stat_length: Any = None) -> Any:
        n = shape_of(x)[axis]
        lengths = [n, n] if stat_length is None else np.minimum(stat_length, n).tolist()
        left = statistic(x[along(axis, slice(None, lengths[0]))], axis=axis, keepdims=True)
        right = statistic(x[along(axis, slice(n - lengths[1], None))], axis=axis, keepdims=True)
        return _joined(x, axis, left, right, (before, behind))

    return padded


def _odd(edge_twice: bool) -> Callable:
    """Return how to reflect with a change of sign about each edge.

    With the period L, f(t + 2L) = f(t) + 2 (f(L) - f(0)), where f(L) is the last entry if the edge is not repeated.
    """

    def padded(x: Any, axis: int, before: int, behind: int, reflect_type: str = "odd") -> Any:  # noqa: ARG001
        n = shape_of(x)[axis]
        if n == 1 and not edge_twice:  # nothing to reflect: NumPy repeats the entry
            return np.repeat(x, before + 1 + behind, axis)
        period = n if edge_twice else n - 1
        turns, place = np.divmod(np.arange(-before, n + behind), 2 * period)
        mirrored = place >= n
        index = np.where(mirrored, 2 * period - place - (1 if edge_twice else 0), place)
        unit = [-1 if a == axis else 1 for a in range(len(shape_of(x)))]
        signs = np.reshape(np.where(mirrored, -1, 1), unit).astype(dtype_of(x))
        turns, mirrored = np.reshape(turns, unit).astype(dtype_of(x)), np.reshape(mirrored, unit)
        first, last = x[along(axis, slice(None, 1))], x[along(axis, slice(-1, None))]
        return signs * np.take(x, index, axis) + 2 * (mirrored * last + turns * (last - first))

    return padded


SIDES: dict[str, Callable] = {
    "constant": _constants,
    "linear_ramp": _ramps,
    "reflect": _odd(edge_twice=False),
    "symmetric": _odd(edge_twice=True),
    **{name: _statistic(statistic) for name, statistic in STATISTICS.items()},
}

rearranges(np.pad)
_copied = RULES[np.pad]
composite(np.pad, padded_by_values)
_put_in = RULES[np.pad]


def _pad(array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    computes = options.get("reflect_type") == "odd" or is_traced(options)
    if mode in COPYING and not computes:
        return _copied.apply([array, pad_width, mode], options)
    if mode not in SIDES:
        raise TypeError(
            f"np.pad: no derivative rule for a mode that is a function or leaves entries empty; got mode={mode!r}. "
            f"Use {', '.join(COPYING)}, linear_ramp, {', '.join(STATISTICS)}, or np.concatenate with what it computes."
        )
    return _put_in.apply([array, pad_width, mode], options)


RULES[np.pad] = Rewrite(np.pad, _pad)
