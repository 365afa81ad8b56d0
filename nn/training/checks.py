"""What a training refuses before its first step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

import autodiff as ad
from nn.arguments import positive
from nn.module import Module

NO_TARGET = object()  # None is what a person passes by mistake


def check_model(function: str, model: Any) -> None:
    """Raise unless `model` is a module."""
    if not isinstance(model, Module):
        raise TypeError(
            f"{function}: model must be an nn.Module; got {type(model).__name__}. "
            "Build one, such as nn.Sequential(nn.Linear(2, 1)) (an instance, not a class)."
        )


def named_arrays(
    function: str,
    X: Any,  # noqa: N803 - the data matrix of the lectures
    y: Any = NO_TARGET,
    prefix: str = "",
) -> dict[str, np.ndarray]:
    """Return inputs and targets as checked arrays, by the names that errors call them.

    Parameters
    ----------
    function : str
        Who asks.
    X : array_like or tuple of array_like
        Inputs.
    y : array_like, optional
        Targets.
    prefix : str
        What the names begin with.
    """
    named = {f"{prefix}X[{i}]": x for i, x in enumerate(X)} if isinstance(X, tuple) else {f"{prefix}X": X}
    if not named:
        raise ValueError(f"{function}: {prefix}X must be an array; got an empty tuple. Pass shape (n_samples, …).")
    if y is not NO_TARGET:
        named[f"{prefix}y"] = y
    arrays = {name: _numbers(function, name, value) for name, value in named.items()}
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(
            f"{function}: all arrays must have one number of samples; got "
            f"{', '.join(f'{n} in {name}' for name, n in lengths.items())}. Check the shapes: (n_samples, n_features)."
        )
    if 0 in lengths.values():
        raise ValueError(f"{function}: there are no samples; got {prefix}X with 0 rows. Pass at least one.")
    for name, array in arrays.items():
        if not isinstance(array, np.memmap):  # which is not to be read as a whole
            check_finite(function, name, array)
    return arrays


def _numbers(function: str, name: str, value: Any) -> np.ndarray:
    if value is None:
        raise TypeError(f"{function}: {name} must be an array; got None. Pass shape (n_samples, …).")
    try:
        array = value.numpy() if isinstance(value, ad.Tensor) else value
        array = array if isinstance(array, np.memmap) else np.asarray(array)
    except ValueError:
        raise ValueError(f"{function}: {name} is ragged; got rows of different lengths. Pad or crop them.") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{function}: {name} must hold real numbers; got dtype {array.dtype}. Convert it, such as "
            f"{name}.astype(float), or number the classes: np.unique(labels, return_inverse=True)[1]."
        )
    if array.ndim == 0:
        raise ValueError(f"{function}: {name} must have an axis of samples; got a single number. Pass (n_samples, …).")
    return array


def check_finite(function: str, name: str, array: np.ndarray, rows: np.ndarray | None = None) -> None:
    """Raise naming row and column if an entry is NaN or infinite; `rows` are the numbers of the rows."""
    if array.dtype.kind != "f" or math.isfinite(array.sum(dtype=np.float64)) or np.isfinite(array).all():
        return
    row, *column = np.argwhere(~np.isfinite(array))[0].tolist()
    where = f"row {row if rows is None else rows[row]}"
    if column:
        where += f", column {column[0] if len(column) == 1 else tuple(column)}"
    axes = f".all(axis={tuple(range(1, array.ndim))})" if column else ""
    raise ValueError(
        f"{function}: {name} must be finite; got {array[(row, *column)]} in {where} "
        f"({np.count_nonzero(~np.isfinite(array))} such entries). Leave out those rows, "
        f"np.isfinite({name}){axes} shows the good ones, or fill them."
    )


def checked_weight(function: str, sample_weight: Any, n_samples: int) -> np.ndarray | None:
    """Return the weights as an array of shape (n_samples,), or None."""
    if sample_weight is None:
        return None
    weight = _numbers(function, "sample_weight", sample_weight)
    if weight.shape != (n_samples,):
        raise ValueError(
            f"{function}: sample_weight must have shape ({n_samples},); got {weight.shape}. Pass one for each sample."
        )
    check_finite(function, "sample_weight", weight)
    if (weight < 0).any() or not weight.any():
        raise ValueError(
            f"{function}: weights must be ≥ 0 and not all be 0; got a smallest of {weight.min()} and a largest of "
            f"{weight.max()}. Weight 0 leaves a sample out."
        )
    return weight.astype(np.float64) if weight.dtype.kind != "f" else weight


def check_same_kind(train: Mapping[str, np.ndarray], validation: Mapping[str, np.ndarray]) -> None:
    """Raise unless the validation data look like the training data but for the number of samples."""
    if len(train) != len(validation):
        raise ValueError(
            f"fit: validation_data must have as many inputs as the training data; got {len(validation) - 1} for "
            f"{len(train) - 1}. Pass (X_val, y_val)."
        )
    for (name, array), (other_name, other) in zip(train.items(), validation.items(), strict=True):
        if array.shape[1:] != other.shape[1:]:
            raise ValueError(
                f"fit: {other_name} must have the shape of {name} but for the number of samples; "
                f"got {other.shape} for {array.shape}. Prepare both in the same way."
            )


def checked_clips(clip_norm: Any, clip_value: Any) -> tuple[float | None, float | None]:
    """Return the two bounds on the gradient, of which at most one is given."""
    if clip_norm is not None and clip_value is not None:
        raise ValueError(
            f"fit: one clipping at a time; got clip_norm={clip_norm} and clip_value={clip_value}. Choose one of them."
        )
    norm = None if clip_norm is None else positive("fit", "clip_norm", clip_norm)
    return norm, None if clip_value is None else positive("fit", "clip_value", clip_value)


def choice(function: str, name: str, value: Any, choices: tuple) -> Any:
    """Return `value`, one of `choices`."""
    if not any(value is c or (isinstance(c, str) and value == c) for c in choices):
        raise ValueError(
            f"{function}: {name} is one of {', '.join(map(repr, choices))}; got {value!r}. Choose one of them."
        )
    return value
