"""Local rules as a teacher writes them.

The engine's rules keep every digit and divide by no 0; a formula for reading needs neither. Each
function here gets what writes the rule, a step of it, and the step's operands; it returns the
formula in which they are written more simply, equal up to round-off at these numbers, or None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.arraylike import getitem
from autodiff.assignment import astype
from autodiff.dispatch import RULES
from autodiff.graph import Node
from autodiff.operands import shape_of
from autodiff.readers.notation import Written, number
from autodiff.rules.indexing import select
from autodiff.rules.special import logistic
from autodiff.rules.transcendental import LN2, LN10

FAMILIAR = {
    False: {LN2: Written("ln(2)"), LN10: Written("ln(10)")},
    True: {LN2: Written(r"\ln\left(2\right)"), LN10: Written(r"\ln\left(10\right)")},
}
"""Constants that a reader knows by name; in LaTeX if True."""


def is_guard(condition: Any) -> bool:
    """Tell whether a condition singles out points (x = 0, NaN) at which another formula is needed."""
    if not isinstance(condition, Node):
        return False
    guards = [is_guard(operand) for operand in condition.operands]
    both = condition.primitive in (RULES[np.bitwise_or], RULES[np.logical_or])
    return condition.primitive in _POINTS or (all(guards) if both and guards else any(guards))


_POINTS = {RULES[function] for function in (np.equal, np.isnan, np.isfinite)}


def same_condition(a: Any, b: Any) -> bool:
    """Tell whether two conditions are the same."""
    if a is b:
        return True
    return (
        isinstance(a, Node)
        and isinstance(b, Node)
        and a.primitive is b.primitive is not None
        and _same(a.operands, b.operands)
    )


def _choice(writer: Any, node: Node, a: Any, b: Any) -> Written | None:
    condition = node.parameters["condition"]
    if not isinstance(condition, Node):
        return None
    if _is_number(b, 0):
        return writer.indicator(writer.branch(a, condition, True), writer.write(condition).text)
    if _is_number(a, 0):
        return writer.indicator(writer.branch(b, condition, False), writer.unless(condition).text)
    branches = [writer.branch(a, condition, True), writer.branch(b, condition, False)]
    return writer.operation(RULES[select], branches, {"condition": writer.write(condition)})


def _either(writer: Any, _node: Node, a: Any, b: Any) -> Written | None:
    """The other one, of two conditions of which one only guards and holds nowhere."""
    for one, other in ((b, a), (a, b)):
        if is_guard(one) and not np.any(one.value):
            return writer.write(other)
    return None


def _sum(writer: Any, _node: Node, a: Any, b: Any) -> Written | None:
    if a is b:
        return writer.apply(np.multiply, Written("2"), writer.write(a))
    opposite = _without_sign(writer, b)
    return writer.apply(np.subtract, writer.write(a), opposite) if opposite is not None else None


def _without_sign(writer: Any, x: Any) -> Written | None:
    """Return u for −u, and u · w for −u · w."""
    if _is(x, np.negative):
        return writer.write(x.operands[0])
    for function in (np.multiply, np.divide):
        if _is(x, function):
            left, right = map(writer.chosen, x.operands)
            opposite = _without_sign(writer, left)
            return writer.apply(function, opposite, writer.write(right)) if opposite is not None else None
    return None


def _difference(writer: Any, _node: Node, a: Any, b: Any) -> Written | None:
    return writer.write(a) if _is_number(b, 0) else None


def _product(writer: Any, node: Node, a: Any, b: Any) -> Written | None:
    if _is_number(a, 1) or _is_number(b, 1):
        return writer.write(b if _is_number(a, 1) else a)
    if _is_column(a) and len(node.shape) == 2 and len(shape_of(b)) == 1:
        return writer.apply(np.outer, writer.write(a.operands[0]), writer.write(b))
    if _is(b, astype) and _is(b.operands[0], np.divide) and b.operands[0].operands[0].dtype.kind == "b":
        return _share(writer, a, *b.operands[0].operands)
    if a is b and isinstance(a, Node):
        return writer.apply(np.square, writer.write(a))
    if _is(a, np.subtract) and _is(b, np.add) and _same(a.operands, b.operands) and a.operands[0] == 1:
        return writer.apply(np.subtract, Written("1"), writer.apply(np.square, writer.write(a.operands[1])))
    return None


def _quotient(writer: Any, _node: Node, a: Any, b: Any) -> Written | None:
    if _is(a, np.divide) and isinstance(b, Node) and writer.chosen(a.operands[1]) is b:
        squared = _norm_squared(writer, b) or writer.apply(np.square, writer.write(b))
        return writer.apply(np.divide, writer.write(a.operands[0]), squared)
    if _is(a, np.multiply) and _same(a.operands[1:], [0.5]):
        return writer.apply(
            np.divide, writer.write(a.operands[0]), writer.apply(np.multiply, Written("2"), writer.write(b))
        )
    return None


def _share(writer: Any, x: Any, mask: Node, number_of_ties: Any) -> Written:
    """Return x · [mask], over the number of ties if there are any."""
    share = writer.indicator(writer.write(x), writer.write(mask).text)
    ties = np.ravel(number_of_ties.value)
    if np.all(ties == 1):
        return share
    shown = Written(number(int(ties[0])) if np.ptp(ties) == 0 else "ties")
    return writer.apply(np.divide, share, shown)


def _matmul(writer: Any, _node: Node, a: Any, b: Any) -> Written | None:
    """A product with a row of ones is a sum."""
    if isinstance(a, np.ndarray) and a.ndim == 1 and np.all(a == 1):
        return writer.operation(RULES[np.sum], [writer.write(b)], {"axis": 0})
    return None


def _index(writer: Any, node: Node, x: Any) -> Written | None:
    """(A @ b[…, None])[…, 0] is A @ b."""
    if _is_last_axis(node.parameters["index"], 0) and _is(x, np.matmul) and _is_column(x.operands[1]):
        return writer.apply(np.matmul, writer.write(x.operands[0]), writer.write(x.operands[1].operands[0]))
    return None


def _reshape(writer: Any, node: Node, x: Any) -> Written | None:
    """New axes of length 1 are written as an index, and leading ones, which broadcasting adds itself, not at all."""
    old, new = shape_of(x), list(node.shape)
    while len(new) > len(old) and new[0] == 1:
        del new[0]
    parts: list[slice | None] = []
    rest = list(old)
    for n in new:
        if rest and n == rest[0]:
            parts.append(slice(None))
            del rest[0]
        elif n == 1:
            parts.append(None)
        else:
            return None
    if rest:
        return None
    if None not in parts:
        return writer.write(x)
    return writer.operation(RULES[getitem], [writer.write(x)], {"index": tuple(parts)})


def _tensordot(writer: Any, node: Node, a: Any, b: Any) -> Written | None:
    """Without axes to sum over, the product with a number."""
    if node.parameters["axes"] == ([], []) and () in (shape_of(a), shape_of(b)):
        return writer.apply(np.multiply, writer.write(a), writer.write(b))
    return None


def _is_column(x: Any) -> bool:
    return _is(x, getitem) and _is_last_axis(x.parameters["index"], None) and len(x.shape) == 2


def _is_last_axis(index: Any, part: Any) -> bool:
    """Tell whether an index is […, part]."""
    return (
        index.__class__ is tuple
        and len(index) == 2
        and index[0] is Ellipsis
        and index[1].__class__ is part.__class__
        and index[1] == part
    )


def _norm(writer: Any, node: Node, *_operands: Any) -> Written | None:
    squared = _norm_squared(writer, node)
    return writer.apply(np.sqrt, squared) if squared is not None else None


def _norm_squared(writer: Any, node: Node) -> Written | None:
    """a² + b² for hypot(a, b)."""
    if not _is(node, np.hypot):
        return None
    squares = [Written("1") if _same([x], [1.0]) else writer.apply(np.square, writer.write(x)) for x in node.operands]
    return writer.apply(np.add, *squares)


def _logistic(writer: Any, _node: Node, x: Any) -> Written | None:
    """1 − y for σ(−x), where y = σ(x) is the value."""
    if not _is(x, np.negative):
        return None
    inside = writer.rule.stands_for.get(x.operands[0])
    for node, (_, value, _) in writer.rule.stands_for.items():
        if isinstance(value, Node) and value.primitive is RULES[logistic] and inside and value.operands[0] is inside[1]:
            return writer.apply(np.subtract, Written("1"), writer.write(node))
    return None


def passed(writer: Any, node: Node, *_operands: Any) -> Written | None:
    """Return x · [not shut] for nn's operation that lets x pass."""
    return writer.indicator(writer.write(node.operands[0]), writer.unless(node.parameters["shut"]).text)


def _is(x: Any, function: Any) -> bool:
    return isinstance(x, Node) and x.primitive is RULES[function]


def _same(a: Sequence, b: Sequence) -> bool:
    """Tell whether operands are the same nodes, or equal numbers."""
    return all(x is y or (_is_scalar(x) and _is_scalar(y) and x == y) for x, y in zip(a, b, strict=True))


def _is_scalar(x: Any) -> bool:
    return not isinstance(x, Node) and shape_of(x) == ()


def _is_number(x: Any, value: float) -> bool:
    return _same([x], [value])


SIMPLIFICATIONS: dict[Any, Callable[..., Written | None]] = {
    RULES[select]: _choice,
    RULES[np.bitwise_or]: _either,
    RULES[np.add]: _sum,
    RULES[np.subtract]: _difference,
    RULES[np.matmul]: _matmul,
    RULES[np.tensordot]: _tensordot,
    RULES[np.reshape]: _reshape,
    RULES[getitem]: _index,
    RULES[np.multiply]: _product,
    RULES[np.divide]: _quotient,
    RULES[np.hypot]: _norm,
    RULES[logistic]: _logistic,
}
