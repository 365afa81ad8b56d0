"""Hypergeometric functions, orthogonal polynomials, exponential and elliptic integrals."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from autodiff.dispatch import Operation
from autodiff.rules.elementwise import elementwise
from autodiff.rules.scipy_special.elementary import log_over
from autodiff.rules.scipy_special.orders import MODULUS, ORDER, in_double, special_function

# --- hypergeometric functions: DLMF 13.3.15, 13.3.22, 15.5.1 ---------------------------------------

special_function(special.hyp0f1, ORDER, lambda c, _y, b, z: c * (special.hyp0f1(b + 1, z) / b))
special_function(special.hyp1f1, ORDER, ORDER, lambda c, _y, a, b, z: c * (a / b * special.hyp1f1(a + 1, b + 1, z)))
special_function(special.hyperu, ORDER, ORDER, lambda c, _y, a, b, z: -c * (a * special.hyperu(a + 1, b + 1, z)))
special_function(
    special.hyp2f1,
    ORDER,
    ORDER,
    ORDER,
    lambda c, _y, a, b, d, z: c * (a * b / d * special.hyp2f1(a + 1, b + 1, d + 1, z)),
)
special_function(special.wright_bessel, ORDER, ORDER, lambda c, _y, a, b, x: c * special.wright_bessel(a, a + b, x))
if hasattr(special, "log_wright_bessel"):  # SciPy ≥ 1.14
    special_function(
        special.log_wright_bessel,
        ORDER,
        ORDER,
        lambda c, y, a, b, x: c * np.exp(special.log_wright_bessel(a, a + b, x) - y),
    )

# --- orthogonal polynomials, DLMF 18.9.15 to 18.9.26 -----------------------------------------------


def _lowered(n: Any, polynomial: Any) -> Any:
    """The derivative of a polynomial of degree n by one of degree n - 1; 0 for n = 0."""
    return np.where(n == 0, 0.0, polynomial)


def _lower(n: Any) -> Any:
    """The degree n - 1, which need be no whole number; 0 where the factor 0 makes it irrelevant."""
    return np.where(n == 0, 0, n - 1)


special_function(special.eval_jacobi, ORDER, ORDER, ORDER, lambda c, _y, n, a, b, x: c * _jacobi_slope(n, a, b, x))
special_function(
    special.eval_gegenbauer,
    ORDER,
    ORDER,
    lambda c, _y, n, a, x: c * _gegenbauer_slope(n, a, x),
)
special_function(
    special.eval_genlaguerre,
    ORDER,
    ORDER,
    lambda c, _y, n, a, x: -c * _lowered(n, special.eval_genlaguerre(_lower(n), a + 1, x)),
)


def _jacobi_slope(n: Any, a: Any, b: Any, x: Any) -> Any:
    return _lowered(n, 0.5 * (n + a + b + 1) * special.eval_jacobi(_lower(n), a + 1, b + 1, x))


def _gegenbauer_slope(n: Any, a: Any, x: Any) -> Any:
    return np.where(n == -1, 0.0, _lowered(n, 2 * a * special.eval_gegenbauer(_lower(n), a + 1, x)))


def _legendre_slope(n: Any, x: Any) -> Any:
    """By P₋ₙ₋₁ = Pₙ where the degree is negative."""
    return _jacobi_slope(np.where(n < 0, -1 - n, n), 0.0, 0.0, x)


def _chebyu_slope(n: Any, x: Any) -> Any:
    """By U₋ₙ₋₂ = -Uₙ where the degree is less than -1."""
    reflected = n < -1
    return np.where(reflected, -1.0, 1.0) * _gegenbauer_slope(np.where(reflected, -2 - n, n), 1.0, x)


for _ufunc, _slope in {
    special.eval_chebyt: lambda n, x: n * special.eval_chebyu(_lower(n), x),
    special.eval_chebyu: _chebyu_slope,
    special.eval_chebyc: lambda n, x: n * special.eval_chebyu(_lower(n), 0.5 * x),
    special.eval_chebys: lambda n, x: 0.5 * _chebyu_slope(n, 0.5 * x),
    special.eval_legendre: _legendre_slope,
    special.eval_laguerre: lambda n, x: -_lowered(n, special.eval_genlaguerre(_lower(n), 1.0, x)),
    special.eval_hermite: lambda n, x: 2 * n * special.eval_hermite(_lower(n), x),
    special.eval_hermitenorm: lambda n, x: n * special.eval_hermitenorm(_lower(n), x),
    special.eval_sh_chebyt: lambda n, x: 2 * n * special.eval_chebyu(_lower(n), 2 * x - 1),
    special.eval_sh_chebyu: lambda n, x: 2 * _chebyu_slope(n, 2 * x - 1),
    special.eval_sh_legendre: lambda n, x: 2 * _legendre_slope(n, 2 * x - 1),
}.items():
    special_function(_ufunc, ORDER, lambda c, _y, n, x, slope=_slope: c * slope(n, x))

# --- exponential integrals -------------------------------------------------------------------------

elementwise(special.exp1, lambda c, _y, x: -c * (np.exp(-x) / x))
elementwise(special.expi, lambda c, _y, x: c * (np.exp(x) / x))


def _expn(c: Any, _y: Any, n: Any, x: Any) -> Any:
    """-Eₙ₋₁, and E₋₁ written out."""
    zeroth = n == 0
    z = np.where(zeroth, x, 1.0)
    return -c * np.where(zeroth, np.exp(-z) * (1 + 1 / z) / z, special.expn(np.where(zeroth, 1, n - 1), x))


special_function(special.expn, ORDER, _expn)
elementwise(special.spence, lambda c, _y, z: -c * log_over(z, order=0))

# --- elliptic integrals, DLMF 19.4.1, 19.4.2 and 19.25.1 -------------------------------------------


@Operation
@in_double
def ellipk_slope(m: Any, m1: Any) -> Any:
    """Return dK/dm = ⅙ R_D(0, 1, m₁), m₁ = 1 - m."""
    return special.elliprd(0.0, 1.0, m1) / 6 + 0.0 * m


@Operation
@in_double
def ellipe_slope(m: Any) -> Any:
    """Return dE/dm = -⅙ R_D(0, 1 - m, 1)."""
    return -special.elliprd(0.0, 1.0 - m, 1.0) / 6


elementwise(special.ellipk, lambda c, _y, m: c * ellipk_slope(m, 1 - m))
elementwise(special.ellipkm1, lambda c, _y, m1: -c * ellipk_slope(1 - m1, m1))
elementwise(special.ellipe, lambda c, _y, m: c * ellipe_slope(m))
elementwise(ellipk_slope, lambda c, _y, m, _m1: c * (9 * np.pi / 64 * special.hyp2f1(2.5, 2.5, 3.0, m)), 0)
elementwise(ellipe_slope, lambda c, _y, m: c * (-3 * np.pi / 64 * special.hyp2f1(1.5, 2.5, 3.0, m)))
special_function(special.ellipkinc, lambda c, _y, phi, m: c / np.sqrt(1 - m * np.sin(phi) ** 2), MODULUS)
special_function(special.ellipeinc, lambda c, _y, phi, m: c * np.sqrt(1 - m * np.sin(phi) ** 2), MODULUS)
