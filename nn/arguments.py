"""The arguments of layers, losses, optimisers and loops, checked: numbers, sizes, switches, seeds, dtypes.

Each function gets the name of who asks and of the argument for the message, and returns the plain Python value.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

NUMBERS = (int, float, np.integer, np.floating)


def integer(function: str, name: str, value: Any, least: int | None = None) -> int:
    """Return `value` as an int, and at least `least`; a bool is none."""
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__"):
        raise _wrong_kind(function, name, "an integer", value, "Pass an int.")
    try:
        number = operator.index(value)
    except TypeError:  # an array of floats has the method, too
        raise _wrong_kind(function, name, "an integer", value, "Pass an int.") from None
    if least is not None and number < least:
        raise ValueError(f"{function}: {name} must be at least {least}; got {number}. Pass an int ≥ {least}.")
    return number


def positive_shape(function: str, name: str, value: Any) -> tuple[int, ...]:
    """Return a shape given as an int or a sequence of them, all positive."""
    sizes = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    if not sizes:
        raise ValueError(f"{function}: {name} must have at least one axis; got {value!r}. Pass an int or a shape.")
    return tuple([integer(function, name, size, 1) for size in sizes])


def number(function: str, name: str, value: Any) -> float:
    """Return a finite number as a Python float, so that float32 arrays stay float32."""
    value = _real(function, name, value)
    if not math.isfinite(value):
        raise ValueError(f"{function}: {name} must be finite; got {value}. Pass a finite number.")
    return value


def positive(function: str, name: str, value: Any) -> float:
    """Return a finite number > 0."""
    value = number(function, name, value)
    if not value > 0.0:
        raise ValueError(f"{function}: {name} must be positive; got {value}. Pass a number > 0.")
    return value


def not_negative(function: str, name: str, value: Any) -> float:
    """Return a finite number ≥ 0."""
    value = number(function, name, value)
    if not value >= 0.0:
        raise ValueError(f"{function}: {name} must not be negative; got {value}. Pass a number ≥ 0.")
    return value


def between(function: str, name: str, value: Any, low: float, high: float) -> float:
    """Return a number in [low, high]."""
    value = _real(function, name, value)
    if not low <= value <= high:
        raise ValueError(f"{function}: {name} must lie in [{low:g}, {high:g}]; got {value}. Pass such a number.")
    return value


def flag(function: str, name: str, value: Any) -> bool:
    """Return True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise _wrong_kind(function, name, "True or False", value, "Pass a bool.")
    return bool(value)


def float_dtype(function: str, value: Any) -> np.dtype:
    """Return a dtype of floats: only these can be learned."""
    try:
        dtype = np.dtype(value)
    except TypeError:
        dtype = None
    if dtype is None or dtype.kind != "f":
        raise TypeError(f"{function}: dtype must be one of floats; got {value!r}. Pass np.float64 or np.float32.")
    return dtype


def generator(function: str, rng: Any) -> np.random.Generator:
    """Return the source of chance that `rng` is, or the one that it is the seed of; None makes a fresh one."""
    if rng is None or isinstance(rng, (np.random.Generator, np.random.BitGenerator, np.random.SeedSequence)):
        return np.random.default_rng(rng)
    return np.random.default_rng(seed_from(function, rng))


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


def check_loss(function: str, loss: Any) -> None:
    """Raise unless `loss` can be called with a prediction and a target."""
    if isinstance(loss, type) or not callable(loss):
        given = f"the class {loss.__name__}" if isinstance(loss, type) else type(loss).__name__
        raise TypeError(
            f"{function}: the loss must be a function of (prediction, target); got {given}. "
            "Pass an instance, such as nn.MSELoss(), or a function."
        )


def check_callable(function: str, value: Any, of: str) -> None:
    """Raise unless `value` can be called."""
    if not callable(value):
        raise TypeError(f"{function}: takes a function of {of}; got {type(value).__name__} {value!r}. Pass one.")


def _real(function: str, name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, NUMBERS):
        raise _wrong_kind(function, name, "a number", value, "Pass a float.")
    return float(value)


def _wrong_kind(function: str, name: str, wanted: str, value: Any, advice: str) -> TypeError:
    return TypeError(f"{function}: {name} must be {wanted}; got {type(value).__name__} {value!r}. {advice}")
