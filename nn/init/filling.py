"""Putting values into a parameter where it is, and checking what is asked for."""

from __future__ import annotations

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
