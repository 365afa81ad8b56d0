"""What each NumPy function is in SymPy: one table, of values alone; no derivative stands here.

All symbols are finite and real. Conventions where the two libraries differ:

    maximum, minimum, clip, max, min   Max, Min          where, piecewise     Piecewise
    absolute, sign, floor, ceil        Abs, sign, …      trunc, rint, round   by floor
    cbrt                               sign(x) |x|^⅓     remainder            Mod, the divisor's sign
    isnan, isinf                       false             isfinite             true
    heaviside(x, h)                    Heaviside(x, h)   copysign             (−0.0 counts as positive)
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from autodiff.arraylike import power
from autodiff.assignment import astype
from autodiff.extras import required
from autodiff.rules.special import bessel_i, clamp, fraction, logistic, sech_squared, sinc_derivative

sympy: Any = required("sympy", "symbolic", "to_sympy and from_sympy")

LARGEST_DENOMINATOR = 1000
CONSTANTS = [sympy.S.One, sympy.pi, 1 / sympy.pi, sympy.E, sympy.log(2), sympy.log(10)]


def exact(x: Any) -> Any:
    """Return a number as SymPy's.

    A float that is nearest to a small fraction, or to such a multiple of π, 1/π, e, ln 2 or ln 10
    (the constants of the rules), is taken to be that; any other stays a float.
    """
    if isinstance(x, np.ndarray):  # of one entry: NumPy stores it so in an array of objects
        x = x.item()
    if isinstance(x, (bool, np.bool_, sympy.Basic)):
        return sympy.sympify(x)
    if not isinstance(x, (float, np.floating)):
        return sympy.sympify(x.item() if isinstance(x, np.generic) else x)
    if not np.isfinite(x):
        return sympy.nan if np.isnan(x) else sympy.oo * int(np.sign(x))
    for constant in CONSTANTS:
        unit = float(constant)
        near = Fraction(float(x) / unit).limit_denominator(LARGEST_DENOMINATOR)
        if type(x)(float(near) * unit) == x and (near or x == 0):
            return sympy.Rational(near.numerator, near.denominator) * constant
    return sympy.Float(float(x))


def is_condition(x: Any) -> bool:
    """Tell whether an entry is true or false, not a number (SymPy's symbols could be either)."""
    return isinstance(x, sympy.logic.boolalg.Boolean) and not isinstance(x, sympy.Expr)


def as_number(x: Any) -> Any:
    """Return an entry as an expression: a condition is 1 where it holds, else 0."""
    x = exact(x)
    return sympy.Piecewise((1, x), (0, True)) if is_condition(x) else x


def piecewise(condition: Any, a: Any, b: Any) -> Any:
    """Return `a` where the condition holds, else `b`."""
    condition = exact(condition)
    if not is_condition(condition):
        condition = sympy.Ne(condition, 0)
    a = as_number(a).xreplace({condition: sympy.true})  # what is chosen again by the same condition
    b = as_number(b).xreplace({condition: sympy.false})
    rest = b.args if isinstance(b, sympy.Piecewise) else [(b, True)]
    return sympy.Piecewise((a, condition), *rest)


def _truncated(x: Any) -> Any:
    return sympy.sign(x) * sympy.floor(sympy.Abs(x))


def _rounded(x: Any, decimals: int = 0) -> Any:
    """To the nearest whole number (or decimal), of two the even one."""
    scaled = x * sympy.Integer(10) ** decimals
    above = sympy.floor(scaled + sympy.Rational(1, 2))
    half_way = sympy.Eq(above, scaled + sympy.Rational(1, 2)) & sympy.Eq(sympy.Mod(above, 2), 1)
    return sympy.Piecewise((above - 1, half_way), (above, True)) / sympy.Integer(10) ** decimals


def _signed_one(x: Any) -> Any:
    return sympy.Piecewise((-1, x < 0), (1, True))


def _sinc_derivative(x: Any, order: int) -> Any:
    """x f⁽ⁿ⁾ = πⁿ⁻¹ sin(πx + nπ/2) − n f⁽ⁿ⁻¹⁾, and the limit at 0."""
    f = sympy.sin(sympy.pi * x) / (sympy.pi * x)
    for n in range(1, order + 1):
        f = (sympy.pi ** (n - 1) * sympy.sin(sympy.pi * x + n * sympy.pi / 2) - n * f) / x
    limit = 0 if order % 2 else (-1) ** (order // 2) * sympy.pi**order / (order + 1)
    return sympy.Piecewise((f, sympy.Ne(x, 0)), (limit, True))


FORMS: dict[Any, Callable[..., Any]] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.divide: operator.truediv,
    np.negative: operator.neg,
    np.positive: operator.pos,
    np.reciprocal: lambda x: 1 / x,
    np.square: lambda x: x**2,
    np.sqrt: sympy.sqrt,
    np.cbrt: lambda x: sympy.sign(x) * sympy.Abs(x) ** sympy.Rational(1, 3),
    power: lambda x, exponent: x ** exact(exponent),
    np.power: operator.pow,
    np.float_power: operator.pow,
    np.floor_divide: lambda a, b: sympy.floor(a / b),
    np.remainder: sympy.Mod,
    np.fmod: lambda a, b: a - b * _truncated(a / b),
    np.absolute: sympy.Abs,
    np.fabs: sympy.Abs,
    np.hypot: lambda a, b: sympy.sqrt(a**2 + b**2),
    np.exp: sympy.exp,
    np.exp2: lambda x: sympy.Integer(2) ** x,
    np.expm1: lambda x: sympy.exp(x) - 1,
    np.log: sympy.log,
    np.log2: lambda x: sympy.log(x) / sympy.log(2),
    np.log10: lambda x: sympy.log(x) / sympy.log(10),
    np.log1p: lambda x: sympy.log(1 + x),
    np.logaddexp: lambda a, b: sympy.log(sympy.exp(a) + sympy.exp(b)),
    np.logaddexp2: lambda a, b: sympy.log(sympy.Integer(2) ** a + sympy.Integer(2) ** b) / sympy.log(2),
    logistic: lambda x: 1 / (1 + sympy.exp(-x)),
    np.sin: sympy.sin,
    np.cos: sympy.cos,
    np.tan: sympy.tan,
    np.arcsin: sympy.asin,
    np.arccos: sympy.acos,
    np.arctan: sympy.atan,
    np.arctan2: sympy.atan2,
    np.sinh: sympy.sinh,
    np.cosh: sympy.cosh,
    np.tanh: sympy.tanh,
    sech_squared: lambda _x, y: 1 - y**2,
    np.arcsinh: sympy.asinh,
    np.arccosh: sympy.acosh,
    np.arctanh: sympy.atanh,
    np.degrees: lambda x: x * 180 / sympy.pi,
    np.rad2deg: lambda x: x * 180 / sympy.pi,
    np.radians: lambda x: x * sympy.pi / 180,
    np.deg2rad: lambda x: x * sympy.pi / 180,
    np.sinc: lambda x: sympy.sinc(sympy.pi * x),
    sinc_derivative: _sinc_derivative,
    np.i0: lambda x: sympy.besseli(0, x),
    bessel_i: lambda x, order: sympy.besseli(order, x),
    np.maximum: sympy.Max,
    np.minimum: sympy.Min,
    np.fmax: sympy.Max,
    np.fmin: sympy.Min,
    clamp: lambda x, low, high: sympy.Min(sympy.Max(x, low), high),
    np.copysign: lambda a, b: sympy.Abs(a) * _signed_one(b),
    np.heaviside: sympy.Heaviside,
    np.sign: sympy.sign,
    np.floor: sympy.floor,
    np.ceil: sympy.ceiling,
    np.trunc: _truncated,
    np.fix: _truncated,
    np.rint: _rounded,
    np.round: _rounded,
    np.ldexp: lambda x, i: x * sympy.Integer(2) ** i,
    fraction: lambda x: x - _truncated(x),
    np.nan_to_num: lambda x, **_instead: x,
    np.copy: lambda x, **_options: x,
    astype: lambda x, **_dtype: x,
    np.conjugate: operator.pos,
    np.real: operator.pos,
    np.real_if_close: operator.pos,
    np.imag: lambda _x: sympy.Integer(0),
    np.isnan: lambda _x: sympy.false,
    np.isinf: lambda _x: sympy.false,
    np.isfinite: lambda _x: sympy.true,
    np.less: sympy.Lt,
    np.less_equal: sympy.Le,
    np.greater: sympy.Gt,
    np.greater_equal: sympy.Ge,
    np.equal: sympy.Eq,
    np.not_equal: sympy.Ne,
    np.logical_and: sympy.And,
    np.logical_or: sympy.Or,
    np.logical_not: sympy.Not,
    np.logical_xor: sympy.Xor,
    np.bitwise_and: sympy.And,
    np.bitwise_or: sympy.Or,
    np.bitwise_xor: sympy.Xor,
    np.invert: sympy.Not,
}
"""What a function does to one entry (of each operand), options by name."""

LOGICAL = {sympy.And, sympy.Or, sympy.Not, sympy.Xor}
"""Those that take conditions, not numbers."""

REDUCTIONS: dict[Any, Callable[..., Any]] = {
    np.max: sympy.Max,
    np.min: sympy.Min,
    np.nanmax: sympy.Max,
    np.nanmin: sympy.Min,
    np.all: sympy.And,
    np.any: sympy.Or,
}
"""What a function makes of all entries along some axes."""


def _var(
    x: Any, axis: Any = None, ddof: Any = 0, keepdims: bool = False, correction: Any = None, dtype: Any = None
) -> Any:
    deviations = x - np.mean(x, axis=axis, keepdims=True)
    number = x.size if axis is None else np.prod([x.shape[a] for a in np.atleast_1d(axis)])
    left = int(number) - (ddof if correction is None else correction)
    return np.sum(deviations * deviations, axis=axis, keepdims=keepdims) / left


def _p_norm(x: Any, axis: Any = None, keepdims: bool = False, ord: Any = None) -> Any:
    if ord in (None, 2, "fro", "f"):
        return np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))
    return np.sum(np.abs(x) ** ord, axis=axis, keepdims=keepdims) ** (1 / ord)


