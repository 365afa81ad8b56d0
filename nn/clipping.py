"""Gradient clipping: bounds on gradients between `backward` and the optimiser's step."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, isfinite, nan, sqrt
from typing import Any

import numpy as np

import autodiff as ad
from nn.arguments import NUMBERS, not_negative
from nn.optim.optimizer import Optimizer


def clip_grad_value_(parameters: Any, clip_value: float) -> None:
    """Bound each entry of the gradients to [−clip_value, clip_value], in place.

    Parameters
    ----------
    parameters : iterable of Parameter, Parameter, or Optimizer
        Whose gradients; those without one are skipped.
    clip_value : float
        The bound, ≥ 0.

    Raises
    ------
    TypeError, ValueError
        For what are no parameters; for a negative bound or NaN.

    Examples
    --------
    >>> import nn
    >>> w = nn.Parameter([1.0, 2.0])
    >>> w.grad = [3.0, -0.5]
    >>> clip_grad_value_([w], 1.0)
    >>> w.grad.tolist()
    [1.0, -0.5]
    """
    clip_value = _bound("clip_grad_value_", "clip_value", clip_value)
    clip_values_of(_joined("clip_grad_value_", parameters), clip_value)


def clip_grad_norm_(
    parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> float:
    """Scale the gradients, all by one factor, so that their norm as one vector is at most `max_norm`.

    The direction stays; the factor is max_norm / (norm + 10⁻⁶) where that is below 1. The
    gradients of an optimiser's parameters are one array, of which this is one norm.

    Parameters
    ----------
    parameters : iterable of Parameter, Parameter, or Optimizer
        Whose gradients; those without one are skipped.
    max_norm : float
        The bound, ≥ 0.
    norm_type : float
        p of the p-norm; `inf` for the largest entry.
    error_if_nonfinite : bool
        Whether a norm that is NaN or infinite is an error. Otherwise an infinite entry
        becomes NaN and the finite ones 0, and with a NaN all entries become NaN, as in PyTorch.

    Returns
    -------
    float
        The norm before the clipping; 0.0 if there is no gradient.

    Raises
    ------
    TypeError, ValueError
        For what are no parameters; for options out of range; for a norm that is not finite, if asked.

    References
    ----------
    Pascanu, Mikolov & Bengio (2013), "On the difficulty of training recurrent neural networks", Algorithm 1.

    Examples
    --------
    >>> import nn
    >>> w = nn.Parameter([1.0, 2.0])
    >>> w.grad = [3.0, 4.0]
    >>> clip_grad_norm_([w], 1.0)
    5.0
    >>> [round(g, 5) for g in w.grad.tolist()]
    [0.6, 0.8]
    """
    max_norm = _bound("clip_grad_norm_", "max_norm", max_norm)
    order = _order("clip_grad_norm_", norm_type)
    gradients = _joined("clip_grad_norm_", parameters)
    norm = _norm_of(gradients, order)
    if error_if_nonfinite and not isfinite(norm):
        raise ValueError(
            f"clip_grad_norm_: the gradients have no finite norm; got {norm}. "
            "Lower the learning rate, scale the data, or look for the cause with ad.detect_anomaly()."
        )
    _shrink(gradients, norm, max_norm)
    return norm


def clip_grad_norm_per_parameter_(parameters: Any, max_norm: float, norm_type: float = 2.0) -> list[float]:
    """Scale each parameter's gradient by itself so that its norm is at most `max_norm`.

    Parameters
    ----------
    parameters : iterable of Parameter, Parameter, or Optimizer
        Whose gradients; those without one are skipped.
    max_norm, norm_type : float
        As in `clip_grad_norm_`.

    Returns
    -------
    list of float
        The norms before the clipping, of the parameters that have a gradient.

    Raises
    ------
    TypeError, ValueError
        As `clip_grad_norm_`.

    Examples
    --------
    >>> import nn
    >>> w, b = nn.Parameter([1.0, 2.0]), nn.Parameter(0.0)
    >>> w.grad, b.grad = [3.0, 4.0], 0.5
    >>> clip_grad_norm_per_parameter_([w, b], 1.0)
    [5.0, 0.5]
    >>> b.grad.item()
    0.5
    """
    max_norm = _bound("clip_grad_norm_per_parameter_", "max_norm", max_norm)
    order = _order("clip_grad_norm_per_parameter_", norm_type)
    norms = []
    for g in _gradients("clip_grad_norm_per_parameter_", parameters):
        norms.append(_norm(g, order))
        _shrink([g], norms[-1], max_norm)
    return norms


def _gradients(function: str, parameters: Any) -> list[np.ndarray]:
    """Return the gradients that are there, each once."""
    if isinstance(parameters, Optimizer):
        parameters = parameters.parameters()
    elif isinstance(parameters, ad.Tensor):
        parameters = [parameters]
    if not isinstance(parameters, Iterable) or isinstance(parameters, str):
        raise TypeError(
            f"{function}: takes parameters; got a {type(parameters).__name__}. "
            "Pass model.parameters(), or the optimiser."
        )
    found: dict[int, np.ndarray] = {}
    for p in parameters:
        if not isinstance(p, ad.Tensor):
            raise TypeError(
                f"{function}: takes parameters; got a {type(p).__name__} among them. Pass model.parameters()."
            )
        if p.grad is not None:
            found[id(p)] = p.grad
    return list(found.values())


def _joined(function: str, parameters: Any) -> list[np.ndarray]:
    """Return the gradients in fewer arrays: an optimiser's flat one, where all its parts are there."""
    if isinstance(parameters, Optimizer):
        return parameters.gradients()
    gradients = _gradients(function, parameters)
    sizes: dict[int, int] = {}
    for g in gradients:
        sizes[id(g.base)] = sizes.get(id(g.base), 0) + g.size
    joined: dict[int, np.ndarray] = {}
    for g in gradients:
        array, base = g, g.base
        if base is not None and base.ndim == 1 and base.dtype == g.dtype and base.size == sizes[id(base)]:
            array = base
        joined[id(array)] = array
    return list(joined.values())


