"""Elementwise operations: y = f(a, b, …), entry by entry, with broadcasting.

The Jacobian with respect to each operand is diagonal (once the operand is broadcast), so
one expression serves both modes. A rule is the action of that diagonal on c, which is a
tangent or a cotangent:

    elementwise(np.tanh, lambda c, y, x: c * sech_squared(x, y))

    tangent      ẏ = Σᵢ ruleᵢ(ȧᵢ)                          (forward)
    cotangent    āᵢ = ruleᵢ(ȳ), summed over broadcast axes   (reverse)

A rule gets c, the value y and the operands; a parameter whose name starts with `_` is not
read, and the engine does not keep it. A constant factor is a plain number, 0 included.
Rules are NumPy, so that they run on arrays, on traced values and on symbols alike. The
formulas keep their digits in the tails: see "Derivatives accurate to the last digits" in
the tests.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.arraylike import power
from autodiff.assignment import astype
from autodiff.batch import align
from autodiff.dispatch import RULES
from autodiff.operands import as_operand, dtype_of, is_inexact, shape_of
from autodiff.primitives import DROP, KEEP, KEEP_ONE, LIKE, Constant, Plan, Primitive, Rewrite, reads
from autodiff.residuals import same_kind
from autodiff.rules.casts import to_dtype
from autodiff.rules.conjugates import conjugated, is_complex
from autodiff.rules.refused import refuse_complex
from autodiff.rules.special import (
    bessel_i,
    clamp,
    exponent,
    fraction,
    logistic,
    mantissa,
    sech_squared,
    sinc_derivative,
)

Action = Callable[..., Any] | float


class Elementwise(Primitive):
    """An operation that acts on each entry by itself."""

    family = "elementwise"
    fresh = True

    def __init__(
        self, function: Callable, *rules: Action, parameters: Sequence[str] = (), internal: bool = False
    ) -> None:
        super().__init__(function, len(rules), parameters, internal=internal)
        self.takes_dtype = isinstance(function, np.ufunc)
        self.rules: tuple[Any, ...] = rules
        self.actions = [rule if callable(rule) else _multiplication_by(rule) for rule in rules]
        if len(rules) == 1:
            self.pull = self.actions[0]

    def sort_arguments(self, args: Sequence, kwargs: Mapping) -> tuple[Sequence, dict]:
        dtype = kwargs.get("dtype")
        if self.takes_dtype and dtype is not None:
            kwargs = {k: v for k, v in kwargs.items() if k != "dtype"}
            args = [astype(a, dtype=dtype) for a in args]
        return super().sort_arguments(args, {k: v for k, v in kwargs.items() if not _is_default(k, v)})

    def make_plan(self, argnums: tuple[int, ...]) -> Plan:
        active = tuple([i for i in argnums if not _is_zero(self.rules[i])])
        read = [reads(self.rules[i], len(self.rules)) for i in active]
        y, *operands = [any(column) for column in zip(*read, strict=True)] or [False] * (1 + len(self.rules))
        unread = [LIKE if i in active and len(self.rules) > 1 else DROP for i in range(len(self.rules))]
        keep = [KEEP if read else other for read, other in zip(operands, unread, strict=True)]
        return Plan(active, y, KEEP_ONE if keep == [KEEP] else keep, partial=len(active) < len(argnums))

    def vjp(self, argnums: tuple[int, ...], ct: Any, y: Any, args: Sequence, kwargs: Mapping) -> Sequence:
        contributions = []
        for i in argnums:
            action = self.actions[i]
            contribution = action(ct, y, *args, **kwargs) if kwargs else action(ct, y, *args)
            like = args[i]
            contributions.append(contribution if like is None else match(contribution, like))
        return contributions

    def jvp(self, tangents: Mapping[int, Any], y: Any, args: Sequence, kwargs: Mapping) -> Any:
        total = None
        for i, tangent in tangents.items():
            if not _is_zero(self.rules[i]):
                term = self.actions[i](tangent, y, *args, **kwargs) if kwargs else self.actions[i](tangent, y, *args)
                total = term if total is None else total + term
        return None if total is None else spread(total, y)

    def batch(self, batched: Sequence[bool], args: Sequence, kwargs: Mapping) -> Any:
        ndims = [len(shape_of(a)) - b for a, b in zip(args, batched, strict=True)]
        ndim = max(ndims)
        if ndim != min(ndims):
            args = [align(a, ndim) if b else a for a, b in zip(args, batched, strict=True)]
        return self.function(*args, **kwargs)


UFUNC_DEFAULTS = {"casting": "same_kind", "order": "K", "subok": True, "where": True, "dtype": None}


def _is_default(name: str, value: Any) -> bool:
    return name in UFUNC_DEFAULTS and isinstance(value, (str, bool, type(None))) and value == UFUNC_DEFAULTS[name]


def _multiplication_by(factor: float) -> Callable:
    """Return the action of a constant factor."""
    if factor == 1:
        return lambda c, *_read, **_parameters: c
    if factor == -1:
        return lambda c, *_read, **_parameters: -c
    return lambda c, *_read, **_parameters: c * factor


def _is_zero(rule: Any) -> bool:
    return isinstance(rule, int) and rule == 0


def match(ct: Any, like: Any) -> Any:
    """Return `ct` summed over the axes along which `like` was broadcast, in its dtype."""
    if same_kind(ct, like):
        return ct
    return to_dtype(summed_to(ct, shape_of(like)), dtype_of(like))


def summed_to(ct: Any, shape: tuple[int, ...]) -> Any:
    """Return `ct` summed over the axes along which an operand of `shape` was broadcast."""
    ct_shape = shape_of(ct)
    if ct_shape == shape:
        return ct
    extra = len(ct_shape) - len(shape)
    axes = [i + extra for i, n in enumerate(shape) if n == 1 and ct_shape[i + extra] != 1]
    add_up = np.add.reduce if ct.__class__ is np.ndarray else np.sum  # the same, without np.sum's overhead
    ct = add_up(ct, axis=(*range(extra), *axes))
    return np.reshape(ct, shape) if axes else ct


def spread(tangent: Any, y: Any) -> Any:
    """Return `tangent` broadcast to the shape of `y`, in its dtype."""
    if same_kind(tangent, y):
        return tangent
    if shape_of(tangent) != shape_of(y):
        tangent = np.broadcast_to(tangent, shape_of(y))
    return to_dtype(tangent, dtype_of(y))


def elementwise(function: Callable, *rules: Action, parameters: Sequence[str] = (), internal: bool = False) -> None:
    """Give `function` one rule for each operand; `parameters` are its further arguments."""
    RULES[function] = Elementwise(function, *rules, parameters=parameters, internal=internal)


# --- rules that need more than a line ---------------------------------------------------


def _power_by(c: Any, _y: Any, x: Any, exponent: float) -> Any:
    if exponent == 0:
        return c * 0.0
    return c * (x + x) if exponent == 2 else c * (exponent * power(x, exponent=exponent - 1))


def _power_base(c: Any, _y: Any, a: Any, b: Any) -> Any:
    """b aᵇ⁻¹, and 0 for b = 0, also at a = 0."""
    return np.where(b == 0, 0.0, c * (b * np.power(a, np.where(b == 0, 1.0, b - 1))))


def _power_exponent(c: Any, y: Any, a: Any, b: Any) -> Any:
    """aᵇ log a, and its limit 0 at a = 0 for b ≥ 0."""
    if is_complex(y):  # then the logarithm of a negative number is that of a complex one
        a, b = to_dtype(a, dtype_of(y)), np.real(b)
    return c * (y * np.log(np.where((a == 0) & (b >= 0), 1.0, a)))


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


def _over_norm(c: Any, y: Any, a: Any, _b: Any) -> Any:
    """a / √(a² + b²); at the origin the subgradient of least norm, 0."""
    return c * (a / np.where(y == 0, 1.0, y))


def _arctan2(c: Any, numerator: Any, a: Any, b: Any) -> Any:
    """numerator / (a² + b²) without overflow; 0 at the origin."""
    h = np.hypot(a, b)
    h = np.where(h == 0, 1.0, h)
    return c * (numerator / h / h)


def _arctan(c: Any, _y: Any, x: Any) -> Any:
    if is_complex(x):
        return c / (1 + 1j * x) / (1 - 1j * x)
    h = np.hypot(1.0, x)  # no overflow
    return c / h / h


def _arc(x: Any) -> Any:
    """Return √((1 − x)(1 + x)); on the branch cuts x - -1 keeps the sign of a zero imaginary part, x + 1 would not."""
    return np.sqrt(-(x - 1)) * np.sqrt(x - -1) if is_complex(x) else np.sqrt((1 - x) * (1 + x))


def _arcsinh(c: Any, _y: Any, x: Any) -> Any:
    """c / √(1 + x²), without cancellation near ±i."""
    return c / (_arc(1j * x) if is_complex(x) else np.hypot(1.0, x))


def _tan(c: Any, y: Any, x: Any) -> Any:
    """1 + tan(x)², and far from the real axis, where that cancels, sech(ix)²."""
    return c * (sech_squared(1j * x, 1j * y) if is_complex(x) else 1 + y * y)


def _absolute(c: Any, _y: Any, x: Any) -> Any:
    return c * conjugated(np.sign(x))


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


# --- the table: arithmetic ----------------------------------------------------------------

LN2 = 0.6931471805599453
LN10 = 2.302585092994046

elementwise(np.add, 1, 1)
elementwise(np.subtract, 1, -1)
elementwise(np.multiply, lambda c, _y, _a, b: c * b, lambda c, _y, a, _b: c * a)
elementwise(np.divide, lambda c, _y, _a, b: c / b, lambda c, y, _a, b: -c * (y / b))
elementwise(np.negative, -1)
elementwise(np.positive, 1)
elementwise(np.reciprocal, lambda c, y, _x: -c * (y * y))
elementwise(np.square, lambda c, _y, x: c * (x + x))
elementwise(np.sqrt, lambda c, y, _x: c * 0.5 / y)
elementwise(np.cbrt, lambda c, y, _x: c / (3 * (y * y)))
elementwise(power, _power_by, internal=True)
elementwise(np.power, _power_base, _power_exponent)
elementwise(np.float_power, _power_base, _power_exponent)
elementwise(np.floor_divide, 0, 0)
elementwise(np.remainder, 1, lambda c, _y, a, b: -c * np.floor_divide(a, b))
elementwise(np.fmod, 1, lambda c, y, a, b: -c * np.rint((a - y) / b))  # a / b may round up to a whole number
elementwise(np.absolute, _absolute)
elementwise(np.fabs, lambda c, _y, x: c * np.sign(x))
elementwise(np.hypot, _over_norm, lambda c, y, _a, b: _over_norm(c, y, b, None))

for _ufunc, _operator in {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.divide: operator.truediv,
}.items():
    RULES[_ufunc].operator = _operator

# --- exponentials and logarithms

elementwise(np.exp, lambda c, y, _x: c * y)
elementwise(np.exp2, lambda c, y, _x: c * (y * LN2))
elementwise(np.expm1, lambda c, _y, x: c * np.exp(x))
elementwise(np.log, lambda c, _y, x: c / x)
elementwise(np.log2, lambda c, _y, x: c / (x * LN2))
elementwise(np.log10, lambda c, _y, x: c / (x * LN10))
elementwise(np.log1p, lambda c, _y, x: c / (1 + x))
elementwise(np.logaddexp, lambda c, _y, a, b: c * logistic(a - b), lambda c, _y, a, b: c * logistic(b - a))
elementwise(
    np.logaddexp2, lambda c, _y, a, b: c * logistic((a - b) * LN2), lambda c, _y, a, b: c * logistic((b - a) * LN2)
)
elementwise(logistic, lambda c, y, x: c * (y * logistic(-x)))

# --- trigonometric and hyperbolic functions

elementwise(np.sin, lambda c, _y, x: c * np.cos(x))
elementwise(np.cos, lambda c, _y, x: -c * np.sin(x))
elementwise(np.tan, _tan)
elementwise(np.arcsin, lambda c, _y, x: c / _arc(x))
elementwise(np.arccos, lambda c, _y, x: -c / _arc(x))
elementwise(np.arctan, _arctan)
elementwise(np.arctan2, lambda c, _y, a, b: _arctan2(c, b, a, b), lambda c, _y, a, b: _arctan2(-c, a, a, b))
elementwise(np.sinh, lambda c, _y, x: c * np.cosh(x))
elementwise(np.cosh, lambda c, _y, x: c * np.sinh(x))
elementwise(np.tanh, lambda c, y, x: c * sech_squared(x, y))
elementwise(sech_squared, lambda c, z, _x, y: c * (-2 * (y * z)), 0)
elementwise(np.arcsinh, _arcsinh)
elementwise(np.arccosh, lambda c, _y, x: c / (np.sqrt(x - 1) * np.sqrt(x + 1)))
elementwise(np.arctanh, lambda c, _y, x: c / ((1 - x) * (1 + x)))
elementwise(np.degrees, 180 / np.pi)
elementwise(np.rad2deg, 180 / np.pi)
elementwise(np.radians, np.pi / 180)
elementwise(np.deg2rad, np.pi / 180)
elementwise(np.sinc, lambda c, _y, x: c * sinc_derivative(x, order=1))
elementwise(sinc_derivative, lambda c, _y, x, order: c * sinc_derivative(x, order=order + 1), internal=True)
elementwise(np.i0, lambda c, _y, x: c * bessel_i(x, order=1))
elementwise(
    bessel_i,
    lambda c, _y, x, order: c * 0.5 * (bessel_i(x, order=abs(order - 1)) + bessel_i(x, order=order + 1)),
    internal=True,
)

# --- choosing, rounding, taking apart

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
