"""Where in the user's program an operation stands, and the name the user gave to its result."""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Set as AbstractSet
from functools import lru_cache
from types import CodeType
from typing import Any, NamedTuple

LIBRARIES = frozenset({"autodiff", "nn", "numpy"})  # their lines are not the user's
_STEPS = {f"autodiff.{name}" for name in ("source", "recorder", "dispatch", "arraylike", "assignment", "tensor")}


class Position(NamedTuple):
    """A stretch of a source file: lines from 1, columns in bytes from 0 (None where Python was told to forget them)."""

    filename: str
    line: int
    end_line: int | None
    column: int | None
    end_column: int | None

    def __str__(self) -> str:
        return f"{self.filename}:{self.line}"


def user_frame(libraries: AbstractSet[str] = LIBRARIES) -> Any:
    """Return the innermost frame outside the libraries."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in libraries:
        frame = frame.f_back
    return frame


def user_position(libraries: AbstractSet[str] = LIBRARIES) -> Position:
    """Return the call or operation that the user's innermost frame is carrying out."""
    frame = user_frame(libraries)
    code = frame.f_code
    line, end_line, column, end_column = _positions(code)[frame.f_lasti // 2]
    return Position(code.co_filename, frame.f_lineno if line is None else line, end_line, column, end_column)


def called_directly(libraries: AbstractSet[str] = LIBRARIES) -> bool:
    """Tell whether the user's line called the operation itself, not something that is made of several."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        name = frame.f_globals.get("__name__", "")
        if name.partition(".")[0] not in libraries:
            break
        if name not in _STEPS and not name.startswith("numpy."):
            return False
        frame = frame.f_back
    return True


def assigned_name(position: Position) -> str | None:
    """Return `z` where the source at `position` is the right-hand side of `z = …`, else None."""
    return _assignments(position.filename).get(position[1:])


@lru_cache(maxsize=256)
def _positions(code: CodeType) -> list[tuple[int | None, int | None, int | None, int | None]]:
    return list(code.co_positions())


def _assignments(filename: str) -> dict[tuple, str]:
    """Return the names that a file assigns to, by the stretch of source they are assigned from."""
    return _parsed("".join(linecache.getlines(filename)))


@lru_cache(maxsize=64)
def _parsed(source: str) -> dict[tuple, str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # what linecache found is not what ran
        return {}
    names = {}
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(targets[0], ast.Name):  # the first of a = b = …
            value = node.value
            if value is not None:
                names[value.lineno, value.end_lineno, value.col_offset, value.end_col_offset] = targets[0].id
    return names
