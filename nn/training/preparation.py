"""From the arguments of `fit` to a training that is checked and ready to run."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.arguments import seed_from
from nn.data.dataset import TensorDataset
from nn.data.loader import DataLoader
from nn.losses import MSELoss
from nn.module import Module
from nn.optim import Adam, Optimizer
from nn.training.checks import check_model, check_same_kind, checked_weight, named_arrays
from nn.training.early_stopping import EarlyStopping
from nn.training.evaluation import EVALUATION_BATCH, Samples, model_dtype
from nn.training.training import Training


def make_training(
    model: Module,
    X: Any,  # noqa: N803 - the data matrix of the lectures
    y: Any,
    *,
    loss: Any = None,
    optimizer: Any = None,
    batch_size: int | None = 32,
    shuffle: bool = True,
    drop_last: bool = False,
    sample_weight: Any = None,
    validation_data: Any = None,
    validation_fraction: float = 0.0,
    metrics: Any = (),
    scheduler: Any = None,
    scheduler_step: str = "epoch",
    clip_norm: float | None = None,
    clip_value: float | None = None,
    early_stopping: EarlyStopping | int | None = None,
    callbacks: Any = (),
    rng: Any = None,
    seed: int | None = None,
    compile: bool | str = "auto",
) -> Training:
    """Return the training that `fit` runs, checked and ready."""
    check_model("fit", model)
    named = named_arrays("fit", X, y)
    *inputs, target = named.values()
    train = Samples(tuple(inputs), target, checked_weight("fit", sample_weight, len(target)))
    loss = MSELoss() if loss is None else loss
    optimizer = _optimizer(model, optimizer)
    seed = seed_from("fit", rng) if seed is None else seed
    train, held_out = _validation(train, named, validation_data, validation_fraction, seed)
    if train.weight is not None and not train.weight.all() and not isinstance(train.inputs[0], np.memmap):
        train = _rows(train, np.flatnonzero(train.weight))  # weight 0 leaves a sample out
    dtype = model_dtype(model)
    loader = DataLoader(_dataset(train, dtype), batch_size, shuffle, drop_last=drop_last, rng=seed)
    return Training(
        model,
        loader,
        loss,
        optimizer,
        has_weight=train.weight is not None,
        validation=None if held_out is None else DataLoader(_dataset(held_out, dtype), EVALUATION_BATCH),
        validation_has_weight=held_out is not None and held_out.weight is not None,
        metrics=metrics,
        scheduler=_scheduler(scheduler, optimizer),
        scheduler_step=scheduler_step,
        clip_norm=clip_norm,
        clip_value=clip_value,
        early_stopping=early_stopping,
        callbacks=callbacks,
        compile=compile,
    )


def _optimizer(model: Module, optimizer: Any) -> Optimizer:
    if optimizer is None:
        return Adam(model.parameters())
    if not isinstance(optimizer, Optimizer) and callable(optimizer):
        optimizer = optimizer(model.parameters())
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"fit: optimizer must be one of nn.optim; got {type(optimizer).__name__}. "
            "Pass nn.optim.Adam(model.parameters(), lr=1e-3)."
        )
    own = {id(p) for p in model.parameters()}
    if not any(id(p) in own for p in optimizer.parameters()):
        raise ValueError(
            "fit: the optimiser must learn parameters of this model; got one that was made for another. "
            f"Pass nn.optim.{type(optimizer).__name__}(model.parameters(), …)."
        )
    return optimizer


def _scheduler(scheduler: Any, optimizer: Optimizer) -> Any:
    if scheduler is None or hasattr(scheduler, "step"):
        return scheduler
    if not callable(scheduler):
        raise TypeError(
            f"fit: scheduler must be one of nn.optim.lr_scheduler; got {type(scheduler).__name__}. "
            "Pass it, or a function from the optimiser to it."
        )
    return scheduler(optimizer)


def _validation(
    train: Samples, named: dict[str, np.ndarray], data: Any, fraction: float, seed: int
) -> tuple[Samples, Samples | None]:
    """Return what is trained on and what is held out."""
    if isinstance(fraction, bool) or not isinstance(fraction, (int, float)) or not 0.0 <= fraction < 1.0:
        raise ValueError(f"fit: validation_fraction must lie in [0, 1); got {fraction!r}. Pass 0.2, say.")
    if data is not None:
        if fraction:
            raise ValueError(
                f"fit: validation data come from one place; got validation_data and validation_fraction={fraction}. "
                "Choose one of them."
            )
        if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
            raise TypeError(
                f"fit: validation_data must be (X_val, y_val) or (X_val, y_val, weights); got {type(data).__name__}"
                f"{f' of length {len(data)}' if hasattr(data, '__len__') else ''}. Pass a tuple of two or three."
            )
        held_out = named_arrays("fit", data[0], data[1], "validation ")
        check_same_kind(named, held_out)
        *inputs, target = held_out.values()
        weight = checked_weight("fit", data[2] if len(data) == 3 else None, len(target))
        return train, Samples(tuple(inputs), target, weight)
    if not fraction:
        return train, None
    if any(isinstance(array, np.memmap) for array in named.values()):
        raise ValueError(
            f"fit: held-out samples of a memory map would be loaded; got validation_fraction={fraction}. "
            "Pass parts of it: X[:n], y[:n], validation_data=(X[n:], y[n:])."
        )
    n = len(train.target)
    n_held_out = max(1, round(fraction * n))
    if n_held_out >= n:
        raise ValueError(
            f"fit: validation_fraction={fraction} of {n} samples leaves none to train on; got a split of 0 and "
            f"{n_held_out}. Pass more samples, or validation_data."
        )
    order = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0, 0))).permutation(n)
    return _rows(train, np.sort(order[n_held_out:])), _rows(train, np.sort(order[:n_held_out]))


def _rows(samples: Samples, rows: np.ndarray) -> Samples:
    return Samples(
        tuple([x[rows] for x in samples.inputs]),
        samples.target[rows],
        None if samples.weight is None else samples.weight[rows],
    )


def _dataset(samples: Samples, dtype: np.dtype) -> TensorDataset:
    """Return the arrays with floats in the model's dtype, samples contiguous; memory maps stay as they are."""
    return TensorDataset(
        *[
            array
            if isinstance(array, np.memmap)
            else np.ascontiguousarray(array, dtype if array.dtype.kind == "f" else None)
            for array in samples.arrays()
        ]
    )
