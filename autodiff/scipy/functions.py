"""SciPy's functions that do not ask their arguments who carries them out, with derivatives."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any

from autodiff.dispatch import Operation, bind
from autodiff.operands import first_traced, is_traced
from autodiff.rules.general import composite


class Function(Operation):
    """A function of SciPy's, traced or not: of plain arrays its own values, bit for bit."""

    step: Operation  # what it does to sorted arguments, where that is an operation of its own

    def __init__(self, implementation: Callable, name: str) -> None:
        super().__init__(implementation)
        self.__qualname__ = name
        self.__name__ = name.rpartition(".")[2]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if is_traced(args) or is_traced(kwargs):
            return bind(self, args, kwargs)
        return self.implementation(*args, **kwargs)

    def __reduce__(self) -> Any:
        """Pickle by name, that of our namesake of SciPy's module."""
        return (_namesake, (self.__qualname__,)) if _namesake(self.__qualname__) is self else super().__reduce__()


def _namesake(name: str) -> Any:
    """Return `autodiff.scipy.stats.norm.pdf` for "scipy.stats.norm.pdf"."""
    module, _, last = name.rpartition(".")
    return getattr(import_module(f"autodiff.{module}"), last, None) if module else None


def defined(name: str, implementation: Callable, definition: Callable, check: Callable | None = None) -> Function:
    """Return `implementation`, whose derivative is that of `definition`, an equal function with rules."""
    function = Function(implementation, name)
    composite(function, definition, check)
    return function


def others(module: ModuleType, advice: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the `__getattr__` of our namesake of a module of SciPy's, for what is SciPy's own: functions without rule.

    Parameters
    ----------
    module : module
    advice : mapping of str to str
        What to write instead of some functions, in a sentence.
    """
    refusing: dict[str, Any] = {}

    def get(name: str) -> Any:
        item = getattr(module, name)
        if not isinstance(item, FunctionType):
            return item
        if name not in refusing:
            refusing[name] = _refusing(item, f"{module.__name__}.{name}", advice.get(name, NO_RULE))
        return refusing[name]

    return get


NO_RULE = "Write it in NumPy's functions, or give it a derivative with ad.primitive."


def _refusing(function: FunctionType, name: str, reason: str) -> Callable:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        refuse_if_differentiated(name, reason, *args, *kwargs.values())
        return function(*args, **kwargs)

    return call


def refuse_if_differentiated(name: str, reason: str, *args: Any) -> None:
    """Raise if one of `args` is being differentiated."""
    for arg in args:
        traced = first_traced(arg)
        if traced is not None and traced._is_recorded():
            raise TypeError(f"{name}: cannot be differentiated; got a traced value. {reason}")
