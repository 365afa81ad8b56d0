"""The program as source, and the function that the source defines."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.arraylike import getitem, power
from autodiff.compiler.buffers import WRITEABLE_VIEWS, Buffers, is_view, writes_entries
from autodiff.compiler.listing import Listing, Origin
from autodiff.compiler.naming import Naming, identifier
from autodiff.compiler.pieces import Stretch, in_pieces, stretches
from autodiff.compiler.steps import Place, Program, Step
from autodiff.rules.indexing import added_at, select
from autodiff.rules.special import SECH_TAIL, sech_squared, sech_squared_tail, zeroed

INFIX: dict[Any, str] = {
    np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/", np.power: "**", np.floor_divide: "//",
    np.remainder: "%", np.matmul: "@", np.less: "<", np.less_equal: "<=", np.greater: ">", np.greater_equal: ">=",
    np.equal: "==", np.not_equal: "!=", np.bitwise_and: "&", np.bitwise_or: "|",
}  # fmt: skip


class Source:
    """Writes a program down.

    Parameters
    ----------
    program : Program
    name : str
        Of the function.
    after : sequence of Program or Call
        What runs between the last step and `return`, such as an update.
    naming : Naming, optional
        Names that are taken.
    """

    def __init__(self, program: Program, name: str, after: Sequence = (), naming: Naming | None = None) -> None:
        self.program = program
        self.after = after
        self.name = identifier(name) or "f"
        self.naming = naming or Naming(self.name)
        self.programs = [program, *[part for part in after if isinstance(part, Program)]]
        self.buffers = Buffers(self.programs)
        self.names: dict[Step, str] = {}
        self._name_of_memory: dict[tuple[int, str], str] = {}
        self.step_of = {step.source: step for part in self.programs for step in part.everything}
        self.inline = {step for part in self.programs for step in (*_transposes(part), *_single_numbers(part))}
        self.places = {step: place for part in self.programs for step, place in part.numbers.items()}
        self.stretch: Stretch | None = None  # the one that is being written
        self.lines: list[str] = []
        self.origin: dict[int, Origin] = {}  # what stands behind each line
        for part in self.programs:
            self._name_inputs(part)

    # --- names --------------------------------------------------------------------------------

    @property
    def constants(self) -> dict[str, Any]:
        """What the source calls by name: arrays, functions, numbers."""
        return self.naming.constants

    def name_of(self, step: Step) -> str:
        """Return the user's name for a step, d_z for the adjoint of z, and else the name of its node."""
        while step in self.buffers.heirs:
            step = self.buffers.heirs[step]
        if step not in self.names:
            home = self.buffers.homes.get(self.buffers.of.get(step, -1))
            if home is not None:  # the array that it is written to has a name
                self.names[step] = self.naming.named(home, "array")
                return self.names[step]
            node = step.named_by
            wanted = "v"
            if node is not None:
                wanted = identifier(node.label) or node.name.replace("-", "_")
                if not node.label and node.adjoint_of is not None:
                    self.names[step] = node.name  # for now: equal values may be the adjoints of each other
                    primal = self.step_of.get(node.adjoint_of)
                    wanted = f"d_{self.name_of(primal) if primal is not None else node.adjoint_of.name}"
            self.names[step] = self._shared(step, wanted) or self.naming.fresh(wanted)
        return self.names[step]

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
        uses = _uses(program)
        for step, array in [(step, array) for step, array in program.fixed.items() if uses[step]]:
            self.names[step] = self.naming.named(array, (step.named_by and identifier(step.named_by.label)) or "array")
        for _, array, name in program.stores:
            self.naming.named(array, name)

    def operand(self, x: Any) -> str:
        """Return an operand: a step by its name, containers of them, or a constant."""
        if isinstance(x, Step):
            return self._inlined(x) if x in self.inline else self._cut(self.name_of(x), x)
        if x.__class__ is tuple:
            return f"({', '.join(map(self.operand, x))}{',' if len(x) == 1 else ''})"
        if x.__class__ is list:
            return f"[{', '.join(map(self.operand, x))}]"
        return self._cut(self.naming.constant(x), x)

    def _cut(self, name: str, x: Any) -> str:
        """Return the name; while a stretch is written, note which arrays it gets in pieces."""
        if self.stretch is not None and self.stretch.cuts(x) and name not in self.stretch.names:
            self.stretch.names.append(name)
        return name

    def _inlined(self, step: Step) -> str:
        """Return a step as an expression within another line."""
        place = self.places.get(step)
        if place is not None:
            return self._place(place)
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

    # --- lines --------------------------------------------------------------------------------

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
            return f"{given[0]}[{self._index(parameters['index'])}]"
        if _reverses_axes(step):
            return f"{given[0]}.T"
        if function is select.implementation:
            condition = self.operand(parameters["condition"])
            if _is_zeroing(step):
                return f"{self.naming.named(zeroed, 'zeroed')}({given[1]}, where={condition})"
            choice = f"np.where({condition}, {', '.join(given)})"
            return choice if step.is_array else f"{choice}[()]"
        if getattr(function, "__name__", "") == "_item":
            return f"{given[0]}[{parameters['k']}]"
        options = [
            f"{key}={self.operand(value)}"
            for key, value in parameters.items()
            if value is not False or key != "keepdims"
        ]
        return f"{self.function(function)}({', '.join([*given, *options])})"

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

    def _index(self, index: Any) -> str:
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
        for prefix, module in (("np.", np), ("np.linalg.", np.linalg)):
            if getattr(module, name, None) is function:
                return prefix + name
        return self.naming.named(function, identifier(name.lstrip("_")) or "function")

    def add(self, text: str, step: Step | None = None) -> None:
        self.lines.append(text)
        origin = None if step is None else _origin(step)
        if origin is not None:
            self.origin[len(self.lines)] = origin

    def listing(self) -> Listing:
        """Return the program written down, with all that it needs."""
        text = self.write()
        homes, numbers = self.buffers.homes, self.buffers.of
        buffers = {number: layout for number, layout in enumerate(self.buffers.specs) if number not in homes}
        memory = {self.name_of(step): number for step, number in numbers.items() if number not in homes}
        return Listing(self.name, text, self.constants, buffers, memory, self.origin)

    def write(self) -> str:
        """Return the source."""
        arguments = [self.name_of(step) for step in self.program.inputs]
        self.add(f"def {self.name}({', '.join(arguments)}):")
        self._write_steps(self.program)
        results = [self._result(output, i) for i, output in enumerate(self.program.outputs)]
        results = [self._kept(result) for result in results] if self.program.stores or self.after else results
        self._write_stores(self.program)
        title = None
        for part in self.after:
            if part.title and part.title != title:
                title = part.title
                self.add(f"    # {title}")
            if isinstance(part, Program):
                self._write_steps(part)
                self._write_stores(part)
            else:
                names = {name: self.naming.named(x, name) for name, x in part.names.items()}
                self.add(f"    {part.text.format_map(names)}")
        if results:
            self.add(f"    return {', '.join(results)}{',' if len(results) == 1 else ''}")
        return "\n".join(_aligned(self.lines)) + "\n"

    def _write_steps(self, program: Program) -> None:
        uses = _uses(program)
        for step, place in program.numbers.items():
            if step not in self.inline and uses[step]:
                self.add(f"    {self.name_of(step)} = {self._place(place)}")
        phase = None
        phases = {step.phase for step in program.steps}
        for part in stretches(program, self.buffers):
            first = part.steps[0] if isinstance(part, Stretch) else part
            if first.phase != phase and len(phases) > 1:
                phase = first.phase
                self.add(f"    # {phase}")
            if isinstance(part, Stretch):
                self._write_stretch(part)
            elif part not in self.inline:
                self._write_step(part)

    def _write_stores(self, program: Program) -> None:
        """Write what brings results into the arrays that they are for, unless they are there already."""
        copies = []
        for result, array, _ in program.stores:
            number = self.buffers.of.get(result, -1) if isinstance(result, Step) else -1
            if self.buffers.homes.get(number) is not array:
                # What stands in another array that is written to is taken out first.
                text = self.operand(result)
                copies.append((array, self._kept(f"{text}.copy()") if number in self.buffers.homes else text))
        for array, text in copies:
            self.add(f"    np.copyto({self.naming.named(array, 'array')}, {text})")
        for number, place in program.number_stores:
            self.add(f"    {self._place(place)} = {self.operand(number)}")

    def _kept(self, result: str) -> str:
        """Return a name for a copy that is made now, not when what it is a copy of has changed."""
        if not result.endswith(".copy()"):
            return result
        name = self.naming.fresh(f"{result.removesuffix('.copy()')}_before")
        self.add(f"    {name} = {result}")
        return name

    def _place(self, place: Place) -> str:
        keys = "".join([f"[{key!r}]" for key in place.keys]).replace("'", '"')
        return f"{self.naming.named(place.owner, place.name)}{keys}"

    def _write_stretch(self, stretch: Stretch) -> None:
        for step in stretch.fresh:
            self.add(f"    {self.name_of(step)} = np.empty({step.shape}, {self.naming.constant(step.dtype)})")
        name, run = self.naming.fresh("piece"), self.naming.named(in_pieces, "in_pieces")
        self.add("")
        self.stretch, begin = stretch, len(self.lines)
        for step in stretch.steps:
            self._write_step(step)
        self.stretch = None
        arrays = ", ".join(stretch.names)
        comment = "  # some rows of each, while they are in the cache" if len(stretch.names) < 8 else ""
        self.lines[begin - 1] = f"    def {name}({arrays}):{comment}"
        self.lines[begin:] = [f"    {line}" for line in self.lines[begin:]]
        self.add(f"    {run}({name}, ({arrays}{',' * (len(stretch.names) == 1)}), {stretch.rows})")

    def _write_step(self, step: Step) -> None:
        comment = f"  # {_shape(step)}" if step.is_array else ""
        name = self._cut(self.name_of(step), step)
        if writes_entries(step):
            self._write_entries(step, name, comment)
        elif step not in self.buffers.of and self.stretch is None:
            self.add(f"    {name} = {self.expression(step)}{comment}", step)
        elif step.function is sech_squared.implementation:
            x, y = [self.operand(o) for o in step.operands]
            self.add(f"    np.multiply({y}, {y}, out={name}){comment}", step)
            self.add(f"    np.subtract(1.0, {name}, out={name})", step)
            tail = self.naming.named(sech_squared_tail, "sech_squared_tail")
            self.add(
                f"    if np.minimum.reduce({name}, axis=None) <= {SECH_TAIL}:  # where 1 - tanh² loses its digits", step
            )
            self.add(f"        {tail}({x}, {name})", step)
        else:
            call = self.expression(step)
            self.add(f"    {call[:-1]}, out={name}){comment}", step)

    def _write_entries(self, step: Step, name: str, comment: str) -> None:
        """Write y[index] = x, or +=, into zeros, a copy, or what nobody else reads any more."""
        *before, x = step.operands
        if not before:
            dtype = "" if step.dtype == np.float64 else f", {self.naming.constant(step.dtype)}"
            size = step.shape[0] if len(step.shape) == 1 else step.shape
            self.add(f"    {name} = np.zeros({size}{dtype}){comment}", step)
        elif not isinstance(before[0], Step) or self.buffers.heirs.get(before[0]) is not step:
            self.add(f"    {name} = np.array({self.operand(before[0])}){comment}", step)
        sign = "+=" if step.function is added_at.implementation else "="
        self.add(f"    {name}[{self._index(step.parameters['index'])}] {sign} {self.number(x, step)}", step)

    def _result(self, output: Any, i: int) -> str:
        """Return what is returned: never memory that the next call writes to, nor the caller's own."""
        if not isinstance(output, Step):
            if isinstance(output, np.ndarray):
                return f"{self.operand(output)}.copy()"
            return self.naming.named(output, "c") if isinstance(output, np.generic) else self.operand(output)
        repeated = any(output is earlier for earlier in self.program.outputs[:i])
        name = self.name_of(output)
        return f"{name}.copy()" if output.is_array and (repeated or not self._is_own(output)) else name

    def _is_own(self, output: Step) -> bool:
        """Tell whether the memory of a result is made at each call, and nothing else is returned that shares it."""
        owner = output
        while owner.function in WRITEABLE_VIEWS and isinstance(owner.operands[0], Step):
            owner = owner.operands[0]
        alone = owner is output or all(o is output for o in self.program.outputs if isinstance(o, Step))
        return owner.function is not None and not is_view(owner) and owner not in self.buffers.of and alone


