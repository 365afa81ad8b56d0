"""Normalisation: x̂ = (x − E[x]) / √(Var[x] + ε), scaled and shifted by what is learned.

Batch normalisation takes mean and variance over the samples (one of each per channel),
layer normalisation over the features (one of each per sample).
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

import autodiff as ad
from nn.functional.reduction import floats


@ad.primitive
def standardized(x: Any, *, axes: tuple[int, ...], eps: float) -> tuple[Any, Any, Any]:
    """Return x̂ = (x − μ) r with r = 1/√(v + ε), and the mean μ and variance v over `axes`, which are kept."""
    n = prod([x.shape[axis] for axis in axes])
    mean = _sum(x, axes) / n
    centred = x - mean
    variance = _sum(centred * centred, axes) / n
    return centred * (1.0 / np.sqrt(variance + eps)), mean, variance


def _sum(x: Any, axes: tuple[int, ...]) -> Any:
    return np.add.reduce(x, axes, keepdims=True)


def _standardized_vjp(cts: Any, y: Any, _x: Any, *, axes: tuple[int, ...], eps: float) -> Any:
    """Return x̄ = r (ct − E[ct] − x̂ E[x̂ ct]); the Jacobian of x̂ is symmetric.

    Those of μ and v, dμ = E[dx] and dv = 2 E[(x − μ) dx], matter where this rule itself is differentiated.
    """
    x_hat, _, variance = y
    ct, ct_mean, ct_variance = cts
    n = x_hat.size // variance.size
    deviation = np.sqrt(variance + eps)
    x_bar: Any = 0.0
    if ct is not None:
        x_bar = (ct - (_sum(ct, axes) + x_hat * _sum(ct * x_hat, axes)) / n) * (1.0 / deviation)
    if ct_mean is not None:
        x_bar = x_bar + np.broadcast_to(ct_mean / n, x_hat.shape)
    if ct_variance is not None:
        x_bar = x_bar + (ct_variance * (2.0 / n) * deviation) * x_hat
    return x_bar


def _standardized_jvp(tangent: Any, y: Any, _x: Any, *, axes: tuple[int, ...], eps: float) -> tuple[Any, Any, Any]:
    x_hat, _, variance = y
    n = x_hat.size // variance.size
    deviation = np.sqrt(variance + eps)
    mean_dot = _sum(tangent, axes) / n
    along = _sum(tangent * x_hat, axes) / n
    return (tangent - mean_dot - x_hat * along) * (1.0 / deviation), mean_dot, 2.0 * deviation * along


standardized.defvjp(_standardized_vjp).defjvp(_standardized_jvp)


def batch_norm(
    input: Any,
    running_mean: np.ndarray | None,
    running_var: np.ndarray | None,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Return x̂ · weight + bias, each channel standardised over the samples.

    Parameters
    ----------
    input : array_like
        Shape (N, C, …): N samples of C channels, each with any number of places.
    running_mean, running_var : ndarray or None
        Shape (C,). In training they are moved, in place, towards the mean and the (unbiased)
        variance of this batch; otherwise they are what the channels are standardised with.
    weight, bias : array_like, optional
        Shape (C,).
    training : bool
        Whether to standardise with the batch's own mean and variance, through which the
        derivative then goes.
    momentum : float
        How far the running statistics move: running ← (1 − momentum) running + momentum batch.
    eps : float
        ε in 1/√(v + ε).

    Raises
    ------
    ValueError
        For shapes that do not fit; in training, for one value per channel, which has no variance.

    References
    ----------
    Ioffe & Szegedy (2015), "Batch normalization: accelerating deep network training by
    reducing internal covariate shift", Algorithm 1.

    Examples
    --------
    >>> batch_norm(np.array([[1.0, 10.0], [3.0, 30.0]]), None, None, training=True, eps=0.0)
    array([[-1., -1.],
           [ 1.,  1.]])
    """
    x = floats("batch_norm", "the input", input)
    if x.ndim < 2:
        raise ValueError(f"batch_norm: the input must have shape (N, C, ...); got {x.shape}. Add the axis of samples.")
    channels = x.shape[1]
    arrays = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    for name, array in arrays.items():
        if array is not None and array.shape != (channels,):
            raise ValueError(
                f"batch_norm: {name} must have one entry for each of the {channels} channels (axis 1) of the input; "
                f"got shape {array.shape} for an input of shape {x.shape}. Build the layer for as many channels."
            )
    across = (channels, *(1,) * (x.ndim - 2))  # a channel's numbers, to stand against all its places
    if training:
        x_hat = _over_samples(x, running_mean, running_var, momentum, eps)
    elif running_mean is None or running_var is None:
        raise ValueError(
            "batch_norm: outside training the running statistics are what is normalised with; got None. "
            "Pass them, or training=True."
        )
    else:
        inverse = 1.0 / np.sqrt(running_var + eps)
        x_hat = (x - running_mean.reshape(across)) * inverse.reshape(across)
    return _scaled(x_hat, weight, bias, across)


