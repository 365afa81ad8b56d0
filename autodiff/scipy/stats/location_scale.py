"""Distributions with `loc` and `scale`: y = f(z, *shapes), z = (x - loc) / scale.

Each function is one step for the engine. The value is SciPy's, bit for bit; the derivatives are written with the
logarithmic slope L(z) of the standard density p, and with p/F and p/(1 - F):

    pdf      p L / scale²          logpdf   L / scale
    cdf, sf  ± p / scale           logcdf, logsf  p/F / scale, -p/(1 - F) / scale

by x; by loc the same with the other sign; by scale z times that, and what scale itself does to a density.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.dispatch import RULES, Operation
from autodiff.operands import as_operand
from autodiff.primitives import Rewrite
from autodiff.rules.elementwise import elementwise
from autodiff.rules.scipy_special.orders import SHAPE, special_function
from autodiff.scipy.functions import Function, defined

INFINITE = (-np.inf, np.inf)


def standardised(x: Any, loc: Any, scale: Any) -> Any:
    """Return z in double precision at least, Python's numbers counting as such, as SciPy does."""
    z = (np.asarray(x) - np.asarray(loc)) / np.asarray(scale)
    return z if z.dtype == np.float64 else z.astype(np.promote_types(z.dtype, np.float64))


def all_positive(x: Any) -> Any:
    """Tell whether an array or number is positive, all of it."""
    return x > 0 if x.__class__ is float or x.__class__ is int else np.greater(x, 0).all()


@Operation
def positive(x: Any) -> Any:
    """Return x, NaN where it is not positive: the scales and shapes for which SciPy has a distribution."""
    return x if all_positive(x) else np.where(np.greater(x, 0), x, np.nan)


elementwise(positive, 1)


class Value:
    """The function of arrays that a step is, which has a name and is pickled as a part of it."""

    def __init__(self, value: Callable, function: Function) -> None:
        self.value = value
        self.function = function
        self.__name__ = function.__name__
        self.__qualname__ = function.__qualname__

    def __call__(self, *operands: Any) -> Any:
        return self.value(*operands)

    def __reduce__(self) -> Any:
        return getattr, (self.function.step, "implementation")


class Step(Operation):
    """What `function` does once its arguments are sorted: it is pickled as a part of that."""

    def __init__(self, value: Callable, function: Function) -> None:
        super().__init__(Value(value, function))
        function.step = self
        self.function = function

    def __reduce__(self) -> Any:
        return getattr, (self.function, "step")


