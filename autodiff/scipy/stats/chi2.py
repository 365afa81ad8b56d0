"""The χ² distribution."""

import numpy as np
from scipy import special, stats

from autodiff.rules.scipy_special.densities import gamma_density
from autodiff.scipy.stats.location_scale import Family

_family = Family(stats.chi2, shapes=1, support=(0.0, np.inf))

pdf = _family.density(lambda z, df: 0.5 * gamma_density(0.5 * df, 0.5 * z))
logpdf = _family.log_density(
    lambda z, df: special.xlogy(0.5 * df - 1, 0.5 * z) - 0.5 * z - special.gammaln(0.5 * df) - np.log(2.0)
)
cdf = _family.of_variable("cdf", lambda z, df: special.chdtr(df, z), (0.0, 1.0))
sf = _family.of_variable("sf", lambda z, df: special.chdtrc(df, z), (1.0, 0.0))
logcdf = _family.of_variable("logcdf", lambda z, df: np.log(special.chdtr(df, z)), (-np.inf, 0.0))
logsf = _family.of_variable("logsf", lambda z, df: np.log(special.chdtrc(df, z)), (0.0, -np.inf))
ppf = _family.quantile("ppf", lambda q, df: 2 * special.gammaincinv(0.5 * df, q))
isf = _family.quantile("isf", lambda q, df: special.chdtri(df, q))
entropy = _family.entropy(
    lambda df: 0.5 * df + np.log(2.0) + special.gammaln(0.5 * df) + (1 - 0.5 * df) * special.psi(0.5 * df)
)
rvs = stats.chi2.rvs
