"""The loss of a model as a function of one vector, with its derivatives."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np

import autodiff as ad
from nn import functional
from nn.losses import MSELoss
from nn.module import Module
from nn.optim.substitution import substituted


class Objective:
    """The loss over all samples as a function of one float64 vector of the model's parameters.

    Parameters
    ----------
    model : Module
        Its parameters that require a gradient are the variables; the others stay.
    loss : callable
        loss(model(X), y), or loss(model(X), y, sample_weight=sample_weight) if weights are given.
    X, y, sample_weight : array_like
        The data.

    Attributes
    ----------
    best : (float, ndarray)
        The smallest loss so far, and where it was.
    evaluations : int
        How often the loss was computed.
    """

    def __init__(self, model: Module, loss: Callable, X: Any, y: Any, sample_weight: Any = None) -> None:
        if not isinstance(model, Module):
            raise TypeError(f"minimize: model must be a Module; got {type(model).__name__}. Pass an nn.Module.")
        if not callable(loss):
            raise TypeError(
                f"minimize: loss must be a function of prediction and target; got {type(loss).__name__} {loss!r}. "
                "Pass nn.MSELoss() or the like."
            )
        self.model, self.loss, self.X, self.y, self.sample_weight = model, loss, X, y, sample_weight
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        if not self.parameters:
            raise ValueError(
                "minimize: there is nothing to learn; got a model whose parameters are all held fixed. "
                "Let some require a gradient: model.requires_grad_()."
            )
        self.stops = np.cumsum([p.size for p in self.parameters])
        self.start = np.concatenate([p.data.reshape(-1) for p in self.parameters]).astype(np.float64)
        self.best = (inf, self.start)
        self.evaluations = 0
        self._value_and_grad = ad.value_and_grad(self._loss_of)
        self._hvp = ad.hvp(self._loss_of)

    # --- vector and parameters --------------------------------------------------------------

    def unpacked(self, x: np.ndarray) -> list[np.ndarray]:
        """Return the vector's parts in the shapes and dtypes of the parameters."""
        parts = np.split(np.asarray(x), self.stops[:-1])
        return [part.reshape(p.shape).astype(p.dtype) for part, p in zip(parts, self.parameters, strict=True)]

    def packed(self, arrays: list[Any]) -> np.ndarray:
        """Return arrays in the shapes of the parameters as one vector."""
        return np.concatenate([np.reshape(a, -1) for a in arrays]).astype(np.float64)

    def put(self, x: np.ndarray) -> None:
        """Set the model's parameters."""
        for p, value in zip(self.parameters, self.unpacked(x), strict=True):
            p.data[...] = value

    # --- values and derivatives ---------------------------------------------------------------

    def _prediction(self, arrays: list[Any]) -> Any:
        with substituted(self.model, {id(p): a for p, a in zip(self.parameters, arrays, strict=True)}):
            return self.model(self.X)

    def _loss_of(self, arrays: list[Any]) -> Any:
        weights = {} if self.sample_weight is None else {"sample_weight": self.sample_weight}
        return self.loss(self._prediction(arrays), self.y, **weights)

    def value(self, x: np.ndarray) -> float:
        """Return the loss."""
        return self._note(x, self._loss_of(self.unpacked(x)))

    def value_and_grad(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the loss and its gradient."""
        value, gradient = self._value_and_grad(self.unpacked(x))
        return self._note(x, value), self.packed(gradient)

    def hessian_product(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Return the product of the Hessian with a vector; the Hessian is never formed."""
        return self.packed(self._hvp(self.unpacked(x), self.unpacked(v)))

    def _note(self, x: np.ndarray, value: Any) -> float:
        value = float(value.item() if hasattr(value, "item") else value)
        self.evaluations += 1
        if value < self.best[0]:
            self.best = (value, np.array(x))
        return value

    # --- as a sum of squares --------------------------------------------------------------------

    def residual_weights(self) -> np.ndarray:
        """Return √w such that the loss is Σ (√w r)² over the residuals r = prediction − target.

        Raises
        ------
        ValueError
            For another loss than the mean or the sum of squares.
        """
        reduction = self.loss.reduction if isinstance(self.loss, MSELoss) else "mean"
        if not isinstance(self.loss, MSELoss) and self.loss is not functional.mse_loss or reduction == "none":
            name = getattr(self.loss, "__name__", repr(self.loss))
            raise ValueError(
                f'minimize: method "lm" minimises a sum of squares; got the loss {name}. '
                'Pass nn.MSELoss(), or another method, such as "BFGS".'
            )
        n = np.shape(self.y)[0] if np.ndim(self.y) else 1
        weights = np.ones(n) if self.sample_weight is None else np.asarray(self.sample_weight, dtype=float)
        per_entry = np.broadcast_to(weights.reshape(-1, *[1] * (np.ndim(self.y) - 1)), np.shape(self.y))
        return np.sqrt(per_entry / np.sum(per_entry) if reduction == "mean" else per_entry)

    def residuals(self, x: np.ndarray) -> np.ndarray:
        """Return √w (prediction − target) as one vector; the sum of its squares is the loss."""
        r = np.asarray(self._residuals_of(self.unpacked(x)), dtype=np.float64)
        self._note(x, np.dot(r, r))
        return r

    def residual_jacobian(self, x: np.ndarray) -> np.ndarray:
        """Return the Jacobian of the residuals, shape (residuals, parameters)."""
        blocks = ad.jacobian(self._residuals_of)(self.unpacked(x))
        return np.concatenate([np.reshape(b, (b.shape[0], -1)) for b in blocks], axis=1).astype(np.float64)

    def _residuals_of(self, arrays: list[Any]) -> Any:
        target = self.y.numpy() if isinstance(self.y, ad.Tensor) else np.asarray(self.y)
        return (self.residual_weights() * (self._prediction(arrays) - target)).reshape(-1)
