"""The training loop, as an object whose state can be saved and resumed."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nn.data.loader import DataLoader
from nn.module import Module
from nn.training import chance
from nn.training.callbacks import Callbacks
from nn.training.checks import check_finite
from nn.training.early_stopping import EarlyStopping
from nn.training.evaluation import LossMean, Samples, batches, figures, model_dtype
from nn.training.history import History
from nn.training.interrupt import Interrupt
from nn.training.metrics import Metric
from nn.training.step import EagerStep


class DivergenceError(ArithmeticError):
    """The loss or its gradient became NaN or infinite.

    The model has again the parameters it had when the epoch began, all finite.

    Attributes
    ----------
    history : History
        The epochs before.
    """

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history


class EpochSums:
    """What is added up in the course of an epoch."""

    def __init__(self, loss: Any) -> None:
        self.loss = LossMean(loss)
        self.steps = 0
        self.grad_norm = 0.0
        self.lr = 0.0  # of the last step
        self.seconds = 0.0

    def add(self, loss: float, grad_norm: float, amount: float) -> None:
        """Count a step."""
        self.loss.add(loss, amount)
        self.steps += 1
        self.grad_norm += grad_norm

    def state_dict(self) -> dict[str, Any]:
        """Return the sums."""
        return {
            "loss": self.loss.total,
            "amount": self.loss.amount,
            "steps": self.steps,
            "grad_norm": self.grad_norm,
            "lr": self.lr,
            "seconds": self.seconds,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from the sums in `state`."""
        self.loss.total, self.loss.amount = state["loss"], state["amount"]
        self.steps, self.grad_norm = state["steps"], state["grad_norm"]
        self.lr, self.seconds = state["lr"], state["seconds"]


