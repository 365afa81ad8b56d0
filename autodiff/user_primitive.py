"""Operations of your own: a function and its derivative, used by every mode like NumPy's."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from autodiff.dispatch import RULES, Operation, bind
from autodiff.flop import cost
from autodiff.operands import TRACED, dtype_of, is_traced, shape_of
from autodiff.primitives import Plan, reads
from autodiff.residuals import same_kind
from autodiff.rules.general import General, add, transposed
from autodiff.rules.linear import to_dtype
from autodiff.rules.multilinear import SHAPED


class UserOperation(Operation):
    """What `primitive` returns: the function, and the methods that give it derivatives."""

    def __init__(self, implementation: Callable) -> None:
        super().__init__(implementation)
        self._vjps: Sequence[Callable | None] = ()
        self._jvps: Sequence[Callable | None] = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for arg in args:
            if arg.__class__ in TRACED:
                return bind(self, args, kwargs)
        if is_traced(args) or is_traced(kwargs):
            return bind(self, args, kwargs)
        return self.implementation(*args, **kwargs)

    def defvjp(self, *vjps: Callable | None) -> UserOperation:
        """Give the pullback, one function for each leading argument: `vjpᵢ(ct, y, *args, **kwargs)`.

        Each returns the cotangent of argument i, in that argument's shape; None says that the
        derivative with respect to it is zero. A parameter whose name starts with `_` is not kept.
        """
        self._vjps = vjps
        RULES[self] = UserRule(self, self._vjps, self._jvps)
        return self

    def defjvp(self, *jvps: Callable | None) -> UserOperation:
        """Give the tangent, one function for each leading argument: `jvpᵢ(tangent, y, *args, **kwargs)`.

        Each returns its contribution to the tangent of y, in the shape of y; they are summed.
        """
        self._jvps = jvps
        RULES[self] = UserRule(self, self._vjps, self._jvps)
        return self

    def defflop(self, formula: Callable[..., float]) -> UserOperation:
        """Give the number of floating-point operations: `formula(y, *args, **kwargs)`, from shapes alone.

        Without it, those of the NumPy functions count that it is made of.

        Examples
        --------
        >>> import autodiff as ad
        >>> root = primitive(lambda x: np.array([v**0.5 for v in x.tolist()]))
        >>> root = root.defvjp(lambda ct, y, _x: ct / (2 * y)).defflop(lambda y, _x: y.size)
        >>> print(ad.record(root, np.ones(3)).cost().function.flop)
        3
        """
        cost([self], formula)
        return self


def primitive(function: Callable) -> UserOperation:
    """Return `function` as one step for the engine, whose derivative you then give.

    Either rule is enough: the other one follows by transposition. Rules written with NumPy's
    functions can themselves be differentiated, to any order.

    Examples
    --------
    >>> @primitive
    ... def cube(x):
    ...     return x**3
    >>> _ = cube.defvjp(lambda ct, _y, x: ct * 3 * x**2)
    >>> import autodiff as ad
    >>> print(ad.grad(cube)(2.0), ad.grad(ad.grad(cube))(2.0))
    12.0 12.0
    """
    return UserOperation(function)


class UserRule(General):
    """A rule given by a user: its results are checked before they are believed."""

    def __init__(self, operation: UserOperation, vjps: Sequence, jvps: Sequence) -> None:
        try:
            names = [p.name for p in inspect.signature(operation).parameters.values() if p.kind is not p.VAR_KEYWORD]
        except ValueError:  # a builtin without a signature: arguments by position alone
            names = []
        count = max(len(vjps), len(jvps))
        self.jvps = [*jvps, *[None] * (count - len(jvps))]
        self.given = [*vjps, *[None] * (count - len(vjps))]
        super().__init__(operation, [partial(self._pull, i) for i in range(count)], parameters=names[count:])
        self.reads = [reads(rule, count) if rule is not None else (True,) * (1 + count) for rule in self.given]

    def make_plan(self, argnums: tuple[int, ...]) -> Plan:
        active = tuple([i for i in argnums if self.given[i] is not None or self.jvps[i] is not None])
        plan = super().make_plan(active) if active else Plan((), False, ())
        return plan._replace(partial=len(active) < len(argnums))

    def vjp(self, argnums: tuple[int, ...], ct: Any, y: Any, args: Sequence, kwargs: Mapping) -> Sequence:
        return [self._pull(i, ct, y, *args, **kwargs) for i in argnums]

    def _pull(self, i: int, ct: Any, y: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the cotangent of argument i by the user's VJP, or by the transpose of the user's JVP."""
        rule = self.given[i]
        ct = protected(ct)
        if rule is None:
            result = transposed(lambda t: self.jvps[i](t, y, *args, **kwargs), args[i], ct)
        else:
            result = rule(ct, y, *args, **kwargs)
        arg = args[i]
        if result.__class__ in SHAPED and arg.__class__ in SHAPED and same_kind(result, arg):
            return result  # nearly always: `checked` in a few comparisons
        return checked(result, arg, f"{self.name}: the VJP for argument {i} must return the shape of it")

    def jvp(self, tangents: Mapping[int, Any], y: Any, args: Sequence, kwargs: Mapping) -> Any:
        total = None
        for i, tangent in tangents.items():
            if self.jvps[i] is not None:
                term = self.jvps[i](protected(tangent), y, *args, **kwargs)
                if not isinstance(y, (tuple, list)):
                    term = checked(
                        term, y, f"{self.name}: the JVP for argument {i} must return the shape of the result"
                    )
            elif self.given[i] is not None:
                term = super().jvp({i: tangent}, y, args, kwargs)
            else:
                continue
            total = term if total is None else add(total, term)
        return total


def protected(ct: Any) -> Any:
    """Return `ct` such that a rule which writes into it fails at once."""
    if isinstance(ct, np.ndarray):
        ct = ct.view()
        ct.setflags(write=False)
    return ct


def checked(result: Any, like: Any, promise: str) -> Any:
    """Return `result` in the dtype of `like`, once its shape has been found right."""
    if result.__class__ not in TRACED:
        result = np.asarray(result)[()]
    if shape_of(result) != shape_of(like):
        raise ValueError(f"{promise}, {shape_of(like)}; got {shape_of(result)}. Sum over broadcast axes, or reshape.")
    return to_dtype(result, dtype_of(like))
