"""The beta distribution."""

import numpy as np
from scipy import special, stats

from autodiff.rules.scipy_special.densities import beta_density
from autodiff.scipy.stats.location_scale import Family

_family = Family(stats.beta, shapes=2, support=(0.0, 1.0))

pdf = _family.density(lambda z, a, b: beta_density(a, b, z))
logpdf = _family.log_density(
    lambda z, a, b: special.xlogy(a - 1, z) + special.xlog1py(b - 1, -z) - special.betaln(a, b)
)
cdf = _family.of_variable("cdf", lambda z, a, b: special.betainc(a, b, z), (0.0, 1.0))
sf = _family.of_variable("sf", lambda z, a, b: special.betaincc(a, b, z), (1.0, 0.0))
logcdf = _family.of_variable("logcdf", lambda z, a, b: np.log(special.betainc(a, b, z)), (-np.inf, 0.0))
logsf = _family.of_variable("logsf", lambda z, a, b: np.log(special.betaincc(a, b, z)), (0.0, -np.inf))
ppf = _family.quantile("ppf", lambda q, a, b: special.betaincinv(a, b, q))
isf = _family.quantile("isf", lambda q, a, b: special.betainccinv(a, b, q))


def _entropy(a: float, b: float) -> float:
    by_a, by_b = (a - 1) * special.psi(a), (b - 1) * special.psi(b)
    return special.betaln(a, b) - by_a - by_b + (a + b - 2) * special.psi(a + b)


entropy = _family.entropy(_entropy)
rvs = stats.beta.rvs
