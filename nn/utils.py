"""PyTorch's `nn.utils`: gradient clipping, and parameters as one vector."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

import autodiff as ad
from nn.clipping import clip_grad_norm_, clip_grad_value_

__all__ = ["clip_grad_norm_", "clip_grad_value_", "parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Any]) -> Any:
    """Return all parameters in one vector, in order; gradients flow through it.

    Raises
    ------
    ValueError
        If there are none.

    Examples
    --------
    >>> import nn
    >>> parameters_to_vector([nn.Parameter([[1.0, 2.0]]), nn.Parameter(3.0)]).numpy()
    array([1., 2., 3.])
    """
    parts = [p.reshape(-1) for p in parameters]
    if not parts:
        raise ValueError("parameters_to_vector: there is nothing to join; got no parameters. Pass model.parameters().")
    return np.concatenate(parts)


def vector_to_parameters(vec: Any, parameters: Iterable[Any]) -> None:
    """Set the parameters, in order, to the entries of the vector.

    Raises
    ------
    ValueError
        If the vector has not as many entries as the parameters together.

    Examples
    --------
    >>> import nn
    >>> layer = nn.Linear(1, 1)
    >>> vector_to_parameters([2.0, 1.0], layer.parameters())
    >>> layer(np.array([[3.0]])).item()
    7.0
    """
    parameters = list(parameters)
    vector = vec.numpy() if isinstance(vec, ad.Tensor) else np.asarray(vec, dtype=float)
    size = sum(p.size for p in parameters)
    if vector.shape != (size,):
        raise ValueError(
            f"vector_to_parameters: the vector must have the shape ({size},) for these parameters; got {vector.shape}. "
            "Pass what parameters_to_vector gave for the same model."
        )
    start = 0
    for p in parameters:
        p.data[...] = vector[start : start + p.size].reshape(p.shape)
        start += p.size
