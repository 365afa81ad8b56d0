"""Softmax and its logarithm: from scores (logits) z to probabilities that sum to one along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from nn.arguments import integer
from nn.functional.elementwise import elementwise


def softmax(x: Any, axis: int = -1, *, dim: int | None = None) -> Any:
    """Return exp(xᵢ) / Σⱼ exp(xⱼ) along an axis: the probabilities of the classes.

    No argument overflows, and the derivative keeps its digits where one probability is nearly 1.

    Parameters
    ----------
    x : array_like
        Scores, the lectures' z; any shape.
    axis : int
        Along which the results sum to 1.
    dim : int, optional
        PyTorch's name for `axis`.

    Raises
    ------
    TypeError, ValueError
        For an axis that x does not have, or that is empty.

    Examples
    --------
    >>> softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    return _softmax(x, axis=_checked_axis("softmax", x, axis if dim is None else dim))


def log_softmax(x: Any, axis: int = -1, *, dim: int | None = None) -> Any:
    """Return xᵢ − log Σⱼ exp(xⱼ) along an axis: the logarithms of the probabilities.

    Parameters
    ----------
    x, axis, dim
        As in `softmax`.

    Examples
    --------
    >>> log_softmax(np.array([0.0, -1000.0]))
    array([    0., -1000.])
    """
    return _log_softmax(x, axis=_checked_axis("log_softmax", x, axis if dim is None else dim))


def _checked_axis(function: str, x: Any, axis: Any) -> int:
    """Return the axis, once x has been found to have entries along it; a single number counts as having one."""
    axis = integer(function, "dim", axis)
    shape = np.shape(x) or (1,)
    if not -len(shape) <= axis < len(shape) or not shape[axis]:
        raise ValueError(
            f"{function}: dim must be an axis of the input that is not empty; got {axis} for shape {np.shape(x)}. "
            "Write -1 for the last axis."
        )
    return axis


def _from_the_largest(c: Any, y: Any, axis: int) -> Any:
    """Return c minus its entry where y is largest.

    A constant along the axis is in the kernel of both Jacobians. With this one taken out, no
    entry of c is multiplied by a probability near 1 and then subtracted again.
    """
    return c - np.take_along_axis(c, np.argmax(y, axis, keepdims=True), axis)


def _softmax_rule(c: Any, y: Any, _x: Any, axis: int) -> Any:
    """Σⱼ yᵢ (δᵢⱼ − yⱼ) cⱼ, which is symmetric in i and j."""
    c = _from_the_largest(c, y, axis)
    return y * (c - np.sum(c * y, axis=axis, keepdims=True))


@elementwise(_softmax_rule)
def _softmax(x: Any, axis: int) -> Any:
    x = np.asarray(x)
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


_softmax.defflop(lambda y, *_, **__: 5 * np.size(y))  # maximum, difference, exponential, sum, quotient


@ad.primitive
def _log_softmax(x: Any, axis: int) -> Any:
    x = np.asarray(x)
    top = np.argmax(x, axis=axis, keepdims=True)
    z = x - np.take_along_axis(x, top, axis)
    e = np.exp(z)
    np.put_along_axis(e, top, 0.0, axis)
    return z - np.log1p(np.sum(e, axis=axis, keepdims=True))  # log1p: the others may be too small to add to 1


def _log_softmax_vjp(ct: Any, y: Any, _x: Any, axis: int) -> Any:
    """Σⱼ (δᵢⱼ − pᵢ) ct_j = (1 − pᵢ) ctᵢ − pᵢ Σ_{j≠i} ct_j, 1 − pᵢ being the sum of the others where pᵢ is near 1."""
    p = np.exp(y)
    others = np.sum(np.where(y > -0.5, 0.0, p), axis=axis, keepdims=True)
    return np.where(y > -0.5, others, 1.0 - p) * ct - p * (np.sum(ct, axis=axis, keepdims=True) - ct)


def _log_softmax_jvp(tangent: Any, y: Any, _x: Any, axis: int) -> Any:
    tangent = _from_the_largest(tangent, y, axis)
    return tangent - np.sum(np.exp(y) * tangent, axis=axis, keepdims=True)


_log_softmax.defvjp(_log_softmax_vjp).defjvp(_log_softmax_jvp)
_log_softmax.defflop(lambda y, *_, **__: 5 * np.size(y))  # maximum, difference, exponential, sum, difference
