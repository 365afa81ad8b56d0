"""General operations: the rule is the cotangent; the tangent follows by transposition.

Three forms, by what is simplest to write down and check:

    general(f, vjp₀, vjp₁, …)      āᵢ = vjpᵢ(ȳ, y, a, b, …)
        The VJP is linear in ȳ, so ẏ = J ȧ is its transpose, which the engine finds by
        differentiating the VJP with respect to ȳ. A `jvp` may be given where that is not
        good enough.
    reduction(f, weights)          y = f(x) over some axes, ∂y/∂x = w(x, y)
        Both modes from the weights: ẏ = Σ w ẋ and x̄ = w ȳ.
    composite(f, definition)       the value is NumPy's own, bit for bit; the derivative is that
        of an equal function written with simpler operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np

from autodiff.boundary import zero_like
from autodiff.dispatch import RULES, Operation
from autodiff.forward import jvp
from autodiff.operands import TRACED, dtype_of, is_inexact, is_traced, plain
from autodiff.primitives import KEEP, SPEC, Plan, Primitive, Rewrite, Rule, reads
from autodiff.reverse import vjp
from autodiff.rules.axes import restore_axes
from autodiff.rules.call import Call
from autodiff.rules.casts import to_dtype
from autodiff.tree import flatten


class General(Primitive):
    """An operation given by its VJP, one function for each operand."""

    family = "general"

    def __init__(
        self,
        function: Callable,
        vjps: Sequence[Callable],
        jvp: Callable | None = None,
        parameters: Sequence[str] = (),
        constants: Sequence[str] = (),
    ) -> None:
        super().__init__(function, len(vjps), parameters, constants)
        self.vjps = vjps
        self.given_jvp = jvp
        self.reads = [reads(rule, len(vjps)) for rule in vjps]

    def make_plan(self, argnums: tuple[int, ...]) -> Plan:
        read = [self.reads[i] for i in argnums]
        y, *operands = [any(column) for column in zip(*read, strict=True)]
        return Plan(argnums, y, [KEEP if read else SPEC for read in operands])

    def vjp(self, argnums: tuple[int, ...], ct: Any, y: Any, args: Sequence, kwargs: Mapping) -> Sequence:
        return [to_dtype(self.vjps[i](ct, y, *args, **kwargs), dtype_of(args[i])) for i in argnums]

    def jvp(self, tangents: Mapping[int, Any], y: Any, args: Sequence, kwargs: Mapping) -> Any:
        if self.given_jvp is not None:
            return self.given_jvp(tangents, y, *args, **kwargs)
        total = None
        for i, tangent in tangents.items():
            term = transposed(lambda ct, i=i: self.vjps[i](ct, y, *args, **kwargs), y, tangent)
            total = term if total is None else add(total, term)
        return total


def add(a: Any, b: Any) -> Any:
    """Return the sum of two tangents, each an array or a tuple of them."""
    return tuple(map(np.add, a, b)) if isinstance(a, (tuple, list)) else a + b


def transposed(linear: Callable, x: Any, ct: Any) -> Any:
    """Return Lᵀ ct for the linear function L, whose argument is like `x`."""
    zeros = tuple(map(zero_like, x)) if isinstance(x, (tuple, list)) else zero_like(x)
    return vjp(linear, zeros)[1](ct)[0]


def general(
    function: Callable,
    *vjps: Callable,
    jvp: Callable | None = None,
    parameters: Sequence[str] = (),
    constants: Sequence[str] = (),
) -> None:
    """Give `function` one VJP for each operand: `vjpᵢ(ct, y, *operands, **parameters)`.

    Of several outputs, `ct` is a list with None where an output is not used. A `jvp` is
    called with a dict of tangents by operand number, y, the operands and parameters.
    """
    RULES[function] = General(function, vjps, jvp, parameters, constants)


class Reduction(Primitive):
    """An operation that reduces some axes, given by ∂y/∂x as an array of weights."""

    family = "reduction"

    def __init__(self, function: Callable, weights: Callable, parameters: Sequence[str]) -> None:
        super().__init__(function, 1, parameters)
        self.weights = weights
        self.reads_x, self.reads_y = [not name.startswith("_") for name in weights.__code__.co_varnames[:2]]

    def make_plan(self, argnums: tuple[int, ...]) -> Plan:
        return Plan(argnums, self.reads_y, [KEEP if self.reads_x else SPEC])

    def _weights(self, y: Any, x: Any, kwargs: Mapping) -> Any:
        """Return the weights, in the shape of x (y is given back its axes first)."""
        options = {k: v for k, v in kwargs.items() if k not in ("axis", "keepdims")}
        y = _with_axes(y, x, kwargs) if self.reads_y else None
        return self.weights(x, y, axis=kwargs.get("axis"), **options)

    def vjp(self, argnums: tuple[int, ...], ct: Any, y: Any, args: Sequence, kwargs: Mapping) -> Sequence:
        x = args[0]
        ct = _with_axes(ct, x, kwargs)
        return (to_dtype(ct * self._weights(y, x, kwargs), dtype_of(x)),)

    def jvp(self, tangents: Mapping[int, Any], y: Any, args: Sequence, kwargs: Mapping) -> Any:
        x = args[0]
        axes = {k: v for k, v in kwargs.items() if k in ("axis", "keepdims")}
        return to_dtype(np.sum(tangents[0] * self._weights(y, x, kwargs), **axes), dtype_of(y))


def _with_axes(y: Any, x: Any, kwargs: Mapping) -> Any:
    """Return what has the shape of a reduced array with the axes it lost; a plain number is as good as an array."""
    if y.__class__ is np.float64:
        return y
    return restore_axes(y, x, kwargs.get("axis"), kwargs.get("keepdims", False))


def reduction(function: Callable, weights: Callable, parameters: Sequence[str] = ("axis", "keepdims")) -> None:
    """Give `function` the weights ∂y/∂x = weights(x, y, axis, **parameters), y having unit axes.

    A parameter whose name starts with `_` is not read, and the engine does not keep it.
    """
    RULES[function] = Reduction(function, weights, parameters)


@Operation
def composed(*operands: Any, call: Callable, definition: Callable) -> Any:  # noqa: ARG001 - the rule reads it
    """Return call(*operands); `definition` computes the same from simpler operations."""
    return call(*operands)


@Operation
def linearly_composed(*operands: Any, call: Callable, definition: Callable) -> Any:  # noqa: ARG001
    """Return call(*operands), which is linear in all operands jointly (up to a constant)."""
    return call(*operands)


class Composition(Primitive):
    """The rule of `composed`: differentiate the definition."""

    family = "composite"

    def __init__(self, function: Callable) -> None:
        super().__init__(function, None, ["call", "definition"])

    def make_plan(self, argnums: tuple[int, ...]) -> Plan:
        return Plan(argnums, False, repeat(KEEP))

    def vjp(self, argnums: tuple[int, ...], ct: Any, y: Any, args: Sequence, kwargs: Mapping) -> Sequence:
        f, primals = _of_operands(kwargs["definition"], argnums, args)
        y, pullback = vjp(f, *primals)
        if isinstance(y, (tuple, list)):
            ct = type(y)([zero_like(v) if c is None else to_dtype(c, dtype_of(v)) for v, c in zip(y, ct, strict=True)])
        else:
            ct = to_dtype(ct, dtype_of(y))  # NumPy's result may be complex where the definition is real
        return pullback(ct)

    def jvp(self, tangents: Mapping[int, Any], y: Any, args: Sequence, kwargs: Mapping) -> Any:
        f, primals = _of_operands(kwargs["definition"], tuple(tangents), args)
        y_dot = jvp(f, primals, tuple(tangents.values()))[1]
        if isinstance(y, (tuple, list)):
            return [to_dtype(v_dot, dtype_of(v)) for v, v_dot in zip(y, y_dot, strict=True)]
        return to_dtype(y_dot, dtype_of(y))


class LinearComposition(Composition):
    """The rule of `linearly_composed`: where the definition is differentiated does not matter, so no value is kept."""

    def make_plan(self, argnums: tuple[int, ...]) -> Plan:
        return Plan(argnums, False, repeat(SPEC))

    def vjp(self, argnums: tuple[int, ...], ct: Any, y: Any, args: Sequence, kwargs: Mapping) -> Sequence:
        return super().vjp(argnums, ct, y, [zero_like(spec) for spec in args], kwargs)


def _of_operands(definition: Callable, argnums: Sequence[int], args: Sequence) -> tuple[Callable, tuple]:
    """Return `definition` as a function of the operands `argnums` alone, and their values."""

    def f(*chosen: Any) -> Any:
        full = list(args)
        for i, x in zip(argnums, chosen, strict=True):
            full[i] = x
        return definition(*full)

    return f, tuple([args[i] for i in argnums])


RULES[composed] = Composition(composed)
RULES[linearly_composed] = LinearComposition(linearly_composed)


class Composite(Rule):
    """What is known of a composite function: its definition in simpler operations."""

    family = "composite"

    def __init__(self, function: Callable, definition: Callable, check: Callable | None, linear: int) -> None:
        self.rewrite = Rewrite(function, definition)  # knows the arguments
        self.check = check
        self.linear = linear
        self.name = self.rewrite.name
        self.function = function
        self.definition = definition

    def apply(self, args: Sequence, kwargs: Mapping) -> Any:
        kwargs = self.rewrite.known_arguments(args, kwargs)
        if self.check is not None:
            self.check(*args, **kwargs)
        dtype = {**dict(zip(self.rewrite.known, args, strict=False)), **kwargs}.get("dtype")
        if dtype is not None and not is_inexact(np.dtype(dtype)):  # constant between its jumps
            return self.function(*map(plain, args), **{k: plain(v) for k, v in kwargs.items()})
        leaves, structure = flatten((list(args), dict(kwargs)))
        places = [i for i, leaf in enumerate(leaves) if leaf.__class__ in TRACED]
        call = Call(self.function, leaves, places, structure)
        definition = call.kept(self.definition)
        is_linear = self.linear > 0 and not is_traced((list(args[self.linear :]), kwargs))
        evaluate = linearly_composed if is_linear else composed
        return evaluate(*[leaves[i] for i in places], call=call, definition=definition)


def composite(function: Callable, definition: Callable, check: Callable | None = None, linear: int = 0) -> None:
    """Say that `function` equals `definition`, which is written with operations that have rules.

    `check` gets the arguments first, and raises for those the definition is not good for. `linear` is the
    number of leading arguments in which the function is linear, jointly, as long as the others are constants.
    """
    RULES[function] = Composite(function, definition, check, linear)


__all__ = ["composite", "general", "reduction"]
