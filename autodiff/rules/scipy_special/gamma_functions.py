"""Gamma and beta functions, and the incomplete ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from autodiff.rules.elementwise import elementwise
from autodiff.rules.scipy_special.densities import (
    beta_density,
    digamma_difference,
    gamma_density,
)
from autodiff.rules.scipy_special.orders import ORDER, SHAPE, special_function
from autodiff.rules.scipy_special.polygamma import polygamma_value


def _turned(x: Any) -> tuple[Any, Any]:
    """Return sin(πx) and cos(πx), which are exact for whole x."""
    whole = np.rint(np.real(x))
    angle = np.pi * (x - whole)
    sign = 1 - 2 * np.remainder(whole, 2)
    return sign * np.sin(angle), sign * np.cos(angle)


def _rgamma_left(x: Any) -> Any:
    """(1/Γ)′ by Euler's reflection 1/Γ(x) = Γ(1 - x) sin(πx) / π, for ψ(x) and Γ(x) have poles that cancel."""
    sine, cosine = _turned(x)
    return special.gamma(1 - x) * (cosine - sine * special.psi(1 - x) / np.pi)


def _rgamma(c: Any, y: Any, x: Any) -> Any:
    """-ψ(x)/Γ(x)."""
    left = np.real(x) < 0.5
    return c * np.where(left, _rgamma_left(np.where(left, x, 0.25)), -y * special.psi(np.where(left, 1.0, x)))


def _at_pole(x: Any, other: Any) -> Any:
    """Where Γ(x) has a pole and Γ(other) has none."""
    return (x <= 0) & (np.rint(x) == x) & ((other > 0) | (np.rint(other) != other))


def _poch_by_base(c: Any, y: Any, z: Any, m: Any) -> Any:
    """∂/∂z Γ(z + m)/Γ(z); for z = 0, -1, … the value is 0, and the slope of 1/Γ(z) counts."""
    pole = _at_pole(z, z + m)
    z0, m0 = np.where(pole, z, 0.0), np.where(pole, m, 1.0)
    limit = special.gamma(z0 + m0) * (_rgamma_left(z0) + special.rgamma(z0) * special.psi(z0 + m0))
    return c * np.where(pole, limit, y * digamma_difference(np.where(pole, 1.0, z), m))


def _binom_slope(n: Any, k: Any, y: Any, by_n: bool) -> Any:
    """The slope of Γ(n + 1) / (Γ(k + 1) Γ(n - k + 1)).

    At the poles of the denominator this is, by reflection, B(n + 1, k - n) sin(πq)/π with q = n - k + 1, or
    B(n + 1, -k) sin(πq)/π with q = k + 1, where the sine is 0 and its slope ±π.
    """
    few, negative = _at_pole(n - k + 1, n + 1), _at_pole(k + 1, n + 1)
    n1, k1 = np.where(few, n, 0.0), np.where(few, k, 1.0)
    sine, cosine = _turned(n1 - k1 + 1)
    drift = special.psi(n1 + 1) - special.psi(k1 - n1) if by_n else special.psi(k1 - n1) - special.psi(k1 + 1)
    below = special.beta(n1 + 1, k1 - n1) * ((cosine if by_n else -cosine) + drift * sine / np.pi)
    n2, k2 = np.where(negative, n, 0.0), np.where(negative, k, -1.0)
    sine, cosine = _turned(k2 + 1)
    drift = special.psi(n2 + 1) - special.psi(n2 - k2 + 1) if by_n else special.psi(n2 - k2 + 1) - special.psi(-k2)
    left = special.beta(n2 + 1, -k2) * ((0.0 if by_n else cosine) + drift * sine / np.pi)
    n3, k3 = np.where(few | negative, 1.0, n), np.where(few | negative, 1.0, k)
    regular = digamma_difference(n3 - k3 + 1, k3) if by_n else digamma_difference(k3 + 1, n3 - 2 * k3)
    return np.where(few, below, np.where(negative, left, y * regular))


elementwise(special.gamma, lambda c, y, x: c * (y * special.psi(x)))
elementwise(special.gammaln, lambda c, _y, x: c * special.psi(x))
elementwise(special.loggamma, lambda c, _y, x: c * special.psi(x))
elementwise(special.rgamma, _rgamma)
elementwise(special.gammasgn, 0)
elementwise(special.psi, lambda c, _y, x: c * polygamma_value(x, order=1))
elementwise(special.poch, _poch_by_base, lambda c, y, z, m: c * (y * special.psi(z + m)))

elementwise(
    special.betaln,
    lambda c, _y, a, b: -c * digamma_difference(a, b),
    lambda c, _y, a, b: -c * digamma_difference(b, a),
)
elementwise(
    special.beta,
    lambda c, y, a, b: -c * (y * digamma_difference(a, b)),
    lambda c, y, a, b: -c * (y * digamma_difference(b, a)),
)
elementwise(
    special.binom,
    lambda c, y, n, k: c * _binom_slope(n, k, y, by_n=True),
    lambda c, y, n, k: c * _binom_slope(n, k, y, by_n=False),
)

special_function(special.gammainc, SHAPE, lambda c, _y, a, x: c * gamma_density(a, x))
special_function(special.gammaincc, SHAPE, lambda c, _y, a, x: -c * gamma_density(a, x))
special_function(special.gammaincinv, SHAPE, lambda c, y, a, _p: c / gamma_density(a, y))
special_function(special.gammainccinv, SHAPE, lambda c, y, a, _p: -c / gamma_density(a, y))
special_function(special.betainc, SHAPE, SHAPE, lambda c, _y, a, b, x: c * beta_density(a, b, x))
special_function(special.betaincc, SHAPE, SHAPE, lambda c, _y, a, b, x: -c * beta_density(a, b, x))
special_function(special.betaincinv, SHAPE, SHAPE, lambda c, y, a, b, _p: c / beta_density(a, b, y))
special_function(special.betainccinv, SHAPE, SHAPE, lambda c, y, a, b, _p: -c / beta_density(a, b, y))

# What `scipy.special.zeta` and `lambertw` call has no public name.
_hurwitz, _riemann, _lambert = [getattr(special._ufuncs, name) for name in ("_zeta", "_riemann_zeta", "_lambertw")]
ZETA = "The derivative of ζ(s) with respect to s has no closed form. Keep s a plain number."
special_function(_hurwitz, ZETA, lambda c, _y, s, q: -c * (s * _hurwitz(s + 1, q)), name="scipy.special.zeta")
special_function(_riemann, ZETA, name="scipy.special.zeta")
special_function(special.zetac, ZETA)
special_function(
    _lambert, lambda c, y, _z, _k, _tol: c / (np.exp(y) * (1 + y)), ORDER, 0, name="scipy.special.lambertw"
)
elementwise(special.wrightomega, lambda c, y, _z: c * (y / (1 + y)))
