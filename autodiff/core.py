"""The names of `autograd.core` that programs import."""

from collections.abc import Callable
from typing import Any

from autodiff import differential_operators as _operators
from autodiff.extend import (
    VSpace,
    def_linear,
    defjvp,
    defjvp_argnum,
    defjvp_argnums,
    defvjp,
    defvjp_argnum,
    defvjp_argnums,
    primitive,
    vspace,
)
from autodiff.tracer import Box, getval, isbox

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
    "getval",
    "isbox",
    "make_jvp",
    "make_vjp",
    "primitive",
    "vspace",
]


def make_vjp(f: Callable, x: Any) -> tuple[Callable, Any]:
    """Return (pullback, value) of a function of one argument, in this order."""
    return _operators.make_vjp(f)(x)


def make_jvp(f: Callable, x: Any) -> Callable:
    """Return the function tangent ↦ (value, tangent of the value), for a function of one argument."""
    return _operators.make_jvp(f)(x)
