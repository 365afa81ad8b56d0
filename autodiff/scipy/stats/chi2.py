"""The χ² distribution: that of the gamma distribution at ½ z, with a = ½ df."""

import numpy as np
from scipy import special, stats

from autodiff.rules.scipy_special.densities import gamma_density
from autodiff.rules.scipy_special.elementary import over
from autodiff.rules.scipy_special.tails import gamma_lower, gamma_upper
from autodiff.scipy.stats.edges import gamma_edge
from autodiff.scipy.stats.location_scale import Family
from autodiff.scipy.stats.scipys_own import methods_of

__getattr__ = methods_of(stats.chi2, "chi2")


_family = Family(
    stats.chi2,
    ["df"],
    lambda z, df: over(0.5 * df - 1, z) - 0.5,
    (0.0, np.inf),
    lambda z, df: 0.25 * gamma_edge(0.5 * z, 0.5 * df),
)

pdf = _family.density([lambda y, z, df: 0.5 * (special.xlogy(y, 0.5 * z) - y * special.psi(0.5 * df))])
logpdf = _family.log_density([lambda z, df: 0.5 * (np.log(0.5 * z) - special.psi(0.5 * df))])
cdf = _family.of_variable("cdf", lambda z, df: 0.5 * gamma_density(0.5 * df, 0.5 * z))
sf = _family.of_variable("sf", lambda z, df: -0.5 * gamma_density(0.5 * df, 0.5 * z))
logcdf = _family.of_variable("logcdf", lambda z, df: 0.5 * gamma_lower(0.5 * df, 0.5 * z))
logsf = _family.of_variable("logsf", lambda z, df: -0.5 * gamma_upper(0.5 * df, 0.5 * z))
ppf = _family.quantile("ppf", lambda q, df: 2 * special.gammaincinv(0.5 * df, q))
isf = _family.quantile("isf", lambda q, df: special.chdtri(df, q))
entropy = _family.entropy(
    lambda df: 0.5 * df + np.log(2.0) + special.gammaln(0.5 * df) + (1 - 0.5 * df) * special.psi(0.5 * df)
)
