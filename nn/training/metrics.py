"""Figures of merit of predictions: accuracy, R² and mean errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np


class Metric(NamedTuple):
    """A figure of merit and what to call it."""

    name: str
    function: Callable[..., Any]
    weighted: bool  # whether the function takes sample_weight


def accuracy(prediction: Any, target: Any, *, threshold: float | None = None, sample_weight: Any = None) -> float:
    """Return the fraction of samples whose class is predicted.

    Parameters
    ----------
    prediction : array_like
        Scores, shape (n_samples, n_classes, …): the class is the one with the largest. Or one score
        for each sample, shape (n_samples,) or (n_samples, 1): the class is 1 above `threshold`, else 0.
    target : array_like
        Class numbers, shape (n_samples, …), or the rows of `one_hot`.
    threshold : float, optional
        0.5 for probabilities (the default for single scores), 0 for logits. If given, every score is
        compared with it, also where there are several for each sample (several labels).
    sample_weight : array_like, optional
        Shape (n_samples,).

    Raises
    ------
    ValueError
        If the shapes do not fit, and for targets that are no classes.

    Examples
    --------
    >>> accuracy([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]], [1, 0, 0])
    0.6666666666666666
    """
    prediction, target = np.asarray(prediction), np.asarray(target)
    several = prediction.ndim > 1 and prediction.shape[1] > 1
    if several and threshold is None:
        predicted = prediction.argmax(axis=1)
        if target.shape == prediction.shape:
            _check_one_hot(target)
            target = target.argmax(axis=1)
    else:
        predicted = prediction > (0.5 if threshold is None else threshold)
        if target.size == predicted.size and len(target) == len(predicted):
            target = target.reshape(predicted.shape)
        if not np.isin(target, (0, 1)).all():
            raise ValueError(
                "accuracy: with one score for each sample the targets must be 0 or 1; "
                f"got {np.unique(target)[:5].tolist()}. For regression use 'r2'; for several classes one output each."
            )
    if target.shape != predicted.shape:
        raise ValueError(
            f"accuracy: predictions of shape {prediction.shape} give classes of shape {predicted.shape}; "
            f"got targets of shape {target.shape}. Pass one class number for each sample."
        )
    hits = (predicted == target).reshape(len(target), -1).mean(axis=1)
    return float(np.average(hits, weights=sample_weight))


def mse(prediction: Any, target: Any, *, sample_weight: Any = None) -> float:
    """Return the mean of (prediction − target)² over all entries."""
    return _mean("mse", lambda error: error * error, prediction, target, sample_weight)


def rmse(prediction: Any, target: Any, *, sample_weight: Any = None) -> float:
    """Return the square root of `mse`: an error in the unit of the target."""
    return float(np.sqrt(_mean("rmse", lambda error: error * error, prediction, target, sample_weight)))


def mae(prediction: Any, target: Any, *, sample_weight: Any = None) -> float:
    """Return the mean of |prediction − target| over all entries."""
    return _mean("mae", np.abs, prediction, target, sample_weight)


def r2(prediction: Any, target: Any, *, sample_weight: Any = None) -> float:
    """Return R² = 1 − Σ (y − ŷ)² / Σ (y − ȳ)², averaged over the outputs.

    As in scikit-learn an output whose targets are all equal counts 1 where it is met exactly, and
    0 elsewhere. The order of arguments is that of a loss: the prediction first.

    Examples
    --------
    >>> r2([1.0, 2.0, 2.0], [1.0, 2.0, 3.0])
    0.5
    """
    prediction, target = _columns("r2", prediction, target)
    w = np.ones(len(target)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    residual = w @ (target - prediction) ** 2
    total = w @ (target - w @ target / w.sum()) ** 2
    constant = np.ptp(target, axis=0) == 0
    score = 1.0 - residual / np.where(constant, 1.0, total)
    return float(np.where(constant, np.where(residual == 0, 1.0, 0.0), score).mean())


METRICS: dict[str, Callable[..., float]] = {"accuracy": accuracy, "r2": r2, "mae": mae, "mse": mse, "rmse": rmse}
LARGER_IS_BETTER = ("accuracy", "r2")


def resolve(metrics: Any, loss: Any) -> list[Metric]:
    """Return the metrics that were asked for: names, callables, or a dict of name to callable.

    Raises
    ------
    TypeError, ValueError
        For unknown names, and what cannot be called.
    """
    if isinstance(metrics, (str, Callable)):  # type: ignore[arg-type]
        metrics = [metrics]
    if not isinstance(metrics, (Mapping, Iterable)):
        raise TypeError(f"fit: metrics must be names or callables; got {type(metrics).__name__}. Pass ['accuracy'].")
    items = metrics.items() if isinstance(metrics, Mapping) else [(None, metric) for metric in metrics]
    resolved = [_resolve_one(name, metric, loss) for name, metric in items]
    names = [metric.name for metric in resolved]
    reserved = [n for n in names if names.count(n) > 1 or n in ("loss", "lr", "grad_norm", "seconds") or "val_" in n]
    if reserved:
        raise ValueError(
            f"fit: each metric needs a name of its own; got {reserved[0]!r}. "
            "Pass a dict {'name': function} with other names."
        )
    return resolved


def _resolve_one(name: str | None, metric: Any, loss: Any) -> Metric:
    if isinstance(metric, str):
        if metric not in METRICS:
            raise ValueError(
                f"fit: unknown metric; got {metric!r}. Use one of {', '.join(METRICS)}, "
                "or pass a function of (prediction, target)."
            )
        function: Callable[..., Any] = METRICS[metric]
        if metric == "accuracy" and (threshold := _threshold(loss)) is not None:
            function = lambda p, t, sample_weight=None: accuracy(  # noqa: E731
                p, t, threshold=threshold, sample_weight=sample_weight
            )
        return Metric(name or metric, function, True)
    if isinstance(metric, Metric):
        return metric
    if not callable(metric):
        raise TypeError(
            f"fit: a metric must be a name or a function of (prediction, target); got {type(metric).__name__}. "
            f"Names are {', '.join(METRICS)}."
        )
    name = name or str(getattr(metric, "__name__", type(metric).__name__))
    return Metric(name, metric, metric in METRICS.values())


def _threshold(loss: Any) -> float | None:
    """Return above which score a binary loss means class 1: 0 for logits, 0.5 for probabilities."""
    name = getattr(loss, "__name__", type(loss).__name__).lower()
    if "logits" in name:
        return 0.0
    return 0.5 if name.startswith(("bce", "binary_cross_entropy")) else None


def measure(metric: Metric, prediction: np.ndarray, target: np.ndarray, sample_weight: np.ndarray | None) -> float:
    """Return the value of a metric as a float."""
    if metric.weighted:
        return float(metric.function(prediction, target, sample_weight=sample_weight))
    value = metric.function(prediction, target)
    if np.size(value) != 1:
        raise ValueError(
            f"fit: metric {metric.name!r} must return one number; got shape {np.shape(value)}. Return its mean."
        )
    return float(np.asarray(value).item())


def _columns(function: str, prediction: Any, target: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return prediction and target as float64 matrices of one shape, (n_samples, n_outputs)."""
    prediction, target = np.asarray(prediction, dtype=np.float64), np.asarray(target, dtype=np.float64)
    if prediction.shape != target.shape:
        raise ValueError(
            f"{function}: prediction and target must have one shape; got {prediction.shape} and {target.shape}. "
            "Reshape the target to the shape of the output."
        )
    return prediction.reshape(len(prediction), -1), target.reshape(len(target), -1)


def _mean(function: str, error: Callable, prediction: Any, target: Any, sample_weight: Any) -> float:
    prediction, target = _columns(function, prediction, target)
    return float(np.average(error(prediction - target).mean(axis=1), weights=sample_weight))


def _check_one_hot(target: np.ndarray) -> None:
    if not (np.isin(target, (0, 1)).all() and (target.sum(axis=1) == 1).all()):
        raise ValueError(
            "accuracy: targets with the shape of the prediction must be one-hot, a single 1 in each row; "
            f"got {target[:1].tolist()}. For several labels at once pass "
            "{'accuracy': lambda p, t: nn.metrics.accuracy(p, t, threshold=0.5)}; for regression use 'r2'."
        )
