"""Evaluation traces: the tables in which textbooks do automatic differentiation by hand.

On the left the primal trace, read downwards. Beside it the tangent trace, read downwards too, or
the adjoint trace, read upwards: each of its lines stands on the row of the operation it comes
from, and an adjoint with several terms grows line by line (Baydin, Pearlmutter, Radul & Siskind
2018, "Automatic Differentiation in Machine Learning: a Survey", JMLR 18, Tables 2 and 3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff.boundary import one_like, zero_like
from autodiff.dispatch import RULES
from autodiff.graph import Graph, Node
from autodiff.readers import layouts
from autodiff.readers.formula import primal, recorded_rule, recorded_tangent, rule_written, unknown_rule
from autodiff.readers.names import accented, in_latex, names_of_outputs
from autodiff.readers.notation import NOTATIONS, PRODUCT, Written
from autodiff.readers.sweeps import Contribution, adjoint_seeds, adjoints, tangents
from autodiff.readers.writer import Writer, constant, symbol

FORMATS = ("text", "markdown", "latex", "html", "csv")


class Line(NamedTuple):
    """One equation of a trace: `name = formula = numbers = value`."""

    name: str
    formula: str  # empty where there is none
    numbers: str  # the formula with numbers put in; empty where that would say nothing new
    value: Any


class Row(NamedTuple):
    """One row of the table.

    Attributes
    ----------
    node : Node or object
        What it is about; a number for a result that depends on no input.
    primal, derivative : Line or None
        None where the other side has several lines for one of this.
    is_result : bool
        Whether it names a result, y = v₅, rather than a step.
    """

    node: Any
    primal: Line | None
    derivative: Line | None
    is_result: bool = False


class _Place(NamedTuple):
    """What a row is about: enough to write it when it is asked for."""

    kind: str  # "input", "operation" or "output"
    node: Any
    number: int = 0  # of an output
    term: Contribution | None = None
    before: Any = None  # the adjoint to which a term is added
    total: Any = None  # and what it is then
    first: bool = True  # whether the primal line stands here


class Table:
    """An evaluation trace; `print` shows it, notebooks display it.

    Made by `graph.table`. Iterating over it gives its rows from the top, all of them.

    Attributes
    ----------
    graph : Graph
    mode : {None, "forward", "reverse"}
    """

    def __init__(self, graph: Graph, mode: str | None, seed: Any, format: str, rows: int | None) -> None:
        self.graph = graph
        self.mode = mode
        self.format = format
        self.limit = rows
        self._active = graph.active_operands()
        self._outputs = names_of_outputs(graph)
        self._dots: Mapping[Node, Any] = {}
        self._bars: Mapping[Node, Any] = {}
        terms: Sequence[Contribution] = ()
        seeds: Sequence = ()
        if mode == "forward":
            self._dots = tangents(graph, _tangent_seeds(graph, seed))
        elif mode == "reverse":
            seeds = adjoint_seeds(graph, seed)
            self._bars, terms = adjoints(graph, seed)
        self._places = _places(graph, terms, seeds)

    @property
    def rows(self) -> list[Row]:
        """The rows, from the top, in characters."""
        return self.lines()

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self._places)

    def __str__(self) -> str:
        return getattr(self, f"to_{self.format}")()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_text(self) -> str:
        """Return the table in characters, its columns aligned."""
        return layouts.text(self)

    def to_markdown(self) -> str:
        """Return the table in GitHub's Markdown."""
        return layouts.markdown(self)

    def to_latex(self) -> str:
        """Return the table as an array of LaTeX's mathematics."""
        return layouts.latex(self)

    def to_html(self) -> str:
        """Return the table as an element of a page."""
        return layouts.html(self)

    def to_csv(self) -> str:
        """Return all rows as comma-separated values, with all digits of the numbers."""
        return layouts.csv(self)

    def lines(self, latex: bool = False, start: int = 0, stop: int | None = None) -> list[Row]:
        """Return the rows from `start` to `stop`, in characters or in LaTeX."""
        side = {None: None, "forward": self._tangent, "reverse": self._adjoint}[self.mode]
        return [
            Row(
                place.node,
                self._primal(place, latex) if place.first else None,
                side(place, latex) if side is not None else None,
                place.kind == "output",
            )
            for place in self._places[start:stop]
        ]

    # --- one line ---------------------------------------------------------------------------------------

    def _primal(self, place: _Place, latex: bool) -> Line:
        node = place.node
        if place.kind == "output":
            name = self._outputs[place.number]
            name = in_latex(name) if latex else name
            return (
                Line(name, symbol(node, latex), "", node.value) if isinstance(node, Node) else Line(name, "", "", node)
            )
        name = symbol(node, latex)
        if place.kind == "input":
            label = node.label or ""
            return Line(name, in_latex(label) if latex and label else label, "", node.value)
        if node.kind == "output":
            return Line(name, primal(node, latex), "", node.value)
        return _line(name, primal(node, latex), primal(node, latex, values=True), node.value, latex)

    def _tangent(self, place: _Place, latex: bool) -> Line:
        node = place.node
        if place.kind == "output":
            name = accented(self._outputs[place.number], "dot", latex)
            if not isinstance(node, Node):
                return Line(name, "", "", zero_like(node))
            return Line(name, symbol(node, latex, "dot"), "", self._dots[node])
        name, dot = symbol(node, latex, "dot"), self._dots[node]
        if place.kind == "input":
            return Line(name, accented(node.label, "dot", latex) if node.label else "", "", dot)
        active = self._active[node]
        if not active:
            return Line(name, "", "", dot)
        if node.kind == "output":
            return Line(name, f"{symbol(node.operands[0], latex, 'dot')}[{node.operands[1]}]", "", dot)
        rule = recorded_tangent(node, {i: self._dots[node.operands[i]] for i in active})
        formula = rule_written(rule, latex)
        if formula is None:
            return Line(name, " + ".join([unknown_rule(node, node.operands[i], False, latex) for i in active]), "", dot)
        numbers = rule_written(rule, latex, numbers=True)
        return _line(name, formula.text, numbers.text if numbers is not None else "", dot, latex)

    def _adjoint(self, place: _Place, latex: bool) -> Line | None:
        node = place.node
        if place.kind == "output":
            if not isinstance(node, Node):
                return None
            seed = accented(self._outputs[place.number], "bar", latex)
            name = symbol(node, latex, "bar")
            return Line(name, seed if place.before is None else f"{name} + {seed}", "", place.total)
        if place.kind == "input":
            bar = self._bars.get(node, zero_like(node.value))
            name = accented(node.label, "bar", latex) if node.label else symbol(node, latex, "bar")
            return Line(name, symbol(node, latex, "bar") if node.label else "", "", bar)
        if node.kind == "output":
            if node not in self._bars:
                return None
            name = f"{symbol(node.operands[0], latex, 'bar')}[{node.operands[1]}]"
            return Line(name, symbol(node, latex, "bar"), "", self._bars[node])
        return self._contribution(place.term, place.before, latex) if place.term is not None else None

    def _contribution(self, term: Contribution, before: Any, latex: bool) -> Line:
        """Return the line of one term of an adjoint: ū = …, or ū = ū + … if it is not the first."""
        rule = recorded_rule(term.node, term.argnum, self._bars[term.node])
        formula = rule_written(rule, latex)
        name = symbol(term.operand, latex, "bar")
        numbers = rule_written(rule, latex, numbers=True) if formula is not None else None
        if formula is None:
            formula = Written(unknown_rule(term.node, term.operand, True, latex))
        if before is None:
            return _line(name, formula.text, numbers.text if numbers is not None else "", term.total, latex)
        added = NOTATIONS[RULES[np.add]]
        writer = Writer(lambda x: constant(x, latex), latex)
        if numbers is None:
            numbers = constant(term.term, latex)
        with_numbers = writer.filled(added, [constant(before, latex), numbers]).text
        if formula.text[0] in "−-" and formula.binds >= PRODUCT:
            added, formula = NOTATIONS[RULES[np.subtract]], formula._replace(text=formula.text[1:])
        return _line(name, writer.filled(added, [Written(name), formula]).text, with_numbers, term.total, latex)


