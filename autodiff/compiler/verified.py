"""What a recording must not miss: a function is called once more, as it is, and its results are compared.

A program repeats what was recorded. Where the function does something else at every call (it counts,
reads a clock, draws from a generator that nobody finds), the program would be wrong from the second call on.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Mapping, Sequence
from types import CellType
from typing import Any
from weakref import ReferenceType

import numpy as np

from autodiff.compiler.program import CompiledProgram
from autodiff.operands import TRACED, value_of
from autodiff.recorder import Record
from autodiff.residuals import frozen
from autodiff.switches import Switch
from autodiff.tensor import Tensor
from autodiff.tree import flatten

log = logging.getLogger("autodiff.compile")


def check_results(
    f: Callable,
    args: Sequence,
    named: Mapping[str, Any],
    program: CompiledProgram,
    given: list,
    restore: Callable[[], None],
) -> None:
    """Raise TypeError if the program gives other numbers than the function, called once more with copies.

    Parameters
    ----------
    f, args, named
        The function, and the arguments it was recorded with.
    program : CompiledProgram
    given : list
        The inputs of the program.
    restore : callable
        Brings random generators back to where they were.
    """
    leaves, structure = flatten((list(args), dict(named)))
    number = np.float64 if program.scalar is not None else float  # as the recording takes Python's numbers
    copies = [number(x) if x.__class__ is float else _copy(x) if x.__class__ is np.ndarray else x for x in leaves]
    positional, by_name = structure.unflatten(copies)
    given = [number(x) if x.__class__ is float else x for x in given]
    with np.errstate(all="ignore"), Switch(lambda mode: mode._replace(recorder=None, anomaly=False)):
        try:
            expected, structure = flatten(f(*positional, **by_name))
        except Exception as error:  # it may take traced values alone: then there is nothing to compare with
            log.debug("%s is compiled unverified: %s", program.listing.name, error)
            return
        finally:
            restore()
        results = program.run(given)
        restore()
    if structure != program.structure or not all(map(_agree, results, expected)):
        raise TypeError(
            f"compile: {program.listing.name} gives other results when it is called again, and the compiled program "
            "would repeat those of now; got the same arguments twice. It may count its calls, write to an array that "
            "it uses, or draw random numbers from a generator that was not found: pass what changes as an argument."
        )


def _copy(x: np.ndarray) -> np.ndarray:
    """Return a copy with the strides of `x`, which may be written to if `x` may."""
    copy = frozen(x)
    if copy is not x and x.flags.writeable:
        owner: Any = copy
        while isinstance(owner, np.ndarray) and owner.base is not None:
            owner = owner.base
        owner.setflags(write=True)
        copy.setflags(write=True)
    return copy


def _agree(a: Any, b: Any) -> bool:
    """Tell whether two results are equal; half of the digits may differ, where layouts or BLAS calls do."""
    b = value_of(b)
    if isinstance(a, str):
        return a == b
    if b.__class__ in TRACED:
        return False
    x, y = np.asarray(a), np.asarray(b)
    if x.dtype.kind not in "fciub" or y.dtype.kind not in "fciub":
        return True
    if x.shape != y.shape:
        return False
    if x.dtype.kind not in "fc" or y.dtype.kind not in "fc":
        return np.array_equal(x, y)
    precision = max(np.finfo(x.dtype).eps, np.finfo(y.dtype).eps) ** 0.5
    largest = np.max(np.abs(y), initial=0.0, where=np.isfinite(y))
    return np.array_equal(x, y, equal_nan=True) or np.allclose(x, y, precision, precision * largest, equal_nan=True)


def check_captured(constants: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
    """Raise TypeError if an array that was taken for a constant has been written to since."""
    for array, before in constants:
        if array is not before and not same_content(array, before):
            raise TypeError(
                "compile: an array that the function uses without getting it as an argument, and then changes, would "
                f"stay as it was; got one of shape {array.shape}. Pass it as an argument, and return what it becomes."
            )


def same_content(a: np.ndarray, b: np.ndarray) -> bool:
    """Tell whether two arrays are equal, NaN for NaN."""
    return np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")


def check_released(recorder: ReferenceType) -> None:
    """Raise TypeError if a record has outlived the recording; it is replaced by its number where it is kept."""
    if recorder() is None:
        return
    gc.collect()  # a function that calls itself is a cycle
    if recorder() is None:
        return
    was_frozen = gc.get_freeze_count() > 0
    gc.unfreeze()  # else what was there before is not found
    records = [x for x in gc.get_referrers(recorder()) if x.__class__ is Record]
    places = [_heal(record, records) for record in records]
    if was_frozen:
        gc.freeze()
    where = next(filter(None, places), "another place")
    raise TypeError(
        f"compile: what a call leaves behind for later, a compiled program does not; got a value that is kept in "
        f"{where}. Return it instead, or leave the function uncompiled (nn.compile keeps the state of modules)."
    )


def _heal(record: Record, found: list) -> str:
    """Put its number in the place of a record, other than in the list `found`; return where that was."""
    where = ""
    for holder in gc.get_referrers(record):
        if holder is not found:
            where = _replace(holder, record, record.node.value) or where
    return where


def _replace(holder: Any, record: Record, value: Any) -> str:
    """Put `value` in the place of a record in what holds it; return what that is, "" if it is something else."""
    if isinstance(holder, dict):
        names = [name for name, x in holder.items() if x is record]
        holder.update(dict.fromkeys(names, value))
        return f"`{names[0]}`"
    if isinstance(holder, list):
        holder[:] = [value if x is record else x for x in holder]
        return "a list"
    if isinstance(holder, CellType):
        holder.cell_contents = value
        return "a variable of an outer function"
    if isinstance(holder, Tensor):
        if holder.data is record:
            holder.data = value
        return "a tensor"
    if hasattr(holder, "__dict__"):
        return _replace(vars(holder), record, value)
    return ""
