"""Error functions, the normal distribution, and logistic functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from autodiff.rules.elementwise import elementwise
from autodiff.rules.general import composite
from autodiff.rules.scipy_special.faddeeva import dawson_derivative, erfcx_derivative, faddeeva, hazard

TWO_OVER_ROOT_PI = 1.1283791670955126
HALF_ROOT_PI = 0.886226925452758
ROOT_TWO_PI = 2.5066282746310002

elementwise(special.erf, lambda c, _y, x: c * (TWO_OVER_ROOT_PI * np.exp(-x * x)))
elementwise(special.erfc, lambda c, _y, x: c * (-TWO_OVER_ROOT_PI * np.exp(-x * x)))
elementwise(special.erfi, lambda c, _y, x: c * (TWO_OVER_ROOT_PI * np.exp(x * x)))
elementwise(special.erfcx, lambda c, _y, x: c * erfcx_derivative(x, order=1))
elementwise(special.dawsn, lambda c, _y, x: c * dawson_derivative(x, order=1))
elementwise(special.wofz, lambda c, _y, z: c * faddeeva(z, order=1))
elementwise(special.erfinv, lambda c, y, _x: c * (HALF_ROOT_PI * np.exp(y * y)))
elementwise(special.erfcinv, lambda c, y, _x: c * (-HALF_ROOT_PI * np.exp(y * y)))

elementwise(special.ndtr, lambda c, _y, x: c * (np.exp(-0.5 * x * x) / ROOT_TWO_PI))
elementwise(special.log_ndtr, lambda c, _y, x: c * hazard(x))
elementwise(special.ndtri, lambda c, y, _p: c * (ROOT_TWO_PI * np.exp(0.5 * y * y)))
elementwise(special.ndtri_exp, lambda c, y, _x: c / hazard(y))
elementwise(
    special.owens_t,
    lambda c, _y, h, a: c * (-0.5 / ROOT_TWO_PI * np.exp(-0.5 * h * h) * special.erf(a * h / np.sqrt(2.0))),
    lambda c, _y, h, a: c * (np.exp(-0.5 * h * h * (1 + a * a)) / (2 * np.pi * (1 + a * a))),
)


def _voigt_profile(x: Any, sigma: Any, gamma: Any) -> Any:
    """Re w(z) / (σ √(2π)), z = (x + iγ) / (σ √2)."""
    return np.real(faddeeva((x + 1j * gamma) / (sigma * np.sqrt(2.0)), order=0)) / (sigma * ROOT_TWO_PI)


composite(special.voigt_profile, _voigt_profile)

elementwise(special.expit, lambda c, y, x: c * (y * special.expit(-x)))
elementwise(special.log_expit, lambda c, _y, x: c * special.expit(-x))
elementwise(special.logit, lambda c, _y, x: c / (x * (1 - x)))
