"""Pooling: the largest or the mean entry of each window of an image."""

from __future__ import annotations

from functools import reduce
from math import prod
from typing import Any

import numpy as np

from nn.arguments import flag
from nn.functional.window_maximum import window_maximum
from nn.functional.windows import along, check_fit, image, per_axis, positions, span


def max_pool1d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    """Return the largest entry of each window of a sequence; see `max_pool2d`.

    Examples
    --------
    >>> max_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
    array([[3., 2.]])
    """
    return _max_pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    """Return the largest entry of each window of an image, channel by channel.

    Where several entries of a window are the largest, the derivative is shared equally among
    them, as by `np.max` in this library (PyTorch gives all of it to the first).

    Parameters
    ----------
    input : array_like
        Shape (N, C, H, W), or (C, H, W) for one image.
    kernel_size : int or pair of ints
        Size of the window, in pixels.
    stride : int or pair of ints, optional
        By how many pixels the window moves on; by default its size.
    padding : int or pair of ints
        Pixels around the image that are never the largest; at most half a window.
    dilation : int or pair of ints
        Distance of neighbouring pixels of a window.
    ceil_mode : bool
        Whether a last window may stand over the end of the image.

    Returns
    -------
    array
        Shape (N, C, H', W'), or (C, H', W'); H' = ⌊(H + 2·padding − dilation·(K−1) − 1) / stride⌋ + 1,
        with ceil_mode ⌈…⌉.

    Raises
    ------
    TypeError, ValueError
        For options of the wrong kind or too small, padding of more than half a window, and
        windows larger than the image.

    Examples
    --------
    >>> x = np.array([[[1.0, 2.0, 5.0, 5.0], [4.0, 3.0, 0.0, 5.0]]])
    >>> max_pool2d(x, 2)
    array([[[4., 5.]]])
    >>> import autodiff as ad
    >>> print(3 * ad.grad(lambda x: max_pool2d(x, 2).sum())(x)[0])
    [[0. 0. 1. 1.]
     [3. 0. 0. 1.]]
    """
    return _max_pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode)


def _max_pool(
    function: str,
    ndim: int,
    input: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
) -> Any:
    x = image(function, input, ndim)
    if x.dtype.kind == "c":
        raise TypeError(f"{function}: complex numbers have no largest; got dtype {x.dtype}. Take np.abs first.")
    size = per_axis(function, "kernel_size", kernel_size, ndim, 1)
    stride = size if stride is None else per_axis(function, "stride", stride, ndim, 1)
    dilation = per_axis(function, "dilation", dilation, ndim, 1)
    padding = _pool_padding(function, x, size, stride, padding, dilation, ceil_mode)
    _check_pixels(function, x.shape[-ndim:], size, stride, padding, dilation)
    return window_maximum(x, kernel_size=size, stride=stride, padding=padding, dilation=dilation)


def check_padding(function: str, padding: tuple[int, ...], size: tuple[int, ...], dilation: tuple[int, ...]) -> None:
    """Raise if some windows would hold no pixel of the image."""
    reach = span(size, dilation)
    if any(2 * p > w for p, w in zip(padding, reach, strict=True)):
        raise ValueError(
            f"{function}: padding must be at most half of the window, or some would hold no pixel; got "
            f"padding={padding} for windows of {reach}. Use less."
        )


