"""Operations as formulas: in characters, in LaTeX, and as the NumPy calls they are.

One table gives each function its notation; what is not in it is written as a call. The local
rules of the chain rule are not in any table: the engine's own rule is run on recorded values,
and what it does is written down in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff.arraylike import getitem, power
from autodiff.graph import Graph, Node
from autodiff.record import Recorder
from autodiff.rules.affine import _affine
from autodiff.rules.special import logistic, sech_squared
from autodiff.tree import flatten

ATOM, POWER, UNARY, PRODUCT, SUM = 5, 4, 3, 2, 1


class Written(NamedTuple):
    """A formula, and how tightly its outermost operation binds."""

    text: str
    binds: int = ATOM


class Notation(NamedTuple):
    """How to write an operation: `{0}`, `{1}` stand for the operands, which bind at least as given."""

    text: str
    latex: str
    binds: int
    operands: tuple[int, ...]


def _function(name: str, latex: str | None = None) -> Notation:
    return Notation(f"{name}({{0}})", f"{latex or _operator(name)}\\left({{0}}\\right)", ATOM, (0,))


def _operator(name: str) -> str:
    return rf"\operatorname{{{name}}}"


NOTATIONS: dict[Any, Notation] = {
    np.add: Notation("{0} + {1}", "{0} + {1}", SUM, (SUM, SUM)),
    np.subtract: Notation("{0} − {1}", "{0} - {1}", SUM, (SUM, PRODUCT)),
    np.multiply: Notation("{0} · {1}", r"{0} \cdot {1}", PRODUCT, (PRODUCT, PRODUCT)),
    np.divide: Notation("{0} / {1}", r"\frac{{{0}}}{{{1}}}", PRODUCT, (PRODUCT, UNARY)),
    np.negative: Notation("−{0}", "-{0}", UNARY, (UNARY,)),
    np.positive: Notation("{0}", "{0}", UNARY, (UNARY,)),
    np.power: Notation("{0}^{1}", "{{{0}}}^{{{1}}}", POWER, (ATOM, ATOM)),
    np.square: Notation("{0}²", "{0}^{{2}}", POWER, (ATOM,)),
    np.sqrt: Notation("√({0})", r"\sqrt{{{0}}}", ATOM, (0,)),
    np.absolute: Notation("|{0}|", r"\left|{0}\right|", ATOM, (0,)),
    np.reciprocal: Notation("1 / {0}", r"\frac{{1}}{{{0}}}", PRODUCT, (UNARY,)),
    np.matmul: Notation("{0} @ {1}", "{0} \\, {1}", PRODUCT, (PRODUCT, UNARY)),
    np.transpose: Notation("{0}ᵀ", "{0}^{{T}}", POWER, (ATOM,)),
    np.log: _function("ln", r"\ln"),
    np.exp: _function("exp", r"\exp"),
    logistic: _function("σ", r"\sigma"),
    sech_squared: Notation("(1 − {1}²)", r"\left(1 - {1}^{{2}}\right)", ATOM, (0, ATOM)),
    _affine: Notation("{0} @ {1} + {2}", r"{0} \, {1} + {2}", SUM, (PRODUCT, UNARY, SUM)),
    **{
        function: _function(function.__name__, rf"\{function.__name__}")
        for function in (np.sin, np.cos, np.tan, np.sinh, np.cosh, np.tanh, np.arcsin, np.arccos, np.arctan)
    },
}
ACCENTS = {"": "{}", "bar": r"\bar{{{}}}", "dot": r"\dot{{{}}}"}
SUPERSCRIPTS = str.maketrans("-0123456789.", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹·")


def number(x: Any, digits: int = 4, latex: bool = False) -> str:
    """Return a number in few digits, an array as its entries if they are few, else as its shape."""
    array = np.asarray(x)
    if array.ndim == 0:
        value = array.item()
        if isinstance(value, (bool, int)):
            text = str(value)
        elif isinstance(value, complex):
            text = f"{value:.{digits}g}"
        elif value == 0 or 1e-3 <= abs(value) < 10**digits or not np.isfinite(value):
            text = f"{value:.{digits - 1}f}".rstrip("0").rstrip(".") if np.isfinite(value) else str(value)
        else:
            text = f"{value:.{digits - 1}e}"
        if latex:
            mantissa, e, exponent = text.partition("e")
            return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if e else text.replace("inf", r"\infty")
        return text.replace("-", "−").replace("inf", "∞")
    if array.ndim == 1 and array.size <= 4:
        inside = ", ".join(number(entry, digits, latex) for entry in array)
        return rf"\left[{inside}\right]" if latex else f"[{inside}]"
    sizes = (r" \times " if latex else "×").join(map(str, array.shape))
    return rf"\left[{sizes}\right]" if latex else f"[{sizes}]"


class Writer:
    """Writes operations, given how nodes and constants are to be written."""

    def __init__(self, leaf: Callable[[Any], Written], latex: bool = False) -> None:
        self.leaf = leaf
        self.latex = latex

    def operation(self, primitive: Any, operands: Sequence[Written], parameters: Mapping[str, Any]) -> Written:
        """Return the formula of one operation."""
        if primitive.function is power:
            return self._power(operands[0], parameters["exponent"])
        if primitive.function is getitem:
            return Written(f"{_bracketed(operands[0], ATOM, self.latex)}{_index(parameters['index'])}")
        notation = NOTATIONS.get(primitive.function)
        if notation is None or len(operands) != len(notation.operands):
            return self._call(primitive, operands, parameters)
        inside = [_bracketed(o, binds, self.latex) for o, binds in zip(operands, notation.operands, strict=True)]
        if primitive.function is np.divide and self.latex:
            inside = [operand.text for operand in operands]  # the bar brackets them
        return Written((notation.latex if self.latex else notation.text).format(*inside), notation.binds)

    def _power(self, base: Written, exponent: Any) -> Written:
        inside = _bracketed(base, ATOM, self.latex)
        shown = number(exponent, latex=True)
        return Written(f"{inside}^{{{shown}}}" if self.latex else f"{inside}{shown.translate(SUPERSCRIPTS)}", POWER)

    def _call(self, primitive: Any, operands: Sequence[Written], parameters: Mapping[str, Any]) -> Written:
        name = primitive.name.removeprefix("np.")
        options = [f"{key}={_option(value)}" for key, value in parameters.items()]
        inside = ", ".join([*(operand.text for operand in operands), *options])
        if self.latex:
            escaped = name.replace("_", r"\_")
            return Written(rf"{_operator(escaped)}\left({inside}\right)".replace("_", r"\_") if options else
                           rf"{_operator(escaped)}\left({inside}\right)")  # fmt: skip
        return Written(f"{name}({inside})")

    def tree(self, node: Node, budget: list[int]) -> Written:
        """Return the formula of a node in terms of what `leaf` knows, operands put in."""
        budget[0] -= 1
        if budget[0] < 0:
            return Written("…")
        if node.is_input:
            return self.leaf(node)
        operands = [self.tree(o, budget) if isinstance(o, Node) else self.leaf(o) for o in node.operands]
        if node.primitive is None:  # one of several results
            return Written(f"{operands[0].text}[{node.operands[1]}]")
        return self.operation(node.primitive, operands, node.parameters)


def _bracketed(operand: Written, binds: int, latex: bool) -> str:
    if operand.binds >= binds:
        return operand.text
    return rf"\left({operand.text}\right)" if latex else f"({operand.text})"


def _index(index: Any) -> str:
    parts = index if isinstance(index, tuple) else (index,)
    return f"[{', '.join(map(_index_part, parts))}]"


def _index_part(part: Any) -> str:
    if isinstance(part, slice):
        ends = [("" if end is None else str(end)) for end in (part.start, part.stop)]
        return ":".join(ends if part.step is None else [*ends, str(part.step)])
    if part is Ellipsis:
        return "…"
    return number(part) if isinstance(part, np.ndarray) else str(part)


def _option(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.ndim:
        return number(value)
    return getattr(value, "__name__", None) or str(value)


def primal(node: Node, latex: bool = False, values: bool = False) -> str:
    """Return the formula of an operation in the names of its operands, or with their numbers put in."""
    show = _value_of_leaf(latex) if values else _name_of_leaf(latex)
    if node.kind == "output":
        return f"{show(node.operands[0]).text}[{node.operands[1]}]"
    return Writer(show, latex).operation(node.primitive, [show(o) for o in node.operands], node.parameters).text


def _name_of_leaf(latex: bool) -> Callable[[Any], Written]:
    return lambda x: Written(symbol(x, latex)) if isinstance(x, Node) else constant(x, latex)


def _value_of_leaf(latex: bool) -> Callable[[Any], Written]:
    return lambda x: constant(x.value if isinstance(x, Node) else x, latex)


def constant(x: Any, latex: bool = False) -> Written:
    """Return a number as it stands in a formula; negative ones bind like a sign."""
    text = number(x, latex=latex)
    return Written(text, UNARY if text[0] in "-−" or "e" in text else ATOM)


def symbol(node: Node, latex: bool = False, accent: str = "") -> str:
    """Return vᵢ, with a bar (adjoint) or a dot (tangent) over the v if `accent` is "bar" or "dot"."""
    if latex:
        return ACCENTS[accent].format("v") + f"_{{{node.index}}}"
    over = {"": "", "bar": "\u0304", "dot": "\u0307"}[accent]
    return f"v{over}{node.symbol[1:]}"


class Rule(NamedTuple):
    """A local rule, recorded: what the engine's rule does with the adjoint (or tangent), the value and the operands."""

    graph: Graph
    stands_for: dict[Node, tuple[str, Any]]  # of each input: ("bar", node), ("", operand), …


