"""Functions that return several values at once: the cotangents of all of them meet in one sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import special

from autodiff.dispatch import RULES, Operation
from autodiff.rules.elementwise import elementwise, match
from autodiff.rules.general import General
from autodiff.rules.scipy_special.orders import MODULUS, ORDER, Refusal, in_double


class Several(General):
    """An elementwise function with several outputs, given by their slopes in the last operand to have any."""

    def __init__(self, function: np.ufunc, slopes: Callable, variable: int, reason: str) -> None:
        self.slopes = slopes
        vjps: list[Callable] = [Refusal(function.__name__, reason)] * function.nin
        vjps[variable] = lambda ct, y, *operands: self._pull(ct, y, operands, variable)
        super().__init__(function, vjps)

    def _pull(self, ct: Sequence, y: Any, operands: Sequence, variable: int) -> Any:
        terms = [c * slope for c, slope in zip(ct, self.slopes(y, *operands), strict=True) if c is not None]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return match(total, operands[variable])

    def make_plan(self, argnums: tuple[int, ...]) -> Any:
        """Raise where the value is computed, not only in the backward pass."""
        for i in argnums:
            if isinstance(self.vjps[i], Refusal):
                self.vjps[i]()
        return super().make_plan(argnums)


def several(function: np.ufunc, slopes: Callable, variable: int = 0, reason: str = ORDER) -> None:
    """Give `function` the slopes of its outputs, slopes(y, *operands), by the operand `variable`."""
    RULES[function] = Several(function, slopes, variable, reason)


def _of_square(x: Any, real: Callable, quarter: int) -> Any:
    """Return sin(½π (x² + quarter)), `quarter` 0 or 1, with all digits for large x.

    x² = p + e exactly (Dekker 1971, the product split in halves); whole quarters of a turn are taken off p.
    """
    if x.dtype.kind == "c":
        return real(0.5 * np.pi * x * x)
    high = x * 134217729.0  # 2²⁷ + 1
    high = high - (high - x)
    low = x - high
    p = x * x
    e = ((high * high - p) + 2 * high * low) + low * low
    rest = (p - np.rint(p)) + (e - np.rint(e))
    turns = np.remainder(np.rint(p), 4.0) + np.remainder(np.rint(e), 4.0) + np.rint(rest) + quarter
    angle = 0.5 * np.pi * (rest - np.rint(rest))
    turned = np.where(np.remainder(turns, 2.0) == 0, np.sin(angle), np.cos(angle))
    return np.where(np.remainder(turns, 4.0) < 2, turned, -turned)


@Operation
@in_double
def sine_of_square(x: Any) -> Any:
    """Return sin(½π x²)."""
    return _of_square(x, np.sin, 0)


@Operation
@in_double
def cosine_of_square(x: Any) -> Any:
    """Return cos(½π x²)."""
    return _of_square(x, np.cos, 1)


elementwise(sine_of_square, lambda c, _y, x: c * (np.pi * x * cosine_of_square(x)))
elementwise(cosine_of_square, lambda c, _y, x: -c * (np.pi * x * sine_of_square(x)))


def _fresnel(_y: Any, x: Any) -> tuple:
    return sine_of_square(x), cosine_of_square(x)


def _sici(_y: Any, x: Any) -> tuple:
    return np.sinc(x / np.pi), np.cos(x) / x


def _shichi(_y: Any, x: Any) -> tuple:
    return 0.5 * (special.exprel(x) + special.exprel(-x)), np.cosh(x) / x


def _itairy(_y: Any, x: Any) -> tuple:
    there, mirrored = special.airy(x), special.airy(-x)
    return there[0], there[2], mirrored[0], mirrored[2]


several(special.airy, lambda y, x: (y[1], x * y[0], y[3], x * y[2]))
several(special.itairy, _itairy)
several(special.fresnel, _fresnel)
several(special.sici, _sici)
several(special.shichi, _shichi)
several(special.itj0y0, lambda _y, x: (special.j0(x), special.y0(x)))
several(special.iti0k0, lambda _y, x: (special.i0(x), special.k0(x)))
several(special.ellipj, lambda y, _u, m: (y[1] * y[2], -y[0] * y[2], -m * y[0] * y[1], y[2]), 0, MODULUS)
several(special.pbdv, lambda y, v, x: (y[1], (0.25 * x * x - v - 0.5) * y[0]), 1)
several(special.pbvv, lambda y, v, x: (y[1], (0.25 * x * x - v - 0.5) * y[0]), 1)
several(special.pbwa, lambda y, a, x: (y[1], (a - 0.25 * x * x) * y[0]), 1)
