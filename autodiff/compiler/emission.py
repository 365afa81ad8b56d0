"""The program as source, and the function that the source defines."""

from __future__ import annotations

import keyword
import linecache
import re
import weakref
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import numpy as np

from autodiff.arraylike import getitem, power
from autodiff.compiler.buffers import Buffers, is_view, takes_out
from autodiff.compiler.steps import Program, Step
from autodiff.rules.indexing import select
from autodiff.rules.special import SECH_TAIL, sech_squared, sech_squared_tail, zeroed

number_of_program = count(1).__next__

INFIX: dict[Any, str] = {
    np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/", np.power: "**", np.floor_divide: "//",
    np.remainder: "%", np.matmul: "@", np.less: "<", np.less_equal: "<=", np.greater: ">", np.greater_equal: ">=",
    np.equal: "==", np.not_equal: "!=", np.bitwise_and: "&", np.bitwise_or: "|",
}  # fmt: skip


Epilogue = Callable[["Source"], Sequence[str]]
"""What adds lines at the end of a program, such as the update of an optimiser."""


class Source:
    """Writes a program down.

    Parameters
    ----------
    program : Program
    name : str
        Of the function.
    epilogue : callable, optional
        Gives further lines, between the last step and `return`.
    """

    def __init__(self, program: Program, name: str, epilogue: Epilogue | None = None) -> None:
        self.program = program
        self.epilogue = epilogue
        self.name = identifier(name) or "f"
        self.buffers = Buffers(program)
        self.names: dict[Step, str] = {}
        self.step_of = {step.source: step for step in [*program.inputs, *program.fixed, *program.steps]}
        self.taken: set[str] = {"np", self.name, *keyword.kwlist}
        self.constants: dict[str, Any] = {}  # what the source calls by name: arrays, functions, numbers
        self._constant_of: dict[int, str] = {}
        self.inline = _transposes(program)
        self.stored: dict[Step, str] = {}  # what is written straight into the array that it is for
        self._name_inputs()
        self._name_stores()
        self.lines: list[str] = []
        self.origin: dict[int, Any] = {}  # the user's position behind each line

    # --- names --------------------------------------------------------------------------------

    def fresh(self, wanted: str) -> str:
        """Return a name that nothing has yet: `wanted`, or with a number."""
        name = wanted
        numbers = count(1)
        while name in self.taken:
            name = f"{wanted}_{next(numbers)}"
        self.taken.add(name)
        return name

    def name_of(self, step: Step) -> str:
        """Return the user's name for a step, d_z for the adjoint of z, and else the name of its node."""
        if step not in self.names:
            node = step.named_by
            wanted = "v"
            if node is not None:
                wanted = identifier(node.label) or node.name.replace("-", "_")
                if not node.label and node.adjoint_of is not None:
                    self.names[step] = node.name  # for now: equal values may be the adjoints of each other
                    primal = self.step_of.get(node.adjoint_of)
                    wanted = f"d_{self.name_of(primal) if primal is not None else node.adjoint_of.name}"
            self.names[step] = self.fresh(wanted)
        return self.names[step]

    def _name_inputs(self) -> None:
        for step in self.program.inputs:
            self.name_of(step)
        for step, array in self.program.fixed.items():
            self.constants[self.name_of(step)] = array

    def _name_stores(self) -> None:
        """Let a step write into the array that its result is for, where nothing else is there to be read."""
        returned = [o for o in self.program.outputs if isinstance(o, Step)]
        fixed = {id(array) for array in self.program.fixed.values()}
        for result, array, name in self.program.stores:
            self.constants[self.fresh(name)] = array
            direct = isinstance(result, Step) and takes_out(result) and result not in self.stored
            fits = direct and getattr(result.value, "dtype", None) == array.dtype  # else the copy converts it
            if fits and result not in returned and id(array) not in fixed:
                self.stored[result] = self.names[result] = list(self.constants)[-1]

    def constant(self, x: Any) -> str:
        """Return how a constant is written: a number as it is, an array by a name."""
        if x.__class__ in (int, bool, type(None), str):
            return repr(x)
        if isinstance(x, (float, np.floating)) and x.__class__ in (float, np.float64, np.float32) and np.isfinite(x):
            return repr(float(x))
        if isinstance(x, slice):
            return f"slice({', '.join(map(self.constant, (x.start, x.stop, x.step)))})"
        if x is Ellipsis:
            return "..."
        if isinstance(x, np.dtype):
            return f"np.{x.name}" if x.kind in "fiub" and hasattr(np, x.name) else self.named(x, "dtype")
        if isinstance(x, np.bool):
            return repr(bool(x))
        if isinstance(x, type):
            name = str(x.__name__)
            return f"np.{name}" if getattr(np, name, None) is x else self.named(x, name)
        return self.named(x, _constant_name(x))

    def named(self, x: Any, wanted: str) -> str:
        """Return a name for something that the source cannot write out."""
        if id(x) not in self._constant_of:
            self._constant_of[id(x)] = name = self.fresh(wanted)
            self.constants[name] = x
        return self._constant_of[id(x)]

    def operand(self, x: Any) -> str:
        """Return an operand: a step by its name, containers of them, or a constant."""
        if isinstance(x, Step):
            return f"{self.operand(x.operands[0])}.T" if x in self.inline else self.name_of(x)
        if x.__class__ is tuple:
            return f"({', '.join(map(self.operand, x))}{',' if len(x) == 1 else ''})"
        if x.__class__ is list:
            return f"[{', '.join(map(self.operand, x))}]"
        return self.constant(x)

    def number(self, x: Any, step: Step) -> str:
        """Return an operand of a call; a NumPy number that would lose its type as a literal has a name."""
        if isinstance(x, np.generic) and not isinstance(x, np.bool):
            others = [o.value if isinstance(o, Step) else o for o in step.operands if o is not x]
            if x.dtype.kind != "f" or np.result_type(1.0, *others) != step.dtype:
                return self.named(x, "c")
        return self.operand(x)

    # --- lines --------------------------------------------------------------------------------

    def expression(self, step: Step) -> str:
        """Return the call without `out`."""
        function, operands, parameters = step.function, step.operands, step.parameters
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
        if function is np.transpose and parameters.get("axes") is None and operands[0].is_array:
            return f"{given[0]}.T"
        if function is select.implementation:
            if _is_zeroing(step):
                return f"{self.named(zeroed, 'zeroed')}({given[1]}, where={self.operand(parameters['condition'])})"
            choice = f"np.where({self.operand(parameters['condition'])}, {', '.join(given)})"
            return choice if step.is_array else f"{choice}[()]"
        if getattr(function, "__name__", "") == "_item":
            return f"{given[0]}[{parameters['k']}]"
        options = [
            f"{key}={self.operand(value)}"
            for key, value in parameters.items()
            if value is not False or key != "keepdims"
        ]
        return f"{self.function(function)}({', '.join([*given, *options])})"

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
        return self.named(function, identifier(name.lstrip("_")) or "function")

    def add(self, text: str, step: Step | None = None) -> None:
        self.lines.append(text)
        if step is not None and step.source is not None and step.source.position is not None:
            self.origin[len(self.lines)] = step.source.position

    def write(self) -> str:
        """Return the source."""
        arguments = [self.name_of(step) for step in self.program.inputs]
        body_start = 1
        self.add(f"def {self.name}({', '.join(arguments)}):")
        phase = None
        phases = {step.phase for step in self.program.steps}
        for step in self.program.steps:
            if step.phase != phase and len(phases) > 1:
                phase = step.phase
                self.add(f"    # {phase}")
            self._write_step(step)
        for result, array, _ in self.program.stores:
            if not (isinstance(result, Step) and result in self.stored):
                target = next(name for name, value in self.constants.items() if value is array)
                self.add(f"    np.copyto({target}, {self.operand(result)})")
        if self.epilogue is not None:
            self.lines += [f"    {line}" for line in self.epilogue(self)]
        results = [self._result(output, i) for i, output in enumerate(self.program.outputs)]
        self.add(f"    return {', '.join(results)}{',' if len(results) == 1 else ''}")
        return "\n".join(_aligned(self.lines[body_start - 1 :])) + "\n"

    def _write_step(self, step: Step) -> None:
        if step in self.inline:
            return
        comment = f"  # {_shape(step)}" if step.is_array else ""
        name = self.name_of(step)
        if step not in self.buffers.of and step not in self.stored:
            self.add(f"    {name} = {self.expression(step)}{comment}", step)
        elif step.function is sech_squared.implementation:
            x, y = [self.operand(o) for o in step.operands]
            self.add(f"    np.multiply({y}, {y}, out={name}){comment}", step)
            self.add(f"    np.subtract(1.0, {name}, out={name})", step)
            tail = self.named(sech_squared_tail, "sech_squared_tail")
            self.add(
                f"    if np.minimum.reduce({name}, axis=None) <= {SECH_TAIL}:  # where 1 - tanh² loses its digits", step
            )
            self.add(f"        {tail}({x}, {name})", step)
        else:
            call = self.expression(step)
            self.add(f"    {call[:-1]}, out={name}){comment}", step)

    def _result(self, output: Any, i: int) -> str:
        """Return what is returned: never memory that the next call writes to, nor the caller's own."""
        if not isinstance(output, Step):
            if isinstance(output, np.ndarray):
                return f"{self.operand(output)}.copy()"
            return self.named(output, "c") if isinstance(output, np.generic) else self.operand(output)
        repeated = any(output is earlier for earlier in self.program.outputs[:i])
        borrowed = output.function is None or is_view(output)
        name = self.name_of(output)
        return f"{name}.copy()" if output.is_array and (borrowed or repeated) else name


