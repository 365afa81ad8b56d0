"""Forward against reverse mode: which one gives all derivatives of a function with less work, and why."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autodiff.extras import required
from autodiff.forward import jvp
from autodiff.graph import Graph, Node
from autodiff.reverse import vjp
from autodiff.tree import flatten

if TYPE_CHECKING:
    from autodiff.readers.cost import Cost

CALLS = 1.0  # ns for each FLOP: slower programs spend their time on something else
FORWARD, REVERSE = "#D55E00", "#0072B2"  # Okabe & Ito: told apart by everybody


class Times(NamedTuple):
    """Measured times, in s: of the function, and with it of one tangent or one adjoint sweep."""

    function: float
    tangent: float
    adjoint: float


class ModeComparison(NamedTuple):
    """The ledger of the two modes; `print` shows it, `plot` draws where the one or the other wins.

    Attributes
    ----------
    cost : Cost
        The operations, counted; `cost.n` inputs and `cost.m` results, entries counted.
    times : Times
        Measured, on this machine, just now.
    """

    cost: Cost
    times: Times

    @property
    def winner(self) -> str:
        """The mode with fewer operations for all derivatives: "forward" or "reverse"; forward where they tie."""
        return "forward" if self.cost.forward <= self.cost.reverse else "reverse"

    @property
    def reason(self) -> str:
        """The winner, and why, in a sentence."""
        n, m = self.cost.n, self.cost.m
        sizes = f"{counted(n, 'input')} and {counted(m, 'result')}"
        if self.cost.forward == self.cost.reverse:
            return f"The modes tie: {_sweeps(n, 'tangent')} and {_sweeps(m, 'adjoint')} take as many operations."
        few, many = sorted((self.cost.forward, self.cost.reverse))
        own, other = (_sweeps(n, "tangent"), _sweeps(m, "adjoint"))[:: 1 if self.winner == "forward" else -1]
        verb = "is" if n == 1 else "are"
        why = f"there {verb} {sizes}" if n != m else "its sweep is the cheaper one, and both modes need as many"
        return (
            f"{self.winner.capitalize()} mode wins, {own} against {other}: "
            f"{many / max(few, 1):.3g} times fewer operations, because {why}."
        )

    def __str__(self) -> str:
        cost, times = self.cost, self.times
        unit = cost.function.flop
        measured = [t / times.function for t in (times.tangent, times.adjoint)]
        mostly_calls = 1e9 * times.function > CALLS * unit
        lines = [
            f"Derivatives of {cost.title}: {cost.n:,} × {cost.m:,} (inputs × results)",
            f"{'':22}{'forward':>14}{'reverse':>14}",
            f"{'sweeps':22}{cost.n:14,}{cost.m:14,}",
            f"{'c of one, counted':22}{cost.forward_ratio:14.2f}{cost.reverse_ratio:14.2f}",
            f"{'c of one, measured':22}{measured[0]:14.2f}{measured[1]:14.2f}{'   *' if mostly_calls else ''}",
            f"{'FLOP of all':22}{cost.forward:14,.0f}{cost.reverse:14,.0f}",
            f"{'theory: less than':22}{6 * cost.n * unit:14,.0f}{6 * cost.m * unit:14,.0f}   n c ops, m c ops; c < 6",
            f"function: {unit:,.0f} FLOP, {1e6 * times.function:,.1f} µs; kept for reverse mode: {cost.kept:,} byte",
        ]
        if mostly_calls:
            lines.append("* the arrays are small: calls of functions, not arithmetic, take most of the time")
        lines.append(self.reason)
        return "\n".join(lines)

    def plot(self, path: Any = None) -> Any:
        """Return a matplotlib figure of the plane of n inputs and m results, and the line where the modes tie.

        Parameters
        ----------
        path : str or Path, optional
            Where to save it.
        """
        required("matplotlib.figure", "viz", "compare_modes.plot", instead="print(modes)")
        from matplotlib.figure import Figure

        cost = self.cost
        slope = max(cost.tangent.flop, 1) / max(cost.adjoint.flop, 1)  # n tangent = m adjoint
        start, end = 1 / 1.5, 10.0 ** np.ceil(np.log10(max(cost.n, cost.m, 10)) + 0.5)
        n = np.geomspace(start, end, 200)
        figure = Figure(figsize=(5.4, 5.0), layout="constrained")
        axes = figure.subplots()
        axes.fill_between(n, slope * n, end, color=FORWARD, alpha=0.25, linewidth=0)
        axes.fill_between(n, np.full_like(n, start), slope * n, color=REVERSE, alpha=0.25, linewidth=0)
        axes.plot(n, slope * n, color="0.2", label=f"as many: m = {slope:.2g} n")
        here = f"{cost.title}: n = {cost.n:,}, m = {cost.m:,}"
        axes.plot(cost.n, cost.m, "o", color="black", markeredgecolor="white", markersize=10, label=here)
        axes.text(0.12, 0.86, "forward mode wins\nn tangent sweeps", transform=axes.transAxes, weight="bold")
        axes.text(0.52, 0.24, "reverse mode wins\nm adjoint sweeps", transform=axes.transAxes, weight="bold")
        axes.set(xscale="log", yscale="log", xlim=(start, end), ylim=(start, end), aspect="equal")
        axes.set(xlabel="n, inputs", ylabel="m, results", title="Which mode takes fewer operations")
        figure.legend(loc="outside lower center", ncols=2, frameon=False)
        if path is not None:
            figure.savefig(path, dpi=120)
        return figure


def counted(number: int, thing: str) -> str:
    """Return `3 inputs`, or `1 input`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _sweeps(number: int, kind: str) -> str:
    return counted(number, f"{kind} sweep")


