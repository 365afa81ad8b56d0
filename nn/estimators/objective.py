"""What a fit minimises: the loss of a batch and the L2 penalty, in few operations for the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff as ad
import nn


@ad.primitive
def half_mean_square(a: Any, b: Any) -> Any:
    """Return the mean of ½ (a − b)²."""
    residual = np.subtract(a, b)
    return 0.5 * np.vdot(residual, residual) / residual.size


half_mean_square.defvjp(
    lambda ct, _y, a, b: (ct / a.size) * (a - b),
    lambda ct, _y, a, b: (ct / a.size) * (b - a),
)


@ad.primitive
def penalised(value: Any, weight: Any, strength: float) -> Any:
    """Return value + ½ strength Σ w²."""
    return value + (0.5 * strength) * np.vdot(weight, weight)


penalised.defvjp(
    lambda ct, _y, _value, _weight, **_: ct,
    lambda ct, _y, _value, weight, strength: (ct * strength) * weight,
)


def half_squared_error(input: Any, target: Any, *, sample_weight: Any = None) -> Any:
    """Return the mean of ½ (ŷ − y)²: the regression loss of scikit-learn."""
    if sample_weight is None:
        return half_mean_square(input, target)
    return 0.5 * nn.functional.mse_loss(input, target, sample_weight=sample_weight)


class Objective:
    """The loss of a batch plus the L2 penalty α / (2 n) Σ W², n being the batch's samples or sum of weights.

    Dividing by n is scikit-learn's convention, so that an α found there means the same here.
    Biases and batch normalisation are not penalised.
    """

    def __init__(self, loss: Callable[..., Any], model: nn.Module, alpha: float) -> None:
        self.loss = loss
        self.alpha = alpha
        self.weights = [layer.weight for layer in model.modules() if isinstance(layer, nn.Linear)]

    def __call__(self, input: Any, target: Any, sample_weight: Any = None) -> Any:
        """Return the objective of a batch, a scalar."""
        if sample_weight is None:
            value, n = self.loss(input, target), float(len(target))
        else:
            value, n = self.loss(input, target, sample_weight=sample_weight), float(np.sum(sample_weight))
        if self.alpha:
            for weight in self.weights:
                value = penalised(value, weight, self.alpha / n)
        return value
