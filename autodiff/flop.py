"""How many floating-point operations (FLOP) one call of a function is, from shapes alone.

Conventions, the usual ones where there are any (Golub & Van Loan 2013, "Matrix Computations"):

    elementwise            1 for each entry of the result; a transcendental function is one too,
                           unless another weight is asked for; so are a comparison and a choice
    sum of n numbers       n − 1; a mean n; a variance 4 n
    product of matrices    2 m n k for (m, k) by (k, n): a multiplication and an addition each
    solution, inverse      ⅔ n³ + 2 n² k for k right sides; 2 n³
    sorting n numbers      n log₂ n
    moves                  0: reshape, transpose, indexing, joining, broadcasting, conversions

This is the only place that knows: graphs, compiled programs and the summary of a model are counted with it. An
operation of one's own says what it costs by `ad.primitive(...).defflop(...)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import log2, prod, sqrt
from typing import Any

import numpy as np

from autodiff.assignment import astype, index_update
from autodiff.dispatch import RULES
from autodiff.operands import shape_of, size_of
from autodiff.rules.affine import _affine
from autodiff.rules.einsum import contracted, parse
from autodiff.rules.indexing import may_repeat, scatter, select
from autodiff.rules.linear import filled, reshaped
from autodiff.rules.reductions import products_of_others
from autodiff.rules.special import bessel_i, clamp, logistic, sech_squared, sinc_derivative

TRANSCENDENTAL = frozenset({
    np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p, np.logaddexp, np.logaddexp2, logistic, np.power,
    np.float_power, np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan, np.arctan2, np.sinh, np.cosh, np.tanh,
    np.arcsinh, np.arccosh, np.arctanh, np.sinc, sinc_derivative, np.i0, bessel_i, np.cbrt,
})  # fmt: skip
EXTRA = {logistic: 2, sech_squared: 1, clamp: 1}
"""Elementwise operations of our own that are made of more than one: how many more."""

FLOP: dict[Callable, Callable[..., float]] = {}
"""What functions cost that are not elementwise: `formula(y, *operands, **parameters)`, y being the result."""


def flop(function: Any, y: Any, operands: Sequence, parameters: Mapping, transcendental: float = 1) -> float | None:
    """Return the FLOP of y = function(*operands, **parameters); None where no formula is known.

    Examples
    --------
    >>> W, x = np.ones((3, 4)), np.ones(4)
    >>> flop(np.matmul, W @ x, [W, x], {})
    24.0
    >>> flop(np.exp, np.exp(x), [x], {}, transcendental=10)
    40
    """
    if function in FLOP:
        return FLOP[function](y, *operands, **parameters)
    family = getattr(RULES.get(function), "family", None)
    if family == "elementwise" or (isinstance(function, np.ufunc) and function.signature is None):
        return entries(y) * ((transcendental if function in TRANSCENDENTAL else 1) + EXTRA.get(function, 0))
    return 0 if family in ("linear", "constant") else None


def cost(functions: Iterable[Any], formula: Callable[..., float]) -> None:
    """Say what functions cost; of an operation of our own, in compiled programs too, where its implementation runs."""
    for function in functions:
        FLOP[function] = FLOP[getattr(function, "implementation", function)] = formula


def entries(y: Any) -> int:
    """Return the number of entries of a result, which may be several arrays."""
    return sum(map(size_of, y)) if isinstance(y, (tuple, list)) else size_of(y)


def _reduction(y: Any, x: Any, **_: Any) -> int:
    return max(size_of(x) - entries(y), 0)


def _sorting(_y: Any, x: Any, axis: int | None = -1, *_args: Any, **_: Any) -> float:
    shape = shape_of(x)
    n = shape[axis] if shape and axis is not None else size_of(x)
    return size_of(x) * log2(max(n, 2))


def _matmul(y: Any, a: Any, _b: Any, **_: Any) -> float:
    return 2.0 * entries(y) * shape_of(a)[-1]


def _contraction(y: Any, a: Any, b: Any, **_: Any) -> float:
    """Of (f, k) by (k, g) to (f, g): f g k is the root of the product of the sizes."""
    return 2.0 * sqrt(size_of(a) * size_of(b) * entries(y))


def _einsum(_y: Any, *operands: Any, subscripts: str, **_: Any) -> float:
    """One multiplication for each further operand, and an addition, over all values of all indices."""
    shapes = list(map(shape_of, operands))
    inputs, _output = parse(subscripts, tuple(map(len, shapes)))
    lengths: dict[str, int] = {}
    for letters, shape in zip(inputs, shapes, strict=True):
        lengths.update(zip(letters, shape, strict=True))
    return float(len(inputs) * prod(lengths.values()))


def _matrices(formula: Callable[[int, int], float]) -> Callable[..., float]:
    """Return the count of a function of square matrices (…, n, n) with k right sides: formula(n, k) for each."""

    def count(_y: Any, a: Any, b: Any = None, **_: Any) -> float:
        *stack, _rows, n = shape_of(a)
        return prod(stack) * formula(n, shape_of(b)[-1] if np.ndim(b) > 1 else 1)

    return count


cost([np.positive, np.copy, np.conjugate, np.real, np.imag, np.real_if_close, astype], lambda _y, *_, **__: 0)
cost([index_update, filled, reshaped], lambda _y, *_, **__: 0)
cost([np.sum, np.prod, np.max, np.min, np.nanmax, np.nanmin], _reduction)
cost([ufunc.reduce for ufunc in (np.add, np.multiply, np.maximum, np.minimum)], _reduction)
cost([products_of_others], lambda y, *_, **__: entries(y))
cost([np.mean, np.cumsum], lambda _y, x, **_: size_of(x))
cost([np.var, np.nanvar], lambda _y, x, **_: 4 * size_of(x))
cost([np.std, np.nanstd], lambda y, x, **_: 4 * size_of(x) + entries(y))
cost([np.sort, np.argsort], _sorting)
cost([np.partition], lambda y, x, _kth=None, axis=-1, **_: _sorting(y, x, axis))
cost([select], lambda y, *_, **__: entries(y))
cost([scatter], lambda _y, x, *, index, **_: size_of(x) if may_repeat(index) else 0)
cost([np.matmul], _matmul)
cost([_affine], lambda y, x, w, _b, **_: _matmul(y, x, w) + entries(y))
cost([np.dot, np.inner, np.tensordot, np.vdot], _contraction)
cost([np.outer], lambda y, *_, **__: entries(y))
cost([contracted], _einsum)
cost([np.convolve, np.correlate], lambda _y, a, b, **_: 2 * size_of(a) * size_of(b))
cost([np.linalg.solve], _matrices(lambda n, k: 2 / 3 * n**3 + 2 * n**2 * k))
cost([np.linalg.inv], _matrices(lambda n, _k: 2 * n**3))
cost([np.linalg.det, np.linalg.slogdet], _matrices(lambda n, _k: 2 / 3 * n**3))
cost([np.linalg.cholesky], _matrices(lambda n, _k: n**3 / 3))
cost([np.linalg.eigh, np.linalg.eigvalsh], _matrices(lambda n, _k: 9 * n**3))
cost([np.linalg.eig, np.linalg.eigvals], _matrices(lambda n, _k: 25 * n**3))
