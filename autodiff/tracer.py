"""The names of `autograd.tracer` that programs import."""

from typing import Any

from autodiff.extend import Box, notrace_primitive, primitive
from autodiff.operands import TRACED, value_of

__all__ = ["Box", "getval", "isbox", "notrace_primitive", "primitive"]


def getval(x: Any) -> Any:
    """Return the plain number or array inside a traced value, and anything else as it is.

    Examples
    --------
    >>> import autodiff as ad
    >>> getval(ad.tensor([1.0, 2.0]))
    array([1., 2.])
    """
    return value_of(x)


def isbox(x: Any) -> bool:
    """Tell whether `x` is a traced value.

    Examples
    --------
    >>> isbox(1.0)
    False
    """
    return x.__class__ in TRACED
