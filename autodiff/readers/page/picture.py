"""The graph as SVG: a box for each value, with room for the value and its derivative; an arrow for each use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from autodiff.graph import Graph, Node, _nodes_in
from autodiff.readers.layouts import width
from autodiff.readers.page.layout import layered

CHARACTER, LINE, HEIGHT = 7.7, 19, 66  # pixels; characters on average, of a wide font
LONGEST = 30  # characters in a line


class Edge(NamedTuple):
    """One use of a value: by an operation, as which of its operands (None: in its parameters)."""

    operand: Node
    node: Node
    argnum: int | None


class Box(NamedTuple):
    """The lines of a box: label and formula, and the longest texts that will stand below."""

    label: str
    formula: str
    value: str
    derivative: str


def edges_of(graph: Graph) -> list[Edge]:
    """Return the uses of all values, in the order of the nodes."""
    edges = []
    for node in graph:
        for argnum, operand in enumerate(node.operands):
            edges += [Edge(parent, node, argnum) for parent in _nodes_in(operand)]
        edges += [Edge(parent, node, None) for parent in _nodes_in(list(node.parameters.values()))]
    return edges


def short(text: str, length: int = LONGEST) -> str:
    """Return a text that fits into a box."""
    return text if width(text) <= length else f"{text[: length - 1]}…"


def picture(graph: Graph, boxes: Mapping[Node, Box], edges: Sequence[Edge], name: str) -> str:
    """Return the SVG element."""
    place = {node: number for number, node in enumerate(graph)}
    drawing = layered(
        [_width(boxes[node]) for node in graph], HEIGHT, [(place[edge.operand], place[edge.node]) for edge in edges]
    )
    lines = [
        f'<svg class="picture" role="img" aria-label="{escape(name)}" width="{drawing.width:g}" '
        f'height="{drawing.height:g}" viewBox="0 0 {drawing.width:g} {drawing.height:g}">'
    ]
    for number, arrow in enumerate(drawing.arrows):
        down = "M{:g} {:g}l-4.5 -9h9z".format(*arrow.end)
        up = "M{:g} {:g}l-4.5 9h9z".format(*arrow.start)
        lines.append(
            f'<g class="edge" data-edge="{number}"><path class="line" d="{arrow.path}"/>'
            f'<path class="head down" d="{down}"/><path class="head up" d="{up}"/></g>'
        )
    for number, (node, corner) in enumerate(zip(graph, drawing.corners, strict=True)):
        lines.append(_box(number, node, boxes[node], corner, _role(node, graph)))
    return "\n".join([*lines, "</svg>"])


def _role(node: Node, graph: Graph) -> str:
    if any(node is output for output in graph.outputs):
        return "result"
    return node.kind if node.is_input else "operation"


def _width(box: Box) -> float:
    first = width(box.label) * 1.15 + 2 + width(box.formula) if box.label else width(box.formula)
    return max(70.0, round(CHARACTER * max(first, width(box.value), width(box.derivative)) + 22))


def _box(number: int, node: Node, box: Box, corner: tuple[float, float], role: str) -> str:
    (x, y), box_width = corner, _width(box)
    label = f'<tspan class="label">{escape(box.label)}</tspan>&#160; ' if box.label else ""
    lines = [
        ("formula", label + escape(box.formula)),
        ("value", escape(box.value)),
        ("derivative", escape(box.derivative)),
    ]
    texts = [
        f'<text class="{kind}" x="{x + box_width / 2:g}" y="{y + 20 + place * LINE:g}">{text}</text>'
        for place, (kind, text) in enumerate(lines)
    ]
    radius = 2 if node.is_input else 9
    return (
        f'<g class="node {role}" data-node="{number}">'
        f'<rect x="{x:g}" y="{y:g}" width="{box_width:g}" height="{HEIGHT}" rx="{radius}"/>{"".join(texts)}</g>'
    )
