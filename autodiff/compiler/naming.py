"""Names in the source: the user's where there are any, none of them twice; and how constants are written."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np


class Naming:
    """The names that are taken, and what the source calls by name without being given it.

    Attributes
    ----------
    constants : dict
        Arrays, functions and numbers by name.
    """

    def __init__(self, *taken: str) -> None:
        self.taken: set[str] = {"np", *taken, *keyword.kwlist}
        self.constants: dict[str, Any] = {}
        self._name_of_constant: dict[int, str] = {}
        self._numbers: dict[str, Iterator[int]] = {}

    def fresh(self, wanted: str) -> str:
        """Return a name that nothing has yet: `wanted`, or with a number."""
        name = wanted
        numbers = self._numbers.setdefault(wanted, count(1))  # not from 1 again: a chain may have thousands of x
        while name in self.taken:
            name = f"{wanted}_{next(numbers)}"
        self.taken.add(name)
        return name

    def next(self, letter: str, numbers: Iterator[int]) -> str:
        """Return the letter with the next number that makes a name that nothing has yet."""
        name = next(name for name in (f"{letter}{number}" for number in numbers) if name not in self.taken)
        self.taken.add(name)
        return name

    def constant(self, x: Any) -> str:
        """Return how a constant is written: a number as it is, an array by a name."""
        if x.__class__ in (int, bool, type(None)):
            return repr(x)
        if x.__class__ is str:
            return repr(x) if '"' in repr(x) else repr(x).replace("'", '"')
        if isinstance(x, (float, np.floating)) and x.__class__ in (float, np.float64, np.float32) and np.isfinite(x):
            return repr(float(x))
        if isinstance(x, np.integer):
            return repr(int(x))
        if isinstance(x, slice):
            return f"slice({', '.join(map(self.constant, (x.start, x.stop, x.step)))})"
        if x is Ellipsis:
            return "..."
        if isinstance(x, np.dtype):
            return f"np.{x.name}" if x.kind in "fiub" and hasattr(np, x.name) else self.named(x, "dtype")
        if isinstance(x, np.bool):
            return repr(bool(x))
        if isinstance(x, type):
            name = str(x.__name__)
            return f"np.{name}" if getattr(np, name, None) is x else self.named(x, name)
        return self.named(x, self.constant_name(x))

    @staticmethod
    def constant_name(x: Any) -> str:
        """Return what a constant is called: ones, zeros, c."""
        if isinstance(x, np.ndarray) and x.size and x.dtype.kind in "fiub":
            if not np.any(x - 1 if x.dtype.kind != "b" else ~x):
                return "ones"
            if not np.any(x):
                return "zeros"
        return "c" if isinstance(x, (np.ndarray, np.generic, float, complex)) else "constant"

    def named(self, x: Any, wanted: str) -> str:
        """Return a name for something that the source cannot write out, the same one each time."""
        if id(x) not in self._name_of_constant:
            self._name_of_constant[id(x)] = name = self.fresh(wanted)
            self.constants[name] = x
        return self._name_of_constant[id(x)]


def identifier(label: str | None) -> str | None:
    """Return a label as a Python name: `params['w'][0]` becomes params_w_0."""
    if not label:
        return None
    name = re.sub(r"_?\W+_?", "_", label).strip("_")
    if name and name[0].isdigit():
        name = f"v{name}"
    return name if name.isidentifier() and not keyword.iskeyword(name) else None
