"""`ad.compile`: a function that becomes NumPy source at its first call, one program for each signature."""

from __future__ import annotations

import copy
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MethodType
from typing import Any, NamedTuple

import numpy as np

from autodiff.compiler.passes import optimize
from autodiff.compiler.pickling import Absent, described, packed
from autodiff.compiler.program import CompiledProgram, ProgramCost
from autodiff.compiler.scalars import guarded
from autodiff.compiler.steps import program_of
from autodiff.graph import Graph
from autodiff.operands import TRACED
from autodiff.record import argument_names, trace
from autodiff.recorder import Recorder
from autodiff.tensor import Tensor
from autodiff.tree import flatten

log = logging.getLogger("autodiff.compile")
LIMIT = 64  # programs that are kept; the one that was not used for longest goes first
MANY = 8  # signatures after which something seems to change at every call


class Entry(NamedTuple):
    """A program, and what it reads besides the arguments."""

    program: CompiledProgram
    tensors: list[Tensor]
    constants: list[tuple[np.ndarray, np.ndarray]]  # arrays of the user's, and what they were

    def in_copy(self, memo: Mapping[int, Any]) -> Entry:
        """Return this with the tensors and arrays that a deep copy of the function has."""
        tensors = [memo.get(id(tensor), tensor) for tensor in self.tensors]
        constants = [(memo.get(id(original), original), frozen) for original, frozen in self.constants]
        return Entry(self.program, tensors, constants)


class Compiled:
    """A compiled function; see `compile`.

    Attributes
    ----------
    f : callable
        What was compiled.
    programs : dict
        The programs by signature.
    """

    def __init__(self, f: Callable, check: bool = False) -> None:
        self.f = f
        self.check = check
        self.__name__ = getattr(f, "__name__", type(f).__name__)
        self.__doc__ = getattr(f, "__doc__", None)
        self.__wrapped__ = f
        self._entries: OrderedDict[Any, Entry] = OrderedDict()
        self._last: CompiledProgram | None = None
        self._fast: tuple[CompiledProgram | None, Any] = None, None  # the latest class made by `_hurry`, and for what
        self._warned = False

    def __call__(self, *args: Any) -> Any:
        leaves, structure = _flatten(args)
        signature = (structure, *map(_kind, leaves))
        entry = self._entries.get(signature)
        if entry is None:
            if any(leaf.__class__ in TRACED for leaf in leaves):
                return self.f(*args)  # a derivative is asked for
            entry = self._compile(args, signature)
        program = entry.program
        if program is not self._last:
            with suppress(KeyError):  # another thread has let it go
                self._entries.move_to_end(signature)
            self._last = program
            self.__class__ = Compiled  # what `_hurry` did was for another program
        if self.check:
            self._check_constants(entry.constants)
        given = [leaf for leaf in leaves if _is_input(leaf)]
        if program.scalar is not None and not entry.tensors and all(leaf.__class__ is float for leaf in given):
            if structure is None and program.is_single and not self.check:
                self._hurry(program, program.scalar_listing)
            results = program.run_scalar(given)
        else:
            results = program.run([*given, *[tensor.data for tensor in entry.tensors]] if entry.tensors else given)
        return results[0] if program.is_single else program.structure.unflatten(results)

    def _hurry(self, program: CompiledProgram, listing: Any) -> None:
        """Let calls with floats go straight to the program, as long as no other one runs in between.

        Python looks for `__call__` in the class, so that this object gets a class of its own.
        """
        if self._fast[0] is not program:
            call = guarded(listing, MethodType(Compiled.__call__, self))
            members = {"__call__": staticmethod(call), "__slots__": (), "__doc__": Compiled.__doc__}
            self._fast = program, type("Compiled", (Compiled,), members)
        self.__class__ = self._fast[1]

    def _compile(self, args: Sequence, signature: Any) -> Entry:
        if isinstance(self.f, Absent):
            self.f(*args)
        recorder = Recorder(strict=True)
        graph = trace(self.f, args, recorder)
        compiled = CompiledProgram.of(optimize(program_of(graph)[0]), self.__name__, graph)
        tensors = [tensor for tensor, _ in recorder.parameters.values()]
        entry = self._entries[signature] = Entry(compiled, tensors, list(recorder.constants.values()))
        steps = len(compiled.program.steps)
        log.info("compiled %s for %s: %d steps", self.__name__, ", ".join(map(described, args)), steps)
        if len(self._entries) > LIMIT:
            self._entries.popitem(last=False)
        if len(self._entries) >= MANY and not self._warned:
            self._warned = True
            log.warning("%s has been compiled %d times: %s", self.__name__, len(self._entries), self._what_changes())
        return entry

    def _what_changes(self) -> str:
        """Return which leaf of the arguments differs most between the signatures."""
        kinds = [signature[1:] for signature in self._entries]
        width = Counter(map(len, kinds)).most_common(1)[0][0]
        columns = list(zip(*[kind for kind in kinds if len(kind) == width], strict=True))
        most = max(range(width), key=lambda i: len(set(columns[i])), default=0)
        names = argument_names(self.f, width)
        return f"argument {most} (`{names[most]}`) keeps changing. Pass a number that changes as a float or an array."

    def _check_constants(self, constants: Sequence) -> None:
        for original, frozen in constants:
            if not np.array_equal(original, frozen, equal_nan=original.dtype.kind in "fc"):
                raise ValueError(
                    f"{self.__name__}: an array that the function uses without getting it as an argument has changed "
                    f"since it was compiled; got another content of shape {original.shape}. Pass it as an argument."
                )

    @property
    def programs(self) -> dict[Any, CompiledProgram]:
        """The programs by signature."""
        return {signature: entry.program for signature, entry in self._entries.items()}

    @property
    def program(self) -> CompiledProgram:
        """The program that ran last."""
        if self._last is None:
            raise ValueError(f"{self.__name__}: nothing has been compiled yet; got no call. Call it once.")
        return self._last

    @property
    def source(self) -> str:
        """The source of the program that ran last."""
        return self.program.source

    @property
    def graph(self) -> Graph:
        """The recorded graph of the program that ran last."""
        return self.program.graph

    @property
    def is_scalar(self) -> bool:
        """Whether the program that ran last computes with single floats, in plain Python."""
        return self.program.scalar is not None

    def cost(self) -> ProgramCost:
        """Return steps, operations and memory of the program that ran last."""
        return self.program.cost()

    def __copy__(self) -> Compiled:
        new = Compiled(self.f, self.check)
        new._take_over(self, self._entries)
        return new

    def __deepcopy__(self, memo: dict[int, Any]) -> Compiled:
        new = memo[id(self)] = Compiled.__new__(Compiled)
        new.__init__(copy.deepcopy(self.f, memo), self.check)  # type: ignore[misc]
        if new.f is self.f:  # a function, which goes on using the same tensors and arrays
            new._take_over(self, self._entries)
        else:
            new._take_over(self, {signature: entry.in_copy(memo) for signature, entry in list(self._entries.items())})
        return new

    def _take_over(self, other: Compiled, entries: Mapping[Any, Entry]) -> None:
        """Take the programs of another one. They do not change, and keep nothing from call to call."""
        self.__name__, self.__doc__, self._last = other.__name__, other.__doc__, other._last
        self._entries.update(entries)

    def __reduce__(self) -> tuple:
        f, entries = packed(self, Compiled)
        last = self._last if any(entry.program is self._last for _, entry in entries) else None
        state = {"f": f, "check": self.check, "name": self.__name__, "doc": self.__doc__, "last": last}
        return Compiled.__new__, (Compiled,), {**state, "entries": entries}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["f"], state["check"])  # type: ignore[misc]
        self.__name__, self.__doc__, self._last = state["name"], state["doc"], state["last"]
        self._entries.update(state["entries"])

    def __repr__(self) -> str:
        return f"<compiled {self.__name__}: {len(self._entries)} programs>"


