"""The normal distribution.

The densities are written out, for they stand in every variational program.
"""

from typing import Any

import numpy as np
from scipy import special, stats

from autodiff.rules.scipy_special.error_functions import ROOT_TWO_PI
from autodiff.rules.scipy_special.faddeeva import hazard
from autodiff.scipy.stats.location_scale import Family
from autodiff.scipy.stats.scipys_own import methods_of

LOG_ROOT_TWO_PI = np.log(ROOT_TWO_PI)


__getattr__ = methods_of(stats.norm, "norm")


def _density(z: Any) -> Any:
    return np.exp(-(z * z) / 2.0) / ROOT_TWO_PI


_family = Family(stats.norm, [], lambda z: -z)

pdf = _family.density(standard=_density)
logpdf = _family.log_density(standard=lambda z: -(z * z) / 2.0 - LOG_ROOT_TWO_PI)
cdf = _family.of_variable("cdf", _density, special.ndtr)
sf = _family.of_variable("sf", lambda z: -_density(z), lambda z: special.ndtr(-z))
logcdf = _family.of_variable("logcdf", hazard, special.log_ndtr)
logsf = _family.of_variable("logsf", lambda z: -hazard(-z), lambda z: special.log_ndtr(-z))
ppf = _family.quantile("ppf", special.ndtri)
isf = _family.quantile("isf", lambda q: -special.ndtri(q))
entropy = _family.entropy(lambda: np.log(ROOT_TWO_PI) + 0.5)
