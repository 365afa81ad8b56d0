"""What an array may hold, looked at whenever the numbers are: also at every run of a compiled step."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

import autodiff as ad


def array(x: Any) -> Any:
    """Return what has no derivative as an array, or while a step is compiled as the record that stands for it."""
    return x if isinstance(x, ad.Record) else np.asarray(x)


@ad.primitive
def within(x: Any, *, low: float, high: float = inf, problem: str, advice: str) -> Any:
    """Return `x`, once all of it has been found to be finite and to lie in [low, high].

    Raises
    ------
    ValueError
        With the problem, the smallest and the largest entry, and the advice.
    """
    if not (np.isfinite(x) & (x >= low) & (x <= high)).all():
        raise ValueError(f"{problem}; got values from {np.min(x)} to {np.max(x)}. {advice}")
    return x


within.defvjp(lambda ct, _y, _x, **_: ct).defjvp(lambda x_dot, _y, _x, **_: x_dot).defflop(lambda _y, _x, **_: 0)


def weights(function: str, name: str, x: Any) -> Any:
    """Return factors of losses, once they have been found to be finite and not negative.

    Raises
    ------
    TypeError, ValueError
        For what are no such numbers.
    """
    x = array(x)
    if x.dtype.kind not in "iubf":
        raise TypeError(f"{function}: {name} must hold real numbers; got dtype {x.dtype}. Convert it to floats.")
    problem = f"{function}: {name} must be finite and not negative"
    return within(x, low=0, problem=problem, advice="What shall not count has weight 0.")
