"""How the examples draw: one look for all of them, saved in examples/out/."""

from pathlib import Path

COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]  # Okabe & Ito: colour-blind-safe
LOOK = {
    "font.size": 11,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "0.9",
    "lines.linewidth": 2,
    "legend.frameon": False,
}


def save_plot(draw, example, width=6.4, height=4.2):
    """Let `draw(figure)` fill a figure, width × height inches, and save it as examples/out/<example>.png.

    Without matplotlib there is no picture; everything else of the example runs all the same.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        print("\n(no picture: matplotlib is not installed; pip install -e '.[viz]')")
        return
    path = Path(example).parent / "out" / f"{Path(example).stem}.png"
    path.parent.mkdir(exist_ok=True)
    with matplotlib.rc_context({**LOOK, "axes.prop_cycle": matplotlib.cycler(color=COLORS)}):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        figure.savefig(path, dpi=120)
    print(f"\npicture: examples/out/{path.name}")
