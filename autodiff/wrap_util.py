"""The names of `autograd.wrap_util` that programs import."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from autodiff.differential_operators import of_one_argument
from autodiff.transforms import ArgNum, named

__all__ = ["unary_to_nary"]


def unary_to_nary(operator: Callable) -> Callable:
    """Return an operator (f, x) ↦ … on functions of one argument as one like `grad`: (f, argnum=0) ↦ (*args ↦ …).

    Examples
    --------
    >>> import autodiff as ad
    >>> slope = unary_to_nary(lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h))
    >>> print(slope(lambda x, y: x * y**2, 1, 0.5)(3.0, 2.0))
    12.0
    """

    @functools.wraps(operator)
    def of_chosen(f: Callable, argnum: ArgNum = 0, *options: Any, **named_options: Any) -> Callable:
        def at(*args: Any, **kwargs: Any) -> Any:
            return operator(*of_one_argument(f, argnum, args, kwargs), *options, **named_options)

        return named(at, getattr(operator, "__name__", "operator"), f)

    return of_chosen
