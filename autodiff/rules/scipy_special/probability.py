"""Distribution functions and their inverses.

A distribution function's derivative by its variable is a density; an inverse's is one over it. The
derivatives with respect to shape parameters have no closed form.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from autodiff.rules.elementwise import elementwise
from autodiff.rules.scipy_special.densities import beta_density, gamma_density, t_density
from autodiff.rules.scipy_special.error_functions import ROOT_TWO_PI
from autodiff.rules.scipy_special.orders import SHAPE, special_function

COUNT = "It is a step function of the count. Keep the counts plain numbers."

# --- gamma, χ² and Poisson --------------------------------------------------------------------------


def _chi2(v: Any, x: Any) -> Any:
    return 0.5 * gamma_density(0.5 * v, 0.5 * x)


def _poisson(k: Any, m: Any) -> Any:
    return gamma_density(np.floor(k) + 1, m)


special_function(special.chdtr, SHAPE, lambda c, _y, v, x: c * _chi2(v, x))
special_function(special.chdtrc, SHAPE, lambda c, _y, v, x: -c * _chi2(v, x))
special_function(special.chdtri, SHAPE, lambda c, y, v, _p: -c / _chi2(v, y))
special_function(special.pdtr, COUNT, lambda c, _y, k, m: -c * _poisson(k, m))
special_function(special.pdtrc, COUNT, lambda c, _y, k, m: c * _poisson(k, m))
special_function(special.pdtri, COUNT, lambda c, y, k, _p: -c / _poisson(k, y))
special_function(
    special.gdtr,
    lambda c, _y, a, b, x: c * (x * gamma_density(b, a * x)),
    SHAPE,
    lambda c, _y, a, b, x: c * (a * gamma_density(b, a * x)),
)
special_function(
    special.gdtrc,
    lambda c, _y, a, b, x: -c * (x * gamma_density(b, a * x)),
    SHAPE,
    lambda c, _y, a, b, x: -c * (a * gamma_density(b, a * x)),
)
special_function(
    special.gdtrix,
    lambda c, y, a, _b, _p: -c * (y / a),
    SHAPE,
    lambda c, y, a, b, _p: c / (a * gamma_density(b, a * y)),
)
special_function(
    special.gdtria,
    lambda c, y, _p, b, x: c / (x * gamma_density(b, x * y)),
    SHAPE,
    lambda c, y, _p, _b, x: -c * (y / x),
)

# --- beta, binomial, negative binomial and F --------------------------------------------------------


def _binomial(k: Any, n: Any, p: Any) -> Any:
    """-d/dp of the probability of at most k successes."""
    k = np.floor(k)
    return beta_density(k + 1, n - k, p)


def _negative_binomial(k: Any, n: Any, p: Any) -> Any:
    return beta_density(n, np.floor(k) + 1, p)


def _f(dfn: Any, dfd: Any, x: Any) -> Any:
    """The density of F, of the beta distribution at the smaller of u and 1 - u, u = dfn x / (dfd + dfn x)."""
    total = dfd + dfn * x
    large = dfn * x > dfd
    u = np.where(large, dfd, dfn * x) / total
    a, b = 0.5 * np.where(large, dfd, dfn), 0.5 * np.where(large, dfn, dfd)
    return beta_density(a, b, u) * (dfn / total) * (dfd / total)


special_function(special.bdtr, COUNT, COUNT, lambda c, _y, k, n, p: -c * _binomial(k, n, p))
special_function(special.bdtrc, COUNT, COUNT, lambda c, _y, k, n, p: c * _binomial(k, n, p))
special_function(special.bdtri, COUNT, COUNT, lambda c, y, k, n, _p: -c / _binomial(k, n, y))
special_function(special.nbdtr, COUNT, COUNT, lambda c, _y, k, n, p: c * _negative_binomial(k, n, p))
special_function(special.nbdtrc, COUNT, COUNT, lambda c, _y, k, n, p: -c * _negative_binomial(k, n, p))
special_function(special.nbdtri, COUNT, COUNT, lambda c, y, k, n, _p: c / _negative_binomial(k, n, y))
special_function(special.fdtr, SHAPE, SHAPE, lambda c, _y, dfn, dfd, x: c * _f(dfn, dfd, x))
special_function(special.fdtrc, SHAPE, SHAPE, lambda c, _y, dfn, dfd, x: -c * _f(dfn, dfd, x))
special_function(special.fdtri, SHAPE, SHAPE, lambda c, y, dfn, dfd, _p: c / _f(dfn, dfd, y))

# --- Student's t, and the normal distribution with a mean and a deviation ---------------------------

special_function(special.stdtr, SHAPE, lambda c, _y, df, t: c * t_density(df, t))
special_function(special.stdtrit, SHAPE, lambda c, y, df, _p: c / t_density(df, y))
elementwise(
    special.nrdtrimn,
    lambda c, y, _p, sd, x: -c * (sd * (ROOT_TWO_PI * np.exp(0.5 * ((x - y) / sd) ** 2))),
    lambda c, y, _p, sd, x: -c * ((x - y) / sd),
    1,
)
elementwise(
    special.nrdtrisd,
    lambda c, y, mn, _p, x: -c * (y / (x - mn)),
    lambda c, y, mn, _p, x: -c * (y * y / (x - mn) * (ROOT_TWO_PI * np.exp(0.5 * ((x - mn) / y) ** 2))),
    lambda c, y, mn, _p, x: c * (y / (x - mn)),
)
