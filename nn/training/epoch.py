"""What adds up to an epoch, and what breaks it off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nn.training.evaluation import LossMean
from nn.training.history import History


class DivergenceError(ArithmeticError):
    """The loss or its gradient became NaN or infinite.

    The model has again the parameters it had when the epoch began; after `fit` with early stopping,
    those of its best epoch.

    Attributes
    ----------
    history : History
        The epochs before.
    """

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history


class EpochSums:
    """What is added up in the course of an epoch."""

    def __init__(self, loss: Any) -> None:
        self.loss = LossMean(loss)
        self.steps = 0
        self.grad_norm = 0.0
        self.lr = 0.0  # of the last step
        self.seconds = 0.0

    def add(self, loss: float, grad_norm: float, amount: float) -> None:
        """Count a step."""
        self.loss.add(loss, amount)
        self.steps += 1
        self.grad_norm += grad_norm

    def state_dict(self) -> dict[str, Any]:
        """Return the sums."""
        return {
            "loss": self.loss.total,
            "amount": self.loss.amount,
            "steps": self.steps,
            "grad_norm": self.grad_norm,
            "lr": self.lr,
            "seconds": self.seconds,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from the sums in `state`."""
        self.loss.total, self.loss.amount = state["loss"], state["amount"]
        self.steps, self.grad_norm = state["steps"], state["grad_norm"]
        self.lr, self.seconds = state["lr"], state["seconds"]
