"""Discrete Fourier transforms: linear, and closed under transposition.

    fft, ifft    the matrix exp(∓2πi jk/n) is symmetric: each is its own transpose
    rfft         y = C F x, C keeping the first n/2 + 1 frequencies:      x̄ = Re F Cᵀ ȳ, which is hfft(w ȳ)
    irfft        reads each inner frequency twice, as itself and as its conjugate:     x̄ = ihfft(ȳ) / w

w is 1 for the frequency 0 and, n being even, for the last one, and 1/2 for those between. All
have the scaling (`norm`) of the transform that is transposed. Padding and cropping to n are
undone by cropping and padding. The other transforms are made of these four, axis by axis, as in NumPy.

C. Van Loan (1992), "Computational Frameworks for the Fast Fourier Transform", section 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.dispatch import RULES
from autodiff.operands import Spec, as_operand, dtype_of, shape_of
from autodiff.primitives import Rewrite
from autodiff.rules.conjugates import conjugated
from autodiff.rules.linear import linear


def _resized(x: Any, length: int, axis: int) -> Any:
    """Return `x` cropped or padded with zeros at the end of one axis."""
    shape = shape_of(x)
    axis = axis % len(shape)
    if shape[axis] > length:
        return x[(slice(None),) * axis + (slice(length),)]
    if shape[axis] == length:
        return x
    return np.pad(x, [(0, length - n if a == axis else 0) for a, n in enumerate(shape)])


def _weighted(x: Any, n: int, axis: int, inner: float) -> Any:
    """Return the half spectrum `x` of n points with the frequencies that stand for two multiplied by `inner`."""
    weights = np.full(n // 2 + 1, inner, np.finfo(dtype_of(x)).dtype)
    weights[0] = 1.0
    if n % 2 == 0:
        weights[-1] = 1.0
    ndim = len(shape_of(x))
    return x * np.reshape(weights, [-1 if a == axis % ndim else 1 for a in range(ndim)])


def _own_transpose(function: Callable) -> Callable:
    def transpose(ct: Any, x: Spec, n: Any = None, axis: int = -1, norm: Any = None) -> Any:  # noqa: ARG001 - len(ct)
        return _resized(function(ct, axis=axis, norm=norm), x.shape[axis], axis)

    return transpose


def _rfft(ct: Any, x: Spec, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    length = x.shape[axis] if n is None else n
    return _resized(np.fft.hfft(_weighted(ct, length, axis, 0.5), length, axis, norm), x.shape[axis], axis)


def _irfft(ct: Any, x: Spec, n: Any = None, axis: int = -1, norm: Any = None) -> Any:  # noqa: ARG001 - that of ct
    length = shape_of(ct)[axis]
    return _resized(_weighted(np.fft.ihfft(ct, length, axis, norm), length, axis, 2.0), x.shape[axis], axis)


def _stack(function: Callable) -> Callable:
    def transform_stack(x: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
        return function(x, n, axis if axis < 0 else axis + 1, norm)

    return transform_stack


TRANSPOSES: dict[Callable, Callable] = {
    np.fft.fft: _own_transpose(np.fft.fft),
    np.fft.ifft: _own_transpose(np.fft.ifft),
    np.fft.rfft: _rfft,
    np.fft.irfft: _irfft,
}
for _function, _transpose in TRANSPOSES.items():
    linear(_function, _transpose, 1, ["n", "axis", "norm", "out"], batch=_stack(_function))

# --- Hermitian spectra, and several axes -------------------------------------------------------------


def _other_way(function: str, norm: Any) -> Any:
    """Return the scaling of the transform that goes the other way."""
    scalings = {"forward": "backward", "ortho": "ortho", "backward": "forward", None: "forward"}
    if norm not in scalings:
        raise ValueError(
            f'np.fft.{function}: norm is "backward", "ortho" or "forward"; got {norm!r}. Choose one of them.'
        )
    return scalings[norm]


def _hfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    return np.fft.irfft(conjugated(as_operand(a)), n, axis, _other_way("hfft", norm))


def _ihfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    return np.conjugate(np.fft.rfft(a, n, axis, _other_way("ihfft", norm)))


def _lengths_and_axes(a: Any, s: Any, axes: Any) -> tuple[Sequence, Sequence]:
    """Return a length (None: as it is) for each axis to transform; NumPy's -1 means as it is, too."""
    if axes is None:
        ndim = len(shape_of(a))
        axes = range(ndim) if s is None else range(-len(s), 0)
    lengths = [None] * len(axes) if s is None else [None if n in (None, -1) else n for n in s]
    if len(lengths) != len(axes):
        raise ValueError(
            f"np.fft: needs a length for each axis; got s={s} and axes={list(axes)}. Make them of one length."
        )
    return lengths, axes


ASCENDING = np.lib.NumpyVersion(np.__version__) < "2.1.2"
"""Whether this NumPy's rfftn goes through the other axes from the first on: the bits depend on it."""


def _along_axes(forward: Callable, last: Callable | None, inverse: bool, default: Any) -> Callable:
    """Return the definition of a transform along several axes, `last` being the half one of the last axis.

    A real transform begins with the last axis, its inverse ends with it.
    """

    def definition(a: Any, s: Any = None, axes: Any = default, norm: Any = None, out: Any = None) -> Any:
        a = as_operand(a)
        lengths, axes = _lengths_and_axes(a, s, axes)
        steps = [(forward, n, axis) for n, axis in zip(lengths, axes, strict=True)]
        if last is not None:
            steps[-1] = (last, *steps[-1][1:])
        if not inverse:
            steps = [*steps[-1:], *steps[:-1]] if ASCENDING and last is not None else steps[::-1]
        for function, n, axis in steps:
            a = function(a, n, axis, norm)
        return a

    return definition


RULES[np.fft.hfft] = Rewrite(np.fft.hfft, _hfft)
RULES[np.fft.ihfft] = Rewrite(np.fft.ihfft, _ihfft)
SEVERAL_AXES: tuple[Any, ...] = (
    (np.fft.fft, None, False, (np.fft.fft2, np.fft.fftn)),
    (np.fft.ifft, None, False, (np.fft.ifft2, np.fft.ifftn)),
    (np.fft.fft, np.fft.rfft, False, (np.fft.rfft2, np.fft.rfftn)),
    (np.fft.ifft, np.fft.irfft, True, (np.fft.irfft2, np.fft.irfftn)),
)
for _forward, _last, _inverse, _names in SEVERAL_AXES:
    for _function, _default in zip(_names, ((-2, -1), None), strict=True):
        RULES[_function] = Rewrite(_function, _along_axes(_forward, _last, _inverse, _default))
