"""A network that predicts numbers."""

# ruff: noqa: N803, N806 - X is the data matrix, as in scikit-learn
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import column_or_1d, validate_data

import nn
from nn.estimators.choices import checked_loss
from nn.estimators.objective import half_squared_error
from nn.estimators.perceptron import FLOATS, MultilayerPerceptron

LOSSES: dict[str, Callable[..., Any]] = {
    "squared_error": half_squared_error,
    "absolute_error": nn.L1Loss(),
    "huber": nn.HuberLoss(),
    "log_cosh": nn.LogCoshLoss(),
    "poisson": nn.PoissonNLLLoss(),
}


@dataclass(eq=False, repr=False, kw_only=True)
class MLPRegressor(RegressorMixin, MultilayerPerceptron):
    """A multilayer perceptron that predicts one number or several for each sample.

    Options, attributes and errors are those of `MultilayerPerceptron`, and:

    Parameters
    ----------
    loss : str, Module or function
        "squared_error" (½ (ŷ − y)², as in scikit-learn), "absolute_error", "huber", "log_cosh",
        "poisson" (the network then gives log ŷ); or a module or function of output and
        target, both of shape (n_samples, n_outputs).

    Examples
    --------
    >>> X = np.linspace(-1.0, 1.0, 50).reshape(-1, 1)
    >>> y = np.sin(3.0 * X[:, 0])
    >>> model = MLPRegressor((20, 20), learning_rate=0.02, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.99)
    True
    >>> model.predict([[0.0], [0.5]]).shape
    (2,)
    """

    loss: Any = "squared_error"

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn for one more epoch, from these samples; parameters are as in `fit`."""
        return self._learn_epoch(X, y, sample_weight)

    def predict(self, X: Any) -> np.ndarray:
        """Return the predictions for X, shape (n_samples,) or, for targets of two axes, (n_samples, n_outputs)."""
        output = self._output(X)
        if _is_log_rate(self.loss):
            output = np.exp(output)
        return output[:, 0] if self._flat else output

    def _loss_function(self, weighted: bool) -> Callable[..., Any]:
        return checked_loss(type(self).__name__, self.loss, LOSSES, weighted)

    def _arrays(self, X: Any, y: Any, first: bool, classes: Any = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        X, y = validate_data(self, X, y, dtype=FLOATS, multi_output=True, y_numeric=True, reset=first)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        target = y.astype(X.dtype, copy=False).reshape(len(X), -1)
        if first:
            self._flat, self.n_outputs_ = y.ndim == 1, target.shape[1]
        elif target.shape[1] != self.n_outputs_:
            raise ValueError(
                f"MLPRegressor: targets must have as many columns as at first; got {target.shape[1]} for "
                f"{self.n_outputs_}. Fit without warm_start, or pass the same outputs."
            )
        if _is_log_rate(self.loss) and target.min() < 0.0:
            raise ValueError(
                f'MLPRegressor: targets of the loss "poisson" are counts; got {target.min():g}. Choose another loss.'
            )
        return X, y, target

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _is_log_rate(loss: Any) -> bool:
    """Return whether the network's output is the logarithm of what is to be predicted."""
    return loss == "poisson" or (isinstance(loss, nn.PoissonNLLLoss) and loss.log_input)
