"""Schedules given by the user's functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nn.optim.lr_scheduler.scheduler import LRScheduler, checked_optimizer, per_group
from nn.optim.optimizer import Optimizer

Factor = Callable[[int], float]


class LambdaLR(LRScheduler):
    """η = η₀ λ(t), for a function λ of the epoch.

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates are set.
    lr_lambda : callable or list of callable
        λ, of all groups or of each.
    last_epoch : int
        See `LRScheduler`.

    Raises
    ------
    TypeError, ValueError
        For what is no function; for another number of them than of groups.

    Examples
    --------
    >>> import nn
    >>> scheduler = LambdaLR(nn.optim.SGD([nn.Parameter(1.0)], lr=0.5), lambda epoch: 0.5**epoch)
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Factor | Sequence[Factor], last_epoch: int = -1) -> None:
        checked_optimizer(self._name, optimizer)
        self.lr_lambdas: list[Any] = per_group(self._name, "lr_lambda", lr_lambda, optimizer, _function)
        super().__init__(optimizer, last_epoch)

    def next_lr(self, i: int, lr: float) -> float:
        """Return η₀ λ(t)."""
        return self.base_lrs[i] * self.lr_lambdas[i](self.last_epoch)


class MultiplicativeLR(LRScheduler):
    """η ← η λ(t): the learning rate as it is, times a function λ of the epoch.

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates are set.
    lr_lambda : callable or list of callable
        λ, of all groups or of each; first called with t = 1.
    last_epoch : int
        See `LRScheduler`.

    Raises
    ------
    TypeError, ValueError
        For what is no function; for another number of them than of groups.

    Examples
    --------
    >>> import nn
    >>> scheduler = MultiplicativeLR(nn.optim.SGD([nn.Parameter(1.0)], lr=0.5), lambda epoch: 0.5)
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Factor | Sequence[Factor], last_epoch: int = -1) -> None:
        checked_optimizer(self._name, optimizer)
        self.lr_lambdas: list[Any] = per_group(self._name, "lr_lambda", lr_lambda, optimizer, _function)
        super().__init__(optimizer, last_epoch)

    def first_lr(self, i: int, lr: float) -> float:
        """Return the learning rate as it is."""
        return lr

    def next_lr(self, i: int, lr: float) -> float:
        """Return η λ(t)."""
        return lr * self.lr_lambdas[i](self.last_epoch)


def _function(where: str, name: str, value: Any) -> Any:
    if not callable(value):
        raise TypeError(
            f"{where}: {name} must be a function of the epoch; got {type(value).__name__} {value!r}. "
            "Pass one, such as lambda epoch: 0.95**epoch."
        )
    return value