DEFINITIONS: dict[str, Callable[..., Any]] = {
    "np.var": _var,
    "np.nanvar": _var,
    "np.std": lambda x, **options: np.sqrt(_var(x, **options)),
    "np.nanstd": lambda x, **options: np.sqrt(_var(x, **options)),
    "p_norm": _p_norm,
    "logaddexp_reduce": lambda x, axis=None, keepdims=False: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims)),
}
"""Functions of arrays that are written in others: NumPy code, run on symbols."""


def _of_matrices(function: Callable) -> Callable:
    """Return a function of SymPy matrices as one of object arrays."""

    def applied(*arrays: Any) -> Any:
        result = function(*[sympy.Matrix(a) for a in arrays])
        return np.array(result.tolist(), object) if isinstance(result, sympy.MatrixBase) else result

    return applied


def _solution(a: Any, b: Any) -> Any:
    x = np.array(sympy.Matrix(a).LUsolve(sympy.Matrix(b)).tolist(), object)
    return x[:, 0] if b.ndim == 1 else x


MATRICES: dict[str, Callable[..., Any]] = {
    "np.linalg.det": _of_matrices(lambda a: a.det()),
    "np.linalg.inv": _of_matrices(lambda a: a.inv()),
    "cofactors": _of_matrices(lambda a: a.cofactor_matrix()),
    "np.linalg.solve": _solution,
}
"""Functions of matrices (no stacks of them), on arrays of entries."""

