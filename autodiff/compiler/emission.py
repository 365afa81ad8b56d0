"""The program as source: its lines, in sections."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.compiler.buffers import WRITEABLE_VIEWS, Buffers, is_view, writes_entries
from autodiff.compiler.expressions import Expressions, uses_of
from autodiff.compiler.listing import Listing, Origin
from autodiff.compiler.naming import Naming, identifier
from autodiff.compiler.pieces import Stretch, in_pieces, stretches
from autodiff.compiler.steps import Program, Step, item
from autodiff.rules.indexing import added_at
from autodiff.rules.special import SECH_TAIL, sech_squared, sech_squared_tail


class Source:
    """Writes a program down.

    Parameters
    ----------
    program : Program
    name : str
        Of the function.
    after : sequence of Program or Call
        What runs between the last step and `return`, such as an update.
    single : bool
        Whether the one result is returned as it is; else results stand in a tuple.
    """

    def __init__(self, program: Program, name: str, after: Sequence = (), single: bool = False) -> None:
        self.program = program
        self.single = single
        self.after = after
        self.name = identifier(name) or "f"
        self.programs = [program, *[part for part in after if isinstance(part, Program)]]
        self.buffers = Buffers(self.programs)
        self.naming = self.new_naming()
        self.expressions = self.new_expressions()
        self.lines: list[str] = []
        self.origin: dict[int, Origin] = {}  # what stands behind each line

    def new_naming(self) -> Naming:
        """Return the names that are taken at first."""
        return Naming(self.name)

    def new_expressions(self) -> Expressions:
        """Return what writes each step as an expression."""
        return Expressions(self.programs, self.buffers, self.naming)

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
        memory = {self.expressions.name_of(step): number for step, number in numbers.items() if number not in homes}
        return Listing(self.name, text, self.naming.constants, buffers, memory, self.origin)

    def write(self) -> str:
        """Return the source."""
        arguments = [self.expressions.name_of(step) for step in self.program.inputs]
        self.add(f"def {self.name}({', '.join(arguments)}):")
        self._write_steps(self.program)
        results = [self._result(output, i) for i, output in enumerate(self.program.outputs)]
        results = [self._kept(result) for result in results] if self.program.stores or self.after else results
        self._write_stores(self.program)
        title = None
        for part in self.after:
            if part.title and part.title != title:
                title = part.title
                self.add(f"    # {title}{self._whose(part)}")
            if isinstance(part, Program):
                self._write_steps(part)
                self._write_stores(part)
            else:
                names = {name: self.naming.named(x, name) for name, x in part.names.items()}
                self.add(f"    {part.text.format_map(names)}")
        comma = "," if len(results) == 1 and not self.single else ""
        self.add(f"    return {', '.join(results)}{comma}" if results else "    return ()")
        return "\n".join(_aligned(self.lines)) + "\n"

    def _whose(self, part: Any) -> str:
        """Return what the arrays of an update consist of: the parameters and gradients of the program before it."""
        if not isinstance(part, Program):
            return ""
        read = {self.naming.named(array, "array"): array for array in self.program.fixed.values()}
        written = {self.naming.named(array, name): array for _, array, name in self.program.stores}
        parts = []
        for array in part.fixed.values():
            names = [name for name, x in {**read, **written}.items() if np.may_share_memory(array, x)]
            if names and not any(x is array for x in (*read.values(), *written.values())):
                few = names if len(names) < 3 else [names[0], "…", names[-1]]
                parts.append(f"{self.naming.named(array, 'array')} is {', '.join(few)}")
        return f", where {' and '.join(parts)}, each in one array" if parts else ""

    def _write_steps(self, program: Program) -> None:
        uses = uses_of(program)
        for step, place in program.numbers.items():
            if step not in self.expressions.inline and uses[step]:
                self.add(f"    {self.expressions.name_of(step)} = {self.expressions.place(place)}")
        phases = {step.phase for step in program.steps}
        self.phase = "" if len(phases) > 1 else None  # of the section, if there are sections
        unpacked = _unpacked(program)
        for part in stretches(program, self.buffers):
            first = part.steps[0] if isinstance(part, Stretch) else part
            self._begin(first.phase)
            if isinstance(part, Stretch):
                self._write_stretch(part)
            elif part in unpacked:
                self._write_unpacked(part, unpacked[part])
            elif part not in self.expressions.inline and not (part.function is item and part.operands[0] in unpacked):
                self._write_step(part)

    def _begin(self, phase: str) -> None:
        """Write the heading of a section."""
        if self.phase is not None and phase != self.phase:
            self.phase = phase
            self.add(f"    # {phase}")

    def _write_unpacked(self, step: Step, parts: list[Step | None]) -> None:
        """Write a step with several results: `loss, d_z = f(z)`."""
        names = ", ".join(["_" if part is None else self.expressions.name_of(part) for part in parts])
        self.add(f"    {names} = {self.expressions.expression(step)}", step)

    def _write_stores(self, program: Program) -> None:
        """Write what brings results into the arrays that they are for, unless they are there already."""
        copies = []
        for result, array, name in program.stores:
            number = self.buffers.of.get(result, -1) if isinstance(result, Step) else -1
            if self.buffers.homes.get(number) is not array:
                self._begin("backward" if name.startswith("grad_") else "state")
                # What stands in another array that is written to is taken out first.
                text = self.expressions.operand(result)
                copies.append((array, self._kept(f"{text}.copy()") if number in self.buffers.homes else text))
        for array, text in copies:
            self.add(f"    np.copyto({self.naming.named(array, 'array')}, {text})")
        for number, place in program.number_stores:
            self.add(f"    {self.expressions.place(place)} = {self.expressions.operand(number)}")

    def _kept(self, result: str) -> str:
        """Return a name for a copy that is made now, not when what it is a copy of has changed."""
        if not result.endswith(".copy()"):
            return result
        name = self.naming.fresh(f"{result.removesuffix('.copy()')}_before")
        self.add(f"    {name} = {result}")
        return name

    def _write_stretch(self, stretch: Stretch) -> None:
        for step in stretch.steps:
            self.expressions.name_of(step)  # in the order in which they are computed
        for step in stretch.fresh:
            self.add(
                f"    {self.expressions.name_of(step)} = np.empty({step.shape}, {self.naming.constant(step.dtype)})"
            )
        name, run = self.naming.fresh("piece"), self.naming.named(in_pieces, "in_pieces")
        self.add("")
        self.expressions.stretch, begin = stretch, len(self.lines)
        for step in stretch.steps:
            self._write_step(step)
        self.expressions.stretch = None
        arrays = ", ".join(stretch.names)
        comment = "  # some rows of each, while they are in the cache" if len(stretch.names) < 8 else ""
        self.lines[begin - 1] = f"    def {name}({arrays}):{comment}"
        self.lines[begin:] = [f"    {line}" for line in self.lines[begin:]]
        shape = _shape(stretch.steps[0])
        self.add(f"    {run}({name}, ({arrays}{',' * (len(stretch.names) == 1)}), {stretch.rows})  # {shape}")

    def _write_step(self, step: Step) -> None:
        comment = f"  # {_shape(step)}" if step.is_array and self.expressions.stretch is None else ""
        if step.function is np.dot and self.naming.constant_name(step.operands[0]) == "ones":
            comment = f"{comment}, column sums"
        name = self.expressions.array(self.expressions.name_of(step), step)
        if writes_entries(step):
            self._write_entries(step, name, comment)
        elif step not in self.buffers.of and self.expressions.stretch is None:
            self.add(f"    {name} = {self.expressions.expression(step)}{comment}", step)
        elif step.function is sech_squared.implementation:
            x, y = [self.expressions.operand(o) for o in step.operands]
            self.add(f"    np.multiply({y}, {y}, out={name}){comment}", step)
            self.add(f"    np.subtract(1.0, {name}, out={name})", step)
            if not step.value.size:
                return
            tail = self.naming.named(sech_squared_tail, "sech_squared_tail")
            self.add(
                f"    if np.minimum.reduce({name}, axis=None) <= {SECH_TAIL}:  # where 1 - tanh² loses its digits", step
            )
            self.add(f"        {tail}({x}, {name})", step)
        else:
            call = self.expressions.expression(step)
            self.add(f"    {call[:-1]}, out={name}){comment}", step)

    def _write_entries(self, step: Step, name: str, comment: str) -> None:
        """Write y[index] = x, or +=, into zeros, a copy, or what nobody else reads any more."""
        *before, x = step.operands
        if not before:
            dtype = "" if step.dtype == np.float64 else f", {self.naming.constant(step.dtype)}"
            size = step.shape[0] if len(step.shape) == 1 else step.shape
            self.add(f"    {name} = np.zeros({size}{dtype}){comment}", step)
        elif not isinstance(before[0], Step) or self.buffers.heirs.get(before[0]) is not step:
            self.add(f"    {name} = np.array({self.expressions.operand(before[0])}){comment}", step)
        sign = "+=" if step.function is added_at.implementation else "="
        self.add(
            f"    {name}[{self.expressions.index(step.parameters['index'])}] {sign} {self.expressions.number(x, step)}",
            step,
        )

    def _result(self, output: Any, i: int) -> str:
        """Return what is returned: never memory that the next call writes to, nor the caller's own."""
        if not isinstance(output, Step):
            if isinstance(output, np.ndarray):
                return f"{self.expressions.operand(output)}.copy()"
            return (
                self.naming.named(output, "c") if isinstance(output, np.generic) else self.expressions.operand(output)
            )
        repeated = any(output is earlier for earlier in self.program.outputs[:i])
        name = self.expressions.name_of(output)
        return f"{name}.copy()" if output.is_array and (repeated or not self._is_own(output)) else name

    def _is_own(self, output: Step) -> bool:
        """Tell whether the memory of a result is made at each call, and nothing else is returned that shares it."""
        owner = output
        while owner.function in WRITEABLE_VIEWS and isinstance(owner.operands[0], Step):
            owner = owner.operands[0]
        alone = owner is output or all(o is output for o in self.program.outputs if isinstance(o, Step))
        return owner.function is not None and not is_view(owner) and owner not in self.buffers.of and alone


