"""Where the arguments of the cases are drawn from: values well inside the domain of a function.

"Well inside" means that a step of `witnesses.REACH` in any entry crosses no kink, pole or tie.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Domain = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def uniform(low: float, high: float) -> Domain:
    return lambda rng, shape: rng.uniform(low, high, shape)


def signed(low: float, high: float) -> Domain:
    """Between `low` and `high` in size, of either sign."""
    return lambda rng, shape: rng.uniform(low, high, shape) * rng.choice([-1.0, 1.0], shape)


def on_grid(low: float, high: float) -> Domain:
    """No two entries near each other: cells of a grid of width 1/4, between `low` and `high` of the cell."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        size = int(np.prod(shape))
        cells = rng.permutation(size) - size // 2
        return (0.25 * (cells + rng.uniform(low, high, size))).reshape(shape)

    return draw


distinct = on_grid(0.35, 0.65)


def distinct_positive(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    values = distinct(rng, shape)
    return values - values.min(initial=0.0) + 0.5


def increasing(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Growing along the last axis, as grid points do."""
    return np.cumsum(rng.uniform(0.3, 1.0, shape), axis=-1) - 1.0


def fractional(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Away from the integers, the halves and the powers of two."""
    return rng.integers(-4, 4, shape) + rng.choice([0.2, 0.3, 0.7, 0.8], shape)


def well_conditioned(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """A matrix (or a stack of them) that is far from singular, with separated singular values."""
    n = min(shape[-2:])
    left = np.linalg.qr(rng.normal(size=(*shape[:-2], shape[-2], n)))[0]
    right = np.linalg.qr(rng.normal(size=(*shape[:-2], shape[-1], n)))[0]
    return (left * np.linspace(1.0, 2.5, n)) @ np.swapaxes(right, -1, -2)


def symmetric(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Symmetric, with separated eigenvalues of both signs."""
    n = shape[-1]
    vectors = np.linalg.qr(rng.normal(size=shape))[0]
    return _exactly_symmetric((vectors * np.linspace(-1.3, 2.0, n)) @ np.swapaxes(vectors, -1, -2))


def spd(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Symmetric and positive definite, with separated eigenvalues."""
    n = shape[-1]
    vectors = np.linalg.qr(rng.normal(size=shape))[0]
    return _exactly_symmetric((vectors * np.linspace(0.7, 2.5, n)) @ np.swapaxes(vectors, -1, -2))


def _exactly_symmetric(a: np.ndarray) -> np.ndarray:
    return 0.5 * (a + np.swapaxes(a, -1, -2))


DOMAINS: dict[str, Domain] = {
    "real": uniform(-2.0, 2.0),
    "positive": uniform(0.3, 3.0),
    "unit": uniform(-0.9, 0.9),
    "zero_to_one": uniform(0.1, 0.9),
    "above_one": uniform(1.2, 3.0),
    "nonzero": signed(0.3, 2.0),
    "angles": uniform(-8.0, 8.0),
    "remainder": lambda rng, shape: rng.choice([-7.3, -2.9, -0.4, 0.6, 2.8, 7.4], shape) + rng.uniform(0, 0.05, shape),
    "modulus": lambda rng, shape: rng.choice([-2.0, -1.0, 1.0, 2.0], shape) + rng.uniform(0, 0.01, shape),
    "distinct": distinct,
    "interleaved": on_grid(0.8, 1.1),  # nor near any entry of a "distinct" array
    "distinct_positive": distinct_positive,
    "increasing": increasing,
    "fractional": fractional,
    "well_conditioned": well_conditioned,
    "symmetric": symmetric,
    "spd": spd,
}

SCATTERED = {"real", "positive", "unit", "zero_to_one", "above_one", "nonzero", "fractional", "remainder", "modulus"}
"""Domains whose entries are drawn one by one, so that equal entries are allowed."""

SYMMETRIC = {"symmetric", "spd"}
"""Domains of symmetric matrices: a function of one is differentiated along symmetric directions."""
