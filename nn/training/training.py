"""The training loop, as an object whose state can be saved and resumed."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy as np

from nn.arguments import check_loss
from nn.data.loader import DataLoader
from nn.module import Module
from nn.training import chance
from nn.training.callbacks import Callbacks
from nn.training.checks import check_finite, checked_clips, choice
from nn.training.early_stopping import EarlyStopping
from nn.training.epoch import DivergenceError, EpochSums
from nn.training.evaluation import Samples, batches, figures, model_dtype
from nn.training.history import History
from nn.training.interrupt import Interrupt
from nn.training.metrics import resolve
from nn.training.step import make_step


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
    metrics : names, callables or dict
        See `fit`.
    scheduler : scheduler, optional
        Of the optimiser's learning rate; one whose `step` takes `metrics` gets the monitored loss.
    scheduler_step : {"epoch", "batch"}
        When the scheduler steps.
    clip_norm, clip_value : float, optional
        Bounds on the gradient.
    early_stopping : EarlyStopping or int, optional
        When to stop; an int is the patience.
    callbacks : callables and objects
        See `fit`.
    compile : {"auto", True, False}
        See `fit`.

    Attributes
    ----------
    history : History
        The epochs so far.
    step : callable
        One update; see `nn.training.step`.
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
        metrics: Any = (),
        scheduler: Any = None,
        scheduler_step: str = "epoch",
        clip_norm: float | None = None,
        clip_value: float | None = None,
        early_stopping: EarlyStopping | int | None = None,
        callbacks: Any = (),
        compile: bool | str = "auto",
    ) -> None:
        check_loss("fit", loss)
        self.model = model
        self.loader = loader
        self.loss = loss
        self.optimizer = optimizer
        self.has_weight = has_weight
        self.validation = validation
        self.validation_has_weight = validation_has_weight
        self.metrics = resolve(metrics, loss)
        self.scheduler = scheduler
        self.scheduler_step = choice("fit", "scheduler_step", scheduler_step, ("epoch", "batch"))
        self.early_stopping = EarlyStopping.of(early_stopping)
        self.callbacks = Callbacks(callbacks)
        self.history = History()
        self.sums = EpochSums(loss)
        self.step: Callable[[tuple, Any, Any], tuple[float, float]] = make_step(
            model, loss, optimizer, *checked_clips(clip_norm, clip_value), compile=compile
        )
        self._dtype = model_dtype(model)
        self._plateau = scheduler is not None and "metrics" in inspect.signature(scheduler.step).parameters
        self._stop_reason = ""
        self._is_stepping = False
        self._begin: dict[str, np.ndarray] = {}
        if loader.position:  # someone looked at a batch and left
            loader.set_epoch(loader.epoch + 1)
        if self.early_stopping is not None:
            self.early_stopping.reset()
            self.early_stopping.column(self._columns())
        if self._plateau and self.scheduler_step == "batch":
            raise ValueError(
                "fit: a scheduler that waits for the loss to stall steps once an epoch; got scheduler_step='batch'. "
                "Pass scheduler_step='epoch'."
            )

    def _columns(self) -> list[str]:
        """Return the names of the figures of an epoch."""
        names = [metric.name for metric in self.metrics]
        validation = [] if self.validation is None else ["val_loss", *[f"val_{name}" for name in names]]
        return ["loss", *names, *validation, "lr", "grad_norm", "seconds"]

    @property
    def epoch(self) -> int:
        """The number of complete epochs."""
        return len(self.history)

    def stop(self, reason: str = "callback") -> None:
        """Ask for an end of the training after the present step; for callbacks."""
        self._stop_reason = reason

    def run(self, epochs: int) -> History:
        """Train until there are `epochs` epochs in all, or something stops it.

        Ctrl-C ends it after the present step; the epoch that was broken off is not in the history,
        and a further `run` goes on with it.

        Raises
        ------
        DivergenceError
            If the loss or its gradient is not finite.
        KeyboardInterrupt
            At a second Ctrl-C before the first has had its effect.
        """
        self._stop_reason = self.history.stopped = ""
        interrupt = Interrupt()
        try:
            # NaN and infinity are looked for in the loss and the gradient: no warning is needed on the way.
            with interrupt, np.errstate(over="ignore", divide="ignore", invalid="ignore"):
                self.callbacks.call("on_train_begin", self)
                while self.epoch < epochs and not self._is_over():
                    if self._run_batches(interrupt):
                        self._end_epoch()
                    if interrupt.pending:
                        self.stop("interrupted")
        except KeyboardInterrupt:
            if self._is_stepping:
                self._restore()
            if interrupt.pending:
                self.callbacks.call("on_train_error", self)
                raise
            self.stop("interrupted")
        except Exception:
            self.callbacks.call("on_train_error", self)
            raise
        self.history.stopped = self._stop_reason or "finished"
        self.callbacks.call("on_train_end", self)
        return self.history

    def finish(self) -> None:
        """Leave the model as it is to be used: with its best parameters, if they were kept, in evaluation mode."""
        if self.early_stopping is not None:
            self.early_stopping.restore(self.model)
        self.model.eval()

    def _is_over(self) -> bool:
        if self.early_stopping is not None and self.early_stopping.is_over() and not self._stop_reason:
            self.stop("early stopping")
        return bool(self._stop_reason)

    def _run_batches(self, interrupt: Interrupt) -> bool:
        """Train on what is left of the epoch; return whether its end was reached."""
        step, sums, callbacks = self.step, self.sums, self.callbacks
        per_batch = self.scheduler if self.scheduler_step == "batch" else None
        watched = callbacks.has("on_step_end")
        start = time.perf_counter() - sums.seconds
        self._begin = self.model.state_dict()
        self.model.train()
        self.loader.resume()
        for batch in batches(self.loader, self._dtype, self.has_weight):
            self._is_stepping = True
            loss, grad_norm = step(*batch)
            self._is_stepping = False
            if not (math.isfinite(loss) and math.isfinite(grad_norm)):
                self._refuse(batch, loss, grad_norm)
            sums.add(loss, grad_norm, batch.amount)
            sums.lr = self.lr_now()
            if per_batch is not None:
                per_batch.step()
            if watched:
                sums.seconds = time.perf_counter() - start
                callbacks.call("on_step_end", self)
            if interrupt.pending or self._stop_reason:
                sums.seconds = time.perf_counter() - start
                return False
        sums.seconds = time.perf_counter() - start
        return True

    def _end_epoch(self) -> None:
        """Write the epoch's line in the history, and let everyone see it who decides on it."""
        row = self._row()
        self.history.append(row)
        self.sums = EpochSums(self.loss)
        if self.early_stopping is not None:
            self.early_stopping.update(self.epoch - 1, row, self.model)
            self.history.best_epoch = self.early_stopping.best_epoch
        if self._plateau:
            self.scheduler.step(row.get("val_loss", row["loss"]))
        elif self.scheduler is not None and self.scheduler_step == "epoch":
            self.scheduler.step()
        self.callbacks.call("on_epoch_end", self)

    def _row(self) -> dict[str, float]:
        """Return the figures of the epoch that ends now."""
        sums, start = self.sums, time.perf_counter()
        row = {"loss": sums.loss.value()}
        if self.metrics:
            after = figures(self.model, self.loader.in_order(), self.loss, self.metrics, self.has_weight)
            row |= {metric.name: after[metric.name] for metric in self.metrics}
        if self.validation is not None:
            after = figures(self.model, self.validation, self.loss, self.metrics, self.validation_has_weight)
            row |= {f"val_{name}": value for name, value in after.items()}
            if not math.isfinite(row["val_loss"]):
                raise self._divergence("validation loss", row["val_loss"])
        row |= {"lr": sums.lr, "grad_norm": sums.grad_norm / max(sums.steps, 1)}
        row["seconds"] = sums.seconds + time.perf_counter() - start
        return row

    def _refuse(self, batch: Samples, loss: float, grad_norm: float) -> NoReturn:
        """Raise what says why a step was not carried out: data that are not finite, or a divergence."""
        loader = self.loader
        first = (loader.position - 1) * loader.batch_size
        rows = loader.order(loader.epoch)[first : first + loader.batch_size]
        inputs = [f"X[{i}]" for i in range(len(batch.inputs))] if len(batch.inputs) > 1 else ["X"]
        for name, array in zip([*inputs, "y", "sample_weight"], batch.arrays(), strict=False):
            if not np.isfinite(array).all():
                self._restore()
                check_finite("fit", name, array, rows)
        raise self._divergence(*("loss", loss) if not math.isfinite(loss) else ("norm of its gradient", grad_norm))

    def _divergence(self, what: str, value: float) -> DivergenceError:
        self._restore()
        return DivergenceError(
            f"fit: the {what} became {value} in epoch {self.epoch}; got lr={self.lr_now():g}. Lower the learning rate, "
            "bound the gradient with clip_norm=1.0, or standardise X and y with nn.Standardize "
            "(ad.detect_anomaly() names the operation). The model has the last parameters that were good.",
            self.history,
        )

    def _restore(self) -> None:
        """Give the model back the parameters with which the epoch, or what was left of it, began."""
        self.model.load_state_dict(self._begin)

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
