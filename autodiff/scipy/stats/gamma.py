"""The gamma distribution."""

import numpy as np
from scipy import special, stats

from autodiff.rules.scipy_special.densities import gamma_density
from autodiff.scipy.stats.location_scale import Family

_family = Family(stats.gamma, shapes=1, support=(0.0, np.inf))

pdf = _family.density(lambda z, a: gamma_density(a, z))
logpdf = _family.log_density(lambda z, a: special.xlogy(a - 1, z) - z - special.gammaln(a))
cdf = _family.of_variable("cdf", lambda z, a: special.gammainc(a, z), (0.0, 1.0))
sf = _family.of_variable("sf", lambda z, a: special.gammaincc(a, z), (1.0, 0.0))
logcdf = _family.of_variable("logcdf", lambda z, a: np.log(special.gammainc(a, z)), (-np.inf, 0.0))
logsf = _family.of_variable("logsf", lambda z, a: np.log(special.gammaincc(a, z)), (0.0, -np.inf))
ppf = _family.quantile("ppf", lambda q, a: special.gammaincinv(a, q))
isf = _family.quantile("isf", lambda q, a: special.gammainccinv(a, q))
entropy = _family.entropy(lambda a: special.psi(a) * (1 - a) + a + special.gammaln(a))
rvs = stats.gamma.rvs
