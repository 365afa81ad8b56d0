"""The picture of a history, with matplotlib (extra `viz`)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import autodiff as ad

if TYPE_CHECKING:
    from nn.training.history import History

DECADES = 10.0  # beyond this ratio an axis is logarithmic


def draw(history: History, path: Any = None) -> Any:
    """Return a matplotlib figure of `history`, saved to `path` if there is one; see `History.plot`."""
    ad.required("matplotlib.figure", "viz", "History.plot", instead="use history.to_dict()")
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    if len(history) == 0:
        raise ValueError("History.plot: there is nothing to draw; got no epochs. Train first.")
    constant_lr = len(set(history["lr"])) == 1
    panels = _panels([column for column in history if not (column == "lr" and constant_lr)])
    figure = Figure(figsize=(3.8 * len(panels), 3.4), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    epochs = range(1, len(history) + 1)
    for ax, (title, columns) in zip(axes, panels, strict=True):
        for column in columns:
            label = "validation" if column.startswith("val_") else "training"
            ax.plot(epochs, history[column], label=label, marker="o" if len(history) == 1 else None, lw=1.6)
        if history.best_epoch is not None and len(columns) > 1:
            ax.axvline(history.best_epoch + 1, color="0.6", lw=1, ls="--", label="best epoch")
        if len(columns) > 1:
            ax.legend(frameon=False)
        if _spans_decades([value for column in columns for value in history[column]]):
            ax.set_yscale("log")
        ax.set_title(title)
        ax.set_xlabel("epoch")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        ax.grid(alpha=0.25)
        ax.spines[["top", "right"]].set_visible(False)
    if path is not None:
        figure.savefig(path, dpi=120)
    return figure


def _panels(columns: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Return the title and the columns of each panel: training and validation together, the time left out."""
    titles = {"lr": "learning rate", "grad_norm": "gradient norm"}
    own = [column for column in columns if not column.startswith("val_") and column != "seconds"]
    return [(titles.get(c, c), [name for name in (c, f"val_{c}") if name in columns]) for c in own]


def _spans_decades(values: Sequence[float]) -> bool:
    return all(math.isfinite(v) and v > 0 for v in values) and max(values) > DECADES * min(values)
