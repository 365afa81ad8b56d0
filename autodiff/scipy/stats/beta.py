"""The beta distribution."""

from typing import Any

import numpy as np
from scipy import special, stats

from autodiff.rules.scipy_special.densities import beta_density, digamma_difference
from autodiff.rules.scipy_special.elementary import over
from autodiff.rules.scipy_special.tails import beta_lower
from autodiff.scipy.stats.edges import beta_edge
from autodiff.scipy.stats.location_scale import Family
from autodiff.scipy.stats.scipys_own import methods_of

__getattr__ = methods_of(stats.beta, "beta")


def _upper(z: Any, a: Any, b: Any) -> Any:
    return beta_lower(b, a, 1 - z)


_family = Family(stats.beta, ["a", "b"], lambda z, a, b: over(a - 1, z) - over(b - 1, 1 - z), (0.0, 1.0), beta_edge)

pdf = _family.density(
    [
        lambda y, z, a, b: special.xlogy(y, z) + y * digamma_difference(a, b),
        lambda y, z, a, b: special.xlog1py(y, -z) + y * digamma_difference(b, a),
    ]
)
logpdf = _family.log_density(
    [
        lambda z, a, b: np.log(z) + digamma_difference(a, b),
        lambda z, a, b: np.log1p(-z) + digamma_difference(b, a),
    ]
)
cdf = _family.of_variable("cdf", lambda z, a, b: beta_density(a, b, z))
sf = _family.of_variable("sf", lambda z, a, b: -beta_density(a, b, z))
logcdf = _family.of_variable("logcdf", lambda z, a, b: beta_lower(a, b, z))
logsf = _family.of_variable("logsf", lambda z, a, b: -_upper(z, a, b))
ppf = _family.quantile("ppf", lambda q, a, b: special.betaincinv(a, b, q))
isf = _family.quantile("isf", lambda q, a, b: special.betainccinv(a, b, q))


def _entropy(a: float, b: float) -> float:
    by_a, by_b = (a - 1) * special.psi(a), (b - 1) * special.psi(b)
    return special.betaln(a, b) - by_a - by_b + (a + b - 2) * special.psi(a + b)


entropy = _family.entropy(_entropy)
