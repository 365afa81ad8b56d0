"""SymPy expressions as NumPy functions, which can be differentiated like any other."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from autodiff.arraylike import getitem, power
from autodiff.assignment import index_update
from autodiff.extras import required
from autodiff.operands import as_operand, dtype_of, is_traced, plain, shape_of


def from_sympy(expression: Any, symbols: Any = None) -> Callable:
    """Return a NumPy function that evaluates a SymPy expression, entry by entry with broadcasting.

    Parameters
    ----------
    expression : Expr, or Matrix, Array or list of them
        Of functions that NumPy has. A `Piecewise` is evaluated on each piece's own entries alone, so
        that its derivative is right at the edge of a domain too.
    symbols : Symbol or sequence of Symbols, optional
        The arguments of the function, in order; by default the symbols of the expression by name.

    Returns
    -------
    callable
        Takes floats, arrays or traced values, one for each symbol. Of a matrix of expressions, the
        result has the shape of the matrix, followed by that of the arguments.

    Raises
    ------
    ImportError
        Without SymPy: the extra `symbolic`.
    TypeError
        If something in the expression has no NumPy function.
    ValueError
        If a symbol of the expression is not among `symbols`.

    Examples
    --------
    >>> import sympy, autodiff as ad
    >>> x, y = sympy.symbols("x y")
    >>> f = ad.from_sympy(sympy.exp(-x * y) / x, [x, y])
    >>> print(f(2.0, np.array([0.0, 1.0])))
    [0.5        0.06766764]
    >>> print(ad.grad(f, argnum=(0, 1))(2.0, 0.0))
    (np.float64(-0.25), np.float64(-1.0))
    """
    sympy = required("sympy", "symbolic", "from_sympy")
    expression = sympy.Array(expression) if isinstance(expression, (list, tuple)) else sympy.sympify(expression)
    if symbols is None:
        arguments = sorted(expression.free_symbols, key=str)
    else:
        arguments = list(symbols) if isinstance(symbols, (list, tuple)) else [symbols]
    unknown = sorted(map(str, expression.free_symbols - set(arguments)))
    if unknown:
        raise ValueError(
            f"from_sympy: every symbol must be an argument; got {', '.join(unknown)} besides "
            f"{', '.join(map(str, arguments)) or 'none'}. Pass them all in `symbols`, or put numbers in with .subs."
        )
    entries = expression.tolist() if hasattr(expression, "tolist") else expression
    shape = np.shape(np.array(entries, object))
    formulas = list(np.array(entries, object).flat)
    for formula in formulas:
        _check(formula)

    def function(*values: Any) -> Any:
        signature.bind(*values)
        environment = dict(zip(arguments, map(_as_float, map(as_operand, values)), strict=True))
        results = [_value(formula, environment) for formula in formulas]
        if not shape:
            return results[0]
        common = np.broadcast_shapes(*map(shape_of, results))
        return np.reshape(np.stack([np.broadcast_to(result, common) for result in results]), (*shape, *common))

    names = [str(symbol) if str(symbol).isidentifier() else f"x{i}" for i, symbol in enumerate(arguments)]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature([inspect.Parameter(name, kind) for name in names])
    function.__name__ = function.__qualname__ = "f"
    function.__doc__ = f"Return {expression}."
    function.__signature__ = signature  # type: ignore[attr-defined]
    return function


def _check(expression: Any) -> None:
    """Raise TypeError unless everything in an expression has a NumPy function."""
    from autodiff.readers.sympy_forms import INVERSE, sympy

    known = (sympy.Add, sympy.Mul, sympy.Pow, sympy.Piecewise, sympy.Symbol, *INVERSE)
    waiting = [expression]
    while waiting:
        part = waiting.pop()
        if isinstance(part, sympy.functions.elementary.piecewise.ExprCondPair):
            waiting += part.args
        elif part in (sympy.true, sympy.false) or (isinstance(part, sympy.Expr) and part.is_number and part.is_real):
            continue
        elif isinstance(part, known) and not (part.func is sympy.besseli and not part.args[0].is_Integer):
            waiting += part.args
        else:
            raise TypeError(
                f"from_sympy: {type(part).__name__} has no NumPy function; got {part}. "
                "Write it with elementary functions (.doit(), .rewrite(…), .subs(…))."
            )


def _value(expression: Any, known: dict) -> Any:
    """Return the value of an expression, given those of its symbols; what stands in it twice is computed once."""
    if expression not in known:
        known[expression] = _computed(expression, known)
    return known[expression]


def _computed(expression: Any, known: dict) -> Any:
    from autodiff.readers.sympy_forms import FOLDED, INVERSE, sympy

    if expression in (sympy.true, sympy.false):
        return bool(expression)
    if expression.is_number:
        return float(expression)
    if isinstance(expression, sympy.Mul):
        return _product(expression, known)
    if isinstance(expression, sympy.Pow):
        return _power(expression, known)
    if isinstance(expression, sympy.Piecewise):
        return _pieces(expression, known)
    operands = [_value(operand, known) for operand in expression.args]
    if isinstance(expression, sympy.Add):
        return reduce(np.add, operands)
    function = INVERSE[expression.func]
    return reduce(function, operands) if expression.func in FOLDED else function(*operands)


def _product(expression: Any, known: dict) -> Any:
    """Return a product, as a quotient if powers with a negative exponent are among its factors."""
    from autodiff.readers.sympy_forms import sympy

    below = [1 / factor for factor in expression.args if _is_inverse(factor)]
    above = [factor for factor in expression.args if not _is_inverse(factor)]
    numerator = reduce(np.multiply, [_value(factor, known) for factor in above or [sympy.S.One]])
    if not below:
        return numerator
    return np.divide(numerator, reduce(np.multiply, [_value(factor, known) for factor in below]))


def _is_inverse(factor: Any) -> bool:
    return bool(factor.is_Pow and factor.exp.is_Rational and factor.exp.is_negative)


def _power(expression: Any, known: dict) -> Any:
    from autodiff.readers.sympy_forms import sympy

    base, exponent = expression.args
    if _is_inverse(expression):
        return np.divide(1.0, _value(1 / expression, known))
    if base == sympy.E:
        return np.exp(_value(exponent, known))
    if exponent == sympy.Rational(1, 2):
        return np.sqrt(_value(base, known))
    if exponent.is_number:
        return power(_value(base, known), exponent=int(exponent) if exponent.is_Integer else float(exponent))
    return np.power(_value(base, known), _value(exponent, known))


def _as_float(x: Any) -> Any:
    return float(x) if x.__class__ is int else x


def _pieces(expression: Any, known: dict) -> Any:
    """Return a Piecewise, each branch evaluated on its own entries alone; NaN where no condition holds.

    Under recording, where the graph must show all branches, it is np.where of them.
    """
    conditions = [plain(_value(condition, known)) for _, condition in expression.args]
    if is_traced(conditions):
        with np.errstate(all="ignore"):  # entries of another branch
            branches = [_value(branch, dict(known)) for branch, _ in expression.args]
            return reduce(_chosen_before, reversed(list(zip(branches, conditions, strict=True))), np.nan)
    symbols = sorted(expression.free_symbols, key=str)
    values = [known[symbol] for symbol in symbols]
    shape = np.broadcast_shapes(*map(shape_of, values))
    flat = [np.reshape(np.broadcast_to(value, shape), -1) for value in values]
    y: Any = np.full(int(np.prod(shape)), np.nan, np.result_type(*map(dtype_of, values)))
    left = np.ones(y.shape, bool)
    for (branch, _), condition in zip(expression.args, conditions, strict=True):
        here = left & np.reshape(np.broadcast_to(condition, shape), -1)
        own = np.flatnonzero(here)
        if own.size:
            entries = [getitem(value, index=own) for value in flat]
            y = index_update(y, _value(branch, dict(zip(symbols, entries, strict=True))), index=own)
        left = left & ~here
    return np.reshape(y, shape)[()]


def _chosen_before(rest: Any, piece: tuple) -> Any:
    branch, condition = piece
    return branch if condition is True else np.where(condition, branch, rest)
