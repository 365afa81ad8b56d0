"""The graph of what was computed eagerly, for pictures: read from the tape of a tensor.

The tape keeps what the backward pass reads and no more. What a picture shows besides is found
here: an input's numbers from its tensor; the shapes of intermediate arrays, and the gradients
there, by a pass back at the time of drawing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autodiff.boundary import one_like
from autodiff.dispatch import LEAF_LEVEL
from autodiff.graph import Graph, Node
from autodiff.operands import Spec, shape_of, spec_of
from autodiff.residuals import frozen
from autodiff.tape import Leaf, Output, backpropagate
from autodiff.tensor import TENSORS, Tensor
from autodiff.tree import flatten


class TapeGraph(NamedTuple):
    """A graph read from the tape.

    Its values are numbers or arrays where they are known, else a `Spec`, the shape and dtype;
    None if not even these are. `gradients` has None where there is none yet. `summed` tells
    that the inputs hold more (or another) than the gradient of this result.
    """

    graph: Graph
    gradients: dict[Node, Any]
    summed: bool


def read_tape(result: Tensor, limit: int, title: str = "tape") -> TapeGraph:
    """Return the graph behind a tensor.

    Parameters
    ----------
    result : Tensor
        Computed from inputs with `requires_grad=True`.
    limit : int
        How many nodes there may be.
    title : str
        Of the graph.

    Raises
    ------
    TypeError
        For what is no tensor.
    ValueError
        For a tensor that depends on no input, one of a transformation that is still running, and
        a graph of more than `limit` nodes.
    """
    if result.__class__ not in TENSORS:
        raise TypeError(
            f"draw: takes a tensor or a graph; got a {type(result).__name__}. Pass the result of operations on "
            "tensors, or ad.record(f, *args)."
        )
    if result.level != LEAF_LEVEL:
        raise ValueError(
            "draw: the tensor belongs to a transformation that is still running; got a value inside grad or vjp. "
            "Draw ad.record(f, *args) instead."
        )
    if result.node is None:
        raise ValueError(
            "draw: nothing was recorded; got a tensor that depends on no input with requires_grad=True. "
            "Make the inputs with ad.tensor(data, requires_grad=True), outside ad.no_grad()."
        )
    steps = _steps(result.node, limit)
    leaves = [step for step in steps if step.__class__ is Leaf]
    called = any(leaf.grad is not None for leaf in leaves)
    bars = _cotangents(steps, result) if called or result.shape or _arrays_among(steps) else {}
    nodes = _nodes(steps, {step: spec_of(bar) for step, bar in bars.items() if not isinstance(bar, list)}, result)
    scalar = called and result.size == 1
    gradients = {nodes[step]: bars.get(step, 0.0) if scalar else None for step in steps}
    gradients.update({nodes[leaf]: None if leaf.grad is None else frozen(leaf.grad) for leaf in leaves})
    summed = scalar and any(not _agree(leaf.grad, bars.get(leaf)) for leaf in leaves)
    graph = Graph(list(nodes.values()), [nodes[result.node]], flatten(0.0)[1], title, textbook=False)
    return TapeGraph(graph, gradients, summed)


def _steps(root: Any, limit: int) -> list:
    """Return what the tape holds behind `root`, oldest first."""
    seen = {root}
    waiting = [root]
    while waiting:
        for parent in _parents(waiting.pop()):
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
        if len(seen) > limit:
            raise ValueError(
                f"draw: a picture is made of at most {limit:,} nodes; got a tensor with more behind it. Draw an "
                "earlier result or a shorter loop, or raise `limit`."
            )
    return sorted(seen, key=lambda step: -step.order)


def _parents(step: Any) -> list:
    if step.__class__ is Output:
        return [step.parent]
    return [] if step.__class__ is Leaf else list(step.parents)


def _arrays_among(steps: list) -> bool:
    """Tell whether the value of an intermediate result is not kept."""
    return any(step.__class__ is Output or (step.__class__ is not Leaf and step.y is None) for step in steps)


def _cotangents(steps: list, result: Tensor) -> dict[Any, Any]:
    """Return the cotangent of every step, that of `result` being 1; the engine's pass, one step at a time."""
    bars: dict[Any, Any] = {result.node: one_like(result.data)}
    with np.errstate(all="ignore"):
        for step in reversed(steps):
            if step not in bars or step.__class__ is Leaf:
                continue
            if step.__class__ is Output:
                bars.setdefault(step.parent, [None] * step.number)[step.index] = bars[step]
                continue
            for parent, ct in backpropagate([step], [bars[step]], frozenset(step.parents)).items():
                bars[parent] = bars[parent] + ct if parent in bars else ct
    return bars


def _nodes(steps: list, specs: dict[Any, Spec], result: Tensor) -> dict[Any, Node]:
    """Return a node of a graph for each step of the tape."""
    used = _values_when_used(steps)
    nodes: dict[Any, Node] = {}
    for step in steps:
        if step.__class__ is Leaf:
            nodes[step] = _input(step, used.get(step, specs.get(step)))
            continue
        value = specs.get(step)
        if step is result.node:
            value = frozen(result.data)
        elif step.__class__ is not Output and step.y is not None:
            value = step.y
        if step.__class__ is Output:
            nodes[step] = Node("output", value, operands=[nodes[step.parent], step.index])
        else:
            nodes[step] = _operation(step, value, nodes)
        nodes[step].label = getattr(step, "label", None)
    return nodes


def _values_when_used(steps: list) -> dict[Any, Any]:
    """Return the values of inputs as the operations read them, where they are kept.

    An optimiser may have changed the tensor since.
    """
    used: dict[Any, Any] = {}
    for step in steps:
        if step.__class__ in (Leaf, Output):
            continue
        for argnum, parent in zip(step.argnums, step.parents, strict=True):
            if parent.__class__ is Leaf and argnum < len(step.args):
                value = step.args[argnum]
                if value is not None and value.__class__ is not Spec:
                    used[parent] = value
    return used


def _input(leaf: Leaf, used: Any) -> Node:
    tensor = leaf.tensor() if leaf.tensor is not None else None
    kind = "input" if tensor is None or tensor.__class__ is Tensor else "parameter"
    if (used is None or used.__class__ is Spec) and tensor is not None and tensor.node is leaf:
        used = frozen(tensor.data)
    return Node(kind, used, label=leaf.label)


def _operation(step: Any, value: Any, nodes: dict[Any, Node]) -> Node:
    number = max(len(step.args), *[argnum + 1 for argnum in step.argnums])
    operands: list[Any] = [*step.args, *[None] * (number - len(step.args))]  # constants, as far as they are kept
    for argnum, parent in zip(step.argnums, step.parents, strict=True):
        operands[argnum] = nodes[parent]
    return Node("operation", value, primitive=step.primitive, operands=operands, parameters=step.kwargs or {})


def _agree(a: Any, b: Any) -> bool:
    """Tell whether two gradients are the same up to rounding; None stands for none."""
    if a is None or b is None:
        return a is b
    return shape_of(a) == shape_of(b) and bool(np.allclose(a, b, rtol=1e-5, atol=0, equal_nan=True))
