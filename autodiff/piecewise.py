"""Functions given by pieces, each evaluated on its own entries alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.arraylike import getitem
from autodiff.assignment import index_update
from autodiff.dispatch import RULES
from autodiff.operands import as_operand, dtype_of, is_inexact, is_traced, plain, shape_of
from autodiff.primitives import Rewrite


def piecewise(x: Any, conditions: Sequence, functions: Sequence[Callable | Any], *args: Any, **kwargs: Any) -> Any:
    """Return functions[k](x) on the entries where conditions[k] holds.

    As `np.piecewise`, with traced values in any place: in `x`, in the constants among the
    functions, and in what the functions close over. A branch never sees an entry that is not
    its own, so that its derivative cannot spoil the others, as it does with `np.where`.

    Parameters
    ----------
    x : array_like
        Floats, of any shape.
    conditions : sequence of boolean arrays
        Each of the shape of `x`. Where several hold, the last of them counts.
    functions : sequence of callables and constants
        One for each condition; one more is for the entries where none holds (0 without it).
        A function gets an array of shape (m,) with the m entries of its piece, and returns
        as many or one number; it is not called if m = 0.
    *args, **kwargs
        Passed on to the functions.

    Returns
    -------
    array
        Shape and dtype of `x`.

    Raises
    ------
    TypeError
        If `x` holds no floats: the results would be cut to integers.
    ValueError
        If the numbers of conditions and functions, or their shapes, do not match.

    Examples
    --------
    >>> import autodiff as ad
    >>> x = np.array([-1.0, 0.0, 4.0])
    >>> print(ad.elementwise_grad(lambda x: ad.piecewise(x, [x > 0], [np.sqrt, 0.0]))(x))
    [0.   0.   0.25]
    """
    x = as_operand(x)
    shape = shape_of(x)
    if not is_inexact(dtype_of(x)):
        raise TypeError(f"piecewise: x must hold floats; got dtype {dtype_of(x)}. Convert it with .astype(float).")
    masks = _masks(_known(plain(conditions)), shape)
    if len(functions) == len(masks) + 1:
        masks.append(~np.any(masks, axis=0) if masks else np.ones(shape, bool))
    if len(functions) != len(masks):
        raise ValueError(
            f"piecewise: there must be one function for each condition, or one more for all other entries; "
            f"got {len(functions)} functions and {len(masks)} conditions. Leave none out."
        )
    entries = np.reshape(x, -1)
    y = index_update(entries, 0.0, index=(slice(None),))  # traced if x is, whichever pieces are empty
    for mask, function in zip(masks, functions, strict=True):
        own = np.flatnonzero(mask)
        if callable(function):
            if len(own):
                y = index_update(y, function(getitem(entries, index=own), *args, **kwargs), index=own)
        else:
            y = index_update(y, function, index=own)
    return np.reshape(y, shape)


def _known(conditions: Any) -> Any:
    """Return conditions under recording as they are at these numbers."""
    if isinstance(conditions, (list, tuple)):
        return [_known(condition) for condition in conditions]
    return conditions._known("the pieces of ad.piecewise") if is_traced(conditions) else conditions


def _masks(conditions: Any, shape: tuple[int, ...]) -> list[np.ndarray]:
    """Return the conditions as a list of masks; a single one may stand by itself, as in NumPy."""
    if np.ndim(conditions) == 0 or (shape and np.ndim(conditions[0]) == 0):
        conditions = [conditions]
    masks = [np.asarray(condition, bool) for condition in conditions]
    for mask in masks:
        if mask.shape != shape:
            raise ValueError(
                f"piecewise: each condition must have the shape of x, {shape}; got {mask.shape}. "
                "Compare x itself, or broadcast the condition."
            )
    return masks


RULES[np.piecewise] = Rewrite(
    np.piecewise, lambda x, condlist, funclist, *args, **kw: piecewise(x, condlist, funclist, *args, **kw)
)
