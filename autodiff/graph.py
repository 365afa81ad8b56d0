"""The recorded graph: what a function did, in order, for readers to draw, tabulate, count or compile.

The names are those of Griewank & Walther (2008), "Evaluating Derivatives", section 2.1: of n
inputs the i-th is v_{i−n}, so that the last one is v₀; the operations that follow are v₁, v₂, …
The graph knows none of its readers: each is a line in `READERS` and a file that could be deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from itertools import groupby
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from autodiff.operands import Spec, dtype_of, map_nested, shape_of
from autodiff.primitives import Primitive
from autodiff.source import Position
from autodiff.tree import Structure

READERS: dict[str, str] = {
    "_repr_html_": "autodiff.readers.draw:graph_in_notebook",
    "cost": "autodiff.readers.cost:cost",
    "draw": "autodiff.readers.draw:draw",
    "flop": "autodiff.readers.flop:flop_of_nodes",
    "table": "autodiff.readers.table:table",
    "to_html": "autodiff.readers.step:to_html",
    "to_sympy": "autodiff.readers.symbolic:to_sympy",
}
"""The methods that readers give to a graph: the name, and `module:function`."""

_SUBSCRIPTS = str.maketrans("-0123456789", "₋₀₁₂₃₄₅₆₇₈₉")


class Released(NDArrayOperatorsMixin, Spec):
    """Shape and dtype of an array that a graph has let go: that of a compiled program keeps no large ones."""

    __slots__ = ()

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise ValueError(
            "Graph: the graph of a compiled program keeps no large arrays; got a reader that needs the numbers of one "
            f"of shape {self.shape}. Record the function itself: ad.record(f, x)."
        )

    __array_ufunc__ = __array_function__ = __array__


class Node:
    """One value of the trace: an input, or the result of an operation.

    Attributes
    ----------
    kind : {"input", "parameter", "literal", "operation", "output"}
        A parameter is an input that the function did not get as an argument, such as a model's
        weight; a literal is a number that stands in the source as it is; an output is one result of the
        operation before it that has several.
    index : int
        i of vᵢ: not positive for inputs.
    primitive : Rule or None
        What was done: mostly a `Primitive`, which has derivatives; None for inputs.
    operands : tuple
        Nodes, and constants as they are.
    parameters : mapping
        Options by name (axis=0, …), constants too.
    value : ndarray, number or tuple
        Of inputs a copy; nobody writes to it.
    label : str or None
        The user's name: of an argument, a parameter, or what the result was assigned to.
    scope : tuple of str
        The modules around it, outermost first.
    position : Position or None
        Where in the user's source the operation stands.
    phase : {"forward", "backward"}
        Whether it belongs to a sweep back that was recorded too.
    adjoint_of : Node or None
        The value whose adjoint this is, in such a sweep.
    pullback_of : Node or None
        The operation whose pullback this belongs to, in such a sweep.
    """

    __slots__ = (
        "adjoint_of", "index", "kind", "label", "operands", "parameters", "phase", "position", "primitive",
        "pullback_of", "scope", "value",
    )  # fmt: skip

    def __init__(
        self,
        kind: str,
        value: Any,
        *,
        label: str | None = None,
        primitive: Any = None,
        operands: Sequence = (),
        parameters: Mapping | None = None,
        scope: tuple[str, ...] = (),
        position: Position | None = None,
        phase: str = "forward",
    ) -> None:
        self.kind = kind
        self.phase = phase
        self.adjoint_of: Node | None = None
        self.pullback_of: Node | None = None
        self.index = 0  # numbered when the graph is complete
        self.value = value
        self.label = label
        self.primitive = primitive
        self.operands = tuple(operands)
        self.parameters = dict(parameters or {})
        self.scope = scope
        self.position = position

    @property
    def name(self) -> str:
        """The name v₋₁, v₀, v₁, … in plain characters: v-1, v0, v1."""
        return f"v{self.index}"

    @property
    def symbol(self) -> str:
        """The name as it is printed: v₋₁."""
        return f"v{str(self.index).translate(_SUBSCRIPTS)}"

    @property
    def function(self) -> str | None:
        """The name of the operation, `np.sin`; None for inputs."""
        return self.primitive.name if self.primitive is not None else None

    @property
    def shape(self) -> tuple[int, ...]:
        return shape_of(self.value)

    @property
    def dtype(self) -> np.dtype:
        return dtype_of(self.value)

    @property
    def parents(self) -> list[Node]:
        """The operands and parameters that are nodes, one entry for each use."""
        return [*_nodes_in(self.operands), *_nodes_in(list(self.parameters.values()))]

    def given(self, function: Callable[[Node], Any] | None = None) -> tuple[list, dict[str, Any]]:
        """Return operands and parameters with each node in them replaced: by its value, or by `function` of it."""
        replace = function or (lambda node: node.value)
        return map_nested(replace, list(self.operands), NODES), map_nested(replace, self.parameters, NODES)

    @property
    def is_input(self) -> bool:
        return self.kind in ("input", "parameter", "literal")

    def active(self, argnums: Sequence[int]) -> tuple[int, ...]:
        """Return those of the operands `argnums` whose derivative is not identically zero."""
        if not isinstance(self.primitive, Primitive) or not argnums:
            return ()
        return tuple(self.primitive.plan(tuple(argnums)).active)

    def __repr__(self) -> str:
        what = f"{self.function}({', '.join(_brief(o) for o in self.operands)})" if self.primitive else self.kind
        return f"<{self.symbol} = {what}, shape {self.shape}{f', {self.label!r}' if self.label else ''}>"


NODES = frozenset({Node})
SMALL = 1024  # bytes of an array that a graph goes on keeping, for pictures and tables


def released(x: Any) -> Any:
    """Return a value, or a sequence of them, without the numbers in large arrays."""
    if isinstance(x, np.ndarray) and x.nbytes > SMALL:
        return Released(x.shape, x.dtype)
    return [released(item) for item in x] if isinstance(x, (tuple, list)) else x


class Graph:
    """What a function did at one argument, in topological order.

    Made by `ad.record`. Iterating over it gives the nodes.

    Attributes
    ----------
    nodes : list of Node
        Inputs first, then parameters, then operations in the order of the program; those of one
        line by their distance from the inputs, as textbooks list them.
    inputs, outputs : list of Node
        In the order of the arguments, and of the results. A result that depends on no input is
        given as the constant that it is.
    structure : Structure
        How the results are put together (see `autodiff.tree`).
    title : str
        The name of the function.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        outputs: Sequence,
        structure: Structure,
        title: str = "f",
        textbook: bool = True,
    ) -> None:
        inputs = [node for node in nodes if node.is_input]
        inputs.sort(key=lambda node: node.kind == "parameter")  # stable: arguments first
        operations = [node for node in nodes if not node.is_input]
        if textbook:
            operations = _in_textbook_order(operations)
        self.nodes = [*inputs, *operations]
        self.inputs = inputs
        self.operations = operations
        self.outputs = list(outputs)
        self.structure = structure
        self.title = title
        for number, node in enumerate(self.nodes, start=1):
            node.index = number - len(inputs)
        self.check()

    def release(self) -> None:
        """Let the numbers in large arrays go, and keep their shapes and dtypes."""
        for node in self.nodes:
            node.value = released(node.value)

    @property
    def output(self) -> Node:
        """The one result."""
        if len(self.outputs) != 1 or not isinstance(self.outputs[0], Node):
            number = sum(isinstance(output, Node) for output in self.outputs)
            raise ValueError(
                f"Graph: one result that depends on the inputs is needed; got {number} of {len(self.outputs)}. "
                "Record a function that returns one value computed from its arguments."
            )
        return self.outputs[0]

    def active_operands(self) -> dict[Node, tuple[int, ...]]:
        """Return for each operation the operands through which its derivatives flow; () where none do."""
        depends = {node for node in self.inputs if node.dtype.kind in "fc"}
        result = {}
        for node in self.operations:
            argnums = [i for i, o in enumerate(node.operands) if isinstance(o, Node) and o in depends]
            active = tuple(argnums) if node.kind == "output" else node.active(argnums)
            result[node] = active
            if active:
                depends.add(node)
        return result

    def check(self) -> None:
        """Raise ValueError unless every operand stands before its use and all names differ."""
        seen: set[Node] = set()
        for node in self.nodes:
            for operand in node.parents:
                if operand not in seen:
                    raise ValueError(
                        f"Graph: an operand must stand before its use; got {_brief(operand)} of {node.symbol} later or "
                        "not at all. This is an error of what built the graph."
                    )
            if (node.primitive is None) != (node.is_input or node.kind == "output"):
                raise ValueError(f"Graph: operations have a primitive, inputs none; got {node!r}. Mend the builder.")
            seen.add(node)
        if len({node.name for node in self.nodes}) != len(self.nodes):
            raise ValueError("Graph: every name stands for one node; got one twice. This is an error of the builder.")
        for output in self.outputs:
            if isinstance(output, Node) and output not in seen:
                raise ValueError(f"Graph: a result must be among the nodes; got {output!r}. Mend the builder.")

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def __getattr__(self, name: str) -> Any:
        if name not in READERS:
            readers = ", ".join(sorted(reader for reader in READERS if not reader.startswith("_")))
            raise AttributeError(f"Graph: has no {name!r}. It has {readers}.")
        module, _, function = READERS[name].partition(":")
        return partial(getattr(import_module(module), function), self)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *READERS]

    def __repr__(self) -> str:
        return f"<Graph of {self.title}: {len(self.inputs)} inputs, {len(self.operations)} operations>"


def _in_textbook_order(operations: list[Node]) -> list[Node]:
    """Return the operations in order, those of each stretch on one source line sorted by depth within it."""
    ordered: list[Node] = []
    for _, stretch in groupby(operations, key=lambda node: node.position and node.position[:2]):
        depth: dict[Node, int] = {}
        for node in stretch:
            depth[node] = 1 + max([depth.get(parent, -1) for parent in node.parents], default=-1)
        ordered += sorted(depth, key=depth.__getitem__)
    return ordered


def _nodes_in(tree: Any) -> list[Node]:
    if isinstance(tree, (list, tuple)):
        return [node for item in tree for node in _nodes_in(item)]
    if isinstance(tree, dict):
        return _nodes_in(list(tree.values()))
    return [tree] if isinstance(tree, Node) else []


def _brief(operand: Any) -> str:
    """Return an operand as it stands in a message."""
    if isinstance(operand, Node):
        return operand.symbol
    return f"array{shape_of(operand)}" if isinstance(operand, np.ndarray) and operand.ndim else repr(operand)
