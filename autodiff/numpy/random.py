"""NumPy's random numbers, which are constants, under the name that programs written for autograd import."""

import functools as _functools
from collections.abc import Callable as _Callable
from typing import Any as _Any

import numpy as _numpy

from autodiff.numpy import lists as _lists
from autodiff.operands import is_traced as _is_traced

_INSTEAD = {
    "choice": "t[np.random.choice(len(t), size)]",
    "exponential": "scale * np.random.standard_exponential(size)",
    "gumbel": "loc + scale * np.random.gumbel(size=size)",
    "laplace": "loc + scale * np.random.laplace(size=size)",
    "logistic": "loc + scale * np.random.logistic(size=size)",
    "lognormal": "np.exp(mean + sigma * np.random.standard_normal(size))",
    "multivariate_normal": "mean + np.random.standard_normal(size) @ np.linalg.cholesky(cov).T",
    "normal": "loc + scale * np.random.standard_normal(size)",
    "permutation": "t[np.random.permutation(len(t))]",
    "rayleigh": "scale * np.random.rayleigh(size=size)",
    "shuffle": "t[np.random.permutation(len(t))]",
    "uniform": "low + (high - low) * np.random.random(size)",
    "weibull": "np.random.standard_exponential(size) ** (1 / a)",
}
"""The same random numbers as functions of ones that depend on nothing: these have derivatives."""


def _of_constants(name: str, draw: _Callable) -> _Callable:
    @_functools.wraps(draw)
    def call(*args: _Any, **kwargs: _Any) -> _Any:
        if _is_traced(args) or _is_traced(kwargs):
            instead = f"Write {_INSTEAD[name]}." if name in _INSTEAD else "Transform numbers that depend on nothing."
            raise TypeError(
                f"np.random.{name}: what is drawn has no derivative by the parameters; got a traced value. {instead}"
            )
        return draw(*args, **kwargs)

    return call


__getattr__ = _lists.fill(globals(), _numpy.random)
for _name in _numpy.random.__all__:
    if callable(globals()[_name]) and not isinstance(globals()[_name], type):
        globals()[_name] = _of_constants(_name, globals()[_name])
