"""The loss of a model as a function of one vector, with its derivatives."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from math import inf
from typing import Any

import numpy as np

import autodiff as ad
from nn import functional
from nn.arguments import check_loss
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

    def __init__(
        self,
        model: Module,
        loss: Callable,
        X: Any,  # noqa: N803 - the data matrix of the lectures
        y: Any,
        sample_weight: Any = None,
    ) -> None:
        if not isinstance(model, Module):
            raise TypeError(f"minimize: model must be a Module; got {type(model).__name__}. Pass an nn.Module.")
        check_loss("minimize", loss)
        self.model, self.loss, self.sample_weight = model, loss, sample_weight
        self.X, self.y = _plain(X), _plain(y)
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
        return np.concatenate([_plain(a).reshape(-1) for a in arrays]).astype(np.float64)

    def put(self, x: np.ndarray) -> None:
        """Set the model's parameters."""
        for p, value in zip(self.parameters, self.unpacked(x), strict=True):
            p.data[...] = value

    # --- values and derivatives ---------------------------------------------------------------

    def _with(self, arrays: list[Any]) -> AbstractContextManager:
        return substituted(self.model, {id(p): a for p, a in zip(self.parameters, arrays, strict=True)})

    def _loss_of(self, arrays: list[Any]) -> Any:
        weights = {} if self.sample_weight is None else {"sample_weight": self.sample_weight}
        with self._with(arrays):
            return self.loss(self.model(self.X), self.y, **weights)

    def value(self, x: np.ndarray) -> float:
        """Return the loss.

        Raises
        ------
        ValueError
            If it depends on parameters that are not among the variables.
        """
        value = self._loss_of(self.unpacked(x))
        if isinstance(value, ad.Tensor) and value.requires_grad:
            raise ValueError(
                "minimize: the loss must read the parameters from the model; got one that depends on parameters kept "
                "elsewhere. Write model.parameters() inside the loss, not a list made before; put what is learned into "
                "the model."
            )
        return self._note(x, value)

    def value_and_grad(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the loss and its gradient."""
        value, gradient = self._value_and_grad(self.unpacked(x))
        return self._note(x, value), self.packed(gradient)

    def hessian_product(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Return the product of the Hessian with a vector; the Hessian is never formed."""
        return self.packed(self._hvp(self.unpacked(x), self.unpacked(v)))

    def _note(self, x: np.ndarray, value: Any) -> float:
        if np.size(value) != 1:
            raise ValueError(
                f"minimize: the loss must be one number; got shape {np.shape(value)}. "
                "Take the mean of the losses of the samples."
            )
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
        reduction = "mean" if self.loss is functional.mse_loss else getattr(self.loss, "reduction", "none")
        if not (self.loss is functional.mse_loss or isinstance(self.loss, MSELoss)) or reduction == "none":
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
        r = _plain(self._residuals_of(self.unpacked(x))).astype(np.float64)
        self._note(x, np.dot(r, r))
        return r

    def residual_jacobian(self, x: np.ndarray) -> np.ndarray:
        """Return the Jacobian of the residuals, shape (residuals, parameters)."""
        blocks = ad.jacobian(self._residuals_of)(self.unpacked(x))
        return np.concatenate([_plain(b).reshape(b.shape[0], -1) for b in blocks], axis=1).astype(np.float64)

    def _residuals_of(self, arrays: list[Any]) -> Any:
        with self._with(arrays):
            return (self.residual_weights() * (self.model(self.X) - self.y)).reshape(-1)


def _plain(array: Any) -> Any:
    """Return the numbers of a tensor; anything else as it is."""
    return array.numpy() if isinstance(array, ad.Tensor) else array
