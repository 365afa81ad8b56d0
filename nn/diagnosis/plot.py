"""The picture of a diagnosis, with matplotlib (extra `viz`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nn.diagnosis.report import Diagnosis


def draw(report: Diagnosis, path: Any = None) -> Any:
    """Return a matplotlib figure of `report`, saved to `path` if there is one; see `Diagnosis.plot`."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "Diagnosis.plot: pictures need matplotlib; got an environment without it. "
            "Write: pip install 'autodiff-nn[viz]', or print(report)."
        ) from error
    layers = report.layers
    names = [f"{layer.name} ({layer.kind})" for layer in layers]
    rows = range(len(layers))
    figure = Figure(figsize=(11.0, 1.6 + 0.28 * len(layers)), layout="constrained")
    axes = figure.subplots(1, 4, sharey=True)
    panels: list[tuple[str, dict[str, list[float | None]]]] = [
        ("gradient norm", {"|δ|": [*[layer.delta for layer in layers]], "|∇w|": [layer.gradient for layer in layers]}),
        ("spread of a", {"std a": [layer.std for layer in layers], "rms w": [layer.weight for layer in layers]}),
        ("|Δw| / |w|", {"update": [layer.update for layer in layers]}),
    ]
    for ax, (title, series) in zip(axes, panels, strict=False):
        for (label, values), marker in zip(series.items(), "os", strict=False):
            shown = [(value, row) for value, row in zip(values, rows, strict=True) if value]  # log: zeros have no place
            ax.plot([value for value, _ in shown], [row for _, row in shown], marker, label=label, markersize=5)
        ax.set(title=title, xscale="log")
        if len(series) > 1:
            ax.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2, frameon=False)
    for label, values in {
        "dead": [layer.dead for layer in layers],
        "saturated": [layer.saturated for layer in layers],
    }.items():
        shown = [(value, row) for value, row in zip(values, rows, strict=True) if value is not None]
        axes[3].barh([row for _, row in shown], [value for value, _ in shown], height=0.6, label=label)
    axes[3].set(title="silent units", xlim=(0, 1))
    axes[3].legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2, frameon=False)
    axes[0].set_yticks(list(rows), names)
    axes[0].invert_yaxis()
    for ax in axes:
        ax.grid(alpha=0.3)
    if path is not None:
        figure.savefig(path)
    return figure
