"""Training: `fit`, its state, its history, and what decides when it ends."""

from nn.training.early_stopping import EarlyStopping
from nn.training.epoch import DivergenceError
from nn.training.evaluation import evaluate, predict
from nn.training.fit import fit
from nn.training.history import History
from nn.training.preparation import make_training
from nn.training.training import Training

__all__ = ["DivergenceError", "EarlyStopping", "History", "Training", "evaluate", "fit", "make_training", "predict"]
