"""The one point of interception.

NumPy hands every call that has a traced value among its operands to that value's
`__array_ufunc__` or `__array_function__`; Python's operators do the same. All of them
end in `bind(function, args, kwargs)`, which looks the function up in `RULES` and lets
the *innermost* transformation among the operands carry the call out.

Levels
    Each transformation call (`grad`, `jvp`, …) takes a fresh integer from `new_level`.
    A traced value carries the level of the transformation it belongs to. `bind` picks
    the operand of the highest level; its class unwraps the operands of that level alone
    and evaluates the function on what is inside. What is inside may again be traced, at
    a lower level: nesting needs no other machinery. Operands of lower levels are
    constants at this level, which is what keeps d/dx [x · d/dy (x + y)] at 1 equal to 1
    (Siskind & Pearlmutter 2005, "Perturbation confusion and referential transparency").
"""

from __future__ import annotations

import difflib
import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from importlib import import_module
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from autodiff.operands import PLAIN, TRACED, as_operand, full_name, is_traced

if TYPE_CHECKING:
    from autodiff.primitives import Primitive

new_level: Callable[[], int] = count(1000, 1000).__next__  # the gaps are for dual numbers made by hand
LEAF_LEVEL = 0
HAND_LEVEL = -1000  # dual numbers built by hand, outside any transformation
NOTHING_PAUSED = HAND_LEVEL - 1


class Mode(NamedTuple):
    """What this thread (or task) has switched on; `None` in `MODE` is the usual state."""

    paused: int = NOTHING_PAUSED  # levels up to this one record nothing (`no_grad`)
    anomaly: bool = False  # look for the first NaN or infinity (`detect_anomaly`)
    scope: tuple[str, ...] = ()  # where in the user's model we are (`scope`)
    recorder: Any = None  # the recording that writes down what is done to tensors of lower levels (`record`)
    outer: Any = None  # the mode that comes back when this one is switched off


MODE: ContextVar[Mode | None] = ContextVar("autodiff.mode", default=None)


RULES: dict[Callable, Any] = {}
"""What is known of each function: a `Primitive`, or another kind of `Rule` (see `autodiff.primitives`)."""


UNLOADED: dict[str, str] = {}
"""Modules that `import numpy` does not load, and the reason why their functions are refused."""


LATE_RULES: dict[str, str] = {"scipy.special": "autodiff.rules.scipy_special"}
"""Libraries that need not be there, and for each the module of rules that is read when it is first needed."""


NO_PARAMETERS: Mapping[str, Any] = {}


def bind(function: Callable, args: Sequence, kwargs: Mapping = NO_PARAMETERS) -> Any:
    """Evaluate `function` on operands of which some are traced: the one point of interception."""
    rule = RULES.get(function)
    if rule is None:
        rule = late_rule(function)
    number = len(args)
    if number != rule.operands or (kwargs and not rule.internal):
        return rule.apply(args, kwargs)
    if number == 1 and args[0].__class__ in TRACED:
        return args[0].process(rule, args[0].level, args, kwargs)
    if number == 2:  # `evaluate`, without its loop
        a, b = args
        if a.__class__ in TRACED:
            if b.__class__ in PLAIN or (b.__class__ in TRACED and b.level <= a.level):
                return a.process(rule, a.level, args, kwargs)
        elif b.__class__ in TRACED and a.__class__ in PLAIN:
            return b.process(rule, b.level, args, kwargs)
    return evaluate(rule, args, kwargs)


def evaluate(primitive: Primitive, args: Sequence, kwargs: Mapping) -> Any:
    """Let the operand of the highest level carry out `primitive`."""
    top: Any = None
    level = HAND_LEVEL - 1
    for arg in args:
        kind = arg.__class__
        if kind in TRACED:
            if arg.level > level:
                top = arg
                level = arg.level
        elif kind not in PLAIN:
            return evaluate(primitive, [as_operand(a) for a in args], kwargs)
    if top is None:
        return primitive.function(*args, **kwargs)
    return top.process(primitive, level, args, kwargs)


def late_rule(function: Callable) -> Any:
    """Return the rule of a function of another library, whose rules are read now; raise if there is none."""
    for library, rules in LATE_RULES.items():
        if library in sys.modules:  # a ufunc does not say whose it is
            import_module(rules)
    if function not in RULES:
        raise TypeError(no_rule(function))
    return RULES[function]


def no_rule(function: Callable) -> str:
    """Return the message for a function that is not in `RULES`."""
    name = full_name(function)
    module = getattr(function, "__module__", None)  # ufuncs of other libraries have none
    if module in UNLOADED:
        return refusal(name, UNLOADED[module])
    known = {rule.name for rule in RULES.values() if rule.family not in ("constant", "refused")}
    last = {known_name.rpartition(".")[2]: known_name for known_name in sorted(known)}
    near = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.5)
    near += [last[n] for n in difflib.get_close_matches(name.rpartition(".")[2], last, n=2) if last[n] not in near]
    return (
        f"{name}: has no derivative rule; got a traced value. "
        + (f"The nearest that have one: {', '.join(near)}. Write it with those, or add" if near else "Add")
        + " a rule with ad.primitive."
    )


def refusal(name: str, reason: str) -> str:
    """Return the message for a function that is refused."""
    return f"{name}: cannot be differentiated; got a traced value. {reason}"


class Operation:
    """A function of arrays that is one step for the engine, like a NumPy function, but our own.

    Calling it with plain arrays calls the implementation; with traced values, `bind`. The
    arrays are positional arguments; the others are given by name and are never traced.
    """

    def __init__(self, implementation: Callable) -> None:
        functools.update_wrapper(self, implementation)
        self.implementation = implementation

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for arg in args:
            if arg.__class__ in TRACED:
                return bind(self, args, kwargs)
        if kwargs:
            mode = MODE.get()  # under recording, parameters such as a mask may be records
            if mode is not None and mode.recorder is not None and is_traced(kwargs):
                return mode.recorder.process(RULES[self], mode.recorder.level, args, kwargs)
        return self.implementation(*args, **kwargs)

    def __reduce__(self) -> str:
        return self.implementation.__qualname__  # by name, as functions are pickled

    def __repr__(self) -> str:
        return f"<operation {full_name(self.implementation)}>"
