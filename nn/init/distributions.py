"""Initial values from a distribution that is given outright, and those that are not drawn at all."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np

from nn.arguments import generator, not_negative, number
from nn.init.filling import T, fill, target


def zeros_(tensor: T) -> T:
    """Fill with 0. (A layer whose weights are all equal never learns to tell its units apart.)"""
    return fill("zeros_", tensor, 0.0)


def ones_(tensor: T) -> T:
    """Fill with 1."""
    return fill("ones_", tensor, 1.0)


def constant_(tensor: T, val: float) -> T:
    """Fill with `val`."""
    return fill("constant_", tensor, number("constant_", "val", val))


def eye_(tensor: T) -> T:
    """Fill a matrix with the identity: a linear layer then passes its inputs on.

    Raises
    ------
    ValueError
        For anything but a matrix.
    """
    shape = target("eye_", tensor).shape
    if len(shape) != 2:
        raise ValueError(f"eye_: the tensor must be a matrix; got shape {shape}. Pass a weight of shape (in, out).")
    return fill("eye_", tensor, np.eye(*shape))


def uniform_(tensor: T, a: float = 0.0, b: float = 1.0, *, rng: Any = None) -> T:
    """Fill with draws from the uniform distribution on [a, b).

    Parameters
    ----------
    tensor : Parameter or ndarray
        Of floats; changed in place, without being recorded.
    a, b : float
        The bounds.
    rng : numpy.random.Generator or int, optional
        Source of the draws; a fresh one by default.

    Raises
    ------
    TypeError, ValueError
        For what can not be filled; for a > b.
    """
    a, b = number("uniform_", "a", a), number("uniform_", "b", b)
    if a > b:
        raise ValueError(f"uniform_: a must not exceed b; got a={a}, b={b}. Swap them.")
    return fill("uniform_", tensor, generator("uniform_", rng).uniform(a, b, target("uniform_", tensor).shape))


def normal_(tensor: T, mean: float = 0.0, std: float = 1.0, *, rng: Any = None) -> T:
    """Fill with draws from the normal distribution N(mean, std²): by default the historical N(0, 1).

    Parameters are as in `uniform_`; a negative `std` is a ValueError.
    """
    mean, std = number("normal_", "mean", mean), not_negative("normal_", "std", std)
    return fill("normal_", tensor, generator("normal_", rng).normal(mean, std, target("normal_", tensor).shape))


def trunc_normal_(
    tensor: T, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, *, rng: Any = None
) -> T:
    """Fill with draws from N(mean, std²) that lie in [a, b]: the others are drawn again.

    Raises
    ------
    TypeError, ValueError
        For options out of range; if less than one draw in 1000 lies in [a, b].
    """
    name = "trunc_normal_"
    mean, std = number(name, "mean", mean), not_negative(name, "std", std)
    a, b = number(name, "a", a), number(name, "b", b)
    inside = NormalDist(mean, std).cdf(b) - NormalDist(mean, std).cdf(a) if std else float(a <= mean <= b)
    if inside < 1e-3:
        raise ValueError(
            f"{name}: [a, b] must hold a good part of the distribution; got a={a}, b={b} for mean={mean}, std={std}. "
            "Move the bounds."
        )
    rng = generator(name, rng)
    values = rng.normal(mean, std, target(name, tensor).shape)
    while (outside := (values < a) | (values > b)).any():
        values = np.array(values)  # of a scalar, too
        values[outside] = rng.normal(mean, std, np.count_nonzero(outside))
    return fill(name, tensor, values)
