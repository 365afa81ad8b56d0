"""SciPy's functions that do not ask their arguments who carries them out, with derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.dispatch import Operation, bind
from autodiff.operands import TRACED, is_traced
from autodiff.rules.general import composite


class Function(Operation):
    """A function of SciPy's, traced or not: of plain arrays its own values, bit for bit."""

    def __init__(self, implementation: Callable, name: str) -> None:
        super().__init__(implementation)
        self.__qualname__ = name
        self.__name__ = name.rpartition(".")[2]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if is_traced(args) or is_traced(kwargs):
            return bind(self, args, kwargs)
        return self.implementation(*args, **kwargs)


def defined(name: str, implementation: Callable, definition: Callable, check: Callable | None = None) -> Function:
    """Return `implementation`, whose derivative is that of `definition`, an equal function with rules."""
    function = Function(implementation, name)
    composite(function, definition, check)
    return function


def refuse_if_differentiated(name: str, reason: str, *args: Any) -> None:
    """Raise if one of `args` is being differentiated."""
    for arg in args:
        if arg.__class__ in TRACED and arg._is_recorded():
            raise TypeError(f"{name}: cannot be differentiated; got a traced value. {reason}")
