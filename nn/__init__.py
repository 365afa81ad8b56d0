"""A small neural-network library on the engine `autodiff`, in PyTorch's spelling.

Weights have shape (in, out), so that a layer reads as the lectures write it: `x @ weight + bias`.
"""

from typing import Any

from nn import data, functional, init, optim, utils
from nn.clipping import clip_grad_norm_, clip_grad_norm_per_parameter_, clip_grad_value_
from nn.compile import CompiledModel, CompiledStep, compile
from nn.data import DataLoader, Standardize, TensorDataset, Unstandardize, load_csv, one_hot, train_test_split
from nn.diagnosis import Diagnosis, diagnose
from nn.functional.penalties import l1_penalty, l2_penalty
from nn.layers.activations import (
    ELU,
    SELU,
    Hardsigmoid,
    Hardtanh,
    Identity,
    LeakyReLU,
    LogSigmoid,
    ReLU,
    ReLU6,
    Sigmoid,
    Softplus,
    Softsign,
    Tanh,
)
from nn.layers.connections import DenseConnection, Highway, Residual
from nn.layers.containers import ModuleDict, ModuleList, Sequential
from nn.layers.convolution import Conv1d, Conv2d
from nn.layers.dropout import Dropout
from nn.layers.embedding import Embedding
from nn.layers.flatten import Flatten, Unflatten
from nn.layers.gates import GELU, Hardswish, Mish, SiLU
from nn.layers.linear import Linear
from nn.layers.normalization import BatchNorm1d, BatchNorm2d, LayerNorm
from nn.layers.pooling import AdaptiveAvgPool2d, AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from nn.layers.softmax import LogSoftmax, Softmax
from nn.losses import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    GaussianNLLLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    LogCoshLoss,
    MSELoss,
    NLLLoss,
    PoissonNLLLoss,
    QuantileLoss,
    SmoothL1Loss,
)
from nn.module import Module
from nn.optim.minimize import minimize
from nn.parameter import Parameter
from nn.saving import CheckpointError, load, save
from nn.training import DivergenceError, EarlyStopping, History, Training, evaluate, fit, metrics, predict

Dense = Linear

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "AdaptiveAvgPool2d",
    "AvgPool1d",
    "AvgPool2d",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "CheckpointError",
    "CompiledModel",
    "CompiledStep",
    "Conv1d",
    "Conv2d",
    "CrossEntropyLoss",
    "DataLoader",
    "Dense",
    "DenseConnection",
    "Diagnosis",
    "DivergenceError",
    "Dropout",
    "EarlyStopping",
    "Embedding",
    "Flatten",
    "GaussianNLLLoss",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "Highway",
    "History",
    "HuberLoss",
    "Identity",
    "KLDivLoss",
    "L1Loss",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogCoshLoss",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "MaxPool1d",
    "MaxPool2d",
    "Mish",
    "Module",
    "ModuleDict",
    "ModuleList",
    "NLLLoss",
    "Parameter",
    "PoissonNLLLoss",
    "QuantileLoss",
    "ReLU",
    "ReLU6",
    "Residual",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "Softmax",
    "Softplus",
    "Softsign",
    "Standardize",
    "Tanh",
    "TensorDataset",
    "Training",
    "Unflatten",
    "Unstandardize",
    "clip_grad_norm_",
    "clip_grad_norm_per_parameter_",
    "clip_grad_value_",
    "compile",
    "data",
    "diagnose",
    "evaluate",
    "fit",
    "functional",
    "init",
    "l1_penalty",
    "l2_penalty",
    "load",
    "load_csv",
    "metrics",
    "minimize",
    "one_hot",
    "optim",
    "predict",
    "save",
    "train_test_split",
    "utils",
]

ESTIMATORS = ("MLPClassifier", "MLPRegressor")  # loaded when they are first asked for: they load scikit-learn


def __getattr__(name: str) -> Any:
    if name in ESTIMATORS:
        from nn import estimators

        return getattr(estimators, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *ESTIMATORS])
