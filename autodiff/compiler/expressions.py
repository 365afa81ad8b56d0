"""How the steps of a program are called in its source, and how each is written as an expression."""

from __future__ import annotations

import ast
from collections import Counter
from inspect import signature
from itertools import count
from types import FunctionType
from typing import Any

import numpy as np

from autodiff.arraylike import getitem, power
from autodiff.assignment import astype
from autodiff.compiler.buffers import Buffers
from autodiff.compiler.naming import Naming, identifier
from autodiff.compiler.pieces import Stretch
from autodiff.compiler.steps import Place, Program, Step, item
from autodiff.rules.einsum import contracted
from autodiff.rules.indexing import select, summed_at
from autodiff.rules.linear import reshaped
from autodiff.rules.special import clamp, zeroed

INFIX: dict[Any, str] = {
    np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/", np.power: "**", np.floor_divide: "//",
    np.remainder: "%", np.matmul: "@", np.less: "<", np.less_equal: "<=", np.greater: ">", np.greater_equal: ">=",
    np.equal: "==", np.not_equal: "!=", np.bitwise_and: "&", np.bitwise_or: "|",
}  # fmt: skip


class Expressions:
    """Names and expressions.

    Parameters
    ----------
    programs : list of Program
        Those that run one after the other.
    buffers : Buffers
        Where each step writes to: what is written to certain arrays has their names.
    naming : Naming

    Attributes
    ----------
    inline : set of Step
        What is written within the line that reads it.
    """

    def __init__(self, programs: list[Program], buffers: Buffers, naming: Naming) -> None:
        self.buffers = buffers
        self.naming = naming
        self.inline = {step for program in programs for step in (*_transposes(program), *_single_numbers(program))}
        self._names: dict[Step, str] = {}
        self._numbers = count(1)
        self._name_of_memory: dict[tuple[int, str], str] = {}
        self._step_of = {step.source: step for program in programs for step in program.everything}
        self._places = {step: place for program in programs for step, place in program.numbers.items()}
        self.stretch: Stretch | None = None  # the one that is being written
        for program in programs:
            self._name_inputs(program)

    def name_of(self, step: Step) -> str:
        """Return the user's name for a step, d_z for the adjoint of z, and else v and the next number."""
        while step in self.buffers.heirs:
            step = self.buffers.heirs[step]
        if step not in self._names:
            home = self.buffers.homes.get(self.buffers.of.get(step, -1))
            if home is not None:  # the array that it is written to has a name
                self._names[step] = self.naming.named(home, "array")
            elif (wanted := self._wanted(step)) is not None:
                self._names[step] = self._shared(step, wanted) or self.naming.fresh(wanted)
            else:
                self._names[step] = self.naming.next("v", self._numbers)
        return self._names[step]

    def _wanted(self, step: Step) -> str | None:
        """Return the name that says what a step is, if there is one."""
        node = step.named_by
        if node is None or node.label:
            return identifier(node.label) if node is not None else None
        primal: Any = None if node.adjoint_of is None else self._step_of.get(node.adjoint_of)
        while primal in self.buffers.heirs:
            primal = self.buffers.heirs[primal]
        name = self._names.get(primal, "d_")  # that of what is written before
        return None if name.startswith("d_") else f"d_{name}"

    def _shared(self, step: Step, wanted: str) -> str | None:
        """Return the name of the memory that the step writes to, if it has that one already."""
        number = self.buffers.of.get(step)
        if number is None:
            return None
        if (number, wanted) not in self._name_of_memory:
            self._name_of_memory[number, wanted] = self.naming.fresh(wanted)
        return self._name_of_memory[number, wanted]

    def _name_inputs(self, program: Program) -> None:
        for step in program.inputs:
            self.name_of(step)
        uses = uses_of(program)
        for step, array in [(step, array) for step, array in program.fixed.items() if uses[step]]:
            self._names[step] = self.naming.named(array, (step.named_by and identifier(step.named_by.label)) or "array")
        for _, array, name in program.stores:
            self.naming.named(array, name)

    def operand(self, x: Any) -> str:
        """Return an operand: a step by its name, containers of them, or a constant."""
        if isinstance(x, Step):
            return self._inlined(x) if x in self.inline else self.array(self.name_of(x), x)
        if x.__class__ is tuple:
            return f"({', '.join(map(self.operand, x))}{',' if len(x) == 1 else ''})"
        if x.__class__ is list:
            return f"[{', '.join(map(self.operand, x))}]"
        return self.array(self.naming.constant(x), x)

    def array(self, name: str, x: Any) -> str:
        """Return the name of an operand; while a stretch is written, note which arrays it gets in pieces."""
        if self.stretch is not None and self.stretch.cuts(x) and name not in self.stretch.names:
            self.stretch.names.append(name)
        return name

    def _inlined(self, step: Step) -> str:
        """Return a step as an expression within another line."""
        place = self._places.get(step)
        if place is not None:
            return self.place(place)
        if step.function is None:
            return self.naming.constant(step.value)
        return self.expression(step) if step.is_python_number else f"{self.operand(step.operands[0])}.T"

    def number(self, x: Any, step: Step) -> str:
        """Return an operand of a call; a NumPy number that would lose its type as a literal has a name."""
        if isinstance(x, np.generic) and not isinstance(x, np.bool):
            others = [o.value if isinstance(o, Step) else o for o in step.operands if o is not x]
            if x.dtype.kind != "f" or np.result_type(1.0, *others) != step.dtype:
                return self.naming.named(x, "c")
        return self.operand(x)

    def expression(self, step: Step) -> str:
        """Return the call without `out`."""
        function, operands, parameters = step.function, step.operands, step.parameters
        if step.is_python_number:
            return self._python_number(step)
        if isinstance(function, np.ufunc) and not parameters:
            given = [self.number(o, step) for o in operands]
            strong = any(isinstance(o.value if isinstance(o, Step) else o, np.generic) for o in operands)
            if not step.is_array and strong:  # Python's operators would give Python's numbers for Python's numbers
                if function in INFIX:
                    return f"{given[0]} {INFIX[function]} {given[1]}"
                if function is np.negative:
                    return f"-{given[0]}"
            return f"{self.function(function)}({', '.join(given)})"
        given = [self.number(o, step) for o in operands]
        if function is power.implementation:
            return f"{given[0]} ** {self.operand(parameters['exponent'])}"
        if function is getitem.implementation:
            return f"{given[0]}[{self.index(parameters['index'])}]"
        if reverses_axes(step):
            return f"{given[0]}.T"
        if function is select.implementation:
            condition = self.operand(parameters["condition"])
            if _is_zeroing(step):
                return f"{self.naming.named(zeroed, 'zeroed')}({given[1]}, where={condition})"
            choice = f"np.where({condition}, {', '.join(given)})"
            return choice if step.is_array else f"{choice}[()]"
        if function is item:
            return f"{given[0]}[{parameters['k']}]"
        if function is summed_at.implementation and parameters["shape"] == ():
            return f"np.add.reduce({given[0]}[{self.index(parameters['index'])}], axis=None)"
        if is_method(step, "astype"):
            return f"{given[0]}.astype({self.operand(parameters['dtype'])})"
        if is_method(step, "reshape"):
            shape = parameters["shape"] if isinstance(parameters["shape"], (tuple, list)) else (parameters["shape"],)
            order = parameters.get("order") or "C"
            options = [f"order={self.operand(order)}"] * (order != "C")
            return f"{given[0]}.reshape({', '.join([*(map(self.operand, shape) if shape else ['()']), *options])})"
        if function is contracted.implementation:
            how = [self.operand(parameters["subscripts"]), *given]
            optimize = parameters["optimize"]
            return f"np.einsum({', '.join([*how, *[f'optimize={self.operand(optimize)}'] * (optimize is not False)])})"
        given = self._with_names(step, given)
        options = [
            f"{key}={self.operand(value)}"
            for key, value in parameters.items()
            if value is not False or key != "keepdims"
        ]
        return f"{self.function(function)}({', '.join([*given, *options])})"

    @staticmethod
    def _with_names(step: Step, given: list[str]) -> list[str]:
        """Return the arguments, numbers at the end that are options of a function of our own by their names."""
        if not isinstance(step.function, FunctionType) or step.function is clamp.implementation:
            return given
        parameters = list(signature(step.function).parameters.values())
        positional = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        given = list(given)
        for i in reversed(range(1, min(len(given), len(positional)))):
            if i >= len(positional) or step.operands[i].__class__ not in (int, float, bool, str):
                break
            given[i] = f"{positional[i]}={given[i]}"
        return given

    def _python_number(self, step: Step) -> str:
        """Return the expression of Python's own that gives a number of Python's own."""
        given = [f"({self.operand(o)})" for o in step.operands]
        if step.function is power.implementation:
            text = f"{given[0]} ** {self.operand(step.parameters['exponent'])}"
        elif step.function in INFIX:
            text = f"{given[0]} {INFIX[step.function]} {given[1]}"
        else:
            text = f"{self.function(step.function)}({', '.join(given)}).item()"
        return ast.unparse(ast.parse(text, mode="eval")).replace("'", '"')  # without needless parentheses

    def index(self, index: Any) -> str:
        """Return what stands between the brackets."""
        parts = index if index.__class__ is tuple else (index,)
        return ", ".join(self._index_part(part) for part in parts) if parts else "()"

    def _index_part(self, part: Any) -> str:
        if isinstance(part, slice):
            ends = ["" if end is None else self.operand(end) for end in (part.start, part.stop)]
            return ":".join(ends if part.step is None else [*ends, self.operand(part.step)])
        return self.operand(part)

    def function(self, function: Any) -> str:
        """Return how a function is called: by NumPy's name, or by its own."""
        name = str(getattr(function, "__name__", "function"))
        if function == np.add.reduce:
            return "np.add.reduce"
        if function is clamp.implementation:
            return "np.clip"
        owner = getattr(function, "__self__", None)
        if isinstance(owner, np.random.Generator):
            return f"{self.naming.named(owner, 'rng')}.{name}"
        for prefix, module in (("np.", np), ("np.linalg.", np.linalg)):
            if getattr(module, name, None) is function:
                return prefix + name
        return self.naming.named(function, identifier(name.lstrip("_")) or "function")

    def place(self, place: Place) -> str:
        """Return where a number is kept, as an expression."""
        keys = "".join([f"[{key!r}]" for key in place.keys]).replace("'", '"')
        return f"{self.naming.named(place.owner, place.name)}{keys}"


