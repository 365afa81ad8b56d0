"""Densities over distribution functions: the slopes of their logarithms, also where the functions underflow.

    gamma   p/Q = (1/x) (x + 1 - a - 1(1 - a) / (x + 3 - a - 2(2 - a) / (x + 5 - a - …)))     DLMF 8.9.2
    gamma   p/P = a / (x M(1, a + 1, x))                                                      DLMF 8.5.1
    beta    p/I = a / (x (1 - x)) · (1 + d₁ / (1 + d₂ / (1 + …)))                             DLMF 8.17.22

With the density's own logarithmic slope s the ratio r has the slope r (s - r) in the lower tail, r (s + r) in the
upper one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from autodiff.dispatch import Operation
from autodiff.rules.scipy_special.densities import beta_density, gamma_density
from autodiff.rules.scipy_special.elementary import over
from autodiff.rules.scipy_special.orders import SHAPE, in_double, special_function

TINY = 1e-280
TERMS = 300


def _quotient(density: Any, probability: Any, tail: Any) -> Any:
    """Return density / probability; the function `tail` where the probability is next to nothing."""
    small = probability < TINY
    ratio = density / np.where(small, 1.0, probability)
    return np.where(small, tail(small), ratio) if np.any(small) else ratio


@Operation
@in_double
def gamma_lower(a: Any, x: Any) -> Any:
    """Return p(x) / P(a, x) of the gamma distribution."""

    def tail(small: Any) -> Any:
        return a / (x * special.hyp1f1(1.0, a + 1.0, np.where(small, x, 0.0)))

    return _quotient(gamma_density(a, x), special.gammainc(a, x), tail)


@Operation
@in_double
def gamma_upper(a: Any, x: Any) -> Any:
    """Return p(x) / Q(a, x) of the gamma distribution."""

    def tail(small: Any) -> Any:
        z = np.where(small, x, a + 1000.0)
        fraction = z + 2 * TERMS + 1 - a
        for k in range(TERMS, 0, -1):
            fraction = z + 2 * k - 1 - a - k * (k - a) / fraction
        return fraction / z

    return _quotient(gamma_density(a, x), special.gammaincc(a, x), tail)


@Operation
@in_double
def beta_lower(a: Any, b: Any, x: Any) -> Any:
    """Return p(x) / I(a, b, x) of the beta distribution."""

    def tail(small: Any) -> Any:
        z = np.where(small, x, 0.0)
        fraction = np.ones_like(z)
        for m in range(TERMS, 0, -1):
            fraction = 1.0 + m * (b - m) * z / ((a + 2 * m - 1) * (a + 2 * m)) / fraction
            n = m - 1
            fraction = 1.0 - (a + n) * (a + b + n) * z / ((a + 2 * n) * (a + 2 * n + 1)) / fraction
        return a * fraction / (x * (1.0 - x))

    return _quotient(beta_density(a, b, x), special.betainc(a, b, x), tail)


special_function(gamma_lower, SHAPE, lambda c, r, a, x: c * (r * (over(a - 1, x) - 1 - r)), name="gamma")
special_function(gamma_upper, SHAPE, lambda c, r, a, x: c * (r * (over(a - 1, x) - 1 + r)), name="gamma")
special_function(
    beta_lower, SHAPE, SHAPE, lambda c, r, a, b, x: c * (r * (over(a - 1, x) - over(b - 1, 1 - x) - r)), name="beta"
)