def _flatten(args: Sequence) -> tuple[Sequence, Any]:
    """Return the leaves of the arguments, and what tells how they are put together."""
    for arg in args:
        if arg.__class__ is not np.ndarray and arg.__class__ is not float:
            return flatten(list(args))
    return args, None


NUMBERS = {float, complex}


def _kind(leaf: Any) -> Any:
    """Return what a program depends on: of arrays shape and dtype, of other values the value."""
    kind = leaf.__class__
    if kind is np.ndarray:
        return leaf.shape, leaf.dtype, leaf.strides  # sums run in the order of memory
    return kind if kind in NUMBERS or isinstance(leaf, np.inexact) else (kind, leaf)


def _is_input(leaf: Any) -> bool:
    return leaf.__class__ in NUMBERS or (isinstance(leaf, (np.ndarray, np.inexact)) and leaf.dtype.kind in "fc")


def compile(f: Callable, *, check: bool = False) -> Compiled:
    """Return `f` as straight-line NumPy source, written at the first call for each signature.

    Parameters
    ----------
    f : callable
        Of floats, arrays and containers of them; also what `grad`, `hessian` and the other
        transformations return. What it does may depend on shapes, dtypes and other arguments (ints,
        strings, …), for each of which it is compiled anew, but not on the numbers.
    check : bool
        Whether to look at every call whether an array that `f` uses without getting it as an argument
        has changed. Without it such an array counts as a constant.

    Returns
    -------
    Compiled
        A function with the arguments and results of `f`, bit for bit; `.source` shows the program. A
        function of single floats is plain Python, and its last digit may differ: `math` and NumPy round
        differently.

    Raises
    ------
    TypeError
        At the call, if what `f` does depends on the numbers, or cannot be recorded.

    Notes
    -----
    Under `ad.detect_anomaly` the first line that makes a NaN or an infinity is named. A pickle carries the
    programs as source, and `f` where pickle can carry it; without, the copy knows the signatures that there are.

    Examples
    --------
    >>> import autodiff as ad
    >>> fast = compile(ad.grad(lambda x: np.sum(x * x)))
    >>> fast(np.array([1.0, 2.0]))
    array([2., 4.])
    >>> print(fast.source)
    def grad_of__lambda(x):
        v5 = np.add(x, x)  # 2
        return v5,
    <BLANKLINE>
    """
    if not callable(f):
        raise TypeError(f"compile: takes a function; got a {type(f).__name__}. Write ad.compile(f), then fast(x).")
    return Compiled(f, check)
