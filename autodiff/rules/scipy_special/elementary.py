"""Logarithms, powers, entropies, losses, and functions of angles in degrees."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from autodiff.dispatch import Operation
from autodiff.rules.arithmetic import by_base, by_exponent
from autodiff.rules.elementwise import elementwise
from autodiff.rules.scipy_special.orders import in_double
from autodiff.rules.transcendental import LN2, LN10

# --- operations that the rules are made of --------------------------------------------------------


@Operation
def over(x: Any, y: Any) -> Any:
    """Return x / y, and 0 where both are 0."""
    if np.asarray(y).all():
        return np.divide(x, y)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(x, np.where(np.equal(x, 0) & np.equal(y, 0), 1.0, y))


@Operation
@in_double
def log_ratio(x: Any, y: Any) -> Any:
    """Return log(x / y), with all digits near x = y."""
    near = np.abs(x - y) < 0.5 * np.abs(y)
    quotient = np.where(near, (x - y) / np.where(near, y, 1.0), 0.0)
    return np.where(near, np.log1p(quotient), np.log(x) - np.log(y))


@Operation
@in_double
def log_over(z: Any, order: int) -> Any:
    """Return the derivative of log(z) / (z - 1), also at 1.

    From u g⁽ⁿ⁾ = (log z)⁽ⁿ⁾ - n g⁽ⁿ⁻¹⁾, u = z - 1; near 1 it is Gauss's function of -u.
    """
    near = np.abs(z - 1) < 0.5
    far = np.where(near, 2.0, z)
    g = np.log(far) / (far - 1)
    factorial = 1.0
    for n in range(1, order + 1):
        g = (-((-1.0) ** n) * factorial / far**n - n * g) / (far - 1)
        factorial *= n
    factor = (-1.0) ** order * factorial / (order + 1)
    return np.where(near, factor * special.hyp2f1(order + 1, order + 1, order + 2, np.where(near, 1 - z, 0.0)), g)


elementwise(over, lambda c, _q, _x, y: c / y, lambda c, q, _x, y: -c * over(q, y))
elementwise(log_ratio, lambda c, _y, a, _b: c / a, lambda c, _y, _a, b: -c / b)
elementwise(log_over, lambda c, _y, z, order: c * log_over(z, order=order + 1), internal=True)


def exprel_slope(x: Any) -> Any:
    """Return the derivative of (exp(x) - 1) / x."""
    return 0.5 * special.hyp1f1(2.0, 3.0, x)


# --- exponentials and logarithms -------------------------------------------------------------------

elementwise(special.expm1, lambda c, _y, x: c * np.exp(x))
elementwise(special.log1p, lambda c, _y, x: c / (1 + x))
elementwise(special.exp2, lambda c, y, _x: c * (y * LN2))
elementwise(special.exp10, lambda c, y, _x: c * (y * LN10))
elementwise(special.exprel, lambda c, _y, x: c * exprel_slope(x))
elementwise(special.cbrt, lambda c, y, _x: c / (3 * (y * y)))
elementwise(special.cosm1, lambda c, _y, x: -c * np.sin(x))
elementwise(
    special.powm1,
    lambda c, y, a, b: by_base(c, y, a, b),
    lambda c, _y, a, b: by_exponent(c, np.power(a, b), a, b),
)


elementwise(special.xlogy, lambda c, _y, _a, b: c * np.log(b), lambda c, _y, a, b: c * over(a, b))
elementwise(special.xlog1py, lambda c, _y, _a, b: c * np.log1p(b), lambda c, _y, a, b: c * over(a, 1 + b))
elementwise(special.entr, lambda c, _y, x: -c * (1 + np.log(x)))
elementwise(special.rel_entr, lambda c, _y, a, b: c * (1 + log_ratio(a, b)), lambda c, _y, a, b: -c * np.divide(a, b))
elementwise(special.kl_div, lambda c, _y, a, b: c * log_ratio(a, b), lambda c, _y, a, b: c * np.divide(b - a, b))

# --- Box and Cox 1964: (xᵖ - 1) / p, which is L (exp(pL) - 1) / (pL) for L = log x -----------------


def _boxcox_by_power(c: Any, log_x: Any, power: Any) -> Any:
    return c * (log_x * log_x * exprel_slope(power * log_x))


def _inv_boxcox_by_power(c: Any, x: Any, y: Any, power: Any) -> Any:
    """x = exp(y log(z) / (z - 1)), z = 1 + py."""
    return c * (x * (y * y) * log_over(1 + power * y, order=1))


elementwise(
    special.boxcox,
    lambda c, _y, x, power: c * np.power(x, power - 1),
    lambda c, _y, x, power: _boxcox_by_power(c, np.log(x), power),
)
elementwise(
    special.boxcox1p,
    lambda c, _y, x, power: c * np.exp((power - 1) * np.log1p(x)),
    lambda c, _y, x, power: _boxcox_by_power(c, np.log1p(x), power),
)
elementwise(
    special.inv_boxcox,
    lambda c, x, y, power: c * (x / (1 + power * y)),
    lambda c, x, y, power: _inv_boxcox_by_power(c, x, y, power),
)
elementwise(
    special.inv_boxcox1p,
    lambda c, _x, y, power: c * (special.inv_boxcox(y, power) / (1 + power * y)),
    lambda c, _x, y, power: _inv_boxcox_by_power(c, special.inv_boxcox(y, power), y, power),
)

# --- losses ----------------------------------------------------------------------------------------


def _pseudo_huber_by_delta(c: Any, _y: Any, delta: Any, r: Any) -> Any:
    """δ u⁴ / (s (1 + s)²), u = r/δ and s = √(1 + u²), without cancellation or overflow."""
    u = np.divide(r, delta)
    s = np.hypot(1.0, u)
    w = u / (1 + s)
    return c * (delta * u * w * w * (u / s))


elementwise(
    special.huber,
    lambda c, _y, delta, r: c * np.maximum(np.abs(r) - delta, 0.0),
    lambda c, _y, delta, r: c * np.clip(r, -delta, delta),
)
elementwise(
    special.pseudo_huber, _pseudo_huber_by_delta, lambda c, _y, delta, r: c * (r / np.hypot(1.0, np.divide(r, delta)))
)

# --- angles in degrees -----------------------------------------------------------------------------

DEGREE = np.pi / 180
elementwise(special.sindg, lambda c, _y, x: c * (DEGREE * special.cosdg(x)))
elementwise(special.cosdg, lambda c, _y, x: c * (-DEGREE * special.sindg(x)))
elementwise(special.tandg, lambda c, y, _x: c * (DEGREE * (1 + y * y)))
elementwise(special.cotdg, lambda c, y, _x: c * (-DEGREE * (1 + y * y)))
elementwise(special.radian, DEGREE, DEGREE / 60, DEGREE / 3600)
elementwise(special.round, 0)
