"""Pictures of a recorded graph, or of what was computed eagerly: SVG, PNG, PDF, DOT, and in notebooks."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from autodiff.graph import Graph
from autodiff.operands import Spec

SMALL = 30  # nodes, up to which every operation is drawn
LIMIT = 20_000  # nodes, above which a graph is not looked at
VIEWS = (None, "operations", "model")
DIRECTIONS = (None, "right", "down")


class Picture:
    """A diagram, drawn when it is looked at; notebooks display it.

    Made by `draw`.

    Attributes
    ----------
    source : str
        The diagram in Graphviz's DOT language.
    """

    def __init__(self, source: str, title: str, subject: Any) -> None:
        self.source = source
        self.title = title
        self._subject = subject  # what a notebook shows if Graphviz is missing

    def render(self, format: str = "svg") -> bytes:
        """Return the picture in the format "svg", "png", "pdf" or "dot".

        Raises
        ------
        ImportError
            If neither Graphviz nor pygraphviz is installed; "dot" needs neither.
        """
        from autodiff.readers.rendering import render

        return render(self.source, _checked_format(format))

    def save(self, path: str | os.PathLike, format: str | None = None) -> None:
        """Write the picture to a file, whose suffix tells the format unless it is given."""
        picture = self.render(_format_of(path, format))
        with open(path, "wb") as file:
            file.write(picture)

    def _repr_svg_(self) -> str | None:
        try:
            return self.render("svg").decode()
        except Exception:  # a notebook shows what it can
            return None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        svg = self._repr_svg_()
        shown = {"image/svg+xml": svg} if svg is not None else {"text/html": _table(self._subject)}
        return {**shown, "text/plain": repr(self)}

    def _repr_html_(self) -> str:
        return self._repr_svg_() or _table(self._subject)

    def __repr__(self) -> str:
        return f"<Picture of {self.title}: .save('picture.svg') writes it, .source is its DOT text>"


def draw(
    graph: Any,
    path: str | os.PathLike | None = None,
    format: str | None = None,
    *,
    view: str | None = None,
    depth: int | None = None,
    max_nodes: int = 150,
    direction: str | None = None,
    gradients: bool = True,
    limit: int = LIMIT,
) -> Picture:
    """Return a picture of a graph; write it to `path` if there is one.

    Parameters
    ----------
    graph : Graph or Tensor
        What `ad.record` returns, or the result of operations on tensors. Of a tensor the
        gradients are those that `backward` has left: a dash before.
    path : str or path-like, optional
        Where to write it. The suffix tells the format: .svg, .png, .pdf or .dot.
    format : {"svg", "png", "pdf", "dot"}, optional
        If the path does not tell it; "svg" by default.
    view : {"operations", "model"}, optional
        Every operation, with its value and the gradient; or modules as boxes with their
        parameters counted and the shapes on the arrows. By default "operations" for up to 30
        nodes, else "model".
    depth : int, optional
        How deep modules are opened in the model view; by default as deep as leaves at most 40 boxes.
    max_nodes : int
        How many boxes there may be. In the model view what is too much is folded, which the
        caption says.
    direction : {"right", "down"}, optional
        Of the arrows; by default "right" for short graphs of operations.
    gradients : bool
        Whether to show gradients of the result, if it is one number.
    limit : int
        How many nodes the graph may have at all.

    Returns
    -------
    Picture
        Notebooks display it; `.save(path)` writes it, `.source` is its DOT text.

    Raises
    ------
    TypeError
        If `graph` is neither a tensor nor a graph.
    ValueError
        For unknown formats and options, a graph with more nodes than `limit`, and a view of
        operations with more than `max_nodes` of them.
    ImportError
        If neither Graphviz nor pygraphviz is there to write the file.

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.tensor(2.0, requires_grad=True, name="x")
    >>> loss = x * x
    >>> picture = ad.draw(loss)
    >>> picture.source.splitlines()[-2].strip()
    'v0 -> v1 [label=" ×2 "]'
    """
    if path is not None:
        format = _format_of(path, format)
    elif format is not None:
        _checked_format(format)
    _check_options(view, direction, depth, max_nodes)
    diagram, subject = _diagram(graph, view, depth, max_nodes, gradients, limit)
    if direction is not None:
        diagram.direction = direction
    picture = Picture(diagram.to_dot(), diagram.title, subject)
    if path is not None:
        picture.save(path, format)
    return picture


def _diagram(subject: Any, view: str | None, depth: int | None, max_nodes: int, gradients: bool, limit: int) -> tuple:
    """Return the diagram, and the graph it shows."""
    from autodiff.readers.model_view import model_view
    from autodiff.readers.operation_view import operation_view
    from autodiff.tape_graph import read_tape

    notes = []
    grads: Any = None
    if isinstance(subject, Graph):
        graph = subject
        if len(graph) > limit:
            raise ValueError(
                f"draw: a picture is made of at most {limit:,} nodes; got {len(graph):,}. "
                "Record a part of the program, or raise `limit`."
            )
    else:
        tape = read_tape(subject, limit, title=getattr(subject, "name", None) or "tensor")
        graph, grads = tape.graph, tape.gradients
        if tape.summed:
            notes.append(
                "Inputs show .grad, which adds up over backward passes; the other boxes show this result's gradient"
            )
    shows_operations = view == "operations" or (view is None and len(graph) <= min(SMALL, max_nodes))
    if not shows_operations:
        diagram = model_view(graph, depth, max_nodes)
        if not isinstance(subject, Graph):
            diagram.caption.append("A tensor does not know its modules: draw ad.record(f, *args) to see them")
        return diagram, subject
    if len(graph) > max_nodes:
        raise ValueError(
            f"draw: at most max_nodes={max_nodes} operations are drawn one by one; got a graph of {len(graph):,}. "
            'Fold them with view="model", or raise max_nodes.'
        )
    if grads is None and gradients:
        grads = _gradients(graph)
    diagram = operation_view(graph, grads if gradients else None)
    diagram.caption += notes
    return diagram, subject


def _gradients(graph: Graph) -> dict | None:
    """Return the gradient of the result with respect to every node; None if there is no gradient."""
    from autodiff.readers.sweeps import adjoints

    outputs = graph.outputs
    if len(outputs) != 1 or not hasattr(outputs[0], "primitive") or np.size(outputs[0].value) != 1:
        return None
    if outputs[0].dtype.kind not in "fc" or any(isinstance(node.value, Spec) for node in graph):
        return None  # that of a compiled program has no numbers to sweep back with
    with np.errstate(all="ignore"):
        bars = adjoints(graph)[0]
    zero = np.float64(0.0)
    several = (tuple, list)
    return {
        node: bars.get(node, None if isinstance(node.value, several) or node.dtype.kind not in "fc" else zero)
        for node in graph
    }


def _check_options(view: Any, direction: Any, depth: Any, max_nodes: Any) -> None:
    for name, value, known in (("view", view, VIEWS), ("direction", direction, DIRECTIONS)):
        if value not in known:
            choices = " or ".join(repr(choice) for choice in known if choice)
            raise ValueError(f"draw: no such {name}; got {value!r}. Choose {choices}, or leave it out.")
    for name, value, least in (("depth", depth, 1), ("max_nodes", max_nodes, 10)):
        if value is not None and (not isinstance(value, (int, np.integer)) or value < least):
            raise ValueError(
                f"draw: `{name}` is an integer of at least {least}; got {value!r}. Leave it out if unsure."
            )


def _format_of(path: str | os.PathLike, format: str | None) -> str:
    """Return the format that a path or the user asks for."""
    suffix = os.path.splitext(path)[1].removeprefix(".").lower()
    format = format or suffix or "svg"
    _checked_format(format)
    if suffix and suffix != format:
        raise ValueError(f"draw: the suffix of the file tells another format; got .{suffix} and {format!r}. Say one.")
    return format


def _checked_format(format: str) -> str:
    from autodiff.readers.rendering import FORMATS

    if format not in FORMATS:
        raise ValueError(f"draw: no such format; got {format!r}. Choose one of {', '.join(FORMATS)}.")
    return format


def graph_in_notebook(graph: Graph) -> str:
    """Return the picture of a graph for a notebook; without Graphviz its table, else its name. It never raises."""
    try:
        svg = draw(graph)._repr_svg_()
    except Exception:  # too large, for example
        svg = None
    return svg or _table(graph)


def _table(subject: Any) -> str:
    """Return the table of a graph as HTML, else what it is called."""
    try:
        return str(subject.table()._repr_html_())
    except Exception:
        from html import escape

        return f"<pre>{escape(repr(subject))}</pre>"
