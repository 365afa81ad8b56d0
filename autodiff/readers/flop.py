"""How much work a graph is: its operations, and the floating-point operations (FLOP) they are.

What one operation is, `autodiff.flop` knows. Functions that are written in others count as these do. What
remains counts as one operation for each entry of the result, and is named.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from autodiff.dispatch import Operation
from autodiff.flop import entries, flop
from autodiff.graph import Graph, Node
from autodiff.readers.recording import recorded_definition


class Count(NamedTuple):
    """Work: steps that compute something, and the operations on single numbers they are."""

    operations: int = 0
    flop: float = 0

    def __add__(self, other: Any) -> Count:
        return Count(self.operations + other.operations, self.flop + other.flop)


class Counter:
    """Counts the work of graphs.

    Parameters
    ----------
    transcendental : float
        How many FLOP a transcendental function of one number is.

    Attributes
    ----------
    estimated : set of str
        The functions that were counted as one operation for each entry, for want of a better rule.
    """

    def __init__(self, transcendental: float = 1) -> None:
        self.transcendental = transcendental
        self.estimated: set[str] = set()
        self._inside: list[Any] = []

    def graph(self, graph: Graph) -> Count:
        """Return the work of all operations."""
        return sum(map(self.node, graph.operations), Count())

    def node(self, node: Node) -> Count:
        """Return the work of one operation: none if it only moves numbers."""
        if node.primitive is None:
            return Count()
        count = flop(node.primitive.function, node.value, *node.given(), self.transcendental)
        if count is None and node.primitive.family != "constant":  # which draws random numbers, for example
            return self._written_in_others(node)
        return Count(1, count) if count else Count()

    def _written_in_others(self, node: Node) -> Count:
        what = node.parameters["call"].function if "call" in node.parameters else node.primitive.function
        if what not in self._inside and ("call" in node.parameters or isinstance(what, Operation)):
            self._inside.append(what)
            try:
                graph = recorded_definition(node)
                if graph is not None:
                    return self.graph(graph)
            finally:
                self._inside.pop()
        self.estimated.add(getattr(what, "__name__", node.primitive.name))
        return Count(1, entries(node.value))


def flop_of_nodes(graph: Graph) -> dict[Node, float | None]:
    """Return the FLOP of each operation; None for one without a formula, and for what is made of such.

    Examples
    --------
    >>> import numpy as np
    >>> from autodiff import record
    >>> list(record(lambda x: np.sum(np.exp(x)), np.ones(5)).flop().values())
    [5, 4]
    """
    counts: dict[Node, float | None] = {}
    for node in graph.operations:
        counter = Counter()
        count = counter.node(node).flop
        counts[node] = None if counter.estimated else count
    return counts
