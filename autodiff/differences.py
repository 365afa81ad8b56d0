"""Derivatives along a random direction, from the values of a function alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.operands import dtype_of, shape_of, value_of
from autodiff.tree import flatten, map_leaves


def direction(tree: Any, rng: np.random.Generator) -> Any:
    """Return random numbers in the structure, shapes and dtypes of `tree`."""

    def draw(x: Any) -> Any:
        v = rng.standard_normal(shape_of(x))
        if dtype_of(x).kind == "c":
            v = v + rng.standard_normal(shape_of(x)) * 1j
        return np.asarray(v).astype(dtype_of(x))[()]

    return map_leaves(draw, tree)


def difference(f: Callable, args: tuple, v: tuple) -> tuple[Any, float, float]:
    """Return the derivative of `f` along `v` from its values alone, and how far it can be trusted.

    Returns
    -------
    derivative
        In the structure of f(*args): central differences, extrapolated (Ridders 1982).
    error : float
        Estimate of its largest absolute error.
    kink : float
        Largest difference of the one-sided derivatives, 0 where `f` is smooth.
    """
    points, structure = flatten(args)
    steps, _ = flatten(v)
    scale = max([1.0, *[float(np.max(np.abs(value_of(s)), initial=0.0)) for s in steps]])
    reach = max([float(np.max(np.abs(value_of(x)), initial=0.0)) for x in points], default=1.0)
    eps = max([float(np.finfo(dtype_of(x)).eps) for x in points], default=2.0**-52)

    def along(h: float) -> np.ndarray:
        moved = [np.asarray(x) + np.asarray(h * s, dtype_of(x)) for x, s in zip(points, steps, strict=True)]
        return in_one_array(f(*structure.unflatten([m[()] for m in moved])))

    h = max(min(reach, 1.0), 1e-3) * eps**0.2 / scale
    best, error, kink = _extrapolated(along, h, eps)
    for closer in (h / 50, h / 2500):  # there may be a kink near by
        if (not kink and error <= 1e-7 * (1 + float(np.max(np.abs(best), initial=0.0)))) or eps / closer > 1e-8:
            break
        again, its_error, kink = _extrapolated(along, closer, eps)
        if its_error < error:
            best, error = again, its_error
    return best, error, kink


def _extrapolated(along: Callable, h: float, eps: float) -> tuple[np.ndarray, float, float]:
    """Return what `difference` does, of the values `along` a line, by steps from `h` down to h/15."""
    here = along(0.0)
    forward, backward = along(h), along(-h)
    best, error = (forward - backward) / (2 * h), np.inf
    sides = [gap(forward, 2 * here - backward) / h, gap(along(h / 8), 2 * here - along(-h / 8)) / (h / 8)]
    noise = 50 * eps * (1 + size(here)) / (h / 8)
    kink = sides[1] if sides[1] > 0.5 * sides[0] + noise else 0.0  # where f is smooth, it falls with h
    table = [best]
    for _ in range(8):
        h /= 1.4
        row = [(along(h) - along(-h)) / (2 * h)]
        factor = 1.4**2
        for previous in table:
            row.append((row[-1] * factor - previous) / (factor - 1))
            factor *= 1.4**2
            change = max(gap(row[-1], row[-2]), gap(row[-1], previous))
            if change <= error:
                best, error = row[-1], change
        table = row
    return best, error, kink


def in_one_array(tree: Any) -> np.ndarray:
    """Return all numbers in one real array, of a complex array first the real and then the imaginary parts."""
    arrays = [np.asarray(value_of(leaf)) for leaf in flatten(tree)[0]]  # of a model that requires gradients, tensors
    parts = [part for a in arrays for part in ((a.real, a.imag) if a.dtype.kind == "c" else (a,))]
    return np.concatenate([np.ravel(part).astype(np.float64) for part in parts]) if parts else np.zeros(0)


def gap(a: np.ndarray, b: np.ndarray) -> float:
    """Return the largest absolute difference."""
    return float(np.max(np.abs(a - b), initial=0.0))


def size(x: Any) -> float:
    """Return the largest absolute number."""
    return float(np.max(np.abs(in_one_array(x)), initial=0.0))


def inner(ct: Any, v: Any) -> np.ndarray:
    """Return Re Σ ctᵢ vᵢ: the parts of v count in the product of reals with those of the conjugate of ct."""
    return np.array([np.dot(in_one_array(map_leaves(np.conjugate, ct)), in_one_array(v))])
