"""Data: splits, mini-batches, files, and the scales of inputs and targets."""

from nn.data.dataset import TensorDataset
from nn.data.loader import DataLoader

__all__ = ["DataLoader", "TensorDataset"]
