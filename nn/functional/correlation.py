"""Cross-correlation of many channels, as one trilinear form with its three derivatives.

    ⟨ȳ, y⟩ = Σ ȳ[n,o,q] W[o,c,k] x[n,c, stride·q + dilation·k − padding]

The derivative with respect to ȳ is the correlation y itself, that with respect to x is
`input_cotangent`, that with respect to W `weight_cotangent`. Each of the three is linear in
both of its operands, and its derivatives are the other two: the rules close, and every order
of derivative in every mode is a call of one of them.

All three are matrix products, and what is to be multiplied is found by one idea. Lay the padded
images end to end, one row of numbers for each channel. Moving the kernel by one pixel, or by one
row of pixels, is then a shift along this row of numbers: the matrix that has to be multiplied by
the weights (a Toeplitz matrix of the image) consists of long pieces of the row, which are copied as
a whole, some of its columns at a time. At the ends of the pixel rows that computes some windows
that begin in one row and end in the next; they are left out of the result. With a stride s the
image is dealt out first into s × s smaller ones (its phases), for which the stride is 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

import autodiff as ad
from nn.functional.windows import positions

CHUNK = 1 << 20  # entries of the matrix that are laid out at a time: a few MB, whatever the number of images

# Between two training steps glibc would give the memory of the large arrays back to the system, only to ask for it
# again page by page, which takes longer than the products. It does so no more once a larger block has been freed
# (mallopt(3), M_MMAP_THRESHOLD); this one is never written to, so that it costs nothing.
np.empty(1 << 24, np.uint8)


class Layout(NamedTuple):
    """Where the pixels of padded images stand in one row of numbers for each phase and channel."""

    lengths: tuple[int, ...]  # of one padded image's phases
    taps: list[tuple[int, int]]  # for each entry of the kernel: the phase it reads, and the shift
    width: int  # of the row, without the zeros at its end
    tail: int  # zeros at the end, so that every shift is inside


def _layout(
    samples: int,
    shape: Sequence[int],
    kernel_size: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
) -> Layout:
    lengths = tuple(
        [-(-(n + before + after) // s) for n, s, (before, after) in zip(shape, stride, padding, strict=True)]
    )
    taps = []
    for entry in product(*map(range, kernel_size)):
        phase = shift = 0
        for k, d, s, length in zip(entry, dilation, stride, lengths, strict=True):
            phase = phase * s + k * d % s
            shift = shift * length + k * d // s
        taps.append((phase, shift))
    return Layout(lengths, taps, samples * prod(lengths), max(shift for _, shift in taps))


def _phases(
    shape: Sequence[int], stride: Sequence[int], padding: Sequence[tuple[int, int]]
) -> Iterator[tuple[Any, Any]]:
    """Yield for each phase where its pixels stand in its own image, and where in the whole one."""
    for residues in product(*map(range, stride)):
        own: Any = (Ellipsis,)
        whole: Any = (Ellipsis,)
        for n, s, (before, _), r in zip(shape, stride, padding, residues, strict=True):
            skipped = max(0, -((r - before) // s))  # zeros of the padding
            start = s * skipped + r - before
            own += (slice(skipped, skipped + len(range(start, n, s))),)
            whole += (slice(start, n, s),)
        yield own, whole


def _rows(x: Any, layout: Layout, groups: int, stride: Sequence[int], padding: Sequence[tuple[int, int]]) -> Any:
    """Return the images laid end to end, shape (phases, groups, channels of a group, width + tail)."""
    samples, channels, *shape = x.shape
    rows = np.zeros((prod(stride), channels, layout.width + layout.tail), x.dtype)
    by_channel = x.swapaxes(0, 1)
    for phase, (own, whole) in enumerate(_phases(shape, stride, padding)):
        grid = rows[phase, :, : layout.width].reshape(channels, samples, *layout.lengths)
        grid[own] = by_channel[whole]
    return rows.reshape(len(rows), groups, channels // groups, -1)


def _images(rows: Any, shape: Sequence[int], layout: Layout, stride: Sequence[int], padding: Sequence) -> Any:
    """Return the images out of the rows, without their padding: the transpose of `_rows`."""
    phases, groups, channels, _ = rows.shape
    rows = rows.reshape(phases, groups * channels, -1)
    x = np.empty((groups * channels, layout.width // prod(layout.lengths), *shape), rows.dtype)
    for phase, (own, whole) in enumerate(_phases(shape, stride, padding)):
        x[whole] = rows[phase, :, : layout.width].reshape(*x.shape[:2], *layout.lengths)[own]
    return x.swapaxes(0, 1)


def _outputs(ct: Any, layout: Layout, groups: int) -> Any:
    """Return a cotangent of the result laid end to end, with zeros for the windows that are left out."""
    samples, channels, *shape = ct.shape
    rows: Any = np.zeros((channels, samples, *layout.lengths), ct.dtype)
    rows[(..., *map(slice, shape))] = ct.swapaxes(0, 1)
    return rows.reshape(groups, channels // groups, -1)


def _pieces(layout: Layout, channels: int) -> Iterator[slice]:
    """Yield the pieces of the rows that are worked on at a time."""
    step = max(256, CHUNK // (channels * len(layout.taps)))
    return (slice(start, min(start + step, layout.width)) for start in range(0, layout.width, step))


def _scratch(rows: Any, layout: Layout) -> Any:
    """Return memory for `_columns`: shape (groups, channels, kernel entries, positions)."""
    _, groups, channels, _ = rows.shape
    longest = max((piece.stop - piece.start for piece in _pieces(layout, groups * channels)), default=0)
    return np.empty((groups, channels, len(layout.taps), longest), rows.dtype)


def _columns(rows: Any, layout: Layout) -> Iterator[tuple[slice, Any]]:
    """Yield pieces of the rows, and what the kernel sees there: (groups, channels · kernel entries, positions)."""
    _, groups, channels, _ = rows.shape
    scratch = _scratch(rows, layout)
    for piece in _pieces(layout, groups * channels):
        columns = scratch[..., : piece.stop - piece.start]
        for k, (phase, shift) in enumerate(layout.taps):
            columns[:, :, k] = rows[phase, :, :, piece.start + shift : piece.stop + shift]
        yield piece, columns.reshape(groups, channels * len(layout.taps), -1)


def _same_dtype(a: Any, b: Any) -> tuple[np.ndarray, np.ndarray]:
    dtype = np.result_type(a, b)
    return np.asarray(a, dtype), np.asarray(b, dtype)


@ad.primitive
def cross_correlation(
    x: Any,
    weight: Any,
    *,
    stride: tuple[int, ...],
    padding: tuple[tuple[int, int], ...],
    dilation: tuple[int, ...],
    groups: int,
) -> Any:
    """Return y[n,o,q] = Σ W[o,c,k] x[n,c, stride·q + dilation·k − padding], the sum over c and k.

    Parameters
    ----------
    x : array
        Shape (N, C, *image).
    weight : array
        Shape (O, C / groups, *kernel); group g of the outputs sees group g of the channels.
    stride, dilation : tuple of int
        One for each axis of the image.
    padding : tuple of pairs of int
        Zeros before and after each axis.
    groups : int
        Divides C and O.

    Returns
    -------
    array
        Shape (N, O, *positions); in memory the channels come first, then the samples.
    """
    x, weight = _same_dtype(x, weight)
    outputs, _, *kernel_size = weight.shape
    layout = _layout(len(x), x.shape[2:], kernel_size, stride, padding, dilation)
    rows = _rows(x, layout, groups, stride, padding)
    matrix = weight.reshape(groups, outputs // groups, -1)
    y: Any = np.empty((groups, outputs // groups, layout.width), x.dtype)
    with np.errstate(over="ignore", invalid="ignore"):  # as in ∞ − ∞ of two pixels that share no window
        for piece, columns in _columns(rows, layout):
            np.matmul(matrix, columns, out=y[..., piece])
    kept = positions(x.shape[2:], kernel_size, stride, padding, dilation)
    y = y.reshape(outputs, len(x), *layout.lengths)[(..., *map(slice, kept))]
    return y.swapaxes(0, 1).copy(order="K")


@ad.primitive
def input_cotangent(
    ct: Any,
    weight: Any,
    *,
    shape: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[tuple[int, int], ...],
    dilation: tuple[int, ...],
    groups: int,
) -> Any:
    """Return x̄, shape (N, C, *shape): the transpose of `cross_correlation` in x ("transposed convolution")."""
    ct, weight = _same_dtype(ct, weight)
    outputs, channels, *kernel_size = weight.shape
    layout = _layout(len(ct), shape, kernel_size, stride, padding, dilation)
    y = _outputs(ct, layout, groups)
    matrix = weight.reshape(groups, outputs // groups, -1).swapaxes(1, 2)
    rows = np.zeros((prod(stride), groups, channels, layout.width + layout.tail), ct.dtype)
    scratch = _scratch(rows, layout)
    times = np.multiply if outputs == groups else np.matmul  # a column times a row: the same, and faster
    for piece in _pieces(layout, groups * channels):
        columns = scratch[..., : piece.stop - piece.start]
        times(matrix, y[..., piece], out=columns.reshape(groups, channels * len(layout.taps), -1))
        for k, (phase, shift) in enumerate(layout.taps):
            rows[phase, :, :, piece.start + shift : piece.stop + shift] += columns[:, :, k]
    return _images(rows, shape, layout, stride, padding)


@ad.primitive
def weight_cotangent(
    x: Any,
    ct: Any,
    *,
    kernel_size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[tuple[int, int], ...],
    dilation: tuple[int, ...],
    groups: int,
) -> Any:
    """Return W̄, shape (O, C / groups, *kernel_size): the transpose of `cross_correlation` in W."""
    x, ct = _same_dtype(x, ct)
    outputs, channels = ct.shape[1], x.shape[1] // groups
    layout = _layout(len(x), x.shape[2:], kernel_size, stride, padding, dilation)
    rows = _rows(x, layout, groups, stride, padding)
    y = _outputs(ct, layout, groups)
    total = np.zeros((groups, outputs // groups, channels * prod(kernel_size)), x.dtype)
    for piece, columns in _columns(rows, layout):
        total += np.matmul(y[..., piece], columns.swapaxes(1, 2))
    return total.reshape(outputs, channels, *kernel_size)


# The derivatives of the trilinear form. An argument whose name begins with _ is known by its shape alone.


def _to_input(ct: Any, _y: Any, _x: Any, weight: Any, **window: Any) -> Any:
    return input_cotangent(ct, weight, shape=_x.shape[2:], **window)


def _to_weight(ct: Any, _y: Any, x: Any, _weight: Any, **window: Any) -> Any:
    return weight_cotangent(x, ct, kernel_size=_weight.shape[2:], **window)


def _input_to_weight(x: Any, _y: Any, ct: Any, _weight: Any, shape: Any, **window: Any) -> Any:
    return weight_cotangent(x, ct, kernel_size=_weight.shape[2:], **window)


def _weight_to_input(weight: Any, _y: Any, _x: Any, ct: Any, kernel_size: Any, **window: Any) -> Any:  # noqa: ARG001
    return input_cotangent(ct, weight, shape=_x.shape[2:], **window)


cross_correlation.defvjp(_to_input, _to_weight).defjvp(
    lambda x_dot, _y, _x, weight, **window: cross_correlation(x_dot, weight, **window),
    lambda weight_dot, _y, x, _weight, **window: cross_correlation(x, weight_dot, **window),
)
input_cotangent.defvjp(
    lambda x, _y, _ct, weight, shape, **window: cross_correlation(x, weight, **window),
    _input_to_weight,
).defjvp(
    lambda ct_dot, _y, _ct, weight, **window: input_cotangent(ct_dot, weight, **window),
    lambda weight_dot, _y, ct, _weight, **window: input_cotangent(ct, weight_dot, **window),
)
weight_cotangent.defvjp(
    _weight_to_input,
    lambda weight, _y, x, _ct, kernel_size, **window: cross_correlation(x, weight, **window),  # noqa: ARG005
).defjvp(
    lambda x_dot, _y, _x, ct, **window: weight_cotangent(x_dot, ct, **window),
    lambda ct_dot, _y, x, _ct, **window: weight_cotangent(x, ct_dot, **window),
)

# A multiplication and an addition for each output and each entry of the kernel that it sees.
cross_correlation.defflop(lambda y, _x, weight, **_: 2 * y.size * prod(weight.shape[1:]))
input_cotangent.defflop(lambda _y, ct, weight, **_: 2 * ct.size * prod(weight.shape[1:]))
weight_cotangent.defflop(lambda y, _x, ct, **_: 2 * ct.size * prod(y.shape[1:]))
