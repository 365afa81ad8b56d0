"""Student's distribution."""

import numpy as np
from scipy import special, stats

from autodiff.rules.scipy_special.densities import digamma_difference, t_density, t_log_density
from autodiff.scipy.stats.location_scale import Family

_family = Family(stats.t, shapes=1)

pdf = _family.density(lambda z, df: t_density(df, z))
logpdf = _family.log_density(lambda z, df: t_log_density(df, z))
cdf = _family.of_variable("cdf", lambda z, df: special.stdtr(df, z), (0.0, 1.0))
sf = _family.of_variable("sf", lambda z, df: special.stdtr(df, -z), (1.0, 0.0))
logcdf = _family.of_variable("logcdf", lambda z, df: np.log(special.stdtr(df, z)), (-np.inf, 0.0))
logsf = _family.of_variable("logsf", lambda z, df: np.log(special.stdtr(df, -z)), (0.0, -np.inf))
ppf = _family.quantile("ppf", lambda q, df: special.stdtrit(df, q))
isf = _family.quantile("isf", lambda q, df: -special.stdtrit(df, q))
entropy = _family.entropy(
    lambda df: 0.5 * (df + 1) * digamma_difference(0.5 * df, 0.5) + 0.5 * np.log(df) + special.betaln(0.5 * df, 0.5)
)
rvs = stats.t.rvs
