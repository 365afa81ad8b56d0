"""Elementwise operations of our own, each one step for the engine: the value, and the rule of its derivative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autodiff as ad


def elementwise(rule: Callable) -> Callable[[Callable], Any]:
    """Return a decorator that gives a function its derivative.

    Parameters
    ----------
    rule : callable
        `rule(c, y, x, **parameters)` is J c for a tangent or a cotangent c. One rule serves both
        modes because J is symmetric: diagonal for a function of each entry, and for softmax too.

    Examples
    --------
    >>> @elementwise(lambda c, _y, x: c * 2 * x)
    ... def squared(x):
    ...     return x * x
    >>> print(ad.grad(squared)(3.0))
    6.0
    """
    return lambda function: ad.primitive(function).defvjp(rule).defjvp(rule)
