"""Operations of your own in HIPS autograd's convention; `ad.primitive` is this library's.

`defvjp(f, maker₀, maker₁, …)` gives for each argument a function (y, *args) ↦ (ct ↦ cotangent of
the argument), `defjvp(f, jvp₀, …)` a function (tangent, y, *args) ↦ tangent of y. Either is enough:
the other mode follows by transposition.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from itertools import count, repeat
from typing import Any

from autodiff.arraylike import ArrayLike as Box
from autodiff.boundary import zero_like
from autodiff.dispatch import RULES, Operation
from autodiff.numpy.lists import original
from autodiff.operands import TRACED, full_name, is_traced, plain
from autodiff.primitives import KEEP, Plan, Primitive, Rule
from autodiff.rules.call import Call
from autodiff.rules.general import add, transposed
from autodiff.tree import flatten, map_leaves
from autodiff.user_primitive import UserOperation, checked, protected
from autodiff.vector_space import VSpace, vspace

__all__ = [
    "Box",
    "VSpace",
    "def_linear",
    "defjvp",
    "defjvp_argnum",
    "defjvp_argnums",
    "defvjp",
    "defvjp_argnum",
    "defvjp_argnums",
    "notrace_primitive",
    "primitive",
    "vspace",
]


def primitive(f: Callable) -> UserOperation:
    """Return `f` as one step for the engine, whose derivative `defvjp` or `defjvp` then gives.

    Examples
    --------
    >>> @primitive
    ... def cube(x):
    ...     return x**3
    >>> defvjp(cube, lambda y, x: lambda ct: ct * 3 * x**2)
    >>> import autodiff as ad
    >>> print(ad.grad(cube)(2.0), ad.grad(ad.grad(cube))(2.0), ad.jvp(cube, (2.0,), (1.0,))[1])
    12.0 12.0 12.0
    """
    return UserOperation(f)


def defvjp(f: Callable, *makers: Callable | None, argnums: Sequence[int] | None = None) -> None:
    """Give the pullback for each argument: makerᵢ(y, *args, **kwargs) returns ct ↦ cotangent of argument i.

    None says that the derivative is zero; `argnums` which arguments the makers are for (default: 0, 1, …).
    """
    by_number = dict(zip(count() if argnums is None else argnums, makers))  # noqa: B905 - count is endless

    def make(numbers: Sequence[int], y: Any, args: Sequence, kwargs: Mapping) -> Callable:
        pulls = [_given(by_number, i, f, "VJP") for i in numbers]
        found = [None if pull is None else pull(y, *args, **kwargs) for pull in pulls]
        return lambda ct: [None if pull is None else pull(ct) for pull in found]

    _rule(f).make_vjp = make


def defvjp_argnum(f: Callable, maker: Callable) -> None:
    """Give the pullback for any argument: maker(i, y, args, kwargs) returns ct ↦ cotangent of argument i."""

    def make(numbers: Sequence[int], *rest: Any) -> Callable:
        pulls = [maker(i, *rest) for i in numbers]
        return lambda ct: [pull(ct) for pull in pulls]

    _rule(f).make_vjp = make


def defvjp_argnums(f: Callable, maker: Callable) -> None:
    """Give the pullback for several arguments: maker(numbers, y, args, kwargs) returns ct ↦ their cotangents."""
    _rule(f).make_vjp = maker


def defjvp(f: Callable, *jvps: Callable | str | None, argnums: Sequence[int] | None = None) -> None:
    """Give the tangent for each argument: jvpᵢ(tangent, y, *args, **kwargs); they are summed.

    None says that the derivative is zero, "same" that `f` is linear in this argument.
    """
    by_number = dict(zip(count() if argnums is None else argnums, jvps))  # noqa: B905 - count is endless

    def push(i: int, tangent: Any, y: Any, args: Sequence, kwargs: Mapping) -> Any:
        rule = _given(by_number, i, f, "JVP")
        if rule is None:
            return None
        if isinstance(rule, str):
            return _itself(f)(*_replaced(args, i, tangent), **kwargs)
        return rule(tangent, y, *args, **kwargs)

    for rule in jvps:
        if rule is not None and rule != "same" and not callable(rule):
            raise TypeError(f'defjvp: a rule is a function, None or "same"; got {rule!r}. Pass one of them.')
    defjvp_argnum(f, push)


def defjvp_argnum(f: Callable, jvp: Callable) -> None:
    """Give the tangent for any argument: jvp(i, tangent, y, args, kwargs); they are summed."""

    def push(numbers: Sequence[int], tangents: Sequence, *rest: Any) -> Any:
        terms = [jvp(i, tangent, *rest) for i, tangent in zip(numbers, tangents, strict=True)]
        return functools.reduce(add, [term for term in terms if term is not None] or [None])

    _rule(f).push = push


def defjvp_argnums(f: Callable, jvp: Callable) -> None:
    """Give the tangent for several arguments at once: jvp(numbers, tangents, y, args, kwargs)."""
    _rule(f).push = jvp


def def_linear(f: Callable) -> None:
    """Say that `f` is linear in each of its arguments: its tangents are its own values."""
    defjvp_argnum(f, lambda i, tangent, _y, args, kwargs: _itself(f)(*_replaced(args, i, tangent), **kwargs))


def notrace_primitive(f: Callable) -> Callable:
    """Return `f` such that it sees the numbers in traced values; its result is a constant.

    Examples
    --------
    >>> import autodiff as ad
    >>> print(ad.grad(lambda x: x * notrace_primitive(float)(x))(3.0))
    3.0
    """

    @functools.wraps(f, updated=())
    def untraced(*args: Any, **kwargs: Any) -> Any:
        return f(*map(plain, args), **plain(kwargs))

    return untraced


def _given(rules: Mapping[int, Any], i: int, f: Callable, what: str) -> Any:
    if i not in rules:
        raise TypeError(
            f"{full_name(f)}: has no {what} for argument {i}; got a traced value there. "
            f"Give def{what.lower()} one more rule, or None for a derivative of zero."
        )
    return rules[i]


def _itself(f: Callable) -> Callable:
    """Return `f`, which is linear, as its own tangent; without a VJP, what is inside it, to be differentiated."""
    return getattr(f, "implementation", f) if _rule(f).make_vjp is None else f


def _replaced(args: Sequence, i: int, value: Any) -> list:
    return [value if k == i else arg for k, arg in enumerate(args)]


def _rule(f: Callable) -> MadeRule:
    """Return the rule of `f`, which takes the place of another kind of rule."""
    f = original(f)
    rule = RULES.get(f)
    if not isinstance(rule, MadeRule):
        rule = RULES[f] = MadeRule(f)
    return rule


class MadeRule(Rule):
    """The rule of a function in autograd's convention, whose arguments may be anything: functions, options, lists."""

    family = "user"

    def __init__(self, function: Callable) -> None:
        self.name = full_name(function)
        self.function = function
        self.make_vjp: Callable | None = None  # (numbers, y, args, kwargs) ↦ (ct ↦ the cotangents of these arguments)
        self.push: Callable | None = None  # (numbers, tangents, y, args, kwargs) ↦ the tangent of y

    def apply(self, args: Sequence, kwargs: Mapping) -> Any:
        if is_traced(kwargs):
            raise TypeError(
                f"{self.name}: arguments by name have no derivative; got a traced value there. Pass it by position."
            )
        leaves, structure = flatten((tuple(args), dict(kwargs)))
        numbers = [i for i, arg in enumerate(args) for _ in flatten(arg)[0]]  # the argument that each leaf is in
        places = [place for place, leaf in enumerate(leaves) if leaf.__class__ in TRACED]
        call = Call(_arguments, leaves, places, structure)
        first = [numbers.index(numbers[place]) for place in places]
        owners = [(numbers[place], place - start) for place, start in zip(places, first, strict=True)]
        return made(*[leaves[place] for place in places], rule=self, call=call.kept(_arguments), owners=owners)


