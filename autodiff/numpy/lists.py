"""Lists of traced values where NumPy expects an array: `np.sum([t, u])`.

NumPy looks for traced values among the arguments of a function, but not inside lists.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from autodiff.dispatch import bind
from autodiff.operands import TRACED, as_operand, is_traced

OVERRIDABLE = type(np.sum)
"""The class of NumPy's functions that ask their arguments who carries them out."""

OF_SEQUENCES = {
    np.block, np.choose, np.column_stack, np.concatenate, np.dstack, np.einsum, np.einsum_path, np.hstack, np.ix_,
    np.lexsort, np.linalg.multi_dot, np.piecewise, np.select, np.stack, np.vstack,
}  # fmt: skip
"""Functions to which a list is a list of arrays, which may differ in shape."""

OF_OPTIONS = {np.pad}
"""Functions to which something may be traced that they do not ask, since it is an option."""


def takes_lists(function: Callable) -> Callable:
    """Return NumPy's `function`, which takes lists of traced values as it takes arrays."""
    whole = function in OF_SEQUENCES
    asks_all = function in OF_OPTIONS

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        traced = asks_all and is_traced(kwargs)
        for arg in args:
            kind = arg.__class__
            if kind in TRACED:
                traced = True
            elif (kind is list or kind is tuple) and is_traced(arg):
                return bind(function, args if whole else [_as_array(arg) for arg in args], kwargs)
        return bind(function, args, kwargs) if traced else function(*args, **kwargs)

    return call


def ufunc_taking_lists(ufunc: np.ufunc) -> Callable:
    """Return NumPy's `ufunc`, which takes lists of traced values as it takes arrays."""

    @functools.wraps(ufunc)
    def call(*args: Any, **kwargs: Any) -> Any:
        traced = False
        for arg in args:
            kind = arg.__class__
            if kind in TRACED:
                traced = True
            elif (kind is list or kind is tuple) and is_traced(arg):
                return ufunc(*[_as_array(arg) for arg in args], **kwargs)
        return bind(ufunc, args) if traced and not kwargs else ufunc(*args, **kwargs)

    for name in dir(ufunc):
        if not name.startswith("_"):  # `reduce`, `accumulate`, `nin`, …
            setattr(call, name, getattr(ufunc, name))
    return call


def _as_array(arg: Any) -> Any:
    return as_operand(arg) if arg.__class__ in (list, tuple) and is_traced(arg) else arg


def namespace_of(module: ModuleType) -> Mapping[str, Any]:
    """Return the names of a module of NumPy's, its functions such that they take lists."""
    public = {name: item for name, item in vars(module).items() if not name.startswith("_")}
    wrappers = {id(item): _wrapper(item) for item in public.values() if isinstance(item, (OVERRIDABLE, np.ufunc))}
    return {name: wrappers.get(id(item), item) for name, item in public.items()}


def fill(namespace: dict[str, Any], module: ModuleType) -> Callable[[str], Any]:
    """Put the names of a module of NumPy's into `namespace`, and return its `__getattr__` for what NumPy loads late."""
    namespace.update(namespace_of(module))
    return functools.partial(getattr, module)


def _wrapper(function: Callable) -> Callable:
    return ufunc_taking_lists(function) if isinstance(function, np.ufunc) else takes_lists(function)


def original(function: Callable) -> Callable:
    """Return NumPy's own function for one of `takes_lists`, and any other function as it is."""
    wrapped = getattr(function, "__wrapped__", None)
    return wrapped if isinstance(wrapped, (OVERRIDABLE, np.ufunc)) else function