INVERSE = {form: function for function, form in reversed(FORMS.items()) if isinstance(form, type)}
INVERSE.update({
    sympy.sec: lambda x: 1.0 / np.cos(x),
    sympy.csc: lambda x: 1.0 / np.sin(x),
    sympy.cot: lambda x: 1.0 / np.tan(x),
    sympy.sech: lambda x: 1.0 / np.cosh(x),
    sympy.csch: lambda x: 1.0 / np.sinh(x),
    sympy.coth: lambda x: 1.0 / np.tanh(x),
    sympy.asec: lambda x: np.arccos(1.0 / x),
    sympy.acsc: lambda x: np.arcsin(1.0 / x),
    sympy.besseli: lambda order, x: np.i0(x) if order == 0 else bessel_i(x, order=abs(int(order))),
    sympy.sinc: lambda x: np.sinc(x / np.pi),
})  # fmt: skip
"""What each SymPy function is in NumPy: the table above, read backwards, and a few that NumPy lacks."""

FOLDED = {sympy.Max, sympy.Min, sympy.And, sympy.Or, sympy.Xor}
"""Those of them that take any number of arguments where NumPy's take two."""


def entrywise(form: Callable, *arrays: Any, **options: Any) -> np.ndarray:
    """Return `form` of the entries of arrays that are broadcast."""
    return np.asarray(np.frompyfunc(partial(form, **options), len(arrays), 1)(*arrays), object)
