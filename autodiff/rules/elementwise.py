"""Elementwise operations: y = f(a, b, …), entry by entry, with broadcasting.

The Jacobian with respect to each operand is diagonal (once the operand is broadcast), so
one expression serves both modes. A rule is the action of that diagonal on c, which is a
tangent or a cotangent:

    elementwise(np.tanh, lambda c, y, x: c * sech_squared(x, y))

    tangent      ẏ = Σᵢ ruleᵢ(ȧᵢ)                          (forward)
    cotangent    āᵢ = ruleᵢ(ȳ), summed over broadcast axes   (reverse)

A rule gets c, the value y and the operands; a parameter whose name starts with `_` is not
read, and the engine does not keep it. A constant factor is a plain number, 0 included.
Rules are NumPy, so that they run on arrays, on traced values and on symbols alike. They stand
in `arithmetic`, `transcendental` and `pieces`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.assignment import astype
from autodiff.batch import align
from autodiff.dispatch import RULES
from autodiff.operands import dtype_of, shape_of
from autodiff.primitives import DROP, KEEP, KEEP_ONE, LIKE, Plan, Primitive, reads
from autodiff.residuals import same_kind
from autodiff.rules.casts import to_dtype

Action = Callable[..., Any] | float


class Elementwise(Primitive):
    """An operation that acts on each entry by itself."""

    family = "elementwise"
    fresh = True

    def __init__(
        self, function: Callable, *rules: Action, parameters: Sequence[str] = (), internal: bool = False
    ) -> None:
        super().__init__(function, len(rules), parameters, internal=internal)
        self.takes_dtype = isinstance(function, np.ufunc)
        self.rules: tuple[Any, ...] = rules
        self.actions = [rule if callable(rule) else _multiplication_by(rule) for rule in rules]
        if len(rules) == 1:
            self.pull = self.actions[0]

    def sort_arguments(self, args: Sequence, kwargs: Mapping) -> tuple[Sequence, dict]:
        dtype = kwargs.get("dtype")
        if self.takes_dtype and dtype is not None:
            kwargs = {k: v for k, v in kwargs.items() if k != "dtype"}
            args = [astype(a, dtype=dtype) for a in args]
        return super().sort_arguments(args, {k: v for k, v in kwargs.items() if not _is_default(k, v)})

    def make_plan(self, argnums: tuple[int, ...]) -> Plan:
        active = tuple([i for i in argnums if not _is_zero(self.rules[i])])
        read = [reads(self.rules[i], len(self.rules)) for i in active]
        y, *operands = [any(column) for column in zip(*read, strict=True)] or [False] * (1 + len(self.rules))
        unread = [LIKE if i in active and len(self.rules) > 1 else DROP for i in range(len(self.rules))]
        keep = [KEEP if read else other for read, other in zip(operands, unread, strict=True)]
        return Plan(active, y, KEEP_ONE if keep == [KEEP] else keep, partial=len(active) < len(argnums))

    def vjp(self, argnums: tuple[int, ...], ct: Any, y: Any, args: Sequence, kwargs: Mapping) -> Sequence:
        contributions = []
        for i in argnums:
            action = self.actions[i]
            contribution = action(ct, y, *args, **kwargs) if kwargs else action(ct, y, *args)
            like = args[i]
            contributions.append(contribution if like is None else match(contribution, like))
        return contributions

    def jvp(self, tangents: Mapping[int, Any], y: Any, args: Sequence, kwargs: Mapping) -> Any:
        total = None
        for i, tangent in tangents.items():
            if not _is_zero(self.rules[i]):
                term = self.actions[i](tangent, y, *args, **kwargs) if kwargs else self.actions[i](tangent, y, *args)
                total = term if total is None else total + term
        return None if total is None else spread(total, y)

    def batch(self, batched: Sequence[bool], args: Sequence, kwargs: Mapping) -> Any:
        ndims = [len(shape_of(a)) - b for a, b in zip(args, batched, strict=True)]
        ndim = max(ndims)
        if ndim != min(ndims):
            args = [align(a, ndim) if b else a for a, b in zip(args, batched, strict=True)]
        return self.function(*args, **kwargs)


UFUNC_DEFAULTS = {"casting": "same_kind", "order": "K", "subok": True, "where": True, "dtype": None}


def _is_default(name: str, value: Any) -> bool:
    return name in UFUNC_DEFAULTS and isinstance(value, (str, bool, type(None))) and value == UFUNC_DEFAULTS[name]


def _multiplication_by(factor: float) -> Callable:
    """Return the action of a constant factor."""
    if factor == 1:
        return lambda c, *_read, **_parameters: c
    if factor == -1:
        return lambda c, *_read, **_parameters: -c
    return lambda c, *_read, **_parameters: c * factor


def _is_zero(rule: Any) -> bool:
    return isinstance(rule, int) and rule == 0


def match(ct: Any, like: Any) -> Any:
    """Return `ct` summed over the axes along which `like` was broadcast, in its dtype."""
    if same_kind(ct, like):
        return ct
    return to_dtype(summed_to(ct, shape_of(like)), dtype_of(like))


def summed_to(ct: Any, shape: tuple[int, ...]) -> Any:
    """Return `ct` summed over the axes along which an operand of `shape` was broadcast."""
    ct_shape = shape_of(ct)
    if ct_shape == shape:
        return ct
    extra = len(ct_shape) - len(shape)
    axes = [i + extra for i, n in enumerate(shape) if n == 1 and ct_shape[i + extra] != 1]
    add_up = np.add.reduce if ct.__class__ is np.ndarray else np.sum  # the same, without np.sum's overhead
    ct = add_up(ct, axis=(*range(extra), *axes))
    return np.reshape(ct, shape) if axes else ct


def spread(tangent: Any, y: Any) -> Any:
    """Return `tangent` broadcast to the shape of `y`, in its dtype."""
    if same_kind(tangent, y):
        return tangent
    if shape_of(tangent) != shape_of(y):
        tangent = np.broadcast_to(tangent, shape_of(y))
    return to_dtype(tangent, dtype_of(y))


def elementwise(function: Callable, *rules: Action, parameters: Sequence[str] = (), internal: bool = False) -> None:
    """Give `function` one rule for each operand; `parameters` are its further arguments."""
    RULES[function] = Elementwise(function, *rules, parameters=parameters, internal=internal)
