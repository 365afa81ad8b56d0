"""A small neural-network library on the engine `autodiff`, in PyTorch's spelling.

Weights have shape (in, out), so that a layer reads as the lectures write it: `x @ weight + bias`.
"""

from nn import functional, optim
from nn.layers.activations import Identity, ReLU, Sigmoid, Tanh
from nn.layers.containers import Sequential
from nn.layers.linear import Linear
from nn.losses import MSELoss
from nn.module import Module
from nn.parameter import Parameter
from nn.saving import CheckpointError, load, save

Dense = Linear

__all__ = [
    "CheckpointError",
    "Dense",
    "Identity",
    "Linear",
    "MSELoss",
    "Module",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Tanh",
    "functional",
    "load",
    "optim",
    "save",
]
