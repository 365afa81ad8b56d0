"""Activations a = σ(z) as functions of arrays, entry by entry.

Each is one operation with a rule of its own where that saves time or digits. The derivatives
are right to a relative 1e-12 wherever they are normal numbers. At a kink stands the
subgradient of least norm, as in PyTorch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from nn.functional.elementwise import elementwise

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


def identity(x: Any) -> Any:
    """Return x: the output of a regression.

    Examples
    --------
    >>> identity(3.0)
    3.0
    """
    return x


def tanh(x: Any) -> Any:
    """Return tanh(x), entry by entry.

    Examples
    --------
    >>> print(tanh(1000.0), ad.grad(tanh)(1000.0))
    1.0 0.0
    """
    return np.tanh(x)


def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + exp(−x)), entry by entry; no argument overflows, and the derivative keeps its digits.

    Examples
    --------
    >>> float(ad.grad(sigmoid)(-40.0))
    4.248354255291589e-18
    """
    return ad.logistic(x)


@elementwise(lambda c, y, _x: ad.zeroed(c, y <= 0))
def relu(x: Any) -> Any:
    """Return max(x, 0), entry by entry; the derivative at 0 is 0.

    Examples
    --------
    >>> ad.elementwise_grad(relu)(np.array([-1.0, 0.0, 1.0]))
    array([0., 0., 1.])
    """
    return np.maximum(x, 0.0)


@elementwise(lambda c, _y, x, negative_slope=0.01: np.where(x > 0, c, negative_slope * c))
def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """Return x for x > 0 and negative_slope · x elsewhere; the derivative at 0 is the slope.

    Examples
    --------
    >>> leaky_relu(np.array([-1.0, 2.0]))
    array([-0.01,  2.  ])
    """
    return np.where(x > 0, x, negative_slope * np.minimum(x, 0.0))[()]


def _elu_rule(c: Any, _y: Any, x: Any, alpha: float = 1.0) -> Any:
    return np.where(x > 0, c, c * (alpha * np.exp(np.where(x > 0, 0.0, x))))


@elementwise(_elu_rule)
def elu(x: Any, alpha: float = 1.0) -> Any:
    """Return x for x > 0 and α (exp(x) − 1) elsewhere, entry by entry.

    References
    ----------
    D.-A. Clevert, T. Unterthiner, S. Hochreiter (2016), "Fast and accurate deep network learning by exponential
    linear units", eq. (15).

    Examples
    --------
    >>> elu(np.array([-1e-20, 800.0]))
    array([-1.e-20,  8.e+02])
    """
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0)))[()]


def selu(x: Any) -> Any:
    """Return λ · elu(x, α) with the constants that keep mean 0 and variance 1 from layer to layer.

    References
    ----------
    G. Klambauer et al. (2017), "Self-normalizing neural networks", eqs. (2) and (14).

    Examples
    --------
    >>> print(selu(1.0))
    1.0507009873554805
    """
    return SELU_SCALE * elu(x, SELU_ALPHA)


def softplus(x: Any, beta: float = 1.0, threshold: float | None = None) -> Any:
    """Return log(1 + exp(β x)) / β, entry by entry.

    Parameters
    ----------
    x : array_like
        Any shape.
    beta : float
        β > 0; the larger, the closer to relu.
    threshold : float, optional
        Return x itself where β x is larger. PyTorch does so beyond 20, which costs half the digits; here
        nothing overflows without it.

    Examples
    --------
    >>> softplus(np.array([-1000.0, 0.0, 1000.0]))
    array([0.00000000e+00, 6.93147181e-01, 1.00000000e+03])
    """
    y = np.logaddexp(0.0, x) if beta == 1 else np.logaddexp(0.0, beta * x) / beta
    return y if threshold is None else np.where(beta * x > threshold, x, y)


@elementwise(lambda c, _y, x: c * ad.logistic(-x))
def logsigmoid(x: Any) -> Any:
    """Return log(1 / (1 + exp(−x))), entry by entry.

    Examples
    --------
    >>> print(logsigmoid(-1000.0))
    -1000.0
    """
    return -np.logaddexp(0.0, -x)


def _softsign_rule(c: Any, _y: Any, x: Any) -> Any:
    r = 1.0 / (1.0 + np.abs(x))
    return c * (r * r)


@elementwise(_softsign_rule)
def softsign(x: Any) -> Any:
    """Return x / (1 + |x|), entry by entry.

    Examples
    --------
    >>> softsign(np.array([-1.0, np.inf]))
    array([-0.5,  1. ])
    """
    infinite = np.isinf(x)
    finite = np.where(infinite, 0.0, x)
    return np.where(infinite, np.sign(x), finite / (1.0 + np.abs(finite)))[()]


def _hardtanh_rule(c: Any, _y: Any, x: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    return np.where((x <= min_val) | (x >= max_val), 0.0, c)


@elementwise(_hardtanh_rule)
def hardtanh(x: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """Return x cut off at both bounds; the derivative at a bound is 0 (`np.clip` has 1 there).

    Examples
    --------
    >>> hardtanh(np.array([-3.0, 0.5, 3.0]))
    array([-1. ,  0.5,  1. ])
    """
    return np.clip(x, min_val, max_val)


def relu6(x: Any) -> Any:
    """Return min(max(x, 0), 6), entry by entry.

    Examples
    --------
    >>> print(relu6(7.0))
    6.0
    """
    return hardtanh(x, 0.0, 6.0)


@elementwise(lambda c, _y, x: np.where((x <= -3) | (x >= 3), 0.0, c / 6))
def hardsigmoid(x: Any) -> Any:
    """Return the line x/6 + 1/2 cut off at 0 and 1: a cheap sigmoid.

    Examples
    --------
    >>> print(hardsigmoid(1.5))
    0.75
    """
    return (np.clip(x, -3.0, 3.0) + 3.0) / 6.0
