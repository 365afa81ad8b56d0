"""The densities that are derivatives of incomplete gamma and beta functions, to the last digits.

A power, an exponential and a gamma function that nearly cancel for large parameters are put together
before anything is rounded (Loader 2000, "Fast and accurate computation of binomial probabilities"):
with Γ(a) = √(2π/a) (a/e)ᵃ exp(ρ(a)),

    xᵃ exp(-x) / Γ(a) = √(a/2π) exp(a (log(1 + w) - w) - ρ(a)),        w = (x - a) / a
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from autodiff.dispatch import Operation
from autodiff.rules.elementwise import elementwise
from autodiff.rules.scipy_special.elementary import over
from autodiff.rules.scipy_special.orders import in_double
from autodiff.rules.scipy_special.polygamma import polygamma_value


def log1p_less_linear(w: Any) -> Any:
    """Return log(1 + w) - w, |w| < ½, by the series of artanh, which does not cancel."""
    r = w / (2.0 + w)
    square = r * r
    series = np.zeros_like(w)
    for k in range(37, 1, -2):
        series = square * (1.0 / k + series)
    return r * (2.0 * series - w)


def stirling_rest(a: Any) -> Any:
    """Return ρ(a) = log Γ(a) - ½ log(2π/a) - a log a + a."""
    large = a >= 10.0
    z = 1.0 / np.where(large, a, 10.0)
    q = z * z
    series = np.zeros_like(z)
    for coefficient in (-691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12):
        series = q * series + coefficient
    series = z * (series + q**6 / 156)
    b = np.where(large, 1.0, a)
    return np.where(large, series, special.gammaln(b) - 0.5 * np.log(2.0 * np.pi / b) - b * np.log(b) + b)


def _times_log1p_less_linear(a: Any, excess: Any, x: Any) -> Any:
    """Return a (log(1 + w) - w) for w = excess / a, excess = x - a, where w may overflow or be -1 but for rounding."""
    w = excess / a
    far = np.abs(w) >= 0.5
    beyond = a * (np.log(np.where(far, x, 1.0)) - np.log(a)) - excess
    return np.where(far, beyond, a * log1p_less_linear(np.where(far, 0.0, w)))


@Operation
@in_double
def gamma_density(a: Any, x: Any) -> Any:
    """Return xᵃ⁻¹ exp(-x) / Γ(a), a > 0."""
    if ((x > 1e-3) & (x < 30) & (a > 0) & (a < 20)).all():  # the terms are small: no digits are lost
        return np.exp(special.xlogy(a - 1.0, x) - x - special.gammaln(a))
    inside = (x > 0) & (x < np.inf)
    z = np.where(inside, x, 1.0)
    density = np.sqrt(a / (2 * np.pi)) * np.exp(_times_log1p_less_linear(a, z - a, z) - stirling_rest(a)) / z
    return np.where(inside, density, np.where(x == 0, _at_zero(a, 1.0), np.where(x == np.inf, 0.0 * a, 0.0 * a * x)))


@Operation
@in_double
def beta_density(a: Any, b: Any, x: Any) -> Any:
    """Return xᵃ⁻¹ (1 - x)ᵇ⁻¹ / B(a, b), a and b > 0, 0 ≤ x ≤ 1."""
    inside = (x > 0) & (x < 1)
    if ((np.abs(x - 0.5) < 0.499) & (a > 0) & (a < 20) & (b > 0) & (b < 20)).all():
        return np.exp(special.xlogy(a - 1.0, x) + special.xlog1py(b - 1.0, -x) - special.betaln(a, b))
    z = np.where(inside, x, 0.5)
    n = a + b
    excess = b * z - a * (1.0 - z)  # n z - a
    exponent = _times_log1p_less_linear(a, excess, n * z) + _times_log1p_less_linear(b, -excess, n * (1.0 - z))
    rest = stirling_rest(n) - stirling_rest(a) - stirling_rest(b)
    density = np.sqrt(a * (b / n) / (2 * np.pi)) * np.exp(exponent + rest) / (z * (1.0 - z))
    at_edge = np.where(x == 0, _at_zero(a, b), np.where(x == 1, _at_zero(b, a), np.nan))
    return np.where(inside, density, at_edge + 0.0 * n)


def _at_zero(a: Any, value: Any) -> Any:
    """Return the limit at 0 of a density that behaves like xᵃ⁻¹."""
    return np.where(a < 1, np.inf, np.where(a == 1, value, np.where(a > 1, 0.0, np.nan)))


@Operation
@in_double
def t_log_density(df: Any, t: Any) -> Any:
    """Return the logarithm of the density of Student's distribution, of the normal one for df = ∞."""
    h = 0.5 * np.where(np.isinf(df), 1.0, df)
    rest = _times_log1p_less_linear(h, 0.5, h + 0.5) + stirling_rest(h + 0.5) - stirling_rest(h)
    size = np.abs(t)
    far = size > 1e100  # where the square may overflow
    ratio = np.where(far, 1.0, size / np.sqrt(2 * h))
    large = 2 * np.log(np.where(far, size, 1.0)) - np.log(2 * h)
    power = (h + 0.5) * np.where(far, large, np.log1p(ratio * ratio))
    return np.where(np.isinf(df), -0.5 * t * t, rest - power) - 0.5 * np.log(2 * np.pi)