class Training:
    """A training that is under way: everything that decides how it goes on.

    `fit` makes one from arrays; make one yourself for a loop of your own. From `state_dict()` a
    training resumes byte for byte, also in the middle of an epoch.

    Parameters
    ----------
    model : Module
        What is trained.
    loader : DataLoader
        Yields the inputs, the target and, with `has_weight`, the sample weights.
    loss : callable
        Of (prediction, target[, sample_weight=]); returns one number, with reduction "mean" or "sum".
    optimizer : Optimizer
        Of the model's parameters.
    has_weight : bool
        Whether the last array of each batch are sample weights.
    validation : DataLoader, optional
        Data for the validation figures.
    validation_has_weight : bool
        Whether the last array of these are sample weights.
    metrics : sequence of Metric
        See `nn.training.metrics.resolve`.
    scheduler : scheduler, optional
        Of the optimiser's learning rate; one whose `step` takes `metrics` gets the monitored loss.
    scheduler_step : {"epoch", "batch"}
        When the scheduler steps.
    clip_norm, clip_value : float, optional
        Bounds on the gradient.
    early_stopping : EarlyStopping, optional
        When to stop.
    callbacks : sequence
        See `fit`.

    Attributes
    ----------
    history : History
        The epochs so far.
    step : callable
        One update; see `EagerStep`. A compiled one may be put in its place.
    """

    def __init__(
        self,
        model: Module,
        loader: DataLoader,
        loss: Any,
        optimizer: Any,
        *,
        has_weight: bool = False,
        validation: DataLoader | None = None,
        validation_has_weight: bool = False,
        metrics: Sequence[Metric] = (),
        scheduler: Any = None,
        scheduler_step: str = "epoch",
        clip_norm: float | None = None,
        clip_value: float | None = None,
        early_stopping: EarlyStopping | None = None,
        callbacks: Sequence[Any] = (),
    ) -> None:
        self.model = model
        self.loader = loader
        self.loss = loss
        self.optimizer = optimizer
        self.has_weight = has_weight
        self.validation = validation
        self.validation_has_weight = validation_has_weight
        self.metrics = metrics
        self.scheduler = scheduler
        self.scheduler_step = scheduler_step
        self.early_stopping = early_stopping
        self.callbacks = Callbacks(callbacks)
        self.history = History()
        self.step: Callable[[tuple, Any, Any], tuple[float, float]] = EagerStep(
            model, loss, optimizer, clip_norm, clip_value
        )
        self.sums = EpochSums(loss)
        self._dtype = model_dtype(model)
        self._plateau = scheduler is not None and "metrics" in inspect.signature(scheduler.step).parameters
        self._stop_reason = ""
        if loader.position:  # someone looked at a batch and left
            loader.set_epoch(loader.epoch + 1)

    @property
    def epoch(self) -> int:
        """The number of complete epochs."""
        return len(self.history)

    def stop(self, reason: str = "callback") -> None:
        """Ask for an end of the training after the present step; for callbacks."""
        self._stop_reason = reason

    def run(self, epochs: int) -> History:
        """Train until there are `epochs` epochs in all, or something stops it.

        Raises
        ------
        DivergenceError
            If the loss or its gradient is not finite.
        """
        self._stop_reason = ""
        self.history.stopped = ""
        stopping = self.early_stopping
        interrupt = Interrupt()
        try:
            with interrupt:
                self.callbacks.call("on_train_begin", self)
                while self.epoch < epochs and not self._stop_reason:
                    if stopping is not None and stopping.is_over():
                        self.stop("early stopping")
                    elif self._run_batches(interrupt):
                        self._end_epoch()
                        if interrupt.pending:
                            self.stop("interrupted")
        except KeyboardInterrupt:
            if interrupt.pending:
                raise  # the second Ctrl-C: perhaps in the middle of a step
            self.stop("interrupted")
        if stopping is not None and stopping.is_over() and not self._stop_reason:
            self.stop("early stopping")
        self.history.stopped = self._stop_reason or "finished"
        self.callbacks.call("on_train_end", self)
        return self.history

    def finish(self) -> None:
        """Leave the model as it is to be used: with its best parameters, if they were kept, in evaluation mode."""
        if self.early_stopping is not None:
            self.early_stopping.restore(self.model)
        self.model.eval()

    def _run_batches(self, interrupt: Interrupt) -> bool:
        """Train on what is left of the epoch; return whether its end was reached."""
        model, step, sums, callbacks = self.model, self.step, self.sums, self.callbacks
        per_batch = self.scheduler if self.scheduler_step == "batch" else None
        watched = callbacks.has("on_step_end")
        start = time.perf_counter() - sums.seconds
        begin = model.state_dict()
        model.train()
        self.loader.resume()
        # NaN and infinity are looked for in the loss and the gradient: no warning is needed on the way.
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            for batch in batches(self.loader, self._dtype, self.has_weight):
                loss, grad_norm = step(*batch)
                if not (math.isfinite(loss) and math.isfinite(grad_norm)):
                    model.load_state_dict(begin)
                    raise self._diverged(batch, loss, grad_norm)
                sums.add(loss, grad_norm, batch.amount)
                sums.lr = self.lr_now()
                if per_batch is not None:
                    per_batch.step()
                if watched:
                    sums.seconds = time.perf_counter() - start
                    callbacks.call("on_step_end", self)
                if interrupt.pending:
                    self.stop("interrupted")
                if self._stop_reason:
                    sums.seconds = time.perf_counter() - start
                    return False
        sums.seconds = time.perf_counter() - start
        return True

    def _end_epoch(self) -> None:
        """Write the epoch's line in the history, and let everyone see it who decides on it."""
        sums, start = self.sums, time.perf_counter()
        row = {"loss": sums.loss.value()}
        if self.metrics:
            after = figures(self.model, self.loader.in_order(), self.loss, self.metrics, self.has_weight)
            row |= {metric.name: after[metric.name] for metric in self.metrics}
        if self.validation is not None:
            after = figures(self.model, self.validation, self.loss, self.metrics, self.validation_has_weight)
            row |= {f"val_{name}": value for name, value in after.items()}
        row |= {"lr": sums.lr, "grad_norm": sums.grad_norm / max(sums.steps, 1)}
        row["seconds"] = sums.seconds + time.perf_counter() - start
        self.history.append(row)
        self.sums = EpochSums(self.loss)
        if self.early_stopping is not None:
            self.early_stopping.update(self.epoch - 1, row, self.model)
            self.history.best_epoch = self.early_stopping.best_epoch
        if self.scheduler is not None and self.scheduler_step == "epoch":
            if self._plateau:
                self.scheduler.step(row.get("val_loss", row["loss"]))
            else:
                self.scheduler.step()
        self.callbacks.call("on_epoch_end", self)

    def _diverged(self, batch: Samples, loss: float, grad_norm: float) -> Exception:
        """Return the error that says what happened and what to do."""
        first = (self.loader.position - 1) * self.loader.batch_size
        for i, array in enumerate(batch.arrays()):
            if not np.isfinite(array).all():
                rows = self.loader.order(self.loader.epoch)[first : first + len(array)]
                bad = rows[np.argwhere(~np.isfinite(array))[0][0]]
                try:
                    check_finite("fit", "the data", array)
                except ValueError as error:
                    return ValueError(f"fit: array {i} of the data is not finite in row {bad}; {error}")
        what = "loss became" if not math.isfinite(loss) else "gradient's norm became"
        value = loss if not math.isfinite(loss) else grad_norm
        return DivergenceError(
            f"fit: the {what} {value} in epoch {self.epoch}, batch {self.loader.position - 1}; the model has again the "
            f"parameters with which that epoch began. Lower the learning rate (it was lr={self.lr_now():g}), bound the "
            "gradient (clip_norm=1.0), or standardise X and y (nn.Standardize); ad.detect_anomaly() names the operation.",
            self.history,
        )

    def lr_now(self) -> float:
        """Return the learning rate of the optimiser's first group."""
        return float(self.optimizer.param_groups[0]["lr"])

    # --- saving and resuming ---------------------------------------------------------------

    def _parts(self) -> dict[str, Any]:
        """Return what has a state, by name."""
        parts = {
            "model": self.model,
            "optimizer": self.optimizer,
            "scheduler": self.scheduler,
            "loader": self.loader,
            "early_stopping": self.early_stopping,
            "history": self.history,
            "sums": self.sums,
            "chance": chance.Chance(self.model),
        }
        return {name: part for name, part in parts.items() if part is not None}

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of all that decides how the training goes on: arrays and plain values, nested."""
        return {name: part.state_dict() for name, part in self._parts().items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to where `state` was taken: all of it, or on any mismatch nothing.

        Raises
        ------
        TypeError
            For anything but a mapping.
        ValueError
            Naming every part that does not fit.
        """
        if not isinstance(state, Mapping):
            raise TypeError(
                f"Training.load_state_dict: takes a mapping; got {type(state).__name__}. Pass what state_dict() gave."
            )
        parts, before = self._parts(), self.state_dict()
        problems = [f"`{name}` is missing" for name in parts if name not in state]
        problems += [f"`{name}` is unknown" for name in state if name not in parts]
        for name, part in parts.items():
            if name in state:
                try:
                    part.load_state_dict(state[name])
                except (TypeError, ValueError, KeyError) as error:
                    problems.append(f"{name}: {error}")
        if problems:
            for name, part in parts.items():
                part.load_state_dict(before[name])
            raise ValueError(
                f"Training.load_state_dict: the state is of another training; got {'; '.join(problems)} "
                "Make model, optimiser, data and options as they were."
            )
