"""Softmax and its logarithm as modules."""

from __future__ import annotations

from typing import Any

from nn import functional
from nn.arguments import integer
from nn.module import Module


class Softmax(Module):
    """The probabilities exp(zᵢ) / Σⱼ exp(zⱼ); see `nn.functional.softmax`.

    For training pair the logits with `nn.CrossEntropyLoss` instead, which contains the softmax.

    Parameters
    ----------
    dim : int
        The axis along which they sum to 1.

    Raises
    ------
    TypeError
        If it is no whole number.

    Examples
    --------
    >>> print(Softmax()([0.0, 0.0]))
    [0.5 0.5]
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = integer(type(self).__name__, "dim", dim)

    def forward(self, x: Any) -> Any:
        """Return probabilities, in the shape of x."""
        return functional.softmax(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Softmax):
    """The logarithm of the softmax; see `nn.functional.log_softmax`.

    Parameters
    ----------
    dim : int
        The axis along which the probabilities sum to 1.

    Raises
    ------
    TypeError
        If it is no whole number.

    Examples
    --------
    >>> print(LogSoftmax()([0.0, -1000.0]))
    [    0. -1000.]
    """

    def forward(self, x: Any) -> Any:
        """Return logarithms of probabilities, in the shape of x."""
        return functional.log_softmax(x, self.dim)
