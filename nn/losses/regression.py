"""Losses of predicted numbers: functions of the residual."""

from __future__ import annotations

from typing import Any

from nn import functional
from nn.arguments import not_negative, positive
from nn.functional.losses import check_quantiles
from nn.losses.base import Loss


class MSELoss(Loss):
    """The mean squared error, the lectures' OLS cost; see `nn.functional.mse_loss`.

    Examples
    --------
    >>> print(MSELoss()([1.0, 2.0], [1.0, 4.0]))
    2.0
    """

    def forward(self, input: Any, target: Any, sample_weight: Any = None) -> Any:
        """Return the loss of the prediction `input` against `target`."""
        return functional.mse_loss(input, target, self.reduction, sample_weight=sample_weight)


class L1Loss(Loss):
    """The mean absolute error; see `nn.functional.l1_loss`.

    Examples
    --------
    >>> print(L1Loss()([1.0, 2.0], [1.0, 4.0]))
    1.0
    """

    def forward(self, input: Any, target: Any, sample_weight: Any = None) -> Any:
        """Return the loss of the prediction `input` against `target`."""
        return functional.l1_loss(input, target, self.reduction, sample_weight=sample_weight)


class LogCoshLoss(Loss):
    """The mean of log cosh of the residual; see `nn.functional.log_cosh_loss`.

    Examples
    --------
    >>> print(LogCoshLoss()([0.0], [1000.0]))
    999.3068528194401
    """

    def forward(self, input: Any, target: Any, sample_weight: Any = None) -> Any:
        """Return the loss of the prediction `input` against `target`."""
        return functional.log_cosh_loss(input, target, self.reduction, sample_weight=sample_weight)


class HuberLoss(Loss):
    """Quadratic up to δ, linear beyond; see `nn.functional.huber_loss`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        As in `MSELoss`.
    delta : float
        δ > 0.

    Raises
    ------
    TypeError, ValueError
        For other options.

    Examples
    --------
    >>> print(HuberLoss(delta=2.0)([0.0], [10.0]))
    18.0
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = positive("HuberLoss", "delta", delta)

    def forward(self, input: Any, target: Any, sample_weight: Any = None) -> Any:
        """Return the loss of the prediction `input` against `target`."""
        return functional.huber_loss(input, target, self.reduction, self.delta, sample_weight=sample_weight)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, delta={self.delta}"


class SmoothL1Loss(Loss):
    """The Huber loss over β; see `nn.functional.smooth_l1_loss`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        As in `MSELoss`.
    beta : float
        β ≥ 0.

    Raises
    ------
    TypeError, ValueError
        For other options.

    Examples
    --------
    >>> print(SmoothL1Loss(beta=2.0)([0.0], [1.0]))
    0.25
    """

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        self.beta = not_negative("SmoothL1Loss", "beta", beta)

    def forward(self, input: Any, target: Any, sample_weight: Any = None) -> Any:
        """Return the loss of the prediction `input` against `target`."""
        return functional.smooth_l1_loss(input, target, self.reduction, self.beta, sample_weight=sample_weight)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, beta={self.beta}"


class QuantileLoss(Loss):
    """The pinball loss of one or several quantiles; see `nn.functional.quantile_loss`.

    Parameters
    ----------
    quantile : float or sequence of float
        Each between 0 and 1.
    reduction : {"mean", "sum", "none"}
        As in `MSELoss`.

    Raises
    ------
    ValueError
        For other options.

    Examples
    --------
    >>> print(QuantileLoss(0.9)([0.0], [1.0]))
    0.9
    """

    def __init__(self, quantile: Any = 0.5, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.quantile = check_quantiles("QuantileLoss", quantile).tolist()

    def forward(self, input: Any, target: Any, sample_weight: Any = None) -> Any:
        """Return the loss of the prediction `input` against `target`."""
        return functional.quantile_loss(input, target, self.quantile, self.reduction, sample_weight=sample_weight)

    def extra_repr(self) -> str:
        return f"quantile={self.quantile}, {super().extra_repr()}"