def _over_samples(
    x: Any, running_mean: np.ndarray | None, running_var: np.ndarray | None, momentum: float, eps: float
) -> Any:
    """Return x standardised with the statistics of the batch, and move the running ones."""
    axes = (0, *range(2, x.ndim))
    n = prod([x.shape[axis] for axis in axes])
    if n < 2:
        raise ValueError(
            f"batch_norm: in training each channel needs more than one value; got an input of shape {x.shape}. "
            "Use a larger batch (nn.fit: drop_last=True), or model.eval()."
        )
    x_hat, mean, variance = standardized(x, axes=axes, eps=eps)
    for running, batch in ((running_mean, mean), (running_var, variance)):
        if running is not None:
            new = _numbers(batch, running).reshape(-1)
            running += momentum * ((new * (n / (n - 1)) if batch is variance else new) - running)
    return x_hat


def _numbers(x: Any, running: Any) -> Any:
    """Return the values of `x` without their derivative: an array, or a record if `running` is one, too."""
    if isinstance(x, np.ndarray):
        return x
    constant = x.detach()
    kind = ad.Record if isinstance(running, ad.Record) else np.ndarray
    if isinstance(constant, ad.Record) and kind is np.ndarray and constant.recorder.strict:
        raise TypeError(
            "batch_norm: ad.compile does not keep the running statistics that training changes; got a call of it. "
            "Write nn.compile(model), which does, or model.eval()."
        )
    return constant if isinstance(constant, kind) else constant.numpy()


def layer_norm(input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Return x̂ · weight + bias, each sample standardised over its last axes.

    Parameters
    ----------
    input : array_like
        Shape (…, *normalized_shape).
    normalized_shape : int or sequence of int
        The lengths of the axes over which mean and variance are taken.
    weight, bias : array_like, optional
        Of shape `normalized_shape`.
    eps : float
        ε in 1/√(v + ε).

    Raises
    ------
    ValueError
        For shapes that do not fit.

    References
    ----------
    Ba, Kiros & Hinton (2016), "Layer normalization", eqs. 3 and 4.

    Examples
    --------
    >>> layer_norm(np.array([[1.0, 3.0], [10.0, 30.0]]), 2, eps=0.0)
    array([[-1.,  1.],
           [-1.,  1.]])
    """
    x = floats("layer_norm", "the input", input)
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or x.shape[-len(shape) :] != shape:
        raise ValueError(
            f"layer_norm: the last axes of the input must have the lengths {shape}; got shape {x.shape}. "
            "Reshape the input, or build the layer for it."
        )
    for name, array in (("weight", weight), ("bias", bias)):
        if array is not None and array.shape != shape:
            raise ValueError(f"layer_norm: {name} must have the shape {shape}; got {array.shape}. Reshape it.")
    axes = tuple(range(x.ndim - len(shape), x.ndim))
    return _scaled(standardized(x, axes=axes, eps=eps)[0], weight, bias, shape)


def _scaled(x_hat: Any, weight: Any, bias: Any, shape: tuple[int, ...]) -> Any:
    """Return x̂ · weight + bias, both in the given shape."""
    if weight is not None:
        x_hat = x_hat * (weight if weight.shape == shape else weight.reshape(shape))
    if bias is not None:
        x_hat = x_hat + (bias if bias.shape == shape else bias.reshape(shape))
    return x_hat
