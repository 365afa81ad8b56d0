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
    polygamma_value,
)
from autodiff.rules.scipy_special.orders import ORDER, SHAPE, special_function


def _rgamma(c: Any, y: Any, x: Any) -> Any:
    """-ψ(x)/Γ(x); by Euler's reflection on the left, where both factors have poles that cancel."""
    left = np.real(x) < 0.5
    z = np.where(left, x, 0.25)
    whole = np.rint(np.real(z))
    angle = np.pi * (z - whole)
    sign = 1 - 2 * np.remainder(whole, 2)
    reflected = np.cos(angle) - np.sin(angle) * special.psi(1 - z) / np.pi
    return c * np.where(left, sign * special.gamma(1 - z) * reflected, -y * special.psi(np.where(left, 1.0, x)))


elementwise(special.gamma, lambda c, y, x: c * (y * special.psi(x)))
elementwise(special.gammaln, lambda c, _y, x: c * special.psi(x))
elementwise(special.loggamma, lambda c, _y, x: c * special.psi(x))
elementwise(special.rgamma, _rgamma)
elementwise(special.gammasgn, 0)
elementwise(special.psi, lambda c, _y, x: c * polygamma_value(x, order=1))
elementwise(
    special.poch,
    lambda c, y, z, m: c * (y * digamma_difference(z, m)),
    lambda c, y, z, m: c * (y * special.psi(z + m)),
)

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
    lambda c, y, n, k: c * (y * digamma_difference(n - k + 1, k)),
    lambda c, y, n, k: c * (y * digamma_difference(k + 1, n - 2 * k)),
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
