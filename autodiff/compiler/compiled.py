"""`ad.compile`: a function that becomes NumPy source at its first call, one program for each signature."""

from __future__ import annotations

import copy
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from threading import RLock
from types import MethodType
from typing import Any, NamedTuple
from weakref import ReferenceType, WeakMethod, ref

import numpy as np

from autodiff.compiler.generators import RecordedGenerator, Substitution
from autodiff.compiler.passes import is_random, optimize
from autodiff.compiler.pickling import Absent, described, packed
from autodiff.compiler.program import CompiledProgram, ProgramCost
from autodiff.compiler.scalars import guarded
from autodiff.compiler.signatures import (
    INPUTS,
    check_hashable,
    contents_of,
    depends_on_contents,
    kind_of,
    leaves_of,
    positions_of_inputs,
    what_changes,
)
from autodiff.compiler.steps import program_of
from autodiff.compiler.verified import check_captured, check_released, check_results, same_content
from autodiff.graph import Graph
from autodiff.operands import TRACED
from autodiff.record import leaf_names, trace
from autodiff.recorder import Recorder
from autodiff.residuals import frozen
from autodiff.tensor import Tensor
from autodiff.tree import map_leaves

log = logging.getLogger("autodiff.compile")
LIMIT = 64  # programs that are kept; the one that was not used for longest goes first
MANY = 8  # signatures after which something seems to change at every call
RECORDING = RLock()  # while a function is recorded, others stand in for its random generators


class Entry(NamedTuple):
    """A program, and what it reads besides the arguments."""

    program: CompiledProgram
    tensors: list[Tensor]
    constants: list[tuple[np.ndarray, np.ndarray]]  # with `check`: arrays of the user's, and what they were
    inputs: tuple[int, ...] | None = None  # which leaves of the arguments it is given; None: all
    draws: bool = False  # whether it draws from certain random generators

    def in_copy(self, memo: Mapping[int, Any]) -> Entry:
        """Return this with the tensors and arrays that a deep copy of the function has."""
        tensors = [memo.get(id(tensor), tensor) for tensor in self.tensors]
        constants = [(memo.get(id(original), original), before) for original, before in self.constants]
        return self._replace(tensors=tensors, constants=constants)


