"""Bessel functions and their like: Hankel, Kelvin, Struve."""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
from scipy import special

from autodiff.dispatch import Operation
from autodiff.operands import dtype_of, is_complex
from autodiff.rules.casts import to_dtype
from autodiff.rules.elementwise import elementwise
from autodiff.rules.scipy_special.orders import ORDER, in_double, special_function

# --- the recurrences C′ = ½ (C_{v-1} ∓ C_{v+1}), DLMF 10.6.1 and 10.29.1 ----------------------------

for _ufunc in (special.jv, special.hankel1, special.hankel2):
    special_function(_ufunc, ORDER, lambda c, _y, v, x, f=_ufunc: c * 0.5 * (f(v - 1, x) - f(v + 1, x)))


def _second_kind(c: Any, v: Any, x: Any) -> Any:
    """½ (Y_{v-1} - Y_{v+1}), and at the pole, where both are infinite, infinity."""
    pole = (x == 0) & (v >= 0)
    z = np.where(pole, 1.0, x)
    return c * np.where(
        pole, np.square(1.0 / np.where(pole, x, 1.0)), 0.5 * (special.yv(v - 1, z) - special.yv(v + 1, z))
    )


special_function(special.yv, ORDER, lambda c, _y, v, x: _second_kind(c, v, x))
special_function(special.yn, ORDER, lambda c, _y, n, x: _second_kind(c, n, x))
special_function(special.iv, ORDER, lambda c, _y, v, x: c * 0.5 * (special.iv(v - 1, x) + special.iv(v + 1, x)))
special_function(special.kv, ORDER, lambda c, _y, v, x: c * -0.5 * (special.kv(v - 1, x) + special.kv(v + 1, x)))
special_function(
    special.kn, ORDER, lambda c, _y, n, x: c * -0.5 * (special.kn(np.abs(n - 1), x) + special.kn(n + 1, x))
)
elementwise(special.j0, lambda c, _y, x: -c * special.j1(x))
elementwise(special.j1, lambda c, _y, x: c * 0.5 * (special.j0(x) - special.jv(2, x)))
elementwise(special.y0, lambda c, _y, x: -c * special.y1(x))
elementwise(special.y1, lambda c, _y, x: _second_kind(c, 1.0, x))
elementwise(special.i0, lambda c, _y, x: c * special.i1(x))
elementwise(special.i1, lambda c, _y, x: c * 0.5 * (special.i0(x) + special.iv(2, x)))
elementwise(special.k0, lambda c, _y, x: -c * special.k1(x))
elementwise(special.k1, lambda c, _y, x: c * -0.5 * (special.k0(x) + special.kv(2.0, x)))

# --- scaled by exp(-|x|) or exp(x) ----------------------------------------------------------------


def _asymptotic(v: Any, x: Any, sign: float, order: int) -> Any:
    """Return the derivative of x^(-½) Σ (±1)ᵏ aₖ(v) / xᵏ, DLMF 10.40.1, up to the smallest term: for x > 40 + v²."""
    total = np.zeros(np.broadcast_shapes(v.shape, x.shape))
    factor = np.ones_like(total)
    smallest = np.full_like(total, np.inf)
    for k in range(40):
        falling = np.prod(-(k + 0.5 + np.arange(order)))
        term = factor * falling
        smallest = np.minimum(smallest, np.abs(term))
        total = total + np.where(np.abs(term) <= smallest, term, 0.0)
        factor = factor * sign * (4 * v * v - (2 * k + 1) ** 2) / (8 * (k + 1) * x)
    return total * x ** (-0.5 - order)


@Operation
@in_double
def scaled_i(v: Any, x: Any, order: int) -> Any:
    """Return the derivative of exp(-|x|) I_v(x); for large |x| the difference of two nearly equal terms."""
    size = np.abs(x)
    far = size > 40.0 + v * v
    sign = np.where(x < 0, -1.0, 1.0)
    near = np.zeros(np.broadcast_shapes(v.shape, x.shape))
    z = np.where(far, 1.0, x)
    for k in range(order + 1):  # (S - sign)ⁿ, S the mean of the two neighbours
        mean = sum(comb(k, j) * special.ive(v - k + 2 * j, z) for j in range(k + 1)) / 2.0**k
        near = near + comb(order, k) * (-sign) ** (order - k) * mean
    parity = np.where(x < 0, np.where(np.floor(v) == v, 1 - 2 * np.remainder(v, 2), np.nan), 1.0)
    large = parity * sign**order * _asymptotic(v, np.where(far, size, 100.0), -1.0, order) / np.sqrt(2 * np.pi)
    return np.where(far, large, near)


