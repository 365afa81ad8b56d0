"""The derivatives of ψ, of complex numbers too: DLMF 5.15.5, 5.15.6 and 5.15.8."""

from __future__ import annotations

from math import factorial
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial
from scipy import special

from autodiff.dispatch import Operation
from autodiff.rules.elementwise import elementwise
from autodiff.rules.scipy_special.orders import in_double

STEPS = 24
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)


@Operation
@in_double
def polygamma_value(x: Any, order: int) -> Any:
    """Return ψ⁽ⁿ⁾(x), n = order ≥ 1."""
    if x.dtype.kind != "c":
        return special.polygamma(order, x)
    left = x.real < 0.5
    right = _right(np.where(left, 1 - x, x), order)
    return np.where(left, (-1) ** order * right - _cotangent(np.where(left, x, 0.25), order), right)


def _right(z: Any, n: int) -> Any:
    """Return ψ⁽ⁿ⁾ for Re z ≥ ½: steps of ψ(z + 1) = ψ(z) + 1/z, then the asymptotic series."""
    steps = sum((z + k) ** -(n + 1.0) for k in range(STEPS))
    z = z + STEPS
    series = factorial(n - 1) * z ** -float(n) + 0.5 * factorial(n) * z ** -(n + 1.0)
    for k, bernoulli in enumerate(BERNOULLI, start=1):
        series = series + bernoulli * (factorial(2 * k + n - 1) / factorial(2 * k)) * z ** -(2.0 * k + n)
    return (-1) ** (n - 1) * (series + factorial(n) * steps)


def _cotangent(z: Any, n: int) -> Any:
    """Return the n-th derivative of π cot(πz), which is πⁿ⁺¹ R(cot πz) / sin²(πz) with a polynomial R."""
    factor = Polynomial([-1.0])
    for _ in range(1, n):
        factor = -(Polynomial([0.0, 2.0]) * factor + Polynomial([1.0, 0.0, 1.0]) * factor.deriv())
    angle = np.pi * (z - np.rint(z.real))
    sine = np.sin(angle)
    far = np.abs(z.imag) > 100.0  # there the whole is next to nothing, and its parts overflow
    sine = np.where(far, 1.0, sine)
    return np.where(far, 0.0, np.pi ** (n + 1) * factor(np.cos(angle) / sine) / (sine * sine))


elementwise(polygamma_value, lambda c, _y, x, order: c * polygamma_value(x, order=order + 1), internal=True)
