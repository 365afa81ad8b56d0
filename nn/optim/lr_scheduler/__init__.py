"""Schedules of the learning rate (annealing), in PyTorch's names and with its sequences."""

from nn.optim.lr_scheduler.combined import ChainedScheduler, SequentialLR
from nn.optim.lr_scheduler.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from nn.optim.lr_scheduler.decay import (
    ConstantLR,
    ExponentialLR,
    InverseTimeLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from nn.optim.lr_scheduler.functions import LambdaLR, MultiplicativeLR
from nn.optim.lr_scheduler.one_cycle import OneCycleLR
from nn.optim.lr_scheduler.plateau import ReduceLROnPlateau
from nn.optim.lr_scheduler.scheduler import LRScheduler

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "ExponentialLR",
    "InverseTimeLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]