def clip_values_of(gradients: list[np.ndarray], bound: float) -> None:
    """Bound each entry of the arrays, in place."""
    for g in gradients:
        np.clip(g, -bound, bound, out=g)


def clip_norm_of(gradients: list[np.ndarray], max_norm: float) -> None:
    """Scale the arrays so that their Euclidean norm as one vector is at most `max_norm`, in place."""
    _shrink(gradients, _norm_of(gradients, 2.0), max_norm)


def _norm_of(gradients: list[np.ndarray], order: float) -> float:
    norms = [_norm(g, order) for g in gradients]
    return norms[0] if len(norms) == 1 else _norm(np.array(norms), order)


def _norm(g: np.ndarray, order: float) -> float:
    """Return the p-norm of all entries; no square overflows or vanishes."""
    g = g.reshape(-1)
    if order == 2.0:
        with np.errstate(over="ignore", invalid="ignore"):
            square = float(np.dot(g, g))
        if 1e-30 < square < 1e30:
            return sqrt(square)
    largest = float(np.max(np.abs(g), initial=0.0))
    if order == inf or largest == 0.0 or not isfinite(largest):
        return largest
    scaled = np.abs(g.astype(np.float64) / largest)
    with np.errstate(under="ignore"):
        return largest * float(np.sum(scaled**order) ** (1.0 / order))


def _shrink(gradients: list[np.ndarray], norm: float, max_norm: float) -> None:
    """Multiply the gradients by max_norm / (norm + 10⁻⁶), unless that would make them larger."""
    factor = max_norm / (norm + 1e-6)
    if not factor >= 1.0:
        with np.errstate(invalid="ignore", under="ignore"):
            for g in gradients:
                g *= factor


def _bound(function: str, name: str, value: Any) -> float:
    return inf if value is inf or value == inf else not_negative(function, name, value)


def _order(function: str, norm_type: Any) -> float:
    order = float(norm_type) if isinstance(norm_type, NUMBERS) and not isinstance(norm_type, bool) else nan
    if not order > 0.0:
        raise ValueError(
            f"{function}: norm_type must be a positive number; got {norm_type!r}. Pass 1.0, 2.0 or np.inf."
        )
    return order