def _line(name: str, formula: str, numbers: str, value: Any, latex: bool) -> Line:
    """Return a line, without the numbers where they are the value itself."""
    return Line(name, formula, "" if numbers in (formula, constant(value, latex).text) else numbers, value)


def _places(graph: Graph, terms: Sequence[Contribution], seeds: Sequence) -> list[_Place]:
    """Return what the rows are about, from the top."""
    totals: dict[Node, Any] = {}
    results = []
    for number, (node, seed) in enumerate(zip(graph.outputs, seeds or [None] * len(graph.outputs), strict=True)):
        before = totals.get(node) if isinstance(node, Node) else None
        if seed is not None:
            totals[node] = seed if before is None else before + seed
        results.append(
            _Place("output", node, number, before=before, total=totals.get(node) if seed is not None else None)
        )
    of_node: dict[Node, list[_Place]] = {}
    for term in terms:
        place = _Place(
            "operation", term.node, term=term, before=totals.get(term.operand), total=term.total, first=False
        )
        of_node.setdefault(term.node, []).insert(0, place)
        totals[term.operand] = term.total
    places = [_Place("input", node) for node in graph.inputs]
    for node in graph.operations:
        top, *others = of_node.get(node, [_Place("operation", node)])
        places += [top._replace(first=True), *others]
    return places + results


