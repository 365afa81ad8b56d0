"""`diagnose`: the checks on what it is given, the pass, the report."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autodiff as ad
from nn.arguments import check_loss
from nn.diagnosis.findings import find
from nn.diagnosis.measure import observe
from nn.diagnosis.report import Diagnosis
from nn.diagnosis.unchanged import unchanged
from nn.losses import MSELoss
from nn.module import Module
from nn.optim import Optimizer
from nn.training.checks import check_model
from nn.training.evaluation import model_dtype


def diagnose(
    model: Module,
    X: Any,  # noqa: N803 - the data matrix of the lectures
    y: Any,
    loss: Any = None,
    *,
    optimizer: Any = None,
    lr: float = 1e-3,
    max_samples: int | None = 1000,
) -> Diagnosis:
    """Return what keeps a model from learning: gradients, units and data that are out of scale.

    One training step is taken and undone: the model has afterwards what it had before, to
    the last bit, random generators and running statistics included.

    Parameters
    ----------
    model : Module
        In any mode; it is looked at in training mode.
    X : array_like or tuple of array_like
        Inputs, shape (n_samples, …); a tuple for a model of several, called as model(*X).
    y : array_like
        Targets, shape (n_samples, …).
    loss : callable, optional
        `loss(output, y)`, one number; by default the mean squared error.
    optimizer : Optimizer, optional
        Whose next step is compared with the weights; by default plain gradient descent.
    lr : float
        The learning rate η assumed without an optimiser.
    max_samples : int or None
        How many samples the pass takes, evenly spaced over X; None for all. Missing values
        and the targets' scale are looked for in all.

    Returns
    -------
    Diagnosis
        True if nothing stands out; `print` it.

    Raises
    ------
    TypeError, ValueError
        For what is no module, for data of different lengths, for options out of range.

    References
    ----------
    Glorot & Bengio (2010), "Understanding the difficulty of training deep feedforward neural
    networks": saturation, and the norms of activations and gradients layer by layer.

    Examples
    --------
    >>> import nn
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(100, 3)), 5000.0 * rng.normal(size=(100, 1))
    >>> report = diagnose(nn.Sequential(nn.Linear(3, 8, rng=0), nn.Tanh(), nn.Linear(8, 1, rng=0)), X, y)
    >>> bool(report)
    False
    >>> report.findings[0][:62]
    'Targets span 3e+04, and the predictions are of size 5e-01: sta'
    """
    inputs, targets = _checked(model, X, y)
    if not (isinstance(lr, (int, float)) and not isinstance(lr, bool) and 0.0 < lr < math.inf):
        raise ValueError(f"diagnose: lr must be a positive number; got {lr!r}. Pass the learning rate of the training.")
    if not (optimizer is None or isinstance(optimizer, Optimizer)):
        raise TypeError(
            f"diagnose: optimizer must be one of nn.optim; got {type(optimizer).__name__}. "
            "Pass the optimiser of the training, or leave it out."
        )
    rows = _rows(len(targets), max_samples)
    dtype = model_dtype(model)
    loss = MSELoss() if loss is None else loss
    check_loss("diagnose", loss)
    with unchanged(model, optimizer), np.errstate(all="ignore"):  # what overflows is reported, not warned of
        batch = [_as_trained(array[rows], dtype) for array in (*inputs, targets)]
        figures = observe(model, batch[:-1], batch[-1], loss, optimizer, lr)
    of_inputs, of_targets = [_described(array) for array in inputs], _described(targets)
    classes = _classes(targets, figures.output)
    if classes is not None:
        of_targets["classes"] = classes
    findings = find(figures, of_inputs, of_targets, with_optimizer=optimizer is not None)
    step = f"the next step of {type(optimizer).__name__}" if optimizer is not None else f"gradient descent, lr={lr:g}"
    return Diagnosis(findings, figures.layers, figures.loss, of_inputs, of_targets, step)


def _checked(model: Any, X: Any, y: Any) -> tuple[list[np.ndarray], np.ndarray]:  # noqa: N803
    """Return inputs and targets as arrays; unlike `fit`, with NaN if they have any: that is a finding."""
    check_model("diagnose", model)
    named = {f"X[{i}]": x for i, x in enumerate(X)} if isinstance(X, tuple) else {"X": X}
    arrays = {name: _numbers(name, value) for name, value in {**named, "y": y}.items()}
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(
            f"diagnose: X and y must have one row for each sample; got "
            f"{', '.join([f'{n} in {name}' for name, n in lengths.items()])}. Leave out what has no partner."
        )
    *inputs, target = arrays.values()
    return inputs, target


def _numbers(name: str, data: Any) -> np.ndarray:
    array = data.numpy() if isinstance(data, ad.Tensor) else np.asarray(data)
    if array.dtype.kind not in "fiub" or isinstance(data, np.ma.MaskedArray):
        kind = "a mask" if isinstance(data, np.ma.MaskedArray) else f"dtype {array.dtype}"
        raise TypeError(f"diagnose: {name} must hold real numbers; got {kind}. Convert it first.")
    if array.ndim == 0 or not array.size:
        raise ValueError(f"diagnose: {name} must hold samples; got shape {array.shape}. Pass (n_samples, …).")
    return array


def _as_trained(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return floats in the model's dtype, as `fit` does, and whole numbers as they are."""
    return array.astype(dtype) if array.dtype.kind == "f" else array


def _rows(n_samples: int, max_samples: int | None) -> slice | np.ndarray:
    """Return which samples to take."""
    if max_samples is None:
        return slice(None)
    if isinstance(max_samples, bool) or not isinstance(max_samples, (int, np.integer)) or max_samples < 1:
        raise ValueError(f"diagnose: max_samples must be a positive int or None; got {max_samples!r}. Pass 1000.")
    if n_samples <= max_samples:
        return slice(None)
    return np.linspace(0, n_samples - 1, max_samples).astype(int)


def _described(data: np.ndarray) -> dict[str, Any]:
    """Return the figures of X or y; those of the finite entries, if some are not."""
    bad = ~np.isfinite(data)
    count = int(np.count_nonzero(bad))
    finite = data[~bad] if count else data
    figures: dict[str, Any] = {"shape": list(data.shape), "not_finite": count, "first_not_finite": None}
    if count:
        figures["first_not_finite"] = np.argwhere(bad)[0].tolist()
    if finite.size:
        values = {
            "min": finite.min(),
            "max": finite.max(),
            "mean": finite.mean(dtype=np.float64),
            "std": finite.std(dtype=np.float64),
            "scale": np.sqrt(np.mean(np.square(finite, dtype=np.float64))),  # root mean square
        }
    else:
        values = dict.fromkeys(("min", "max", "mean", "std", "scale"))
    return figures | {name: None if value is None else float(value) for name, value in values.items()}


def _classes(y: np.ndarray, output: np.ndarray) -> dict[str, int] | None:
    """Return how many samples each class has; None if the targets are no labels.

    Labels are whole numbers with one axis less than the scores, and arrays of zeros and
    ones: one column, or one for each class of which every sample has one.
    """
    is_index = y.dtype.kind in "iub" and y.ndim == output.ndim - 1
    is_binary = y.dtype.kind == "b" or (y.size > 1 and bool(np.all((y == 0) | (y == 1))))
    if not is_index and not is_binary:
        return None
    if y.ndim > 1 and y.ndim == output.ndim and y.shape[-1] > 1:
        if not np.all(y.sum(axis=-1) == 1):
            return {}
        y = y.argmax(axis=-1)
    values, counts = np.unique(y, return_counts=True)
    return {str(int(value)): int(count) for value, count in zip(values, counts, strict=True)}
