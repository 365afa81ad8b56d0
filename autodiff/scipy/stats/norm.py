"""The normal distribution.

The densities are steps of their own, for they stand in every variational program: with
z = (x − loc) / scale,

    d log p = −z/scale dx + z/scale dloc + (z² − 1)/scale dscale
"""

from typing import Any

import numpy as np
from scipy import special, stats

from autodiff.dispatch import RULES, Operation
from autodiff.primitives import Rewrite
from autodiff.rules.elementwise import elementwise
from autodiff.rules.scipy_special.error_functions import ROOT_TWO_PI
from autodiff.scipy.functions import Function
from autodiff.scipy.stats.location_scale import Family

LOG_ROOT_TWO_PI = np.log(ROOT_TWO_PI)


def _standardised(x: Any, loc: Any, scale: Any) -> Any:
    """Return z in double precision at least, Python's numbers counting as such, as SciPy does."""
    z = (np.asarray(x) - np.asarray(loc)) / np.asarray(scale)
    return z if z.dtype == np.float64 else z.astype(np.promote_types(z.dtype, np.float64))


@Operation
def normal_density(x: Any, loc: Any, scale: Any) -> Any:
    """Return exp(−z²/2) / (√(2π) scale), bit for bit as SciPy; NaN unless the scale is positive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = _standardised(x, loc, scale)
        return np.exp(-(z * z) / 2.0) / ROOT_TWO_PI / np.where(np.greater(scale, 0), scale, np.nan)


@Operation
def log_normal_density(x: Any, loc: Any, scale: Any) -> Any:
    """Return −z²/2 − log √(2π) − log scale, bit for bit as SciPy; NaN unless the scale is positive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        y = _standardised(x, loc, scale)
        y *= y
        y /= -2.0
        y -= LOG_ROOT_TWO_PI
        y -= np.log(scale)
        return y


elementwise(
    normal_density,
    lambda c, y, x, loc, scale: -c * (y * ((x - loc) / scale / scale)),
    lambda c, y, x, loc, scale: c * (y * ((x - loc) / scale / scale)),
    lambda c, y, x, loc, scale: c * (y * ((((x - loc) / scale) ** 2 - 1.0) / scale)),
)
elementwise(
    log_normal_density,
    lambda c, _y, x, loc, scale: -c * ((x - loc) / scale / scale),
    lambda c, _y, x, loc, scale: c * ((x - loc) / scale / scale),
    lambda c, _y, x, loc, scale: c * ((((x - loc) / scale) ** 2 - 1.0) / scale),
)

pdf = Function(stats.norm.pdf, "scipy.stats.norm.pdf")
logpdf = Function(stats.norm.logpdf, "scipy.stats.norm.logpdf")
RULES[pdf] = Rewrite(pdf, lambda x, loc=0.0, scale=1.0: normal_density(x, loc, scale))
RULES[logpdf] = Rewrite(logpdf, lambda x, loc=0.0, scale=1.0: log_normal_density(x, loc, scale))

_family = Family(stats.norm, shapes=0)

cdf = _family.of_variable("cdf", special.ndtr, (0.0, 1.0))
sf = _family.of_variable("sf", lambda z: special.ndtr(-z), (1.0, 0.0))
logcdf = _family.of_variable("logcdf", special.log_ndtr, (-np.inf, 0.0))
logsf = _family.of_variable("logsf", lambda z: special.log_ndtr(-z), (0.0, -np.inf))
ppf = _family.quantile("ppf", special.ndtri)
isf = _family.quantile("isf", lambda q: -special.ndtri(q))
entropy = _family.entropy(lambda: np.log(ROOT_TWO_PI) + 0.5)
rvs = stats.norm.rvs
