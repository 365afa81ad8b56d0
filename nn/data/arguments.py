"""Numbers of samples, epochs, batches, and the seeds of chance, checked."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np


def positive_int(function: str, name: str, value: Any) -> int:
    """Return `value` as an int, or raise unless it is a positive integer."""
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__"):
        raise TypeError(f"{function}: {name} must be a positive integer; got {value!r}. Pass an int.")
    number = operator.index(value)
    if number < 1:
        raise ValueError(f"{function}: {name} must be a positive integer; got {number}. Pass 1 or more.")
    return number


def true_or_false(function: str, name: str, value: Any) -> bool:
    """Return `value` as a bool, or raise unless it is one."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{function}: {name} must be True or False; got {value!r}. Pass one of them.")
    return bool(value)


def seed_from(function: str, rng: Any) -> int:
    """Return the seed that `rng` is, or one drawn from it; None draws it from the operating system."""
    if rng is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63))
    if isinstance(rng, (bool, np.bool_)) or not hasattr(rng, "__index__"):
        raise TypeError(
            f"{function}: rng must be a numpy.random.Generator or an integer seed; got {type(rng).__name__}. "
            "Pass np.random.default_rng(0), or 0."
        )
    if operator.index(rng) < 0:
        raise ValueError(f"{function}: a seed must not be negative; got {rng}. Pass an int ≥ 0.")
    return operator.index(rng)
