"""Checks of the numbers that say how large a layer is."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np


def positive(layer: str, name: str, value: Any) -> int:
    """Return `value` as an int, once it has been found to be a positive integer."""
    number = integer(layer, name, value)
    if number < 1:
        raise ValueError(f"{layer}: {name} must be positive; got {number}. Pass a number ≥ 1.")
    return number


def integer(layer: str, name: str, value: Any) -> int:
    """Return `value` as an int; a bool is none."""
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise TypeError(
            f"{layer}: {name} must be an integer; got {type(value).__name__} {value!r}. Pass an int."
        ) from None


def positive_shape(layer: str, name: str, value: Any) -> tuple[int, ...]:
    """Return a shape given as an int or a sequence of them, all positive."""
    sizes = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    if not sizes:
        raise ValueError(f"{layer}: {name} must have at least one axis; got {value!r}. Pass an int or a shape.")
    return tuple([positive(layer, name, size) for size in sizes])


def number_between(layer: str, name: str, value: Any, low: float, high: float) -> float:
    """Return `value` as a float, once it has been found to be a number in [low, high]."""
    if isinstance(value, (bool, np.bool_, str)) or not isinstance(value, (int, float, np.number)):
        raise TypeError(f"{layer}: {name} must be a number; got {type(value).__name__} {value!r}. Pass a float.")
    if not low <= value <= high:
        raise ValueError(f"{layer}: {name} must lie in [{low:g}, {high:g}]; got {value}. Pass such a number.")
    return float(value)