def _arguments(*args: Any, **kwargs: Any) -> tuple[tuple, dict]:
    return args, kwargs


@Operation
def made(*operands: Any, rule: MadeRule, call: Call, owners: Sequence) -> Any:  # noqa: ARG001 - the rule reads them
    """Return the value of a function whose rule is in autograd's convention."""
    args, kwargs = call(*operands)
    return rule.function(*args, **kwargs)


class MadeCall(Primitive):
    """The rule of `made`: each operand belongs to an argument, and is one of the arrays in it."""

    def __init__(self) -> None:
        super().__init__(made, None, ["rule", "call", "owners"])

    def make_plan(self, argnums: tuple[int, ...]) -> Plan:
        return Plan(argnums, True, repeat(KEEP))

    def vjp(self, argnums: tuple[int, ...], ct: Any, y: Any, args: Sequence, kwargs: Mapping) -> Sequence:
        rule, owners = kwargs["rule"], [kwargs["owners"][i] for i in argnums]
        if isinstance(y, (tuple, list)):
            ct = type(y)([zero_like(v) if c is None else c for v, c in zip(y, ct, strict=True)])
        ct = map_leaves(protected, ct)
        if rule.make_vjp is None:
            return [transposed(lambda t, i=i: self.jvp({i: t}, y, args, kwargs), args[i], ct) for i in argnums]
        numbers = tuple(dict.fromkeys(number for number, _ in owners))
        found = dict(zip(numbers, rule.make_vjp(numbers, y, *kwargs["call"](*args))(ct), strict=True))
        promise = f"{rule.name}: the VJP must return the shape of its argument"
        return [
            self._part(found[number], place, args[i], promise)
            for i, (number, place) in zip(argnums, owners, strict=True)
        ]

    def _part(self, ct: Any, place: int, arg: Any, promise: str) -> Any:
        """Return the cotangent of one array in an argument, whose cotangent is `ct`."""
        if ct is None:
            return zero_like(arg)
        return checked(ct if ct.__class__ in TRACED else flatten(ct)[0][place], arg, promise)

    def jvp(self, tangents: Mapping[int, Any], y: Any, args: Sequence, kwargs: Mapping) -> Any:
        rule = kwargs["rule"]
        if rule.push is None:
            total = None
            for i, tangent in tangents.items():
                term = transposed(lambda ct, i=i: self.vjp((i,), ct, y, args, kwargs)[0], y, tangent)
                total = term if total is None else add(total, term)
            return total
        call_args, call_kwargs = kwargs["call"](*args)
        by_number: dict[int, list] = {}
        for i, tangent in tangents.items():
            number, place = kwargs["owners"][i]
            if number not in by_number:
                by_number[number] = list(map(zero_like, flatten(call_args[number])[0]))
            by_number[number][place] = tangent
        dots = [flatten(call_args[number])[1].unflatten(leaves) for number, leaves in by_number.items()]
        y_dot = rule.push(tuple(by_number), dots, y, call_args, call_kwargs)
        if y_dot is None or isinstance(y, (tuple, list)):
            return y_dot
        return checked(y_dot, y, f"{rule.name}: the JVP must return the shape of the result")


RULES[made] = MadeCall()
