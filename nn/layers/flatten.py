"""Layers that only give the entries another shape."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from nn import functional
from nn.arguments import integer, positive_shape
from nn.module import Module


class Flatten(Module):
    """Make one axis of several, by default of all but the first; see `nn.functional.flatten`.

    Parameters
    ----------
    start_dim, end_dim : int
        The first and the last of the axes.

    Raises
    ------
    TypeError, ValueError
        For axes that are no integers, or that the input does not have in this order.

    Examples
    --------
    >>> Flatten()(np.ones((8, 3, 5, 5))).shape
    (8, 75)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim = integer("Flatten", "start_dim", start_dim)
        self.end_dim = integer("Flatten", "end_dim", end_dim)

    def forward(self, x: Any) -> Any:
        """Return x with the axes from `start_dim` to `end_dim` made one."""
        return functional.flatten(x, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Make several axes of one.

    Parameters
    ----------
    dim : int
        The axis.
    unflattened_size : sequence of int
        What becomes of it; one of them may be −1, and is then computed.

    Raises
    ------
    TypeError, ValueError
        For sizes that are no positive integers, and inputs whose axis has another length.

    Examples
    --------
    >>> Unflatten(1, (3, 5, 5))(np.ones((8, 75))).shape
    (8, 3, 5, 5)
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        self.dim = integer("Unflatten", "dim", dim)
        sizes = tuple(unflattened_size) if isinstance(unflattened_size, Sequence) else (unflattened_size,)
        unknown = [i for i, size in enumerate(sizes) if isinstance(size, int) and size == -1]
        if len(unknown) > 1:
            raise ValueError(f"Unflatten: only one size can be computed; got {sizes}. Write one −1 at most.")
        known = positive_shape("Unflatten", "unflattened_size", [1 if i in unknown else s for i, s in enumerate(sizes)])
        self.unflattened_size = tuple([-1 if i in unknown else size for i, size in enumerate(known)])

    def forward(self, x: Any) -> Any:
        """Return x with the axis `dim` made into axes of the sizes `unflattened_size`."""
        shape = np.shape(x)
        if not -len(shape) <= self.dim < len(shape):
            raise ValueError(f"Unflatten: the input has no axis {self.dim}; got shape {shape}. Change dim.")
        axis = self.dim % len(shape)
        known = prod([size for size in self.unflattened_size if size != -1])
        if shape[axis] % known if -1 in self.unflattened_size else shape[axis] != known:
            raise ValueError(
                f"Unflatten: axis {self.dim} must be as long as the product of {self.unflattened_size}; "
                f"got shape {shape}. Change the sizes."
            )
        sizes = [size if size != -1 else shape[axis] // known for size in self.unflattened_size]
        return np.reshape(x, (*shape[:axis], *sizes, *shape[axis + 1 :]))

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
