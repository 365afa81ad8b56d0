"""Expressions as trees, after everything has been refused that an expression does not need.

Nothing here or later is ever handed to Python to run: Python's own parser gives a tree, this
file lets through the kinds of nodes it lists and nothing else, and `evaluation` walks what is
left. Length, depth and number of nodes are bounded, and so are numbers and exponents.
"""

from __future__ import annotations

import ast
import re
import unicodedata
import warnings
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from autodiff.command_line.mistakes import InputError

MAX_DEPTH = 100
MAX_WHOLE_NUMBER = 2**53
"""The largest up to which float64 has all whole numbers."""


class Limits(NamedTuple):
    """How much an expression may hold."""

    characters: int
    nodes: int


EXPRESSION = Limits(2_000, 1_000)
VALUE = Limits(100_000, 30_000)

ALLOWED: tuple[type[ast.AST], ...] = (
    ast.Expression, ast.Constant, ast.Name, ast.Load, ast.List, ast.Tuple, ast.Subscript, ast.Slice, ast.Attribute,
    ast.Call, ast.keyword, ast.IfExp,
    ast.UnaryOp, ast.UAdd, ast.USub, ast.Not, ast.Invert,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult, ast.BitAnd, ast.BitOr,
    ast.BoolOp, ast.And, ast.Or,
    ast.Compare, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq,
)  # fmt: skip
REFUSED: dict[type[ast.AST], str] = {
    ast.Lambda: "a formula defines no functions; write what the function computes",
    ast.ListComp: "a formula has no loops; write the entries out, or use sum, mean, … on an array",
    ast.SetComp: "a formula has no loops; write the entries out, or use sum, mean, … on an array",
    ast.DictComp: "a formula has no loops; write the entries out, or use sum, mean, … on an array",
    ast.GeneratorExp: "a formula has no loops; write the entries out, or use sum, mean, … on an array",
    ast.NamedExpr: "a formula assigns nothing; give values behind it: x=1.3",
    ast.Starred: "`*` spreads no arguments here; write them out",
    ast.Dict: "braces have no meaning here; group with ( )",
    ast.Set: "braces have no meaning here; group with ( )",
    ast.Await: "`await` has no meaning here",
    ast.BitXor: "`^` is no power here; write ** for powers",
    ast.LShift: "shifts are for whole numbers; multiply by a power of 2",
    ast.RShift: "shifts are for whole numbers; divide by a power of 2",
    ast.Is: "compare numbers with == or !=",
    ast.IsNot: "compare numbers with == or !=",
    ast.In: "`in` has no derivative; compare with == and |",
    ast.NotIn: "`in` has no derivative; compare with != and &",
}
INSTEAD = {
    "−": "-", "–": "-", "—": "-", "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "^": "**", "²": "**2", "³": "**3",
    "√": "sqrt( )", "π": "pi", "≤": "<=", "≥": ">=", "≠": "!=", "{": "(", "}": ")",
    "“": None, "”": None, "'": None, '"': None,
}  # fmt: skip
"""What to write for characters that formulas are written with elsewhere; None for quotation marks."""

NESTING = re.compile(r"\b[^\W\d]\w*|\*\*|\(|[-+~](?=\s*[-+~])")
MAX_NESTING = 1_000
"""How many pieces of text there may be that begin something inside something else. (Long lists of numbers have none;
what has very many may be too much for the stack of Python's parser.)"""

MODULES = ("np", "numpy", "linalg")
"""What may stand before the name of a function."""

PLAIN = frozenset(" \t\r\n0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_+-*/%@()[]<>=!,.:&|~")


class Expression:
    """A formula that has passed all checks.

    Attributes
    ----------
    text : str
        As it was typed.
    tree : ast.expr
        Its root.
    """

    def __init__(self, text: str, tree: ast.expr, source: Source) -> None:
        self.text = text
        self.tree = tree
        self.source = source

    def names(self, called: bool = False) -> dict[str, ast.Name]:
        """Return the names of values (and of functions, if `called`), each with the first place where it stands."""
        found: dict[str, ast.Name] = {}
        waiting: list[ast.AST] = [self.tree]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.Name):
                found.setdefault(node.id, node)
            if dotted(node) is None:
                children = [child for child in ast.iter_child_nodes(node) if called or not _is_head(node, child)]
                waiting += reversed(children)
        return found


