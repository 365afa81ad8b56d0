"""What the schedules share: they set the learning rate of each parameter group, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from nn.arguments import NUMBERS, integer
from nn.optim.optimizer import Optimizer


class LRScheduler:
    """Base of the schedules: a subclass gives `next_lr`, and `closed_lr` where there is a formula.

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates are set.
    last_epoch : int
        −1 to begin. A schedule that goes on after epoch n of a run before takes n − 1, and an
        optimiser that has the learning rates of epoch n, and "initial_lr" in its groups (both are
        part of an optimiser's state). Better still, load the schedule's own state.

    Attributes
    ----------
    last_epoch : int
        The epoch whose learning rate is set: 0 from the start, one more after each `step`.
    base_lrs : list of float
        The learning rate η₀ of each group.
    """

    saved: ClassVar[tuple[str, ...]] = ()
    """Names of the attributes that are the state, besides those all schedules have."""

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = checked_optimizer(self._name, optimizer)
        self.last_epoch = integer(self._name, "last_epoch", last_epoch, least=-1)
        for i, group in enumerate(optimizer.param_groups):
            if self.last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ValueError(
                    f"{self._name}: last_epoch goes on with a schedule; got {last_epoch}, and group {i} of the "
                    "optimizer has no initial_lr. Load the state of the optimizer first, or begin with last_epoch=-1."
                )
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self._begin()

    @property
    def _name(self) -> str:
        return type(self).__name__

    # --- what a subclass defines --------------------------------------------------------------

    def next_lr(self, i: int, lr: float) -> float:
        """Return the learning rate of group i in epoch `last_epoch`, given the one it has now."""
        raise TypeError(f"{self._name}: defines no schedule; got a step. Define `def next_lr(self, i, lr):`.")

    def first_lr(self, i: int, lr: float) -> float:
        """Return the learning rate of group i when the schedule begins, given the one it has now."""
        return self.next_lr(i, lr)

    def closed_lr(self, i: int, lr: float) -> float:
        """Return the learning rate of group i when the schedule starts over in the midst of a training."""
        return self.next_lr(i, lr)

    # --- what one does with it ------------------------------------------------------------------

    def step(self) -> None:
        """Go to the next epoch: set the learning rates. Call it after the optimiser's `step`.

        Raises
        ------
        ValueError
            If parameter groups were added since the schedule was made.
        """
        self.last_epoch += 1
        self._set(self.next_lr)

    def get_last_lr(self) -> list[float]:
        """Return the learning rate of each group as this schedule set it last."""
        return list(self._last_lr)

    def state_dict(self) -> dict[str, Any]:
        """Return the position and the options as plain numbers, strings and lists; functions are left out."""
        return {"scheduler": self._name, **{_key(name): _plain(getattr(self, name)) for name in self._saved()}}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict()` of such a schedule gave: all of it, or on any mismatch nothing.

        The learning rates themselves are in the optimiser's state.

        Raises
        ------
        TypeError
            For anything but a mapping.
        ValueError
            Naming every mismatch.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(
                f"{self._name}.load_state_dict: takes a mapping; got {type(state_dict).__name__}. "
                "Pass what state_dict() gives."
            )
        problems = self._mismatches(state_dict)
        if problems:
            raise ValueError(
                f"{self._name}.load_state_dict: the state does not fit the schedule; got these mismatches: "
                f"{'; '.join(problems)}. Make the schedule as it was made when the state was saved."
            )
        self._restore(state_dict)

    def __repr__(self) -> str:
        return f"{self._name}(last_epoch={self.last_epoch}, lr={self._last_lr})"

    # --- for schedules made of schedules ----------------------------------------------------------

    def _begin(self) -> None:
        """Set the first learning rates."""
        self.last_epoch += 1
        self._last_lr: list[float] = []
        self._set(self.first_lr)

    def _rewind(self) -> None:
        """Forget that the schedule has begun."""
        self.last_epoch = -1

    def _start_over(self) -> None:
        """Go to epoch 0, whatever the learning rates are now."""
        self.last_epoch = 0
        self._set(self.closed_lr)

    def _set(self, schedule: Any) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.base_lrs):
            raise ValueError(
                f"{self._name}: was made for {len(self.base_lrs)} parameter groups; got an optimizer with "
                f"{len(groups)}. Add groups first, then make the schedule."
            )
        rates = [schedule(i, group["lr"]) for i, group in enumerate(groups)]
        for group, lr in zip(groups, rates, strict=True):
            group["lr"] = lr
        self._last_lr = [group["lr"] for group in groups]

    def _saved(self) -> tuple[str, ...]:
        return ("last_epoch", "base_lrs", "_last_lr", *self.saved)

    def _mismatches(self, state: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with a state, if anything."""
        if state.get("scheduler") != self._name:
            return [f"it is of {state.get('scheduler')}"]
        own = {_key(name): getattr(self, name) for name in self._saved()}
        problems = [f"`{name}` is missing" for name in own if name not in state]
        for name, value in state.items():
            if name == "scheduler":
                continue
            if name not in own:
                problems.append(f"`{name}` is unknown")
            elif _kind(value) != _kind(own[name]):
                problems.append(f"`{name}` is {value!r}, no {_kind(own[name])}")
            elif isinstance(value, list) and name != "milestones" and len(value) != len(own[name]):
                problems.append(f"`{name}` has {len(value)} entries for {len(own[name])}")
        return problems

    def _restore(self, state: Mapping[str, Any]) -> None:
        for name in self._saved():
            setattr(self, name, _plain(state[_key(name)]))


class FactorLR(LRScheduler):
    """Schedules η = η_min + (η₀ − η_min) f(t): a subclass gives the factor f(t).

    Where another hand has changed the learning rate (a second schedule, or the user), the
    schedule goes on from there, as PyTorch's recursions do: from then on η₀ is the rate that
    makes η what it is. Undisturbed it is the formula, without accumulated rounding.
    """

    floor: float = 0.0

    def factor(self, epoch: int) -> float:
        """Return f(epoch)."""
        raise TypeError(f"{self._name}: defines no factor; got a step. Define `def factor(self, epoch):`.")

    def _saved(self) -> tuple[str, ...]:
        return (*super()._saved(), "_full_lrs")

    def _begin(self) -> None:
        self._full_lrs: list[float] = list(self.base_lrs)  # what the rates are at f = 1
        super()._begin()

    def first_lr(self, i: int, lr: float) -> float:
        """Return the rate now times f(0); a schedule that goes on leaves the rate as it is."""
        if self.last_epoch > 0:
            self._full_lrs[i] = self._full_lr(i, lr, self.factor(self.last_epoch))
            return lr
        self._full_lrs[i] = lr
        return self._scaled(lr, self.factor(0))

    def closed_lr(self, i: int, lr: float) -> float:
        """Return η₀ times the factor."""
        self._full_lrs[i] = self.base_lrs[i]
        return self._scaled(self.base_lrs[i], self.factor(self.last_epoch))

    def next_lr(self, i: int, lr: float) -> float:
        """Return the formula's value, or what the rate now becomes by the change of the factor."""
        before, now = self.factor(self.last_epoch - 1), self.factor(self.last_epoch)
        if lr != self._last_lr[i] or before == 0.0:
            self._full_lrs[i] = self._full_lr(i, lr, before)
        if now == before:
            return lr
        if before == 0.0:
            return lr + (self._full_lrs[i] - self.floor) * now
        return self._scaled(self._full_lrs[i], now)

    def _scaled(self, full: float, factor: float) -> float:
        return full if factor == 1.0 else self.floor + (full - self.floor) * factor

    def _full_lr(self, i: int, lr: float, factor: float) -> float:
        return self.base_lrs[i] if factor == 0.0 else self.floor + (lr - self.floor) / factor


def checked_optimizer(where: str, optimizer: Any) -> Optimizer:
    """Return the optimiser, or raise if it is none."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"{where}: takes an optimizer first; got {type(optimizer).__name__}. "
            "Pass nn.optim.SGD(model.parameters(), lr=0.1) or the like."
        )
    return optimizer


def per_group(where: str, name: str, value: Any, optimizer: Optimizer, check: Any) -> list[float]:
    """Return one checked number for each parameter group, given one for all or a list."""
    n = len(optimizer.param_groups)
    values = list(value) if isinstance(value, (list, tuple)) else [value] * n
    if len(values) != n:
        raise ValueError(
            f"{where}: {name} takes one value, or one for each of the {n} parameter groups; got {len(values)}. "
            "Count the groups in optimizer.param_groups."
        )
    return [check(where, name, v) for v in values]


def _key(name: str) -> str:
    return name.lstrip("_")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple)) else value


def _kind(value: Any) -> str:
    if isinstance(value, NUMBERS) and not isinstance(value, bool):
        return "number"
    return "list" if isinstance(value, (list, tuple)) else type(value).__name__
