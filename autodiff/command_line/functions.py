"""The functions and constants of formulas: NumPy's, by the names they have there.

Besides what a function is called and takes, the table says how large its result can get, so
that what is too large is refused before it is computed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, NamedTuple

import numpy as np

from autodiff.dispatch import RULES
from autodiff.rules.special import logistic

Shape = tuple[int, ...]

CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}


def broadcast(*shapes: Shape) -> int:
    """Return the number of entries of operands that are combined entry by entry, and at least that of a reduction."""
    return math.prod(np.broadcast_shapes(*shapes))


def largest(*shapes: Shape) -> int:
    """Return the number of entries of the largest operand."""
    return max(map(math.prod, shapes))


def together(*shapes: Shape) -> int:
    """Return the number of entries of all operands."""
    return sum(map(math.prod, shapes))


def combined(*shapes: Shape) -> int:
    """Return the number of pairs of entries."""
    return math.prod(map(math.prod, shapes))


def squared(shape: Shape) -> int:
    """Return the number of entries of a matrix with such a diagonal."""
    return math.prod(shape) ** (2 if len(shape) < 2 else 1)


def contracted(a: Shape, b: Shape) -> int:
    """Return the number of entries of a product that sums over the last axis of `a`."""
    length = max(1, a[-1] if a else 1)
    return combined(a, b) // (length * length if a and b else 1)


def solved(a: Shape, b: Shape) -> int:
    """Return the number of entries of the solution for a right-hand side, or for stacks of them."""
    return math.prod(b) if len(a) == 2 else combined(a, b)


class Function(NamedTuple):
    """A function that formulas may call.

    Attributes
    ----------
    function : callable
    operands : int
        How many arrays it takes.
    options : tuple of str
        What may follow them, by name or in this order: whole numbers, tuples of them, True, False, None.
    size : callable
        An upper bound for the number of entries of the result, from the shapes of the operands.
    takes_list : bool
        Whether its operand is a list of arrays that may have different shapes.
    required : int
        How many of the options must be given.
    """

    function: Callable[..., Any]
    operands: int = 1
    options: tuple[str, ...] = ()
    size: Callable[..., int] = broadcast
    takes_list: bool = False
    required: int = 0


def _ufuncs() -> dict[str, Function]:
    """Return NumPy's functions of entries that have a rule, and its comparisons."""
    found = {}
    for name in dir(np):
        function = getattr(np, name)
        if isinstance(function, np.ufunc) and function in RULES and function.nout == 1:
            elementwise = RULES[function].family == "elementwise" and "d" in "".join(function.types)
            if (elementwise and name not in ("nextafter", "spacing", "ldexp", "conj", "conjugate")) or name in LOGIC:
                found[name] = Function(function, function.nin)
    return found


LOGIC = {
    "equal", "not_equal", "greater", "greater_equal", "less", "less_equal",
    "logical_and", "logical_or", "logical_not", "logical_xor", "isfinite", "isinf", "isnan",
}  # fmt: skip
_AXIS = ("axis",)
_KEEP = ("axis", "keepdims")

FUNCTIONS: dict[str, Function] = {
    **_ufuncs(),
    "where": Function(np.where, 3),
    "clip": Function(np.clip, 3),
    "sinc": Function(np.sinc),
    "i0": Function(np.i0),
    "logistic": Function(logistic),
    "sigmoid": Function(logistic),
    **{name: Function(getattr(np, name), 1, _KEEP) for name in
       ("sum", "prod", "mean", "median", "max", "min", "amax", "amin", "ptp")},
    "std": Function(np.std, 1, (*_KEEP, "ddof")),
    "var": Function(np.var, 1, (*_KEEP, "ddof")),
    "norm": Function(np.linalg.norm, 1, ("ord", *_KEEP)),
    **{name: Function(getattr(np, name), 1, _AXIS) for name in ("cumsum", "cumprod", "sort", "flip", "diff")},
    "ravel": Function(np.ravel),
    "reshape": Function(lambda x, shape: np.reshape(x, shape), 1, ("shape",), required=1),  # named `shape` since 2.1
    "transpose": Function(np.transpose, 1, ("axes",)),
    "trace": Function(np.trace),
    "diag": Function(np.diag, size=squared),
    "diagonal": Function(np.diagonal),
    "tril": Function(np.tril, 1, ("k",)),
    "triu": Function(np.triu, 1, ("k",)),
    "dot": Function(np.dot, 2, size=contracted),
    "inner": Function(np.inner, 2, size=contracted),
    "vdot": Function(np.vdot, 2, size=largest),
    "matmul": Function(np.matmul, 2, size=contracted),
    "outer": Function(np.outer, 2, size=combined),
    "kron": Function(np.kron, 2, size=combined),
    "cross": Function(np.cross, 2),
    "concatenate": Function(np.concatenate, 1, _AXIS, together, takes_list=True),
    "stack": Function(np.stack, 1, _AXIS, together, takes_list=True),
    "det": Function(np.linalg.det),
    "inv": Function(np.linalg.inv),
    "solve": Function(np.linalg.solve, 2, size=solved),
}  # fmt: skip


def nearest(name: str, known: list[str]) -> str:
    """Return `; did you mean …?` if one of the known names is near, else nothing."""
    found = get_close_matches(name, known, 1) or get_close_matches(name.lower(), known, 1)
    return f"; did you mean {found[0]}?" if found else ""


def listed() -> str:
    """Return the names of the functions, without those that are second names of others."""
    second = {name for name, f in FUNCTIONS.items() if isinstance(f.function, np.ufunc) and f.function.__name__ != name}
    return ", ".join(sorted(FUNCTIONS.keys() - second | {"abs"}))
