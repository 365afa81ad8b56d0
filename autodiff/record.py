"""`record`: run a function once, and write down what it does."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.boundary import check_differentiable
from autodiff.dispatch import NO_PARAMETERS
from autodiff.graph import Graph, Node
from autodiff.operands import TRACED, dtype_of, value_of
from autodiff.recorder import Record, Recorder
from autodiff.residuals import frozen
from autodiff.source import user_position
from autodiff.tensor import Tensor
from autodiff.tree import flatten


def record(f: Callable, *args: Any) -> Graph:
    """Return what `f` does at `args`, as a graph.

    Parameters
    ----------
    f : callable
        Of floats and arrays of floats, or containers of them; other arguments are passed as they are.
        Tensors that it uses without getting them as arguments, such as the parameters of a
        model, are inputs of the graph too.
    *args
        Its arguments. What `f` does may depend on their values; the graph is that of these.

    Returns
    -------
    Graph
        With the values of all steps. `graph.table()`, `graph.draw()`, `graph.cost()`, … read it.

    Raises
    ------
    TypeError
        If `f` uses a value that another transformation is differentiating.

    Examples
    --------
    >>> graph = record(lambda x, y: np.sin(x) * y, 2.0, 3.0)
    >>> for node in graph:
    ...     print(node)
    <v₋₁ = input, shape (), 'x'>
    <v₀ = input, shape (), 'y'>
    <v₁ = np.sin(v₋₁), shape ()>
    <v₂ = np.multiply(v₁, v₀), shape ()>
    """
    return trace(f, args, Recorder())


def trace(
    f: Callable, args: Sequence, recorder: Recorder, named: Mapping[str, Any] = NO_PARAMETERS, kinds: str = "fc"
) -> Graph:
    """Return what `f` does at `args` and `named`, as `recorder` writes it down; arrays of `kinds` are its inputs."""
    leaves, structure = flatten((list(args), dict(named)))
    recorder.called_at = user_position()
    given = [_input(recorder, leaf, name, kinds) for leaf, name in zip(leaves, leaf_names(f, args, named), strict=True)]
    inputs = [(x, x.node) for x in given if x.__class__ is Record]
    with recorder.on():
        positional, by_name = structure.unflatten(given)
        result = f(*positional, **by_name)
    outputs, structure = flatten(result)
    if recorder.strict:
        _check_unchanged(inputs)
    title = getattr(f, "__name__", type(f).__name__)
    return Graph(
        recorder.nodes, [recorder.result(output) for output in outputs], structure, title, textbook=not recorder.strict
    )


def leaf_names(f: Callable, args: Sequence, named: Mapping[str, Any] = NO_PARAMETERS) -> list[str]:
    """Return how a user would write each leaf of the arguments: `x`, `params['w'][0]`."""
    given = [*zip(argument_names(f, len(args)), args, strict=True), *named.items()]
    return [name + path for name, value in given for path in flatten(value)[1].paths()]


def _check_unchanged(inputs: Sequence[tuple[Record, Node]]) -> None:
    """Raise if an array that was given as an argument has been written to."""
    for record, node in inputs:
        if record.node is not node and isinstance(node.value, np.ndarray):
            raise TypeError(
                f"compile: the argument `{node.label}` would be changed in place, which a compiled program does not; "
                f"got an array of shape {node.shape}. Write `{node.label} = {node.label}.copy()` first."
            )


def _input(recorder: Recorder, x: Any, name: str, kinds: str) -> Any:
    """Return an argument as an input of the graph; what is of another kind, as it is."""
    x = value_of(x) if isinstance(x, Tensor) else x
    if isinstance(x, np.memmap):
        x = np.asarray(x)
    if not isinstance(x, (float, complex, np.inexact, np.ndarray)) or dtype_of(x).kind not in kinds:
        return x
    if dtype_of(x).kind in "fc":
        check_differentiable("record", x, f"`{name}`")
    return recorder.add(Node("input", frozen(x), label=name))


def argument_names(f: Callable, number: int) -> list[str]:
    """Return the user's names of the positional arguments."""
    try:
        parameters = list(inspect.signature(getattr(f, "forward", f)).parameters.values())
    except (TypeError, ValueError):  # a builtin
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "x")
    last = [name] if number and (name := getattr(f, "further", None)) else []  # as of hvp(f)(x, v)
    number -= len(last)
    return [*names[:number], *[f"{rest}[{i}]" for i in range(number - len(names))], *last]


def label(x: Any, name: str) -> Any:
    """Return `x` under a name of your own, which pictures and tables show.

    Examples
    --------
    >>> graph = record(lambda w, x: np.tanh(label(w * x, "z1")), 2.0, 3.0)
    >>> graph.operations[0].label
    'z1'
    """
    if not isinstance(name, str):
        raise TypeError(f"label: a name is a string; got a {type(name).__name__}. Write ad.label(x, 'z1').")
    traced = x
    while traced.__class__ in TRACED and traced.__class__ is not Record:
        if isinstance(traced, Tensor):
            traced.name = name
        traced = traced.payload
    if traced.__class__ is Record:
        traced.node.label = name
    return x
