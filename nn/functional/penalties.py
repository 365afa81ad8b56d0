"""Penalties on the size of parameters, to be added to a loss."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np


def l1_penalty(parameters: Iterable) -> Any:
    """Return Σ |w| over all entries of all parameters; its derivative at w = 0 is 0.

    Parameters
    ----------
    parameters : iterable of array_like
        Such as `model.parameters()`.

    Raises
    ------
    TypeError
        For a single array, whose rows would be taken for parameters.

    Examples
    --------
    >>> print(l1_penalty([np.array([1.0, -2.0]), np.array(3.0)]))
    6.0
    """
    return sum([np.sum(np.abs(p)) for p in _each("l1_penalty", parameters)], 0.0)


def l2_penalty(parameters: Iterable) -> Any:
    """Return Σ w² over all entries of all parameters: ridge regression's, without a factor 1/2.

    Parameters
    ----------
    parameters : iterable of array_like
        Such as `model.parameters()`.

    Raises
    ------
    TypeError
        For a single array, whose rows would be taken for parameters.

    Examples
    --------
    >>> print(l2_penalty([np.array([1.0, -2.0]), np.array(3.0)]))
    14.0
    """
    return sum([np.sum(np.square(p)) for p in _each("l2_penalty", parameters)], 0.0)


def _each(function: str, parameters: Any) -> Iterable:
    if hasattr(parameters, "dtype") or not isinstance(parameters, Iterable):
        raise TypeError(
            f"{function}: takes a list of parameters; got {type(parameters).__name__}. "
            "Write model.parameters(), or [parameter]."
        )
    return parameters
