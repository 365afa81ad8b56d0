"""Sums over broadcast axes, for programs that define derivatives of operations that broadcast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.rules.elementwise import match

__all__ = ["unbroadcast_f"]


def unbroadcast_f(target: Any, pull: Callable) -> Callable:
    """Return the pullback `pull`, its result summed over the axes along which `target` was broadcast.

    Examples
    --------
    >>> import numpy as np
    >>> unbroadcast_f(np.zeros(2), lambda ct: 3 * ct)(np.ones((4, 2)))
    array([12., 12.])
    """
    return lambda ct: match(pull(ct), target)
