"""Compile a function with what it reads and changes besides its arguments: tensors, arrays, generators.

While it is recorded, records stand in for them. A loss may be compiled with its backward pass,
the gradients written into given arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.boundary import one_like
from autodiff.compiler.generators import RecordedGenerator
from autodiff.compiler.in_place import Call, Procedure, record_procedure
from autodiff.compiler.passes import optimize
from autodiff.compiler.program import CompiledProgram
from autodiff.compiler.steps import Step, program_of
from autodiff.dispatch import LEAF_LEVEL
from autodiff.graph import Graph, Node
from autodiff.operands import TRACED
from autodiff.record import label
from autodiff.recorder import Record, Recorder
from autodiff.residuals import frozen
from autodiff.tape import backpropagate
from autodiff.tensor import Tensor
from autodiff.tree import flatten

LEVEL = LEAF_LEVEL - 500  # below the inputs, which record as usual, on records


def compile_stateful(
    f: Callable,
    args: Sequence,
    tensors: Mapping[str, Tensor],
    state: Sequence[tuple[Any, str]] = (),
    gradients: Mapping[str, np.ndarray] | None = None,
    name: str = "step",
    after: Callable[[set[int]], Sequence[Call | Procedure]] | None = None,
) -> CompiledProgram:
    """Return a program for f(*args), and for its backward pass if `gradients` are asked for.

    Parameters
    ----------
    f : callable
        Of arrays; with `gradients` it returns one number, a tensor.
    args : sequence
        Arrays of the shapes and dtypes that the program is for.
    tensors : mapping
        By name, inputs and constants that `f` uses; the program reads the arrays that they hold now.
    state : sequence of (object, attribute)
        Arrays that `f` reads and replaces or changes, and random generators that it uses.
    gradients : mapping, optional
        By the names of `tensors`, the array for the gradient of each that is learned. Where the loss does not
        depend on it, the array is left alone and is not among `program.stores`.
    name : str
        Of the function in the source.
    after : callable, optional
        Returns what the program does with the gradients before it returns, such as an update; it is given the
        `id` of every array that a result is written to.

    Raises
    ------
    TypeError
        If what `f` does depends on the numbers.
    ValueError
        With `gradients`, if `f` returns anything but one number that depends on the tensors.
    """
    stage = _Stage(tensors, state)
    leaves, structure = flatten(list(args))
    labels = dict(enumerate("Xyw"))
    given = [stage.input(frozen(leaf), labels.get(i, f"arg{i}")) for i, leaf in enumerate(leaves)]
    with stage, np.errstate(all="ignore"):  # the program itself warns, as at every call
        result = f(*structure.unflatten(given))
        cts = {} if gradients is None else _cotangents(result)
        if gradients is not None:
            label(result, "loss")
        outputs, structure = flatten(result)
        outputs = [o.data if isinstance(o, Tensor) else o for o in outputs]
    recorder = stage.recorder
    graph = Graph(recorder.nodes, [recorder.result(o) for o in outputs], structure, name, textbook=False)
    program, steps = program_of(graph)
    program.inputs = [steps[record.node] for record in given]
    program.fixed = {steps[node]: array for node, array in stage.held.items()}
    for name_of_tensor, array in (gradients or {}).items():
        if (ct := cts.get(tensors[name_of_tensor].leaf)) is not None:  # else the loss does not depend on it
            program.stores.append((_step_of(ct, steps, recorder), array, f"grad_{name_of_tensor}"))
    for record, before, attribute in stage.changed():
        program.stores.append((steps[record.node], before, attribute))
    parts = after({id(array) for _, array, _ in program.stores}) if after is not None else ()
    recorded = [record_procedure(part, LEVEL) if isinstance(part, Procedure) else part for part in parts]
    return CompiledProgram.of(optimize(program), name, graph, recorded)


class _Stage:
    """The context in which tensors and state are played by records."""

    def __init__(self, tensors: Mapping[str, Tensor], state: Sequence[tuple[Any, str]]) -> None:
        self.recorder = Recorder(strict=True, level=LEVEL)
        self.tensors = tensors
        self.state = [(vars(owner), attribute, vars(owner)[attribute]) for owner, attribute in state]
        self.held: dict[Node, np.ndarray] = {}  # whose array each record stands for
        self._after: list[Any] = []

    def input(self, value: Any, name: str, kind: str = "input") -> Record:
        return self.recorder.add(Node(kind, value, label=name))

    def _stand_in(self, value: Any, name: str) -> Any:
        if isinstance(value, np.random.Generator):
            return RecordedGenerator(value, self.recorder)
        record = self.input(frozen(value), name, "parameter")
        self.held[record.node] = value
        return record

    def __enter__(self) -> None:
        self._data = [(tensor, tensor.data) for tensor in self.tensors.values()]
        for name, tensor in self.tensors.items():
            tensor.data = self._stand_in(tensor.data, name)
        for attributes, attribute, value in self.state:
            attributes[attribute] = self._stand_in(value, attribute)
        self._recording = self.recorder.on()
        self._recording.__enter__()

    def __exit__(self, *exc_info: object) -> None:
        self._recording.__exit__(*exc_info)
        self._after = [attributes[attribute] for attributes, attribute, _ in self.state]
        for tensor, data in self._data:
            tensor.data = data
        for attributes, attribute, value in self.state:
            attributes[attribute] = value

    def changed(self) -> list[tuple[Record, np.ndarray, str]]:
        """Return the state that is another than before, and the arrays that it belongs in."""
        pairs = zip(self._after, self.state, strict=True)
        return [
            (now, before, attribute)
            for now, (_, attribute, before) in pairs
            if isinstance(now, Record) and self.held.get(now.node) is not before
        ]


def _cotangents(loss: Any) -> Mapping:
    if not isinstance(loss, Tensor) or loss.node is None or loss.size != 1:
        what = f"shape {loss.shape}" if isinstance(loss, Tensor) else type(loss).__name__
        raise ValueError(
            f"compile: the loss must be one number that depends on the parameters; got {what}. "
            "Return the mean over the samples."
        )
    return backpropagate([loss.node], [one_like(loss.data)])


def _step_of(x: Any, steps: Mapping[Node, Step], recorder: Recorder) -> Any:
    result = recorder.result(x) if x.__class__ in TRACED else x
    return steps[result] if isinstance(result, Node) else result
