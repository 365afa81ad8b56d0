"""`ad.compile`: a function that becomes NumPy source at its first call, one program for each signature."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.compiler.emission import Epilogue, Source, build
from autodiff.compiler.passes import optimize
from autodiff.compiler.scalars import ERRORS, ScalarSource, is_scalar, scalar_function
from autodiff.compiler.steps import Program, program_of
from autodiff.graph import Graph
from autodiff.operands import TRACED
from autodiff.record import Recorder, trace
from autodiff.tensor import Tensor
from autodiff.tree import Structure, flatten

log = logging.getLogger("autodiff.compile")
ARRAY_KINDS = "fc"
LIMIT = 64  # programs that are kept; the one that was not used for longest goes first


class CompiledProgram:
    """One program: its source, and functions that run it, each with memory of its own."""

    def __init__(self, program: Program, name: str, graph: Graph, epilogue: Epilogue | None = None) -> None:
        self.program = program
        self.graph = graph
        self.structure = _as_leaf(graph.structure)
        self.writer = Source(program, name, epilogue)
        self.source = self.writer.write()
        self.make, self.filename = build(self.writer, self.source)
        self.idle: list[Callable] = [self.make()]
        self.scalar: Callable | None = None
        if epilogue is None and is_scalar(program):
            self.writer = ScalarSource(program, name, single=self.structure is _LEAF)
            self.source = self.writer.write()
            self.scalar = scalar_function(self.writer, self.source)

    def run_scalar(self, args: Sequence) -> tuple:
        """Return the results for floats; where Python raises, NumPy gives an infinity or NaN."""
        try:
            results = self.scalar(*args)  # type: ignore[misc]
        except ERRORS:
            return self.run([np.float64(arg) for arg in args])
        return (results,) if self.structure is _LEAF else results

    def run(self, leaves: Sequence) -> tuple:
        """Return the results, in a tuple. Each thread that runs at the same time has memory of its own."""
        try:
            function = self.idle.pop()
        except IndexError:
            function = self.make()
        try:
            return function(*leaves)
        except Exception as error:
            self._explain(error)
            raise
        finally:
            self.idle.append(function)

    def _explain(self, error: Exception) -> None:
        """Add to an error the line of the user's program behind the generated one."""
        traceback = error.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self.filename:
                position = self.writer.origin.get(traceback.tb_lineno)
                text = self.source.splitlines()[traceback.tb_lineno - 1].strip()
                error.add_note(f"in the compiled line `{text}`{f', which comes from {position}' if position else ''}")
            traceback = traceback.tb_next


