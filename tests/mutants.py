"""Wrong rules, and how to plant them.

A mutant takes the place of a rule in `RULES` for a while. `scaled`, `changed` and the like
spoil a copy of the rule that is there, whatever its family; the others are rules written
out wrong.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from autodiff.dispatch import RULES
from autodiff.primitives import KEEP


@contextmanager
def planted(function: Callable, mutant: Any) -> Iterator[None]:
    """Let `mutant` be the rule of `function` inside the with block."""
    right = RULES[function]
    RULES[function] = mutant
    try:
        yield
    finally:
        RULES[function] = right


def changed(function: Callable, /, **methods: Callable) -> Any:
    """Return a copy of the rule of `function` with some methods replaced.

    Each replacement is given the right method and then the arguments of the call.
    """
    right: Any = RULES[function]
    mutant = copy.copy(right)
    mutant.plans = {}
    if "vjp" in methods:  # the short cuts for common cases would go round the replacement
        mutant.pull = mutant.adds_at = None
    for name, method in methods.items():
        original = getattr(right, name)
        setattr(mutant, name, lambda *args, method=method, original=original, **kw: method(original, *args, **kw))
    return mutant


def each(change: Callable) -> Callable:
    """Return the method that applies `change` to every cotangent, or every tangent, of the right one."""

    def method(original: Callable, *args: Any) -> Any:
        result = original(*args)
        if isinstance(result, (tuple, list)):
            return type(result)([None if c is None else change(c) for c in result])
        return None if result is None else change(result)

    return method


def scaled(function: Callable, factor: float) -> Any:
    """Wrong by a factor, in both modes alike: no comparison of the modes can tell."""
    return changed(function, vjp=each(lambda c: factor * c), jvp=each(lambda c: factor * c))


def scaled_backward(function: Callable, factor: float) -> Any:
    return changed(function, vjp=each(lambda c: factor * c))


def scaled_forward(function: Callable, factor: float) -> Any:
    return changed(function, jvp=each(lambda c: factor * c))


def wrong_at_one_entry(function: Callable) -> Any:
    """Right everywhere but in the last entry, where it is wrong by 1 %."""

    def spoil(c: Any) -> Any:
        factor = np.ones(c.shape, c.dtype)
        factor.ravel()[-1:] = 1.01
        return c * factor[()]

    return changed(function, vjp=each(spoil), jvp=each(spoil))


def in_float64(function: Callable) -> Any:
    """Cotangents of the wrong dtype."""
    return changed(function, vjp=each(lambda c: c.astype(np.float64)))


def mutating(function: Callable) -> Any:
    """Right, but it halves the array that the cotangent came in."""

    def vjp(original: Callable, argnums: Any, ct: Any, *rest: Any) -> Any:
        result = [c + 0.0 for c in original(argnums, ct, *rest)]
        if isinstance(ct, np.ndarray) and ct.flags.writeable:
            ct *= 0.5
        return result

    return changed(function, vjp=vjp)


def tired(function: Callable) -> Any:
    """Right at the first call for a value, wrong at the next: state is left behind."""
    seen: list[Any] = []

    def vjp(original: Callable, argnums: Any, ct: Any, y: Any, args: Sequence, kwargs: Mapping) -> Any:
        factor = 2.0 if any(args is old for old in seen) else 1.0
        seen.append(args)
        return [factor * c for c in original(argnums, ct, y, args, kwargs)]

    return changed(function, vjp=vjp)


def stale(function: Callable) -> Any:
    """Right as long as the arguments are those of the first call for their shape: residuals are remembered."""
    memory: dict[Any, Any] = {}

    def vjp(original: Callable, argnums: Any, ct: Any, y: Any, args: Sequence, kwargs: Mapping) -> Any:
        key = tuple([None if a is None else (a.shape, str(a.dtype)) for a in args])
        return original(argnums, ct, *memory.setdefault(key, (y, args, kwargs)))

    return changed(function, vjp=vjp)


def unsummed(function: Callable) -> Any:
    """The sum over the axes along which an operand was broadcast is left out."""
    right: Any = RULES[function]

    def vjp(_original: Callable, argnums: Any, ct: Any, y: Any, args: Sequence, kwargs: Mapping) -> Any:
        return [right.actions[i](ct, y, *args, **kwargs) for i in argnums]

    return changed(function, vjp=vjp)


def reversed_batch(function: Callable) -> Any:
    """All columns of a Jacobian, in the wrong order."""
    return changed(function, batch=lambda original, *args: np.flip(original(*args), 0))


def keeping(function: Callable) -> Any:
    """A linear rule that is given the values of its operands."""
    return changed(function, make_plan=lambda original, argnums: original(argnums)._replace(keep=(KEEP,)))


def valued(function: Callable, wrong: Callable) -> Any:
    """The derivative is right, the value is not NumPy's."""
    return changed(function, function=lambda _original, *args, **kwargs: wrong(*args, **kwargs))


def written(function: Callable, define: Callable, *args: Any, **kwargs: Any) -> Any:
    """Return the rule that `define(function, *args, **kwargs)` would put into the table."""
    right = RULES[function]
    try:
        define(function, *args, **kwargs)
        return RULES[function]
    finally:
        RULES[function] = right
