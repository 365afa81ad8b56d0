"""Activations x · g(x), whose gate g rises from 0 to 1: GELU, SiLU, Mish and hardswish.

The derivative is g(x) + x g′(x). In the left tail g is written so that it keeps its digits; far
out, where it is 0 or 1 to the last of them, x is clipped, so that ∞ gives the limit and not 0 · ∞.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from nn.functional.elementwise import elementwise
from nn.functional.normal import BEYOND, normal_cdf, normal_pdf

FLAT = 800.0
"""exp(−800) is smaller than the smallest positive float64."""


def _gelu_rule(c: Any, _y: Any, x: Any) -> Any:
    z = np.clip(x, -BEYOND, BEYOND)
    return c * (normal_cdf(z) + z * normal_pdf(z))


@elementwise(_gelu_rule)
def _gelu(x: Any) -> Any:
    return np.maximum(x, -BEYOND) * normal_cdf(x)


def _double_slope(z: Any) -> Any:
    """Return 2u for the approximation Φ(z) ≈ (1 + tanh u) / 2 = 1 / (1 + exp(−2u))."""
    return 1.5957691216057308 * (z + 0.044715 * (z * z * z))


def _gelu_tanh_rule(c: Any, _y: Any, x: Any) -> Any:
    z = np.clip(x, -BEYOND, BEYOND)
    u = _double_slope(z)
    s = ad.logistic(u)
    return c * (s * (1.0 + z * ad.logistic(-u) * (1.5957691216057308 * (1.0 + 0.134145 * (z * z)))))


@elementwise(_gelu_tanh_rule)
def _gelu_tanh(x: Any) -> Any:
    return np.maximum(x, -BEYOND) * ad.logistic(_double_slope(np.clip(x, -BEYOND, BEYOND)))


APPROXIMATIONS = {"none": _gelu, "tanh": _gelu_tanh}


def gelu(x: Any, approximate: str = "none") -> Any:
    """Return x Φ(x), entry by entry, Φ being the distribution function of the standard normal.

    Parameters
    ----------
    x : array_like
        Any shape.
    approximate : {"none", "tanh"}
        "tanh" takes (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2 for Φ, as some published models do.

    Raises
    ------
    ValueError
        For another approximation.

    References
    ----------
    D. Hendrycks, K. Gimpel (2016), "Gaussian error linear units", section 2. (Theirs and PyTorch's formula
    1 + erf loses its digits for x < 0; Φ is computed through erfc here.)

    Examples
    --------
    >>> print(f"{gelu(-10.0):.14}")
    -7.6198530241605e-23
    """
    return APPROXIMATIONS[check_approximation("gelu", approximate)](x)


def check_approximation(function: str, approximate: Any) -> str:
    """Return the name of an approximation, checked."""
    if not isinstance(approximate, str) or approximate not in APPROXIMATIONS:
        raise ValueError(f'{function}: approximate is "none" or "tanh"; got {approximate!r}. Choose one of them.')
    return approximate


def _silu_rule(c: Any, _y: Any, x: Any) -> Any:
    z = np.clip(x, -FLAT, FLAT)
    return c * (ad.logistic(z) * (1.0 + z * ad.logistic(-z)))


@elementwise(_silu_rule)
def silu(x: Any) -> Any:
    """Return x / (1 + exp(−x)), entry by entry (also called swish).

    References
    ----------
    S. Elfwing, E. Uchibe, K. Doya (2018), "Sigmoid-weighted linear units …", eq. (6).

    Examples
    --------
    >>> print(silu(0.0), ad.grad(silu)(0.0))
    0.0 0.5
    """
    return np.maximum(x, -FLAT) * ad.logistic(x)


def _mish_gate(z: Any) -> Any:
    return np.tanh(np.logaddexp(0.0, z))


def _mish_rule(c: Any, _y: Any, x: Any) -> Any:
    """With g = tanh(softplus(z)): g′ = (1 − g²) s(z) and 1 − g² = 4 (1 + eᶻ)² / ((1 + eᶻ)² + 1)²."""
    z = np.clip(x, -FLAT, FLAT)
    r = ad.logistic(-z) ** 2  # (1 + eᶻ)⁻²
    return c * (_mish_gate(z) + z * (4.0 * r / (1.0 + r) ** 2 * ad.logistic(z)))


@elementwise(_mish_rule)
def mish(x: Any) -> Any:
    """Return x tanh(log(1 + exp(x))), entry by entry.

    References
    ----------
    D. Misra (2020), "Mish: a self regularized non-monotonic activation function", eq. (1).

    Examples
    --------
    >>> print(mish(0.0), f"{ad.grad(mish)(0.0):.6f}")
    0.0 0.600000
    """
    return np.maximum(x, -FLAT) * _mish_gate(x)


def _hardswish_rule(c: Any, _y: Any, x: Any) -> Any:
    return np.where(x <= -3, 0.0, np.where(x < 3, c * (np.clip(x, -3.0, 3.0) / 3 + 0.5), c))


@elementwise(_hardswish_rule)
def hardswish(x: Any) -> Any:
    """Return x · hardsigmoid(x): 0 up to −3, x from 3 on, a parabola between.

    References
    ----------
    A. Howard et al. (2019), "Searching for MobileNetV3", section 5.2.

    Examples
    --------
    >>> print(f"{hardswish(1.0):.6f}")
    0.666667
    """
    return np.maximum(x, -3.0) * ((np.clip(x, -3.0, 3.0) + 3.0) / 6.0)
