"""The picture of a step sweep: truncation falls with the step, round-off grows, and between them is the best."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.extras import required

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "0.55"  # Okabe & Ito: told apart by the colour-blind, too


def plot_sweep(report: Any, axes: Any = None) -> Any:
    """Draw the errors of central and forward differences against the step, and return the axes."""
    sweep, worst = report.sweep, report.worst
    if sweep is None or worst is None:
        raise ValueError(
            f"plot: there is no step sweep to draw; got {report!r}. It is taken where a witness knows the derivative."
        )
    if axes is None:
        required("matplotlib.figure", "viz", "plot", instead="print(report)")
        from matplotlib.figure import Figure

        axes = Figure(figsize=(6.4, 4.2), layout="constrained").subplots()
    least = max(sweep.exact, 1e-17)
    for errors, name, color, marker in (
        (sweep.one_sided, "forward difference", ORANGE, "s"),
        (sweep.errors, "central difference", BLUE, "o"),
    ):
        axes.loglog(sweep.steps, np.maximum(errors, least), color=color, marker=marker, markersize=4, label=name)
    best = sweep.best
    axes.plot(sweep.steps[best], max(sweep.errors[best], least), "o", color=BLUE, markersize=11, fillstyle="none")
    axes.annotate(
        f"best step {sweep.steps[best]:.0e}",
        (sweep.steps[best], max(sweep.errors[best], least)),
        xytext=(0, -18),
        textcoords="offset points",
        ha="center",
    )
    gap = abs(worst.reverse - worst.truth)
    if worst.verdict == "wrong" and np.isfinite(gap):
        axes.axhline(gap, color="black", linestyle="--", linewidth=1.2, label="reverse mode: wrong by this much")
    axes.set(
        xlabel="step h",
        ylabel=f"|difference − {sweep.witness}|",
        title=f"{report.title}: derivative with respect to {worst.name}",
    )
    axes.margins(y=0.12)
    axes.invert_xaxis()
    axes.legend(frameon=False, loc="best")
    axes.grid(color="0.92")
    return axes
