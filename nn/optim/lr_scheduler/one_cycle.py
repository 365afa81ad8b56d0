"""One cycle of the learning rate up and down, the momentum going the other way."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi

from nn.arguments import flag, integer, not_negative, positive
from nn.optim.lr_scheduler.scheduler import LRScheduler, checked_optimizer, per_group
from nn.optim.optimizer import Optimizer
from nn.optim.options import fraction


class OneCycleLR(LRScheduler):
    """One cycle: up from max_lr / div_factor to max_lr, then down to the start / final_div_factor.

    Call `step` after each batch, not each epoch.

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates (and momenta) are set.
    max_lr : float or list of float
        The largest learning rate, of all groups or of each.
    total_steps : int, optional
        Number of steps of the cycle; or give the next two.
    epochs, steps_per_epoch : int, optional
        Their product is the number of steps.
    pct_start : float
        The part of the cycle, in [0, 1], in which the rate rises.
    anneal_strategy : {"cos", "linear"}
        The curve between the turning points.
    cycle_momentum : bool
        Whether the momentum (β₁ of the optimisers that have betas) falls while the rate rises,
        and rises while it falls.
    base_momentum, max_momentum : float or list of float
        Its bounds.
    div_factor, final_div_factor : float
        Start = max_lr / div_factor; end = start / final_div_factor.
    three_phase : bool
        Whether the rate first falls back to the start, as fast as it rose, and then to the end.
    last_epoch : int
        The number of steps done before, less one; see `LRScheduler`.

    Raises
    ------
    TypeError, ValueError
        For options of the wrong kind or out of range; for an optimiser without momentum, unless
        `cycle_momentum=False`; for more steps than the cycle has.

    Notes
    -----
    PyTorch's sequence, except that the step after the last one stays at the end, where PyTorch's
    goes past it (below 0, if linear).

    References
    ----------
    Smith & Topin (2019), "Super-convergence: very fast training of neural networks using large
    learning rates", section 3.

    Examples
    --------
    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter(1.0)], lr=0.1, momentum=0.9)
    >>> scheduler = OneCycleLR(optimizer, max_lr=1.0, total_steps=10, anneal_strategy="linear", pct_start=0.5)
    >>> rates = []
    >>> for _ in range(10):
    ...     rates += scheduler.get_last_lr()
    ...     scheduler.step()
    >>> max(range(10), key=rates.__getitem__)
    4
    """

    saved = (
        "total_steps", "pct_start", "anneal_strategy", "three_phase", "cycle_momentum",
        "max_lrs", "min_lrs", "base_momentums", "max_momentums",
    )  # fmt: skip

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 10000.0,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        name = self._name
        checked_optimizer(name, optimizer)
        self.total_steps = self._number_of_steps(total_steps, epochs, steps_per_epoch)
        self.pct_start = fraction(name, "pct_start", pct_start)
        if anneal_strategy not in CURVES:
            raise ValueError(
                f'{name}: anneal_strategy is one of "cos", "linear"; got {anneal_strategy!r}. Choose one of them.'
            )
        self.anneal_strategy = anneal_strategy
        self.three_phase = flag(name, "three_phase", three_phase)
        self.cycle_momentum = flag(name, "cycle_momentum", cycle_momentum)
        if cycle_momentum and not {"momentum", "betas"} & set(optimizer.defaults):
            raise ValueError(
                f"{name}: cycle_momentum needs an optimizer with momentum or betas; got {type(optimizer).__name__}. "
                "Pass cycle_momentum=False."
            )
        self.max_lrs = per_group(name, "max_lr", max_lr, optimizer, not_negative)
        self.base_momentums = per_group(name, "base_momentum", base_momentum, optimizer, fraction)
        self.max_momentums = per_group(name, "max_momentum", max_momentum, optimizer, fraction)
        start = [lr / positive(self._name, "div_factor", div_factor) for lr in self.max_lrs]
        self.min_lrs = [lr / positive(self._name, "final_div_factor", final_div_factor) for lr in start]
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, start, strict=True):
                group["initial_lr"] = lr
        super().__init__(optimizer, last_epoch)

    def _number_of_steps(self, total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
        if total_steps is not None:
            return integer(self._name, "total_steps", total_steps, least=1)
        if epochs is None or steps_per_epoch is None:
            raise ValueError(
                f"{self._name}: the number of steps must be known; got neither total_steps nor both of epochs and "
                "steps_per_epoch. Pass total_steps=epochs * len(loader)."
            )
        return integer(self._name, "epochs", epochs, least=1) * integer(
            self._name, "steps_per_epoch", steps_per_epoch, least=1
        )

    def step(self) -> None:
        """Go to the next step of the cycle: set learning rates and momenta.

        Raises
        ------
        ValueError
            After the last step.
        """
        if self.last_epoch >= self.total_steps:
            raise ValueError(
                f"{self._name}: the cycle has total_steps={self.total_steps} steps; got one more. "
                "Make the schedule for the number of batches in all epochs."
            )
        super().step()

    def next_lr(self, i: int, lr: float) -> float:
        """Return the learning rate of this step; set the momentum."""
        low, high, end = self.base_lrs[i], self.max_lrs[i], self.min_lrs[i]
        slow, fast = self.base_momentums[i], self.max_momentums[i]
        rise = self.pct_start * self.total_steps
        turns = [(0.0, low, fast), (rise - 1.0, high, slow)]  # (step, learning rate, momentum)
        if self.three_phase:
            turns.append((2.0 * rise - 2.0, low, fast))
        turns.append((self.total_steps - 1.0, end, fast))
        after = next((k for k in range(1, len(turns)) if self.last_epoch <= turns[k][0]), len(turns) - 1)
        (t0, lr0, momentum0), (t1, lr1, momentum1) = turns[after - 1], turns[after]
        part = min((self.last_epoch - t0) / (t1 - t0), 1.0) if t1 > t0 else 1.0
        curve = CURVES[self.anneal_strategy]
        if self.cycle_momentum:
            group, momentum = self.optimizer.param_groups[i], curve(momentum0, momentum1, part)
            if "betas" in group:
                group["betas"] = (momentum, group["betas"][1])
            else:
                group["momentum"] = momentum
        return curve(lr0, lr1, part)


def _cosine(start: float, end: float, part: float) -> float:
    return end + (start - end) / 2.0 * (1.0 + cos(pi * part))


def _line(start: float, end: float, part: float) -> float:
    return (1.0 - part) * start + part * end


CURVES: dict[str, Callable[[float, float, float], float]] = {"cos": _cosine, "linear": _line}
