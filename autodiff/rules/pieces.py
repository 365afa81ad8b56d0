"""Elementwise rules of functions in pieces: choosing, clipping, rounding, taking numbers apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.dispatch import RULES
from autodiff.operands import as_operand, dtype_of, is_complex, is_inexact
from autodiff.primitives import Constant, Rewrite
from autodiff.rules.elementwise import elementwise
from autodiff.rules.refused import refuse_complex
from autodiff.rules.special import clamp, exponent, fraction, mantissa


def _larger(c: Any, _y: Any, a: Any, b: Any) -> Any:
    """The share of a in max(a, b); ties: half each."""
    refuse_complex("np.maximum, np.minimum", c)
    return np.where(a > b, c, np.where(a == b, 0.5 * c, 0.0))


def _larger_number(c: Any, _y: Any, a: Any, b: Any) -> Any:
    """The share of a in fmax(a, b), where NaN loses."""
    refuse_complex("np.fmax", c)
    return np.where((a > b) | np.isnan(b), c, np.where(a == b, 0.5 * c, 0.0))


def _smaller_number(c: Any, _y: Any, a: Any, b: Any) -> Any:
    """The share of a in fmin(a, b), where NaN loses."""
    refuse_complex("np.fmin", c)
    return np.where((a < b) | np.isnan(b), c, np.where(a == b, 0.5 * c, 0.0))


def _swap(rule: Callable) -> Callable:
    """The rule for the second operand of a symmetric function."""
    return lambda c, _y, a, b: rule(c, _y, b, a)


def _angle(c: Any, _y: Any, x: Any, deg: bool = False) -> Any:
    """Im(c / x), which is Re(-ic / x); 0 at the origin."""
    if not is_complex(x):
        return c * 0.0
    zero = x == 0
    return c * np.where(zero, 0.0, (-180j / np.pi if deg else -1j) / np.where(zero, 1.0, x))


def _nan_to_num(c: Any, _y: Any, x: Any, **_parameters: Any) -> Any:
    if not is_complex(x):
        return np.where(np.isfinite(x), c, 0.0)
    finite = np.isfinite(np.real(x)), np.isfinite(np.imag(x))
    return np.where(finite[0], np.real(c), 0.0) + np.where(finite[1], np.imag(c), 0.0) * 1j


def _frexp(c: Any, _y: Any, x: Any) -> Any:
    return np.ldexp(c, -exponent(x))


def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low = a_min if min is None else min
    high = a_max if max is None else max
    refuse_complex("np.clip", a)
    given = [bound for bound in (low, high) if bound is not None]
    if len(given) < 2 and not any(is_inexact(dtype_of(as_operand(x))) for x in [a, *given]):  # no infinite integers
        return (np.minimum if low is None else np.maximum)(a, given[0]) if given else np.copy(a)
    return clamp(a, -np.inf if low is None else low, np.inf if high is None else high)


elementwise(np.maximum, _larger, _swap(_larger))
elementwise(np.minimum, _swap(_larger), _larger)
elementwise(np.fmax, _larger_number, _swap(_larger_number))
elementwise(np.fmin, _smaller_number, _swap(_smaller_number))
elementwise(
    clamp,
    lambda c, _y, x, low, high: np.where((x >= low) & (x <= high), c, 0.0),  # both bounds inclusive
    lambda c, _y, x, low, high: np.where((x < low) & (low <= high), c, 0.0),
    lambda c, _y, x, low, high: np.where((x > high) | (low > high), c, 0.0),
)
RULES[np.clip] = Rewrite(np.clip, _clip)
elementwise(np.copysign, lambda c, _y, a, b: c * (np.sign(a) * np.copysign(1.0, b)), 0)
elementwise(np.nextafter, 1, 0)
elementwise(np.heaviside, 0, lambda c, _y, a, _b: np.where(a == 0, c, 0.0))  # the value there is b
for _step in (np.floor, np.ceil, np.trunc, np.rint, np.fix, np.spacing):
    elementwise(_step, 0)
elementwise(np.round, 0, parameters=["decimals"])
elementwise(np.angle, _angle, parameters=["deg"])
RULES[np.around] = RULES[np.round]
elementwise(np.ldexp, lambda c, _y, _x, i: np.ldexp(c, i), 0)
elementwise(fraction, 1)
elementwise(mantissa, _frexp)
RULES[exponent] = Constant(exponent)
RULES[np.modf] = Rewrite(np.modf, lambda x: (fraction(x), np.trunc(x)))
RULES[np.frexp] = Rewrite(np.frexp, lambda x: (mantissa(x), exponent(x)))
RULES[np.divmod] = Rewrite(np.divmod, lambda a, b: (np.floor_divide(a, b), np.remainder(a, b)))
elementwise(
    np.nan_to_num,
    _nan_to_num,
    parameters=["copy", "nan", "posinf", "neginf"],
)
elementwise(np.unwrap, lambda c, _y, _p, **_parameters: c, parameters=["discont", "axis", "period"])
elementwise(np.copy, lambda c, _y, _x, **_parameters: c, parameters=["order", "subok"])
