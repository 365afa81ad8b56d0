"""Compile a loss with its backward pass, the gradients of certain tensors written into certain arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.boundary import one_like
from autodiff.compiler.compiled import CompiledProgram
from autodiff.compiler.emission import Epilogue
from autodiff.compiler.passes import optimize
from autodiff.compiler.steps import Program, program_of
from autodiff.dispatch import LEAF_LEVEL
from autodiff.graph import Graph, Node
from autodiff.operands import TRACED
from autodiff.record import Record, Recorder
from autodiff.residuals import frozen
from autodiff.tape import backpropagate
from autodiff.tensor import Tensor
from autodiff.tree import flatten

LEVEL = LEAF_LEVEL - 500  # below the inputs, which record as usual, on records


class RecordedGenerator:
    """A random generator whose draws are steps of the program, made anew at every call."""

    def __init__(self, generator: np.random.Generator, recorder: Recorder) -> None:
        self._generator = generator
        self._recorder = recorder

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._generator, name)

        def draw(*args: Any, **kwargs: Any) -> Any:
            state = self._generator.bit_generator.state
            value = method(*args, **kwargs)
            self._generator.bit_generator.state = state  # recording draws nothing
            return self._recorder.draw(method, value, args, kwargs)

        return draw


def compile_backward(
    f: Callable,
    args: Sequence,
    gradients: Mapping[str, tuple[Tensor, np.ndarray]],
    state: Sequence[tuple[Any, str]] = (),
    name: str = "step",
    epilogue: Epilogue | None = None,
) -> CompiledProgram:
    """Return a program for f(*args) and its backward pass.

    Parameters
    ----------
    f : callable
        Of arrays; returns one number, a tensor. It may read the tensors of `gradients` in any way.
    args : sequence
        Arrays of the shapes and dtypes that the program is for.
    gradients : mapping
        By name, the inputs that are learned and the array for the gradient of each.
    state : sequence of (object, attribute)
        Arrays that `f` replaces or changes, and random generators that it uses.
    name : str
        Of the function in the source.
    epilogue : callable, optional
        Gives further lines of the program, such as an update.

    Raises
    ------
    TypeError
        If what `f` does depends on the numbers.
    ValueError
        If `f` returns anything but one number that depends on the tensors.
    """
    recorder = Recorder(strict=True, level=LEVEL)
    leaves, structure = flatten(list(args))
    given = [recorder.add(Node("input", frozen(leaf), label=label)) for leaf, label in zip(leaves, "Xywz", strict=False)]
    saved = [(tensor, tensor.data) for tensor, _ in gradients.values()]
    swapped: list[tuple[dict, str, Any]] = []
    held: dict[Node, np.ndarray] = {}
    try:
        for label, (tensor, _) in gradients.items():
            record = recorder.add(Node("parameter", frozen(tensor.data), label=label))
            held[record.node] = tensor.data
            tensor.data = record
        for owner, attribute in state:
            swapped.append((vars(owner), attribute, vars(owner)[attribute]))
            vars(owner)[attribute] = _stand_in(swapped[-1][2], attribute, recorder, held)
        with recorder.on():
            loss, cts = _loss_and_cotangents(f, structure.unflatten(given))
        after = [(before, vars(owner)[attribute], attribute) for (_, _, before), (owner, attribute) in zip(swapped, state, strict=True)]
    finally:
        for tensor, data in saved:
            tensor.data = data
        for attributes, attribute, before in swapped:
            attributes[attribute] = before
    outputs, output_structure = flatten(loss)
    graph = Graph(recorder.nodes, [recorder.result(o) for o in outputs], output_structure, name, textbook=False)
    program, steps = program_of(graph)
    program.inputs = [steps[record.node] for record in given]
    program.fixed = {steps[node]: array for node, array in held.items()}
    _store_gradients(program, steps, recorder, cts, gradients)
    for before, now, attribute in after:
        if isinstance(now, Record) and held.get(now.node) is not before:
            program.stores.append((steps[now.node], before, attribute))
    return CompiledProgram(optimize(program), name, graph, epilogue)


def _stand_in(value: Any, attribute: str, recorder: Recorder, held: dict[Node, np.ndarray]) -> Any:
    """Return what `f` sees in the place of an array or generator that it may change."""
    if isinstance(value, np.random.Generator):
        return RecordedGenerator(value, recorder)
    record = recorder.add(Node("parameter", frozen(value), label=attribute))
    held[record.node] = value
    return record


def _loss_and_cotangents(f: Callable, given: Sequence) -> tuple[Any, Mapping]:
    loss = f(*given)
    if not isinstance(loss, Tensor) or loss.node is None or loss.size != 1:
        what = f"shape {loss.shape}" if isinstance(loss, Tensor) else type(loss).__name__
        raise ValueError(
            f"compile: the loss must be one number that depends on the parameters; got {what}. "
            "Return the mean over the samples."
        )
    return loss.data, backpropagate([loss.node], [one_like(loss.data)])


def _store_gradients(
    program: Program, steps: Mapping, recorder: Recorder, cts: Mapping, gradients: Mapping[str, tuple[Tensor, np.ndarray]]
) -> None:
    """Let the gradient of each parameter go where it is wanted; zero where the loss does not depend on it."""
    for name, (tensor, array) in gradients.items():
        ct = cts.get(tensor.leaf, 0.0)
        result = recorder.result(ct) if ct.__class__ in TRACED else ct
        program.stores.append((steps[result] if isinstance(result, Node) else result, array, f"grad_{name}"))