def _pool_padding(
    function: str,
    x: Any,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: Any,
    dilation: tuple[int, ...],
    ceil_mode: bool,
) -> tuple[tuple[int, int], ...]:
    """Return the padding (before, after) each axis; in ceil mode after it as much as the last window needs."""
    flag(function, "ceil_mode", ceil_mode)
    pads = per_axis(function, "padding", padding, len(size), 0)
    check_padding(function, pads, size, dilation)
    lengths, reach = x.shape[-len(size) :], span(size, dilation)
    both = tuple([(p, p) for p in pads])
    if not ceil_mode:
        check_fit(function, lengths, reach, both)
        return both
    result = []
    for n, w, s, p in zip(lengths, reach, stride, pads, strict=True):
        count = -(-(n + 2 * p - w) // s) + 1
        if (count - 1) * s >= n + p:  # the last window would begin outside
            count -= 1
        if n == 0 or count < 1:
            check_fit(function, lengths, reach, both)
        result.append((p, max(p, (count - 1) * s + w - n - p)))
    return tuple(result)


def _check_pixels(
    function: str,
    lengths: tuple[int, ...],
    size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[tuple[int, int], ...],
    dilation: tuple[int, ...],
) -> None:
    """Raise if a window with gaps misses the whole image, so that its maximum would be −∞."""
    counts = positions(lengths, size, stride, padding, dilation)
    for n, count, k, s, (before, after), d in zip(lengths, counts, size, stride, padding, dilation, strict=True):
        if d > 1 and before + after:
            places = s * np.arange(count)[:, None] + d * np.arange(k) - before
            if not np.all(np.any((places >= 0) & (places < n), axis=1)):
                raise ValueError(
                    f"{function}: a window must hold a pixel of the image; got dilation={dilation} and padding "
                    f"{padding} for an image of {tuple(lengths)}, which lies between them. Use less of either."
                )


def avg_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """Return the mean of each window of a sequence; see `avg_pool2d`.

    Examples
    --------
    >>> avg_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
    array([[2., 1.]])
    """
    return _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """Return the mean of each window of an image, channel by channel.

    Parameters
    ----------
    input, kernel_size, stride, padding, ceil_mode
        As in `max_pool2d`; the padding is of zeros.
    count_include_pad : bool
        Whether the zeros of the padding count as pixels (what lies beyond it, in ceil mode, never does).

    Returns
    -------
    array
        Shape (N, C, H', W'), or (C, H', W'), with H' and W' as in `max_pool2d`.

    Raises
    ------
    TypeError, ValueError
        As in `max_pool2d`.

    Examples
    --------
    >>> avg_pool2d(np.array([[[1.0, 2.0, 5.0, 5.0], [4.0, 3.0, 0.0, 6.0]]]), 2)
    array([[[2.5, 4. ]]])
    """
    return _avg_pool("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def _avg_pool(
    function: str,
    ndim: int,
    input: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
) -> Any:
    x = image(function, input, ndim)
    size = per_axis(function, "kernel_size", kernel_size, ndim, 1)
    stride = size if stride is None else per_axis(function, "stride", stride, ndim, 1)
    once = (1,) * ndim
    pads = per_axis(function, "padding", padding, ndim, 0)
    wide = _pool_padding(function, x, size, stride, padding, once, ceil_mode)
    flag(function, "count_include_pad", count_include_pad)
    lengths = x.shape[-ndim:]
    counts = positions(lengths, size, stride, wide, once)
    y = x
    if any(map(any, wide)):
        y = np.pad(x, [(0, 0)] * (len(x.shape) - ndim) + list(wide))
    pixels = np.ones((), int)
    for axis, n, k, s, p, length in zip(range(-ndim, 0), counts, size, stride, pads, lengths, strict=True):
        y = reduce(np.add, along(y, axis, n, k, s, 1))
        pixels = pixels[..., None] * _pixels_of_windows(n, k, s, p, length, count_include_pad)
    area = prod(size)
    return y / area if np.all(pixels == area) else y / pixels.astype(x.dtype)


def _pixels_of_windows(n: int, k: int, s: int, p: int, length: int, count_include_pad: bool) -> np.ndarray:
    """Return how many pixels on one axis each of n windows of length k counts."""
    start = s * np.arange(n) - p
    stop = np.minimum(start + k, length + p)
    return stop - start if count_include_pad else np.minimum(stop, length) - np.maximum(start, 0)


def adaptive_avg_pool1d(input: Any, output_size: int) -> Any:
    """Return the means of `output_size` windows that cover a sequence; see `adaptive_avg_pool2d`.

    Examples
    --------
    >>> adaptive_avg_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 1)
    array([[1.5]])
    """
    return _adaptive("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    """Return the means of windows that cover an image, as many as asked for, whatever its size.

    Window i of n on an axis of length L reaches from ⌊i L / n⌋ to ⌈(i+1) L / n⌉, as in PyTorch.

    Parameters
    ----------
    input : array_like
        Shape (N, C, H, W), or (C, H, W) for one image.
    output_size : int or pair of ints
        How many windows; None on an axis leaves it as it is.

    Returns
    -------
    array
        Shape (N, C, *output_size), or (C, *output_size).

    Raises
    ------
    TypeError, ValueError
        For sizes that are no positive integers, and empty images.

    Examples
    --------
    >>> adaptive_avg_pool2d(np.arange(12.0).reshape(1, 3, 4), (1, 2))
    array([[[4.5, 6.5]]])
    """
    return _adaptive("adaptive_avg_pool2d", 2, input, output_size)


def _adaptive(function: str, ndim: int, input: Any, output_size: Any) -> Any:
    x = image(function, input, ndim)
    lengths = x.shape[-ndim:]
    check_fit(function, lengths, (1,) * ndim, ((0, 0),) * ndim)
    wanted = output_sizes(function, output_size, ndim)
    for axis, n, length in zip(range(-ndim, 0), wanted, lengths, strict=True):
        if n is not None and n != length:
            x = _window_means(x, axis, n, length)
    return x


def output_sizes(function: str, output_size: Any, ndim: int) -> tuple[int | None, ...]:
    """Return the numbers of windows on each axis, None for as many as there are pixels."""
    given = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * ndim
    known = per_axis(function, "output_size", [1 if n is None else n for n in given], ndim, 1)
    return tuple([None if n is None else k for n, k in zip(given, known, strict=True)])


def _window_means(x: Any, axis: int, n: int, length: int) -> Any:
    after = (slice(None),) * (-1 - axis)
    windows = [slice(i * length // n, -(-(i + 1) * length // n)) for i in range(n)]
    return np.stack([np.mean(x[(..., window, *after)], axis) for window in windows], axis)
