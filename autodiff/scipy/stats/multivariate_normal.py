"""The normal distribution of several variables."""

from typing import Any

import numpy as np
from scipy import stats

from autodiff.operands import as_operand, plain, shape_of, size_of
from autodiff.scipy.functions import defined, refuse_if_differentiated


def __getattr__(name: str) -> Any:
    return getattr(stats.multivariate_normal, name)


def _check(name: str) -> Any:
    def check(x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> None:  # noqa: ARG001
        if allow_singular:
            reason = "The density jumps where the rank of the covariance changes. Leave out allow_singular."
            refuse_if_differentiated(name, reason, cov)

    return check


def _covariance(mean: Any, cov: Any) -> Any:
    """Return the covariance as a matrix, of the size of the mean: SciPy takes a number or variances, too."""
    cov = as_operand(cov)
    if len(shape_of(cov)) == 2:
        return cov
    return cov * np.eye(1 if mean is None else size_of(mean))


def _logpdf(x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
    """-½ (d log 2π + log det Σ + δᵀ Σ⁻¹ δ), δ = x - μ."""
    x = as_operand(x)
    mean = 0.0 if mean is None else as_operand(mean)
    cov = _covariance(mean, cov)
    n = shape_of(cov)[0]
    if n == 1 and len(shape_of(x)) < 2:  # each number is a point
        x = np.expand_dims(x, -1)
    delta = x - mean
    if allow_singular:
        values, vectors = np.linalg.eigh(plain(cov))
        kept = values > 1e6 * np.finfo(float).eps * np.max(np.abs(values))  # as SciPy cuts
        solved = delta @ (vectors[:, kept] / values[kept] @ vectors[:, kept].T)
        rank, log_det = np.sum(kept), np.sum(np.log(values[kept]))
        off = np.linalg.norm(plain(delta) @ vectors[:, ~kept], axis=-1) >= 1e3 * 1e6 * np.finfo(float).eps
        log_det = np.where(off, np.nan, log_det)
        solved = np.where(off[..., None], np.nan, solved)
    else:
        solved = np.linalg.solve(cov, delta[..., None])[..., 0]
        rank, log_det = n, np.linalg.slogdet(cov)[1]
    return np.squeeze(-0.5 * (rank * np.log(2 * np.pi) + log_det + np.sum(delta * solved, axis=-1)))


def _entropy(mean: Any = None, cov: Any = 1) -> Any:
    cov = _covariance(mean, cov)
    return 0.5 * (shape_of(cov)[0] * np.log(2 * np.pi * np.e) + np.linalg.slogdet(cov)[1])


_names = [f"scipy.stats.multivariate_normal.{name}" for name in ("logpdf", "pdf", "entropy")]
logpdf = defined(_names[0], stats.multivariate_normal.logpdf, _logpdf, _check(_names[0]))
pdf = defined(
    _names[1],
    stats.multivariate_normal.pdf,
    lambda x, mean=None, cov=1, allow_singular=False: np.exp(_logpdf(x, mean, cov, allow_singular)),
    _check(_names[1]),
)
entropy = defined(_names[2], stats.multivariate_normal.entropy, _entropy)
