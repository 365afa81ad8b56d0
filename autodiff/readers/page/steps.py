"""What happens at each step of a sweep: which equation, which boxes and arrows, how many operations.

The equations are those of `graph.table`. Read downwards its rows are the sweep forward, read
upwards the sweep back: nothing is derived here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from autodiff.graph import Graph, Node
from autodiff.readers.formula import Rule, primal, recorded_rule, recorded_tangent
from autodiff.readers.layouts import brief, width
from autodiff.readers.names import names_of_outputs
from autodiff.readers.notation import number as as_text
from autodiff.readers.operation_view import full_label
from autodiff.readers.page.directions import user_name
from autodiff.readers.page.picture import Edge
from autodiff.readers.page.spoken import in_words
from autodiff.readers.sweeps import adjoints, tangents
from autodiff.readers.table import Line, Row, Table
from autodiff.readers.writer import OVER

PRIMAL, DERIVATIVE = 0, 1  # the two sides of a row
IN_A_BOX, IN_A_CELL = 22, 26  # characters of a value


class Equation(NamedTuple):
    """`name = formula = numbers = value`, in characters; its place in the table, and the value as it stands there."""

    row: int
    side: int
    name: str
    formula: str
    numbers: str
    value: str
    cell: str


class Step(NamedTuple):
    """One press of the button."""

    phase: str
    equations: list[Equation]
    nodes: list[int]  # whose boxes light up, the one that gets a number last
    edges: list[int]  # which arrows light up
    shows: list[tuple[int, int, str]]  # what is written into boxes: node, side, text
    note: str
    spoken: str
    operations: int  # how many this step takes
    found: list[tuple[str, str]]  # derivatives of the result that are known now


class Sweep(NamedTuple):
    """All steps of an evaluation and one sweep of derivatives."""

    mode: str  # "forward" or "reverse"
    seed: str
    labels: list[str]  # of the rows of the table: what the user calls the results
    steps: list[Step]


class _Steps:
    """Writes the steps of a sweep over `graph`, in whose picture `edges` are the arrows."""

    accent: str

    def __init__(self, graph: Graph, edges: Sequence[Edge]) -> None:
        self.graph = graph
        self.place = {node: number for number, node in enumerate(graph)}
        self.edge = {edge: number for number, edge in enumerate(edges)}
        self.into: dict[Node, list[int]] = {node: [] for node in graph}
        for number, edge in enumerate(edges):
            self.into[edge.node].append(number)

    def _values(self, group: Sequence[tuple[int, Row]]) -> Step:
        """Values of the inputs, of one operation, or of the results."""
        equations = [_equation(place, PRIMAL, row.primal) for place, row in group if row.primal is not None]
        nodes = [row.node for _, row in group if isinstance(row.node, Node)]
        node = nodes[0] if nodes else None
        if _is_input(group):
            return self._step("Inputs", equations, nodes, note="The evaluation starts from the inputs.")
        if group[0][1].is_result:
            note = "The evaluation is complete." if nodes else "The result depends on no input."
            return self._step("Result", equations, nodes, note=note)
        assert node is not None
        note = "One operation, from values that are known already."
        if node.label:
            note = f"{node.label}: {note[0].lower()}{note[1:]}"
        return self._step("Values", equations, [node], self.into[node], note, int(node.primitive is not None))

    def _step(
        self,
        phase: str,
        equations: list[Equation],
        nodes: Sequence[Node],
        edges: Sequence[int] = (),
        note: str = "",
        operations: int = 0,
        shows: Sequence[tuple[Node, Line | None]] | None = None,
        found: Sequence[tuple[str, str]] = (),
    ) -> Step:
        if shows is None:  # values
            written = [(self.place[node], PRIMAL, in_a_box(node.value)) for node in nodes]
        else:
            written = [
                (self.place[node], DERIVATIVE, f"v{self.accent}{node.symbol[1:]} = {in_a_box(line.value)}")
                for node, line in shows
                if line is not None
            ]
        spoken = "; ".join([in_words(_text(equation)) for equation in equations[:8]])
        if len(equations) > 8:
            spoken += f"; and {len(equations) - 8} more"
        return Step(
            phase,
            equations,
            [self.place[node] for node in nodes],
            list(edges),
            written,
            note,
            f"{phase}: {spoken}. {note}",
            operations,
            list(found),
        )


class Reverse(_Steps):
    """The steps of an evaluation and of the sweep back from the result.

    Parameters
    ----------
    graph : Graph
    edges : sequence of Edge
        The arrows of the picture.
    seed : array_like, optional
        The adjoint of the result.
    """

    accent = OVER["bar"]

    def __init__(self, graph: Graph, edges: Sequence[Edge], seed: Any = None) -> None:
        super().__init__(graph, edges)
        self.seed = seed
        self.uses = Counter(edge.operand for edge in edges)
        self.is_gradient = seed is None and len(graph.outputs) == 1

    def sweep(self) -> Sweep:
        """Return the steps."""
        rows = Table(self.graph, "reverse", self.seed, "text", None).rows
        steps = [self._values(group) for group in _grouped(rows)]
        bars, terms = adjoints(self.graph, self.seed)
        following = iter(terms)
        before = {node for node in self.graph.outputs if isinstance(node, Node)}  # which have an adjoint already
        for group in reversed(_grouped(rows)):
            node = group[0][1].node
            if _is_input(group):
                steps.append(self._gradient(group))
            elif group[0][1].is_result:
                steps += [self._seed(*numbered) for numbered in reversed(group) if numbered[1].derivative is not None]
            else:
                for place, row in reversed(group):
                    if row.derivative is None:
                        continue
                    if node.kind == "output":
                        steps.append(self._adjoint(place, row, node.operands[0], 0, 0, False))
                        continue
                    term = next(following)
                    again = term.operand in before
                    count = _operations(recorded_rule(node, term.argnum, bars[node])) + again
                    steps.append(self._adjoint(place, row, term.operand, term.argnum, count, again))
                    before.add(term.operand)
        return Sweep("reverse", "", _labels(rows), steps)

    def _seed(self, place: int, row: Row) -> Step:
        """The adjoint of a result is given."""
        equation = _equation(place, DERIVATIVE, row.derivative)
        note = "The sweep back starts here: the derivative of the result by itself is 1."
        if not self.is_gradient:
            note = "The sweep back starts here, with the adjoint that was given."
        return self._step("Seed", [equation], [row.node], note=note, shows=[(row.node, row.derivative)])

    def _adjoint(self, place: int, row: Row, operand: Node, argnum: int, count: int, again: bool) -> Step:
        """An operation passes its adjoint on to one of its operands."""
        node, line = row.node, row.derivative
        assert line is not None
        equation = _equation(place, DERIVATIVE, line)
        edge = self.edge[Edge(operand, node, argnum)]
        note = f"Chain rule through {node.symbol} = {primal(node)}, to {_named(operand)}."
        if again:
            note += " The term is added: this value is used more than once."
        elif self.uses[operand] > 1:
            note += f" {operand.symbol} is used {_times(self.uses[operand])}: each use adds a term."
        return self._step("Adjoints", [equation], [node, operand], [edge], note, count, [(operand, line)])

    def _gradient(self, group: Sequence[tuple[int, Row]]) -> Step:
        """The adjoints of the inputs are complete."""
        result = names_of_outputs(self.graph)[0]
        lines = [(place, row, row.derivative) for place, row in group if row.derivative is not None]
        equations = [_equation(place, DERIVATIVE, line) for place, _, line in lines]
        found = [
            (f"∂{result}/∂{user_name(row.node)}" if self.is_gradient else line.name, brief(line.value))
            for _, row, line in lines
        ]
        nodes = [row.node for _, row in group]
        shows = [(row.node, line) for _, row, line in lines]
        those = {1: "the input", 2: "both inputs"}.get(len(nodes), f"all {len(nodes)} inputs")
        note = f"One sweep back has found the derivatives by {those}."
        return self._step("Gradient", equations, nodes, note=note, found=found, shows=shows)


class Forward(_Steps):
    """The steps of an evaluation that computes a tangent beside each value."""

    accent = OVER["dot"]

    def sweep(self, name: str, seed: tuple, unit: bool) -> Sweep:
        """Return the steps for one seed, which has a name, and may be the unit of one entry."""
        rows = Table(self.graph, "forward", seed, "text", None).rows
        dots = tangents(self.graph, dict(zip(self.graph.inputs, seed, strict=True)))
        active = self.graph.active_operands()
        steps = []
        for group in _grouped(rows):
            node = group[0][1].node
            steps.append(self._values(group))
            if group[0][1].is_result:
                steps.append(self._direction(group, name, unit))
            elif _is_input(group):
                steps.append(self._tangent_seeds(group, name))
            else:
                given = {i: dots[node.operands[i]] for i in active[node]}
                count = _operations(recorded_tangent(node, given)) if given and node.primitive else 0
                steps.append(self._tangent(*group[0], active[node], count))
        return Sweep("forward", name, _labels(rows), steps)

    def _tangent_seeds(self, group: Sequence[tuple[int, Row]], name: str) -> Step:
        """The tangents of the inputs are given."""
        equations = [_equation(place, DERIVATIVE, row.derivative) for place, row in group]
        note = f"The direction of {name}: how fast each input moves."
        nodes = [row.node for _, row in group]
        return self._step("Seed", equations, nodes, note=note, shows=[(row.node, row.derivative) for _, row in group])

    def _tangent(self, place: int, row: Row, active: Sequence[int], count: int) -> Step:
        """The tangent of one operation, from those of its operands."""
        node = row.node
        edges = [self.edge[Edge(node.operands[i], node, i)] for i in active]
        note = "Chain rule from the operands, at the same time as the value."
        if not active:
            note = "It does not move with the inputs."
        equation = _equation(place, DERIVATIVE, row.derivative)
        return self._step("Tangents", [equation], [node], edges, note, count, [(node, row.derivative)])

    def _direction(self, group: Sequence[tuple[int, Row]], name: str, unit: bool) -> Step:
        """The tangents of the results are known."""
        equations = [_equation(place, DERIVATIVE, row.derivative) for place, row in group]
        nodes = [row.node for _, row in group if isinstance(row.node, Node)]
        found = [
            (
                f"∂{row.primal.name}/∂{name}" if unit else f"along {name}: {row.derivative.name}",
                brief(row.derivative.value),
            )
            for _, row in group
            if row.derivative is not None and row.primal is not None
        ]
        note = f"One sweep has found the derivative in one direction, that of {name}."
        return self._step("Derivative", equations, nodes, note=note, found=found)


def in_a_box(value: Any) -> str:
    """Return a value in short, of a long one the shape."""
    if isinstance(value, (tuple, list)):
        return f"{len(value)} results"
    text = as_text(value)
    return text if len(text) <= IN_A_BOX else f"[{'×'.join(map(str, np.shape(value)))}]"


def _grouped(rows: Sequence[Row]) -> list[list[tuple[int, Row]]]:
    """Return the rows with their numbers: the inputs together, those of each operation, the results together."""

    def about(numbered: tuple[int, Row]) -> Any:
        row = numbered[1]
        return "results" if row.is_result else "inputs" if row.node.is_input else row.node.index

    return [list(group) for _, group in groupby(enumerate(rows), key=about)]


def _is_input(group: Sequence[tuple[int, Row]]) -> bool:
    row = group[0][1]
    return not row.is_result and row.node.is_input


def _labels(rows: Sequence[Row]) -> list[str]:
    return ["" if row.is_result or row.primal is None or row.node.is_input else row.node.label or "" for row in rows]


def _equation(place: int, side: int, line: Line | None) -> Equation:
    assert line is not None
    value = brief(line.value)
    return Equation(place, side, line.name, line.formula, line.numbers, value, _in_a_cell(line.value, value))


def _in_a_cell(value: Any, text: str) -> str:
    """Return a value for the table: of an array that takes much room the first entry and the last."""
    if width(text) <= IN_A_CELL or isinstance(value, (tuple, list)):
        return text
    array = np.asarray(value)
    ends = ", …, ".join([as_text(array.flat[0]), as_text(array.flat[-1])])
    return "[" * array.ndim + ends + "]" * array.ndim


def _operations(rule: Rule | None) -> int:
    """Return how many operations a local rule takes; 1 for a rule that cannot be looked into."""
    return 1 if rule is None else len(rule.graph.operations)


def _named(node: Node) -> str:
    return f"{node.symbol} ({full_label(node)})" if node.label else node.symbol


def _times(uses: int) -> str:
    return "twice" if uses == 2 else f"{uses} times"


def _text(equation: Equation) -> str:
    parts = [equation.name, equation.formula, equation.numbers, equation.value]
    return " = ".join([part for part in parts if part])
