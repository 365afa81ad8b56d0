"""The value of a formula: its tree is walked, each operation one call of a NumPy function.

What the variables stand for may be numbers, arrays, or what autodiff traces; NumPy's dispatch
does the rest. Constants among themselves are computed as Python would, without its unbounded
whole numbers.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np

from autodiff.command_line.functions import CONSTANTS, FUNCTIONS, Function, broadcast, contracted, nearest
from autodiff.command_line.mistakes import InputError
from autodiff.command_line.parsing import MAX_WHOLE_NUMBER, MODULES, Expression, dotted
from autodiff.switches import scope

MAX_ENTRIES = 10_000
"""Of one array."""

MAX_TOTAL = 500_000
"""Entries of all arrays that one evaluation makes."""

MAX_EXPONENT = 1_000


class Sign(NamedTuple):
    """An operator: what it does, and how large its result can get."""

    function: Callable
    size: Callable[..., int] = broadcast


SIGNS: dict[type[ast.AST], Sign] = {
    ast.Add: Sign(operator.add), ast.Sub: Sign(operator.sub), ast.Mult: Sign(operator.mul),
    ast.Div: Sign(operator.truediv), ast.FloorDiv: Sign(operator.floordiv), ast.Mod: Sign(operator.mod),
    ast.Pow: Sign(operator.pow), ast.MatMult: Sign(operator.matmul, contracted),
    ast.UAdd: Sign(operator.pos), ast.USub: Sign(operator.neg),
    ast.Lt: Sign(np.less), ast.LtE: Sign(np.less_equal), ast.Gt: Sign(np.greater), ast.GtE: Sign(np.greater_equal),
    ast.Eq: Sign(np.equal), ast.NotEq: Sign(np.not_equal),
    ast.And: Sign(np.logical_and), ast.Or: Sign(np.logical_or), ast.Not: Sign(np.logical_not),
    ast.BitAnd: Sign(np.logical_and), ast.BitOr: Sign(np.logical_or), ast.Invert: Sign(np.logical_not),
}  # fmt: skip
LOGICAL = (ast.And, ast.Or, ast.Not, ast.BitAnd, ast.BitOr, ast.Invert)


class Evaluation:
    """One walk over the tree of an expression.

    Parameters
    ----------
    expression : Expression
    values : mapping
        What the names of variables stand for.
    watched : bool
        Whether each operation runs in a scope that names its column, for the messages of `ad.detect_anomaly`.

    Attributes
    ----------
    entries : int
        Of all results so far.
    made : list of (ast.AST, value)
        The results of all operations, in order.
    """

    def __init__(self, expression: Expression, values: Mapping[str, Any], watched: bool = False) -> None:
        self.expression = expression
        self.source = expression.source
        self.values = values
        self.watched = watched
        self.entries = 0
        self.made: list[tuple[ast.AST, Any]] = []

    def run(self) -> Any:
        """Return the value of the expression."""
        return self.value(self.expression.tree)

    def value(self, node: ast.AST) -> Any:
        """Return the value of a part of the expression."""
        return getattr(self, f"_{type(node).__name__.lower()}")(node)

    def error(self, message: str, node: ast.AST) -> InputError:
        return self.source.error_at(message, node)

    # --- numbers and names ---------------------------------------------------------------------

    def _constant(self, node: ast.Constant) -> Any:
        if is_constant(node.value):
            return node.value
        raise self.error(f"{node.value!r} is no number; compare with something, as in x > 0", node)

    def _name(self, node: ast.Name) -> Any:
        if node.id in self.values:
            return self.values[node.id]
        if node.id in CONSTANTS:
            return CONSTANTS[node.id]
        raise self.error(unknown(node.id, list(self.values)), node)

    def _attribute(self, node: ast.Attribute) -> Any:
        name = dotted(node)
        if name is not None and name.partition(".")[0] in MODULES:
            plain = name.rpartition(".")[2]
            if plain in CONSTANTS:
                return CONSTANTS[plain]
            raise self.error(unknown(plain, []), node)
        return self._apply(node, np.transpose, [self.value(node.value)])

    def _list(self, node: ast.List) -> Any:
        entries = [self.value(entry) for entry in node.elts]
        shapes = {np.shape(entry) for entry in entries}
        if not entries:
            raise self.error("an empty array has no derivative; write its entries, as in [1, 2, 3]", node)
        if len(shapes) > 1:
            found = " and ".join(map(str, sorted(shapes)))
            raise self.error(f"the entries of an array have one shape; got {found}", node)
        if all(isinstance(entry, (int, float, np.ndarray, np.generic)) for entry in entries):
            self._count(len(entries) * math.prod(shapes.pop()), node)
            return np.array(entries, float)
        return self._apply(node, lambda *parts: np.stack(parts), entries, size=lambda *s: len(s) * math.prod(s[0]))

    def _tuple(self, node: ast.Tuple) -> Any:
        raise self.error("write arrays in square brackets: [1, 2, 3]", node)

    # --- operators -----------------------------------------------------------------------------

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        return self._signed(node, node.op, [node.operand])

    def _binop(self, node: ast.BinOp) -> Any:
        return self._signed(node, node.op, [node.left, node.right])

    def _boolop(self, node: ast.BoolOp) -> Any:
        return self._joined(node, type(node.op), [self._truth(part) for part in node.values])

    def _compare(self, node: ast.Compare) -> Any:
        operands = [self.value(part) for part in [node.left, *node.comparators]]
        results = [
            self._apply(node, SIGNS[type(op)].function, [a, b])
            for op, a, b in zip(node.ops, operands, operands[1:], strict=False)
        ]
        return self._joined(node, ast.And, results)

    def _joined(self, node: ast.AST, sign: type[ast.AST], parts: Sequence) -> Any:
        result, *rest = parts
        for part in rest:
            result = self._apply(node, SIGNS[sign].function, [result, part])
        return result

    def _signed(self, node: ast.AST, sign: ast.AST, parts: Sequence[ast.AST]) -> Any:
        function, size = SIGNS[type(sign)]
        if isinstance(sign, LOGICAL):
            return self._apply(node, function, [self._truth(part) for part in parts])
        operands = [self.value(part) for part in parts]
        if isinstance(sign, ast.MatMult) and not all(map(np.ndim, operands)):
            raise self.error("@ is the product of vectors and matrices; for numbers write *", node)
        if isinstance(sign, ast.Pow) and is_constant(operands[1]) and MAX_EXPONENT < abs(operands[1]) < math.inf:
            raise self.error(f"an exponent is at most {MAX_EXPONENT}; use exp and log for larger ones", parts[1])
        return self._apply(node, function, operands, size=size)

    def _truth(self, part: ast.AST) -> Any:
        value = self.value(part)
        if not is_truth(value):
            raise self.error("`and`, `or`, `not`, `&`, `|` and `~` join comparisons, as in x > 0", part)
        return value

    def _ifexp(self, node: ast.IfExp) -> Any:
        condition = self.value(node.test)
        if not is_truth(condition):
            raise self.error("a condition is a comparison, as in x > 0", node.test)
        if np.shape(condition) != ():
            raise self.error("this is true for some entries only; choose with where(condition, a, b)", node.test)
        return self.value(node.body if bool(condition) else node.orelse)

    # --- calls and indices -----------------------------------------------------------------------

    def _call(self, node: ast.Call) -> Any:
        name, function = self._function(node)
        given = node.args[: function.operands]
        if len(given) < function.operands or len(node.args) > function.operands + len(function.options):
            wanted = f"{function.operands} argument{'s' * (function.operands != 1)}"
            further = f" and {', '.join(function.options)}" if function.options else ""
            raise self.error(f"{name} takes {wanted}{further}; got {len(node.args)}", node)
        options: dict[str, ast.expr] = dict(zip(function.options, node.args[function.operands :], strict=False))
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg not in function.options or keyword.arg in options:
                known = f"; it has {', '.join(function.options)}" if function.options else ""
                raise self.error(f"{name} has no option {keyword.arg}{known}", keyword)
            options[keyword.arg] = keyword.value
        if len(options) < function.required:
            raise self.error(f"{name} also takes {', '.join(function.options)}", node)
        settings = {key: self._option(value) for key, value in options.items()}
        if function.takes_list:
            if not isinstance(given[0], ast.List):
                raise self.error(f"{name} takes a list of arrays: {name}([x, y])", given[0])
            parts = [self.value(part) for part in given[0].elts]
            return self._apply(node, lambda *arrays: function.function(arrays, **settings), parts, size=function.size)
        operands = [self.value(part) for part in given]
        return self._apply(node, lambda *args: function.function(*args, **settings), operands, size=function.size)

    def _function(self, node: ast.Call) -> tuple[str, Function]:
        head = node.func
        name = dotted(head) or (head.id if isinstance(head, ast.Name) else "")
        plain = name.rpartition(".")[2]
        if plain in FUNCTIONS:
            return plain, FUNCTIONS[plain]
        if plain in self.values or plain in CONSTANTS:
            raise self.error(f"{plain} is a number, not a function; for a product write {plain}*(…)", head)
        raise self.error(f"unknown function {plain}{nearest(plain, list(FUNCTIONS))}", head)

    def _option(self, node: ast.AST) -> Any:
        """Return an option: a whole number, True, False, None, a number, or a tuple of whole numbers."""
        if isinstance(node, (ast.Tuple, ast.List)):
            return tuple([self._whole(part) for part in node.elts])
        if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool)):
            return node.value
        value = self.value(node)
        if not is_constant(value):
            raise self.error("an option is a number, a tuple of whole numbers, True, False or None", node)
        return value

    def _whole(self, node: ast.AST) -> int:
        value = self.value(node)
        if type(value) is not int:
            raise self.error("a whole number stands here", node)
        return value

    def _subscript(self, node: ast.Subscript) -> Any:
        x = self.value(node.value)
        if is_constant(x) or np.shape(x) == ():
            raise self.error("a number has no entries to choose from", node)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        index = tuple([self._index(part) for part in parts])
        return self._apply(node, lambda array: array[index], [x])

    def _index(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Slice):
            return slice(*[None if end is None else self._whole(end) for end in (node.lower, node.upper, node.step)])
        if isinstance(node, ast.Constant) and node.value is None:
            return None
        return self._whole(node)

    # --- every operation -------------------------------------------------------------------------

    def _count(self, entries: int, node: ast.AST) -> None:
        self.entries += entries
        if entries > MAX_ENTRIES:
            raise self.error(f"an array of {entries} entries; at most {MAX_ENTRIES} fit on a command line", node)
        if self.entries > MAX_TOTAL:
            raise self.error(f"more than {MAX_TOTAL} entries in all; use the library for arrays of this size", node)

    def _apply(self, node: ast.AST, function: Callable, operands: Sequence, size: Callable = broadcast) -> Any:
        """Return what one operation makes of its operands."""
        shapes = [() if is_constant(x) else np.shape(x) for x in operands]
        try:
            entries = size(*shapes)
        except ValueError:
            fit = " and ".join([str(shape) for shape in shapes])
            raise self.error(f"shapes {fit} do not fit together", node) from None
        self._count(entries, node)
        try:
            if all(is_constant(x) for x in operands):
                return self._of_constants(node, function, operands)
            start, end = self.source.span(node)
            with scope(f"column {start} to {end}") if self.watched else nullcontext():
                result = function(*operands)
        except (TypeError, ValueError, IndexError, OverflowError, ZeroDivisionError) as error:
            raise self.error(str(error), node) from None
        self.made.append((node, result))
        return result

    def _of_constants(self, node: ast.AST, function: Callable, operands: Sequence) -> Any:
        """Return an operation on numbers alone: whole numbers while they are exact, else floats."""
        if function in (operator.add, operator.sub, operator.mul, operator.neg, operator.pos, operator.pow):
            exact = all(isinstance(x, int) for x in operands)
            if exact and (function is not operator.pow or _is_short_power(*operands)):
                result = function(*operands)
                return result if abs(result) <= MAX_WHOLE_NUMBER else float(result)
        result = function(*[np.float64(x) for x in operands])
        if np.ndim(result) or is_truth(result):
            return result
        if not np.isfinite(result) and all(map(math.isfinite, operands)):
            raise self.error(f"this constant is {result}, not a number that float64 holds", node)
        return float(result)


def _is_short_power(base: int, exponent: int) -> bool:
    return exponent >= 0 and exponent * abs(base).bit_length() <= 64


def is_constant(x: Any) -> bool:
    """Tell whether `x` is a number of the formula itself; values of variables are NumPy's or traced."""
    return type(x) is int or type(x) is float


def is_truth(x: Any) -> bool:
    """Tell whether `x` is what comparisons give."""
    return not is_constant(x) and np.result_type(x).kind == "b"


def unknown(name: str, variables: Sequence[str]) -> str:
    """Return what is said of a name that stands for nothing."""
    if name in FUNCTIONS:
        return f"{name} is a function; write {name}(…)"
    return f"unknown name {name}{nearest(name, [*variables, *CONSTANTS])}"
