"""A tensor that a model learns."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad


class Parameter(ad.Tensor):
    """An array that belongs to a module and that an optimiser changes.

    Parameters
    ----------
    data : array_like
        Floats, of any shape; copied.
    requires_grad : bool
        False for a parameter that is held fixed.
    name : str, optional
        Shown in pictures and tables.

    Raises
    ------
    TypeError
        For data that are no floats.
    ValueError
        For an in-place change that would be recorded, outside `ad.no_grad()`.

    Examples
    --------
    >>> w = Parameter([1.0, 2.0])
    >>> (w * w).sum().backward()
    >>> w.grad
    array([2., 4.])
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True, name: str | None = None) -> None:
        super().__init__(np.array(ad.tensor(data).data))
        if name is not None:
            self.name = name
        if requires_grad:
            self.requires_grad = True

    def _assign(self, value: Any) -> None:
        if self._is_recorded():
            raise ValueError(
                "Parameter: a recorded in-place change would make it depend on its own past; got one on a parameter "
                f"of shape {self.shape} that requires a gradient. Write it inside `with ad.no_grad():`."
            )
        super()._assign(value)

    def __reduce__(self) -> tuple:
        # A copy or a pickle is a new input: it shares neither the graph nor an optimiser's memory.
        return Parameter, (np.array(self.data), self.requires_grad, self.name)
