"""Inputs and targets on a scale of 1, with the scale kept in the model."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from nn.arguments import float_dtype, positive_shape
from nn.module import Module

BLOCK = 2**20  # entries that are read at once, so that a memory map is not loaded


class Standardize(Module):
    """The map x ↦ (x − mean) / std, for each feature, as a layer: raw inputs then go into the model.

    mean and std are buffers, so that they are saved and loaded with the model, and no optimiser
    changes them. For targets, train on `scale(y)` and put `scale.inverse()` behind the model.

    Parameters
    ----------
    features : int or tuple of int
        Shape of a sample.
    dtype : dtype
        Of mean and std, float64 or float32.

    Attributes
    ----------
    mean, std : ndarray
        Shape `features`. The std is that of the population (divided by n, as in scikit-learn); for a
        feature that is constant it is taken as 1.
    n_samples : ndarray
        A number: from how many samples they are; 0 before `fit`.

    Raises
    ------
    TypeError, ValueError
        For data of another shape or with NaN; when used before `fit`.

    Examples
    --------
    >>> import nn
    >>> X = np.array([[0.0, 5.0], [2.0, 5.0]])
    >>> scale = Standardize(2).fit(X)
    >>> scale(X)
    array([[-1.,  0.],
           [ 1.,  0.]])
    >>> model = nn.Sequential(scale, nn.Linear(2, 1))
    """

    mean: np.ndarray
    std: np.ndarray
    n_samples: Any

    def __init__(self, features: int | tuple[int, ...], *, dtype: Any = np.float64) -> None:
        self.features = () if features == () else positive_shape("Standardize", "features", features)
        dtype = float_dtype("Standardize", dtype)
        self.register_buffer("mean", np.zeros(self.features, dtype))
        self.register_buffer("std", np.ones(self.features, dtype))
        self.register_buffer("n_samples", 0)

    def fit(self, X: Any) -> Self:  # noqa: N803 - the data matrix of the lectures
        """Take mean and std from data of shape (n_samples, *features)."""
        X = np.asarray(X)  # noqa: N806
        if X.dtype.kind not in "biuf":
            raise TypeError(f"Standardize.fit: X must hold real numbers; got dtype {X.dtype}. Write X.astype(float).")
        if X.shape[1:] != self.features or X.ndim == 0 or len(X) == 0:
            raise ValueError(
                f"Standardize.fit: X must have shape (n_samples, {', '.join(map(str, self.features))}); got {X.shape}. "
                "Make the layer with Standardize(X.shape[1:])."
            )
        rows = max(1, BLOCK // int(np.prod(self.features)))
        blocks = [slice(start, start + rows) for start in range(0, len(X), rows)]
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused below
            mean = np.add.reduce([X[block].sum(axis=0, dtype=np.float64) for block in blocks]) / len(X)
            square = np.add.reduce([np.square(X[block] - mean).sum(axis=0) for block in blocks]) / len(X)
        low = np.minimum.reduce([X[block].min(axis=0) for block in blocks])
        high = np.maximum.reduce([X[block].max(axis=0) for block in blocks])
        if not (np.isfinite(mean).all() and np.isfinite(square).all()):
            column = np.argwhere(~(np.isfinite(mean) & np.isfinite(square)))[0].tolist()
            raise ValueError(
                "Standardize.fit: X must be finite, and its squares too; got NaN, infinity or an overflow in column "
                f"{column[0] if len(column) == 1 else tuple(column)}. Leave out or fill those entries."
            )
        constant = low == high
        self.mean = np.where(constant, low, mean).astype(self.mean.dtype)
        self.std = np.where(constant | (square == 0), 1.0, np.sqrt(square)).astype(self.std.dtype)
        self.n_samples = len(X)
        return self

    def forward(self, x: Any) -> Any:
        """Return (x − mean) / std."""
        self._check_fitted("a call")
        return (x - self.mean) / self.std

    def inverse(self) -> Standardize:
        """Return the layer that undoes this one."""
        self._check_fitted("an inverse")
        layer = Unstandardize(self.features, dtype=self.std.dtype)
        layer.mean, layer.std, layer.n_samples = self.mean, self.std, self.n_samples
        return layer

    def _check_fitted(self, what: str) -> None:
        if not self.n_samples:
            raise ValueError(
                f"{type(self).__name__}: mean and std are not known yet; got {what} before fit. Call .fit(X) first."
            )

    def extra_repr(self) -> str:
        return ", ".join(map(str, self.features)) + ("" if self.n_samples else ", not fitted")


class Unstandardize(Standardize):
    """The map z ↦ z · std + mean: from the scale on which a model was trained to that of the targets.

    Examples
    --------
    >>> y = np.array([[100.0], [300.0]])
    >>> scale = Standardize(1).fit(y)
    >>> scale.inverse()(scale(y))
    array([[100.],
           [300.]])
    """

    def forward(self, x: Any) -> Any:
        """Return x · std + mean."""
        self._check_fitted("a call")
        return x * self.std + self.mean

    def inverse(self) -> Standardize:
        """Return the layer that undoes this one."""
        self._check_fitted("an inverse")
        layer = Standardize(self.features, dtype=self.std.dtype)
        layer.mean, layer.std, layer.n_samples = self.mean, self.std, self.n_samples
        return layer
