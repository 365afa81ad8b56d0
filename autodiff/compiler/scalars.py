"""Programs of single numbers as plain Python: floats, operators and the functions of `math`.

They run several times faster than NumPy's numbers, and agree with them to the last digit but one,
as far as `math` and NumPy do. Where Python raises and NumPy gives an infinity or NaN, NumPy's program runs.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.arraylike import power
from autodiff.compiler.emission import Source
from autodiff.compiler.expressions import INFIX, Expressions, uses_of
from autodiff.compiler.listing import Listing
from autodiff.compiler.naming import Naming
from autodiff.compiler.steps import Program, Step
from autodiff.dispatch import MODE
from autodiff.rules.indexing import select
from autodiff.rules.special import SECH_TAIL, sech_squared

MATH: dict[Any, Callable] = {
    np.exp: math.exp, np.exp2: math.exp2, np.expm1: math.expm1, np.log: math.log, np.log2: math.log2,
    np.log10: math.log10, np.log1p: math.log1p, np.sqrt: math.sqrt, np.cbrt: math.cbrt,
    np.sin: math.sin, np.cos: math.cos, np.tan: math.tan, np.arcsin: math.asin, np.arccos: math.acos,
    np.arctan: math.atan, np.arctan2: math.atan2, np.sinh: math.sinh, np.cosh: math.cosh, np.tanh: math.tanh,
    np.arcsinh: math.asinh, np.arccosh: math.acosh, np.arctanh: math.atanh, np.hypot: math.hypot,
    np.absolute: math.fabs, np.fabs: math.fabs, np.deg2rad: math.radians, np.rad2deg: math.degrees,
}  # fmt: skip
NAMES = {function.__name__ for function in MATH.values()}
WRITTEN: dict[Any, str] = {
    np.negative: "-{0}", np.positive: "+{0}", np.square: "{0} * {0}", np.reciprocal: "1.0 / {0}",
    np.logical_not: "not {0}", np.invert: "not {0}",
}  # fmt: skip
# How tightly an operator binds: its left operand must bind as tightly, its right one tighter.
BINDS: dict[Any, int] = {np.add: 1, np.subtract: 1, np.multiply: 2, np.divide: 2}
POWER, CALL = 3, 4
LONGEST = 4  # operations in one line
ERRORS = (ValueError, ZeroDivisionError, OverflowError, TypeError)


def is_scalar(program: Program) -> bool:
    """Tell whether a program computes with single floats alone, by functions that `math` has too."""
    results = all(isinstance(o, (Step, float)) for o in program.outputs)
    return results and not program.fixed and all(map(_is_known, [*program.inputs, *program.steps]))


def _is_known(step: Step) -> bool:
    if not isinstance(step.value, (float, np.float64, np.bool)):
        return False
    if any(isinstance(o, np.ndarray) for o in step.operands):
        return False
    if step.function is None:
        return True
    if step.function is power.implementation:
        return isinstance(step.parameters["exponent"], (int, float))
    if step.function is select.implementation:
        return isinstance(step.parameters["condition"], Step)
    if step.function is sech_squared.implementation:
        return True
    known = step.function in MATH or step.function in WRITTEN or step.function in INFIX
    return known and step.function is not np.matmul and not step.parameters


class ScalarNaming(Naming):
    """Leaves the names of `math` alone, and knows no numbers but Python's."""

    def fresh(self, wanted: str) -> str:
        return super().fresh(f"{wanted}_" if wanted in NAMES else wanted)

    def constant(self, x: Any) -> str:
        return repr(float(x)) if isinstance(x, (float, np.floating)) and np.isfinite(x) else super().constant(x)


class ScalarExpressions(Expressions):
    """Writes what is read once where it is read, in the operators and functions of Python."""

    def __init__(self, program: Program, *given: Any) -> None:
        super().__init__([program], *given)
        self.used: dict[str, Callable] = {}
        self.within = _within_others(program)
        self.inline |= self.within

    def operand(self, x: Any) -> str:
        return self.expression(x) if isinstance(x, Step) and x in self.within else super().operand(x)

    def _given(self, step: Step) -> list[str]:
        """Return the operands, those that are expressions themselves in parentheses where these are needed."""
        given = [self.operand(o) for o in step.operands]
        if _binding(step) == CALL and step.function is not power.implementation:  # f(a, b)
            return given
        needed = BINDS.get(step.function, CALL)
        weak = [o in self.within and _binding(o) < needed + i for i, o in enumerate(step.operands)]
        return [f"({text})" if is_weak else text for text, is_weak in zip(given, weak, strict=True)]

    def expression(self, step: Step) -> str:
        given = self._given(step)
        if step.function is power.implementation:
            return self._power(given[0], step.parameters["exponent"])
        if step.function is select.implementation:
            return f"{given[0]} if {self.operand(step.parameters['condition'])} else {given[1]}"
        if step.function is np.power:
            return f"{self._called(math.pow)}({', '.join(given)})"
        if step.function in WRITTEN:
            return WRITTEN[step.function].format(*given)
        if step.function in INFIX:
            return f"{_signed(given[0])} {INFIX[step.function]} {_signed(given[1])}"
        if step.function is sech_squared.implementation:
            return f"{self.naming.named(sech_squared_of_float, 'sech_squared')}({', '.join(given)})"
        return f"{self._called(MATH[step.function])}({', '.join(given)})"

    def _power(self, base: str, exponent: float) -> str:
        if exponent == 2:
            return f"{base} * {base}"
        return f"{base} ** {exponent}" if exponent == int(exponent) else f"{self._called(math.pow)}({base}, {exponent})"

    def _called(self, function: Callable) -> str:
        self.used[function.__name__] = function
        return function.__name__


