"""`scipy.stats`: some distributions with derivatives, each a module of functions; the rest is SciPy's own.

Densities are differentiated by everything, distribution functions and their inverses by the variable,
`loc` and `scale`; by shape parameters those have no closed form, and are refused.
"""

from typing import Any

from scipy import stats as _stats

from autodiff.scipy.functions import others
from autodiff.scipy.stats import beta, chi2, dirichlet, gamma, multivariate_normal, norm, poisson, t  # noqa: F401
from autodiff.scipy.stats.scipys_own import Distribution

__all__ = list(_stats.__all__)

_functions = others(_stats, {})


def __getattr__(name: str) -> Any:
    item = _functions(name)
    has_methods = hasattr(item, "rvs") and not isinstance(item, type)  # a distribution, not a class of them
    return Distribution(item, f"scipy.stats.{name}") if has_methods else item
