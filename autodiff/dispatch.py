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
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from itertools import count
from typing import Any, ClassVar, NamedTuple

import numpy as np

new_level: Callable[[], int] = count(1000, 1000).__next__  # the gaps are for dual numbers made by hand
LEAF_LEVEL = 0
HAND_LEVEL = -1000  # dual numbers built by hand, outside any transformation

TRACED: set[Any] = set()
"""The types whose instances stand for a value that is being differentiated."""

PLAIN: set[Any] = {float, int, bool, complex, np.ndarray, *np.sctypeDict.values()}
"""Operand types that need no look before use; `as_operand` makes one of anything else."""


class Mode(NamedTuple):
    """What this thread (or task) has switched on; `None` in `MODE` is the usual state."""

    paused: int = HAND_LEVEL - 1  # levels up to this one record nothing (`no_grad`)
    anomaly: bool = False  # look for the first NaN or infinity (`detect_anomaly`)


MODE: ContextVar[Mode | None] = ContextVar("autodiff.mode", default=None)


class Traced:
    """Base of the values that record what is done to them."""

    __slots__ = ()
    level: int

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        TRACED.add(cls)

    @staticmethod
    def process(primitive: Primitive, level: int, args: Sequence, kwargs: Mapping) -> Any:
        """Carry out `primitive` at `level` (each traced type says how)."""
        raise TypeError("Traced: is a base class; got a direct call. Use Tensor or Dual.")


class Spec:
    """Shape and dtype of an array whose values are not kept."""

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self.shape = shape
        self.dtype = dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        size = 1
        for n in self.shape:
            size *= n
        return size

    def __repr__(self) -> str:
        return f"Spec({self.shape}, {self.dtype})"


FLOAT64 = np.dtype(np.float64)


def shape_of(x: Any) -> tuple[int, ...]:
    """Return the shape of an operand; Python numbers have shape ()."""
    return getattr(x, "shape", ())


def dtype_of(x: Any) -> np.dtype:
    """Return the dtype that an operand has by itself; Python's float is float64."""
    if x.__class__ is float:
        return FLOAT64
    return getattr(x, "dtype", None) or np.asarray(x).dtype


def spec_of(x: Any) -> Spec:
    return x if x.__class__ is Spec else Spec(shape_of(x), dtype_of(x))


def is_inexact(dtype: np.dtype) -> bool:
    return dtype.kind in "fc"


def value_of(x: Any) -> Any:
    """Return the plain array or number inside any nesting of traced values."""
    while x.__class__ in TRACED:
        x = x.payload
    return x


def plain(tree: Any) -> Any:
    """Return `tree` (lists, tuples, dicts) with every traced value replaced by its array."""
    kind = tree.__class__
    if kind in TRACED:
        return value_of(tree)
    if kind in (list, tuple):
        return kind(map(plain, tree))
    if kind is dict:
        return {key: plain(item) for key, item in tree.items()}
    return tree


def is_traced(tree: Any) -> bool:
    """Tell whether a traced value stands anywhere in nested lists, tuples and dicts."""
    kind = tree.__class__
    if kind in TRACED:
        return True
    if kind in (list, tuple):
        return any(map(is_traced, tree))
    return kind is dict and any(map(is_traced, tree.values()))


def full_name(function: Callable) -> str:
    """Return the name a user would write: `np.linalg.solve`, `np.add.reduce`, `mine`."""
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc):
        return f"np.{owner.__name__}.{function.__name__}"
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", repr(function))
    module = getattr(function, "__module__", None) or ""
    if isinstance(function, np.ufunc):
        return f"np.{name}" if getattr(np, name, None) is function else name
    if module == "numpy" or module.startswith("numpy."):
        return f"{module.replace('numpy', 'np', 1)}.{name}"
    return name


