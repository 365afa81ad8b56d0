"""Files of numbers: parameters, optimisers and whole training runs, written atomically and read strictly."""

from nn.saving.errors import CheckpointError
from nn.saving.files import load, save

__all__ = ["CheckpointError", "load", "save"]
