"""Schedules that follow a cosine."""

from __future__ import annotations

from math import cos, floor, pi

from nn.arguments import integer, not_negative
from nn.optim.lr_scheduler.scheduler import FactorLR, LRScheduler
from nn.optim.optimizer import Optimizer


class CosineAnnealingLR(FactorLR):
    """η = η_min + ½ (η₀ − η_min) (1 + cos(π t / T_max)): down to η_min in T_max epochs, and up again.

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates are set.
    T_max : int
        Half a period.
    eta_min : float
        η_min.
    last_epoch : int
        See `LRScheduler`.

    Raises
    ------
    TypeError, ValueError
        For options of the wrong kind or out of range.

    References
    ----------
    Loshchilov & Hutter (2017), "SGDR: stochastic gradient descent with warm restarts", eq. 5, without the restarts.

    Examples
    --------
    >>> import nn
    >>> scheduler = CosineAnnealingLR(nn.optim.SGD([nn.Parameter(1.0)], lr=0.5), T_max=10, eta_min=0.1)
    >>> for _ in range(5):
    ...     scheduler.step()
    >>> print(round(scheduler.get_last_lr()[0], 6))
    0.3
    """

    saved = ("T_max", "floor")

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:  # noqa: N803 - PyTorch's name
        self.T_max = integer(self._name, "T_max", T_max, least=1)
        self.floor = not_negative(self._name, "eta_min", eta_min)
        super().__init__(optimizer, last_epoch)

    @property
    def eta_min(self) -> float:
        """The smallest learning rate."""
        return self.floor

    def factor(self, epoch: int) -> float:
        """Return ½ (1 + cos(π t / T_max))."""
        return (1.0 + cos(pi * epoch / self.T_max)) / 2.0


class CosineAnnealingWarmRestarts(LRScheduler):
    """η = η_min + ½ (η₀ − η_min) (1 + cos(π T_cur / T_i)), T_cur epochs after a restart, T_i the length of this period.

    Parameters
    ----------
    optimizer : Optimizer
        Whose learning rates are set.
    T_0 : int
        Length of the first period.
    T_mult : int
        How many times longer each period is than the one before.
    eta_min : float
        η_min.
    last_epoch : int
        See `LRScheduler`.

    Raises
    ------
    TypeError, ValueError
        For options of the wrong kind or out of range.

    References
    ----------
    Loshchilov & Hutter (2017), "SGDR: stochastic gradient descent with warm restarts", eq. 5.

    Examples
    --------
    >>> import nn
    >>> scheduler = CosineAnnealingWarmRestarts(nn.optim.SGD([nn.Parameter(1.0)], lr=0.5), T_0=2, T_mult=2)
    >>> rates = []
    >>> for _ in range(7):
    ...     rates += scheduler.get_last_lr()
    ...     scheduler.step()
    >>> [round(lr, 3) for lr in rates]
    [0.5, 0.25, 0.5, 0.427, 0.25, 0.073, 0.5]
    """

    saved = ("T_0", "T_mult", "eta_min", "_time")
    _time: float  # the epoch, with its fraction

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,  # noqa: N803 - PyTorch's names
        T_mult: int = 1,  # noqa: N803
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        self.T_0 = integer(self._name, "T_0", T_0, least=1)
        self.T_mult = integer(self._name, "T_mult", T_mult, least=1)
        self.eta_min = not_negative(self._name, "eta_min", eta_min)
        super().__init__(optimizer, last_epoch)

    def step(self, epoch: float | None = None) -> None:
        """Go to the next epoch, or to `epoch`, which may be a fraction: epoch + batch / batches."""
        epoch = self._time + 1 if epoch is None else not_negative(self._name, "epoch", epoch)
        self._time, self.last_epoch = epoch, floor(epoch)
        self._set(self.next_lr)

    def next_lr(self, i: int, lr: float) -> float:
        """Return the formula's value."""
        since, length = self._time, self.T_0
        if self.T_mult == 1:
            since %= length
        while since >= length:
            since, length = since - length, length * self.T_mult
        return self.eta_min + (self.base_lrs[i] - self.eta_min) * (1.0 + cos(pi * since / length)) / 2.0

    def _begin(self) -> None:
        self._time = self.last_epoch + 1
        super()._begin()

    def _start_over(self) -> None:
        self._time = 0
        super()._start_over()