class ScalarSource(Source):
    """Writes a program of single numbers."""

    expressions: ScalarExpressions

    def __init__(self, program: Program, name: str, single: bool) -> None:
        super().__init__(program, f"compiled_{name}" if name in NAMES else name, single=single)

    def new_naming(self) -> Naming:
        return ScalarNaming(self.name)

    def new_expressions(self) -> ScalarExpressions:
        return ScalarExpressions(self.program, self.buffers, self.naming)

    def listing(self) -> Listing:
        text = self.write()
        return Listing(self.name, text, self.naming.constants)

    def write(self) -> str:
        text = super().write()
        used = self.expressions.used
        return f"from math import {', '.join(sorted(used))}\n\n\n{text}" if used else text

    def _result(self, output: Any, _i: int) -> str:
        return self.expressions.operand(output)


def sech_squared_of_float(x: float, y: float) -> float:
    """Return 1 / cosh(x)² for y = tanh(x), as `sech_squared` does of arrays."""
    z = 1.0 - y * y
    if z > SECH_TAIL:
        return z
    q = math.exp(-2.0 * abs(x))
    return 4.0 * q / (1.0 + q) ** 2


def _within_others(program: Program) -> set[Step]:
    """Return the steps that are written within the line of the one that reads them: without a name of the user's."""
    uses = uses_of(program)
    size = dict.fromkeys(program.steps, 1)  # operations in the line
    within = set()
    for step in program.steps:
        repeats = step.function in (np.square, power.implementation)  # reads its operand twice
        for used in step.uses if not repeats else ():
            fits = size.get(used, LONGEST) + size[step] <= LONGEST
            if fits and uses[used] == 1 and used.phase == step.phase and not _has_users_name(used):
                within.add(used)
                size[step] += size[used]
    last = program.outputs[0] if len(program.outputs) == 1 else None
    if isinstance(last, Step) and last in size and uses[last] == 1 and not (last.named_by and last.named_by.label):
        within.add(last)
    return within


def _binding(step: Step) -> int:
    """Return how tightly the operator of a step binds; 0 if it has to stand in parentheses."""
    if step.function is power.implementation:
        exponent = step.parameters["exponent"]
        return BINDS[np.multiply] if exponent == 2 else POWER if exponent == int(exponent) else CALL
    if step.function is np.square:
        return BINDS[np.multiply]
    calls = step.function in MATH or step.function in (np.power, sech_squared.implementation)
    return CALL if calls else BINDS.get(step.function, 0)


def _has_users_name(step: Step) -> bool:
    node = step.named_by
    return node is not None and bool(node.label or (node.adjoint_of is not None and node.adjoint_of.label))


def _signed(text: str) -> str:
    return f"({text})" if text.startswith("-") else text


GUARDED = """
def {name}({parameters}, /, *_rest, **_named):
    if {are_floats} and not _rest and not _named and _mode() is None:
        try:
{body}
        except _ERRORS:
            pass
    return _general()(*[_arg for _arg in ({arguments}, *_rest) if _arg is not _MISSING], **_named)
"""


def guarded(listing: Listing, general: Callable) -> Callable:
    """Return the function of the listing, for any arguments: what `general()` gives gets those that are not floats.

    It gets them, too, where Python raises, or where something is switched on that looks at operations.
    """
    imports, _, function = listing.text.rpartition("def ")
    head, *body = function.splitlines()
    arguments = head[head.index("(") + 1 : -2].split(", ")
    text = GUARDED.format(
        name=listing.name,
        parameters=", ".join([f"{name}=_MISSING" for name in arguments]),
        arguments=", ".join(arguments),
        are_floats=" and ".join([f"{name}.__class__ is _float" for name in arguments]),
        body=textwrap.indent("\n".join(body), "        "),
    )
    own = {"_general": general, "_mode": MODE.get, "_ERRORS": ERRORS, "_MISSING": object(), "_float": float}
    return listing.make(compile(imports + text, listing.filename, "exec"), **own)
