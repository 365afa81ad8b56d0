"""Losses as modules; the formulas are in `nn.functional`."""

from __future__ import annotations

from typing import Any

from nn import functional
from nn.module import Module


class MSELoss(Module):
    """The mean squared error; see `nn.functional.mse_loss`."""

    def __init__(self, reduction: str = "mean") -> None:
        self.reduction = reduction

    def forward(self, input: Any, target: Any) -> Any:
        """Return the loss of the prediction `input` against `target`."""
        return functional.mse_loss(input, target, self.reduction)

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}"