class Recording(NamedTuple):
    """What a function did, and what it used besides its arguments; `recorder` is alive as long as a record is."""

    graph: Graph
    tensors: list[Tensor]
    captured: list[tuple[np.ndarray, np.ndarray]]  # arrays of the user's, and what they were
    generators: Substitution
    recorder: ReferenceType[Recorder]


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
        self._by_contents: set[Any] = set()  # signatures whose programs depend on what is in index arrays and masks
        self._last: CompiledProgram | None = None
        self._fast: tuple[CompiledProgram | None, Any] = None, None  # the latest class made by `_hurry`, and for what
        self._warned = False

    def __call__(self, /, *args: Any, **named: Any) -> Any:
        leaves, structure = leaves_of(args, named)
        signature = (structure, *map(kind_of, leaves))
        try:
            entry = self._entries.get(signature)
        except TypeError:
            check_hashable(leaves)
            raise
        if entry is None:
            if any(leaf.__class__ in TRACED for leaf in leaves):
                return self.f(*args, **named)  # a derivative is asked for
            signature, entry = self._find(args, named, leaves, signature)
        program = entry.program
        if program is not self._last:
            with suppress(KeyError):  # another thread has let it go
                self._entries.move_to_end(signature)
            self._last = program
            self.__class__ = Compiled  # what `_hurry` did was for another program
        if self.check:
            self._check_constants(entry.constants)
        given = leaves if entry.inputs is None else [leaves[i] for i in entry.inputs]
        if program.scalar is not None and not entry.tensors and all(leaf.__class__ is float for leaf in given):
            if structure is None and program.is_single and not self.check:
                self._hurry(program, program.scalar_listing)
            results = program.run_scalar(given)
        else:
            results = program.run([*given, *[tensor.data for tensor in entry.tensors]] if entry.tensors else given)
        return results[0] if program.is_single else program.structure.unflatten(results)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def _hurry(self, program: CompiledProgram, listing: Any) -> None:
        """Let calls with floats go straight to the program, as long as no other one runs in between.

        Python looks for `__call__` in the class, so that this object gets a class of its own.
        """
        if self._fast[0] is not program:
            call = guarded(listing, WeakMethod(MethodType(Compiled.__call__, self)))  # weak: a class lives for long
            members = {"__call__": staticmethod(call), "__slots__": (), "__doc__": Compiled.__doc__}
            self._fast = program, type("Compiled", (Compiled,), members)
        self.__class__ = self._fast[1]

    def _find(self, args: Sequence, named: Mapping, leaves: Sequence, signature: tuple) -> tuple[tuple, Entry]:
        """Return the program for these arguments, and what it is kept under; it is compiled if there is none."""
        by_contents = (*signature, contents_of(leaves))
        if by_contents in self._entries:
            return by_contents, self._entries[by_contents]
        if isinstance(self.f, Absent):
            self.f(*args, **named)
        with RECORDING:
            if signature in self._entries:  # by another thread, in the meantime
                return signature, self._entries[signature]
            if not any(by_contents[-1]):
                return signature, self._compile(args, named, leaves, signature, INPUTS)
            if not depends_on_contents(leaves) and signature not in self._by_contents:
                try:
                    return signature, self._compile(args, named, leaves, signature, INPUTS)
                except Exception as error:  # an index, a mask, labels may have to be known
                    log.debug("%s with whole numbers as they are, since as inputs: %s", self.__name__, error)
            entry = self._compile(args, named, leaves, by_contents, "fc")
            self._by_contents.add(signature)
            return by_contents, entry

    def _compile(self, args: Sequence, named: Mapping, leaves: Sequence, signature: Any, kinds: str) -> Entry:
        """Record, write down and verify a program whose array inputs are of `kinds`."""
        named = {name: named[name] for name in sorted(named)}
        recording = self._recorded(args, named, leaves, kinds)
        check_released(recording.recorder)
        program = optimize(program_of(recording.graph)[0])
        compiled = CompiledProgram.of(program, self.__name__, recording.graph)
        inputs = positions_of_inputs(leaves, kinds)
        given = list(leaves) if inputs is None else [leaves[i] for i in inputs]
        given += [tensor.data for tensor in recording.tensors]
        check_results(self.f, args, named, compiled, given, recording.generators.restore)
        constants = [(x, before) for x, before in recording.captured if x is not before] if self.check else []
        draws = any(map(is_random, program.steps))
        entry = self._entries[signature] = Entry(compiled, recording.tensors, constants, inputs, draws)
        self._note(args, named, len(program.steps))
        return entry

    def _recorded(self, args: Sequence, named: Mapping, leaves: Sequence, kinds: str) -> Recording:
        recorder = Recorder(strict=True)
        with Substitution(self.f, leaves, recorder) as generators, np.errstate(all="ignore"):
            stand_in = partial(_stand_in, recorder=recorder, kinds=kinds)
            positional, by_name = map_leaves(stand_in, (list(args), named))
            graph = trace(self.f, positional, recorder, by_name, kinds)
        captured, used = list(recorder.constants.values()), list(recorder.parameters.values())
        recorder.parameters.clear()  # their records are no longer needed
        check_captured(captured)
        return Recording(graph, [tensor for tensor, _ in used], captured, generators, ref(recorder))

    def _note(self, args: Sequence, named: Mapping, steps: int) -> None:
        """Log a compilation, with a warning where they do not end; keep no more than `LIMIT` programs."""
        given = [*map(described, args), *[f"{name}={described(arg)}" for name, arg in named.items()]]
        log.info("compiled %s for %s: %d steps", self.__name__, ", ".join(given), steps)
        if len(self._entries) > LIMIT:
            self._entries.popitem(last=False)
        if len(self._entries) >= MANY and not self._warned:
            self._warned = True
            changing = what_changes(list(self._entries), leaf_names(self.f, args, named))
            log.warning("%s has been compiled %d times: %s", self.__name__, len(self._entries), changing)

    def _check_constants(self, constants: Sequence) -> None:
        for original, before in constants:
            if not same_content(original, before):
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
            known = {s: entry.in_copy(memo) for s, entry in list(self._entries.items()) if not entry.draws}
            new._take_over(self, known)
        return new

    def _take_over(self, other: Compiled, entries: Mapping[Any, Entry]) -> None:
        """Take the programs of another one. They do not change, and keep nothing from call to call."""
        self.__name__, self.__doc__, self._last = other.__name__, other.__doc__, other._last
        self._entries.update(entries)
        self._by_contents |= other._by_contents

    def __reduce__(self) -> tuple:
        f, entries = packed(self, Compiled)
        last = self._last if any(entry.program is self._last for _, entry in entries) else None
        state = {"f": f, "check": self.check, "name": self.__name__, "doc": self.__doc__, "last": last}
        return Compiled.__new__, (Compiled,), {**state, "entries": entries, "by_contents": self._by_contents}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["f"], state["check"])  # type: ignore[misc]
        self.__name__, self.__doc__, self._last = state["name"], state["doc"], state["last"]
        self._entries.update(state["entries"])
        self._by_contents |= state["by_contents"]

    def __repr__(self) -> str:
        return f"<compiled {self.__name__}: {len(self._entries)} programs>"


