"""A symbol: an array of SymPy expressions in the place of an array of numbers.

NumPy's functions of symbols give symbols, entry by entry as `sympy_forms` says. The engine's rules
are NumPy code, and so run on symbols as they are: what comes out is the derivative that the engine
computes, as a formula.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from autodiff.arraylike import ArrayLike
from autodiff.dispatch import RULES, Operation, new_level
from autodiff.operands import TRACED, full_name, shape_of
from autodiff.readers.sympy_forms import (
    DEFINITIONS,
    FORMS,
    LOGICAL,
    MATRICES,
    REDUCTIONS,
    as_number,
    entrywise,
    exact,
    is_condition,
    piecewise,
    sympy,
)
from autodiff.recorder import STATIC, Record
from autodiff.rules.general import composed, linearly_composed
from autodiff.rules.indexing import select
from autodiff.switches import Switch

_FORMS = {RULES[function]: form for function, form in FORMS.items()}
_REDUCTIONS = {RULES[function]: form for function, form in REDUCTIONS.items()}


class Symbol(ArrayLike):
    """An array of SymPy expressions.

    Attributes
    ----------
    entries : ndarray of object
        The expressions; conditions (`sympy.Boolean`) where the array is one of truth values.
    """

    __slots__ = ("__weakref__", "_origin", "_views", "entries", "level", "recorder")
    differentiates = False  # where a rule asks for the numbers alone, there are none

    def __init__(self, entries: Any, algebra: Algebra) -> None:
        self.entries = entrywise(exact, np.asarray(entries))
        self.level = algebra.level
        self.recorder = algebra

    @property
    def payload(self) -> np.ndarray:
        return self.entries

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(bool if self.entries.size and all(map(is_condition, self.entries.flat)) else float)

    @staticmethod
    def process(primitive: Any, level: int, args: Sequence, kwargs: Mapping) -> Any:
        """Evaluate on symbols."""
        algebra = next(arg.recorder for arg in args if arg.__class__ is Symbol and arg.level == level)
        return algebra.process(primitive, level, args, kwargs)

    def snapshot(self) -> Symbol:
        """Return this value as a symbol that no assignment changes."""
        return Symbol(self.entries, self.recorder)

    def _assign(self, value: Any) -> None:
        self._become(value)

    def _become(self, value: Symbol) -> None:
        self.entries = value.entries

    def _is_recorded(self) -> bool:
        return True

    def _read(self, *_: Any) -> NoReturn:
        raise TypeError(
            "to_sympy: a choice by the numbers (an `if`, a sort, an index) has no formula; got it on symbols. "
            "Choose with np.where, or evaluate in numbers: graph.table()."
        )

    __bool__ = __index__ = __contains__ = item = numpy = tolist = _read
    __lt__, __le__, __gt__, __ge__ = Record.__lt__, Record.__le__, Record.__gt__, Record.__ge__
    __eq__, __ne__, __invert__ = Record.__eq__, Record.__ne__, Record.__invert__
    __and__, __or__, __xor__, __hash__ = Record.__and__, Record.__or__, Record.__xor__, object.__hash__
    __rand__, __ror__, __rxor__, astype = __and__, __or__, __xor__, Record.astype

    def __repr__(self) -> str:
        return f"symbol({self.entries.tolist()})"


class Algebra:
    """What evaluates functions of symbols, all of one level."""

    def __init__(self) -> None:
        self.level = new_level()
        self.phase = "forward"  # as a recorder has it
        self.inside: list[Callable] = []  # the functions whose definitions are being evaluated

    def on(self) -> Switch:
        """Return the context in which functions with symbols among their options alone come here, too."""
        return Switch(lambda mode: mode._replace(recorder=self))

    def process(self, primitive: Any, _level: int, args: Sequence, kwargs: Mapping) -> Any:
        """Return what `primitive` makes of symbols: a symbol, or a sequence of them."""
        function = primitive.function
        if primitive in STATIC:  # of the shape alone
            return function(*[_zeros_of(arg) for arg in args], **{k: _zeros_of(v) for k, v in kwargs.items()})
        if function is composed or function is linearly_composed:
            return self._definition(args, **kwargs)
        if primitive.name in DEFINITIONS:
            return DEFINITIONS[primitive.name](*args, **kwargs)
        try:
            result = self._evaluate(primitive, args, kwargs)
        except (TypeError, ValueError, AttributeError, NotImplementedError, np.linalg.LinAlgError) as error:
            if str(error).startswith("to_sympy: "):
                raise
            raise TypeError(_no_form(primitive.name)) from error
        if isinstance(result, (tuple, list)):
            return [self._symbol(part) for part in result]
        return self._symbol(result)

    def _symbol(self, x: Any) -> Any:
        return x if x.__class__ in TRACED else Symbol(x, self)

    def _evaluate(self, primitive: Any, args: Sequence, kwargs: Mapping) -> Any:
        function = primitive.function
        if primitive in _FORMS:
            form = _FORMS[primitive]
            convert = exact if form in LOGICAL else as_number
            return entrywise(form, *[_entries(arg, convert) for arg in args], **kwargs)
        if function is select:
            return entrywise(piecewise, _entries(kwargs["condition"]), *[_entries(arg) for arg in args])
        if primitive in _REDUCTIONS:
            return _reduced(_REDUCTIONS[primitive], _entries(args[0]), **kwargs)
        if primitive.name in MATRICES:
            return MATRICES[primitive.name](*[_entries(arg, as_number) for arg in args], **kwargs)
        if primitive.family in ("linear", "multilinear"):  # sums and products of entries, or their places: NumPy's own
            return primitive.raw(*[_entries(arg, as_number) for arg in args], **_known(kwargs))
        if isinstance(function, Operation):  # one of our own: what it is made of
            return self._inside(function, primitive.name, lambda: primitive.raw(*args, **kwargs))
        raise TypeError(_no_form(primitive.name))

    def _definition(self, args: Sequence, call: Any, definition: Callable) -> Any:
        """Return what a function that is defined by others makes of symbols."""
        return self._inside(call.function, full_name(call.function), lambda: definition(*args))

    def _inside(self, function: Callable, name: str, definition: Callable) -> Any:
        if function in self.inside:  # it asks for its own numbers, as a sort does
            raise TypeError(_no_form(name))
        self.inside.append(function)
        try:
            return definition()
        finally:
            self.inside.pop()


def _no_form(name: str) -> str:
    return (
        f"to_sympy: {name} has no formula in SymPy; got it on symbols. "
        "Write it with elementwise functions, sums and products, or evaluate in numbers: graph.table()."
    )


def _entries(x: Any, convert: Callable = exact) -> np.ndarray:
    """Return an operand as an array of SymPy objects; whole numbers that stand for places stay as they are."""
    return entrywise(convert, x.entries if x.__class__ is Symbol else np.asarray(x))


def _known(options: Mapping) -> dict[str, Any]:
    """Return options, none of which may be a symbol; conditions that are certain may."""
    return {name: _certain(value) for name, value in options.items()}


def _certain(x: Any) -> Any:
    """Return conditions that hold, or do not, whatever the symbols are."""
    if x.__class__ is not Symbol:
        return x
    if not all(e in (sympy.true, sympy.false) for e in x.entries.flat):
        x._read()
    return x.entries.astype(bool)


def _zeros_of(x: Any) -> Any:
    """Return zeros in the shape of a symbol, where only shape and dtype are asked for."""
    return np.zeros(shape_of(x), x.dtype) if x.__class__ is Symbol else x


def _reduced(
    form: Callable, x: np.ndarray, axis: Any = None, keepdims: Any = False, initial: Any = None, where: Any = None
) -> Any:
    """Return `form` of all entries along some axes."""
    if where is not None and not np.all(_certain(where)):
        raise TypeError("to_sympy: `where` leaves entries out; got it in a reduction. Choose with np.where.")
    axes = tuple(range(x.ndim)) if axis is None else tuple([int(a) % x.ndim for a in np.atleast_1d(axis)])
    rest = [a for a in range(x.ndim) if a not in axes]
    rows = np.transpose(x, [*rest, *axes]).reshape([*[x.shape[a] for a in rest], -1])
    first = [] if initial is None else [exact(initial)]
    result = np.empty(rows.shape[:-1], object)
    for place in np.ndindex(result.shape):
        result[place] = form(*first, *rows[place])
    return np.expand_dims(result, axes) if keepdims else result
