"""Nested containers of arrays as one flat vector, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.operands import as_operand, dtype_of, is_inexact, shape_of, size_of
from autodiff.rules.casts import to_dtype
from autodiff.tree import flatten as leaves_of

__all__ = ["flatten", "flatten_func"]


def flatten(value: Any) -> tuple[Any, Callable]:
    """Return the numbers in nested lists, tuples and dicts as one vector, and the function that puts them back.

    Dicts are taken in the order of their sorted keys. Both directions can be differentiated.

    Examples
    --------
    >>> vector, unflatten = flatten({"w": np.ones((2, 2)), "b": 0.0})
    >>> print(vector)
    [0. 1. 1. 1. 1.]
    >>> unflatten(2 * vector)["w"].shape
    (2, 2)
    """
    leaves, structure = leaves_of(_sorted(value))
    arrays = [as_operand(leaf) for leaf in leaves]
    slices = []
    end = 0
    for x in arrays:
        start, end = end, end + size_of(x)
        slices.append((slice(start, end), shape_of(x), dtype_of(x)))

    def unflatten(vector: Any) -> Any:
        return structure.unflatten([_part(vector, *each) for each in slices])

    return np.concatenate([np.ravel(x) for x in arrays]) if arrays else np.zeros(0), unflatten


def _part(vector: Any, entries: slice, shape: tuple[int, ...], dtype: np.dtype) -> Any:
    """Return these entries in their shape and, but for integers, which would cut them, their dtype."""
    part = vector[entries.start] if shape == () else np.reshape(vector[entries], shape)
    return to_dtype(part, dtype) if is_inexact(dtype) else part


def flatten_func(f: Callable, example: Any) -> tuple[Callable, Callable, Any]:
    """Return `f` as a function from vectors to vectors, the function that unflattens, and `example` flat.

    Examples
    --------
    >>> double, _, vector = flatten_func(lambda pair: [2 * x for x in pair], [1.0, 2.0])
    >>> print(double(vector))
    [2. 4.]
    """
    vector, unflatten = flatten(example)
    return lambda x, *args: flatten(f(unflatten(x), *args))[0], unflatten, vector


def _sorted(tree: Any) -> Any:
    """Return `tree` with its dicts in the order of their keys."""
    kind = tree.__class__
    if kind is dict:
        return {key: _sorted(tree[key]) for key in sorted(tree)}
    return kind([_sorted(item) for item in tree]) if kind is list or kind is tuple else tree
