"""What all losses share: the checks of their arguments, and the mean, the sum or neither."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from nn.functional.contents import weights

REDUCTIONS = ("mean", "sum", "none")


def check_reduction(function: str, reduction: Any, choices: tuple[str, ...] = REDUCTIONS) -> str:
    """Return the name of a reduction, checked."""
    if not isinstance(reduction, str) or reduction not in choices:
        names = ", ".join(f'"{name}"' for name in choices)
        raise ValueError(f"{function}: reduction is one of {names}; got {reduction!r}. Choose one of them.")
    return reduction


def floats(function: str, name: str, x: Any, like: Any = None) -> Any:
    """Return `x` as floats; whole numbers take the dtype of `like`, so that float32 stays float32."""
    if not hasattr(x, "dtype"):
        x = np.asarray(x)
    kind = x.dtype.kind
    if kind == "f":
        return x
    if kind in "iub":
        return x.astype(np.float64 if like is None else like.dtype)
    raise TypeError(f"{function}: {name} must hold real numbers; got dtype {x.dtype}. Convert it to floats.")


def matched(function: str, input: Any, target: Any) -> tuple[Any, Any]:
    """Return prediction and truth as floats, once they have been found to have one shape.

    The message writes out the reshape.
    """
    input = floats(function, "input", input)
    target = floats(function, "target", target, input)
    shape, wanted = input.shape, target.shape
    if shape == wanted:
        return input, target
    if prod(shape) == prod(wanted):
        advice = f"Write target.reshape({shape}) if the entries are in the same order."
    else:
        advice = "They have different numbers of entries: check the number of outputs and of samples."
    raise ValueError(
        f"{function}: input and target must have one shape, or broadcasting would compare every pair; "
        f"got {shape} and {wanted}. {advice}"
    )


def reduce(function: str, losses: Any, reduction: str, sample_weight: Any = None, counts: Any = None) -> Any:
    """Return the mean or the sum of the losses, or ("none") the losses, each times the weight of its sample.

    Parameters
    ----------
    function : str
        Named in errors.
    losses : array_like
        Shape (n_samples, …).
    reduction : {"mean", "sum", "none"}
        The mean is Σ wᵢ ℓᵢ / Σ wᵢ, each sample's ℓᵢ being the average over its entries; 0 if all weights are 0.
    sample_weight : array_like, optional
        wᵢ ≥ 0, shape (n_samples,), or the shape of the losses.
    counts : ndarray, optional
        Shape of the losses: how much each counts in the denominator of the mean. The weights of the classes
        are such (and are in the losses already).
    """
    check_reduction(function, reduction)
    if sample_weight is not None:
        weight = _weights(function, sample_weight, losses)
        losses = weight * losses
        if reduction == "mean":
            entries = prod(losses.shape) // max(weight.size, 1)
            total = weight.sum() * entries if counts is None else (weight * counts).sum()
            return _over(losses.sum(), total)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.mean() if counts is None else _over(losses.sum(), counts.sum())


def _over(total: Any, count: Any) -> Any:
    """Return the mean of `count` losses; of none it is 0."""
    return total / np.where(count == 0, 1.0, count)


def _weights(function: str, sample_weight: Any, losses: Any) -> Any:
    """Return the weights of the samples in the dtype of the losses, with unit axes for those of their entries."""
    weight = weights(function, "sample_weight", sample_weight)
    shape = losses.shape
    if weight.shape not in (shape, shape[:1]):
        raise ValueError(
            f"{function}: sample_weight must have one weight for each sample, shape {shape[:1]}, or the shape "
            f"{shape} of the losses; got {weight.shape}. Write sample_weight.reshape({shape[:1]}) if it is a column."
        )
    return weight.astype(losses.dtype).reshape(weight.shape + (1,) * (len(shape) - weight.ndim))
