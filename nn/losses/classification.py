"""Losses of predicted classes: of two or of several, given logits or probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn import functional
from nn.arguments import between, integer
from nn.functional.contents import weights
from nn.functional.cross_entropy import IGNORED, class_weights
from nn.losses.base import Loss


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


def _factor(module: str, name: str, value: Any) -> np.ndarray | None:
    """Return factors of losses, which must be finite and not negative."""
    if value is None:
        return None
    return np.array(weights(module, name, value))  # a copy: nobody else changes it
