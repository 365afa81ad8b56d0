"""Optimisers: the paper's equations on one flat array of all parameters."""

from nn.optim import lr_scheduler
from nn.optim.adadelta import Adadelta
from nn.optim.adagrad import Adagrad, AdagradMomentum
from nn.optim.adam import Adam, AdamW, AMSGrad
from nn.optim.adamax import Adamax
from nn.optim.nadam import NAdam
from nn.optim.optimizer import Optimizer
from nn.optim.rmsprop import RMSprop
from nn.optim.sgd import SGD

__all__ = [
    "SGD",
    "AMSGrad",
    "Adadelta",
    "Adagrad",
    "AdagradMomentum",
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "Optimizer",
    "RMSprop",
    "lr_scheduler",
]
