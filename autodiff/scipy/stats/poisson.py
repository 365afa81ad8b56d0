"""The Poisson distribution: differentiated by its mean.

By the mean, P(n ≤ k) is Q(k + 1, μ) of the gamma distribution.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

from autodiff.dispatch import RULES
from autodiff.operands import as_operand
from autodiff.primitives import Rewrite
from autodiff.rules.scipy_special.densities import gamma_density
from autodiff.rules.scipy_special.elementary import over
from autodiff.rules.scipy_special.orders import special_function
from autodiff.rules.scipy_special.tails import gamma_lower, gamma_upper
from autodiff.scipy.functions import Function
from autodiff.scipy.stats.location_scale import Step, positive
from autodiff.scipy.stats.scipys_own import methods_of

COUNTS = "Counts are whole numbers. Keep k and loc plain numbers."


__getattr__ = methods_of(stats.poisson, "poisson")


def _slope(n: Any, mu: Any) -> Any:
    """The slope of the logarithm of the probability of n, a count."""
    return over(n, mu) - 1


def _function(name: str, slope: Callable, is_mass: bool = False) -> Function:
    """Return a function of k, mu and loc whose derivative by mu is slope(y, n, mu) for n = k - loc ≥ 0, else 0."""
    full = f"scipy.stats.poisson.{name}"
    public, private = getattr(stats.poisson, name), getattr(stats.poisson, f"_{name}")

    def value(k: Any, mu: Any, loc: Any) -> Any:
        n = np.asarray(k) - loc
        known = ((n >= 0) & (n < np.inf) & np.greater(mu, 0)).all() and (not is_mass or (np.rint(n) == n).all())
        y = private(n, mu) if known else public(k, mu, loc)
        return np.clip(y, 0, 1) if name in ("pmf", "cdf", "sf") else y  # as SciPy does

    def by_mean(c: Any, y: Any, k: Any, mu: Any, loc: Any) -> Any:
        n = np.floor(k - loc)
        counted = (k - loc >= 0) & ((n == k - loc) | (not is_mass))
        mu = np.where(mu == 0, 0.0, positive(np.where(mu == 0, 1.0, mu)))
        return c * np.where(counted, slope(y, np.where(counted, n, 1.0), mu), np.where(np.isnan(n), np.nan, 0.0 * mu))

    function = Function(public, full)
    step = Step(value, function)
    special_function(step, COUNTS, by_mean, COUNTS, name=full)
    RULES[function] = Rewrite(function, lambda k, mu, loc=0: step(as_operand(k), as_operand(mu), as_operand(loc)))
    return function


logpmf = _function("logpmf", lambda _y, n, mu: _slope(n, mu), is_mass=True)
pmf = _function("pmf", lambda y, n, mu: y * _slope(n, mu), is_mass=True)
cdf = _function("cdf", lambda _y, n, mu: -gamma_density(n + 1, mu))
sf = _function("sf", lambda _y, n, mu: gamma_density(n + 1, mu))
logcdf = _function("logcdf", lambda _y, n, mu: -gamma_upper(n + 1, mu))
logsf = _function("logsf", lambda _y, n, mu: gamma_lower(n + 1, mu))
