"""Normalisation as modules; the formulas are in `nn.functional`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from nn import functional
from nn.arguments import between, float_dtype, integer, not_negative, positive_shape
from nn.module import Module
from nn.parameter import Parameter


class _BatchNorm(Module):
    """What the batch normalisations share; they differ in the shapes they take."""

    shapes: ClassVar[dict[int, str]]  # by the number of axes
    running_mean: Any
    running_var: Any
    num_batches_tracked: Any

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        dtype: Any = np.float64,
    ) -> None:
        kind = type(self).__name__
        self.num_features = integer(kind, "num_features", num_features, 1)
        self.eps = not_negative(kind, "eps", eps)
        self.momentum = None if momentum is None else between(kind, "momentum", momentum, 0.0, 1.0)
        dtype = float_dtype(kind, dtype)
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.weight = Parameter(np.ones(num_features, dtype)) if affine else None
        self.bias = Parameter(np.zeros(num_features, dtype)) if affine else None
        if track_running_stats:
            self.register_buffer("running_mean", np.zeros(num_features, dtype))
            self.register_buffer("running_var", np.ones(num_features, dtype))
            self.register_buffer("num_batches_tracked", np.array(0))
        else:
            self.running_mean = self.running_var = self.num_batches_tracked = None

    def reset_running_stats(self) -> None:
        """Forget the running statistics."""
        if self.track_running_stats:
            self.running_mean[...] = 0.0
            self.running_var[...] = 1.0
            self.num_batches_tracked[...] = 0

    def forward(self, x: Any) -> Any:
        """Return x normalised, in its own shape; in training the running statistics move."""
        shape = np.shape(x)
        if len(shape) not in self.shapes or shape[1] != self.num_features:
            wanted = " or ".join(self.shapes.values())
            raise ValueError(
                f"{type(self).__name__}: the input must have shape {wanted} with C = {self.num_features} channels; "
                f"got {shape}. Reshape the input, or build the layer for it."
            )
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats:
            if self.momentum is None:
                momentum = 1.0 / (self.num_batches_tracked + 1)  # the mean over all batches so far
            y = self._normalized(x, True, momentum)
            batches = self.num_batches_tracked
            batches += 1  # in place: the buffer stays the same array
            return y
        return self._normalized(x, self.training or not self.track_running_stats, momentum)

    def _normalized(self, x: Any, training: bool, momentum: float) -> Any:
        return functional.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, training, momentum, self.eps
        )

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Standardise each feature over the batch, then scale and shift it; see `nn.functional.batch_norm`.

    In training mean and variance are those of the batch, and the derivative goes through
    them; in evaluation they are the running ones, and the layer is an affine map.

    Parameters
    ----------
    num_features : int
        Number C of features (channels): inputs have shape (N, C) or (N, C, L).
    eps : float
        ε in 1/√(v + ε).
    momentum : float or None
        How far a batch moves the running statistics; None makes them the mean over all batches.
    affine : bool
        Whether there are a weight and a bias to learn.
    track_running_stats : bool
        Without, evaluation uses the statistics of the batch, too.
    dtype : dtype
        Of the parameters and running statistics, float64 or float32.

    Attributes
    ----------
    weight, bias : Parameter or None
        γ and β of the paper, shape (C,); at first 1 and 0.
    running_mean, running_var, num_batches_tracked : ndarray or None
        Buffers: saved, not learned. The running variance is that of the unbiased estimate.

    Raises
    ------
    TypeError, ValueError
        For options out of range, inputs of another shape, and in training one value per channel.

    References
    ----------
    Ioffe & Szegedy (2015), "Batch normalization", Algorithms 1 and 2; with PyTorch's
    exponential averages in place of Algorithm 2's means over several batches.

    Examples
    --------
    >>> layer = BatchNorm1d(2)
    >>> y = layer(np.array([[1.0, 10.0], [3.0, 30.0]]))
    >>> np.round(y.numpy(), 3)
    array([[-1., -1.],
           [ 1.,  1.]])
    >>> layer.running_mean
    array([0.2, 2. ])
    """

    shapes: ClassVar = {2: "(N, C)", 3: "(N, C, L)"}


class BatchNorm2d(_BatchNorm):
    """Standardise each channel of images over the batch and all places; see `BatchNorm1d`.

    Inputs have shape (N, C, H, W); parameters, attributes and errors are those of `BatchNorm1d`.

    Examples
    --------
    >>> BatchNorm2d(3)(np.random.default_rng(0).normal(size=(8, 3, 5, 5))).shape
    (8, 3, 5, 5)
    """

    shapes: ClassVar = {4: "(N, C, H, W)"}


class LayerNorm(Module):
    """Standardise each sample over its last axes, then scale and shift it; see `nn.functional.layer_norm`.

    Parameters
    ----------
    normalized_shape : int or sequence of int
        The lengths of these axes.
    eps : float
        ε in 1/√(v + ε).
    elementwise_affine : bool
        Whether there is a weight (and a bias) to learn.
    bias : bool
        Whether there is a bias.
    dtype : dtype
        Of the parameters, float64 or float32.

    Attributes
    ----------
    weight, bias : Parameter or None
        Of shape `normalized_shape`; at first 1 and 0.

    Raises
    ------
    TypeError, ValueError
        For options out of range, and inputs whose last axes have other lengths.

    References
    ----------
    Ba, Kiros & Hinton (2016), "Layer normalization", eqs. 3 and 4.

    Examples
    --------
    >>> np.round(LayerNorm(2)(np.array([[1.0, 3.0], [10.0, 30.0]])).numpy(), 3)
    array([[-1.,  1.],
           [-1.,  1.]])
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: Any = np.float64,
    ) -> None:
        self.normalized_shape = positive_shape("LayerNorm", "normalized_shape", normalized_shape)
        self.eps = not_negative("LayerNorm", "eps", eps)
        dtype = float_dtype("LayerNorm", dtype)
        self.elementwise_affine = elementwise_affine
        self.weight = Parameter(np.ones(self.normalized_shape, dtype)) if elementwise_affine else None
        self.bias = Parameter(np.zeros(self.normalized_shape, dtype)) if elementwise_affine and bias else None

    def forward(self, x: Any) -> Any:
        """Return x normalised, in its own shape."""
        return functional.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        no_bias = ", bias=False" if self.elementwise_affine and self.bias is None else ""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}{no_bias}"