def identifier(label: str | None) -> str | None:
    """Return a label as a Python name: `params['w'][0]` becomes params_w_0."""
    if not label:
        return None
    name = re.sub(r"\W+", "_", label).strip("_")
    if name and name[0].isdigit():
        name = f"v{name}"
    return name if name.isidentifier() and not keyword.iskeyword(name) else None


def _constant_name(x: Any) -> str:
    """Return what a constant is called: ones, zeros, c."""
    if isinstance(x, np.ndarray) and x.size and x.dtype.kind in "fiub":
        if not np.any(x - 1 if x.dtype.kind != "b" else ~x):
            return "ones"
        if not np.any(x):
            return "zeros"
    return "c" if isinstance(x, (np.ndarray, np.generic, float, complex)) else "constant"


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
        if step.function is np.transpose and step.parameters.get("axes") is None and step.operands[0].is_array
        if step not in results and len(uses.get(step, [])) == 1 and uses[step][0].function in (np.dot, np.matmul)
    }


def _shape(step: Step) -> str:
    return "×".join(map(str, step.shape)) if step.shape else "()"


def _aligned(lines: Sequence[str]) -> list[str]:
    """Return the lines with their comments in one column."""
    split = [re.match(r"^(    [^#]*?)  # (.*)$", line) for line in lines]
    width = min(max([len(m.group(1)) for m in split if m], default=0), 64)
    return [f"{m.group(1):<{width}}  # {m.group(2)}" if m else line for line, m in zip(lines, split, strict=True)]


def build(source: Source, text: str) -> tuple[Callable[[], Callable], str]:
    """Return a maker of the function (each with memory of its own), and the name of its file in `linecache`."""
    filename = f"<compiled {source.name} {number_of_program()}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    code = compile(text, filename, "exec")

    def make() -> Callable:
        namespace = {"np": np, **source.constants}
        memory = [spec.allocate() for spec in source.buffers.specs]
        for step, number in source.buffers.of.items():  # several names may stand for one array, one after the other
            namespace[source.names[step]] = memory[number]
        exec(code, namespace)  # the text above, made of NumPy calls alone
        return namespace[source.name]

    weakref.finalize(make, linecache.cache.pop, filename, None).atexit = False  # thousands of fits leave nothing
    return make, filename
