"""The directions along which forward mode differentiates: each is one sweep."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.boundary import one_like, zero_like
from autodiff.graph import Graph, Node
from autodiff.readers.operation_view import full_label

ENTRIES = 12  # inputs, counted by entries, up to which forward mode has a sweep for each


def seeds(graph: Graph) -> list[tuple[str, tuple, bool]]:
    """Return the directions that forward mode offers: a name, a tangent for each input, whether it is one entry.

    The unit of each entry of each input if these are few; else all entries of one input alike.
    """
    inputs = graph.inputs
    result = []
    if entries(graph) <= ENTRIES:
        for node in inputs:
            for index in np.ndindex(node.shape):
                unit = np.zeros(node.shape, node.dtype)
                unit[index] = 1
                name = user_name(node) + (f"[{', '.join(map(str, index))}]" if index else "")
                result.append((name, _alone(graph, node, unit if node.shape else one_like(node.value)), True))
        return result
    for node in inputs[:ENTRIES]:
        every = ", all entries alike" if node.shape else ""
        result.append((user_name(node) + every, _alone(graph, node, one_like(node.value)), not every))
    return result


def entries(graph: Graph) -> int:
    """Return of how many numbers the inputs consist: as many sweeps give the whole gradient in forward mode."""
    return sum(int(np.size(node.value)) for node in graph.inputs)


def _alone(graph: Graph, node: Node, tangent: Any) -> tuple:
    return tuple(tangent if other is node else zero_like(other.value) for other in graph.inputs)


def user_name(node: Node) -> str:
    """Return what the user calls an input."""
    return full_label(node) or node.symbol