def compare_modes(f: Callable, *args: Any, repeats: int = 7) -> ModeComparison:
    """Return what all derivatives of `f` at `args` cost in forward and in reverse mode.

    With n inputs and m results, forward mode takes n tangent sweeps, reverse mode m adjoint
    sweeps. Each costs the function a small number of times, c < 6 (Griewank & Walther 2008,
    "Evaluating Derivatives", chapter 4), so that n and m decide.

    Parameters
    ----------
    f : callable
        Of floats and arrays of floats.
    *args
        Its arguments.
    repeats : int
        How many times each sweep is measured; the shortest time counts.

    Returns
    -------
    ModeComparison
        Operations counted by `graph.cost()`, and times measured; `print` it, `plot` it.

    Examples
    --------
    >>> import autodiff as ad
    >>> ledger = ad.compare_modes(lambda x: np.sum(np.sin(x) * x), np.ones(100))
    >>> ledger.winner
    'reverse'
    >>> print(ledger.reason.partition(":")[0])
    Reverse mode wins, 1 adjoint sweep against 100 tangent sweeps
    """
    from autodiff.readers.cost import cost
    from autodiff.record import record

    graph = record(f, *args)
    if not any(isinstance(output, Node) for output in graph.outputs):
        raise ValueError(
            f"compare_modes: the results must depend on the arguments; got a constant from {graph.title}. "
            "Pass floats, not integers, as arguments."
        )
    return ModeComparison(cost(graph), _measured(f, args, graph, repeats))


def _measured(f: Callable, args: tuple, graph: Graph, repeats: int) -> Times:
    leaves, structure = flatten(list(args))
    places = [i for i, leaf in enumerate(leaves) if np.asarray(leaf).dtype.kind == "f"]
    primals = tuple([leaves[i] for i in places])

    def of_floats(*floats: Any) -> Any:
        full = list(leaves)
        for place, value in zip(places, floats, strict=True):
            full[place] = value
        return f(*structure.unflatten(full))

    ones = tuple([np.ones_like(x)[()] for x in primals])
    result = graph.structure.unflatten([np.ones_like(o.value if isinstance(o, Node) else o)[()] for o in graph.outputs])
    return Times(
        _shortest(lambda: of_floats(*primals), repeats),
        _shortest(lambda: jvp(of_floats, primals, ones), repeats),
        _shortest(lambda: vjp(of_floats, *primals)[1](result), repeats),
    )


def _shortest(action: Callable[[], Any], repeats: int) -> float:
    """Return the shortest of several times, each over enough calls to be measured, in s per call."""
    calls = 1
    while (time := _time(action, calls)) < 2e-3 and calls < 1000:
        calls *= 4
    return min([time, *[_time(action, calls) for _ in range(repeats - 1)]]) / calls


def _time(action: Callable[[], Any], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        action()
    return perf_counter() - start
