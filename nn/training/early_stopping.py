"""Stopping when the validation loss no longer falls."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from nn.arguments import integer
from nn.module import Module
from nn.training.metrics import LARGER_IS_BETTER


class EarlyStopping:
    """Stop when the monitored figure has not improved for `patience` epochs.

    Parameters
    ----------
    patience : int
        How many epochs without an improvement are waited for.
    min_delta : float
        By how much a figure must be better than the best to count as an improvement.
    monitor : str, optional
        A column of the history; by default "val_loss" if there are validation data, else "loss".
    restore_best : bool
        Whether the model gets back the parameters of its best epoch when the training ends, for
        whatever reason it ends.
    mode : {"auto", "min", "max"}
        Whether small or large is good; "auto" takes accuracies and R² as "max", all else as "min".

    Attributes
    ----------
    best : float or None
        The best figure so far.
    best_epoch : int or None
        Its epoch, from 0.
    waited : int
        Epochs since then.

    Raises
    ------
    TypeError, ValueError
        For options out of range.

    References
    ----------
    Prechelt (1998), "Early stopping – but when?", criterion UP_s with an absolute margin.
    """

    def __init__(
        self,
        patience: int = 10,
        min_delta: float = 0.0,
        monitor: str | None = None,
        restore_best: bool = True,
        *,
        mode: str = "auto",
    ) -> None:
        self.patience = integer("EarlyStopping", "patience", patience, 1)
        if not (isinstance(min_delta, (int, float)) and 0.0 <= min_delta < math.inf):
            raise ValueError(f"EarlyStopping: min_delta must be a number ≥ 0; got {min_delta!r}. Pass 0.0.")
        if mode not in ("auto", "min", "max"):
            raise ValueError(f'EarlyStopping: mode is one of "auto", "min", "max"; got {mode!r}. Choose one of them.')
        self.min_delta = float(min_delta)
        self.monitor = monitor
        self.restore_best = restore_best
        self.mode = mode
        self.reset()

    @classmethod
    def of(cls, given: Any) -> EarlyStopping | None:
        """Return `given`, or one with that patience if it is a number."""
        if given is None or isinstance(given, EarlyStopping):
            return given
        if hasattr(given, "__index__") and not isinstance(given, bool):
            return cls(given)
        raise TypeError(
            f"fit: early_stopping must be an nn.EarlyStopping or an int, the patience; got {given!r}. "
            "Pass nn.EarlyStopping(10)."
        )

    def reset(self) -> None:
        """Forget what was seen."""
        self.best: float | None = None
        self.best_epoch: int | None = None
        self.waited = 0
        self.best_parameters: dict[str, np.ndarray] | None = None

    def column(self, columns: Any) -> str:
        """Return the name of the monitored column, one of `columns`."""
        name = self.monitor or ("val_loss" if "val_loss" in columns else "loss")
        if name not in columns:
            raise ValueError(
                f"EarlyStopping: monitor must be a column of the history; got {name!r}. "
                f"Use one of {', '.join(columns)} (val_… needs validation data)."
            )
        return name

    def is_over(self) -> bool:
        """Return whether to stop."""
        return self.waited >= self.patience

    def update(self, epoch: int, row: Mapping[str, float], model: Module) -> None:
        """Note the figures of an epoch."""
        name = self.column(row)
        value = row[name]
        if math.isfinite(value) and (self.best is None or self._better(name, value, self.best)):
            self.best, self.best_epoch, self.waited = value, epoch, 0
            if self.restore_best:
                self.best_parameters = model.state_dict()
        else:
            self.waited += 1

    def _better(self, name: str, value: float, best: float) -> bool:
        largest = self.mode == "max" or (self.mode == "auto" and name.removeprefix("val_") in LARGER_IS_BETTER)
        return value > best + self.min_delta if largest else value < best - self.min_delta

    def restore(self, model: Module) -> None:
        """Give the model the parameters of its best epoch, if they were kept."""
        if self.restore_best and self.best_parameters is not None:
            model.load_state_dict(self.best_parameters)

    def state_dict(self) -> dict[str, Any]:
        """Return what was seen so far."""
        return {
            "best": self.best,
            "best_epoch": self.best_epoch,
            "waited": self.waited,
            "best_parameters": None
            if self.best_parameters is None
            else {name: array.copy() for name, array in self.best_parameters.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go back to where `state` was taken.

        Raises
        ------
        ValueError
            If the state is of something else.
        """
        if set(state) != set(self.state_dict()):
            raise ValueError(
                f"EarlyStopping.load_state_dict: the state must have {', '.join(self.state_dict())}; "
                f"got {', '.join(state)}. Pass what state_dict() gave."
            )
        self.best, self.best_epoch, self.waited = state["best"], state["best_epoch"], state["waited"]
        parameters = state["best_parameters"]
        self.best_parameters = None if parameters is None else {k: np.array(v) for k, v in parameters.items()}

    def __repr__(self) -> str:
        return f"EarlyStopping(patience={self.patience}, min_delta={self.min_delta}, monitor={self.monitor!r})"
