"""Rows of Fourier transforms: even and odd lengths, cropped and padded, each scaling, any axes."""

from __future__ import annotations

import functools

import numpy as np

from tests.complex_rows import C, R, Row


def _transforms() -> list[Row]:
    rows: list[tuple] = []
    real = (np.fft.rfft, np.fft.ihfft, np.fft.rfft2, np.fft.rfftn)
    options_1d = [
        {}, {"n": 4}, {"n": 7}, {"n": 8}, {"axis": 0}, {"axis": 0, "n": 5}, {"norm": "ortho"},
        {"norm": "forward", "n": 6}, {"norm": "backward"},
    ]  # fmt: skip
    for function in (np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft, np.fft.hfft, np.fft.ihfft):
        for options in options_1d:
            shapes = [(5,), (6,)] if "axis" not in options else [(3, 2)]
            rows += [(function, shape, options) for shape in shapes]
    options_nd = [
        {}, {"norm": "ortho"}, {"s": (4, 3), "axes": (0, 1), "norm": "forward"}, {"axes": (1, 0)},
        {"s": (2, 5), "axes": (-1, 0)}, {"s": (-1, 5), "axes": (0, 1)},
    ]  # fmt: skip
    for two, several in zip(
        (np.fft.fft2, np.fft.ifft2, np.fft.rfft2, np.fft.irfft2),
        (np.fft.fftn, np.fft.ifftn, np.fft.rfftn, np.fft.irfftn),
        strict=True,
    ):
        rows += [(function, (3, 4), options) for function in (two, several) for options in options_nd]
        rows += [(several, (3, 2, 4), {"axes": axes}) for axes in (None, (0, 2), (1,), (1, 0, 1))]
        rows += [(two, (2, 3, 3), {})]
    found = []
    for function, shape, options in rows:
        for kind in [R] if function in real else [C, R]:
            name = f"{function.__name__} {shape} {options} {'complex' if kind is C else 'real'}"
            found.append(Row(name, functools.partial(function, **options) if options else function, kind(*shape)))
    shifts = [Row(f"{f.__name__} {axes}", lambda z, f=f, axes=axes: f(z, axes), kind(3, 4))
              for f in (np.fft.fftshift, np.fft.ifftshift) for axes in (None, 0, (1,)) for kind in (C, R)]  # fmt: skip
    return found + shifts


TRANSFORMS = _transforms()
