"""Schedules that multiply the learning rate by a factor f(t)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from nn.arguments import integer, not_negative, positive
from nn.optim.lr_scheduler.scheduler import FactorLR
from nn.optim.optimizer import Optimizer
from nn.optim.options import fraction


class ConstantLR(FactorLR):
    """η = η₀ · factor in the first `total_iters` epochs, then η₀.

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates are set.
    factor : float
        In [0, 1].
    total_iters : int
        Number of epochs.
    last_epoch : int
        See `LRScheduler`.

    Raises
    ------
    TypeError, ValueError
        For options of the wrong kind or out of range.

    Examples
    --------
    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter(1.0)], lr=0.5)
    >>> scheduler = ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> for _ in range(3):
    ...     print(optimizer.param_groups[0]["lr"])
    ...     scheduler.step()
    0.25
    0.25
    0.5
    """

    saved = ("constant", "total_iters")

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        self.constant = fraction(self._name, "factor", factor)
        self.total_iters = integer(self._name, "total_iters", total_iters, least=0)
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Return the constant factor, then 1."""
        return self.constant if epoch < self.total_iters else 1.0


class LinearLR(FactorLR):
    """η = η₀ f, f going linearly from `start_factor` to `end_factor` in `total_iters` epochs: linear warm-up.

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates are set.
    start_factor : float
        In (0, 1].
    end_factor : float
        In [0, 1].
    total_iters : int
        Number of epochs.
    last_epoch : int
        See `LRScheduler`.

    Raises
    ------
    TypeError, ValueError
        For options of the wrong kind or out of range.

    References
    ----------
    Goyal et al. (2017), "Accurate, large minibatch SGD", section 2.2 (gradual warm-up).

    Examples
    --------
    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter(1.0)], lr=1.0)
    >>> warm_up = LinearLR(optimizer, start_factor=0.25, total_iters=3)
    >>> for _ in range(4):
    ...     print(optimizer.param_groups[0]["lr"])
    ...     warm_up.step()
    0.25
    0.5
    0.75
    1.0
    """

    saved = ("start_factor", "end_factor", "total_iters")

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        self.start_factor = fraction(self._name, "start_factor", start_factor)
        self.end_factor = fraction(self._name, "end_factor", end_factor)
        self.total_iters = integer(self._name, "total_iters", total_iters, least=1)
        if self.start_factor == 0.0:
            raise ValueError("LinearLR: start_factor must be above 0; got 0. Pass a small number, such as 0.01.")
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Return the point on the line from the one factor to the other."""
        rest = max(self.total_iters - epoch, 0) / self.total_iters
        return self.end_factor - (self.end_factor - self.start_factor) * rest


class StepLR(FactorLR):
    """η = η₀ γ^⌊t / step_size⌋: times γ every `step_size` epochs.

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates are set.
    step_size : int
        Number of epochs.
    gamma : float
        γ.
    last_epoch : int
        See `LRScheduler`.

    Raises
    ------
    TypeError, ValueError
        For options of the wrong kind or out of range.

    Examples
    --------
    >>> import nn
    >>> scheduler = StepLR(nn.optim.SGD([nn.Parameter(1.0)], lr=0.5), step_size=2, gamma=0.5)
    >>> for _ in range(4):
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.125]
    """

    saved = ("step_size", "gamma")

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size = integer(self._name, "step_size", step_size, least=1)
        self.gamma = not_negative(self._name, "gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Return γ^⌊t / step_size⌋."""
        return self.gamma ** (epoch // self.step_size)


class MultiStepLR(FactorLR):
    """η = η₀ γⁿ, n being the number of milestones reached: times γ at each.

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates are set.
    milestones : iterable of int
        Epochs; one that is listed twice counts twice.
    gamma : float
        γ.
    last_epoch : int
        See `LRScheduler`.

    Raises
    ------
    TypeError, ValueError
        For options of the wrong kind or out of range.

    Examples
    --------
    >>> import nn
    >>> scheduler = MultiStepLR(nn.optim.SGD([nn.Parameter(1.0)], lr=0.5), milestones=[2, 3], gamma=0.5)
    >>> for _ in range(4):
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.125]
    """

    saved = ("milestones", "gamma")

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        if not isinstance(milestones, Iterable):
            raise TypeError(
                f"{self._name}: milestones must be a list of epochs; got {type(milestones).__name__} {milestones!r}. "
                "Pass a list, such as [30, 80]."
            )
        self.milestones = sorted(integer(self._name, "milestones", m, least=0) for m in milestones)
        self.gamma = not_negative(self._name, "gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Return γⁿ for n milestones up to `epoch`."""
        return self.gamma ** bisect_right(self.milestones, epoch)


class ExponentialLR(FactorLR):
    """η = η₀ γᵗ.

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates are set.
    gamma : float
        γ.
    last_epoch : int
        See `LRScheduler`.

    Raises
    ------
    TypeError, ValueError
        For options of the wrong kind or out of range.

    Examples
    --------
    >>> import nn
    >>> scheduler = ExponentialLR(nn.optim.SGD([nn.Parameter(1.0)], lr=0.5), gamma=0.5)
    >>> for _ in range(3):
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.0625]
    """

    saved = ("gamma",)

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = not_negative(self._name, "gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Return γᵗ."""
        return self.gamma**epoch


class InverseTimeLR(FactorLR):
    """η = η₀ / (1 + γ t).

    The lectures' schedule η = t₀ / (t + t₁) is this one with η₀ = t₀ / t₁ and γ = 1 / t₁.

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates are set.
    gamma : float
        γ, per epoch.
    last_epoch : int
        See `LRScheduler`.

    Raises
    ------
    TypeError, ValueError
        For options of the wrong kind or out of range.

    References
    ----------
    Robbins & Monro (1951), "A stochastic approximation method": the sum of these rates is
    infinite, that of their squares finite. PyTorch has it only as a LambdaLR.

    Examples
    --------
    >>> import nn
    >>> t0, t1 = 5, 50
    >>> scheduler = InverseTimeLR(nn.optim.SGD([nn.Parameter(1.0)], lr=t0 / t1), gamma=1 / t1)
    >>> for _ in range(50):
    ...     scheduler.step()
    >>> scheduler.get_last_lr()  # 5 / (50 + 50)
    [0.05]
    """

    saved = ("gamma",)

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = not_negative(self._name, "gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Return 1 / (1 + γ t)."""
        return 1.0 / (1.0 + self.gamma * epoch)


class PolynomialLR(FactorLR):
    """η = η₀ (1 − t/T)ᵖ up to epoch T = `total_iters`, then 0.

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates are set.
    total_iters : int
        T.
    power : float
        p.
    last_epoch : int
        See `LRScheduler`.

    Raises
    ------
    TypeError, ValueError
        For options of the wrong kind or out of range.

    Examples
    --------
    >>> import nn
    >>> scheduler = PolynomialLR(nn.optim.SGD([nn.Parameter(1.0)], lr=0.5), total_iters=4, power=2)
    >>> for _ in range(2):
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.125]
    """

    saved = ("total_iters", "power")

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters = integer(self._name, "total_iters", total_iters, least=1)
        self.power = positive(self._name, "power", power)
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Return (1 − t/T)ᵖ."""
        return (max(self.total_iters - epoch, 0) / self.total_iters) ** self.power
