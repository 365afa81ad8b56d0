"""Losses of predicted distributions: of counts, of measurements, and one distribution against another."""

from __future__ import annotations

from typing import Any

from nn import functional
from nn.arguments import flag, positive
from nn.functional.reduction import REDUCTIONS
from nn.losses.base import Loss


class PoissonNLLLoss(Loss):
    """Counts, given (the logarithm of) their mean; see `nn.functional.poisson_nll_loss`.

    Parameters
    ----------
    log_input : bool
        Whether the prediction is log λ.
    full : bool
        Whether to add Stirling's approximation of log k!.
    eps : float
        Added to λ before its logarithm is taken.
    reduction : {"mean", "sum", "none"}
        As in `MSELoss`.

    Raises
    ------
    TypeError, ValueError
        For other options.

    Examples
    --------
    >>> print(PoissonNLLLoss()([0.0], [3.0]))
    1.0
    """

    def __init__(self, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.eps = positive("PoissonNLLLoss", "eps", eps)
        self.log_input = flag("PoissonNLLLoss", "log_input", log_input)
        self.full = flag("PoissonNLLLoss", "full", full)

    def forward(self, input: Any, target: Any, sample_weight: Any = None) -> Any:
        """Return the loss of the prediction `input` against the counts `target`."""
        return functional.poisson_nll_loss(
            input, target, self.log_input, self.full, self.eps, self.reduction, sample_weight=sample_weight
        )

    def extra_repr(self) -> str:
        return f"log_input={self.log_input}, full={self.full}, eps={self.eps}, {super().extra_repr()}"


class GaussianNLLLoss(Loss):
    """Measurements, given their mean and variance; see `nn.functional.gaussian_nll_loss`.

    Parameters
    ----------
    full : bool
        Whether to add log(2π)/2.
    eps : float
        Smallest variance.
    reduction : {"mean", "sum", "none"}
        As in `MSELoss`.

    Raises
    ------
    TypeError, ValueError
        For other options.

    Examples
    --------
    >>> print(GaussianNLLLoss()([0.0], [2.0], [1.0]))
    2.0
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.eps = positive("GaussianNLLLoss", "eps", eps)
        self.full = flag("GaussianNLLLoss", "full", full)

    def forward(self, input: Any, target: Any, var: Any, sample_weight: Any = None) -> Any:
        """Return the loss of the mean `input` and the variance `var` against `target`."""
        return functional.gaussian_nll_loss(
            input, target, var, self.full, self.eps, self.reduction, sample_weight=sample_weight
        )

    def extra_repr(self) -> str:
        return f"full={self.full}, eps={self.eps}, {super().extra_repr()}"


class KLDivLoss(Loss):
    """The Kullback–Leibler divergence of the prediction from the target; see `nn.functional.kl_div`.

    Parameters
    ----------
    reduction : {"mean", "batchmean", "sum", "none"}
        "batchmean" is the divergence itself, averaged over samples.
    log_target : bool
        Whether the target, too, holds logarithms.

    Raises
    ------
    TypeError, ValueError
        For other options.

    Examples
    --------
    >>> print(KLDivLoss("batchmean")([[-1.0, -1.0]], [[1.0, 0.0]]))
    1.0
    """

    reductions = (*REDUCTIONS, "batchmean")

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = flag("KLDivLoss", "log_target", log_target)

    def forward(self, input: Any, target: Any, sample_weight: Any = None) -> Any:
        """Return the loss of the logarithms `input` against the probabilities `target`."""
        return functional.kl_div(input, target, self.reduction, self.log_target, sample_weight=sample_weight)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, log_target={self.log_target}"
