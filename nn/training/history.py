"""What a training reports: figures for each epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class History:
    """Losses, metrics, learning rate, gradient norm and time of each epoch.

    `history["loss"]` is the list of a column, one number for each epoch.

    Attributes
    ----------
    stopped : str
        Why the training ended: "finished" (all epochs), "early stopping", "interrupted" (Ctrl-C), or what
        a callback gave; "" while it runs.
    best_epoch : int or None
        With early stopping, the epoch of the best figure, from 0.
    """

    def __init__(self) -> None:
        self.columns: dict[str, list[float]] = {}
        self.stopped = ""
        self.best_epoch: int | None = None

    def append(self, row: Mapping[str, float]) -> None:
        """Add the figures of an epoch."""
        for name, value in row.items():
            self.columns.setdefault(name, []).append(value)

    def __len__(self) -> int:
        """Return the number of epochs."""
        return len(next(iter(self.columns.values()), ()))

    def __getitem__(self, column: str) -> list[float]:
        if column not in self.columns:
            raise KeyError(f"History: no such column; got {column!r}. Use one of {', '.join(self.columns)}.")
        return self.columns[column]

    def __contains__(self, column: object) -> bool:
        return column in self.columns

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def keys(self) -> Any:
        """Return the names of the columns."""
        return self.columns.keys()

    def row(self, epoch: int = -1) -> dict[str, float]:
        """Return the figures of an epoch; of the last by default."""
        return {name: values[epoch] for name, values in self.columns.items()}

    def to_dict(self) -> dict[str, list[float]]:
        """Return a copy of the columns, ready for `pandas.DataFrame` or `json.dumps`."""
        return {name: list(values) for name, values in self.columns.items()}

    def state_dict(self) -> dict[str, Any]:
        """Return everything that is in the history."""
        return {"columns": self.to_dict(), "stopped": self.stopped, "best_epoch": self.best_epoch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what another history had."""
        self.columns = {name: list(values) for name, values in state["columns"].items()}
        self.stopped, self.best_epoch = state["stopped"], state["best_epoch"]

    def plot(self, path: Any = None) -> Any:
        """Return a matplotlib figure of all columns over the epochs; logarithmic where they span decades.

        Parameters
        ----------
        path : str or path, optional
            Where to save it as well; the suffix says in which format.

        Raises
        ------
        ModuleNotFoundError
            Without matplotlib, the extra `viz`.
        ValueError
            If there are no epochs yet.
        """
        from nn.training.plot import draw

        return draw(self, path)

    def __repr__(self) -> str:
        if not len(self):
            return "History(no epochs)"
        figures = ", ".join(f"{name}={value:.4g}" for name, value in self.row().items())
        return f"History({len(self)} epochs, {self.stopped or 'running'}; last: {figures})"
