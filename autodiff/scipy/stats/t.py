"""Student's distribution."""

from typing import Any

import numpy as np
from scipy import special, stats

from autodiff.rules.scipy_special.densities import digamma_difference, t_density, t_density_by_df
from autodiff.rules.scipy_special.tails import beta_lower
from autodiff.scipy.stats.location_scale import Family
from autodiff.scipy.stats.scipys_own import methods_of

__getattr__ = methods_of(stats.t, "t")


def _slope(z: Any, df: Any) -> Any:
    return -(1 + 1 / df) * z / (1 + z * z / df)


def _lower(z: Any, df: Any) -> Any:
    """p/F; far on the left by F(z) = ½ I(½ df, ½, u), u = df / (df + z²)."""
    far = special.stdtr(df, z) < 1e-280
    left = np.where(far, z, -1.0)
    u = df / (df + left * left)
    tail = beta_lower(0.5 * df, 0.5, u) * (-2 * left / df) * (u * u)
    near = np.where(far, 0.0, z)
    return np.where(far, tail, t_density(df, near) / special.stdtr(df, near))


_family = Family(stats.t, ["df"], _slope)

pdf = _family.density([lambda y, z, df: y * t_density_by_df(df, z)])
logpdf = _family.log_density([lambda z, df: t_density_by_df(df, z)])
cdf = _family.of_variable("cdf", lambda z, df: t_density(df, z))
sf = _family.of_variable("sf", lambda z, df: -t_density(df, z))
logcdf = _family.of_variable("logcdf", _lower)
logsf = _family.of_variable("logsf", lambda z, df: -_lower(-z, df))
ppf = _family.quantile("ppf", lambda q, df: special.stdtrit(df, q))
isf = _family.quantile("isf", lambda q, df: -special.stdtrit(df, q))
entropy = _family.entropy(
    lambda df: 0.5 * (df + 1) * digamma_difference(0.5 * df, 0.5) + 0.5 * np.log(df) + special.betaln(0.5 * df, 0.5)
)
