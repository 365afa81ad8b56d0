"""Elementwise rules of functions that have no derivative with respect to some of their operands."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.dispatch import RULES, refusal
from autodiff.primitives import Plan
from autodiff.rules.elementwise import Elementwise

ORDER = "The derivative with respect to the order has no closed form. Keep the order a plain number."
SHAPE = "The derivative with respect to the shape parameters has no closed form. Use plain numbers for them."
MODULUS = "The derivative with respect to the parameter m is not known here. Keep m a plain number."


class Refusal:
    """Stands where a rule would, and raises."""

    def __init__(self, name: str, reason: str) -> None:
        self.message = refusal(name, reason)

    def __call__(self, *_operands: Any, **_parameters: Any) -> Any:
        raise TypeError(self.message)


class WithOrders(Elementwise):
    """An elementwise rule; a reason in the place of an operand's rule refuses the derivative by it."""

    def __init__(self, function: Callable, *rules: Callable | float | str, name: str | None = None) -> None:
        super().__init__(function, *[0 if isinstance(rule, str) else rule for rule in rules])
        self.name = name or self.name
        for i, rule in enumerate(rules):
            if isinstance(rule, str):
                self.rules = (*self.rules[:i], Refusal(self.name, rule), *self.rules[i + 1 :])
                self.actions[i] = self.rules[i]
        if len(rules) == 1:
            self.pull = self.actions[0]

    def make_plan(self, argnums: tuple[int, ...]) -> Plan:
        """Raise where the value is computed, not only in the backward pass."""
        for i in argnums:
            if isinstance(self.rules[i], Refusal):
                self.rules[i]()
        return super().make_plan(argnums)


def special_function(function: Callable, *rules: Callable | float | str, name: str | None = None) -> None:
    """Give `function` one rule for each operand; a string says why there is none. `name` is for messages."""
    RULES[function] = WithOrders(function, *rules, name=name)


def in_double(implementation: Callable) -> Callable:
    """Return a function that computes in float64 (or complex128) and returns the dtype of its operands."""

    @functools.wraps(implementation)
    def call(*operands: Any, **parameters: Any) -> Any:
        dtype = np.result_type(*operands)
        if dtype.kind not in "fc":
            dtype = np.dtype(np.float64)
        wide = np.result_type(dtype, np.float64)
        with np.errstate(all="ignore"):  # like SciPy's own: NaN says that there is no value
            y = implementation(*[np.asarray(x, wide) for x in operands], **parameters)
            return np.asarray(y).astype(dtype)[()]

    return call
