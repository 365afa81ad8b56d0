"""The Dirichlet distribution."""

from typing import Any

import numpy as np
from scipy import special, stats

from autodiff.operands import as_operand, shape_of
from autodiff.scipy.functions import defined


def __getattr__(name: str) -> Any:
    return getattr(stats.dirichlet, name)


def _logpdf(x: Any, alpha: Any) -> Any:
    """Σ (αᵢ - 1) log xᵢ - log B(α), the components along the first axis of x; the last one may be left out."""
    x, alpha = as_operand(x), as_operand(alpha)
    if shape_of(x)[0] + 1 == shape_of(alpha)[0]:
        x = np.concatenate([x, np.reshape(1 - np.sum(x, axis=0), (1, *shape_of(x)[1:]))])
    columns = np.reshape(alpha, (-1,) + (1,) * (len(shape_of(x)) - 1))
    return np.sum(special.xlogy(columns - 1, x), axis=0) - _log_beta(alpha)


def _log_beta(alpha: Any) -> Any:
    return np.sum(special.gammaln(alpha)) - special.gammaln(np.sum(alpha))


def _entropy(alpha: Any) -> Any:
    alpha = as_operand(alpha)
    total = np.sum(alpha)
    excess = (total - shape_of(alpha)[0]) * special.psi(total)
    return _log_beta(alpha) + excess - np.sum((alpha - 1) * special.psi(alpha))


logpdf = defined("scipy.stats.dirichlet.logpdf", stats.dirichlet.logpdf, _logpdf)
pdf = defined("scipy.stats.dirichlet.pdf", stats.dirichlet.pdf, lambda x, alpha: np.exp(_logpdf(x, alpha)))
entropy = defined("scipy.stats.dirichlet.entropy", stats.dirichlet.entropy, _entropy)
mean = defined("scipy.stats.dirichlet.mean", stats.dirichlet.mean, lambda alpha: alpha / np.sum(alpha))
