"""The Poisson distribution: differentiated by its mean."""

from functools import partial
from typing import Any

import numpy as np
from scipy import special, stats

from autodiff.scipy.functions import Function, defined, refuse_if_differentiated


def _refuse_counts(name: str, k: Any, _mu: Any, loc: Any = 0) -> None:
    refuse_if_differentiated(name, "Counts are whole numbers. Keep k and loc plain numbers.", k, loc)


def _mass(k: Any, mu: Any) -> Any:
    """log(μᵏ exp(-μ) / k!), and -∞ where k is no count."""
    is_count = (k >= 0) & (np.floor(k) == k)
    n = np.where(is_count, k, 1.0)
    return np.where(is_count, special.xlogy(n, mu) - special.gammaln(n + 1) - mu, -np.inf)


def _function(name: str, definition: Any) -> Function:
    full = f"scipy.stats.poisson.{name}"
    shifted = _shifted(definition)
    return defined(full, getattr(stats.poisson, name), shifted, partial(_refuse_counts, full))


def _shifted(definition: Any) -> Any:
    """Return definition(k - loc, mu)."""
    return lambda k, mu, loc=0: definition(np.asarray(k) - loc, mu)


logpmf = _function("logpmf", _mass)
pmf = _function("pmf", lambda k, mu: np.exp(_mass(k, mu)))
cdf = _function("cdf", lambda k, mu: np.where(k < 0, 0.0, special.pdtr(np.maximum(np.floor(k), 0), mu)))
sf = _function("sf", lambda k, mu: np.where(k < 0, 1.0, special.pdtrc(np.maximum(np.floor(k), 0), mu)))
logcdf = _function(
    "logcdf", lambda k, mu: np.where(k < 0, -np.inf, np.log(special.pdtr(np.maximum(np.floor(k), 0), mu)))
)
logsf = _function("logsf", lambda k, mu: np.where(k < 0, 0.0, np.log(special.pdtrc(np.maximum(np.floor(k), 0), mu))))
rvs = stats.poisson.rvs
