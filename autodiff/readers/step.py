"""A page to step through a trace: the picture, the table and the local rule, in one file without any request."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from autodiff.graph import Graph, Node
from autodiff.readers.formula import primal
from autodiff.readers.layouts import width
from autodiff.readers.names import names_of_outputs
from autodiff.readers.operation_view import full_label
from autodiff.readers.page.directions import entries, seeds
from autodiff.readers.page.picture import Box, Edge, edges_of, picture, short
from autodiff.readers.page.steps import DERIVATIVE, PRIMAL, Equation, Forward, Reverse, Sweep, in_a_box

VIEWS = {"reverse": "Reverse", "forward": "Forward", "both": "Side by side"}
LIMIT = 250  # nodes
COLUMNS = {"forward": "Tangents ↓", "reverse": "Adjoints ↑"}


def to_html(
    graph: Graph, path: str | Path | None = None, *, mode: str = "reverse", seed: Any = None, limit: int = LIMIT
) -> str | None:
    """Return a page on which one steps through the trace of a graph, or write it to a file.

    It is one file that loads nothing: the picture, the evaluation trace and the current local rule
    with its numbers, forwards through the values and backwards through the adjoints, or forwards
    through values and tangents, or both modes side by side with the operations each has taken.

    Parameters
    ----------
    graph : Graph
        From `ad.record`. As a method: `graph.to_html("trace.html")`.
    path : path, optional
        Where to write it; without, the page is returned.
    mode : {"reverse", "forward", "both"}
        What is shown first; the reader can choose.
    seed : array_like, optional
        The adjoint of the result, 1 for a scalar; of several results, a tuple.
    limit : int
        How many nodes may be drawn.

    Returns
    -------
    str or None
        The page, unless it is written to `path`. The same graph gives the same bytes.

    Raises
    ------
    ValueError
        For a mode that is none, a result that is no scalar without a seed, and a graph of more nodes than `limit`.

    Examples
    --------
    >>> import numpy as np, autodiff as ad
    >>> graph = ad.record(lambda x1, x2: np.log(x1) + x1 * x2 - np.sin(x2), 2.0, 5.0)
    >>> page = graph.to_html(mode="both")
    >>> "11.652" in page, "http:" in page
    (True, False)
    """
    if mode not in VIEWS:
        raise ValueError(f"to_html: mode is one of {', '.join(VIEWS)}; got {mode!r}. Choose one of them.")
    if len(graph) > limit:
        raise ValueError(
            f"to_html: nobody steps through so many nodes; got {len(graph)}, the limit is {limit}. Record smaller "
            "arguments or a part of the function, or look at graph.draw(), which folds; limit=… draws them all."
        )
    page = _page(graph, mode, seed)
    if path is None:
        return page
    Path(path).write_text(page, encoding="utf-8", newline="\n")
    return None


def _page(graph: Graph, mode: str, seed: Any) -> str:
    edges = edges_of(graph)
    reverse = Reverse(graph, edges, seed).sweep()
    forward = [Forward(graph, edges).sweep(*direction) for direction in seeds(graph)]
    parts = {name: files("autodiff.readers.page").joinpath(name).read_text("utf-8") for name in FILES}
    style, script = parts["page.css"], parts["page.js"]
    panes = [_pane(graph, edges, sweeps) for sweeps in (forward, [reverse]) if sweeps]
    title = printable(_title(graph))
    return Template(parts["page.html"]).substitute(
        policy=f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}",
        title=escape(title),
        subtitle=escape(printable(_at(graph))),
        views="\n".join([_view(name, text, name == mode) for name, text in VIEWS.items()]),
        seeds="\n".join(
            [f'<option value="{k}">{escape(printable(sweep.seed))}</option>' for k, sweep in enumerate(forward)]
        ),
        panes="\n".join(panes),
        style=style,
        script=script,
        data=_data(graph, reverse, forward),
    )


FILES = ("page.html", "page.css", "page.js")


def _title(graph: Graph) -> str:
    name = graph.title if graph.title.isidentifier() else "f"
    arguments = [full_label(node) or node.symbol for node in graph.inputs if node.kind == "input"]
    return f"{', '.join(names_of_outputs(graph))} = {name}({', '.join(arguments)})"


def _at(graph: Graph) -> str:
    """Return the point at which the function was recorded."""
    shown = [f"{full_label(node) or node.symbol} = {in_a_box(node.value)}" for node in graph.inputs[:8]]
    return f"at {', '.join(shown)}{', …' if len(graph.inputs) > 8 else ''}" if shown else ""


def _view(name: str, text: str, checked: bool) -> str:
    mark = " checked" if checked else ""
    return f'<label><input type="radio" name="view" value="{name}"{mark}> <span>{text}</span></label>'


# --- one mode: picture, rule and table -------------------------------------------------------------------


def _pane(graph: Graph, edges: Sequence[Edge], sweeps: Sequence[Sweep]) -> str:
    mode = sweeps[0].mode
    name = f"{VIEWS[mode]} mode"
    described = f"Graph of {printable(_title(graph))}: {len(graph.inputs)} inputs, {len(graph.operations)} operations"
    drawn = picture(graph, _boxes(graph, sweeps), edges, described)
    return (
        f'<section class="pane" data-mode="{mode}" aria-label="{name}">\n<h2>{name}</h2>\n'
        '<div class="rule"><p class="phase"></p><div class="equations"></div><p class="note"></p></div>\n'
        '<dl class="count"><div><dt>Operations so far</dt><dd class="total"></dd></div>'
        '<div><dt>for values</dt><dd class="values"></dd></div>'
        '<div><dt>for derivatives</dt><dd class="derivatives"></dd></div></dl>\n'
        f'<p class="found"></p>\n'
        f'<div class="scroll drawing" tabindex="0" role="group" aria-label="Picture, {name}">\n{drawn}\n</div>\n'
        f'<div class="scroll listing" tabindex="0" role="group" aria-label="Table, {name}">\n'
        f"{_table(sweeps[0])}\n</div>\n</section>"
    )


def _boxes(graph: Graph, sweeps: Sequence[Sweep]) -> dict[Node, Box]:
    """Return the texts of the boxes, large enough for all that will stand in them."""
    longest: dict[tuple[int, int], str] = {}
    for sweep in sweeps:
        for step in sweep.steps:
            for place, side, text in step.shows:
                if width(text) > width(longest.get((place, side), "")):
                    longest[place, side] = text
    boxes = {}
    for number, node in enumerate(graph):
        formula = node.symbol if node.is_input else f"{node.symbol} = {primal(node)}"
        below = [longest.get((number, side), "") for side in (PRIMAL, DERIVATIVE)]
        boxes[node] = Box(short(printable(full_label(node) or ""), 16), short(printable(formula)), *below)
    return boxes


def _table(sweep: Sweep) -> str:
    """Return the evaluation trace, a cell for each equation and for each value."""
    sides: list[dict[int, Equation]] = [{}, {}]
    for step in sweep.steps:
        for equation in step.equations:
            sides[equation.side][equation.row] = equation
    rows = []
    for number, label in enumerate(sweep.labels):
        cells = [_cells(side.get(number), kind) for side, kind in zip(sides, ("value", "derivative"), strict=True)]
        named = f'<b class="label">{escape(printable(label))}</b> ' if label else ""
        cells[PRIMAL] = cells[PRIMAL].replace(">", f">{named}", 1)
        rows.append(f'<tr role="row" data-row="{number}">{"".join(cells)}</tr>')
    head = "".join(
        f'<th role="columnheader" colspan="2" scope="colgroup">{title}</th>'
        for title in ("Values ↓", COLUMNS[sweep.mode])
    )
    return "\n".join(
        [
            f'<table role="table" aria-label="Evaluation trace, {VIEWS[sweep.mode].lower()} mode">',
            f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>',
            '<tbody role="rowgroup">',
            *rows,
            "</tbody>\n</table>",
        ]
    )


def _cells(equation: Equation | None, kind: str) -> str:
    name, value = "", ""
    if equation is not None:
        name = " = ".join([part for part in (equation.name, equation.formula) if part])
        value = equation.cell
    return (
        f'<td role="cell" class="equation {kind}">{escape(printable(name))}</td>'
        f'<td role="cell" class="number {kind}">{escape(printable(value))}</td>'
    )


# --- data --------------------------------------------------------------------------------------------------


def _data(graph: Graph, reverse: Sweep, forward: Sequence[Sweep]) -> str:
    """Return what the script needs as JSON that no text can break out of.

    The values are the same in every sweep forward: after the first, None stands for those steps.
    """
    number = entries(graph)
    first = [[step._asdict() for step in sweep.steps] for sweep in forward[:1]]
    others = [
        [step._asdict() if step.equations[0].side == DERIVATIVE else None for step in sweep.steps]
        for sweep in forward[1:]
    ]
    data = {
        "entries": number,
        "results": sum(int(np.size(output.value)) for output in graph.outputs if isinstance(output, Node)),
        "complete": len(forward) == number,  # whether the sweeps forward give the whole gradient
        "sweeps": {"forward": [*first, *others], "reverse": [[step._asdict() for step in reverse.steps]]},
    }
    text = json.dumps(_printable_in(data), separators=(",", ":"))
    return "".join([f"\\u{ord(c):04x}" if c in "<>&" else c for c in text])


def _printable_in(tree: Any) -> Any:
    """Return nested containers with all their texts made printable, named tuples as dictionaries."""
    if isinstance(tree, str):
        return printable(tree)
    if isinstance(tree, Equation):
        return _printable_in(tree._asdict())
    if isinstance(tree, dict):
        return {key: _printable_in(value) for key, value in tree.items()}
    return [_printable_in(item) for item in tree] if isinstance(tree, (list, tuple)) else tree


def printable(text: str) -> str:
    """Return a user's text as one line without control characters."""
    return "".join([character if character.isprintable() else "\ufffd" for character in " ".join(text.split())])


def _hash(content: str) -> str:
    """Return what a content security policy allows a `<style>` or `<script>` of this content by."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
