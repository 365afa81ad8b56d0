"""How many floating-point operations the forward pass of a layer takes.

One FLOP is one addition, multiplication, division, comparison or exponential. A product of
matrices (m, n) @ (n, k) counts 2 m n k, an elementwise activation 1 for each entry, whatever
its formula; moving and choosing entries counts nothing, and neither does what is done once
for a channel and not for each entry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from nn.layers import activations
from nn.layers.connections import DenseConnection, Highway, Residual
from nn.layers.containers import ModuleDict, ModuleList, Sequential
from nn.layers.convolution import Conv1d, Conv2d
from nn.layers.dropout import Dropout
from nn.layers.embedding import Embedding
from nn.layers.flatten import Flatten, Unflatten
from nn.layers.linear import Linear
from nn.layers.normalization import BatchNorm1d, BatchNorm2d, LayerNorm
from nn.layers.pooling import AdaptiveAvgPool2d, AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from nn.module import Module

Shape = tuple[int, ...]


def flop(module: Module, inputs: Sequence[Any], output: Any) -> int | None:
    """Return the FLOP of one call of `module`, without those of the modules inside it; None if unknown.

    Known are the layers of this library, and what has been put into `FLOP`: a function of
    the layer and the shapes of its first input and of its output.

    Examples
    --------
    >>> flop(Linear(100, 30), [np.ones((64, 100))], np.ones((64, 30)))  # 2 · 64 · 100 · 30 + 64 · 30
    385920
    """
    for kind in type(module).__mro__:
        if kind in FLOP and getattr(kind, "forward", None) is type(module).forward:  # else it computes something else
            return FLOP[kind](module, np.shape(inputs[0]) if inputs else (), np.shape(output))
    return None


def _nothing(_module: Any, _x: Shape, _y: Shape) -> int:
    return 0


def _per_entry(_module: Any, _x: Shape, y: Shape) -> int:
    return prod(y)


def _softmax(_module: Any, _x: Shape, y: Shape) -> int:
    return 5 * prod(y)  # maximum, difference, exponential, sum, quotient


def _linear(layer: Any, _x: Shape, y: Shape) -> int:
    return prod(y) * (2 * layer.in_features + (layer.bias is not None))


def _convolution(layer: Any, _x: Shape, y: Shape) -> int:
    return prod(y) * (2 * prod(layer.weight.shape[1:]) + (layer.bias is not None))


def _pooling(layer: Any, _x: Shape, y: Shape) -> int:
    return prod(y) * prod(layer.kernel_size)


def _adaptive_pooling(_layer: Any, x: Shape, y: Shape) -> int:
    """Return the number of entries in all windows: window i of n covers ⌊i L/n⌋ to ⌈(i + 1) L/n⌉."""
    covered = [sum(-(-(i + 1) * L // n) - i * L // n for i in range(n)) for L, n in zip(x[-2:], y[-2:], strict=True)]
    return prod(y[:-2]) * prod(covered)


def _normalisation(layer: Any, _x: Shape, y: Shape) -> int:
    over_samples = isinstance(layer, (BatchNorm1d, BatchNorm2d))
    running = over_samples and layer.track_running_stats and not layer.training
    standardise = 2 if running else 5  # difference, scale; and for the statistics: sum, square, sum
    return prod(y) * (standardise + (layer.weight is not None) + (layer.bias is not None))


def _dropout(layer: Any, _x: Shape, y: Shape) -> int:
    return prod(y) if layer.training and layer.p > 0 else 0


def _highway(_layer: Any, _x: Shape, y: Shape) -> int:
    return 5 * prod(y)  # T, T H, 1 − T, its product with x, the sum


POOLS: list[type[Module]] = [MaxPool1d, MaxPool2d, AvgPool1d, AvgPool2d]
FLOP: dict[type, Callable[[Any, Shape, Shape], int]] = {
    **{
        kind: _per_entry
        for kind in vars(activations).values()
        if isinstance(kind, type) and issubclass(kind, Module) and kind is not Module
    },
    **dict.fromkeys([activations.Softmax, activations.LogSoftmax], _softmax),
    **dict.fromkeys([activations.Identity, Sequential, ModuleList, ModuleDict], _nothing),
    **dict.fromkeys([Flatten, Unflatten, Embedding, DenseConnection], _nothing),
    **dict.fromkeys([Conv1d, Conv2d], _convolution),
    **dict.fromkeys(POOLS, _pooling),
    **dict.fromkeys([BatchNorm1d, BatchNorm2d, LayerNorm], _normalisation),
    AdaptiveAvgPool2d: _adaptive_pooling,
    Dropout: _dropout,
    Highway: _highway,
    Linear: _linear,
    Residual: _per_entry,
}