def recorded_rule(node: Node, argnum: int, ct: Any, mode: str = "reverse") -> Rule | None:
    """Return the rule of `node` for one operand as a graph of its own; None if it cannot be recorded.

    In reverse mode `ct` is v̄ and the result v̄ ∂v/∂u; in forward mode it is u̇, and the result ∂v/∂u u̇.
    """
    if node.primitive is None:
        return None
    recorder = Recorder()
    stands_for: dict[Node, tuple[str, Any]] = {}

    def as_input(value: Any, accent: str, meaning: Any) -> Any:
        if not isinstance(value, (np.generic, np.ndarray)) or value.dtype.kind not in "fc":
            return value
        record = recorder.add(Node("input", value))
        stands_for[record.node] = (accent, meaning)
        return record

    y = as_input(node.value, "", node)
    values, parameters = node.given()
    args = [as_input(value, "", operand) for value, operand in zip(values, node.operands, strict=True)]
    given = as_input(ct, "bar" if mode == "reverse" else "dot", node if mode == "reverse" else node.operands[argnum])
    try:
        if mode == "reverse":
            result = node.primitive.vjp((argnum,), given, y, args, parameters)[0]
        else:
            result = node.primitive.jvp({argnum: given}, y, args, node.parameters)
    except (TypeError, ValueError, AttributeError):  # a rule that looks at numbers
        return None
    outputs, structure = flatten(result)
    return Rule(Graph(recorder.nodes, [recorder.result(o) for o in outputs], structure), stands_for)


def rule_text(rule: Rule | None, latex: bool = False, numbers: Mapping[tuple, Any] | None = None) -> str | None:
    """Return a local rule as a formula in the names of the trace, or with `numbers` put in; None if it is too long."""
    if rule is None or len(rule.graph.outputs) != 1:
        return None

    def show(x: Any) -> Written:
        if not isinstance(x, Node):
            return constant(x, latex)
        if numbers is not None:
            return constant(x.value, latex)
        accent, meaning = rule.stands_for[x]
        return Written(symbol(meaning, latex, accent)) if isinstance(meaning, Node) else constant(meaning, latex)

    output = rule.graph.outputs[0]
    if not isinstance(output, Node):
        return constant(output, latex).text
    budget = [24]
    text = Writer(show, latex).tree(output, budget).text
    return text if budget[0] >= 0 else None