def _stand_in(leaf: Any, recorder: Recorder, kinds: str) -> Any:
    """Return what a function gets while it is recorded, of what is no input."""
    if isinstance(leaf, np.random.Generator):
        return RecordedGenerator(leaf, recorder)
    return frozen(leaf) if leaf.__class__ is np.ndarray and leaf.dtype.kind not in kinds else leaf


def compile(f: Callable, *, check: bool = False) -> Compiled:
    """Return `f` as straight-line NumPy source, written at the first call for each signature.

    Parameters
    ----------
    f : callable
        Of floats, arrays and containers of them, by position or name; also what `grad`, `hessian` and the
        other transformations return. What it does may depend on shapes, dtypes and other arguments (ints,
        strings, …), for each of which it is compiled anew, but not on the numbers in arrays. Of an array of
        whole numbers or flags it may: then there is a program for each of its contents.
    check : bool
        Whether to look at every call whether an array that `f` uses without getting it as an argument
        has changed. Without it such an array counts as a constant.

    Returns
    -------
    Compiled
        A function with the arguments and results of `f`, bit for bit; `.source` shows the program. A
        function of single floats is plain Python and gives floats, never `np.float64`; their last digit may
        differ: `math` and NumPy round differently. As a decorator it works on methods too.

    Raises
    ------
    TypeError
        At the call, if what `f` does depends on the numbers, or cannot be recorded; if it changes its arguments,
        keeps values for later, or gives something else when it is called again.

    Notes
    -----
    An object that is no number, array or container of them is told from others by `==`: what is read from its
    attributes is what they were at the first call. (A dataclass is a container of its fields.) The same holds
    for what `f` finds in closures, globals and modules, but for tensors, whose values are read at every call, and
    random generators (`np.random.Generator`), which draw anew. At the first call `f` is run twice: once it is
    recorded, once it is compared with the program.

    Under `ad.detect_anomaly` the first line that makes a NaN or an infinity is named. A pickle carries the
    programs as source, and `f` where pickle can carry it; without, the copy knows the signatures that there are.

    Examples
    --------
    >>> import autodiff as ad
    >>> fast = compile(ad.grad(lambda x: np.sum(x * x)))
    >>> fast(np.array([1.0, 2.0]))
    array([2., 4.])
    >>> print(fast.source)
    def grad_of_lambda(x):
        d_x = np.add(x, x)  # 2
        return d_x
    <BLANKLINE>
    """
    if not callable(f):
        raise TypeError(f"compile: takes a function; got a {type(f).__name__}. Write ad.compile(f), then fast(x).")
    return Compiled(f, check)
