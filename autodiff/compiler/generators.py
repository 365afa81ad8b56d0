"""Random generators under recording: what they draw becomes steps of the program, made anew at every call.

Those that a function uses are looked for where it can reach them: in closures, globals, default
arguments, attributes. What a generator gives that is not found, or that no record can stand in
for, must not be taken for a constant: its state is compared before and after.
"""

from __future__ import annotations

import functools
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from autodiff.recorder import Recorder
from autodiff.tensor import Tensor

LIBRARIES = {"autodiff", "nn", "numpy", "scipy"}  # whose globals hold no generator of the user's
STANDARD = sys.stdlib_module_names - {"__main__", "types"}  # types: SimpleNamespace
LIMIT = 20_000  # objects that are looked at
LEAVES = (np.ndarray, np.generic, str, bytes, int, float, complex, type(None), Tensor, CodeType)


class RecordedGenerator:
    """Stands for a random generator: what it draws is a step of the program."""

    def __init__(self, generator: np.random.Generator, recorder: Recorder) -> None:
        self._generator = generator
        self._recorder = recorder

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._generator, name)
        if not callable(method):
            raise TypeError(f"compile: a generator draws anew at every call; got .{name}, which is no draw. {ADVICE}")

        def draw(*args: Any, **kwargs: Any) -> Any:
            state = self._generator.bit_generator.state
            try:
                value = method(*args, **kwargs)
            finally:
                self._generator.bit_generator.state = state  # recording draws nothing
            if not _is_number(value) or kwargs.get("out") is not None:
                what = "an array given as `out=`" if kwargs.get("out") is not None else f"a {type(value).__name__}"
                raise TypeError(
                    f"compile: only draws of numbers are steps of a program; got {what} of .{name}. "
                    "Use what returns a new array: permutation for shuffle, random(size) for random(out=)."
                )
            return self._recorder.draw(method, value, args, kwargs)

        return draw


ADVICE = "Pass what depends on it as an argument."


