"""Putting values into a parameter where it is, and checking what is asked for."""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np

import autodiff as ad

T = TypeVar("T")


def target(name: str, tensor: Any) -> np.ndarray:
    """Return the array that is to be filled."""
    data = tensor.data if isinstance(tensor, ad.Tensor) else tensor
    if isinstance(tensor, ad.Tensor) and tensor.requires_grad and tensor.leaf is None:
        raise TypeError(
            f"{name}: only inputs can be filled; got a tensor that was computed. Pass a parameter of the model."
        )
    if not isinstance(data, np.ndarray) or data.dtype.kind != "f":
        found = f"dtype {data.dtype}" if isinstance(data, np.ndarray) else type(tensor).__name__
        raise TypeError(f"{name}: takes a parameter or an array of floats; got {found}. Pass layer.weight.")
    if not data.flags.writeable:
        raise ValueError(f"{name}: the array is read-only; got shape {data.shape}. Pass a parameter, or a copy.")
    return data


def fill(name: str, tensor: T, values: Any) -> T:
    """Write `values` into the memory of `tensor`, and return it."""
    target(name, tensor)[...] = values
    return tensor


def number(function: str, name: str, value: Any) -> float:
    """Return `value` as a float, once it has been found to be a finite number."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)):
        raise TypeError(f"{function}: {name} must be a number; got {type(value).__name__} {value!r}. Pass a float.")
    if not math.isfinite(value):
        raise ValueError(f"{function}: {name} must be finite; got {value}. Pass a number.")
    return float(value)


def not_negative(function: str, name: str, value: Any) -> float:
    """Return `value` as a float, once it has been found to be a number ≥ 0."""
    checked = number(function, name, value)
    if checked < 0.0:
        raise ValueError(f"{function}: {name} must not be negative; got {value}. Pass a number ≥ 0.")
    return checked
