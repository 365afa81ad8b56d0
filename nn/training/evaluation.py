"""Predictions and figures of a model in evaluation mode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

import autodiff as ad
from nn.arguments import check_loss
from nn.data.dataset import TensorDataset
from nn.data.loader import DataLoader
from nn.losses import MSELoss
from nn.module import Module
from nn.training.checks import check_model, checked_weight, named_arrays
from nn.training.metrics import Metric, measure, resolve
from nn.training.step import batch_loss

EVALUATION_BATCH = 1024  # large, as nothing is kept for a backward pass


class Samples(NamedTuple):
    """What belongs to some samples: inputs of the model, targets, weights."""

    inputs: tuple[np.ndarray, ...]
    target: Any = None
    weight: Any = None

    @property
    def amount(self) -> float:
        """Return how many samples these are; with weights, their sum."""
        return len(self.inputs[0]) if self.weight is None else float(self.weight.sum(dtype=np.float64))

    def arrays(self) -> list[np.ndarray]:
        """Return those that are there, in order."""
        return [*self.inputs, *[a for a in (self.target, self.weight) if a is not None]]


class LossMean:
    """The mean of a loss for each sample, from the losses of batches of whatever sizes."""

    def __init__(self, loss: Any) -> None:
        reduction = getattr(loss, "reduction", "mean")
        if reduction == "none":
            raise ValueError("fit: the loss must be one number; got reduction='none'. Use reduction='mean'.")
        self.is_sum = reduction == "sum"
        self.total = 0.0
        self.amount = 0.0

    def add(self, loss: float, amount: float) -> None:
        """Count the loss of a batch."""
        self.total += loss if self.is_sum else loss * amount
        self.amount += amount

    def value(self) -> float:
        """Return the mean so far."""
        return self.total / self.amount


def model_dtype(model: Module) -> np.dtype:
    """Return the dtype of the model's first parameter; that of NumPy's floats if it has none."""
    return next((p.dtype for p in model.parameters()), np.dtype(np.float64))


def batches(loader: DataLoader, dtype: np.dtype, has_weight: bool, has_target: bool = True) -> Iterator[Samples]:
    """Yield the loader's batches as inputs, target and weight; floats in the model's dtype."""
    for arrays in loader:
        cast = [a if a.dtype is dtype or a.dtype.kind != "f" else a.astype(dtype) for a in arrays]
        weight = cast.pop() if has_weight else None
        target = cast.pop() if has_target else None
        yield Samples(tuple(cast), target, weight)


@contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """Put the model in evaluation mode, with nothing recorded; each module gets its mode back afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with ad.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def output(model: Module, inputs: tuple) -> np.ndarray:
    """Return the model's output as an array."""
    value = model(*inputs)
    return value.numpy() if isinstance(value, ad.Tensor) else np.asarray(value)


def predict(
    model: Module,
    X: Any,  # noqa: N803 - the data matrix of the lectures
    batch_size: int | None = EVALUATION_BATCH,
) -> np.ndarray:
    """Return the model's output for each sample: in evaluation mode, nothing being recorded.

    Parameters
    ----------
    model : Module
        Its mode is afterwards what it was.
    X : array_like or tuple of array_like
        Shape (n_samples, …); a tuple for a model of several inputs.
    batch_size : int or None
        Samples that are computed together; None for all.

    Returns
    -------
    ndarray
        Shape (n_samples, …), in the order of X.

    Raises
    ------
    TypeError, ValueError
        For inputs that are not finite numbers in arrays of one length.

    Examples
    --------
    >>> import nn
    >>> predict(nn.Linear(2, 3, rng=0), np.ones((5, 2))).shape
    (5, 3)
    """
    check_model("predict", model)
    inputs = named_arrays("predict", X).values()
    loader = DataLoader(TensorDataset(*inputs), batch_size)
    with evaluating(model):
        parts = [output(model, batch.inputs) for batch in batches(loader, model_dtype(model), False, False)]
    return np.concatenate(parts)


def evaluate(
    model: Module,
    X: Any,  # noqa: N803
    y: Any,
    loss: Any = None,
    metrics: Any = (),
    batch_size: int | None = EVALUATION_BATCH,
    *,
    sample_weight: Any = None,
) -> dict[str, float]:
    """Return the loss of a model on data, the mean for each sample, and the metrics asked for.

    Parameters
    ----------
    model : Module
        Is put in evaluation mode meanwhile.
    X, y : array_like
        Inputs, targets; shapes (n_samples, …). A tuple of inputs for a model of several.
    loss : callable
        Of (prediction, target); the mean squared error by default.
    metrics : names, callables or dict
        As for `fit`.
    batch_size : int or None
        Samples that are computed together; None for all.
    sample_weight : array_like, optional
        Shape (n_samples,).

    Returns
    -------
    dict
        {"loss": …, metric: …}.

    Raises
    ------
    TypeError, ValueError
        As `fit`.

    Examples
    --------
    >>> import nn
    >>> model = nn.Linear(1, 1, rng=0)
    >>> X = np.ones((4, 1))
    >>> evaluate(model, X, predict(model, X), metrics=["mae"])
    {'loss': 0.0, 'mae': 0.0}
    """
    check_model("evaluate", model)
    loss = MSELoss() if loss is None else loss
    check_loss("evaluate", loss)
    *inputs, target = named_arrays("evaluate", X, y).values()
    samples = Samples(tuple(inputs), target, checked_weight("evaluate", sample_weight, len(target)))
    loader = DataLoader(TensorDataset(*samples.arrays()), batch_size)
    return figures(model, loader, loss, resolve(metrics, loss), samples.weight is not None)


def figures(
    model: Module, loader: DataLoader, loss: Any, metrics: Sequence[Metric], has_weight: bool
) -> dict[str, float]:
    """Return the mean loss and the metrics on the loader's data, in evaluation mode."""
    mean = LossMean(loss)
    kept = []
    with evaluating(model):
        for batch in batches(loader, model_dtype(model), has_weight):
            prediction = output(model, batch.inputs)
            mean.add(float(batch_loss(loss, prediction, batch.target, batch.weight)), batch.amount)
            if metrics:
                kept.append((prediction, batch.target, batch.weight))
    result = {"loss": mean.value()}
    if metrics:
        predictions, targets, weights = zip(*kept, strict=True)
        weight = np.concatenate(weights) if has_weight else None
        prediction, target = np.concatenate(predictions), np.concatenate(targets)
        result |= {metric.name: measure(metric, prediction, target, weight) for metric in metrics}
    return result
