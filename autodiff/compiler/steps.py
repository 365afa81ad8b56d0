"""A program: steps in order, each of which is one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff.arraylike import power
from autodiff.graph import Graph, Node
from autodiff.operands import dtype_of, map_nested, shape_of
from autodiff.rules.general import composed, linearly_composed


class Step:
    """One line of the program.

    Attributes
    ----------
    function : callable or None
        What is called; None for inputs.
    operands : list
        Steps, and constants as they are.
    parameters : dict
        Options by name; steps may stand in them too.
    value
        What it was when recorded: its shape, dtype and kind of number are those of every run.
    source : Node or None
        The node of the graph that it comes from.
    named_by : Node or None
        The node whose name it has: mostly the same.
    """

    __slots__ = ("function", "named_by", "operands", "parameters", "phase", "source", "value")

    def __init__(
        self,
        function: Callable | None,
        operands: Sequence,
        value: Any,
        parameters: dict[str, Any] | None = None,
        source: Node | None = None,
        phase: str = "",
    ) -> None:
        self.function = function
        self.operands = list(operands)
        self.parameters = parameters or {}
        self.value = value
        self.source = self.named_by = source
        self.phase = phase

    @property
    def shape(self) -> tuple[int, ...]:
        return shape_of(self.value)

    @property
    def dtype(self) -> np.dtype:
        return dtype_of(self.value)

    @property
    def is_array(self) -> bool:
        return isinstance(self.value, np.ndarray)

    @property
    def is_python_number(self) -> bool:
        """Whether the result is a number of Python's own, which takes on the type of the arrays it meets."""
        return self.value.__class__ in (float, int) and (
            isinstance(self.function, np.ufunc) or self.function is power.implementation
        )

    @property
    def uses(self) -> list[Step]:
        """The steps that this one reads, one entry for each use."""
        found: list[Step] = []
        _collect(self.operands, found)
        if self.parameters:
            _collect(self.parameters.values(), found)
        return found

    def replace(self, by: dict[Step, Any]) -> None:
        """Put others in the place of those that this step reads."""
        if any(used in by for used in self.uses):
            self.operands = map_nested(lambda step: by.get(step, step), self.operands, STEPS)
            self.parameters = map_nested(lambda step: by.get(step, step), self.parameters, STEPS)

    def __repr__(self) -> str:
        name = getattr(self.function, "__name__", str(self.function))
        return f"<{name} → {self.shape} {self.dtype}>"


STEPS = frozenset({Step})


class Place(NamedTuple):
    """Where a Python number is kept: a mapping, the keys that lead to it there, and the mapping's name."""

    owner: Any
    keys: tuple
    name: str

    def read(self) -> Any:
        """Return the number."""
        value = self.owner
        for key in self.keys:
            value = value[key]
        return value


class Program:
    """Inputs, steps in order, and what is returned.

    Attributes
    ----------
    inputs : list of Step
        The arguments of the function.
    fixed : dict
        Inputs that are no arguments but certain arrays, such as the weights of a model: step to array.
    steps : list of Step
    outputs : list
        Steps, and constants as they are.
    stores : list of (step, array, name)
        Results that go into certain arrays, such as gradients.
    numbers : dict
        Inputs that are Python numbers, read anew at every call: step to place.
    literals : set
        Inputs that are Python numbers and stand in the source as they are.
    number_stores : list of (step, place)
        Python numbers that are kept for the next call.
    title : str
        What a program that runs after another one is called.
    """

    def __init__(self, inputs: Sequence[Step], steps: Sequence[Step], outputs: Sequence) -> None:
        self.inputs = list(inputs)
        self.fixed: dict[Step, np.ndarray] = {}
        self.steps = list(steps)
        self.outputs = list(outputs)
        self.stores: list[tuple[Any, np.ndarray, str]] = []
        self.numbers: dict[Step, Place] = {}
        self.literals: set[Step] = set()
        self.number_stores: list[tuple[Any, Place]] = []
        self.title = ""

    @property
    def everything(self) -> list[Step]:
        """The inputs of all kinds, and the steps."""
        return [*self.inputs, *self.fixed, *self.numbers, *self.literals, *self.steps]

    @property
    def results(self) -> list[Step]:
        """The steps that are returned or stored."""
        stored = [store[0] for store in (*self.stores, *self.number_stores)]
        return [r for r in (*self.outputs, *stored) if isinstance(r, Step)]

    def replace(self, by: dict[Step, Any]) -> None:
        """Put other steps or constants in the place of some, everywhere."""
        for step in self.steps:
            step.replace(by)
        self.outputs = [by.get(o, o) if isinstance(o, Step) else o for o in self.outputs]
        self.stores = [(by.get(o, o) if isinstance(o, Step) else o, *where) for o, *where in self.stores]
        self.number_stores = [(by.get(o, o) if isinstance(o, Step) else o, where) for o, where in self.number_stores]

    def check(self) -> None:
        """Raise unless every step stands after those it reads."""
        seen = set(self.everything) - set(self.steps)
        for step in self.steps:
            for used in step.uses:
                if used not in seen:
                    raise RuntimeError(f"compile: {step!r} reads {used!r} before it is there. This is our error.")
            seen.add(step)


def program_of(graph: Graph) -> tuple[Program, dict[Node, Step]]:
    """Return the graph as a program, the functions being NumPy's own or those of the rules, and each node's step."""
    steps: dict[Node, Step] = {}
    for node in graph.nodes:
        if node.is_input:
            steps[node] = Step(None, (), node.value, source=node)
        elif node.kind == "output":
            parent, k = node.operands
            steps[node] = Step(item, [steps[parent]], node.value, {"k": k}, node, node.phase)
        else:
            operands, parameters = node.given(steps.__getitem__)
            function = _function_of(node)
            if function in COMPOSED:
                function, parameters = parameters["call"], {}
            steps[node] = Step(function, operands, node.value, parameters, node, node.phase)
    program = Program(
        [steps[node] for node in graph.inputs],
        [steps[node] for node in graph.operations],
        [steps[o] if isinstance(o, Node) else o for o in graph.outputs],
    )
    return program, steps


COMPOSED = {composed.implementation, linearly_composed.implementation}
"""What only calls its parameter `call`; the other one, `definition`, is for derivatives."""


def item(results: Sequence, k: int) -> Any:
    """Return one of several results of a step."""
    return results[k]


def _function_of(node: Node) -> Callable:
    """Return what evaluates a node on plain arrays."""
    function = node.primitive.function
    return getattr(function, "implementation", function)


def _collect(items: Iterable, found: list[Step]) -> None:
    """Add the steps among nested operands to those that were found."""
    for item in items:
        kind = item.__class__
        if kind is Step:
            found.append(item)
        elif kind is list or kind is tuple:
            _collect(item, found)
        elif kind is dict:
            _collect(item.values(), found)
