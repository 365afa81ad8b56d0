"""The pictures: bars of ratios for each workload, and curves of cost against size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.harness.report import Measurements, quantity
from benchmarks.harness.workload import BY_HAND, COMPILED, EAGER, LIBRARIES, Workload

if TYPE_CHECKING:
    from benchmarks.harness.curve import Curve

COLUMNS, SHORTEST = 4, 5
COLOURS = {COMPILED: "#0b6e4f", EAGER: "#6fb98f", BY_HAND: "#4a4a4a"}
OTHERS = "#c9c4bb"
LINES = {"torch": "#d1495b", "jax": "#3f6fb5", "autograd": "#b07aa1", "mygrad": "#e0a030", "micrograd": "#8c6d46"}


def figure(columns: int, rows: int, width: float, height: float) -> tuple[Any, Any]:
    """Return a figure and its axes, an array of shape (rows, columns)."""
    from matplotlib.figure import Figure  # here: whoever wants no picture needs no Matplotlib

    page = Figure(figsize=(width * columns, height * rows), layout="constrained")
    return page, page.subplots(rows, columns, squeeze=False)


def bars(results: Sequence[tuple[Workload, Measurements]], heading: str, path: Path) -> None:
    """Write a panel for each workload: the time (or memory) of each contender as a multiple of ours, compiled or eager.

    The bars start at 1, on a logarithmic axis: what reaches to the right is slower than we are.
    """
    shown = [(w, m) for w, m in results if ours(m)]
    columns = min(COLUMNS, max(1, len(shown)))
    page, axes = figure(columns, max(1, -(-len(shown) // columns)), 4.2, 2.9)
    for panel in axes.flat[len(shown) :]:
        panel.set_axis_off()
    for panel, (workload, measurements) in zip(axes.flat, shown, strict=False):
        draw_bars(panel, workload, measurements)
    page.suptitle(
        "Time (or memory) as a multiple of ours, the name in bold; a bar to the left: quicker than we are\n" + heading,
        fontsize=9,
    )
    page.savefig(path, dpi=110)


def ours(measurements: Measurements) -> str:
    """Return the best of our own contenders that was measured."""
    return next((name for name in (COMPILED, EAGER) if name in measurements and not measurements[name].fault), "")


def draw_bars(panel: Any, workload: Workload, measurements: Measurements) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    subject = measurements[ours(measurements)]
    ratios = {name: 1 / subject.ratio(m) for name, m in measurements.items() if not m.fault}
    names = sorted(ratios, key=lambda name: -ratios[name])  # the quickest on top
    for row, name in enumerate(names):
        low, ratio = min(1.0, ratios[name]), ratios[name]
        panel.barh(row, max(1.0, ratio) - low, left=low, color=COLOURS.get(name, OTHERS), height=0.72)
        text = quantity(subject.median(), workload.unit) if measurements[name] is subject else f"{ratio:.3g}"
        panel.text(max(1.0, ratio) * 1.06, row, text, va="center", fontsize=7)
    panel.set_yticks(range(len(names)), names, fontsize=7)
    for name, label in zip(names, panel.get_yticklabels(), strict=True):
        if measurements[name] is subject:
            label.set(color=COLOURS[name], weight="bold")
    panel.set_ylim(-0.6, max(len(names), SHORTEST) - 0.4)  # bars of one thickness, from the bottom up
    panel.set_xscale("log")
    panel.set_xlim(min(0.5, min(ratios.values()) / 1.2), max(2.0, max(ratios.values())) * 2)
    panel.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if panel.get_xlim()[1] < 30 else (1.0,)))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda x, _position: f"{x:g}"))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.axvline(1.0, color=COLOURS[COMPILED], linewidth=0.8)
    panel.tick_params(axis="x", labelsize=7)
    panel.tick_params(axis="y", length=0)
    panel.spines[["top", "right", "left"]].set_visible(False)
    panel.set_title(workload.name, fontsize=9, loc="left")


def curves(results: Sequence[tuple[Curve, list[Measurements]]], heading: str, path: Path) -> None:
    """Write a panel for each curve: time against size, both logarithmic, with the quartiles shaded."""
    page, axes = figure(len(results), 1, 5.2, 4.4)
    for panel, (curve, measurements) in zip(axes.flat, results, strict=True):
        draw_curve(panel, curve, measurements)
    page.suptitle(heading, fontsize=9)
    page.savefig(path, dpi=110)


def draw_curve(panel: Any, curve: Curve, results: list[Measurements]) -> None:
    for name, library in LIBRARIES.items():
        points = [
            (size, *m[name].quartiles(), m[name].median())
            for size, m in zip(curve.sizes, results, strict=True)
            if name in m and not m[name].fault
        ]
        if points:
            sizes, low, high, medians = zip(*points, strict=True)
            colour = COLOURS.get(name) or LINES.get(library, OTHERS)
            width = 2.2 if name in (COMPILED, EAGER) else 1.3
            panel.plot(sizes, medians, "o-", color=colour, linewidth=width, markersize=3, label=name)
            panel.fill_between(sizes, low, high, color=colour, alpha=0.2, linewidth=0)
    panel.set(xscale="log", yscale="log", xlabel=curve.axis, ylabel="time in s")
    panel.set_title(curve.title, fontsize=9, loc="left")
    panel.grid(color="#e5e5e5", linewidth=0.6)
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(fontsize=7, frameon=False)
