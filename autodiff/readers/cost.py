"""What a program costs, and what its derivatives cost on top: operations, and memory for the way back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autodiff.graph import Graph, Node
from autodiff.operands import size_of
from autodiff.primitives import KEEP
from autodiff.readers.flop import Count, Counter
from autodiff.readers.modes import counted
from autodiff.readers.recording import recorded_sweep

BOUND = 6
"""The constant c of the theory: value and adjoints together cost less than c times the value."""


class Cost(NamedTuple):
    """The work of a program and of one sweep in each mode.

    Attributes
    ----------
    title : str
        The name of the function.
    n, m : int
        The numbers of its inputs and of its results, entries counted.
    function, tangent, adjoint : Count
        `operations`, the steps that compute something, and `flop`, the operations on single
        numbers they are (see `autodiff.flop`): of the function, and of one tangent and
        one adjoint sweep on top of it.
    kept : int
        The memory that is kept for the way back, in byte.
    estimated : tuple of str
        Functions without a formula, counted as one operation for each entry of the result.
    """

    title: str
    n: int
    m: int
    function: Count
    tangent: Count
    adjoint: Count
    kept: int
    estimated: tuple[str, ...] = ()

    @property
    def forward_ratio(self) -> float:
        """The c of forward mode: value and tangent against the value."""
        return (self.function.flop + self.tangent.flop) / max(self.function.flop, 1)

    @property
    def reverse_ratio(self) -> float:
        """The c of reverse mode: value and adjoints against the value."""
        return (self.function.flop + self.adjoint.flop) / max(self.function.flop, 1)

    @property
    def forward(self) -> float:
        """FLOP of all derivatives by forward mode: n sweeps."""
        return self.function.flop + self.n * self.tangent.flop

    @property
    def reverse(self) -> float:
        """FLOP of all derivatives by reverse mode: m sweeps."""
        return self.function.flop + self.m * self.adjoint.flop

    def __str__(self) -> str:
        lines = [
            f"Cost of {self.title}: {counted(self.n, 'input')}, {counted(self.m, 'result')}",
            f"{'':28}{'operations':>12}{'FLOP':>12}{'× function':>12}",
            _line("function", self.function, None),
            _line("with one tangent sweep", self.function + self.tangent, self.forward_ratio),
            _line("with one adjoint sweep", self.function + self.adjoint, self.reverse_ratio),
            f"kept for the way back: {self.kept:,} byte",
            f"theory: a sweep costs the function less than {BOUND} times (Griewank & Walther 2008, chapter 4)",
        ]
        if self.estimated:
            lines.append(f"counted as one operation for each entry of the result: {', '.join(self.estimated)}")
        return "\n".join(lines)


def _line(what: str, count: Count, ratio: float | None) -> str:
    flop = f"{count.flop:,.0f}"
    return f"{what:28}{count.operations:12,}{flop:>12}{'' if ratio is None else f'{ratio:12.2f}'}"


def cost(graph: Graph, *, transcendental: float = 1) -> Cost:
    """Return what the program costs, and one sweep in each mode.

    The operations of the sweeps are those of the engine's own rules, recorded; nothing is
    estimated from the function's.

    Parameters
    ----------
    graph : Graph
        What `ad.record` gave.
    transcendental : float
        How many FLOP a transcendental function of one number counts as.

    Returns
    -------
    Cost
        Its `print` is a table.

    Examples
    --------
    >>> from autodiff import record
    >>> def f(x):
    ...     a = x**2
    ...     return np.sqrt(a + np.exp(a))
    >>> print(record(f, 1.3).cost())
    Cost of f: 1 input, 1 result
                                  operations        FLOP  × function
    function                               4           4
    with one tangent sweep                10          10        2.50
    with one adjoint sweep                10          10        2.50
    kept for the way back: 24 byte
    theory: a sweep costs the function less than 6 times (Griewank & Walther 2008, chapter 4)
    """
    counter = Counter(transcendental)
    return Cost(
        graph.title,
        sum(size_of(node.value) for node in graph.inputs),
        sum(size_of(output.value) if isinstance(output, Node) else size_of(output) for output in graph.outputs),
        counter.graph(graph),
        counter.graph(recorded_sweep(graph, "forward")),
        counter.graph(recorded_sweep(graph, "reverse")),
        kept_bytes(graph),
        tuple(sorted(counter.estimated)),
    )


def kept_bytes(graph: Graph) -> int:
    """Return the memory of the values that the rules will read on the way back, each array counted once."""
    kept: dict[int, int] = {}
    for node, active in graph.active_operands().items():
        if node.primitive is None or not active:
            continue
        plan = node.primitive.plan(active)
        read = [node.value] if plan.y else []
        codes = zip(node.operands, plan.keep)  # noqa: B905 - the codes may be endless
        read += [o.value if isinstance(o, Node) else o for o, code in codes if code == KEEP]
        for value in read:
            for part in value if isinstance(value, (tuple, list)) else [value]:
                owner = part
                while isinstance(getattr(owner, "base", None), np.ndarray):
                    owner = owner.base
                kept[id(owner)] = np.asarray(owner).nbytes
    return sum(kept.values())
