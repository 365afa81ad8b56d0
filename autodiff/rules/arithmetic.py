"""Elementwise rules of arithmetic: sums, products, quotients, powers, roots and sizes."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autodiff.arraylike import power
from autodiff.dispatch import RULES
from autodiff.operands import dtype_of, is_complex
from autodiff.rules.casts import to_dtype
from autodiff.rules.conjugates import conjugated
from autodiff.rules.elementwise import elementwise


def _power_by(c: Any, _y: Any, x: Any, exponent: float) -> Any:
    if exponent == 0:
        return c * 0.0
    return c * (x + x) if exponent == 2 else c * (exponent * power(x, exponent=exponent - 1))


def by_base(c: Any, _y: Any, a: Any, b: Any) -> Any:
    """b aᵇ⁻¹, and 0 for b = 0, also at a = 0."""
    return np.where(b == 0, 0.0, c * (b * np.power(a, np.where(b == 0, 1.0, b - 1))))


def by_exponent(c: Any, y: Any, a: Any, b: Any) -> Any:
    """aᵇ log a, and its limit 0 at a = 0 for b ≥ 0."""
    if is_complex(y):  # then the logarithm of a negative number is that of a complex one
        a, b = to_dtype(a, dtype_of(y)), np.real(b)
    return c * (y * np.log(np.where((a == 0) & (b >= 0), 1.0, a)))


def _over_norm(c: Any, y: Any, a: Any, _b: Any) -> Any:
    """a / √(a² + b²); at the origin the subgradient of least norm, 0."""
    return c * (a / np.where(y == 0, 1.0, y))


def _absolute(c: Any, _y: Any, x: Any) -> Any:
    return c * conjugated(np.sign(x))


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
elementwise(np.power, by_base, by_exponent)
elementwise(np.float_power, by_base, by_exponent)
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
