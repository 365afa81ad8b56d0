"""Distributions with `loc` and `scale`, from the functions of the standard one: x = loc + scale z."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.scipy.functions import Function, defined


class Family:
    """A distribution of SciPy's, and where its density is not 0.

    Parameters
    ----------
    distribution : object
        `scipy.stats.norm` and the like.
    shapes : int
        The number of shape parameters.
    support : tuple of float
        The first and the last z.
    """

    def __init__(self, distribution: Any, shapes: int, support: tuple[float, float] = (-np.inf, np.inf)) -> None:
        self.distribution = distribution
        self.shapes = shapes
        self.support = support

    def _function(self, name: str, definition: Callable) -> Function:
        implementation = getattr(self.distribution, name)
        return defined(f"scipy.stats.{self.distribution.name}.{name}", implementation, definition)

    def _arguments(self, args: tuple, loc: Any, scale: Any) -> tuple[tuple, Any, Any]:
        """Return the shape parameters, loc and scale of a call."""
        rest = dict(enumerate(args[self.shapes :]))
        return args[: self.shapes], rest.get(0, loc), rest.get(1, scale)

    def of_variable(self, name: str, standard: Callable, outside: tuple[float, float], power: int = 0) -> Function:
        """Return a function of x: standard(z, *shapes) · scale⁻ᵖ within the support, a constant on each side."""
        low, high = self.support

        def definition(x: Any, *args: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
            shapes, loc, scale = self._arguments(args, loc, scale)
            z = (x - loc) / scale
            if self.support == (-np.inf, np.inf):
                inside = standard(z, *shapes)
            else:  # where z lies outside, the function is evaluated elsewhere: its derivative there is not wanted
                somewhere = 0.5 * (low + high) if np.isfinite(high) else low + 1.0
                inside = standard(np.where((z >= low) & (z <= high), z, somewhere), *shapes)
                inside = np.where(z < low, outside[0], np.where(z > high, outside[1], inside))
            if power == 0:
                return inside
            return inside / scale if power == 1 else inside - np.log(scale)

        return self._function(name, definition)

    def density(self, standard: Callable) -> Function:
        return self.of_variable("pdf", standard, (0.0, 0.0), power=1)

    def log_density(self, standard: Callable) -> Function:
        return self.of_variable("logpdf", standard, (-np.inf, -np.inf), power=2)

    def quantile(self, name: str, standard: Callable) -> Function:
        """Return a function of the probability: loc + scale · standard(q, *shapes)."""

        def definition(q: Any, *args: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
            shapes, loc, scale = self._arguments(args, loc, scale)
            return loc + scale * standard(q, *shapes)

        return self._function(name, definition)

    def entropy(self, standard: Callable) -> Function:
        """Return standard(*shapes) + log scale."""

        def definition(*args: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
            shapes, loc, scale = self._arguments(args, loc, scale)
            return standard(*shapes) + np.log(scale) + 0.0 * loc

        return self._function("entropy", definition)
