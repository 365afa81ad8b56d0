"""Losses as functions of a prediction and a target."""

from __future__ import annotations

from typing import Any

import numpy as np


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Return the squared error (input − target)², averaged over all entries: the lectures' OLS cost.

    Parameters
    ----------
    input, target : array_like
        Prediction and truth, of one shape.
    reduction : {"mean", "sum", "none"}
        What to do with the squared errors.

    Raises
    ------
    ValueError
        If the shapes differ (they would broadcast, and the loss be that of every pair), and
        for an unknown reduction.

    Examples
    --------
    >>> float(mse_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    2.0
    """
    _same_shape("mse_loss", input, target)
    return reduce("mse_loss", (input - target) ** 2, reduction)


def reduce(function: str, losses: Any, reduction: str) -> Any:
    """Return the mean or the sum of the losses, or ("none") the losses."""
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    if reduction == "none":
        return losses
    raise ValueError(f'{function}: reduction is one of "mean", "sum", "none"; got {reduction!r}. Choose one of them.')


def _shape(x: Any) -> tuple[int, ...]:
    return x.shape if hasattr(x, "shape") else np.shape(x)


def _same_shape(function: str, input: Any, target: Any) -> None:
    """Raise unless prediction and target have one shape; the message writes out the reshape."""
    shape, wanted = _shape(input), _shape(target)
    if shape == wanted:
        return
    if int(np.prod(shape)) == int(np.prod(wanted)):
        advice = f"Write target.reshape({shape}) if the entries are in the same order."
    else:
        advice = "They have different numbers of entries: check the number of outputs and of samples."
    raise ValueError(
        f"{function}: input and target must have one shape, or broadcasting would compare every pair; "
        f"got {shape} and {wanted}. {advice}"
    )