def _is_zeroing(step: Step) -> bool:
    """Tell whether a choice puts zeros into many floats."""
    a, b = step.operands
    zero = isinstance(a, (float, np.floating)) and a == 0
    return zero and isinstance(b, Step) and b.shape == step.shape and b.dtype == step.dtype and step.value.size > 4096


def is_method(step: Step, name: str) -> bool:
    """Tell whether the step is written as a method of its operand, which is an array: astype or reshape."""
    if not step.operands or not (isinstance(step.operands[0], Step) and step.operands[0].is_array):
        return False
    functions = {"astype": (astype.implementation,), "reshape": (np.reshape, reshaped)}[name]
    return step.function in functions and step.parameters.get("copy") is None


def _transposes(program: Program) -> set[Step]:
    """Return the transposes that are operands of one product of matrices, and can be written there."""
    uses: dict[Step, list[Step]] = {}
    for step in program.steps:
        for used in step.uses:
            uses.setdefault(used, []).append(step)
    results = set(program.results)
    return {
        step
        for step in program.steps
        if reverses_axes(step) and step not in results and len(uses.get(step, [])) == 1
        if uses[step][0].function in (np.dot, np.matmul)
    }


def reverses_axes(step: Step) -> bool:
    """Tell whether the step is x.T."""
    if step.function is not np.transpose or not step.operands[0].is_array:
        return False
    axes = step.parameters.get("axes")
    return axes is None or [axis % len(axes) for axis in axes] == list(range(len(axes)))[::-1]


def _single_numbers(program: Program) -> set[Step]:
    """Return the Python numbers that are written where they are read: literals, and what is read once."""
    uses = uses_of(program)
    unnamed = [s for s in program.steps if s.is_python_number and not (s.named_by and s.named_by.label)]
    return {*program.literals, *[step for step in (*program.numbers, *unnamed) if uses[step] == 1]}


def uses_of(program: Program) -> Counter[Step]:
    """Return how often each step is read or kept."""
    return Counter([*(used for step in program.steps for used in step.uses), *program.results])
