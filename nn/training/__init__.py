"""Training: `fit`, its state, its history, and what decides when it ends."""

from nn.training.early_stopping import EarlyStopping
from nn.training.evaluation import evaluate, predict
from nn.training.fit import fit
from nn.training.history import History
from nn.training.training import DivergenceError, Training

__all__ = ["DivergenceError", "EarlyStopping", "History", "Training", "evaluate", "fit", "predict"]
