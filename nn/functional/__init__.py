"""The formulas behind the layers, as functions of arrays: `import nn.functional as F`."""

from nn.functional.activations import relu, sigmoid, tanh
from nn.functional.convolution import conv1d, conv2d, convolution_matrix, convolve
from nn.functional.dropout import dropout
from nn.functional.embedding import embedding
from nn.functional.flatten import flatten
from nn.functional.linear import linear
from nn.functional.losses import mse_loss
from nn.functional.normalization import batch_norm, layer_norm
from nn.functional.pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    avg_pool1d,
    avg_pool2d,
    max_pool1d,
    max_pool2d,
)

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "avg_pool1d",
    "avg_pool2d",
    "batch_norm",
    "conv1d",
    "conv2d",
    "convolution_matrix",
    "convolve",
    "dropout",
    "embedding",
    "flatten",
    "layer_norm",
    "linear",
    "max_pool1d",
    "max_pool2d",
    "mse_loss",
    "relu",
    "sigmoid",
    "tanh",
]
