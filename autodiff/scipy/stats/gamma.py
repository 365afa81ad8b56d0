"""The gamma distribution."""

import numpy as np
from scipy import special, stats

from autodiff.rules.scipy_special.densities import gamma_density
from autodiff.rules.scipy_special.elementary import over
from autodiff.rules.scipy_special.tails import gamma_lower, gamma_upper
from autodiff.scipy.stats.edges import gamma_edge
from autodiff.scipy.stats.location_scale import Family
from autodiff.scipy.stats.scipys_own import methods_of

__getattr__ = methods_of(stats.gamma, "gamma")


_family = Family(stats.gamma, ["a"], lambda z, a: over(a - 1, z) - 1, (0.0, np.inf), gamma_edge)

pdf = _family.density([lambda y, z, a: special.xlogy(y, z) - y * special.psi(a)])
logpdf = _family.log_density([lambda z, a: np.log(z) - special.psi(a)])
cdf = _family.of_variable("cdf", lambda z, a: gamma_density(a, z))
sf = _family.of_variable("sf", lambda z, a: -gamma_density(a, z))
logcdf = _family.of_variable("logcdf", lambda z, a: gamma_lower(a, z))
logsf = _family.of_variable("logsf", lambda z, a: -gamma_upper(a, z))
ppf = _family.quantile("ppf", lambda q, a: special.gammaincinv(a, q))
isf = _family.quantile("isf", lambda q, a: special.gammainccinv(a, q))
entropy = _family.entropy(lambda a: special.psi(a) * (1 - a) + a + special.gammaln(a))
