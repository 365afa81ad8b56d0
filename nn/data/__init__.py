"""Data: splits, mini-batches, files, and the scales of inputs and targets."""

from nn.data.csv_file import load_csv
from nn.data.dataset import TensorDataset
from nn.data.loader import DataLoader
from nn.data.one_hot import one_hot
from nn.data.split import split, train_test_split
from nn.data.standardize import Standardize, Unstandardize

__all__ = [
    "DataLoader",
    "Standardize",
    "TensorDataset",
    "Unstandardize",
    "load_csv",
    "one_hot",
    "split",
    "train_test_split",
]
