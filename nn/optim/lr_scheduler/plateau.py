"""The schedule that watches the loss."""

from __future__ import annotations

from math import inf
from typing import Any

from nn.arguments import integer, not_negative, number
from nn.optim.lr_scheduler.scheduler import LRScheduler, checked_optimizer, per_group
from nn.optim.optimizer import Optimizer


class ReduceLROnPlateau(LRScheduler):
    """η ← max(η · factor, min_lr) when a metric has not improved for more than `patience` epochs.

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates are set.
    mode : {"min", "max"}
        Whether smaller or larger is better.
    factor : float
        In [0, 1).
    patience : int
        Number of epochs without improvement that are let pass.
    threshold : float
        What counts as an improvement: beyond best · (1 ∓ threshold), or best ∓ threshold.
    threshold_mode : {"rel", "abs"}
        Which of the two.
    cooldown : int
        Number of epochs after a reduction in which bad ones are not counted.
    min_lr : float or list of float
        The smallest learning rate, of all groups or of each.
    eps : float
        A reduction by no more than this is not made.

    Raises
    ------
    TypeError, ValueError
        For options of the wrong kind or out of range; in `step`, for a metric that is no number.

    Examples
    --------
    >>> import nn
    >>> scheduler = ReduceLROnPlateau(nn.optim.SGD([nn.Parameter(1.0)], lr=0.5), factor=0.5, patience=1)
    >>> for loss in [3.0, 2.0, 2.0, 2.0]:
    ...     scheduler.step(loss)
    >>> scheduler.get_last_lr()
    [0.25]
    """

    saved = (
        "mode", "reduction", "patience", "threshold", "threshold_mode", "cooldown", "min_lrs", "eps",
        "best", "num_bad_epochs", "cooldown_counter",
    )  # fmt: skip

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        name = self._name
        self.optimizer = checked_optimizer(name, optimizer)
        self.mode = _one_of(name, "mode", mode, ("min", "max"))
        self.reduction = not_negative(name, "factor", factor)
        if self.reduction >= 1.0:
            raise ValueError(f"{name}: factor must be below 1; got {factor}. Pass 0.1 or 0.5.")
        self.patience = integer(name, "patience", patience, least=0)
        self.threshold = number(name, "threshold", threshold)
        self.threshold_mode = _one_of(name, "threshold_mode", threshold_mode, ("rel", "abs"))
        self.cooldown = integer(name, "cooldown", cooldown, least=0)
        self.min_lrs = per_group(name, "min_lr", min_lr, optimizer, not_negative)
        self.eps = not_negative(name, "eps", eps)
        self.base_lrs = [group["lr"] for group in optimizer.param_groups]
        self._last_lr = list(self.base_lrs)
        self.last_epoch = 0
        self.best = inf if mode == "min" else -inf
        self.num_bad_epochs = 0
        self.cooldown_counter = 0

    def step(self, metrics: Any) -> None:  # type: ignore[override]
        """Take note of the metric of an epoch; reduce the learning rates if it is time."""
        try:
            current = float(metrics.item() if hasattr(metrics, "item") else metrics)
        except (TypeError, ValueError):
            raise TypeError(
                f"{self._name}: step takes the metric it watches; got {type(metrics).__name__} {metrics!r}. "
                "Pass the validation loss as a number."
            ) from None
        self.last_epoch += 1
        if self._is_better(current):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        reduces = self.num_bad_epochs > self.patience
        if reduces:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._set(self.next_lr if reduces else lambda _i, lr: lr)

    def next_lr(self, i: int, lr: float) -> float:
        """Return the reduced learning rate."""
        reduced = max(lr * self.reduction, self.min_lrs[i])
        return reduced if lr - reduced > self.eps else lr

    def _is_better(self, current: float) -> bool:
        if self.mode == "min":
            bound = self.best * (1.0 - self.threshold) if self.threshold_mode == "rel" else self.best - self.threshold
            return current < bound
        bound = self.best * (1.0 + self.threshold) if self.threshold_mode == "rel" else self.best + self.threshold
        return current > bound


def _one_of(where: str, name: str, value: Any, choices: tuple[str, ...]) -> str:
    if value not in choices:
        listed = ", ".join(f'"{c}"' for c in choices)
        raise ValueError(f"{where}: {name} is one of {listed}; got {value!r}. Choose one of them.")
    return value