def _origin(step: Step) -> Origin | None:
    """Return the user's operation behind a step, of a pullback the one that is pulled back."""
    node = None if step.source is None else step.source.pullback_of or step.source
    if node is None or node.position is None:
        return None
    scope = f" in {' / '.join(node.scope)}" if node.scope else ""
    operation = node.operands[0] if node.kind == "output" else node
    return Origin(str(operation.function), f"{node.position}{scope}", step.phase)


def _is_zeroing(step: Step) -> bool:
    """Tell whether a choice puts zeros into many floats."""
    a, b = step.operands
    zero = isinstance(a, (float, np.floating)) and a == 0
    return zero and isinstance(b, Step) and b.shape == step.shape and b.dtype == step.dtype and step.value.size > 4096


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
        if _reverses_axes(step) and step not in results and len(uses.get(step, [])) == 1
        if uses[step][0].function in (np.dot, np.matmul)
    }


def _reverses_axes(step: Step) -> bool:
    """Tell whether the step is x.T."""
    if step.function is not np.transpose or not step.operands[0].is_array:
        return False
    axes = step.parameters.get("axes")
    return axes is None or [axis % len(axes) for axis in axes] == list(range(len(axes)))[::-1]


def _single_numbers(program: Program) -> set[Step]:
    """Return the Python numbers that are written where they are read: literals, and what is read once."""
    uses = _uses(program)
    unnamed = [s for s in program.steps if s.is_python_number and not (s.named_by and s.named_by.label)]
    return {*program.literals, *[step for step in (*program.numbers, *unnamed) if uses[step] == 1]}


def _uses(program: Program) -> Counter[Step]:
    """Return how often each step is read or kept."""
    return Counter([*(used for step in program.steps for used in step.uses), *program.results])


def _shape(step: Step) -> str:
    return "×".join(map(str, step.shape)) if step.shape else "()"


def _aligned(lines: Sequence[str]) -> list[str]:
    """Return the lines with their comments in one column."""
    split = [re.match(r"^(    [^#]*?)  # (.*)$", line) for line in lines]
    width = min(max([len(m.group(1)) for m in split if m], default=0), 56)
    return [f"{m.group(1):<{width}}  # {m.group(2)}" if m else line for line, m in zip(lines, split, strict=True)]
