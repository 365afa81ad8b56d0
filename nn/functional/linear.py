"""The affine map of a dense layer."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """Return x W + b.

    Parameters
    ----------
    input : array_like
        x, shape (…, in_features).
    weight : array_like
        W, shape (in_features, out_features): the transpose of PyTorch's.
    bias : array_like, optional
        b, shape (out_features,).

    Returns
    -------
    array_like
        z, shape (…, out_features).

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> linear(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 3.0]]), np.array([10.0, 10.0]))
    array([[11., 16.]])
    """
    return np.matmul(input, weight) if bias is None else ad.affine(input, weight, bias)