def _tangent_seeds(graph: Graph, seed: Any) -> dict[Node, Any]:
    """Return the tangents of the inputs that are given any."""
    inputs = graph.inputs
    arguments = [node for node in inputs if node.kind == "input"]
    names = [node.label or node.name for node in inputs]
    if seed is None:
        if len(inputs) == 1 and inputs[0].shape == ():
            return {inputs[0]: one_like(inputs[0].value)}
        raise ValueError(
            f"table: the tangent trace needs a direction; got {len(inputs)} inputs ({', '.join(names)}) and no seed. "
            "Give their tangents in a tuple, seed=(1.0, 0.0), or some of them by name, seed={'x1': 1.0}."
        )
    if isinstance(seed, Mapping):
        unknown = [name for name in seed if name not in names]
        if unknown:
            raise ValueError(
                f"table: the seed names arguments; got {unknown[0]!r}, which is none of {', '.join(names)}. "
                "Use these names."
            )
        return {node: seed[name] for node, name in zip(inputs, names, strict=True) if name in seed}
    if isinstance(seed, (tuple, list)) and len(seed) in (len(inputs), len(arguments)):
        return dict(zip(inputs, seed, strict=False))
    if len(arguments) == 1:
        return {arguments[0]: seed}
    raise ValueError(
        f"table: the seed is a tangent for each input ({', '.join(names)}); got {seed!r}. Give as many in a tuple."
    )