class Source:
    """The text of an expression, which knows where in the argument on the command line it stands.

    Parameters
    ----------
    text : str
        The expression.
    argument : str, optional
        The argument it ends, such as `x=[1, 2]`; by default the expression alone.
    """

    def __init__(self, text: str, argument: str | None = None) -> None:
        self.text = text
        self.argument = text if argument is None else argument
        self.offset = len(self.argument) - len(text)

    def error(self, message: str, start: int, end: int | None = None) -> InputError:
        """Return the error for characters `start` to `end` of the expression."""
        end = start + 1 if end is None else end
        return InputError(message, self.argument, self.offset + start, self.offset + end)

    def error_at(self, message: str, node: ast.AST) -> InputError:
        """Return the error for what `node` was made of."""
        return self.error(message, *self.span(node))

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return where a node begins and ends, in characters."""
        start = self._character(getattr(node, "col_offset", 0))
        end = self._character(getattr(node, "end_col_offset", None) or 0)
        return start, max(end, start + 1)

    def segment(self, node: ast.AST) -> str:
        """Return what `node` was made of."""
        start, end = self.span(node)
        return self.text[start:end]

    def _character(self, byte: int) -> int:
        return len(self.text.encode()[:byte].decode(errors="ignore"))


def parse(text: str, limits: Limits = EXPRESSION, argument: str | None = None) -> Expression:
    """Return an expression, checked.

    Raises
    ------
    InputError
        If it is no formula, too long, too deep, or has in it what a formula does not need.

    Examples
    --------
    >>> list(parse("sin(x) + y").names())
    ['x', 'y']
    """
    source = Source(text, argument)
    if not text.strip():
        raise source.error("the expression is empty; write a formula such as x**2", 0)
    if len(text) > limits.characters:
        raise source.error(f"too long: {len(text)} characters, at most {limits.characters} are read", limits.characters)
    _check_characters(source)
    for count, match in enumerate(NESTING.finditer(text)):
        if count >= MAX_NESTING:
            raise source.error(f"too much: more than {MAX_NESTING} names, powers and parentheses", match.start())
    tree = _tree(source)
    _check_tree(source, tree, limits)
    return Expression(text.strip(), tree.body, source)


def dotted(node: ast.AST) -> str | None:
    """Return `np.linalg.norm` of the tree of names that means it; None for others."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) and parts else None


def _is_head(node: ast.AST, child: ast.AST) -> bool:
    return isinstance(node, ast.Call) and child is node.func


def _check_characters(source: Source) -> None:
    """Raise for characters that no formula needs, those that would become others among them."""
    for place, character in enumerate(source.text):
        if character in PLAIN:
            continue
        if character in INSTEAD:
            other = INSTEAD[character]
            what = "a formula has no texts in quotation marks" if other is None else f"write {other} for {character}"
            raise source.error(what, place)
        if character.isalpha() and character.isidentifier() and unicodedata.normalize("NFKC", character) == character:
            continue  # θ, λ, …
        shown = f"`{character}`" if character.isprintable() else "this character"
        raise source.error(f"{shown} (U+{ord(character):04X}) has no meaning in a formula", place)


def _tree(source: Source) -> ast.Expression:
    """Return what Python's parser makes of the text."""
    text = re.sub(r"\s", " ", source.text)
    indent = len(text) - len(text.lstrip())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of 1if x else 2
            tree = ast.parse(text.lstrip(), mode="eval")
    except SyntaxError as error:
        _raise_syntax(source, error, indent)
    except (RecursionError, MemoryError):
        raise source.error("too many operations inside one another", 0) from None
    except ValueError as error:
        raise source.error(str(error), 0) from None
    for node in ast.walk(tree) if indent else ():
        if hasattr(node, "col_offset"):
            node.col_offset += indent
            node.end_col_offset += indent  # type: ignore[attr-defined]
    return tree


