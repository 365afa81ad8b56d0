"""The picture of a diagnosis, with matplotlib (extra `viz`)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import autodiff as ad

if TYPE_CHECKING:
    from nn.diagnosis.report import Diagnosis


def draw(report: Diagnosis, path: Any = None) -> Any:
    """Return a matplotlib figure of `report`, saved to `path` if there is one; see `Diagnosis.plot`."""
    ad.required("matplotlib.figure", "viz", "Diagnosis.plot", instead="print(report)")
    from matplotlib.figure import Figure

    layers = report.layers
    panels: list[tuple[str, dict[str, list[float | None]]]] = [
        ("gradient norm", {"|δ|": [*[x.delta for x in layers]], "|∇w|": [x.gradient for x in layers]}),
        ("activations and weights", {"std a": [*[x.std for x in layers]], "rms w": [x.weight for x in layers]}),
        (f"step: {report.step}", {"|Δw| / |w|": [x.update for x in layers]}),
        ("silent units", {"dead": [x.dead for x in layers], "saturated": [x.saturated for x in layers]}),
    ]
    figure = Figure(figsize=(12.0, 2.0 + 0.28 * len(layers)), layout="constrained")
    axes = figure.subplots(1, 4, sharey=True)
    for ax, (title, series) in zip(axes, panels, strict=True):
        is_share = ax is axes[-1]
        for (label, values), marker in zip(series.items(), "os", strict=False):
            # A zero has no place on a logarithmic axis.
            shown = [(v, row) for row, v in enumerate(values) if v is not None and (is_share or v > 0.0)]
            ax.plot([v for v, _ in shown], [row for _, row in shown], marker, label=label, markersize=5)
        ax.set_title(title, fontsize="medium")
        ax.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=2, frameon=False,
                  borderaxespad=2.2)  # fmt: skip
        ax.grid(alpha=0.3)
        if is_share:
            ax.set_xlim(-0.03, 1.03)
            continue
        ax.set_xscale("log")
        positive = [v for column in series.values() for v in column if v is not None and 0.0 < v < math.inf]
        if positive:  # at least two and a half decades, or small differences look large
            low, high = min(positive), max(positive)
            margin = max(1.5, math.sqrt(300.0 / (high / low)))
            ax.set_xlim(low / margin, high * margin)
    axes[0].set_yticks(range(len(layers)), [f"{x.name} ({x.kind})" for x in layers])
    axes[0].set_ylim(len(layers) - 0.5, -0.5)
    if path is not None:
        figure.savefig(path)
    return figure
