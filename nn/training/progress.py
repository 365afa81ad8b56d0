"""Progress of a training: a bar where tqdm can draw one, else lines in the log."""

from __future__ import annotations

import logging
import sys
from typing import Any

LOG = logging.getLogger("nn")


def progress(wanted: Any, epochs: int) -> list[Any]:
    """Return the callbacks that report progress.

    Parameters
    ----------
    wanted : {"auto", True, False}
        False: nothing. True: a bar by tqdm, or lines in the log where tqdm is not installed.
        "auto": the bar where standard error is a terminal, else the log.
    epochs : int
        How many there will be.
    """
    if wanted is False:
        return []
    if wanted is not True and wanted != "auto":
        raise ValueError(f'fit: progress is one of "auto", True, False; got {wanted!r}. Choose one of them.')
    if wanted is True or sys.stderr.isatty():
        try:
            from tqdm.auto import tqdm
        except ImportError:
            pass
        else:
            return [Bar(tqdm, epochs)]
    return [Log(epochs)]


class Bar:
    """A bar that counts epochs, with the losses behind it."""

    def __init__(self, tqdm: Any, epochs: int) -> None:
        self.tqdm, self.epochs = tqdm, epochs

    def on_train_begin(self, training: Any) -> None:
        """Draw it."""
        self.bar = self.tqdm(total=self.epochs, initial=training.epoch, unit="epoch", leave=True)

    def on_epoch_end(self, training: Any) -> None:
        """Move it."""
        row = training.history.row()
        shown = {name: f"{row[name]:.4g}" for name in ("loss", "val_loss") if name in row}
        self.bar.set_postfix(shown, refresh=False)
        self.bar.update()

    def on_train_end(self, _training: Any) -> None:
        """Leave it as it is."""
        self.bar.close()

    on_train_error = on_train_end


class Log:
    """A line at level INFO in the log "nn" for each tenth of the epochs."""

    def __init__(self, epochs: int) -> None:
        self.epochs, self.every = epochs, max(1, epochs // 10)

    def on_epoch_end(self, training: Any) -> None:
        """Write a line, if it is time."""
        if training.epoch % self.every == 0 or training.epoch == self.epochs:
            row = training.history.row()
            figures = ", ".join([f"{name}={value:.4g}" for name, value in row.items() if name != "seconds"])
            LOG.info("epoch %d/%d: %s", training.epoch, self.epochs, figures)
