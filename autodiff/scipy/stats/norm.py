"""The normal distribution."""

import numpy as np
from scipy import special, stats

from autodiff.rules.scipy_special.error_functions import ROOT_TWO_PI
from autodiff.scipy.stats.location_scale import Family

_family = Family(stats.norm, shapes=0)

pdf = _family.density(lambda z: np.exp(-0.5 * z * z) / ROOT_TWO_PI)
logpdf = _family.log_density(lambda z: -0.5 * z * z - np.log(ROOT_TWO_PI))
cdf = _family.of_variable("cdf", special.ndtr, (0.0, 1.0))
sf = _family.of_variable("sf", lambda z: special.ndtr(-z), (1.0, 0.0))
logcdf = _family.of_variable("logcdf", special.log_ndtr, (-np.inf, 0.0))
logsf = _family.of_variable("logsf", lambda z: special.log_ndtr(-z), (0.0, -np.inf))
ppf = _family.quantile("ppf", special.ndtri)
isf = _family.quantile("isf", lambda q: -special.ndtri(q))
entropy = _family.entropy(lambda: np.log(ROOT_TWO_PI) + 0.5)
rvs = stats.norm.rvs
