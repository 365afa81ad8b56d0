"""What of a compiled function goes into a pickle: its programs as text, and the function where pickle can carry it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.tensor import Tensor


class Absent:
    """Stands for a function that did not go into a pickle: only its programs did."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __call__(self, *args: Any, **named: Any) -> Any:
        args = (*args, *named.values())
        raise TypeError(
            f"{self.__name__}: this copy has only the programs that were there when it was pickled, since pickle does "
            f"not carry the function; got {', '.join(map(described, args))}. Call the original with such arguments "
            "before it is pickled, or define the function at the top level of a module."
        )


def described(arg: Any) -> str:
    """Return an argument as log lines and messages name it: float64[3, 2]."""
    return f"{arg.dtype}{list(arg.shape)}" if isinstance(arg, np.ndarray) else type(arg).__name__


class _Nowhere:
    """A file that keeps nothing."""

    def write(self, data: Any) -> int:
        return len(data)


class _Trial(pickle.Pickler):
    """Pickles something to see whether that works, and what it reaches."""

    def __init__(self, skipped: type) -> None:
        super().__init__(_Nowhere(), protocol=pickle.HIGHEST_PROTOCOL)
        self.skipped = skipped
        self.reached: dict[int, Any] = {}

    def persistent_id(self, x: Any) -> str | None:
        if isinstance(x, (Tensor, np.ndarray)):
            self.reached[id(x)] = x
        return "itself" if isinstance(x, self.skipped) else None  # else a function that holds it would have no end


def reached(x: Any, skipped: type) -> dict[int, Any] | None:
    """Return the tensors and arrays in the pickle of `x`, by id; None if pickle cannot carry it."""
    trial = _Trial(skipped)
    try:
        trial.dump(x)
    except Exception:  # anything may go wrong in what is not ours: then it stays here
        return None
    return trial.reached


def packed(compiled: Any, kind: type) -> tuple[Callable, list]:
    """Return the function, if pickle can carry it, and the programs that it can carry.

    A program reads the tensors that the function captured, and with `check` looks at its arrays. Where these
    are not in the pickle of the function, it has others in the other process: its program is written anew there.
    So is one that draws from certain random generators.
    """
    name, f = compiled.__name__, compiled.f
    known = reached(f, kind)
    kept = []
    for signature, entry in list(compiled._entries.items()):
        if entry.draws:
            continue
        used = [*entry.tensors, *[original for original, _ in entry.constants]]
        if (known is None or all(id(x) in known for x in used)) and reached((signature, entry), kind) is not None:
            kept.append((signature, entry))
    if known is None and not kept:
        raise TypeError(
            f"{name}: neither the function nor a program of it can be pickled; got {f!r}. Call it once before it is "
            "pickled, or define the function, and those that it calls, at the top level of a module."
        )
    return (Absent(name) if known is None else f), kept