class Compiled:
    """A compiled function; see `compile`.

    Attributes
    ----------
    source : str
        The program that ran last.
    graph : Graph
        What it was made from.
    """

    def __init__(self, f: Callable, check: bool = False) -> None:
        self.f = f
        self.check = check
        self.__name__ = getattr(f, "__name__", type(f).__name__)
        self.__doc__ = getattr(f, "__doc__", None)
        self.__wrapped__ = f
        self._programs: OrderedDict[Any, tuple[CompiledProgram, list[Tensor], list]] = OrderedDict()
        self._last: CompiledProgram | None = None
        self._scalar: Callable | None = None  # the program for single floats, which needs no look at anything else

    def __call__(self, *args: Any) -> Any:
        scalar = self._scalar
        if scalar is not None:
            for arg in args:
                if arg.__class__ is not float:
                    break
            else:
                try:
                    return scalar(*args)
                except ERRORS:  # of the arithmetic, or for another number of arguments
                    pass
        leaves, structure = _flatten(args)
        signature = (structure, *map(_kind, leaves))
        entry = self._programs.get(signature)
        if entry is None:
            if any(leaf.__class__ in TRACED and leaf.__class__ is not Tensor for leaf in leaves):
                return self.f(*args)  # an outer transformation differentiates it
            entry = self._compile(args, signature)
        program, parameters, constants = entry
        self._last = program
        if self.check:
            self._check_constants(constants)
        given = [leaf for leaf in leaves if _is_input(leaf)]
        if program.scalar is not None and all(leaf.__class__ is float for leaf in given):
            if structure is None and program.structure is _LEAF and not self.check:
                self._scalar = program.scalar
            results = program.run_scalar(given)
            return results[0] if program.structure is _LEAF else program.structure.unflatten(results)
        results = program.run([*given, *[p.data for p in parameters]] if parameters else given)
        return results[0] if program.structure is _LEAF else program.structure.unflatten(results)

    def _compile(self, args: Sequence, signature: Any) -> tuple[CompiledProgram, list[Tensor], list]:
        recorder = Recorder(strict=True)
        graph = trace(self.f, args, recorder)
        program = optimize(program_of(graph)[0])
        compiled = CompiledProgram(program, self.__name__, graph)
        entry = (compiled, [tensor for tensor, _ in recorder.parameters.values()], list(recorder.constants.values()))
        self._programs[signature] = entry
        log.info("compiled %s for %s: %d steps", self.__name__, _described(args), len(program.steps))
        if len(self._programs) > LIMIT:
            self._programs.popitem(last=False)
            log.warning("compile: %s has been compiled for more than %d signatures", self.__name__, LIMIT)
        return entry

    def _check_constants(self, constants: Sequence) -> None:
        for original, frozen in constants:
            if not np.array_equal(original, frozen, equal_nan=original.dtype.kind in "fc"):
                raise ValueError(
                    f"{self.__name__}: an array that the function uses without getting it as an argument has changed "
                    f"since it was compiled; got another content of shape {original.shape}. Pass it as an argument."
                )

    @property
    def source(self) -> str:
        """The source of the program that ran last."""
        return self._latest().source

    @property
    def graph(self) -> Graph:
        """The recorded graph of the program that ran last."""
        return self._latest().graph

    def _latest(self) -> CompiledProgram:
        if self._last is None:
            raise ValueError(f"{self.__name__}: nothing has been compiled yet; got no call. Call it once.")
        return self._last

    def __repr__(self) -> str:
        return f"<compiled {self.__name__}: {len(self._programs)} programs>"


_LEAF = flatten(0.0)[1]


def _as_leaf(structure: Structure) -> Structure:
    return _LEAF if structure == _LEAF else structure


def _flatten(args: Sequence) -> tuple[Sequence, Any]:
    """Return the leaves of the arguments, and what tells how they are put together."""
    for arg in args:
        if arg.__class__ is not np.ndarray and arg.__class__ is not float:
            return flatten(list(args))
    return args, None


def _kind(leaf: Any) -> Any:
    """Return what a program depends on: of arrays shape and dtype, of other values the value."""
    kind = leaf.__class__
    if kind is np.ndarray:
        return leaf.shape, leaf.dtype
    return kind if kind is float or isinstance(leaf, np.floating) else (kind, leaf)


def _is_input(leaf: Any) -> bool:
    return leaf.__class__ is float or (isinstance(leaf, (np.ndarray, np.floating)) and leaf.dtype.kind in ARRAY_KINDS)


def _described(args: Sequence) -> str:
    return ", ".join(f"{a.dtype}{list(a.shape)}" if isinstance(a, np.ndarray) else type(a).__name__ for a in args)


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
        A function with the arguments and results of `f`, bit for bit; `.source` shows the program.

    Raises
    ------
    TypeError
        At the call, if what `f` does depends on the numbers, or cannot be recorded.

    Examples
    --------
    >>> import autodiff as ad
    >>> fast = compile(ad.grad(lambda x: np.sum(x * x)))
    >>> fast(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    if not callable(f):
        raise TypeError(f"compile: takes a function; got a {type(f).__name__}. Write ad.compile(f), then fast(x).")
    return Compiled(f, check)
