"""The recorder: what a value under recording is, and how each step becomes a node of the graph.

A `Record` belongs to the outermost of the transformations that run inside: recording `grad(f)` writes
down the sweep forward and the sweep back alike, since the rules are made of the same operations as f.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np
from numpy._core import umath  # for a ufunc that has no public name

import autodiff.rules  # noqa: F401 - fills the table
from autodiff.arraylike import ArrayLike
from autodiff.assignment import astype, index_update, note_if_view
from autodiff.dispatch import LEAF_LEVEL, MODE, NOTHING_PAUSED, RULES, Operation, bind, new_level
from autodiff.graph import Node
from autodiff.operands import TRACED, as_operand, map_nested, shape_of
from autodiff.primitives import Constant, Primitive
from autodiff.residuals import frozen, rebuild
from autodiff.rules.indexing import fills, summed_at
from autodiff.source import LIBRARIES, assigned_name, called_directly, user_position
from autodiff.switches import Switch
from autodiff.tensor import Tensor

STATIC = {
    RULES[function]
    for function in (
        np.ndim, np.shape, np.size, np.result_type, np.common_type, np.min_scalar_type, np.can_cast, np.iscomplexobj,
        np.isrealobj, np.shares_memory, np.may_share_memory, np.zeros_like, np.ones_like, np.empty_like,
        getattr(umath, "_ones_like"),  # noqa: B009 - not in its stubs
    )
}  # fmt: skip
"""Functions of the shape and dtype alone: what they return is a constant of the graph."""


SELECTIONS = {RULES[function] for function in (np.nonzero, np.flatnonzero, np.argwhere)}
"""Functions whose result has a shape that depends on the numbers."""


class Record(ArrayLike):
    """A value under recording: the node of the graph that it is."""

    __slots__ = ("__weakref__", "_origin", "_views", "level", "node", "recorder")
    differentiates = False  # where a rule asks for the numbers alone, it goes on being recorded

    def __init__(self, node: Node, recorder: Recorder) -> None:
        self.node = node
        self.recorder = recorder
        self.level = recorder.level

    @property
    def payload(self) -> Any:
        return self.node.value

    @staticmethod
    def process(primitive: Primitive, level: int, args: Sequence, kwargs: Mapping) -> Any:
        """Evaluate, and add a node to the graph."""
        recorder = next(arg.recorder for arg in args if arg.__class__ is Record and arg.level == level)
        return recorder.process(primitive, level, args, kwargs)

    def _is_recorded(self) -> bool:
        return True

    def _read(self, what: str) -> Any:
        """Return the number itself, which the graph then does not follow."""
        if self.recorder.strict and self.node.kind != "literal":
            raise TypeError(
                f"compile: {what} would depend on the numbers, and the compiled program be that of these alone; got it "
                f"on a value of shape {self.shape}{_at(self.node)}. Choose with np.where, take NumPy's (np.sin "
                "for math.sin), or leave it out of compile."
            )
        return self.node.value

    def _number(self, function: str) -> Any:
        return np.asarray(self._read(f"{function}()")).item() if self.recorder.strict else super()._number(function)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if self.recorder.strict and self.node.kind != "literal":
            raise TypeError(
                "compile: np.asarray, an array of NumPy's that is written to, or a function of another library would "
                f"see the numbers, and the compiled program be that of these alone; got a value of shape {self.shape}"
                f"{_at(self.node)}. Use NumPy's functions: np.stack([t, u]) for np.array([t, u]), y = np.exp(x) for "
                "np.exp(x, out=y), autodiff.scipy for scipy."
            )
        return super().__array__(dtype, copy)

    def __str__(self) -> str:
        return str(self._read("str() or print()")) if self.recorder.strict else super().__str__()

    def __format__(self, spec: str) -> str:
        return format(self._read("format()"), spec) if self.recorder.strict else super().__format__(spec)

    def __bool__(self) -> bool:
        return bool(self._read("`if`, `while`, `and`, `or` or bool()"))

    def item(self, *index: int) -> Any:
        return np.asarray(self._read(".item()")).item(*index)

    def numpy(self) -> np.ndarray:
        return np.array(self._read(".numpy()"))

    def _known(self, what: str) -> np.ndarray:
        return np.array(self._read(what))

    def tolist(self) -> Any:
        return np.asarray(self._read(".tolist()")).tolist()

    def __index__(self) -> int:
        return int(self._read("a whole number used as an index"))

    def __contains__(self, item: Any) -> bool:
        return item in np.asarray(self._read("`in`"))

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        return bind(astype, (self,), {"dtype": np.dtype(dtype)})

    def __and__(self, other: Any) -> Any:
        return bind(np.bitwise_and, (self, other))

    def __or__(self, other: Any) -> Any:
        return bind(np.bitwise_or, (self, other))

    def __xor__(self, other: Any) -> Any:
        return bind(np.bitwise_xor, (self, other))

    def __invert__(self) -> Any:
        return bind(np.invert, (self,))

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __lt__(self, other: Any) -> Any:
        return bind(np.less, (self, other))

    def __le__(self, other: Any) -> Any:
        return bind(np.less_equal, (self, other))

    def __gt__(self, other: Any) -> Any:
        return bind(np.greater, (self, other))

    def __ge__(self, other: Any) -> Any:
        return bind(np.greater_equal, (self, other))

    def __eq__(self, other: object) -> Any:
        return bind(np.equal, (self, other))

    def __ne__(self, other: object) -> Any:
        return bind(np.not_equal, (self, other))

    __hash__ = object.__hash__

    def detach(self) -> Record:
        """Return this value itself: recording is no derivative."""
        return self

    def snapshot(self) -> Record:
        """Return this value as a record that no assignment changes."""
        return Record(self.node, self.recorder)

    def _assign(self, value: Any) -> None:
        if value.__class__ is not Record or value.level != self.level:
            raise ValueError(
                "record: only a recorded value can be stored in a recorded array; got another. Build a new array."
            )
        if self.recorder.strict and self.shape and value.node.label is None:
            value.node.label = self.node.label  # y += x is called y
        self._become(value)
        self._refresh_views()

    def _become(self, value: Record) -> None:
        self.node = value.node


class Recorder:
    """The graph in the making.

    Parameters
    ----------
    strict : bool
        Whether the graph must hold for all numbers of these shapes, so that nothing may depend on them.
    level : int, optional
        The level of its records; by default a new one.
    python_numbers : bool
        Whether what is computed from Python's numbers is one again, as outside of a recording.
    libraries : set of str
        Packages whose lines are not the user's.
    """

    def __init__(
        self,
        strict: bool = False,
        level: int | None = None,
        python_numbers: bool = False,
        libraries: AbstractSet[str] = LIBRARIES,
    ) -> None:
        self.level = new_level() if level is None else level
        self.kinds = TRACED | {np.ndarray}  # what is an operand among parameters too, such as an index
        self.strict = strict
        self.python_numbers = python_numbers
        self.libraries = libraries
        self.nodes: list[Node] = []
        self.parameters: dict[int, tuple[Tensor, Record]] = {}  # tensors that are used without being arguments
        self.constants: dict[int, tuple[np.ndarray, Any]] = {}  # the user's arrays, and what they were
        self.phase = "forward"
        self.pulled_back: Node | None = None  # the operation that the sweep back has come to
        self.called_at: Any = None  # where the user asked for the recording: the name assigned there is the graph's
        self.inside: list[Primitive] = []  # the operations whose parts are being recorded
        self.last: Node | None = None  # the latest step, if it is part of a call made of several

    def on(self) -> Switch:
        """Return the context in which also what is done to tensors of lower levels is written down.

        A graph for all numbers says nothing of those it is recorded with: the program looks for anomalies when it
        runs; and it is the same whether it is first called within `no_grad` or outside.
        """
        if not self.strict:
            return Switch(lambda mode: mode._replace(recorder=self))
        return Switch(lambda mode: mode._replace(recorder=self, anomaly=False, paused=NOTHING_PAUSED))

    def add(self, node: Node) -> Record:
        self.nodes.append(node)
        return Record(node, self)

    def process(self, primitive: Any, _level: int, args: Sequence, kwargs: Mapping) -> Any:
        """Evaluate `primitive`, of which an operand belongs to this graph or is an input of the engine."""
        if self.strict and isinstance(primitive.function, Operation) and primitive not in self.inside:
            inlined = self._inlined(primitive, args, kwargs)
            if inlined is not None:
                return inlined
        if self.strict and (primitive in SELECTIONS or _by_mask(primitive, args, kwargs)):
            raise TypeError(
                f"compile: the shape of the result would depend on the numbers; got {primitive.name} of a mask or of "
                f"values at {user_position()}. Write np.where(mask, x, 0.0), which keeps the shape."
            )
        operands = [self._operand(arg) for arg in args]
        parameters = {name: map_nested(self._operand, value, self.kinds) for name, value in kwargs.items()}
        values = [_value(operand) for operand in operands]
        y = primitive.function(
            *values, **{name: map_nested(_value, value, TRACED) for name, value in parameters.items()}
        )
        if primitive in STATIC or not (isinstance(y, ARRAYS) or (isinstance(y, (tuple, list)) and _are_arrays(y))):
            if self.strict and primitive not in STATIC:
                raise TypeError(
                    f"compile: {primitive.name} gives a Python value that depends on the numbers; "
                    f"got a call at {user_position()}. Leave it out of compile."
                )
            return y
        if self.python_numbers and all([value.__class__ in (float, int) for value in values]):  # noqa: C419 - sooner
            y = np.asarray(y).item()
        position, direct = user_position(self.libraries), called_directly(self.libraries)
        same_call = not direct and self.last is not None and self.last.position == position
        if same_call and self.last is not None and self.last.label == assigned_name(position):
            self.last.label = None  # of the steps that one call is made of, the last has the name of its result
        mode = MODE.get()
        node = Node(
            "operation",
            frozen(y),
            label=assigned_name(position) if position != self.called_at else None,
            primitive=primitive,
            operands=[_node(operand) for operand in operands],
            parameters={name: map_nested(_node, value, TRACED) for name, value in parameters.items()},
            scope=mode.scope if mode is not None else (),
            position=position,
            phase=self.phase,
        )
        node.pullback_of = self.pulled_back
        self.last = None if direct else node
        result = self.add(node)
        if isinstance(y, (tuple, list)):
            parts = [
                Node("output", value, operands=[node, k], scope=node.scope, position=position, phase=self.phase)
                for k, value in enumerate(node.value)
            ]
            return rebuild(y, [self.add(part) for part in parts])
        if getattr(primitive, "view", None) is not None and operands[0].__class__ is Record:
            note_if_view(result, y, operands[0], values[0], primitive, kwargs)
        return result

    def note_value(self, tape_node: Any, y: Any) -> None:
        """Remember which value of the graph an operation of the sweep forward gave."""
        if y.__class__ is Record:
            tape_node.recorded = y.node

    def note_adjoint(self, tape_node: Any, ct: Any) -> None:
        """Say of a value of the sweep back whose adjoint it is; what follows is the pullback of that operation."""
        self.pulled_back = primal = getattr(tape_node, "recorded", None)
        if ct.__class__ is Record and ct.node.adjoint_of is None and ct.node.phase == "backward":
            ct.node.adjoint_of = primal

    def draw(self, method: Callable, value: Any, args: Sequence, kwargs: Mapping) -> Any:
        """Return the random numbers `value` as a step that calls `method` anew each time."""
        rule = Constant(method)
        node = Node("operation", frozen(value), primitive=rule, operands=args, parameters=kwargs, phase=self.phase)
        return self.add(node)

    def _inlined(self, primitive: Primitive, args: Sequence, kwargs: Mapping) -> Any:
        """Return what an operation of our own, or a user's, is made of; None if that cannot be recorded."""
        operands = [self._operand(arg) for arg in args]  # parameters among them stay in the graph in any case
        begun = len(self.nodes)
        self.inside.append(primitive)
        try:
            return primitive.raw(*operands, **kwargs)
        except (TypeError, ValueError, AttributeError):  # it looks at the numbers, or writes in place: one step
            del self.nodes[begun:]
            return None
        finally:
            self.inside.pop()

    def _constant(self, x: Any) -> Any:
        """Return `x` as nobody can change it, the same object each time."""
        if x is None or isinstance(x, str):  # an option given by position
            return x
        if x.__class__ is not np.ndarray:
            return frozen(as_operand(x))
        if id(x) not in self.constants:
            self.constants[id(x)] = (x, frozen(x))
        return self.constants[id(x)][1]

    def result(self, x: Any) -> Any:
        """Return the node of a result, or the constant that it is."""
        if self.strict and x.__class__ not in self.kinds and not isinstance(x, (np.generic, float, complex, int)):
            if isinstance(x, Iterator):
                raise TypeError(
                    f"compile: what is computed after the function has returned cannot be recorded; got a "
                    f"{type(x).__name__} as result. Return a list of what it yields."
                )
            return x  # a string, a dtype, …
        x = self._operand(x)
        return x.node if x.__class__ is Record else x

    def _operand(self, x: Any) -> Any:
        """Return `x` as a Record, or as a constant that nobody changes."""
        if x.__class__ is Record and x.level == self.level:
            return x
        if x.__class__ not in TRACED:
            return self._constant(x)
        if not isinstance(x, Tensor) or x.level != LEAF_LEVEL or x.data.__class__ in TRACED:
            raise TypeError(
                f"record: a value of another transformation came in; got a {type(x).__name__}. "
                "Record the outermost function: ad.record(ad.grad(f), x), not ad.grad of a recording."
            )
        if x.node is not None and x.node is not x.leaf:
            return frozen(x.data)  # computed before the recording began
        if id(x) not in self.parameters:
            mode = MODE.get()
            scope = mode.scope if mode is not None else ()
            node = Node("parameter", frozen(x.data), label=x.name, scope=scope)
            self.parameters[id(x)] = (x, self.add(node))
        return self.parameters[id(x)][1]


def _by_mask(primitive: Any, operands: Sequence, parameters: Mapping) -> bool:
    """Tell whether a mask that is itself recorded chooses what comes out, or how much goes in."""
    index = parameters.get("index")
    items = index if index.__class__ is tuple else (index,)
    if primitive.operands is None or not any(i.__class__ is Record and i.dtype.kind == "b" for i in items):
        return False
    if primitive is RULES[index_update]:
        return shape_of(operands[1]) != () and not fills(index, *operands)
    return primitive is not RULES[summed_at]


ARRAYS = (np.ndarray, np.generic, float)


def _are_arrays(items: Sequence) -> bool:
    return bool(items) and all(isinstance(item, ARRAYS) for item in items)


def _value(x: Any) -> Any:
    return x.node.value if x.__class__ is Record else x


def _node(x: Any) -> Any:
    return x.node if x.__class__ is Record else x


def _at(node: Node) -> str:
    return f" at {node.position}" if node.position is not None else ""