def _raise_syntax(source: Source, error: SyntaxError, indent: int) -> NoReturn:
    place = max(0, (error.offset or 1) - 1 + indent)
    juxtaposed = re.match(r"[\d.]+\s*([^\W\d]\w*)", source.text[place:])
    if juxtaposed and error.msg.startswith("invalid"):
        number = source.text[place : place + juxtaposed.start(1)].strip()
        raise source.error(f"write the sign of the product: {number}*{juxtaposed[1]}", place + juxtaposed.start(1))
    if error.msg.startswith("invalid syntax") and re.match(r"=(?!=)", source.text[place:]):
        raise source.error("a formula assigns nothing; compare with ==, and give values behind the formula", place)
    raise source.error(f"not a formula: {error.msg}", place)


def _check_tree(source: Source, tree: ast.Expression, limits: Limits) -> None:
    """Raise for what is not on the list, and for trees that are too large."""
    nodes = 0
    for node, depth in _with_depth(tree):
        nodes += not isinstance(node, (ast.Load, ast.operator, ast.unaryop, ast.cmpop, ast.boolop))
        if depth > MAX_DEPTH:
            raise source.error_at(f"too deep: more than {MAX_DEPTH} operations inside one another", node)
        if nodes > limits.nodes:
            raise source.error_at(f"too much: more than {limits.nodes} operations, names and numbers", node)
        if isinstance(node, ast.Constant):
            _check_constant(source, node)
        if isinstance(node, ast.Name) and node.id.startswith("_"):
            raise source.error_at("names begin with a letter", node)
        if isinstance(node, ast.keyword) and node.arg is None:
            raise source.error_at("`**` spreads no arguments here; write them out", node)
        if isinstance(node, ast.Attribute):
            _check_attribute(source, node)
        if isinstance(node, ast.Call) and not isinstance(node.func, (ast.Name, ast.Attribute)):
            raise source.error_at("only functions known by name are called; for a product write *", node)
        for part in [node, *_signs(node)]:  # signs have no place of their own
            if not isinstance(part, ALLOWED):
                raise source.error_at(REFUSED.get(type(part), "this has no meaning in a formula"), node)


def _with_depth(tree: ast.AST) -> Iterator[tuple[ast.AST, int]]:
    """Yield the nodes that have a place, in the order of the text."""
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        children = [child for child in ast.iter_child_nodes(node) if child not in _signs(node)]
        waiting += [(child, depth + 1) for child in reversed(children)]


def _signs(node: ast.AST) -> list[ast.AST]:
    """Return the signs of an operation: +, not, <, …"""
    if isinstance(node, (ast.BinOp, ast.UnaryOp, ast.BoolOp)):
        return [node.op]
    return list(node.ops) if isinstance(node, ast.Compare) else []


def _check_attribute(source: Source, node: ast.Attribute) -> None:
    """Raise unless it is a transpose, or the name of one of NumPy's functions: nothing is looked up in objects."""
    name = dotted(node)
    root, *parts = (name or "").split(".")
    if root in MODULES and not any(part.startswith("_") for part in parts):
        return
    if node.attr != "T":
        raise source.error_at("attributes are not looked up here; write function(x), and x.T for a transpose", node)


def _check_constant(source: Source, node: ast.Constant) -> None:
    value = node.value
    if isinstance(value, complex):
        raise source.error_at("complex numbers have no place here; formulas are real", node)
    if not isinstance(value, (bool, int, float)) and value is not None:
        raise source.error_at("only numbers have a place here", node)
    if type(value) is int and abs(value) > MAX_WHOLE_NUMBER:
        raise source.error_at("a whole number of this size is not exact; write it as a float, such as 1e30", node)
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise source.error_at("too large for a float64, which ends at 1.8e308", node)
