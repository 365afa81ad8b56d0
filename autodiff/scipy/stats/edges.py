"""The slopes of the gamma and beta densities at the ends of their supports.

There they are limits, and have no derivatives that are computed here: those are NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.dispatch import Operation
from autodiff.rules.elementwise import elementwise


def _slope_at_zero(a: Any, at_one: Any, at_two: Any) -> Any:
    """Return the limit at 0 of the slope of a density like xᵃ⁻¹, which is `at_one` for a = 1, `at_two` for a = 2."""
    return np.select([a > 2, a == 2, a > 1, a == 1, a > 0], [0.0, at_two, np.inf, at_one, -np.inf], np.nan)


@Operation
def gamma_edge(z: Any, a: Any) -> Any:
    """Return the slope of the gamma density at z = 0; 0 elsewhere."""
    edge = np.equal(z, 0)
    if not edge.any():
        return np.zeros(np.shape(z)) + 0.0 * a
    return np.where(edge, _slope_at_zero(a, -1.0, 1.0), 0.0 * np.asarray(a))


@Operation
def beta_edge(z: Any, a: Any, b: Any) -> Any:
    """Return the slope of the beta density at z = 0 and z = 1; 0 elsewhere."""
    first, last = np.equal(z, 0), np.equal(z, 1)
    if not (first | last).any():
        return np.zeros(np.shape(z)) + 0.0 * (a + b)
    left = _slope_at_zero(a, -b * (b - 1), b * (b + 1))
    right = -_slope_at_zero(b, -a * (a - 1), a * (a + 1))
    return np.where(first, left, np.where(last, right, 0.0 * (np.asarray(a) + b)))


def _unknown(c: Any, edge: Any) -> Any:
    return c * np.where(edge, np.nan, 0.0)


elementwise(gamma_edge, lambda c, _y, z, _a: _unknown(c, z == 0), lambda c, _y, z, _a: _unknown(c, z == 0))
elementwise(
    beta_edge,
    lambda c, _y, z, _a, _b: _unknown(c, (z == 0) | (z == 1)),
    lambda c, _y, z, _a, _b: _unknown(c, (z == 0) | (z == 1)),
    lambda c, _y, z, _a, _b: _unknown(c, (z == 0) | (z == 1)),
)
