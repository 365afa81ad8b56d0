"""Writing operations as formulas, in characters or in LaTeX, with brackets where they are needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.dispatch import RULES
from autodiff.graph import NODES, Node
from autodiff.operands import map_nested, shape_of
from autodiff.readers.notation import (
    ANY,
    ATOM,
    COMPARISON,
    FORMS,
    NOTATIONS,
    PRODUCT,
    SUM,
    UNARY,
    Notation,
    Written,
    called,
    escaped,
    name_of,
    number,
    operator_name,
)
from autodiff.rules.call import Call

ACCENTS = {"": "{}", "bar": r"\bar{{{}}}", "dot": r"\dot{{{}}}"}
OVER = {"": "", "bar": "\u0304", "dot": "\u0307"}


class Writer:
    """Writes operations, given how nodes and constants are to be written."""

    def __init__(self, leaf: Callable[[Any], Written], latex: bool = False) -> None:
        self.leaf = leaf
        self.latex = latex
        self.times = r"\cdot" if latex else "·"

    def write(self, x: Any) -> Written:
        """Return a node or a constant as it stands in a formula."""
        return self.leaf(x)

    def node(self, node: Node) -> Written:
        """Return the formula of the operation that a node is."""
        operands = [self.write(operand) for operand in node.operands]
        if node.kind == "output":
            return Written(f"{operands[0].text}[{node.operands[1]}]", ndim=len(node.shape))
        parameters = map_nested(self.write, node.parameters, NODES)
        return self.operation(node.primitive, operands, parameters, node.value)._replace(ndim=len(node.shape))

    def operation(
        self, primitive: Any, operands: Sequence[Written], parameters: Mapping[str, Any], value: Any = 0.0
    ) -> Written:
        """Return the formula of one operation; `value` tells the shape of its result."""
        parameters = {key: option for key, option in parameters.items() if not _goes_without_saying(key, option)}
        form = FORMS.get(primitive)
        written = form(self, operands, parameters, value) if form is not None else None
        if written is not None:
            return written
        if primitive is RULES[np.multiply] and all(operand.ndim for operand in operands):
            return self.filled(_ENTRY_BY_ENTRY, operands)
        notation = NOTATIONS.get(primitive)
        if notation is not None and len(operands) == len(notation.operands):
            return self.filled(notation, operands)
        if isinstance(parameters.get("call"), Call):
            return called(self, operands, parameters["call"])
        if "shut" in parameters:  # nn's `passed`: zero where shut
            return self.indicator(operands[0], self.within(self.unless(parameters["shut"]), ANY))
        options = [self.named(*item) for item in parameters.items()]
        if len(options) > 2:  # of a convolution: padding, dilation, …
            options = [r"\ldots" if self.latex else "…"]
        return self.function(name_of(primitive), ", ".join([*(operand.text for operand in operands), *options]))

    def filled(self, notation: Notation, operands: Sequence[Written]) -> Written:
        """Return the formula of an operation that has a notation."""
        pattern, binds = notation.text, notation.operands
        if self.latex:
            pattern, binds = notation.latex, notation.latex_operands or notation.operands
        unsigned = notation.binds == COMPARISON  # x > −1 needs no brackets
        inside = [
            self.within(operand, bind, first=unsigned or pattern.startswith(f"{{{i}}}"))
            for i, (operand, bind) in enumerate(zip(operands, binds, strict=True))
        ]
        return Written(pattern.format(*inside), notation.binds)

    def within(self, operand: Written, binds: int, first: bool = True) -> str:
        """Return an operand, in brackets if it binds less than `binds`, or has a sign and follows another one."""
        signed = not first and binds != ANY and operand.text[:1] in "-−"
        if operand.binds >= binds and not signed:
            return operand.text
        return rf"\left({operand.text}\right)" if self.latex else f"({operand.text})"

    def function(self, name: str, inside: str) -> Written:
        """Return a call."""
        return Written(rf"{operator_name(name)}\left({inside}\right)" if self.latex else f"{name}({inside})")

    def named(self, key: str, value: Any) -> str:
        """Return an option of a call."""
        return rf"\mathrm{{{escaped(key)}}}={self.option(value)}" if self.latex else f"{key}={self.option(value)}"

    def option(self, value: Any) -> str:
        """Return a parameter."""
        if isinstance(value, Written):
            return value.text
        if isinstance(value, (tuple, list)):
            inside = ", ".join([self.option(item) for item in value])
            opening, closing = "()" if isinstance(value, tuple) else "[]"
            inside += "," if len(value) == 1 and isinstance(value, tuple) else ""
            return rf"\left{opening}{inside}\right{closing}" if self.latex else opening + inside + closing
        if isinstance(value, (np.ndarray, np.generic, float)):
            return number(value, latex=self.latex)
        text = getattr(value, "__name__", None) or str(value)
        return rf"\mathrm{{{escaped(text)}}}" if self.latex and not text.lstrip("-").isdigit() else text

    def ones(self, shape: tuple[int, ...]) -> str:
        """Return an array of ones."""
        sizes = "×".join(map(str, shape))
        return rf"\mathbf{{1}}_{{{sizes.replace('×', ' ' + chr(92) + 'times ')}}}" if self.latex else f"ones({sizes})"

    def unless(self, condition: Written) -> Written:
        """Return the opposite of a condition."""
        return self.filled(NOTATIONS[RULES[np.invert]], [condition])

    def indicator(self, x: Written, condition: str) -> Written:
        """Return x · [condition], Iverson's bracket: 1 where the condition holds, else 0."""
        bracket = rf"\left[{condition}\right]" if self.latex else f"[{condition}]"
        return Written(f"{self.within(x, PRODUCT)} {self.times} {bracket}", PRODUCT)


_ENTRY_BY_ENTRY = Notation("{0} · {1}", r"{0} \odot {1}", PRODUCT, (PRODUCT, PRODUCT))


def _goes_without_saying(key: str, option: Any) -> bool:
    if key == "condition":  # no option: of np.where, a constant
        return False
    return option is None or option is False or (key == "order" and isinstance(option, str) and option in "CK")


def constant(x: Any, latex: bool = False) -> Written:
    """Return a number as it stands in a formula; negative ones bind like a sign."""
    if isinstance(x, (tuple, list)):  # several results
        return Written("(…)" if not latex else r"\left(\ldots\right)")
    text = number(x, latex=latex)
    binds = SUM if text.endswith("i") else UNARY if text[0] in "-−" else PRODUCT if "cdot" in text else ATOM
    return Written(text, binds, len(shape_of(x)))


def symbol(node: Node, latex: bool = False, accent: str = "") -> str:
    """Return vᵢ, with a bar (adjoint) or a dot (tangent) over the v if `accent` is "bar" or "dot"."""
    if latex:
        return ACCENTS[accent].format("v") + f"_{{{node.index}}}"
    return f"v{OVER[accent]}{node.symbol[1:]}"
