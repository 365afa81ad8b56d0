"""Embedding: rows of a table, looked up by number."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from nn.functional.contents import array, within


@ad.primitive
def constant(x: Any) -> Any:
    """Return x as a value that the derivative does not go through."""
    return np.array(x)


constant.defvjp(None).defflop(lambda _y, _x: 0)


def embedding(input: Any, weight: Any, padding_idx: int | None = None) -> Any:
    """Return the rows `weight[input]`; the gradient adds up where a row is used several times.

    Parameters
    ----------
    input : array_like of int
        Numbers of rows, of any shape (…).
    weight : array_like
        The table, shape (num_embeddings, embedding_dim).
    padding_idx : int, optional
        A row that gets no gradient.

    Returns
    -------
    array
        Shape (…, embedding_dim).

    Raises
    ------
    TypeError, ValueError
        For numbers that are no integers, and for those that the table has no row for.

    Examples
    --------
    >>> embedding([[0, 2]], np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    array([[[1., 2.],
            [5., 6.]]])
    """
    rows = input.numpy() if isinstance(input, ad.Tensor) else array(input)
    number = weight.shape[0]
    if rows.dtype.kind not in "iu":
        raise TypeError(
            f"embedding: the input must be integers, the numbers of rows; got dtype {rows.dtype}. "
            "Convert it: x.astype(int)."
        )
    advice = "Check the numbers, or make num_embeddings larger."
    rows = within(
        rows, low=0, high=number - 1, problem=f"embedding: the table has rows 0 to {number - 1}", advice=advice
    )
    y = weight[rows]
    if padding_idx is None:
        return y
    padding = padding_idx % number
    return np.where((rows == padding)[..., None], constant(weight)[padding], y)
