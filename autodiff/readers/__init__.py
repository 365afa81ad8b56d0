"""The readers of a recorded graph, one file each: any of them could be deleted without touching another."""

from autodiff.graph import READERS

__all__ = ["READERS"]