@Operation
@in_double
def t_density(df: Any, t: Any) -> Any:
    """Return the density of Student's distribution."""
    return np.exp(t_log_density(df, t))


@Operation
@in_double
def digamma_difference(a: Any, b: Any) -> Any:
    """Return ψ(a + b) - ψ(a) without cancellation.

    For a and a + b > 0: sixteen steps of ψ(x + 1) = ψ(x) + 1/x, then the asymptotic series, whose
    terms are subtracted one by one. For whole b also at the poles: it is ψ(1 - a - b) - ψ(1 - a) then, by
    reflection. Elsewhere: the difference.
    """
    low, high = special.psi(a), special.psi(a + b)
    difference = high - low
    if ((np.abs(difference) > 0.25 * np.abs(low)) & (a > 0) & (a + b > 0)).all():
        return difference
    whole = (a <= 0) & (a + b < 1) & (np.rint(b) == b)
    a, sign = np.where(whole, 1.0 - a - b, a), np.where(whole, -1.0, 1.0)
    regular = (a > 0) & (a + b > 0)
    p = np.where(regular, a, 1.0)
    d = np.where(regular, b, 0.0)
    steps = np.zeros_like(p + d)
    for _ in range(16):
        steps += d / p / (p + d)
        p = p + 1.0
    log_ratio = np.log1p(d / p)
    series = log_ratio + 0.5 * d / p / (p + d)
    for k, bernoulli in enumerate((1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6), start=1):
        series -= bernoulli / (2 * k) * p ** (-2.0 * k) * np.expm1(-2 * k * log_ratio)
    return sign * np.where(regular, steps + series, special.psi(a + b) - special.psi(a))


elementwise(
    gamma_density,
    lambda c, y, a, x: c * (y * (np.log(x) - special.psi(a))),
    lambda c, y, a, x: c * (y * (over(a - 1, x) - 1)),
)
elementwise(
    beta_density,
    lambda c, y, a, b, x: c * (y * (np.log(x) + digamma_difference(a, b))),
    lambda c, y, a, b, x: c * (y * (np.log1p(-x) + digamma_difference(b, a))),
    lambda c, y, a, b, x: c * (y * (over(a - 1, x) - over(b - 1, 1 - x))),
)


def t_density_by_df(df: Any, t: Any) -> Any:
    """Return ∂ log density / ∂ df."""
    square = t * t
    return 0.5 * (
        digamma_difference(0.5 * df, 0.5) - 1 / df - np.log1p(square / df) + (df + 1) / df * (square / (df + square))
    )


elementwise(
    t_log_density,
    lambda c, _y, df, t: c * t_density_by_df(df, t),
    lambda c, _y, df, t: -c * ((df + 1) * t / (df + t * t)),
)
elementwise(
    t_density,
    lambda c, y, df, t: c * (y * t_density_by_df(df, t)),
    lambda c, y, df, t: -c * (y * ((df + 1) * t / (df + t * t))),
)
elementwise(
    digamma_difference,
    lambda c, _y, a, b: c * (polygamma_value(a + b, order=1) - polygamma_value(a, order=1)),
    lambda c, _y, a, b: c * polygamma_value(a + b, order=1),
)
