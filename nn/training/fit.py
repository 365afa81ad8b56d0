"""`fit`: the training loop in one call."""

from __future__ import annotations

from typing import Any

from nn.arguments import integer
from nn.module import Module
from nn.saving.training import open_checkpoint, resume_from
from nn.training.early_stopping import EarlyStopping
from nn.training.history import History
from nn.training.preparation import make_training
from nn.training.progress import progress as progress_callbacks


def fit(
    model: Module,
    X: Any,  # noqa: N803 - the data matrix of the lectures
    y: Any,
    *,
    loss: Any = None,
    optimizer: Any = None,
    epochs: int = 100,
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
    progress: Any = "auto",
    rng: Any = None,
    compile: bool | str = "auto",
    checkpoint: Any = None,
    checkpoint_every: Any = "epoch",
    resume: bool = False,
) -> History:
    """Train `model` to predict y from X; return the figures of each epoch.

    The model is in training mode during the steps and in evaluation mode otherwise, also afterwards.
    Ctrl-C ends the training after the present step, and returns what was learned so far.

    Parameters
    ----------
    model : Module
        Called as `model(X)`, or `model(*X)` if X is a tuple.
    X, y : array_like
        Inputs and targets, shapes (n_samples, …). Floats are turned to the model's dtype, integers are
        left. Of a `np.memmap` only the batch in hand is read.
    loss : callable
        Of (prediction, target), and sample_weight where that is given; returns one number, the mean over
        the samples (or their sum, if it has `reduction="sum"`). `nn.MSELoss()` by default. Batches count by
        their number of samples or sum of weights, which for class weights is an approximation.
    optimizer : Optimizer
        `nn.optim.Adam(model.parameters())` by default; or a function from the parameters to one.
    epochs : int
        How many in all; those of a checkpoint that is resumed count.
    batch_size : int or None
        Samples in a step; None for all.
    shuffle : bool
        Whether each epoch has an order of its own, a function of `rng` and the epoch alone.
    drop_last : bool
        Whether to leave out a last batch that is not full.
    sample_weight : array_like, optional
        Shape (n_samples,), ≥ 0; samples of weight 0 are left out.
    validation_data : (X, y) or (X, y, sample_weight), optional
        Data that are never trained on.
    validation_fraction : float
        Instead: which fraction of the samples, chosen at random by `rng`, is held out.
    metrics : sequence of str and callable, or dict
        "accuracy", "r2", "mae", "mse", "rmse" (see `nn.metrics`), functions of (prediction, target), or
        {name: function}. Computed at the end of an epoch on all training and validation data, with the
        parameters of that moment.
    scheduler : scheduler, optional
        Of `nn.optim.lr_scheduler`, or a function from the optimiser to one. One that waits for the loss to
        stall gets the validation loss, or the training loss where there is none.
    scheduler_step : {"epoch", "batch"}
        When the scheduler steps: "batch" for one-cycle schedules.
    clip_norm, clip_value : float, optional
        Bound on the norm of the whole gradient, or on each of its entries.
    early_stopping : EarlyStopping or int, optional
        When to stop; an int is the patience. The model then ends with the parameters of its best epoch.
    callbacks : callable, object, or sequence of these
        Functions of the `Training`, called after each epoch; or objects with some of the methods
        `on_train_begin`, `on_step_end`, `on_epoch_end`, `on_train_end`, and `on_train_error` where an exception
        ends it. `training.stop()` ends it in good order.
    progress : {"auto", True, False}
        True: a bar by tqdm (extra `train`) or, without it, lines in the log "nn". "auto": the bar where
        standard error is a terminal, else the log. False: nothing.
    rng : numpy.random.Generator or int, optional
        Of the order and of the held-out samples; layers with chance have a generator of their own.
    compile : {"auto", True, False}
        Whether the step is compiled (see `nn.compile`), which changes no bit of the result. "auto": if model
        and loss are made of this library's parts alone. What cannot be compiled runs eagerly; the log says why.
    checkpoint, checkpoint_every, resume
        A file ending in `.npz` for the state of the training, written after each "epoch" or so many steps,
        and whether to go on from it; see `nn.saving`. Resumed, a training ends with the same bytes.

    Returns
    -------
    History
        `history["loss"]` is the mean loss for each sample in the course of the epoch, "val_loss" the mean on
        the validation data at its end, both without the optimiser's weight decay; "grad_norm" is the mean
        norm before clipping.

    Raises
    ------
    TypeError, ValueError
        Before the first step, for anything that does not fit; NaN in the data by row and column.
    DivergenceError
        If the loss or the gradient becomes NaN or infinite. The model keeps its last good parameters.

    Examples
    --------
    >>> import numpy as np
    >>> import nn
    >>> X = np.linspace(-1.0, 1.0, 50).reshape(-1, 1)
    >>> model = nn.Linear(1, 1, rng=0)
    >>> history = nn.fit(model, X, 2.0 * X + 1.0, optimizer=nn.optim.SGD(model.parameters(), lr=0.1), rng=0)
    >>> len(history), history.stopped, history["loss"][-1] < 1e-12
    (100, 'finished', True)
    >>> model.bias.data.round(6)
    array([1.])
    """
    epochs = integer("fit", "epochs", epochs, 1)
    listed = list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
    saving, saved = open_checkpoint(checkpoint, checkpoint_every, resume)
    training = make_training(
        model,
        X,
        y,
        loss=loss,
        optimizer=optimizer,
        batch_size=batch_size,
        shuffle=shuffle,
        drop_last=drop_last,
        sample_weight=sample_weight,
        validation_data=validation_data,
        validation_fraction=validation_fraction,
        metrics=metrics,
        scheduler=scheduler,
        scheduler_step=scheduler_step,
        clip_norm=clip_norm,
        clip_value=clip_value,
        early_stopping=early_stopping,
        callbacks=[*listed, *progress_callbacks(progress, epochs), *saving],  # what the others changed is saved
        rng=rng,
        compile=compile,
        seed=None if saved is None else saved["loader"]["seed"],
    )
    if saved is not None:
        resume_from(training, saved, checkpoint)
    try:
        return training.run(epochs)
    finally:
        training.finish()
