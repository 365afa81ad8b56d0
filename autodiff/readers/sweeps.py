"""The two sweeps over a recorded graph, step by step: tangents downwards, adjoints upwards.

They apply the same rules as the engine's forward and reverse modes, one node at a time, and
keep every intermediate number for tables and pictures. The rules are NumPy code, so that they run
on whatever stands for the `values` of the nodes: on symbols they give formulas, on records the
sweep itself as a graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff.boundary import as_cotangent, one_like, zero_like
from autodiff.graph import Graph, Node
from autodiff.operands import spec_of


class Contribution(NamedTuple):
    """One term of the chain rule: what an operation adds to the adjoint of one of its operands."""

    node: Node  # the operation
    argnum: int  # which of its operands
    operand: Node  # the operand itself
    term: Any  # v̄ ∂v/∂u
    total: Any  # ū after it was added


def tangents(graph: Graph, seeds: Mapping[Node, Any], values: Mapping[Node, Any] | None = None) -> dict[Node, Any]:
    """Return the tangent of every node, given those of the inputs (0 where `seeds` has none)."""
    value_of = _values(values)
    dots = {
        node: as_cotangent("tangents", seeds[node], node.value) if node in seeds else zero_like(node.value)
        for node in graph.inputs
    }
    for node, active in graph.active_operands().items():
        dots[node] = _push(node, {i: dots[node.operands[i]] for i in active}, value_of)
    return dots


def _values(values: Mapping[Node, Any] | None) -> Callable[[Node], Any]:
    """Return what gives a node's value, the recorded one by default."""
    return _recorded_value if values is None else values.__getitem__


def _recorded_value(node: Node) -> Any:
    """Return a node's value, with a shape and a dtype, which rules ask for, also if it is Python's number."""
    return np.float64(node.value) if node.value.__class__ is float else node.value


def _push(node: Node, tangents: Mapping[int, Any], value_of: Callable[[Node], Any]) -> Any:
    """Return the tangent of one operation."""
    if node.kind == "output":
        return tangents[0][node.operands[1]] if tangents else zero_like(node.value)
    y_dot = None
    if tangents:
        operands, parameters = node.given(value_of)
        y_dot = node.primitive.jvp(tangents, value_of(node), operands, parameters)
    if isinstance(node.value, (tuple, list)):
        parts = y_dot if y_dot is not None else [None] * len(node.value)
        return [zero_like(v) if dot is None else dot for v, dot in zip(node.value, parts, strict=True)]
    return zero_like(node.value) if y_dot is None else y_dot


def adjoints(
    graph: Graph,
    seed: Any = None,
    values: Mapping[Node, Any] | None = None,
    complete: Callable[[Node, Any], Any] | None = None,
) -> tuple[dict[Node, Any], list[Contribution]]:
    """Return the adjoint of every node that has one, and the terms in the order in which they were added.

    Parameters
    ----------
    graph : Graph
    seed : array_like or sequence of array_like, optional
        ȳ, in the shape of the result, one for each of several; 1 by default, for one scalar.
    values : mapping, optional
        What stands for the value of each node; the recorded values by default.
    complete : callable, optional
        (node, adjoint) ↦ adjoint: called once all terms of an operation's adjoint are there.
    """
    value_of = _values(values)
    bars: dict[Node, Any] = {}
    for y, bar in zip(graph.outputs, adjoint_seeds(graph, seed), strict=True):
        if isinstance(y, Node):
            bars[y] = bars[y] + bar if y in bars else bar
    terms: list[Contribution] = []
    for node, active in reversed(graph.active_operands().items()):
        if node not in bars or not active:
            continue
        if complete is not None:
            bars[node] = complete(node, bars[node])
        for i, term in zip(active, _pull(node, active, bars[node], value_of), strict=True):
            operand = node.operands[i]
            if term is None:
                continue
            if node.kind == "output":
                bars.setdefault(operand, [None] * len(operand.value))[node.operands[1]] = term
                continue
            bars[operand] = bars[operand] + term if operand in bars else term
            terms.append(Contribution(node, i, operand, term, bars[operand]))
    return bars, terms


def adjoint_seeds(graph: Graph, seed: Any = None) -> list:
    """Return the adjoint that each result is given: None for a result that depends on no input."""
    if len(graph.outputs) == 1 or seed is None:
        y = graph.output
        if seed is None and np.size(y.value) != 1:
            raise ValueError(
                f"adjoints: a gradient needs a scalar result; got shape {y.shape}. "
                "Reduce it (np.sum), or give the adjoint of the result: seed=np.ones(shape)."
            )
        return [one_like(y.value) if seed is None else as_cotangent("adjoints", seed, y.value)]
    if not isinstance(seed, (tuple, list)) or len(seed) != len(graph.outputs):
        raise ValueError(
            f"adjoints: {len(graph.outputs)} results need an adjoint each; got {seed!r}. "
            "Give as many in a tuple: seed=(1.0, 0.0)."
        )
    return [
        as_cotangent("adjoints", bar, y.value) if isinstance(y, Node) else None
        for y, bar in zip(graph.outputs, seed, strict=True)
    ]


def _pull(node: Node, active: tuple[int, ...], bar: Any, value_of: Callable[[Node], Any]) -> Sequence:
    """Return the terms for the operands `active` of one operation."""
    if node.primitive is None:
        return [bar]
    operands, parameters = node.given(value_of)
    if node.primitive.family == "linear":  # whose rules ask also Python's numbers for a shape
        operands = [spec_of(operand) if operand.__class__ in (float, int) else operand for operand in operands]
    return node.primitive.vjp(active, bar, value_of(node), operands, parameters)
