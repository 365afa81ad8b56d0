"""Functions of complex numbers, as functions of their real and imaginary parts."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff.differences import difference, direction, inner
from autodiff.graph import Node
from autodiff.operands import as_operand
from autodiff.tree import flatten, map_leaves


class Parts(NamedTuple):
    """The real and the imaginary part of a complex number or array."""

    re: Any
    im: Any


class ComplexResultError(TypeError):
    """Tells that the results of a function must be taken apart before it can be checked."""


def has_complex(args: Sequence) -> bool:
    """Tell whether there are complex numbers among the leaves of `args`."""
    return any(map(_is_complex, flatten(list(args))[0]))


def in_real_parts(f: Callable, args: Sequence) -> tuple[Callable, list]:
    """Return `f` as a function of real numbers that returns real numbers, and its arguments."""
    leaves, structure = flatten(list(args))
    places = [i for i, leaf in enumerate(leaves) if _is_complex(leaf)]

    @functools.wraps(f)
    def of_parts(*parts: Any) -> Any:
        given: list = []
        position = 0
        flat = flatten(list(parts))[0]
        for i in range(len(leaves)):
            taken = flat[position : position + 1 + (i in places)]
            given.append(taken[0] + taken[1] * 1j if i in places else taken[0])
            position += len(taken)
        return map_leaves(_apart, f(*structure.unflatten(given)))

    return of_parts, structure.unflatten(map(_apart, leaves))


def of_complex(node: Node) -> bool:
    """Tell whether an operand or a result of a recorded operation is complex."""
    operands = [o.value if isinstance(o, Node) else o for o in node.operands]
    return any(map(_is_complex, flatten([operands, node.value])[0]))


def wrong_for_complex(node: Node, i: int, rtol: float) -> str | None:
    """Return what is wrong with the rule of a recorded operation for operand `i`, along a random direction, or None."""
    operands, parameters = node.given()
    rule: Any = node.primitive

    def f(x: Any) -> Any:
        return rule.function(*operands[:i], x, *operands[i + 1 :], **parameters)

    rng = np.random.default_rng(3)
    x = operands[i]
    y, v = f(x), direction(x, rng)
    ct = direction(y, rng)
    expected, error, kink = difference(f, (x,), (v,))
    truth = float(inner(ct, expected)[0])
    got = float(inner(rule.vjp((i,), ct, y, operands, parameters)[0], v)[0])
    if kink or abs(got - truth) <= rtol * abs(truth) + 10 * error:
        return None
    return f"is {got:.8g} along a random direction, {truth:.8g} by differences"


def _is_complex(x: Any) -> bool:
    return x.__class__ is complex or getattr(getattr(x, "dtype", None), "kind", "") == "c"


def _apart(x: Any) -> Any:
    return Parts(np.real(as_operand(x)), np.imag(as_operand(x))) if _is_complex(x) else x
