"""What the engine knows of a function: a derivative rule, or that it needs or has none.

A `Primitive` is an operation with a derivative rule; the families in `autodiff.rules` are its
kinds. A `Rewrite` is written out in terms of other functions, a `Constant` has derivative
zero, and a `Refused` one cannot be differentiated and says why.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from autodiff.dispatch import evaluate, refusal
from autodiff.operands import TRACED, first_traced, full_name, is_inexact, is_traced, plain

# What a node keeps of an operand: nothing; its value; its Spec; its Spec, but nothing if that is the value's own.
DROP, KEEP, SPEC, LIKE = range(4)
KEEP_ONE, SPEC_ONE = (KEEP,), (SPEC,)

PLAIN_OPTIONS = frozenset({int, float, str})


class Plan(NamedTuple):
    """What the backward pass of a primitive needs, given which operands are differentiated."""

    active: tuple[int, ...]  # those of them whose derivative is not identically zero
    y: bool  # whether a rule reads the value
    keep: Iterable[int]  # DROP, KEEP, SPEC or LIKE for each operand (`repeat` for any number of them)
    partial: bool = False  # whether `active` leaves out some of the operands asked for


class View(NamedTuple):
    """What to know of a function whose result is a view of its operand, as `x[1:]` and `x.T` are."""

    is_one: Callable  # is_one(y, x, parameters): whether the result y, an array, is a view of x this time
    write: Callable  # write(x, new, **parameters): x after `new` has been written to its view


class Rule:
    """What the engine knows of a function; `apply` carries a call of it out."""

    family: ClassVar[str]
    name: str
    operands: int | None = -1  # no call has so many: `apply` sorts the arguments itself
    internal = False

    def apply(self, args: Sequence, kwargs: Mapping) -> Any:
        raise TypeError(f"{self.name}: this kind of rule evaluates nothing; got {self.family}. Override apply.")


class Primitive(Rule):
    """An operation with a derivative rule; the families in `autodiff.rules` are its kinds.

    Parameters
    ----------
    function : callable
        Evaluates the operation. It is NumPy's own (or an `Operation`), so that it
        dispatches again where what it is given is itself traced, at a lower level.
    operands : int or None
        How many leading positional arguments are operands, the things one can
        differentiate with respect to. None: all positional arguments.
    parameters : tuple of str
        Names of the further arguments that the rule knows, in NumPy's order.
    constants : sequence of str
        Those parameters whose derivative is zero: a traced value there is taken as a number.
    internal : bool
        Called by this package alone, with its operands by position and its parameters, not
        traced, by name: nothing to sort and to check.
    """

    family = "rule"
    pull: Callable | None = None  # where there is one operand: pull(ct, y, x, **parameters) is its cotangent
    operator: Callable | None = None  # Python's operator: on NumPy's scalars the same number, much sooner
    adds_at: Callable | None = None  # adds a cotangent into part of an array, in place (indexing alone has it)
    added_at: Callable | None = None  # the same as a function of the two
    view: View | None = None  # how its result writes through to the operand, where NumPy's would
    fresh: ClassVar[bool] = False  # True: the function never returns one of its arguments

    def __init__(
        self,
        function: Callable,
        operands: int | None,
        parameters: Sequence[str] = (),
        constants: Sequence[str] = (),
        internal: bool = False,
    ) -> None:
        self.function = function
        self.raw = getattr(function, "implementation", function)  # for operands that are surely not traced
        self.name = full_name(function)
        self.operands = operands
        self.parameters = tuple(parameters)
        self.constants = frozenset(constants)
        self.internal = internal
        self.plans: dict[tuple[int, ...], Plan] = {}

    def __repr__(self) -> str:
        return f"<{self.family} rule of {self.name}>"

    def apply(self, args: Sequence, kwargs: Mapping) -> Any:
        """Sort the arguments into operands and parameters, and evaluate."""
        n = self.operands
        if not kwargs and n is not None and n < len(args) <= n + len(self.parameters):
            named = dict(zip(self.parameters, args[n:], strict=False))
            if PLAIN_OPTIONS.issuperset([value.__class__ for value in named.values()]) and "dtype" not in named:
                return evaluate(self, args[:n], named)  # such as np.sum(x, 0): what follows, in fewer steps
        args, kwargs = self.sort_arguments(args, kwargs)
        if kwargs.get("dtype") is not None and not is_inexact(np.dtype(kwargs["dtype"])):
            args = [plain(arg) for arg in args]  # a result of integers is constant between its jumps
        record = first_traced(kwargs) if kwargs else None
        if record is not None and not is_traced(args):  # a mask that is being recorded, and operands that are not
            return record.recorder.process(self, record.level, args, kwargs)
        return evaluate(self, args, kwargs)

    def sort_arguments(self, args: Sequence, kwargs: Mapping) -> tuple[Sequence, dict]:
        """Return the operands as a sequence and everything else by name, checked."""
        n = self.operands
        if n is None:
            n = len(args)
        named = {k: v for k, v in kwargs.items() if not ((k == "out" and v is None) or v is np._NoValue)}
        if len(args) < n:
            args = [*args, *self._operands_by_name(args, named, n)]
        extra = args[n:]
        if len(extra) > len(self.parameters):
            raise TypeError(
                f"{self.name}: has no derivative with this many arguments; got {len(args)}. "
                f"Pass at most {n + len(self.parameters)}, or the rest by name."
            )
        named.update(zip(self.parameters, extra, strict=False))
        if named.get("out", 0) is None:
            del named["out"]
        if "out" in named:
            raise TypeError(unsupported_argument(self.name, "out", named["out"]))
        for name, value in named.items():
            if name not in self.parameters:
                raise TypeError(unsupported_argument(self.name, name, value))
            if is_traced(value):
                if name not in self.constants and not (value.__class__ in TRACED and value.dtype.kind in "iub"):
                    raise TypeError(
                        f"{self.name}: no derivative with respect to `{name}`; got a traced value there. "
                        f"Pass its number (`.item()` or `.numpy()`), or write the formula out."
                    )
                named[name] = plain(value)
        return args[:n], named

    def _operands_by_name(self, args: Sequence, named: dict, n: int) -> list:
        """Take the operands that were given as keywords out of `named`."""
        try:
            names = list(inspect.signature(self.function).parameters)[len(args) : n]
            return [named.pop(name) for name in names]
        except (ValueError, KeyError) as missing:
            raise TypeError(
                f"{self.name}: an operand is missing; got {len(args)} of {n} by position. "
                "Pass the arrays by position, as in NumPy's documentation."
            ) from missing

    # What each family defines: see `autodiff.rules.elementwise` for the simplest one.

    def plan(self, argnums: tuple[int, ...]) -> Plan:
        """Return, and remember in `plans`, what to keep for the cotangents of the operands `argnums`."""
        plan = self.plans[argnums] = self.make_plan(argnums)
        return plan

    def make_plan(self, argnums: tuple[int, ...]) -> Plan:
        raise TypeError(f"{self.name}: this family defines no reverse mode; got {self.family}. Use jvp.")

    def vjp(self, argnums: tuple[int, ...], ct: Any, y: Any, args: Sequence, kwargs: Mapping) -> Sequence:
        """Return the cotangents of the operands `argnums`, None standing for zero."""
        raise TypeError(f"{self.name}: this family defines no reverse mode; got {self.family}.")

    def jvp(self, tangents: Mapping[int, Any], y: Any, args: Sequence, kwargs: Mapping) -> Any:
        """Return the tangent of `y`, None standing for zero."""
        raise TypeError(f"{self.name}: this family defines no forward mode; got {self.family}.")

    def batch(self, batched: Sequence[bool], args: Sequence, kwargs: Mapping) -> Any:
        """Evaluate for all slices along the leading axis of the batched operands."""
        size = next(len(a) for a, b in zip(args, batched, strict=True) if b)
        slices = [[a[k] if b else a for a, b in zip(args, batched, strict=True)] for k in range(size)]
        return np.stack([self.function(*each, **kwargs) for each in slices])


def reads(rule: Any, operands: int) -> tuple[bool, ...]:
    """Tell for y and each operand whether `rule(c, y, *operands)` reads it: not if its name starts with `_`."""
    code = getattr(getattr(rule, "__wrapped__", rule), "__code__", None)
    if not callable(rule):
        return (False,) * (1 + operands)
    if code is None or code.co_argcount < 2 + operands:  # a callable object, or *args: it may read everything
        return (True,) * (1 + operands)
    return tuple([not name.startswith("_") for name in code.co_varnames[1 : 2 + operands]])


class Rewrite(Rule):
    """A function that is written out in terms of others, which have rules."""

    family = "rewrite"

    def __init__(self, function: Callable, definition: Callable) -> None:
        self.name = full_name(function)
        self.definition = definition
        code = definition.__code__
        self.known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        self.takes_any = bool(code.co_flags & inspect.CO_VARKEYWORDS)

    def known_arguments(self, args: Sequence, kwargs: Mapping) -> dict:
        """Return `kwargs` without the empty ones; raise for what the definition does not know."""
        kwargs = {k: v for k, v in kwargs.items() if not ((k == "out" and v is None) or v is np._NoValue)}
        if "out" in self.known[: len(args)] and args[self.known.index("out")] is not None:
            raise TypeError(unsupported_argument(self.name, "out", args[self.known.index("out")]))
        for name, value in kwargs.items():
            if name == "out" or not (self.takes_any or name in self.known):
                raise TypeError(unsupported_argument(self.name, name, value))
        return kwargs

    def apply(self, args: Sequence, kwargs: Mapping) -> Any:
        return self.definition(*args, **self.known_arguments(args, kwargs))


class Constant(Rule):
    """A function whose derivative is zero or which returns no numbers one differentiates."""

    family = "constant"

    def __init__(self, function: Callable) -> None:
        self.name = full_name(function)
        self.function = function

    def apply(self, args: Sequence, kwargs: Mapping) -> Any:
        args = list(map(plain, args))
        kwargs = {k: plain(v) for k, v in kwargs.items()}
        record = first_traced([args, kwargs])
        if record is not None:  # a function without derivative is recorded like any other
            return record.recorder.process(self, record.level, args, kwargs)
        return self.function(*args, **kwargs)


def of_numbers(function: Callable, *args: Any, **kwargs: Any) -> Any:
    """Return function(*args) of the numbers alone, without derivative; while recording, as one step."""
    return Constant(function).apply(args, kwargs)


class Refused(Rule):
    """A function that cannot be differentiated, and the reason, which is also the advice."""

    family = "refused"

    def __init__(self, function: Callable, reason: str) -> None:
        self.name = full_name(function)
        self.reason = reason

    def apply(self, args: Sequence, kwargs: Mapping) -> Any:
        raise TypeError(refusal(self.name, self.reason))


def unsupported_argument(function: str, name: str, value: Any) -> str:
    """Return the message for an argument that no rule knows."""
    if name == "out":
        target = value[0] if isinstance(value, tuple) else value
        return (
            f"{function}: writing into `out` would overwrite values that the derivative needs; "
            f"got out={type(target).__name__}. Use the returned array instead (a = a + t for a += t)."
        )
    if name == "where":
        return (
            f"{function}: `where` leaves entries undefined; got where={type(value).__name__}. "
            "Write np.where(mask, f(x), other), or ad.piecewise to skip the masked entries."
        )
    return (
        f"{function}: the derivative rule does not know the argument `{name}`; got {name}={plain(value)!r}. "
        "Leave it out, or write the operation in terms of others."
    )
