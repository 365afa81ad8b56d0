"""The network of an estimator: dense layers with activations, and where asked batch normalisation and dropout."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

import nn
from nn.arguments import between, integer

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "identity": nn.Identity,
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "logistic": nn.Sigmoid,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}


def hidden_sizes(estimator: str, sizes: Any) -> tuple[int, ...]:
    """Return the widths of the hidden layers as a tuple of positive ints; it may be empty."""
    if not isinstance(sizes, (Sequence, np.ndarray)) or isinstance(sizes, str):
        sizes = (sizes,)
    return tuple([integer(estimator, "each of hidden_layer_sizes", size, 1) for size in sizes])


def activations(estimator: str, activation: Any, n_layers: int) -> list[nn.Module]:
    """Return an activation of its own for each hidden layer, from one for all of them or one for each."""
    each = activation if isinstance(activation, (list, tuple)) else [activation] * n_layers
    if len(each) != n_layers:
        raise ValueError(
            f"{estimator}: activation must be one for all hidden layers or one for each; "
            f"got {len(each)} for {n_layers}. Make hidden_layer_sizes and activation of one length."
        )
    return [_activation(estimator, one) for one in each]


def _activation(estimator: str, activation: Any) -> nn.Module:
    if isinstance(activation, nn.Module):
        return copy.deepcopy(activation)  # layers share no parameters, and fits no state
    if isinstance(activation, type) and issubclass(activation, nn.Module):
        return activation()
    if isinstance(activation, str):
        return chosen(estimator, "activation", activation, ACTIVATIONS)()
    raise TypeError(
        f"{estimator}: activation must be a name, a module or a class of modules; got {activation!r}. "
        'Pass "relu" or nn.LeakyReLU(0.1).'
    )


def chosen(estimator: str, option: str, name: Any, table: dict[str, Any]) -> Any:
    """Return the entry of a table of choices, or raise with the list of them."""
    if name not in table:
        choices = ", ".join(f'"{choice}"' for choice in table)
        raise ValueError(f"{estimator}: unknown {option}; got {name!r}. Choose one of {choices}.")
    return table[name]


def build(estimator: Any, n_inputs: int, n_outputs: int, rng: np.random.Generator, dtype: Any) -> nn.Sequential:
    """Return the network that the options of `estimator` describe, with initial values drawn from `rng`.

    Each hidden layer is z = x W + b, then batch normalisation, the activation, dropout. Weights
    and biases are drawn uniformly in Glorot's bounds, as in scikit-learn, before rectifiers too:
    with He's, larger, the few hundred steps that small data allow go into taking back the first
    outputs.

    References
    ----------
    Glorot & Bengio (2010), "Understanding the difficulty of training deep feedforward neural
    networks", eq. 16.
    """
    name = type(estimator).__name__
    sizes = hidden_sizes(name, estimator.hidden_layer_sizes)
    dropout = between(name, "dropout", estimator.dropout, 0.0, 1.0)
    layers: list[nn.Module] = []
    for size, activation in zip(sizes, activations(name, estimator.activation, len(sizes)), strict=True):
        layers.append(_linear(n_inputs, size, rng, dtype))
        if estimator.batch_norm:
            layers.append(nn.BatchNorm1d(size, dtype=dtype))
        layers.append(activation.to(dtype))
        if dropout:
            layers.append(nn.Dropout(dropout, rng=rng))
        n_inputs = size
    return nn.Sequential(*layers, _linear(n_inputs, n_outputs, rng, dtype))


def _linear(n_inputs: int, n_outputs: int, rng: np.random.Generator, dtype: Any) -> nn.Linear:
    layer = nn.Linear(n_inputs, n_outputs, rng=rng, dtype=dtype)
    bound = math.sqrt(6.0 / (n_inputs + n_outputs))
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -bound, bound, rng=rng)
    return layer
