"""Operations as formulas, in characters or in LaTeX, with names or with numbers put in.

How each function is written stands in `autodiff.readers.notation`. The local rules of the chain
rule stand in no table: the engine's own rule is run on recorded values, and what it does is
written down in the same way, without the steps that only keep digits or avoid a division by 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from autodiff.dispatch import RULES
from autodiff.graph import NODES, Graph, Node
from autodiff.operands import dtype_of, map_nested
from autodiff.readers.notation import OPPOSITE, Written
from autodiff.readers.simplification import FAMILIAR, SIMPLIFICATIONS, is_guard, passed, same_condition
from autodiff.readers.writer import Writer, constant, symbol
from autodiff.recorder import Recorder
from autodiff.rules.indexing import select
from autodiff.tree import flatten

LONGEST = 60
"""Characters of a local rule in names; what is longer is not read, and stands as ∂v/∂u."""


def primal(node: Node, latex: bool = False, values: bool = False) -> str:
    """Return the formula of an operation in the names of its operands, or with their numbers put in.

    Examples
    --------
    >>> import autodiff as ad
    >>> node = ad.record(lambda x: x - np.sin(x), -1.0).output
    >>> primal(node), primal(node, values=True)
    ('v₀ − v₁', '−1 − (−0.841)')
    """
    return Writer(_value_of_leaf(latex) if values else _name_of_leaf(latex), latex).node(node).text


def _name_of_leaf(latex: bool) -> Callable[[Any], Written]:
    def name(x: Any) -> Written:
        return Written(symbol(x, latex), ndim=len(x.shape)) if isinstance(x, Node) else constant(x, latex)

    return name


def _value_of_leaf(latex: bool) -> Callable[[Any], Written]:
    return lambda x: constant(x.value if isinstance(x, Node) else x, latex)


# --- local rules ----------------------------------------------------------------------------------


class Rule(NamedTuple):
    """A local rule, recorded: what the engine's rule does with the adjoint (or tangents), the value, the operands."""

    graph: Graph
    stands_for: dict[Node, tuple[str, Any, int | None]]  # of each input: ("bar", node, which of its results), …


def recorded_rule(node: Node, argnum: int, ct: Any, mode: str = "reverse") -> Rule | None:
    """Return the rule of `node` for one operand as a graph of its own; None if it cannot be recorded.

    In reverse mode `ct` is v̄ and the result v̄ ∂v/∂u; in forward mode it is u̇, and the result ∂v/∂u u̇.
    """
    if mode == "forward":
        return recorded_tangent(node, {argnum: ct})
    return _recorded(node, lambda rule, y, args, bar, options: rule.vjp((argnum,), bar, y, args, options)[0], bar=ct)


def recorded_tangent(node: Node, tangents: Mapping[int, Any]) -> Rule | None:
    """Return the rule of `node` for the tangents of all its operands together, as `recorded_rule` does."""
    return _recorded(node, lambda rule, y, args, dots, options: rule.jvp(dots, y, args, options), dots=tangents)


def _recorded(node: Node, run: Callable, bar: Any = None, dots: Mapping[int, Any] | None = None) -> Rule | None:
    if node.primitive is None:
        return None
    recorder = Recorder()
    stands_for: dict[Node, tuple[str, Any, int | None]] = {}

    def as_input(value: Any, accent: str, meaning: Any, part: int | None = None) -> Any:
        if isinstance(value, (list, tuple)):
            return [as_input(item, accent, meaning, k) for k, item in enumerate(value)]
        if not isinstance(value, (np.generic, np.ndarray, float)) or dtype_of(value).kind not in "fc":
            return value
        if not isinstance(meaning, Node) and np.ndim(value) == 0:  # a number in the program
            return np.asarray(value).item()
        record = recorder.add(Node("input", value))
        stands_for[record.node] = (accent, meaning, part)
        return record

    def as_condition(option: Node) -> Any:
        if option.dtype.kind != "b":
            return option.value
        record = recorder.add(Node("input", option.value))
        stands_for[record.node] = ("", option, None)
        return record

    parameters = map_nested(as_condition, node.parameters, NODES)
    y = as_input(node.value, "", node)
    args = [as_input(value, "", operand) for value, operand in zip(node.given()[0], node.operands, strict=True)]
    if dots is None:
        given = as_input(bar, "bar", node)
    else:
        given = {i: as_input(dot, "dot", node.operands[i]) for i, dot in dots.items()}
    try:
        with np.errstate(all="ignore"):
            outputs, structure = flatten(run(node.primitive, y, args, given, parameters))
    except Exception:  # a rule, perhaps a user's, that looks at the numbers: they are known, its formula is not
        return None
    return Rule(Graph(recorder.nodes, [recorder.result(output) for output in outputs], structure), stands_for)


