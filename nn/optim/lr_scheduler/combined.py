"""Schedules made of schedules: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from nn.arguments import integer
from nn.optim.lr_scheduler.plateau import ReduceLROnPlateau
from nn.optim.lr_scheduler.scheduler import LRScheduler, checked_optimizer
from nn.optim.optimizer import Optimizer


class CombinedLR(LRScheduler):
    """What the two kinds of combination share: the schedules they are made of, and their state."""

    def __init__(self, optimizer: Any, schedulers: Sequence[LRScheduler]) -> None:
        if not isinstance(schedulers, (list, tuple)) or not schedulers:
            raise ValueError(
                f"{self._name}: needs a list of schedules; got {schedulers!r}. Pass at least one schedule."
            )
        first = getattr(schedulers[0], "optimizer", None)
        self.optimizer = checked_optimizer(self._name, first if optimizer is None else optimizer)
        for i, scheduler in enumerate(schedulers):
            if not isinstance(scheduler, LRScheduler) or isinstance(scheduler, ReduceLROnPlateau):
                raise TypeError(
                    f"{self._name}: takes schedules of the epoch; got {type(scheduler).__name__} at position {i}. "
                    "Call ReduceLROnPlateau.step(loss) yourself; make the others of nn.optim.lr_scheduler."
                )
            if scheduler.optimizer is not self.optimizer:
                raise ValueError(
                    f"{self._name}: all schedules must set the rates of one optimizer; got another at position {i}. "
                    "Make the schedules with the same optimizer."
                )
        self._schedulers = list(schedulers)
        self.base_lrs = [group["initial_lr"] for group in self.optimizer.param_groups]

    def _rewind(self) -> None:
        super()._rewind()
        for scheduler in self._schedulers:
            scheduler._rewind()

    def _read(self) -> None:
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Return the position and the states of the schedules as plain numbers, strings and lists."""
        return {**super().state_dict(), "schedulers": [s.state_dict() for s in self._schedulers]}

    def _mismatches(self, state: Mapping[str, Any]) -> list[str]:
        problems = super()._mismatches({name: value for name, value in state.items() if name != "schedulers"})
        parts = state.get("schedulers")
        if not isinstance(parts, list) or len(parts) != len(self._schedulers):
            return [*problems, f"`schedulers` are not {len(self._schedulers)}"]
        for i, (scheduler, part) in enumerate(zip(self._schedulers, parts, strict=True)):
            problems += [f"schedulers[{i}]: {problem}" for problem in scheduler._mismatches(part)]
        return problems

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        for scheduler, part in zip(self._schedulers, state["schedulers"], strict=True):
            scheduler._restore(part)


class SequentialLR(CombinedLR):
    """Schedules one after the other: each starts at its milestone with its own epoch 0.

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates are set.
    schedulers : list of LRScheduler
        For the same optimiser.
    milestones : list of int
        Rising epochs at which the second, third, … schedule starts; one fewer than schedules.
    last_epoch : int
        As in PyTorch, the number the epochs are counted from; load a state to go on instead.

    Raises
    ------
    TypeError, ValueError
        For what are no schedules of this optimiser; for milestones that do not fit.

    Examples
    --------
    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter(1.0)], lr=1.0)
    >>> warm_up = nn.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> decay = nn.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> scheduler = SequentialLR(optimizer, [warm_up, decay], milestones=[2])
    >>> for _ in range(5):
    ...     print(optimizer.param_groups[0]["lr"])
    ...     scheduler.step()
    0.5
    0.75
    1.0
    0.5
    0.25
    """

    saved = ("milestones",)

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        super().__init__(checked_optimizer(self._name, optimizer), schedulers)
        self.milestones = [integer(self._name, "milestones", m, least=0) for m in milestones]
        if len(self.milestones) != len(schedulers) - 1:
            raise ValueError(
                f"{self._name}: milestones are one fewer than the schedules; got {len(self.milestones)} for "
                f"{len(schedulers)}. Pass the epoch at which each schedule but the first starts."
            )
        if sorted(set(self.milestones)) != self.milestones:
            raise ValueError(f"{self._name}: milestones must rise; got {milestones}. Sort them.")
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        self._rewind()
        self.last_epoch = integer(self._name, "last_epoch", last_epoch, least=-1)
        self._begin()

    def _now(self) -> LRScheduler:
        return self._schedulers[bisect_right(self.milestones, self.last_epoch)]

    def _begin(self) -> None:
        self.last_epoch += 1
        self._schedulers[bisect_right(self.milestones, 0)]._begin()
        self._read()

    def _start_over(self) -> None:
        self.last_epoch = 0
        self._now()._start_over()
        self._read()

    def step(self) -> None:
        """Go to the next epoch of the schedule whose turn it is."""
        self.last_epoch += 1
        if self.last_epoch in self.milestones:
            self._now()._start_over()
        else:
            self._now().step()
        self._read()


class ChainedScheduler(CombinedLR):
    """All schedules at once: each step of this one steps all of them, and their factors multiply.

    Parameters
    ----------
    schedulers : list of LRScheduler
        For one optimiser.
    optimizer : Optimizer, optional
        That optimiser.

    Raises
    ------
    TypeError, ValueError
        For what are no schedules of one optimiser.

    Examples
    --------
    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter(1.0)], lr=1.0)
    >>> warm_up = nn.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> decay = nn.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> scheduler = ChainedScheduler([warm_up, decay])
    >>> for _ in range(4):
    ...     print(optimizer.param_groups[0]["lr"])
    ...     scheduler.step()
    0.5
    0.25
    0.25
    0.125
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        super().__init__(optimizer, schedulers)
        self.last_epoch = self._schedulers[0].last_epoch
        self._read()

    def _begin(self) -> None:
        self.last_epoch += 1
        for scheduler in self._schedulers:
            scheduler._begin()
        self._read()

    def _start_over(self) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        self._rewind()
        self._begin()

    def step(self) -> None:
        """Go to the next epoch of every schedule."""
        self.last_epoch += 1
        for scheduler in self._schedulers:
            scheduler.step()
        self._read()
