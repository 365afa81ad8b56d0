"""Counts, covariances and correlations.

NumPy evaluates, the definition differentiates.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.assignment import astype
from autodiff.operands import FLOAT64, as_operand, plain, shape_of
from autodiff.rules.casts import in_dtype
from autodiff.rules.conjugates import adjoint, real_part
from autodiff.rules.general import composite
from autodiff.rules.indexing import scatter


def _bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    x = np.asarray(plain(x))
    if weights is None:
        return np.bincount(x, None, minlength)
    weights = astype(as_operand(weights), dtype=FLOAT64)
    return scatter(weights, shape=(max(int(x.max(initial=-1)) + 1, minlength),), index=(x,))


def _cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """X W Xᴴ / (Σw - ddof Σwa / Σw), X without its weighted mean, w = f a."""
    x = _observations(m, rowvar)
    if y is not None:
        x = np.concatenate([x, _observations(y, rowvar)])
    x = in_dtype(x, dtype)
    ddof = (0 if bias else 1) if ddof is None else ddof
    weights = [as_operand(w) for w in (fweights, aweights) if w is not None]
    if not weights:
        x = x - np.mean(x, axis=1, keepdims=True)
        return np.squeeze(np.matmul(x, adjoint(x)) / (shape_of(x)[1] - ddof))
    w = weights[0] if len(weights) == 1 else weights[0] * weights[1]
    total = np.sum(w)
    x = x - np.sum(x * w, axis=1, keepdims=True) / total
    lost = ddof if aweights is None else ddof * np.sum(w * as_operand(aweights)) / total
    return np.squeeze(np.matmul(x * w, adjoint(x)) / (total - lost))


def _observations(m: Any, rowvar: bool) -> Any:
    """Return the data with one variable in each row."""
    m = as_operand(m)
    ndim = len(shape_of(m))
    x = np.atleast_2d(m)
    return x.T if not rowvar and ndim != 1 else x


def _corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    c = _cov(x, y, rowvar, dtype=dtype)
    if shape_of(c) == ():
        return c / c
    deviations = np.sqrt(real_part(np.diagonal(c)))
    return c / deviations[:, None] / deviations[None, :]


composite(np.bincount, _bincount)
composite(np.cov, _cov)
composite(np.corrcoef, _corrcoef)
