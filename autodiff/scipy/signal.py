"""`scipy.signal`, where `convolve` has derivatives, and the arguments `axes` and `dot_axes` of autograd's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import signal as _signal

from autodiff.dispatch import Operation
from autodiff.operands import as_operand, shape_of
from autodiff.rules.general import general

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
        letters_a[i] = letters_b[j] = f"conv{k}"
    free = [x for x in (*letters_a, *letters_b) if x[0] in "ab"]
    outputs = [*free, *[f"conv{k}" for k in range(len(sizes))]]
    widths = [(0, 0)] * ndim_a
    for i, width in zip(along_a, padded_a, strict=True):
        widths[i] = width
    y = correlate(_padded(A, widths), _flipped(B, along_b), a=letters_a, b=letters_b, y=outputs)
    if mode == "valid" and any(a < b for a, b in sizes):
        y = y[(..., *[slice(a - 1, b) for a, b in sizes])]
    return y


def _padded(x: Any, widths: Sequence[tuple[int, int]]) -> Any:
    return x if all(width == (0, 0) for width in widths) else np.pad(x, widths)


def _flipped(x: Any, axes: Sequence[int]) -> Any:
    return x[tuple([slice(None, None, -1) if i in axes else slice(None) for i in range(len(shape_of(x)))])]


@Operation
def correlate(x: Any, w: Any, *, a: Sequence[str], b: Sequence[str], y: Sequence[str]) -> Any:
    """Return Σₖ x[n + k] w[k] where the arrays overlap fully.

    The axes of x, of w and of the result have names, as in `np.einsum`; those called conv… are the ones
    along which x is shifted against w, and they stand in all three.
    """
    along = [name for name in b if name.startswith("conv")]
    window = [np.shape(w)[b.index(name)] for name in along]
    windows = np.lib.stride_tricks.sliding_window_view(x, window, tuple([a.index(name) for name in along]))
    number = {name: n for n, name in enumerate(dict.fromkeys([*a, *b]))}
    inner = {name: len(number) + n for n, name in enumerate(along)}
    return np.einsum(
        windows, [*[number[name] for name in a], *inner.values()],
        w, [inner.get(name, number[name]) for name in b],
        [number[name] for name in y],
    )  # fmt: skip


def _correlate_first(ct: Any, _y: Any, _x: Any, w: Any, a: Any, b: Any, y: Any) -> Any:
    """Σₖ ct[n - k] w[k]: the correlation of the padded ct with the flipped w."""
    along = [j for j, name in enumerate(b) if name.startswith("conv")]
    room = {b[j]: (shape_of(w)[j] - 1,) * 2 for j in along}
    return correlate(_padded(ct, [room.get(name, (0, 0)) for name in y]), _flipped(w, along), a=y, b=b, y=a)


def _correlate_tangent(dots: Mapping[int, Any], _y: Any, x: Any, w: Any, **letters: Any) -> Any:
    terms = [correlate(dots[0], w, **letters)] if 0 in dots else []
    if 1 in dots:
        terms.append(correlate(x, dots[1], **letters))
    return sum(terms[1:], terms[0])


general(
    correlate,
    _correlate_first,
    lambda ct, _y, x, _b, a, b, y: correlate(x, ct, a=a, b=y, y=b),
    jvp=_correlate_tangent,
    parameters=["a", "b", "y"],
)


def _padding(b: int, mode: str) -> tuple[int, int]:
    """Return how many zeros to put before and behind the larger array, b being the length of the filter."""
    if mode == "valid":
        return 0, 0
    if mode == "full":
        return b - 1, b - 1
    return b - 1 - (b - 1) // 2, (b - 1) // 2
