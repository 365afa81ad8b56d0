"""What of SciPy's distributions has no derivative here: SciPy's own, which refuses traced values by name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import MethodType
from typing import Any

from autodiff.scipy.functions import refuse_if_differentiated

ADVICE = (
    "Write its formula in NumPy's functions; autodiff.scipy.stats differentiates densities, distribution functions "
    "and quantiles of norm, t, gamma, beta and chi2, and poisson, dirichlet and multivariate_normal."
)


class Distribution:
    """A distribution of SciPy's whose methods, called with a traced value, say that they have no derivative."""

    def __init__(self, distribution: Any, name: str) -> None:
        self._distribution = distribution
        self._name = name
        self.__doc__ = distribution.__doc__

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python's own questions, such as those of copy and pickle
            raise AttributeError(name)
        item = getattr(self._distribution, name)
        return _refusing(item, f"{self._name}.{name}") if isinstance(item, MethodType) else item

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _refusing(self._distribution, self._name)(*args, **kwargs)

    def __dir__(self) -> list[str]:
        return dir(self._distribution)

    def __reduce__(self) -> tuple:
        return Distribution, (self._distribution, self._name)


def _refusing(method: Callable, name: str) -> Callable:
    @functools.wraps(method, updated=())
    def call(*args: Any, **kwargs: Any) -> Any:
        refuse_if_differentiated(name, ADVICE, *args, *kwargs.values())
        return method(*args, **kwargs)

    return call


def methods_of(distribution: Any, name: str) -> Callable[[str], Any]:
    """Return the `__getattr__` of the module `name` that stands for a distribution."""
    return Distribution(distribution, f"scipy.stats.{name}").__getattr__