def table(
    graph: Graph,
    mode: str | None = None,
    seed: Any = None,
    format: str = "text",
    *,
    rows: int | None = 60,
) -> Table:
    """Return the evaluation trace of a graph, as textbooks tabulate it.

    Parameters
    ----------
    graph : Graph
        From `ad.record`. As a method: `graph.table(…)`.
    mode : {None, "forward", "reverse"}
        What stands beside the primal trace: nothing; the tangents; the adjoints, which are read upwards.
    seed : tuple, mapping or array_like, optional
        Forward: the tangent of each input, in a tuple; or of some by the argument's name, the others 0; not
        needed for one scalar. Reverse: the adjoint of the result, 1 for a scalar; of several, a tuple.
    format : {"text", "markdown", "latex", "html", "csv"}
        What `str` and `print` give; the others are its methods `to_markdown()`, ….
    rows : int or None
        How many rows are shown of a long trace, half of them at its head and half at its tail; None: all.
        CSV always has all.

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        For a mode, a format or a seed that is none, and for an adjoint trace without a scalar result or seed.

    Examples
    --------
    The function of Baydin et al. (2018), Table 2, in the direction of x1, and Table 3:

    >>> import numpy as np, autodiff as ad
    >>> graph = ad.record(lambda x1, x2: np.log(x1) + x1 * x2 - np.sin(x2), 2.0, 5.0)
    >>> graph.table("forward", seed=(1, 0))
    primal trace ↓                                 │ tangent trace ↓
    ───────────────────────────────────────────────┼───────────────────────────────────────────────────
    v₋₁  = x1                             = 2      │ v̇₋₁  = ẋ1                                    = 1
    v₀   = x2                             = 5      │ v̇₀   = ẋ2                                    = 0
    v₁   = ln(v₋₁)   = ln(2)              = 0.693  │ v̇₁   = v̇₋₁ / v₋₁            = 1 / 2          = 0.5
    v₂   = v₋₁ · v₀  = 2 · 5              = 10     │ v̇₂   = v̇₋₁ · v₀ + v̇₀ · v₋₁  = 1 · 5 + 0 · 2  = 5
    v₃   = sin(v₀)   = sin(5)             = −0.959 │ v̇₃   = v̇₀ · cos(v₀)         = 0 · cos(5)     = 0
    v₄   = v₁ + v₂   = 0.693 + 10         = 10.693 │ v̇₄   = v̇₁ + v̇₂              = 0.5 + 5        = 5.5
    v₅   = v₄ − v₃   = 10.693 − (−0.959)  = 11.652 │ v̇₅   = v̇₄ − v̇₃              = 5.5 − 0        = 5.5
    y    = v₅                             = 11.652 │ ẏ    = v̇₅                                    = 5.5
    >>> graph.table("reverse")
    primal trace ↓                                 │ adjoint trace ↑
    ───────────────────────────────────────────────┼──────────────────────────────────────────────────
    v₋₁  = x1                             = 2      │ x̄1   = v̄₋₁                               = 5.5
    v₀   = x2                             = 5      │ x̄2   = v̄₀                                = 1.716
    v₁   = ln(v₋₁)   = ln(2)              = 0.693  │ v̄₋₁  = v̄₋₁ + v̄₁ / v₋₁  = 5 + 1 / 2       = 5.5
    v₂   = v₋₁ · v₀  = 2 · 5              = 10     │ v̄₀   = v̄₀ + v̄₂ · v₋₁   = −0.284 + 1 · 2  = 1.716
                                                   │ v̄₋₁  = v̄₂ · v₀         = 1 · 5           = 5
    v₃   = sin(v₀)   = sin(5)             = −0.959 │ v̄₀   = v̄₃ · cos(v₀)    = −1 · cos(5)     = −0.284
    v₄   = v₁ + v₂   = 0.693 + 10         = 10.693 │ v̄₂   = v̄₄                                = 1
                                                   │ v̄₁   = v̄₄                                = 1
    v₅   = v₄ − v₃   = 10.693 − (−0.959)  = 11.652 │ v̄₃   = −v̄₅                               = −1
                                                   │ v̄₄   = v̄₅                                = 1
    y    = v₅                             = 11.652 │ v̄₅   = ȳ                                 = 1
    """
    if mode not in (None, "forward", "reverse"):
        raise ValueError(f'table: mode is None, "forward" or "reverse"; got {mode!r}. Choose one of them.')
    if format not in FORMATS:
        raise ValueError(f"table: knows the formats {', '.join(FORMATS)}; got {format!r}. Choose one of them.")
    if rows is not None and rows < 2:
        raise ValueError(f"table: shows at least two rows, the head and the tail; got rows={rows!r}. Use None for all.")
    return Table(graph, mode, seed, format, rows)
