"""`scipy.signal`, where `convolve` (with the arguments `axes` and `dot_axes` of autograd) and `fftconvolve` have rules.

Every other name is SciPy's own, which refuses traced values and says what to write.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np
from scipy import signal as _signal

from autodiff.dispatch import RULES, Operation
from autodiff.operands import as_operand, is_complex, shape_of
from autodiff.rules.general import general
from autodiff.scipy.functions import defined, others

__all__ = list(_signal.__all__)

__getattr__ = others(
    _signal,
    {
        "choose_conv_method": "Use convolve or fftconvolve.",
        "convolve2d": "Use convolve(a, b, mode=...), after np.pad for another boundary.",
        "correlate": "Use convolve(a, np.conj(np.flip(b))).",
        "correlate2d": "Use convolve(a, np.conj(np.flip(b)), mode=...), after np.pad for another boundary.",
        "detrend": "Use x - np.mean(x), or x minus the line that np.polyfit gives.",
        "hilbert": "Use np.fft.ifft(np.fft.fft(x) * h), h being 2 at positive frequencies, 0 at negative ones.",
        "lfilter": "Write the recurrence with a loop, or convolve with the impulse response.",
        "medfilt": "Use np.median of np.lib.stride_tricks.sliding_window_view.",
        "oaconvolve": "Use fftconvolve.",
        "savgol_filter": "Use convolve with savgol_coeffs.",
        "sepfir2d": "Use convolve, once for each axis.",
    },
)

Names = tuple[str, ...]
Pair = tuple[Any, Any]

MODES = ("full", "valid", "same")

MOST_COPIED = 2**22
"""Entries of the windows that are laid out at a time, to be multiplied as one matrix (32 MB of float64)."""


def convolve(
    A: Any,  # noqa: N803 - autograd's names
    B: Any,  # noqa: N803
    axes: Sequence[Sequence[int]] | None = None,
    dot_axes: Sequence[Sequence[int]] = ((), ()),
    mode: str = "full",
) -> Any:
    """Return the convolution of two arrays, Σₖ A[k] B[n - k].

    Parameters
    ----------
    A, B : array_like
    axes : pair of sequences of int, optional
        The axes of A and of B along which to convolve; default: all.
    dot_axes : pair of sequences of int
        Further axes, over which products are summed.
    mode : {"full", "valid", "same"}
        How much of the result: all of it; where the arrays overlap fully; the middle part, of the size of A.

    Returns
    -------
    array
        Its axes: the other ones of A, the other ones of B, then the convolved ones.

    Raises
    ------
    TypeError
        If `axes` or `dot_axes` is no pair of sequences.
    ValueError
        For an unknown mode; for axes that are not there, given twice, or of different number; for summed axes of
        different length; for arrays without entries; for "valid" where neither array is the larger one along all axes.

    Examples
    --------
    >>> print(convolve([1.0, 2.0, 3.0], [0.0, 1.0, 0.5]))
    [0.  1.  2.5 4.  1.5]
    """
    A, B = as_operand(A), as_operand(B)  # noqa: N806
    if mode not in MODES:
        raise ValueError(f"convolve: mode must be one of {', '.join(MODES)}; got {mode!r}. Pass one of them.")
    shapes = shape_of(A), shape_of(B)
    ndim = (len(shapes[0]), len(shapes[1]))
    along = ((*range(ndim[0]),), (*range(ndim[1]),)) if axes is None else _pair("axes", axes)
    pairs, names_a, names_b, names_y = _names(ndim, along, _pair("dot_axes", dot_axes))
    _check_shapes(shapes, names_a, names_b)
    sizes = [(shape_of(A)[i], shape_of(B)[j]) for i, j in pairs]
    if mode == "valid" and any(a < b for a, b in sizes):
        if any(a > b for a, b in sizes):
            raise ValueError(
                "convolve: for 'valid' one array must be at least as large as the other along all axes; "
                f"got shapes {shape_of(A)} and {shape_of(B)}. Use 'full', or pad."
            )
        padding = [(b - a, b - a) for a, b in sizes]  # so that as much is left as with the arrays exchanged
    else:
        padding = [_padding(b, mode) for _, b in sizes]
    return correlation(A, B, form=Form(names_a, names_b, names_y, tuple(padding), flipped=True))


def _product_of_spectra(in1: Any, in2: Any, mode: str = "full", axes: Any = None) -> Any:
    """Return the inverse transform of the product of the transforms, or its middle part, as `fftconvolve` does."""
    a, b = as_operand(in1), as_operand(in2)
    ndim = len(shape_of(a))
    along = sorted({int(axis) % ndim for axis in np.atleast_1d(range(ndim) if axes is None else axes)})
    along = [k for k in along if shape_of(a)[k] != 1 and shape_of(b)[k] != 1]
    sizes = [(shape_of(a)[k], shape_of(b)[k]) for k in along]
    full = [m + n - 1 for m, n in sizes]
    real = not (is_complex(a) or is_complex(b))
    if along:
        there, back = (np.fft.rfftn, np.fft.irfftn) if real else (np.fft.fftn, np.fft.ifftn)
        y = back(there(a, full, along) * there(b, full, along), full, along)
    else:
        y = a * b
    lengths = list(shape_of(y))
    if mode == "same":
        lengths = list(shape_of(a))
    elif mode == "valid":
        for k, (m, n) in zip(along, sizes, strict=True):
            lengths[k] = abs(m - n) + 1
    starts = [(whole - length) // 2 for whole, length in zip(shape_of(y), lengths, strict=True)]
    kept = [slice(start, start + length) for start, length in zip(starts, lengths, strict=True)]
    return y[tuple(kept)]


fftconvolve = defined("scipy.signal.fftconvolve", _signal.fftconvolve, _product_of_spectra)


def _pair(name: str, axes: Any) -> Pair:
    """Return an argument that names axes of A and of B as two tuples."""
    try:
        of_a, of_b = axes
        return tuple(map(operator.index, of_a)), tuple(map(operator.index, of_b))
    except (TypeError, ValueError):
        raise TypeError(
            f"convolve: {name} is a pair of sequences of whole numbers, the axes of A and those of B; got {axes!r}. "
            'Write axes=([0, 1], [0, 1]); the mode is given by name, mode="same".'
        ) from None


def _check_shapes(shapes: Pair, names_a: Names, names_b: Names) -> None:
    """Raise unless the axes that are summed over have one length, and there is something to convolve."""
    lengths = dict(zip(names_b, shapes[1], strict=True))
    for name, n in zip(names_a, shapes[0], strict=True):
        if name.startswith("dot") and lengths[name] != n:
            raise ValueError(
                f"convolve: products are summed over axes of one length; got {n} and {lengths[name]} in arrays of "
                f"shapes {shapes[0]} and {shapes[1]}. Choose other dot_axes."
            )
    if 0 in shapes[0] or 0 in shapes[1]:
        raise ValueError(
            f"convolve: the arrays must have entries; got shapes {shapes[0]} and {shapes[1]}. Pass longer ones."
        )


@lru_cache(maxsize=256)
def _names(ndim: Pair, along: Pair, dot: Pair) -> tuple[list[tuple[int, int]], Names, Names, Names]:
    """Return the pairs of axes that are convolved, and the names of the axes of A, of B and of the result; checked."""
    for name, n, chosen, summed in zip("AB", ndim, along, dot, strict=True):
        if not all(-n <= axis < n for axis in (*chosen, *summed)):
            raise ValueError(
                f"convolve: {name} has {n} axes; got {chosen} to convolve along and {summed} to sum over. "
                "Count from 0, or from the end with -1."
            )
        if len({axis % n for axis in (*chosen, *summed)}) < len(chosen) + len(summed):
            raise ValueError(
                f"convolve: an axis of {name} is named twice; got {chosen} to convolve along and {summed} to sum over. "
                "Name each once."
            )
    for what, (of_a, of_b) in (("axes", along), ("dot_axes", dot)):
        if len(of_a) != len(of_b):
            raise ValueError(
                f"convolve: {what} must name as many axes of A as of B; got {len(of_a)} and {len(of_b)}. "
                "Pass axes=([...], [...]); without it all are convolved, and both arrays need the same number."
            )
    names = ([f"a{i}" for i in range(ndim[0])], [f"b{j}" for j in range(ndim[1])])
    pairs = [(i % ndim[0], j % ndim[1]) for i, j in zip(*along, strict=True)]
    for k, (i, j) in enumerate(zip(*dot, strict=True)):
        names[0][i] = names[1][j] = f"dot{k}"
    for k, (i, j) in enumerate(pairs):
        names[0][i] = names[1][j] = f"conv{k}"
    free = [name for name in (*names[0], *names[1]) if name[0] in "ab"]
    return pairs, tuple(names[0]), tuple(names[1]), (*free, *[f"conv{k}" for k in range(len(pairs))])


def _padding(b: int, mode: str) -> tuple[int, int]:
    """Return how many zeros to put before and behind the larger array, b being the length of the filter."""
    if mode == "valid":
        return 0, 0
    if mode == "full":
        return b - 1, b - 1
    return b - 1 - (b - 1) // 2, (b - 1) // 2


class Form(NamedTuple):
    """Which correlation: the axes of x, of w and of the result y have names.

    Along those called conv0, conv1, … x is shifted against w; they stand in all three. Any other stands in two.
    """

    a: Names
    b: Names
    y: Names
    padding: tuple[tuple[int, int], ...]  # for conv0, conv1, … the zeros before and behind x; negative: entries less
    flipped: bool  # whether w is reversed along the shifted axes first


class Axes(NamedTuple):
    """Where the axes of x, w and y stand in the product of matrices that a correlation is."""

    along: list[tuple[int, int, int]]  # of each shifted axis: its number, the axis of x and that of w
    rows: list[int]  # the axes of x that the result has
    shared: list[int]  # the axes of x that are summed over
    inner: list[int]  # the axes of w that are summed over: the shared and the shifted ones
    columns: list[int]  # the other axes of w, which the result has
    order: list[int]  # the axes of y, among those of the rows and the columns


@lru_cache(maxsize=256)
def _axes(a: Names, b: Names, y: Names) -> Axes:
    shifted = [name for name in b if name.startswith("conv")]
    rows = [name for name in a if name in shifted or name not in b]
    shared = [name for name in a if name not in rows]
    columns = [name for name in b if name not in a]
    return Axes(
        [(int(name[4:]), a.index(name), b.index(name)) for name in shifted],
        [a.index(name) for name in rows],
        [a.index(name) for name in shared],
        [b.index(name) for name in (*shared, *shifted)],
        [b.index(name) for name in columns],
        [[*rows, *columns].index(name) for name in y],
    )


@Operation
def correlation(x: Any, w: Any, *, form: Form) -> Any:
    """Return Σₖ x[n + k] w[k] where the arrays overlap fully: the windows of x, as a matrix, times w."""
    axes = _axes(*form[:3])
    x, w = np.asarray(_padded(np.asarray(x), axes, form.padding), order="C"), np.asarray(w)
    if form.flipped:
        w = _flipped(w, axes)
    room = {i: w.shape[j] for _, i, j in axes.along}
    row_shape = [x.shape[i] - room.get(i, 1) + 1 for i in axes.rows]
    inner_shape = [w.shape[j] for j in axes.inner]
    strides = [x.strides[i] for i in (*axes.rows, *axes.shared, *room)]
    windows = np.ndarray((*row_shape, *inner_shape), x.dtype, x, 0, strides)
    inner, column_shape = prod(inner_shape), [w.shape[j] for j in axes.columns]
    matrix = w.transpose(*axes.inner, *axes.columns).reshape(inner, prod(column_shape))
    if windows.size <= MOST_COPIED:
        product = _product(windows, len(row_shape), matrix)
    else:
        step = max(1, MOST_COPIED * row_shape[0] // windows.size)
        parts = [windows[k : k + step] for k in range(0, row_shape[0], step)]
        product = np.concatenate([_product(part, len(row_shape), matrix) for part in parts])
    return product.reshape((*row_shape, *column_shape)).transpose(axes.order)[()]


def _product(windows: np.ndarray, rows: int, matrix: np.ndarray) -> np.ndarray:
    """Return the product of the windows, laid out as a matrix, with `matrix`: copied along their longer side."""
    number = prod(windows.shape[:rows])
    if rows and windows.shape[rows - 1] < windows.shape[-1]:
        return windows.reshape(number, len(matrix)) @ matrix
    order = (*range(rows, windows.ndim), *range(rows))
    return (matrix.T @ windows.transpose(order).reshape(len(matrix), number)).T


def _padded(x: np.ndarray, axes: Axes, padding: Sequence[tuple[int, int]]) -> np.ndarray:
    shape, target, source = list(x.shape), [slice(None)] * x.ndim, [slice(None)] * x.ndim
    for number, i, _ in axes.along:
        before, behind = padding[number]
        shape[i] += before + behind
        target[i] = slice(max(before, 0), shape[i] - max(behind, 0))
        source[i] = slice(max(-before, 0), x.shape[i] - max(-behind, 0))
    if shape == [*x.shape]:
        return x
    padded = np.zeros(shape, x.dtype)
    padded[tuple(target)] = x[tuple(source)]
    return padded


def _flipped(w: Any, axes: Axes) -> Any:
    index = [slice(None)] * len(shape_of(w))
    for _, _, j in axes.along:
        index[j] = slice(None, None, -1)
    return w[tuple(index)]


def _correlate_first(ct: Any, _y: Any, _x: Any, w: Any, form: Form) -> Any:
    """Σₖ ct[n - k] w[k]: the correlation of ct with the flipped w."""
    room = [0] * len(form.padding)
    for number, _, j in _axes(*form[:3]).along:
        room[number] = shape_of(w)[j] - 1
    padding = tuple([(n - before, n - behind) for n, (before, behind) in zip(room, form.padding, strict=True)])
    return correlation(ct, w, form=Form(form.y, form.b, form.a, padding, not form.flipped))


def _correlate_second(ct: Any, _y: Any, x: Any, _w: Any, form: Form) -> Any:
    ct_w = correlation(x, ct, form=Form(form.a, form.y, form.b, form.padding, flipped=False))
    return _flipped(ct_w, _axes(*form[:3])) if form.flipped else ct_w


def _correlate_tangent(dots: Mapping[int, Any], _y: Any, x: Any, w: Any, form: Form) -> Any:
    terms = [correlation(dots[0], w, form=form)] if 0 in dots else []
    if 1 in dots:
        terms.append(correlation(x, dots[1], form=form))
    return sum(terms[1:], terms[0])


general(correlation, _correlate_first, _correlate_second, jvp=_correlate_tangent, parameters=["form"])
RULES[correlation].internal = True
