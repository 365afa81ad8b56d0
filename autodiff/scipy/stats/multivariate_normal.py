"""The normal distribution of several variables."""

from typing import Any

import numpy as np
from scipy import stats

from autodiff.dispatch import RULES, Operation
from autodiff.operands import as_operand, plain, shape_of, size_of
from autodiff.primitives import Rewrite
from autodiff.rules.elementwise import summed_to
from autodiff.rules.general import general
from autodiff.scipy.functions import Function, defined, refuse_if_differentiated
from autodiff.scipy.stats.scipys_own import methods_of

__getattr__ = methods_of(stats.multivariate_normal, "multivariate_normal")


def _covariance(mean: Any, cov: Any) -> Any:
    """Return the covariance as a matrix, of the size of the mean: SciPy takes a number or variances, too."""
    cov = as_operand(cov)
    if len(shape_of(cov)) == 2:
        return cov
    return cov * np.eye(1 if mean is None else size_of(mean))


@Operation
def log_density(x: Any, mean: Any, cov: Any) -> Any:
    """Return -½ (d log 2π + log det Σ + δᵀ Σ⁻¹ δ), δ = x - μ, of points (..., d); SciPy drops axes of length 1."""
    return stats.multivariate_normal.logpdf(x, mean, cov)


def _solved(x: Any, mean: Any, cov: Any) -> Any:
    return np.linalg.solve(cov, (x - mean)[..., None])[..., 0]


def _weighted(ct: Any, x: Any, mean: Any, cov: Any) -> Any:
    """Return ct Σ⁻¹ δ for each point."""
    return np.reshape(ct, (*shape_of(x)[:-1], 1)) * _solved(x, mean, cov)


def _by_cov(ct: Any, _y: Any, x: Any, mean: Any, cov: Any) -> Any:
    """½ (Σ⁻¹ δ δᵀ Σ⁻¹ - Σ⁻¹)."""
    n = shape_of(cov)[0]
    outer = np.reshape(_weighted(ct, x, mean, cov), (-1, n)).T @ np.reshape(_solved(x, mean, cov), (-1, n))
    return 0.5 * (outer - np.sum(ct) * np.linalg.inv(cov))


general(
    log_density,
    lambda ct, _y, x, mean, cov: summed_to(-_weighted(ct, x, mean, cov), shape_of(x)),
    lambda ct, _y, x, mean, cov: summed_to(_weighted(ct, x, mean, cov), shape_of(mean)),
    _by_cov,
)


def _singular(x: Any, mean: Any, cov: Any) -> Any:
    """The density on the support of a singular covariance, which is a constant; NaN off it, where there is no slope."""
    delta = x - mean
    values, vectors = np.linalg.eigh(plain(cov))
    eps = 1e6 * np.finfo(float).eps * np.max(np.abs(values))  # as SciPy cuts
    kept = values > eps
    off = np.linalg.norm(plain(delta) @ vectors[:, ~kept], axis=-1) >= 1e3 * eps
    solved = delta @ (vectors[:, kept] / values[kept] @ vectors[:, kept].T)
    log_det = np.where(off, np.nan, np.sum(np.log(values[kept])))
    square = np.sum(delta * np.where(off[..., None], np.nan, solved), axis=-1)
    return np.squeeze(-0.5 * (np.sum(kept) * np.log(2 * np.pi) + log_det + square))


_log_density_on_support = defined(
    "scipy.stats.multivariate_normal.logpdf",
    lambda x, mean, cov: stats.multivariate_normal.logpdf(x, mean, cov, allow_singular=True),
    _singular,
)


def _logpdf(x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
    x = as_operand(x)
    cov = _covariance(mean, cov)
    n = shape_of(cov)[0]
    mean = np.zeros(n) if mean is None else as_operand(mean)
    if n == 1 and len(shape_of(x)) < 2:  # each number is a point
        x = np.expand_dims(x, -1)
    if not allow_singular:
        return log_density(x, mean, cov)
    reason = "The density jumps where the rank of the covariance changes. Leave out allow_singular."
    refuse_if_differentiated("scipy.stats.multivariate_normal.logpdf", reason, cov)
    return _log_density_on_support(x, mean, cov)


def _entropy(mean: Any = None, cov: Any = 1) -> Any:
    cov = _covariance(mean, cov)
    return 0.5 * (shape_of(cov)[0] * np.log(2 * np.pi * np.e) + np.linalg.slogdet(cov)[1])


logpdf = Function(stats.multivariate_normal.logpdf, "scipy.stats.multivariate_normal.logpdf")
pdf = Function(stats.multivariate_normal.pdf, "scipy.stats.multivariate_normal.pdf")
RULES[logpdf] = Rewrite(logpdf, _logpdf)
RULES[pdf] = Rewrite(
    pdf, lambda x, mean=None, cov=1, allow_singular=False: np.exp(_logpdf(x, mean, cov, allow_singular))
)
entropy = defined("scipy.stats.multivariate_normal.entropy", stats.multivariate_normal.entropy, _entropy)
