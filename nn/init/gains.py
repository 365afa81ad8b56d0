"""The size of a layer, and what its activation takes away: the two things that initial weights are scaled by."""

from __future__ import annotations

import math
from typing import Any

from nn.arguments import number
from nn.init.filling import target


def fans(tensor: Any) -> tuple[int, int]:
    """Return fan_in and fan_out of a weight: how many inputs an output has, and the other way round.

    Examples
    --------
    >>> import numpy as np
    >>> fans(np.empty((64, 10))), fans(np.empty((16, 3, 5, 5)))
    ((64, 10), (75, 400))
    """
    shape = tensor.shape
    if len(shape) < 2:
        raise ValueError(
            f"init: fan_in and fan_out need a weight of two axes or more; got shape {shape}. "
            "Use zeros_, constant_, normal_ or uniform_ for a bias."
        )
    if len(shape) == 2:
        return shape[0], shape[1]
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


GAINS = {
    **dict.fromkeys(["linear", "identity", "conv1d", "conv2d", "sigmoid"], 1.0),
    "tanh": 5.0 / 3.0,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4.0,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return the factor by which weights are scaled for what an activation takes away.

    Parameters
    ----------
    nonlinearity : str
        "linear", "identity", "conv1d", "conv2d", "sigmoid" (1), "tanh" (5/3), "relu" (√2),
        "leaky_relu" (√(2 / (1 + slope²))) or "selu" (3/4).
    param : float, optional
        The slope of leaky ReLU for negative arguments, 0.01 by default.

    Raises
    ------
    TypeError, ValueError
        For another activation; for a slope that is no number.

    References
    ----------
    He, Zhang, Ren & Sun (2015), "Delving deep into rectifiers", eqs. 10 and 15 (ReLU and
    leaky ReLU); the others are PyTorch's.

    Examples
    --------
    >>> calculate_gain("leaky_relu", 1.0)
    1.0
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else number("calculate_gain", "param", param)
        return math.sqrt(2.0 / (1.0 + slope * slope))
    if nonlinearity not in GAINS:
        choices = ", ".join(f'"{name}"' for name in [*GAINS, "leaky_relu"])
        raise ValueError(f"calculate_gain: unknown nonlinearity; got {nonlinearity!r}. Choose one of {choices}.")
    return GAINS[nonlinearity]


def checked_fans(name: str, tensor: Any) -> tuple[int, int]:
    """Return fan_in and fan_out of a weight that can be filled and has entries."""
    target(name, tensor)
    fan_in, fan_out = fans(tensor)
    if fan_in == 0 or fan_out == 0:
        raise ValueError(f"{name}: the weight has no entries; got shape {tensor.shape}. Use positive sizes.")
    return fan_in, fan_out
