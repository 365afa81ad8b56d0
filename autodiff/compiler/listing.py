"""A program as text: all that is needed to run it, and all that a copy of it carries."""

from __future__ import annotations

import linecache
import sys
import weakref
from collections.abc import Callable, Mapping
from itertools import count
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import numpy as np

from autodiff.compiler.buffers import Layout
from autodiff.dispatch import Operation

number_of_program = count(1).__next__


class Origin(NamedTuple):
    """What stands behind a line of the source: the user's operation, and where it is written."""

    operation: str
    place: str
    phase: str  # forward or backward


class Listing:
    """The text of a program, what it names, and its memory.

    Parameters
    ----------
    name : str
        Of the function that the text defines.
    text : str
        The source; tracebacks and debuggers find it under `filename`.
    constants : mapping
        What it calls by name: arrays, functions, numbers.
    buffers : mapping
        By number, the layouts of the arrays that it writes to, of its own.
    memory : mapping
        Which of them each name stands for.
    origin : mapping
        By line, from 1: what stands behind it.
    """

    def __init__(
        self,
        name: str,
        text: str,
        constants: Mapping[str, Any],
        buffers: Mapping[int, Layout] | None = None,
        memory: Mapping[str, int] | None = None,
        origin: Mapping[int, Origin] | None = None,
    ) -> None:
        self.name = name
        self.text = text
        self.constants = dict(constants)
        self.buffers = dict(buffers or {})
        self.memory = dict(memory or {})
        self.origin = dict(origin or {})
        self.filename = f"<compiled {name} {number_of_program()}>"
        lines = text.splitlines(keepends=True)
        linecache.cache[self.filename] = (len(text), None, lines, self.filename)
        weakref.finalize(self, linecache.cache.pop, self.filename, None).atexit = False  # thousands of fits leave none
        self._code: CodeType | None = None

    def make(self, code: CodeType | None = None, **further: Any) -> Callable:
        """Return the function, with memory of its own; `code` may be another version of the text, `further` names."""
        if code is None:
            code = self._code = self._code or compile(self.text, self.filename, "exec")
        namespace = {"np": np, **self.constants, **further}
        arrays = {number: layout.allocate() for number, layout in self.buffers.items()}
        namespace.update({name: arrays[number] for name, number in self.memory.items()})
        exec(code, namespace)  # the text, made of NumPy calls alone
        function: Callable = namespace.pop(self.name)  # else each would hold the other, and its memory with it
        return function

    def line(self, number: int) -> str:
        """Return a line of the text, without its comment."""
        return self.text.splitlines()[number - 1].partition("  #")[0].strip()

    def phase(self, number: int) -> str:
        """Return the section that a line stands in: forward, backward, update."""
        headings = [line[6:] for line in self.text.splitlines()[:number] if line.startswith("    # ")]
        if headings:
            return headings[-1].partition(":")[0]
        return self.origin[number].phase if number in self.origin else "forward"

    def place(self, number: int) -> str:
        """Return a line as messages quote it, and the user's line behind it."""
        behind = f", which comes from {self.origin[number].place}" if number in self.origin else ""
        return f"the compiled line `{self.line(number)}`{behind}"

    def __reduce__(self) -> tuple:
        constants = {name: _Implementation.of(value) for name, value in self.constants.items()}
        return Listing, (self.name, self.text, constants, self.buffers, self.memory, self.origin)


class _Implementation:
    """Stands, in a pickle, for what an `Operation` does to plain arrays: the name in its module is the operation's."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation

    @classmethod
    def of(cls, x: Any) -> Any:
        """Return `x`, or what stands for it."""
        namesake = getattr(sys.modules.get(x.__module__), x.__name__, None) if isinstance(x, FunctionType) else None
        return cls(namesake) if isinstance(namesake, Operation) and namesake.implementation is x else x

    def __reduce__(self) -> tuple:
        return getattr, (self.operation, "implementation")
