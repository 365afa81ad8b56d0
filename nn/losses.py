"""Losses as modules, which check their options when they are made; the formulas are in `nn.functional`.

`loss(input, target, sample_weight=None)` compares the prediction with the truth.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nn import functional
from nn.arguments import between, flag, integer, not_negative, positive
from nn.functional.contents import weights
from nn.functional.cross_entropy import IGNORED, class_weights
from nn.functional.losses import check_quantiles
from nn.functional.reduction import REDUCTIONS, check_reduction
from nn.module import Module


class Loss(Module):
    """Base of the losses: what to do with the losses of the entries.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        The mean over all entries, weighted by `sample_weight` if it is given; the sum; or neither.

    Raises
    ------
    ValueError
        For another reduction.
    """

    reductions: tuple[str, ...] = REDUCTIONS

    def __init__(self, reduction: str = "mean") -> None:
        self.reduction = check_reduction(type(self).__name__, reduction, self.reductions)

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}"


class MSELoss(Loss):
    """The mean squared error, the lectures' OLS cost; see `nn.functional.mse_loss`.

    Examples
    --------
    >>> print(MSELoss()(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
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


class BCELoss(Loss):
    """Two classes, given probabilities: the lectures' LogReg cost; see `nn.functional.binary_cross_entropy`.

    Parameters
    ----------
    weight : array_like, optional
        Factor for each entry.
    reduction : {"mean", "sum", "none"}
        As in `MSELoss`.

    Examples
    --------
    >>> print(BCELoss()([0.0], [1.0]))
    100.0
    """

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = _factor("BCELoss", "weight", weight)

    def forward(self, input: Any, target: Any, sample_weight: Any = None) -> Any:
        """Return the loss of the probabilities `input` against `target`, 0 or 1."""
        return functional.binary_cross_entropy(input, target, self.weight, self.reduction, sample_weight=sample_weight)


class BCEWithLogitsLoss(Loss):
    """Two classes, given logits; see `nn.functional.binary_cross_entropy_with_logits`.

    Parameters
    ----------
    weight : array_like, optional
        Factor for each entry.
    reduction : {"mean", "sum", "none"}
        As in `MSELoss`.
    pos_weight : array_like, optional
        Factor of the terms of class 1, a number or one for each output.

    Raises
    ------
    ValueError
        For other options.

    Examples
    --------
    >>> print(BCEWithLogitsLoss()([1000.0], [0.0]))
    1000.0
    """

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(reduction)
        self.weight = _factor("BCEWithLogitsLoss", "weight", weight)
        self.pos_weight = _factor("BCEWithLogitsLoss", "pos_weight", pos_weight)

    def forward(self, input: Any, target: Any, sample_weight: Any = None) -> Any:
        """Return the loss of the logits `input` against `target`, 0 or 1."""
        return functional.binary_cross_entropy_with_logits(
            input, target, self.weight, self.reduction, self.pos_weight, sample_weight=sample_weight
        )


class CrossEntropyLoss(Loss):
    """Several classes, given logits: the lectures' cross-entropy cost; see `nn.functional.cross_entropy`.

    Parameters
    ----------
    weight : array_like, optional
        One for each class.
    ignore_index : int
        Targets with this number do not count.
    reduction : {"mean", "sum", "none"}
        As in `MSELoss`.
    label_smoothing : float
        Between 0 and 1.

    Raises
    ------
    TypeError, ValueError
        For other options.

    Examples
    --------
    >>> print(CrossEntropyLoss()(np.array([[1e4, 0.0]]), np.array([1])))
    10000.0
    """

    def __init__(
        self, weight: Any = None, ignore_index: int = IGNORED, reduction: str = "mean", label_smoothing: float = 0.0
    ) -> None:
        super().__init__(reduction)
        self.weight = class_weights("CrossEntropyLoss", weight)
        self.ignore_index = integer("CrossEntropyLoss", "ignore_index", ignore_index)
        self.label_smoothing = between("CrossEntropyLoss", "label_smoothing", label_smoothing, 0.0, 1.0)

    def forward(self, input: Any, target: Any, sample_weight: Any = None) -> Any:
        """Return the loss of the logits `input` against the classes `target`."""
        return functional.cross_entropy(
            input,
            target,
            self.weight,
            self.ignore_index,
            self.reduction,
            self.label_smoothing,
            sample_weight=sample_weight,
        )

    def extra_repr(self) -> str:
        smoothing = f", label_smoothing={self.label_smoothing}" if self.label_smoothing else ""
        return super().extra_repr() + smoothing


class NLLLoss(Loss):
    """Several classes, given logarithms of probabilities; see `nn.functional.nll_loss`.

    Parameters
    ----------
    weight : array_like, optional
        One for each class.
    ignore_index : int
        Targets with this number do not count.
    reduction : {"mean", "sum", "none"}
        As in `MSELoss`.

    Raises
    ------
    TypeError, ValueError
        For other options.

    Examples
    --------
    >>> print(NLLLoss()([[-2.0, -0.1]], [0]))
    2.0
    """

    def __init__(self, weight: Any = None, ignore_index: int = IGNORED, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = class_weights("NLLLoss", weight)
        self.ignore_index = integer("NLLLoss", "ignore_index", ignore_index)

    def forward(self, input: Any, target: Any, sample_weight: Any = None) -> Any:
        """Return the loss of the logarithms `input` against the classes `target`."""
        return functional.nll_loss(
            input, target, self.weight, self.ignore_index, self.reduction, sample_weight=sample_weight
        )


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


def _factor(module: str, name: str, value: Any) -> np.ndarray | None:
    """Return factors of losses, which must be finite and not negative."""
    if value is None:
        return None
    return np.array(weights(module, name, value))  # a copy: nobody else changes it
