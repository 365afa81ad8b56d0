"""A second version of a program that looks at every line's operands and results: what `ad.detect_anomaly` runs.

It is made from the text of the program, so that whatever is written there is looked at, and it has the
lines of that text, so that tracebacks show them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autodiff import anomaly
from autodiff.compiler.listing import Listing
from autodiff.compiler.pieces import in_pieces

FINITE, CHECK, BEFORE = "_finite", "_check", "_before"  # the names in a source do not begin with an underscore


def checked(listing: Listing) -> Callable:
    """Return the function of the listing, which raises FloatingPointError at the first line of bad results."""
    tree = ast.fix_missing_locations(_Checks().visit(ast.parse(listing.text)))

    def check(line: int, finite: bool, *results: Any) -> None:
        found = next(filter(None, map(_first_bad, results)), None) if finite else None
        if found is not None:
            name = listing.origin[line].operation if line in listing.origin else listing.name
            anomaly.report(name, listing.place(line), found, listing.phase(line))

    whole = {name: _in_one_piece for name, x in listing.constants.items() if x is in_pieces}
    return listing.make(compile(tree, listing.filename, "exec"), **whole, **{FINITE: _are_finite, CHECK: check})


def _in_one_piece(compute: Callable, arrays: Sequence, _rows: int) -> None:
    """Do what `in_pieces` does so that all rows of a line come before the next line, and the first bad one is found."""
    compute(*arrays)


class _Checks(ast.NodeTransformer):
    """Puts around `z = np.exp(y)`: `_before = _finite(y)` and `_check(line, _before, z)`."""

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        if isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "np.empty":
            return [node]  # what is in new memory is nobody's result
        written = [part for target in node.targets for part in _places(target)]
        return self._around(node, list(_places(node.value)), written)

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        return self._around(node, [*_places(node.target), *_places(node.value)], list(_places(node.target)))

    def visit_Expr(self, node: ast.Expr) -> list[ast.stmt]:
        if not isinstance(node.value, ast.Call):
            return [node]
        out = [keyword.value for keyword in node.value.keywords if keyword.arg == "out"]
        read = list(_places(node.value))
        if ast.unparse(node.value.func) == "np.copyto":
            out, read = [node.value.args[0]], list(_places(node.value.args[1]))
        return self._around(node, read, [part for target in out for part in _places(target)] or read)

    def _around(self, node: ast.stmt, read: list[ast.expr], written: list[ast.expr]) -> list[ast.stmt]:
        before = ast.Assign([ast.Name(BEFORE, ast.Store())], _call(FINITE, read))
        after = ast.Expr(_call(CHECK, [ast.Constant(node.lineno), ast.Name(BEFORE, ast.Load()), *written]))
        return [ast.copy_location(before, node), node, ast.copy_location(after, node)]


def _places(tree: ast.expr) -> Iterator[ast.expr]:
    """Yield the variables in an expression, with their indices, to be read; not where a call writes to."""
    if isinstance(tree, ast.Name) or (isinstance(tree, ast.Subscript) and isinstance(tree.value, ast.Name)):
        yield ast.parse(ast.unparse(tree), mode="eval").body
    elif isinstance(tree, ast.Call):
        given = [*tree.args, *[keyword.value for keyword in tree.keywords if keyword.arg != "out"]]
        owner = [tree.func.value] if isinstance(tree.func, ast.Attribute) else []
        for part in [*owner, *given]:
            yield from _places(part)
    else:
        for child in ast.iter_child_nodes(tree):
            if isinstance(child, ast.expr):
                yield from _places(child)


def _call(name: str, arguments: list[ast.expr]) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), arguments, [])


def _are_finite(*values: Any) -> bool:
    return not any(map(_first_bad, values))


def _first_bad(x: Any) -> Any:
    """Return the first entry that is not finite, and its index; None of what is no number."""
    if isinstance(x, (tuple, list)):
        return next(filter(None, map(_first_bad, x)), None)
    return anomaly.first_bad(x) if isinstance(x, (np.ndarray, np.generic, float, complex)) else None