@Operation
@in_double
def scaled_k(v: Any, x: Any, order: int) -> Any:
    """Return the derivative of exp(x) K_v(x), x > 0; for large x the difference of two nearly equal terms."""
    far = x > 40.0 + v * v
    near = np.zeros(np.broadcast_shapes(v.shape, x.shape))
    z = np.where(far, 1.0, x)
    for k in range(order + 1):
        mean = sum(comb(k, j) * special.kve(v - k + 2 * j, z) for j in range(k + 1)) / 2.0**k
        near = near + comb(order, k) * (-1.0) ** k * mean
    return np.where(far, _asymptotic(v, np.where(far, x, 100.0), 1.0, order) * np.sqrt(np.pi / 2), near)


for _function in (scaled_i, scaled_k):
    elementwise(_function, 0, lambda c, _y, v, x, order, f=_function: c * f(v, x, order=order + 1), internal=True)


def _real(x: Any) -> Any:
    if is_complex(x):
        raise TypeError(
            "scipy.special: the derivative of a scaled Bessel function is known for real numbers only; "
            f"got {dtype_of(x)}. "
            "Write the function without its scale, times np.exp."
        )
    return x


special_function(special.ive, ORDER, lambda c, _y, v, x: c * scaled_i(v, _real(x), order=1))
special_function(special.kve, ORDER, lambda c, _y, v, x: c * scaled_k(v, _real(x), order=1))
elementwise(special.i0e, lambda c, _y, x: c * scaled_i(0.0, x, order=1))
elementwise(special.i1e, lambda c, _y, x: c * scaled_i(1.0, x, order=1))
elementwise(special.k0e, lambda c, _y, x: c * scaled_k(0.0, x, order=1))
elementwise(special.k1e, lambda c, _y, x: c * scaled_k(1.0, x, order=1))
special_function(special.jve, ORDER, lambda c, _y, v, x: c * 0.5 * (special.jv(v - 1, _real(x)) - special.jv(v + 1, x)))
special_function(special.yve, ORDER, lambda c, _y, v, x: c * 0.5 * (special.yv(v - 1, _real(x)) - special.yv(v + 1, x)))

# --- Kelvin functions: ber + i bei = I₀(kx), k = √i, and x f″ + f′ = ∓x g ---------------------------

KELVIN = (1 + 1j) / 2**0.5

elementwise(special.ber, lambda c, _y, x: c * special.berp(x))
elementwise(special.bei, lambda c, _y, x: c * special.beip(x))
elementwise(special.ker, lambda c, _y, x: c * special.kerp(x))
elementwise(special.kei, lambda c, _y, x: c * special.keip(x))
elementwise(special.berp, lambda c, _y, x: -c * (0.5 * (special.bei(x) + np.imag(special.iv(2, x * KELVIN)))))
elementwise(special.beip, lambda c, _y, x: c * (0.5 * (special.ber(x) + np.real(special.iv(2, x * KELVIN)))))
elementwise(special.kerp, lambda c, y, x: -c * (special.kei(x) + y / x))
elementwise(special.keip, lambda c, y, x: c * (special.ker(x) - y / np.where(x == 0, 1.0, x)))

# --- Struve functions, DLMF 11.4.25 and 11.4.26 ----------------------------------------------------


def _struve_rest(v: Any, x: Any) -> Any:
    return np.power(0.5 * x, v) * special.rgamma(v + 1.5) / np.sqrt(np.pi)


special_function(
    special.struve,
    ORDER,
    lambda c, _y, v, x: c * 0.5 * (special.struve(v - 1, x) - special.struve(v + 1, x) + _struve_rest(v, x)),
)
special_function(
    special.modstruve,
    ORDER,
    lambda c, _y, v, x: c * 0.5 * (special.modstruve(v - 1, x) + special.modstruve(v + 1, x) + _struve_rest(v, x)),
)
# SciPy's Struve functions of a narrow number are wide ones.
elementwise(special.itstruve0, lambda c, _y, x: c * to_dtype(special.struve(0.0, x), dtype_of(x)))
elementwise(special.itmodstruve0, lambda c, _y, x: c * to_dtype(special.modstruve(0.0, x), dtype_of(x)))


def _struve_over(x: Any) -> Any:
    """Return H₀(x) / x, for small x by its series (2/π) Σ (-x²)ᵏ / ((2k+1)!!)²."""
    near = np.abs(x) < 1
    square = np.where(near, x * x, 0.0)
    z = np.where(near, 1.0, x)
    series: Any = 1.0
    for k in range(9, 0, -1):
        series = 1.0 - square * series / (2 * k + 1) ** 2
    return np.where(near, 2 / np.pi * series, special.struve(0.0, z) / z)


elementwise(special.it2struve0, lambda c, _y, x: -c * to_dtype(_struve_over(x), dtype_of(x)))
