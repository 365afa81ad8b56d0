"""Activations a = σ(z) as functions of arrays, entry by entry unless they say otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad


def tanh(x: Any) -> Any:
    """Return tanh(x), entry by entry."""
    return np.tanh(x)


def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + exp(−x)), entry by entry; no argument overflows, and the derivative keeps its digits.

    Examples
    --------
    >>> float(ad.grad(sigmoid)(-40.0))
    4.248354255291589e-18
    """
    return ad.logistic(x)


def relu(x: Any) -> Any:
    """Return max(x, 0), entry by entry; the derivative at 0 is 0.

    Examples
    --------
    >>> ad.elementwise_grad(relu)(np.array([-1.0, 0.0, 1.0]))
    array([0., 0., 1.])
    """
    return np.where(x <= 0, 0.0, x)
