"""The largest entry of each window of an image, as a primitive.

Its derivative is a fixed linear map, with entry 1/m where a pixel is one of the m largest of its
window. `from_maxima` applies this map and `to_maxima` its transpose; what they read of x and y is
only where the maxima are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import product
from math import prod
from typing import Any

import numpy as np

import autodiff as ad
from nn.functional.windows import along, positions, span


def _padded(x: Any, padding: Sequence[tuple[int, int]]) -> Any:
    """Return x with −∞ around it, which is never larger than a pixel."""
    if not any(map(any, padding)):
        return x
    shape = [n + before + after for n, (before, after) in zip(x.shape[-len(padding) :], padding, strict=True)]
    result = np.full((*x.shape[: -len(padding)], *shape), -np.inf, x.dtype)
    result[_inside(x, padding)] = x
    return result


def _inside(x: Any, padding: Sequence[tuple[int, int]]) -> tuple:
    lengths = x.shape[-len(padding) :]
    return (..., *[slice(before, before + n) for n, (before, _) in zip(lengths, padding, strict=True)])


def _taps(
    counts: Sequence[int], kernel_size: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> Iterator[tuple]:
    """Yield for each entry of the kernel the index of the pixels that it meets, one for each window."""
    for entry in product(*map(range, kernel_size)):
        yield (
            ...,
            *[
                slice(k * d, k * d + s * (n - 1) + 1, s)
                for n, k, s, d in zip(counts, entry, stride, dilation, strict=True)
            ],
        )


def _maximum(a: Any, b: Any) -> Any:
    return np.maximum(a, b, out=a if a.base is None else None)  # a view is of the image itself


@ad.primitive
def window_maximum(
    x: Any,
    *,
    kernel_size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[tuple[int, int], ...],
    dilation: tuple[int, ...],
) -> Any:
    """Return the largest entry of each window on the last axes of x, one axis after the other."""
    ndim = len(kernel_size)
    counts = positions(x.shape[-ndim:], kernel_size, stride, padding, dilation)
    y = _padded(x, padding)
    for axis, n, k, s, d in zip(range(-ndim, 0), counts, kernel_size, stride, dilation, strict=True):
        y = reduce(_maximum, along(y, axis, n, k, s, d))
    return y if y.base is None and y is not x else y.copy(order="K")


@ad.primitive
def from_maxima(
    x_dot: Any,
    x: Any,
    y: Any,
    *,
    kernel_size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[tuple[int, int], ...],
    dilation: tuple[int, ...],
) -> Any:
    """Return for each window the mean of `x_dot` over its largest entries: the derivative along `x_dot`."""
    taps = list(_taps(y.shape[-len(kernel_size) :], kernel_size, stride, dilation))
    shares, maxima = _shares(np.ones((), y.dtype), _padded(x, padding), y, taps)
    moved = np.zeros_like(_padded(x, padding), dtype=x_dot.dtype)
    moved[_inside(x, padding)] = x_dot
    return sum(moved[tap] * is_maximum for tap, is_maximum in zip(taps, maxima, strict=True)) * shares


@ad.primitive
def to_maxima(
    ct: Any,
    x: Any,
    y: Any,
    *,
    kernel_size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[tuple[int, int], ...],
    dilation: tuple[int, ...],
) -> Any:
    """Return the cotangent of x: each window's shared equally among its largest entries."""
    padded = _padded(x, padding)
    taps = list(_taps(y.shape[-len(kernel_size) :], kernel_size, stride, dilation))
    shares, maxima = _shares(ct, padded, y, taps)
    overlap = any(s < w for s, w in zip(stride, span(kernel_size, dilation), strict=True))
    total = np.zeros_like(padded, dtype=ct.dtype)
    for tap, is_maximum in zip(taps, maxima, strict=True):
        if overlap:
            total[tap] += shares * is_maximum
        else:
            np.multiply(shares, is_maximum, out=total[tap])
    return total[_inside(x, padding)]


def _shares(ct: Any, padded: Any, y: Any, taps: Sequence) -> tuple[Any, list]:
    """Return what each of its largest entries gets of a window's `ct`, and for each tap where it is one of them."""
    maxima = [np.logical_not(padded[tap] < y) for tap in taps]  # in a window with NaN, all of them
    number = reduce(np.add, [m.view(np.uint8) for m in maxima[1:]], maxima[0].astype(_counting(len(taps))))
    return ct / number.astype(ct.dtype), maxima


def _counting(largest: int) -> Any:
    return np.uint8 if largest < 256 else np.int64


window_maximum.defvjp(lambda ct, y, x, **window: to_maxima(ct, x, y, **window)).defjvp(
    lambda x_dot, y, x, **window: from_maxima(x_dot, x, y, **window)
)
from_maxima.defvjp(lambda ct, _dot, _x_dot, x, y, **window: to_maxima(ct, x, y, **window), None, None).defjvp(
    lambda x_dot, _dot, _x_dot, x, y, **window: from_maxima(x_dot, x, y, **window), None, None
)
to_maxima.defvjp(lambda ct, _x_ct, _ct, x, y, **window: from_maxima(ct, x, y, **window), None, None).defjvp(
    lambda ct, _x_ct, _ct, x, y, **window: to_maxima(ct, x, y, **window), None, None
)

window_maximum.defflop(lambda y, _x, kernel_size, **_: y.size * (prod(kernel_size) - 1))
# For each entry of a window: is it largest, how many are, its product, the sum.
from_maxima.defflop(lambda y, *_, kernel_size, **__: 4 * y.size * prod(kernel_size))
to_maxima.defflop(lambda _y, ct, *_, kernel_size, **__: 4 * ct.size * prod(kernel_size))
