"""Derivatives that owe nothing to the engine: the complex step, and central differences.

Both take f, a function of arrays that returns a sequence of arrays, and give its derivative
at `primals` along `tangents`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

STEP = 1e-3
REACH = 3 * STEP
"""How far the differences move an entry whose tangent is 1."""


def complex_step(f: Callable, primals: Sequence, tangents: Sequence) -> list[np.ndarray] | None:
    """Return Im f(x + ihẋ) / h: no subtraction, so right to the last digits (Squire & Trapp 1998).

    None if NumPy does not evaluate f at complex arguments.
    """
    h = 1e-30
    try:
        ys = f(*[np.asarray(x) + 1j * h * np.asarray(v) for x, v in zip(primals, tangents, strict=True)])
    except (TypeError, np.exceptions.ComplexWarning):
        return None
    if any(np.asarray(y).dtype.kind != "c" for y in ys):
        return None
    return [np.imag(y) / h for y in ys]


def differences(f: Callable, primals: Sequence, tangents: Sequence, step: float = STEP) -> list[np.ndarray]:
    """Return the central difference of sixth order: the error is O(step⁶) + O(1e-16 / step)."""

    def at(k: int) -> list[np.ndarray]:
        moved = [np.asarray(x) + k * step * np.asarray(v) for x, v in zip(primals, tangents, strict=True)]
        return [np.asarray(y) for y in f(*[m[()] for m in moved])]

    samples = {k: at(k) for k in (-3, -2, -1, 1, 2, 3)}
    return [
        (45 * (a1 - b1) - 9 * (a2 - b2) + (a3 - b3)) / (60 * step)
        for a1, b1, a2, b2, a3, b3 in zip(*[samples[k] for k in (1, -1, 2, -2, 3, -3)], strict=True)
    ]
