"""The derivatives of w(z) = exp(-z²) erfc(-iz), of which erfcx, Dawson's function and Voigt's profile are parts."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from autodiff.dispatch import Operation
from autodiff.rules.elementwise import elementwise
from autodiff.rules.scipy_special.orders import in_double

FAR = 7.0
TERMS = 40


@Operation
def faddeeva(z: Any, order: int) -> Any:
    """Return w⁽ⁿ⁾(z), n = order, a complex number.

    w⁽ⁿ⁺¹⁾ = -2z w⁽ⁿ⁾ - 2n w⁽ⁿ⁻¹⁾ cancels for large |z|: there the asymptotic series of w is
    differentiated term by term, in the upper half-plane; w(z) = 2 exp(-z²) - w(-z) in the lower.
    """
    dtype = np.result_type(np.asarray(z), np.complex64)
    z = np.asarray(z, np.complex128)
    with np.errstate(all="ignore"):
        far = np.abs(z) > FAR
        near = np.where(far, 0.0, z)
        w = [special.wofz(near)]
        w.append(2j / np.sqrt(np.pi) - 2 * near * w[0])
        for n in range(1, order):
            w.append(-2 * near * w[n] - 2 * n * w[n - 1])
        lower = z.imag < 0
        y = np.where(lower, (-1.0) ** order, 1.0) * _far(np.where(far, np.where(lower, -z, z), FAR), order)
        y = np.where(lower, 2 * _gaussian(z, order) - y, y)
        return np.where(far, y, w[order]).astype(dtype)[()]


def _far(z: np.ndarray, order: int) -> np.ndarray:
    """Return the derivative of (i/√π) Σ (2k-1)!! / (2ᵏ z²ᵏ⁺¹)."""
    if order == 0:
        return special.wofz(z)
    total = np.zeros_like(z)
    factor = 1.0 / z
    for k in range(TERMS):
        falling = np.prod(-(2.0 * k + 1 + np.arange(order)))
        total += factor * falling
        factor = factor * (2 * k + 1) / (2 * z * z)
    return 1j / np.sqrt(np.pi) * total / z**order


def _gaussian(z: np.ndarray, order: int) -> np.ndarray:
    """Return the derivative of exp(-z²)."""
    before, now = np.zeros_like(z), np.exp(-z * z)
    for n in range(order):
        before, now = now, -2 * z * now - 2 * n * before
    return now


elementwise(faddeeva, lambda c, _y, z, order: c * faddeeva(z, order=order + 1), internal=True)


@Operation
@in_double
def erfcx_derivative(x: Any, order: int) -> Any:
    """Return the derivative of erfcx(x) = w(ix)."""
    y = 1j**order * faddeeva(1j * x, order=order)
    return y if x.dtype.kind == "c" else y.real


@Operation
@in_double
def dawson_derivative(x: Any, order: int) -> Any:
    """Return the derivative of Dawson's function, (√π / 2) Im w(x) for real x."""
    if x.dtype.kind == "c":  # (√π / 2i) (w(x) - exp(-x²))
        z = np.where(x.imag < 0, -x, x)  # an odd function
        y = np.sqrt(np.pi) / 2j * (faddeeva(z, order=order) - _gaussian(z, order))
        return np.where(x.imag < 0, (-1.0) ** (order + 1), 1.0) * y
    return 0.5 * np.sqrt(np.pi) * faddeeva(x, order=order).imag


elementwise(erfcx_derivative, lambda c, _y, x, order: c * erfcx_derivative(x, order=order + 1), internal=True)
elementwise(dawson_derivative, lambda c, _y, x, order: c * dawson_derivative(x, order=order + 1), internal=True)


@Operation
@in_double
def hazard_excess(x: Any) -> Any:
    """Return x + φ(x) / Φ(x), by -erfcx'/erfcx where that cancels."""
    z = np.where(x < 0, -x / np.sqrt(2.0), 0.0)
    left = -erfcx_derivative(z, order=1) / (np.sqrt(2.0) * special.erfcx(z))
    return np.where(x < 0, left, x + hazard(x))


@Operation
@in_double
def hazard(x: Any) -> Any:
    """Return φ(x) / Φ(x), the derivative of log Φ."""
    return np.sqrt(2 / np.pi) / special.erfcx(-x / np.sqrt(2.0))


elementwise(hazard, lambda c, y, x: -c * (y * hazard_excess(x)))
elementwise(hazard_excess, lambda c, y, x: c * (1 - hazard(x) * y))
