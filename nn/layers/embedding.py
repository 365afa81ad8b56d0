"""Embedding as a module; the formula is in `nn.functional`."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn import functional
from nn.arguments import float_dtype, generator, integer
from nn.module import Module
from nn.parameter import Parameter


class Embedding(Module):
    """A table with one row to learn for each of `num_embeddings` things; see `nn.functional.embedding`.

    Parameters
    ----------
    num_embeddings, embedding_dim : int
        Number and length of the rows.
    padding_idx : int, optional
        A row that starts as zeros and is not learned; negative counts from the end.
    rng : numpy.random.Generator or int, optional
        Source of the initial values; a fresh one by default.
    dtype : dtype
        Of the table, float64 or float32.

    Attributes
    ----------
    weight : Parameter
        Shape (num_embeddings, embedding_dim); at first from N(0, 1), as in PyTorch.

    Raises
    ------
    TypeError, ValueError
        For sizes that are no positive integers, and rows that are not in the table.

    Examples
    --------
    >>> Embedding(10, 3, rng=0)([[1, 2, 4, 5], [4, 3, 2, 9]]).shape
    (2, 4, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        rng: Any = None,
        dtype: Any = np.float64,
    ) -> None:
        self.num_embeddings = integer("Embedding", "num_embeddings", num_embeddings, 1)
        self.embedding_dim = integer("Embedding", "embedding_dim", embedding_dim, 1)
        self.padding_idx = None if padding_idx is None else self._row(integer("Embedding", "padding_idx", padding_idx))
        table = generator("Embedding", rng).standard_normal((self.num_embeddings, self.embedding_dim))
        if self.padding_idx is not None:
            table[self.padding_idx] = 0.0
        self.weight = Parameter(table.astype(float_dtype("Embedding", dtype)))

    def _row(self, index: int) -> int:
        number = self.num_embeddings
        if not -number <= index < number:
            raise ValueError(f"Embedding: padding_idx must be one of the {number} rows; got {index}. Pass such a row.")
        return index % number

    def forward(self, x: Any) -> Any:
        """Return the rows with the numbers x, shape (…, embedding_dim), for x of shape (…)."""
        return functional.embedding(x, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