def rule_text(rule: Rule | None, latex: bool = False, numbers: Any = None) -> str | None:
    """Return a local rule as a formula in the names of the trace, with numbers put in unless `numbers` is None.

    None if it is too long, or not known.

    Examples
    --------
    >>> import autodiff as ad
    >>> node = ad.record(lambda x: np.sin(x), 5.0).output
    >>> rule = recorded_rule(node, 0, np.float64(-1.0))
    >>> rule_text(rule), rule_text(rule, numbers=True)
    ('v̄₁ · cos(v₀)', '−1 · cos(5)')
    """
    written = rule_written(rule, latex, numbers)
    return written.text if written is not None else None


def rule_written(rule: Rule | None, latex: bool = False, numbers: Any = None) -> Written | None:
    """Return what `rule_text` returns with how tightly it binds, for use within a formula."""
    if rule is None or len(rule.graph.outputs) != 1:
        return None

    def show(x: Any) -> Written:
        if not isinstance(x, Node):
            return FAMILIAR[latex][x] if isinstance(x, float) and x in FAMILIAR[latex] else constant(x, latex)
        if numbers is not None:
            return constant(x.value, latex)
        accent, meaning, part = rule.stands_for[x]
        if not isinstance(meaning, Node):
            return constant(meaning, latex)
        which = "" if part is None else f"[{part}]"
        return Written(symbol(meaning, latex, accent) + which, ndim=len(x.shape))

    expansion = Expansion(show, latex, rule)
    written = expansion.write(rule.graph.outputs[0])
    if expansion.budget < 0 or (not latex and len(written.text) > LONGEST * (1 if numbers is None else 2)):
        return None
    return None if latex and rule_written(rule, numbers=numbers) is None else written


class Expansion(Writer):
    """Writes what a rule does as one formula, and as a teacher writes it.

    Left out is what only keeps digits or avoids a division by 0: x + x is 2 x, (1 − x)(1 + x) is
    1 − x², and a choice that at these numbers is made the same way everywhere, such as
    where(x = 0, 1, x), is what it chooses.
    """

    def __init__(self, leaf: Callable[[Any], Written], latex: bool, rule: Rule, budget: int = 24) -> None:
        super().__init__(leaf, latex)
        self.budget = budget  # of operations
        self.assumed: list[tuple[Any, bool]] = []  # conditions within whose branches we are
        self.rule = rule

    def write(self, x: Any) -> Written:
        x = self.chosen(x)
        if not isinstance(x, Node) or x.is_input:
            return self.leaf(x)
        self.budget -= 1
        if self.budget < 0:
            return Written("…")
        simplify = passed if "shut" in x.parameters else SIMPLIFICATIONS.get(x.primitive)
        written = simplify(self, x, *map(self.chosen, x.operands)) if simplify is not None else None
        return (written or self.node(x))._replace(ndim=len(x.shape))

    def chosen(self, x: Any) -> Any:
        """Return x, or what it is at these numbers if it is a choice that only guards."""
        while isinstance(x, Node) and x.primitive is RULES[select]:
            condition = x.parameters["condition"]
            known = [holds for other, holds in self.assumed if same_condition(condition, other)]
            if known:
                x = x.operands[0 if known[0] else 1]
                continue
            if not is_guard(condition) or np.ptp(np.asarray(condition.value, int)):
                break
            x = x.operands[0 if np.all(condition.value) else 1]
        return x

    def apply(self, function: Any, *operands: Written) -> Written:
        """Return the formula of a function of what is written already."""
        return self.operation(RULES[function], operands, {})

    def unless(self, condition: Any) -> Written:
        """Return the opposite of a condition: x ≤ 0 for x > 0."""
        if isinstance(condition, Node) and condition.primitive in OPPOSITE:
            return self.operation(OPPOSITE[condition.primitive], [self.write(o) for o in condition.operands], {})
        if isinstance(condition, Node) and condition.primitive is RULES[np.bitwise_or]:
            return self.apply(np.bitwise_and, *[self.unless(operand) for operand in condition.operands])
        return super().unless(condition if isinstance(condition, Written) else self.write(condition))

    def branch(self, x: Any, condition: Any, holds: bool) -> Written:
        """Return x where it is known whether a condition holds."""
        self.assumed.append((condition, holds))
        try:
            return self.write(x)
        finally:
            self.assumed.pop()


def unknown_rule(node: Node, operand: Node, bar: bool, latex: bool = False) -> str:
    """Return the local rule in general terms, (∂v₃/∂v₁)ᵀ v̄₃ or ∂v₃/∂v₁ v̇₁: for rules that are too long to print."""
    v, u = symbol(node, latex), symbol(operand, latex)
    given = symbol(node, latex, "bar") if bar else symbol(operand, latex, "dot")
    scalar = node.shape == operand.shape == ()
    if latex:
        jacobian = rf"\frac{{\partial {v}}}{{\partial {u}}}"
        if scalar:
            return rf"{given} \cdot {jacobian}" if bar else rf"{jacobian} \cdot {given}"
        return rf"\left({jacobian}\right)^{{T}} {given}" if bar else rf"{jacobian} \, {given}"
    if scalar:
        return f"{given} · ∂{v}/∂{u}" if bar else f"∂{v}/∂{u} · {given}"
    return f"(∂{v}/∂{u})ᵀ {given}" if bar else f"∂{v}/∂{u} {given}"
