"""Several axes made one."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np


def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Return `input` with the axes from `start_dim` to `end_dim` (inclusive) made one.

    Raises
    ------
    ValueError
        For axes that the input does not have in this order.

    Examples
    --------
    >>> flatten(np.ones((8, 3, 5, 5)), 1).shape
    (8, 75)
    """
    shape = np.shape(input)
    ndim = max(len(shape), 1)
    if not (-ndim <= start_dim < ndim and -ndim <= end_dim < ndim and start_dim % ndim <= end_dim % ndim):
        raise ValueError(
            f"flatten: the input must have the axes {start_dim} to {end_dim}, in this order; got shape {shape}. "
            "Change start_dim and end_dim."
        )
    start, stop = start_dim % ndim, end_dim % ndim + 1
    return np.reshape(input, (*shape[:start], prod(shape[start:stop]), *shape[stop:]))
