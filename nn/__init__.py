"""A small neural-network library on the engine `autodiff`, in PyTorch's spelling.

Weights have shape (in, out), so that a layer reads as the lectures write it: `x @ weight + bias`.
"""

from nn import functional, init, optim
from nn.layers.activations import Identity, ReLU, Sigmoid, Tanh
from nn.layers.connections import DenseConnection, Highway, Residual
from nn.layers.containers import ModuleDict, ModuleList, Sequential
from nn.layers.dropout import Dropout
from nn.layers.embedding import Embedding
from nn.layers.flatten import Flatten, Unflatten
from nn.layers.linear import Linear
from nn.layers.normalization import BatchNorm1d, BatchNorm2d, LayerNorm
from nn.losses import MSELoss
from nn.module import Module
from nn.parameter import Parameter
from nn.saving import CheckpointError, load, save

Dense = Linear

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "CheckpointError",
    "Dense",
    "DenseConnection",
    "Dropout",
    "Embedding",
    "Flatten",
    "Highway",
    "Identity",
    "LayerNorm",
    "Linear",
    "MSELoss",
    "Module",
    "ModuleDict",
    "ModuleList",
    "Parameter",
    "ReLU",
    "Residual",
    "Sequential",
    "Sigmoid",
    "Tanh",
    "Unflatten",
    "functional",
    "init",
    "load",
    "optim",
    "save",
]
