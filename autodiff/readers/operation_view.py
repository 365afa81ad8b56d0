"""The tape as a picture: every operation with its formula, value and gradient, as micrograd draws it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.graph import Graph, Node
from autodiff.operands import Spec, shape_of
from autodiff.readers.diagram import Arrow, Box, Diagram, Line
from autodiff.readers.notation import ATOM, Written, number
from autodiff.readers.writer import Writer, constant

NO_GRADIENT = "–"
WIDEST = 100  # characters side by side; a picture that would be wider goes down the page


def operation_view(graph: Graph, gradients: Mapping[Node, Any] | None) -> Diagram:
    """Return a diagram with a box for each node of `graph`.

    Parameters
    ----------
    graph : Graph
        Of few nodes.
    gradients : mapping or None
        Of the result with respect to each node, None where unknown yet; None: none are shown.
    """
    names = _names(graph)
    writer = Writer(lambda x: _operand(x, names))
    diagram = Diagram(graph.title)
    several = (tuple, list)
    for node in graph:
        lines = [_title(node, names, writer), Line(_value(node.value))]
        gradient = gradients.get(node) if gradients is not None else None
        if gradients is not None and not isinstance(node.value, several) and not isinstance(gradient, several):
            lines.append(Line(f"gradient {NO_GRADIENT if gradient is None else _brief(gradient)}"))
        diagram.boxes.append(Box(_key(node), role_of(node, graph), lines))
        diagram.arrows += [
            Arrow(_key(parent), _key(node), f"×{uses}" if uses > 1 else "", straight=not parent.is_input)
            for parent, uses in Counter(node.parents).items()
        ]
    diagram.direction = "right" if _width(graph, diagram.boxes) <= WIDEST else "down"
    return diagram


def role_of(node: Node, graph: Graph) -> str:
    """Return what a node is in the picture."""
    if any(node is output for output in graph.outputs):
        return "result"
    if node.is_input:
        return node.kind
    return "backward" if node.phase == "backward" else "operation"


def full_label(node: Node) -> str | None:
    """Return the user's name of a node; a parameter's with the modules that hold it: `fc1.weight`."""
    if node.label is None or node.kind != "parameter":
        return node.label
    held_by = [name.partition(" (")[0] for name in node.scope if name.endswith(")") and " (" in name]
    return ".".join([*held_by, node.label])


def shape_text(shape: tuple[int, ...]) -> str:
    """Return a shape as it stands on an arrow: 16×3."""
    return "×".join(map(str, shape)) if shape else "scalar"


def _names(graph: Graph) -> dict[Node, str]:
    """Return how each node is called in formulas: by the user's name if no other has it, else vᵢ."""
    labels = {node: full_label(node) for node in graph}
    uses = Counter(labels.values())
    return {
        node: label if label is not None and uses[label] == 1 and len(label) <= 24 else node.symbol
        for node, label in labels.items()
    }


def _title(node: Node, names: Mapping[Node, str], writer: Writer) -> Line:
    label = full_label(node)
    if node.is_input:
        return Line(label or node.symbol, "title", node.symbol if label else "")
    try:
        formula = writer.node(node).text
    except (TypeError, ValueError, AttributeError, IndexError):  # the tape did not keep what the notation shows
        formula = ""
    if not formula or " at 0x" in formula:  # an object without a name of its own would be another each time
        formula = f"{node.function}({', '.join(names[parent] for parent in node.parents)})"
    return Line(f"{label or node.symbol} = {formula}", "title", node.symbol if label else "")


def _operand(x: Any, names: Mapping[Node, str]) -> Written:
    ndim = len(shape_of(x))
    if isinstance(x, Node):
        return Written(names[x], ATOM, ndim)
    if x is None or isinstance(x, Spec):
        return Written(f"const[{shape_text(x.shape)}]" if x is not None and x.shape else "const", ATOM, ndim)
    return constant(x)


def _value(value: Any) -> str:
    if value is None:
        return "value not kept"
    if isinstance(value, (tuple, list)):
        return f"{len(value)} results"
    if isinstance(value, Spec) or np.size(value) > 4 or np.ndim(value) > 2:
        return f"shape {shape_text(value.shape)}" if value.shape else "value not kept"
    return f"value {number(value)}"


def _brief(gradient: Any) -> str:
    """Return a gradient's numbers if they are few, else its norm."""
    if np.size(gradient) <= 4 and np.ndim(gradient) <= 2:
        return number(gradient)
    return f"of norm {number(np.linalg.norm(np.ravel(gradient)))}"


def _key(node: Node) -> str:
    return f"v{node.index}".replace("-", "m")


def _width(graph: Graph, boxes: Sequence[Box]) -> int:
    """Return about how many characters wide the boxes are if arrows go to the right."""
    depth: dict[Node, int] = {}
    widest: dict[int, int] = {}
    for node, box in zip(graph, boxes, strict=True):
        depth[node] = 1 + max([depth[parent] for parent in node.parents], default=-1)
        width = max(len(line.text) + len(line.aside) for line in box.lines)
        widest[depth[node]] = max(width, widest.get(depth[node], 0))
    return sum(widest.values())