class Family:
    """A distribution of SciPy's, and where its density is not 0.

    Parameters
    ----------
    distribution : object
        `scipy.stats.norm` and the like.
    shapes : sequence of str
        The names of the shape parameters, all of them positive.
    support : tuple of float
        The first and the last z.
    slope : callable
        L(z, *shapes), the derivative of the logarithm of the density within the support.
    edge : callable, optional
        edge(z, *shapes): the slope of the density where z is an end of the support, 0 elsewhere.
    """

    def __init__(
        self,
        distribution: Any,
        shapes: Sequence[str],
        slope: Callable,
        support: tuple[float, float] = INFINITE,
        edge: Callable | None = None,
    ) -> None:
        self.distribution = distribution
        self.names = (*shapes, "loc", "scale")
        self.slope = slope
        self.support = support
        self.edge = edge

    # --- the functions -------------------------------------------------------------------------------

    def density(self, by_shapes: Sequence[Callable] = (), standard: Callable | None = None) -> Function:
        """Return the density; `by_shapes` are its derivatives (y, z, *shapes) by the shapes."""
        return self._step(
            "pdf", lambda y, scale: y / scale, self._slope_of_density, lambda y, scale: y / scale, by_shapes, standard
        )

    def log_density(self, by_shapes: Sequence[Callable] = (), standard: Callable | None = None) -> Function:
        """Return the logarithm of the density; `by_shapes` are its derivatives (z, *shapes) by the shapes."""
        held = [lambda _y, z, *shapes, by=by: self._within(by, z, shapes) for by in by_shapes]
        return self._step(
            "logpdf",
            lambda y, scale: y - np.log(scale),
            lambda _y, z, shapes, scale: self._within(self.slope, z, shapes) / scale,
            lambda _y, scale: 1.0 / scale,
            held,
            standard,
        )

    def of_variable(self, name: str, slope: Callable, standard: Callable | None = None) -> Function:
        """Return a distribution function or its logarithm, whose derivative by z is slope(z, *shapes)."""
        return self._step(
            name,
            lambda y, _scale: y,
            lambda _y, z, shapes, scale: self._within(slope, z, shapes) / scale,
            None,
            [SHAPE] * (len(self.names) - 2),
            standard,
        )

    def quantile(self, name: str, standard: Callable) -> Function:
        """Return a function of the probability: loc + scale · standard(q, *shapes)."""

        def definition(*args: Any, **kwargs: Any) -> Any:
            q, *shapes, loc, scale = self._arguments(name, "q", args, kwargs)
            return loc + positive(scale) * standard(q, *map(positive, shapes))

        return self._rewritten(name, definition)

    def entropy(self, standard: Callable) -> Function:
        """Return standard(*shapes) + log scale."""

        def definition(*args: Any, **kwargs: Any) -> Any:
            _, *shapes, loc, scale = self._arguments("entropy", "", (0.0, *args), kwargs)
            return standard(*map(positive, shapes)) + np.log(positive(scale)) + 0.0 * loc

        return self._rewritten("entropy", definition)

    # --- how they are made -----------------------------------------------------------------------------

    def _full_name(self, name: str) -> str:
        return f"scipy.stats.{self.distribution.name}.{name}"

    def _rewritten(self, name: str, definition: Callable) -> Function:
        return defined(self._full_name(name), getattr(self.distribution, name), definition)

    def _arguments(self, name: str, variable: str, args: tuple, kwargs: dict) -> list:
        """Return the variable, the shape parameters, loc and scale of a call."""
        if not kwargs and len(args) in (len(self.names) - 1, len(self.names) + 1):  # nothing but loc and scale left out
            return [as_operand(each) for each in args] + [0.0, 1.0][: len(self.names) + 1 - len(args)]
        full, names = self._full_name(name), (variable, *self.names)
        known = ", ".join(names).lstrip(", ")
        if len(args) > len(names):
            raise TypeError(f"{full}: takes {known}; got {len(args)} arguments. Leave out the last ones.")
        given = dict(zip(names, args, strict=False))
        for each, value in kwargs.items():
            if each not in names:
                raise TypeError(f"{full}: has no such argument; got {each}. It takes {known}.")
            if each in given:
                raise TypeError(f"{full}: an argument is given twice; got {each}. Give it by position or by name.")
            given[each] = value
        for each in names[:-2]:
            if each not in given:
                raise TypeError(f"{full}: an argument is missing; got no {each}. Pass {each}.")
        given = {"loc": 0.0, "scale": 1.0} | given
        return [as_operand(given[each]) for each in names]

    def _step(
        self,
        name: str,
        scaled: Callable,
        slope: Callable,
        drift: Callable | None,
        by_shapes: Sequence[Any],
        standard: Callable | None,
    ) -> Function:
        """Return a function of z whose rules are slope(y, z, shapes, scale) and, for the scale, -z slope - drift."""
        function = Function(getattr(self.distribution, name), self._full_name(name))
        step = Step(self._value(name, scaled, standard), function)

        def parts(x: Any, rest: Sequence) -> tuple[Any, Any, Any]:
            *shapes, loc, scale = rest
            scale = positive(scale)
            return (x - loc) / scale, [positive(shape) for shape in shapes], scale

        def by_x(c: Any, y: Any, x: Any, *rest: Any) -> Any:
            z, shapes, scale = parts(x, rest)
            return c * slope(y, z, shapes, scale)

        def by_loc(c: Any, y: Any, x: Any, *rest: Any) -> Any:
            return -by_x(c, y, x, *rest)

        def by_scale(c: Any, y: Any, x: Any, *rest: Any) -> Any:
            z, shapes, scale = parts(x, rest)
            moved = z * slope(y, z, shapes, scale)
            return -c * (moved if drift is None else moved + drift(y, scale))

        def by_shape(by: Any) -> Any:
            def rule(c: Any, y: Any, x: Any, *rest: Any) -> Any:
                z, shapes, _ = parts(x, rest)
                return c * by(y, z, *shapes)

            return by if isinstance(by, str) else rule

        special_function(step, by_x, *map(by_shape, by_shapes), by_loc, by_scale, name=self._full_name(name))

        def definition(*args: Any, **kwargs: Any) -> Any:
            return step(*self._arguments(name, "x", args, kwargs))

        RULES[function] = Rewrite(function, definition)
        return function

    def _value(self, name: str, scaled: Callable, standard: Callable | None) -> Callable:
        """Return the function of arrays: of those well inside what SciPy computes, without its long way there."""
        public, private = getattr(self.distribution, name), standard or getattr(self.distribution, f"_{name}")
        low, high = self.support
        total = standard is not None  # it knows all numbers, infinities and NaN included

        def value(x: Any, *rest: Any) -> Any:
            *shapes, loc, scale = rest
            with np.errstate(all="ignore"):
                z = standardised(x, loc, scale)
                known = total or ((z > low) & (z < high)).all()
                for parameter in (*shapes, scale):
                    known = known and all_positive(parameter)
                return scaled(private(z, *shapes), scale) if known else public(x, *rest)

        return value

    # --- slopes ---------------------------------------------------------------------------------------

    def _held(self, z: Any, outside: Any) -> Any:
        """Return z, and a number of the support where it is `outside`: the derivative there is not wanted."""
        low, high = self.support
        return np.where(outside, 0.5 * (low + high) if np.isfinite(high) else low + 1.0, z)

    def _within(self, f: Callable, z: Any, shapes: Sequence) -> Any:
        """Return f(z, *shapes) within the support, 0 outside."""
        low, high = self.support
        if self.support == INFINITE:
            return f(z, *shapes)
        outside = (z < low) | (z > high) if np.isfinite(high) else z < low
        return np.where(outside, 0.0 * sum(shapes, 0.0), f(self._held(z, outside), *shapes))

    def _slope_of_density(self, y: Any, z: Any, shapes: Sequence, scale: Any) -> Any:
        low, high = self.support
        if self.edge is None:
            return y * (self.slope(z, *shapes) / scale)
        outside = (z <= low) | (z >= high) if np.isfinite(high) else z <= low
        inside = y * (self.slope(self._held(z, outside), *shapes) / scale)
        return np.where(outside, self.edge(z, *shapes) / (scale * scale), inside)
