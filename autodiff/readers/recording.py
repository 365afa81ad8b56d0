"""Sweeps and definitions as graphs of their own: what the engine's rules do, written down, to be counted."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.graph import Graph, Node
from autodiff.readers.sweeps import adjoints, tangents
from autodiff.recorder import Recorder
from autodiff.tree import flatten


def recorded_sweep(graph: Graph, mode: str) -> Graph:
    """Return one sweep over `graph` as a graph: the work beyond that of the function itself.

    Parameters
    ----------
    graph : Graph
    mode : {"forward", "reverse"}
        The tangents of the results, given one of each input; or the adjoints of the inputs, given
        one of each result.

    Returns
    -------
    Graph
        Its inputs are the values of all nodes, and the seeds.
    """
    recorder = Recorder()
    values = {node: _recorded(node.value, recorder) for node in graph.nodes}
    with recorder.on():
        if mode == "forward":
            seeds = {node: _recorded(np.ones_like(node.value), recorder) for node in graph.inputs}
            dots = tangents(graph, seeds, values)
            results = [dots[node] for node in graph.outputs if isinstance(node, Node)]
        else:
            given = [_recorded(np.ones_like(n.value), recorder) if isinstance(n, Node) else None for n in graph.outputs]
            bars, _ = adjoints(graph, given[0] if len(given) == 1 else given, values)
            results = [bars[node] for node in graph.inputs if node in bars]
    return _graph(recorder, results)


def recorded_definition(node: Node) -> Graph | None:
    """Return what a function that is written in others does, as a graph; None if that cannot be recorded."""
    recorder = Recorder()
    operands, parameters = node.given(lambda operand: _recorded(operand.value, recorder))
    definition = parameters.get("definition")
    try:
        with recorder.on():
            result = definition(*operands) if definition else node.primitive.raw(*operands, **parameters)
    except (TypeError, ValueError, AttributeError):  # it looks at numbers, or writes in place
        return None
    graph = _graph(recorder, [result])
    return graph if all(isinstance(output, Node) for output in graph.outputs) else None


def _recorded(value: Any, recorder: Recorder) -> Any:
    """Return a value as an input of the graph in the making; what is no float, as it is."""
    if isinstance(value, (tuple, list)):
        return [_recorded(part, recorder) for part in value]
    value = np.float64(value) if value.__class__ is float else value
    return recorder.add(Node("input", value)) if np.asarray(value).dtype.kind in "fc" else value


def _graph(recorder: Recorder, results: list) -> Graph:
    outputs, structure = flatten(results)
    return Graph(recorder.nodes, [recorder.result(output) for output in outputs], structure, textbook=False)
