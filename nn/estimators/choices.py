"""Losses, optimisers and schedules of an estimator, by name or as they are used elsewhere in `nn`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import nn
from nn.estimators.network import chosen
from nn.optim import lr_scheduler

OPTIMIZERS: dict[str, type[nn.optim.Optimizer]] = {
    name.lower(): kind
    for name, kind in vars(nn.optim).items()
    if isinstance(kind, type) and issubclass(kind, nn.optim.Optimizer) and kind is not nn.optim.Optimizer
}
SCHEDULERS: dict[str, type] = {
    "step": lr_scheduler.StepLR,
    "multi_step": lr_scheduler.MultiStepLR,
    "exponential": lr_scheduler.ExponentialLR,
    "polynomial": lr_scheduler.PolynomialLR,
    "cosine": lr_scheduler.CosineAnnealingLR,
    "reduce_on_plateau": lr_scheduler.ReduceLROnPlateau,
}


def checked_loss(estimator: str, loss: Any, names: Mapping[str, Any], weighted: bool) -> Callable[..., Any]:
    """Return the loss function that `loss` names or is; it takes a `sample_weight` if `weighted`."""
    if isinstance(loss, str):
        return chosen(estimator, "loss", loss, dict(names))
    if isinstance(loss, type) or not callable(loss):
        raise TypeError(
            f"{estimator}: loss must be a name, a module or a function of (output, target); got {loss!r}. "
            f"Pass nn.HuberLoss(), or one of {', '.join(names)}."
        )
    parameters = inspect.signature(loss.forward if isinstance(loss, nn.Module) else loss).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    if weighted and "sample_weight" not in parameters and not takes_any:
        raise TypeError(
            f"{estimator}.fit: the loss must take a `sample_weight` where samples are weighted; "
            f"got one of ({', '.join(parameters)}). Add the parameter, or fit without weights."
        )
    return loss


def make_optimizer(estimator: Any, model: nn.Module) -> Any:
    """Return the optimiser of `model` that the options of an estimator describe."""
    name, kind = type(estimator).__name__, estimator.optimizer
    factory = chosen(name, "optimizer", kind, OPTIMIZERS) if isinstance(kind, str) else kind
    if not callable(factory):
        raise TypeError(
            f"{name}: optimizer must be a name, a class of optimisers or a function of (parameters, lr=…); "
            f'got {kind!r}. Pass "adam" or nn.optim.Adam.'
        )
    options = _options(name, "optimizer", factory, estimator.optimizer_options)
    return factory(model.parameters(), lr=estimator.learning_rate, **options)


def make_scheduler(estimator: Any, optimizer: Any) -> Any:
    """Return the learning-rate schedule that the options of an estimator describe, or None."""
    name, kind = type(estimator).__name__, estimator.scheduler
    if kind is None:
        if estimator.scheduler_options:
            raise ValueError(
                f"{name}: scheduler_options are for a scheduler; got {estimator.scheduler_options!r} and none. "
                'Choose one, such as scheduler="cosine".'
            )
        return None
    factory = chosen(name, "scheduler", kind, SCHEDULERS) if isinstance(kind, str) else kind
    if not callable(factory):
        raise TypeError(
            f"{name}: scheduler must be a name, a class of schedules or a function of the optimiser; got {kind!r}. "
            'Pass "cosine", or partial(nn.optim.lr_scheduler.StepLR, step_size=10).'
        )
    options = dict(estimator.scheduler_options or {})
    if factory is lr_scheduler.CosineAnnealingLR:
        options.setdefault("T_max", estimator.max_iter)
    elif factory is lr_scheduler.PolynomialLR:
        options.setdefault("total_iters", estimator.max_iter)
    return factory(optimizer, **_options(name, "scheduler", factory, options))


def _options(estimator: str, what: str, factory: Callable[..., Any], options: Any) -> dict[str, Any]:
    """Return the options as a dict, once `factory` has been found to take each of them."""
    if options is None:
        return {}
    if not isinstance(options, Mapping):
        raise TypeError(
            f"{estimator}: {what}_options must be a dict; got {type(options).__name__} {options!r}. "
            "Pass {option: value}."
        )
    if isinstance(factory, partial):
        return dict(options)
    parameters = inspect.signature(factory).parameters
    unknown = [name for name in options if name not in parameters]
    if unknown and not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        raise ValueError(
            f"{estimator}: unknown option in {what}_options; got {unknown[0]!r}. "
            f"Choose from {', '.join(list(parameters)[1:])}."
        )
    return dict(options)
