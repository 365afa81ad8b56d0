"""Class numbers as rows with a single 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.arguments import integer


def one_hot(labels: Any, n_classes: int | None = None, *, dtype: Any = np.float64) -> np.ndarray:
    """Return for each label the row that is 1 in the column of its class, and 0 elsewhere.

    Parameters
    ----------
    labels : array_like of int
        Classes 0 … n_classes − 1, any shape.
    n_classes : int, optional
        By default one more than the largest label.
    dtype : dtype
        Of the result.

    Returns
    -------
    ndarray
        Shape (*labels.shape, n_classes).

    Raises
    ------
    TypeError, ValueError
        For labels that are no integers or lie outside the classes.

    Examples
    --------
    >>> one_hot([0, 2, 1])
    array([[1., 0., 0.],
           [0., 0., 1.],
           [0., 1., 0.]])
    """
    labels = np.asarray(labels)
    if labels.size == 0:
        raise ValueError(f"one_hot: there are no labels; got shape {labels.shape}. Pass at least one.")
    if labels.dtype.kind == "f" and (labels == np.floor(labels)).all():
        labels = labels.astype(np.int64)
    if labels.dtype.kind not in "iub":
        raise TypeError(
            f"one_hot: labels must be integers; got dtype {labels.dtype}. "
            "Number the classes: np.unique(labels, return_inverse=True)[1]."
        )
    labels = labels.astype(np.int64)
    n = int(labels.max()) + 1 if n_classes is None else integer("one_hot", "n_classes", n_classes, 1)
    outside = labels[(labels < 0) | (labels >= n)]
    if outside.size:
        raise ValueError(
            f"one_hot: labels must lie in 0 … {n - 1}; got {outside[0]}. "
            "Count classes from 0: np.unique(labels, return_inverse=True)[1]."
        )
    rows = np.zeros((*labels.shape, n), dtype)
    np.put_along_axis(rows, labels[..., np.newaxis], 1, axis=-1)
    return rows
