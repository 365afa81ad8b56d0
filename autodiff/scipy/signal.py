"""`scipy.signal`, where `convolve` has derivatives, and the arguments `axes` and `dot_axes` of autograd's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import signal as _signal

from autodiff.operands import as_operand, shape_of

__all__ = list(_signal.__all__)

MODES = ("full", "valid", "same")


def __getattr__(name: str) -> Any:
    return getattr(_signal, name)


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
    ValueError
        For an unknown mode; for "valid" where neither array is the larger one along all axes.

    Examples
    --------
    >>> print(convolve([1.0, 2.0, 3.0], [0.0, 1.0, 0.5]))
    [0.  1.  2.5 4.  1.5]
    """
    A, B = as_operand(A), as_operand(B)  # noqa: N806
    if mode not in MODES:
        raise ValueError(f"convolve: mode must be one of {', '.join(MODES)}; got {mode!r}. Pass one of them.")
    ndim_a, ndim_b = len(shape_of(A)), len(shape_of(B))
    along_a, along_b = ([*range(ndim_a)], [*range(ndim_a)]) if axes is None else axes
    along_a, along_b = [i % ndim_a for i in along_a], [i % ndim_b for i in along_b]
    dot_a, dot_b = [i % ndim_a for i in dot_axes[0]], [i % ndim_b for i in dot_axes[1]]
    sizes = [(shape_of(A)[i], shape_of(B)[j]) for i, j in zip(along_a, along_b, strict=True)]
    if mode == "valid" and any(a < b for a, b in sizes):
        if any(a > b for a, b in sizes):
            raise ValueError(
                "convolve: for 'valid' one array must be at least as large as the other along all axes; "
                f"got shapes {shape_of(A)} and {shape_of(B)}. Use 'full', or pad."
            )
        padded_a = [(b - 1, b - 1) for _, b in sizes]  # all of it: the part of full overlap is cut out below
    else:
        padded_a = [_padding(b, mode) for _, b in sizes]
    letters_a = [f"a{i}" for i in range(ndim_a)]
    letters_b = [f"b{j}" for j in range(ndim_b)]
    for k, (i, j) in enumerate(zip(dot_a, dot_b, strict=True)):
        letters_a[i] = letters_b[j] = f"dot{k}"
    for k, (i, j) in enumerate(zip(along_a, along_b, strict=True)):
        letters_a[i], letters_b[j] = f"out{k}", f"window{k}"
    widths = [(0, 0)] * ndim_a
    for i, width in zip(along_a, padded_a, strict=True):
        widths[i] = width
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(A, widths) if any(w != (0, 0) for w in widths) else A, [b for _, b in sizes], tuple(along_a)
    )
    flipped = B[tuple([slice(None, None, -1) if j in along_b else slice(None) for j in range(ndim_b)])]
    free = [x for x in (*letters_a, *letters_b) if x[0] in "ab"]
    outputs = [f"out{k}" for k in range(len(sizes))]
    number = {x: n for n, x in enumerate(dict.fromkeys([*letters_a, *letters_b]))}
    inner = [f"window{k}" for k in range(len(sizes))]
    y = np.einsum(
        windows, [number[x] for x in letters_a + inner], flipped, [number[x] for x in letters_b],
        [number[x] for x in free + outputs],
    )  # fmt: skip
    if mode == "valid" and any(a < b for a, b in sizes):
        y = y[(..., *[slice(a - 1, b) for a, b in sizes])]
    return y


def _padding(b: int, mode: str) -> tuple[int, int]:
    """Return how many zeros to put before and behind the larger array, b being the length of the filter."""
    if mode == "valid":
        return 0, 0
    if mode == "full":
        return b - 1, b - 1
    return b - 1 - (b - 1) // 2, (b - 1) // 2
