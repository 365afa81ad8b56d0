"""Elementwise rules of exponentials, logarithms, trigonometric and hyperbolic functions.

The formulas keep their digits in the tails: see "Derivatives accurate to the last digits" in the tests.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.operands import is_complex
from autodiff.rules.elementwise import elementwise
from autodiff.rules.special import bessel_i, logistic, sech_squared, sinc_derivative

LN2 = 0.6931471805599453
LN10 = 2.302585092994046


def _arctan2(c: Any, numerator: Any, a: Any, b: Any) -> Any:
    """numerator / (a² + b²) without overflow; 0 at the origin."""
    h = np.hypot(a, b)
    h = np.where(h == 0, 1.0, h)
    return c * (numerator / h / h)


def _arctan(c: Any, _y: Any, x: Any) -> Any:
    if is_complex(x):
        return c / (1 + 1j * x) / (1 - 1j * x)
    h = np.hypot(1.0, x)  # no overflow
    return c / h / h


def _arc(x: Any) -> Any:
    """Return √((1 − x)(1 + x)); on the branch cuts x - -1 keeps the sign of a zero imaginary part, x + 1 would not."""
    return np.sqrt(-(x - 1)) * np.sqrt(x - -1) if is_complex(x) else np.sqrt((1 - x) * (1 + x))


def _arcsinh(c: Any, _y: Any, x: Any) -> Any:
    """c / √(1 + x²), without cancellation near ±i."""
    return c / (_arc(1j * x) if is_complex(x) else np.hypot(1.0, x))


def _tan(c: Any, y: Any, x: Any) -> Any:
    """1 + tan(x)², and far from the real axis, where that cancels, sech(ix)²."""
    return c * (sech_squared(1j * x, 1j * y) if is_complex(x) else 1 + y * y)


# --- exponentials and logarithms

elementwise(np.exp, lambda c, y, _x: c * y)
elementwise(np.exp2, lambda c, y, _x: c * (y * LN2))
elementwise(np.expm1, lambda c, _y, x: c * np.exp(x))
elementwise(np.log, lambda c, _y, x: c / x)
elementwise(np.log2, lambda c, _y, x: c / (x * LN2))
elementwise(np.log10, lambda c, _y, x: c / (x * LN10))
elementwise(np.log1p, lambda c, _y, x: c / (1 + x))
elementwise(np.logaddexp, lambda c, _y, a, b: c * logistic(a - b), lambda c, _y, a, b: c * logistic(b - a))
elementwise(
    np.logaddexp2, lambda c, _y, a, b: c * logistic((a - b) * LN2), lambda c, _y, a, b: c * logistic((b - a) * LN2)
)
elementwise(logistic, lambda c, y, x: c * (y * logistic(-x)))

# --- trigonometric and hyperbolic functions

elementwise(np.sin, lambda c, _y, x: c * np.cos(x))
elementwise(np.cos, lambda c, _y, x: -c * np.sin(x))
elementwise(np.tan, _tan)
elementwise(np.arcsin, lambda c, _y, x: c / _arc(x))
elementwise(np.arccos, lambda c, _y, x: -c / _arc(x))
elementwise(np.arctan, _arctan)
elementwise(np.arctan2, lambda c, _y, a, b: _arctan2(c, b, a, b), lambda c, _y, a, b: _arctan2(-c, a, a, b))
elementwise(np.sinh, lambda c, _y, x: c * np.cosh(x))
elementwise(np.cosh, lambda c, _y, x: c * np.sinh(x))
elementwise(np.tanh, lambda c, y, x: c * sech_squared(x, y))
elementwise(sech_squared, lambda c, z, _x, y: c * (-2 * (y * z)), 0)
elementwise(np.arcsinh, _arcsinh)
elementwise(np.arccosh, lambda c, _y, x: c / (np.sqrt(x - 1) * np.sqrt(x + 1)))
elementwise(np.arctanh, lambda c, _y, x: c / ((1 - x) * (1 + x)))
elementwise(np.degrees, 180 / np.pi)
elementwise(np.rad2deg, 180 / np.pi)
elementwise(np.radians, np.pi / 180)
elementwise(np.deg2rad, np.pi / 180)
elementwise(np.sinc, lambda c, _y, x: c * sinc_derivative(x, order=1))
elementwise(sinc_derivative, lambda c, _y, x, order: c * sinc_derivative(x, order=order + 1), internal=True)
elementwise(np.i0, lambda c, _y, x: c * bessel_i(x, order=1))
elementwise(
    bessel_i,
    lambda c, _y, x, order: c * 0.5 * (bessel_i(x, order=abs(order - 1)) + bessel_i(x, order=order + 1)),
    internal=True,
)