def as_operand(x: Any) -> Any:
    """Return `x` as something the rules compute with; lists and their like become arrays."""
    kind = x.__class__
    if kind in TRACED or kind in PLAIN:
        return x
    if isinstance(x, (np.ma.MaskedArray, np.matrix)):
        raise TypeError(
            f"autodiff: the mask or the meaning of * would be lost; got a {kind.__name__}. "
            "Convert it to a plain array first (np.where(mask, 0.0, data), np.asarray(matrix))."
        )
    if kind in (list, tuple) and is_traced(x):
        return np.stack([as_operand(item) for item in x])
    return np.asarray(x)


# What a node keeps of an operand: nothing; its value; its Spec; its Spec, but nothing if that is the value's own.
DROP, KEEP, SPEC, LIKE = range(4)
KEEP_ONE = (KEEP,)


class Plan(NamedTuple):
    """What the backward pass of a primitive needs, given which operands are differentiated."""

    active: tuple[int, ...]  # those of them whose derivative is not identically zero
    y: bool  # whether a rule reads the value
    keep: Iterable[int]  # DROP, KEEP, SPEC or LIKE for each operand (`repeat` for any number of them)
    partial: bool = False  # whether `active` leaves out some of the operands asked for


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
    adds_at: Callable | None = None  # adds a cotangent into part of an array (indexing alone has it)
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
        args, kwargs = self.sort_arguments(args, kwargs)
        if kwargs.get("dtype") is not None and not is_inexact(np.dtype(kwargs["dtype"])):
            args = [plain(arg) for arg in args]  # a result of integers is constant between its jumps
        return evaluate(self, args, kwargs)

    def sort_arguments(self, args: Sequence, kwargs: Mapping) -> tuple[Sequence, dict]:
        """Return the operands as a sequence and everything else by name, checked."""
        n = self.operands
        if n is None:
            n = len(args)
        named = {k: v for k, v in kwargs.items() if not (k == "out" and v is None or v is np._NoValue)}
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
                if name not in self.constants:
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
    code = getattr(rule, "__code__", None)
    if not callable(rule):
        return (False,) * (1 + operands)
    if code is None or code.co_argcount < 2 + operands:  # a callable object, or *args: it may read everything
        return (True,) * (1 + operands)
    return tuple([not name.startswith("_") for name in code.co_varnames[1 : 2 + operands]])


RULES: dict[Callable, Rule] = {}
"""What is known of each function: a Primitive, or one of the kinds below."""


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
        kwargs = {k: v for k, v in kwargs.items() if not (k == "out" and v is None or v is np._NoValue)}
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
        return self.function(*map(plain, args), **{k: plain(v) for k, v in kwargs.items()})


class Refused(Rule):
    """A function that cannot be differentiated, and the reason, which is also the advice."""

    family = "refused"

    def __init__(self, function: Callable, reason: str) -> None:
        self.name = full_name(function)
        self.reason = reason

    def apply(self, args: Sequence, kwargs: Mapping) -> Any:
        raise TypeError(refusal(self.name, self.reason))


UNLOADED: dict[str, str] = {}
"""Modules that `import numpy` does not load, and the reason why their functions are refused."""


def refusal(name: str, reason: str) -> str:
    return f"{name}: cannot be differentiated; got a traced value. {reason}"


def unsupported_argument(function: str, name: str, value: Any) -> str:
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


NO_PARAMETERS: Mapping[str, Any] = {}


def bind(function: Callable, args: Sequence, kwargs: Mapping = NO_PARAMETERS) -> Any:
    """Evaluate `function` on operands of which some are traced: the one point of interception."""
    rule = RULES.get(function)
    if rule is None:
        raise TypeError(no_rule(function))
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


def no_rule(function: Callable) -> str:
    name = full_name(function)
    module = getattr(function, "__module__", None)  # ufuncs of other libraries have none
    if module in UNLOADED:
        return refusal(name, UNLOADED[module])
    known = {rule.name for rule in RULES.values() if rule.family not in ("constant", "refused")}
    near = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.5)
    return (
        f"{name}: has no derivative rule; got a traced value. "
        + (f"The nearest that have one: {', '.join(near)}. " if near else "")
        + "Write it with those, or add a rule with ad.primitive."
    )


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
        return self.implementation(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<operation {full_name(self.implementation)}>"
