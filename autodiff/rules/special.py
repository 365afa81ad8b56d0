"""Elementwise functions of our own: those that derivatives are made of, each in a form that keeps its digits.

Their rules stand with those of other functions, in `autodiff.rules.transcendental` and `autodiff.rules.pieces`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.dispatch import Operation
from autodiff.operands import dtype_of


def _size(x: Any) -> Any:
    """Return |x|; of a complex number, that one of x and -x that lies to the right of the imaginary axis."""
    return np.where(np.real(x) < 0, -x, x) if dtype_of(x).kind == "c" else np.abs(x)


@Operation
def logistic(x: Any) -> Any:
    """Return 1 / (1 + exp(-x)) without overflow."""
    e = np.exp(-_size(x))
    return np.where((np.real(x) if dtype_of(x).kind == "c" else x) >= 0, 1.0, e) / (1.0 + e)


SECH_TAIL = 5e-4  # below, 1 - y² has lost more than 1e-12 of itself in float64


@Operation
def sech_squared(x: Any, y: Any) -> Any:
    """Return 1 / cosh(x)² for y = tanh(x): 1 - y² where that keeps the digits, else by exp(-2|x|).

    In float32 it is 1 - y² throughout, with an error of 1e-7 at most.
    """
    z = y * y
    dtype = dtype_of(z)
    if dtype.kind == "c" and dtype.itemsize == 16:
        z = 1.0 - z
        return np.where(np.abs(z) > SECH_TAIL, z, _sech_squared_by_exp(x))[()]
    if dtype.kind == "c" or dtype.itemsize < 8:
        return 1.0 - z
    if z.__class__ is np.ndarray:
        np.subtract(1.0, z, out=z)
        if np.minimum.reduce(z, axis=None, initial=1.0) <= SECH_TAIL:
            sech_squared_tail(x, z)
        return z
    return 1.0 - z if z < 1.0 - SECH_TAIL else _sech_squared_by_exp(x)


def sech_squared_tail(x: Any, z: np.ndarray) -> None:
    """Put 1 / cosh(x)² where z = 1 - tanh(x)² has lost its digits."""
    tail = np.flatnonzero(z <= SECH_TAIL)
    z.put(tail, _sech_squared_by_exp(x.take(tail)))


def _sech_squared_by_exp(x: Any) -> Any:
    q = np.exp(-2.0 * _size(x))
    return 4.0 * q / (1.0 + q) ** 2


@Operation
def sinc_derivative(x: Any, order: int) -> Any:
    """Return the derivative of sinc(x) = sin(πx) / (πx) of the given order.

    From x f⁽ⁿ⁾ = πⁿ⁻¹ sin(πx + nπ/2) - n f⁽ⁿ⁻¹⁾, which cancels near 0, where the Taylor
    series Σ (-1)ᵏ (πx)²ᵏ / (2k+1)! is differentiated instead.
    """
    dtype = dtype_of(x)
    x = np.asarray(x, np.result_type(dtype, np.float64))  # terms of the series leave the range of float32
    near = np.abs(x) < 1.0 + 0.5 * order
    z = np.where(near, np.pi * x, 0.0)
    series = np.zeros_like(z)
    for k in range(order // 2 + order % 2, order // 2 + 40):
        factor = 1.0  # (2k)! / (2k-order)! / (2k+1)!, term by term
        for j in range(1, 2 * k - order + 1):
            factor /= j
        series += (-1.0) ** k * factor / (2 * k + 1) * z ** (2 * k - order)
    series *= np.pi**order
    far = np.where(near, 1.0, x)
    angle = np.pi * (far - 2.0 * np.rint(0.5 * far.real))  # exact reduction: π far would lose the digits of a large far
    waves = np.sin(angle), np.cos(angle)
    f = waves[0] / (np.pi * far)
    for n in range(1, order + 1):
        wave = waves[n % 2] if n % 4 < 2 else -waves[n % 2]  # sin(angle + nπ/2)
        f = (np.pi ** (n - 1) * wave - n * f) / far
    return np.where(near, series, f).astype(dtype)[()]


@Operation
def bessel_i(x: Any, order: int) -> Any:
    """Return the modified Bessel function Iₙ(x), n = order.

    |x| ≤ 20: the power series, whose terms have one sign. Beyond: the periodic integral
    (1/π) ∫ exp(x cos θ) cos(nθ) dθ by the trapezoidal rule, which converges geometrically
    (Trefethen & Weideman 2014, "The exponentially convergent trapezoidal rule").
    """
    x = np.asarray(x)
    size = np.abs(x.astype(np.float64))
    half = np.minimum(size, 20.0) / 2.0
    term = half**order / np.prod(np.arange(1.0, order + 1.0))
    series = term.copy()
    for k in range(1, 60):
        term = term * half * half / (k * (k + order))
        series = series + term
    theta = np.pi * (np.arange(256) + 0.5) / 256
    large = np.maximum(size, 20.0)[..., None]
    integral = np.mean(np.exp(large * (np.cos(theta) - 1.0)) * np.cos(order * theta), axis=-1)
    root = np.exp(0.5 * large[..., 0])  # exp(x) overflows before Iₙ(x) does
    integral = integral * root * root
    value = np.where(size <= 20.0, series, integral)
    return np.where((x < 0) & (order % 2 == 1), -value, value).astype(x.dtype)[()]


@Operation
def fraction(x: Any) -> Any:
    """Return the fractional part, as np.modf gives it."""
    return np.modf(x)[0]


@Operation
def mantissa(x: Any) -> Any:
    """Return the mantissa, as np.frexp gives it."""
    return np.frexp(x)[0]


@Operation
def exponent(x: Any) -> Any:
    """Return the binary exponent, as np.frexp gives it."""
    return np.frexp(x)[1]


@Operation
def clamp(x: Any, low: Any, high: Any) -> Any:
    """Return np.clip(x, low, high), both bounds given."""
    return np.clip(x, low, high)


def zeroed(x: Any, where: Any) -> Any:
    """Return `x` with 0 in the entries where `where` holds, as np.where(where, 0.0, x) does.

    np.where has a branch for each entry, which costs six times as much where nobody can foresee
    it. (A product would be as fast, but 0 · ∞ is not 0.)

    Examples
    --------
    >>> zeroed(np.array([1.0, np.inf, 2.0]), np.array([False, True, True]))
    array([1., 0., 0.])
    """
    if x.__class__ is not np.ndarray or x.dtype.kind != "f" or x.itemsize > 8:
        return np.where(where, 0.0, x)
    if where.__class__ is not np.ndarray or where.shape != x.shape:
        return np.where(where, 0.0, x)
    bits = f"i{x.itemsize}"
    mask = where.astype(bits)
    mask -= 1  # all bits where x stays, none where it becomes 0
    mask &= x.view(bits)
    return mask.view(x.dtype)
