"""The formulas behind the layers, as functions of arrays: `import nn.functional as F`."""

from nn.functional.activations import relu, sigmoid, tanh
from nn.functional.dropout import dropout
from nn.functional.embedding import embedding
from nn.functional.flatten import flatten
from nn.functional.linear import linear
from nn.functional.losses import mse_loss
from nn.functional.normalization import batch_norm, layer_norm

__all__ = [
    "batch_norm",
    "dropout",
    "embedding",
    "flatten",
    "layer_norm",
    "linear",
    "mse_loss",
    "relu",
    "sigmoid",
    "tanh",
]
