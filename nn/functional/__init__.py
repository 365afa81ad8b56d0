"""The formulas behind the layers, as functions of arrays: `import nn.functional as F`."""

from nn.functional.activations import (
    elu,
    hardsigmoid,
    hardtanh,
    identity,
    leaky_relu,
    logsigmoid,
    relu,
    relu6,
    selu,
    sigmoid,
    softplus,
    softsign,
    tanh,
)
from nn.functional.convolution import conv1d, conv2d, convolution_matrix, convolve
from nn.functional.dropout import dropout
from nn.functional.embedding import embedding
from nn.functional.flatten import flatten
from nn.functional.gates import gelu, hardswish, mish, silu
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
from nn.functional.softmax import log_softmax, softmax

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
    "elu",
    "embedding",
    "flatten",
    "gelu",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "identity",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsigmoid",
    "max_pool1d",
    "max_pool2d",
    "mish",
    "mse_loss",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
]