def _is_number(x: Any) -> bool:
    return isinstance(x, (float, int)) or (isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fciub")


class Found(NamedTuple):
    """A generator, and what puts another object in its place."""

    generator: Any
    put: Callable[[Any], None] | None


class Substitution:
    """The context in which records of draws come from the generators that a function is given, or reaches.

    Parameters
    ----------
    f : callable
    leaves : sequence
        Of its arguments.
    recorder : Recorder

    Raises
    ------
    TypeError
        On leaving, if random numbers were drawn that no record stands for.
    """

    def __init__(self, f: Callable, leaves: Sequence, recorder: Recorder) -> None:
        self.recorder = recorder
        self.found = list(_reachable(f))
        given = [x for x in leaves if isinstance(x, GENERATORS)]
        self.generators = {id(g): g for g in (GLOBAL, *given, *[one.generator for one in self.found])}.values()
        self.states = [_state(generator) for generator in self.generators]

    def __enter__(self) -> Substitution:
        for generator, put in self.found:
            if put is not None and isinstance(generator, np.random.Generator):
                put(RecordedGenerator(generator, self.recorder))
        return self

    def __exit__(self, kind: Any, *exc_info: object) -> None:
        for generator, put in self.found:
            if put is not None:
                put(generator)
        del self.recorder
        changed = [g for g, state in zip(self.generators, self.states, strict=True) if _state(g) != state]
        self.restore()
        if changed and kind is None:
            name = "np.random" if changed[0] is GLOBAL else f"a {type(changed[0]).__name__}"
            raise TypeError(
                f"compile: random numbers would be the same at every call; got draws from {name}. Draw by the methods "
                "of a np.random.Generator (np.random.default_rng) that is an argument, a variable or an attribute."
            )

    def restore(self) -> None:
        """Bring all generators back to where they were."""
        for generator, state in zip(self.generators, self.states, strict=True):
            _restore(generator, state)


GENERATORS = (np.random.Generator, np.random.RandomState)
GLOBAL: Any = getattr(np.random.mtrand, "_rand")  # noqa: B009 - what np.random.normal and its like draw from


def _state(generator: Any) -> bytes:
    """Return the state, in a form that can be compared."""
    legacy = isinstance(generator, np.random.RandomState)
    return pickle.dumps(generator.get_state(legacy=False) if legacy else generator.bit_generator.state)


def _restore(generator: Any, state: bytes) -> None:
    if isinstance(generator, np.random.RandomState):
        generator.set_state(pickle.loads(state))  # our own, of a moment ago
    else:
        generator.bit_generator.state = pickle.loads(state)


def _reachable(f: Any) -> Iterator[Found]:
    """Yield the generators that a function reaches, each place once."""
    seen: set[int] = set()
    kept: list[Any] = []  # so that no other object gets the address of one that was seen
    stack: list[tuple[Any, Callable | None]] = [(f, None)]
    while stack and len(seen) < LIMIT:
        x, put = stack.pop()
        if isinstance(x, GENERATORS):
            yield Found(x, put)
        elif not isinstance(x, LEAVES) and id(x) not in seen:
            seen.add(id(x))
            kept.append(x)
            stack += _held_by(x)


def _held_by(x: Any) -> Iterator[tuple[Any, Callable | None]]:
    """Yield what an object leads to, each with what replaces it there."""
    if isinstance(x, FunctionType):
        yield from _used_by(x)
    elif isinstance(x, MethodType):
        yield x.__func__, None
        yield x.__self__, None
    elif isinstance(x, dict):
        for key, value in list(x.items()):
            yield value, _setter(dict.__setitem__, x, key)
    elif isinstance(x, list):
        for i, value in enumerate(x):
            yield value, _setter(list.__setitem__, x, i)
    elif isinstance(x, (tuple, set, frozenset)):
        for value in x:
            yield value, None
    elif isinstance(x, type):
        if _is_users(x):
            for name, value in list(vars(x).items()):
                yield getattr(value, "__func__", value), _setter(setattr, x, name)
    elif isinstance(x, functools.partial):
        yield from ((part, None) for part in (x.func, x.args, x.keywords))
    elif isinstance(x, property):
        yield x.fget, None
    elif not isinstance(x, ModuleType) and _root(type(x)) not in STANDARD:
        for name, value in list(getattr(x, "__dict__", {}).items()):
            yield value, _setter(dict.__setitem__, x.__dict__, name)
        for kind in type(x).__mro__:
            yield kind, None
            for name in vars(kind).get("__slots__", ()):
                yield getattr(x, name, None), _setter(setattr, x, name)


def _used_by(function: FunctionType) -> Iterator[tuple[Any, Callable | None]]:
    """Yield what a function uses without being given it: closure, defaults, the globals that its code names."""
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # a cell may be empty
            yield cell.cell_contents, _setter(setattr, cell, "cell_contents")
    yield function.__defaults__, None
    yield function.__kwdefaults__, None
    if _is_users(function):
        names = set(_names_in(function.__code__))
        for name in names & function.__globals__.keys():
            value = function.__globals__[name]
            yield value, _setter(dict.__setitem__, function.__globals__, name)
            if isinstance(value, ModuleType) and value.__name__.partition(".")[0] not in LIBRARIES:
                for attribute in names & vars(value).keys():
                    yield vars(value)[attribute], _setter(setattr, value, attribute)


def _is_users(x: Any) -> bool:
    return _root(x) not in LIBRARIES | STANDARD


def _root(x: Any) -> str:
    return str(getattr(x, "__module__", None)).partition(".")[0]


def _names_in(code: CodeType) -> Iterator[str]:
    """Yield the global names and attributes in code, and in the functions defined in it."""
    codes = [code]
    while codes:
        one = codes.pop()
        yield from one.co_names
        codes += [constant for constant in one.co_consts if isinstance(constant, CodeType)]


def _setter(function: Callable, *where: Any) -> Callable[[Any], None]:
    return lambda value: function(*where, value)
