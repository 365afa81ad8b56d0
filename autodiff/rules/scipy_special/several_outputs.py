"""Functions that return several values at once: the cotangents of all of them meet in one sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import special

from autodiff.dispatch import RULES
from autodiff.rules.elementwise import match
from autodiff.rules.general import General
from autodiff.rules.scipy_special.orders import MODULUS, ORDER, Refusal


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


def _fresnel(_y: Any, x: Any) -> tuple:
    angle = np.pi / 2 * x * x
    return np.sin(angle), np.cos(angle)


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