def _unpacked(program: Program) -> dict[Step, list[Step | None]]:
    """Return the steps with several results that are read one by one, and those that do."""
    parts: dict[Step, list[Step | None]] = {}
    for step in program.steps:
        if isinstance(step.value, (tuple, list)):
            parts[step] = [None] * len(step.value)
        for used in step.uses:
            if used in parts and step.function is not item:
                del parts[used]
            elif used in parts:
                parts[used][step.parameters["k"]] = step
    return {step: readers for step, readers in parts.items() if step not in program.results and any(readers)}


def _origin(step: Step) -> Origin | None:
    """Return the user's operation behind a step, of a pullback the one that is pulled back."""
    node = None if step.source is None else step.source.pullback_of or step.source
    if node is None or node.position is None:
        return None
    scope = f" in {' / '.join(node.scope)}" if node.scope else ""
    operation = node.operands[0] if node.kind == "output" else node
    return Origin(str(operation.function), f"{node.position}{scope}", step.phase)


def _shape(step: Step) -> str:
    return "×".join(map(str, step.shape)) if step.shape else "()"


def _aligned(lines: Sequence[str]) -> list[str]:
    """Return the lines with their comments in one column."""
    split = [re.match(r"^(    (?!def )[^#]*?)  # (.*)$", line) for line in lines]
    width = max([len(m.group(1)) for m in split if m and len(m.group(1)) <= 72], default=0)
    return [f"{m.group(1):<{width}}  # {m.group(2)}" if m else line for line, m in zip(lines, split, strict=True)]
