"""Losses as modules, which check their options when they are made; the formulas are in `nn.functional`.

`loss(input, target, sample_weight=None)` compares the prediction with the truth.
"""

from nn.losses.base import Loss
from nn.losses.classification import BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, NLLLoss
from nn.losses.likelihoods import GaussianNLLLoss, KLDivLoss, PoissonNLLLoss
from nn.losses.regression import HuberLoss, L1Loss, LogCoshLoss, MSELoss, QuantileLoss, SmoothL1Loss

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "GaussianNLLLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "LogCoshLoss",
    "Loss",
    "MSELoss",
    "NLLLoss",
    "PoissonNLLLoss",
    "QuantileLoss",
    "SmoothL1Loss",
]
