"""How many floating-point operations (FLOP) one step of a program is, from shapes alone.

Conventions, the usual ones where there are any (Golub & Van Loan 2013, "Matrix Computations"):

    elementwise            1 for each entry of the result; a transcendental function is one too,
                           unless another weight is asked for; so are a comparison and a choice
    sum of n numbers       n − 1; a mean n; a variance 4 n
    product of matrices    2 m n k for (m, k) by (k, n): a multiplication and an addition each
    solution, inverse      ⅔ n³ + 2 n² k for k right sides; 2 n³
    moves                  0: reshape, transpose, indexing, joining, broadcasting, conversions

Functions that are written in others count as these do. What remains counts as one operation
for each entry of the result, and is named.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log2, prod, sqrt
from typing import Any, NamedTuple

import numpy as np

from autodiff.assignment import astype, index_update
from autodiff.dispatch import RULES, Operation
from autodiff.graph import Graph, Node
from autodiff.operands import shape_of, size_of
from autodiff.readers.recording import recorded_definition
from autodiff.rules.affine import _affine
from autodiff.rules.einsum import contracted, parse
from autodiff.rules.indexing import may_repeat, scatter, select
from autodiff.rules.special import bessel_i, clamp, logistic, sech_squared, sinc_derivative

TRANSCENDENTAL: list[Any] = [
    np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p, np.logaddexp, np.logaddexp2, logistic, np.power,
    np.float_power, np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan, np.arctan2, np.sinh, np.cosh, np.tanh,
    np.arcsinh, np.arccosh, np.arctanh, np.sinc, sinc_derivative, np.i0, bessel_i, np.cbrt,
]  # fmt: skip
FREE: list[Any] = [np.positive, np.copy, np.conjugate, np.real, np.imag, np.real_if_close, astype, index_update]
EXTRA = {logistic: 2, sech_squared: 1, clamp: 1}
"""Elementwise operations of our own that are made of more than one: how many more."""


class Count(NamedTuple):
    """Work: steps that compute something, and the operations on single numbers they are."""

    operations: int = 0
    flop: float = 0

    def __add__(self, other: Any) -> Count:
        return Count(self.operations + other.operations, self.flop + other.flop)


def _matrices(formula: Callable[[int, int, int], float]) -> Callable[[Node], float]:
    """Return the count of a function of matrices (…, m, n) with k further columns: formula(m, n, k) for each."""

    def count(node: Node) -> float:
        x, *rest = [shape_of(_value(operand)) for operand in node.operands]
        columns = rest[0][-1] if rest and len(rest[0]) > 1 else 1
        return prod(x[:-2]) * formula(x[-2], x[-1], columns)

    return count


def _value(operand: Any) -> Any:
    return operand.value if isinstance(operand, Node) else operand


def _first(node: Node) -> int:
    return size_of(_value(node.operands[0]))


def _sizes(node: Node) -> list[int]:
    return [size_of(_value(operand)) for operand in node.operands]


def _result(node: Node) -> int:
    if isinstance(node.value, (tuple, list)):
        return sum(map(size_of, node.value))
    return size_of(node.value)


def _matmul(node: Node) -> float:
    return 2.0 * _result(node) * shape_of(_value(node.operands[0]))[-1]


def _contraction(node: Node) -> float:
    """Of (f, k) by (k, g) to (f, g): f g k is the root of the product of the sizes."""
    a, b = _sizes(node)
    return 2.0 * sqrt(a * b * _result(node))


def _einsum(node: Node) -> float:
    """One multiplication for each further operand, and an addition, over all values of all indices."""
    shapes = [shape_of(_value(operand)) for operand in node.operands]
    inputs, _ = parse(node.parameters["subscripts"], tuple(map(len, shapes)))
    lengths: dict[str, int] = {}
    for letters, shape in zip(inputs, shapes, strict=True):
        lengths.update(zip(letters, shape, strict=True))
    return float(len(inputs) * prod(lengths.values()))


_COUNTS: list[tuple[list[Any], Callable[[Node], float]]] = [
    ([np.sum, np.max, np.min, np.nanmax, np.nanmin], lambda node: max(_first(node) - _result(node), 0)),
    ([np.mean, np.cumsum], _first),
    ([np.var, np.nanvar], lambda node: 4 * _first(node)),
    ([np.std, np.nanstd], lambda node: 4 * _first(node) + _result(node)),
    ([select], _result),
    ([scatter], lambda node: _first(node) if may_repeat(node.parameters["index"]) else 0),
    ([np.matmul], _matmul),
    ([_affine], lambda node: _matmul(node) + _result(node)),
    ([np.dot, np.inner, np.tensordot, np.vdot], _contraction),
    ([np.outer], _result),
    ([contracted], _einsum),
    ([np.convolve, np.correlate], lambda node: 2 * prod(_sizes(node))),
    ([np.linalg.solve], _matrices(lambda _m, n, k: 2 / 3 * n**3 + 2 * n**2 * k)),
    ([np.linalg.inv], _matrices(lambda _m, n, _k: 2 * n**3)),
    ([np.linalg.det, np.linalg.slogdet], _matrices(lambda _m, n, _k: 2 / 3 * n**3)),
    ([np.linalg.cholesky], _matrices(lambda _m, n, _k: n**3 / 3)),
    ([np.linalg.eigh, np.linalg.eigvalsh], _matrices(lambda _m, n, _k: 9 * n**3)),
    ([np.linalg.eig, np.linalg.eigvals], _matrices(lambda _m, n, _k: 25 * n**3)),
]
FLOP = {RULES[function]: count for functions, count in _COUNTS for function in functions}
_FREE = {RULES[function] for function in FREE}
_TRANSCENDENTAL = {RULES[function] for function in TRANSCENDENTAL}


class Counter:
    """Counts the work of graphs.

    Parameters
    ----------
    transcendental : float
        How many FLOP a transcendental function of one number is.

    Attributes
    ----------
    estimated : set of str
        The functions that were counted as one operation for each entry, for want of a better rule.
    """

    def __init__(self, transcendental: float = 1) -> None:
        self.transcendental = transcendental
        self.estimated: set[str] = set()
        self._inside: list[Any] = []

    def graph(self, graph: Graph) -> Count:
        """Return the work of all operations."""
        return sum(map(self.node, graph.operations), Count())

    def node(self, node: Node) -> Count:
        """Return the work of one operation: none if it only moves numbers."""
        if node.primitive is None or node.primitive in _FREE:
            return Count()
        if node.primitive in FLOP:
            flop = FLOP[node.primitive](node)
        elif node.primitive.family == "elementwise":
            flop = _result(node) * self._weight(node)
        elif node.primitive.family == "constant":
            flop = _result(node) if isinstance(node.primitive.function, np.ufunc) else 0
        elif node.primitive.family == "linear":
            flop = 0
        else:
            return self._written_in_others(node)
        return Count(1, flop) if flop else Count()

    def _weight(self, node: Node) -> float:
        one = self.transcendental if node.primitive in _TRANSCENDENTAL else 1
        return one + EXTRA.get(node.primitive.function, 0)

    def _written_in_others(self, node: Node) -> Count:
        what = node.parameters["call"].function if "call" in node.parameters else node.primitive.function
        if what not in self._inside and ("call" in node.parameters or isinstance(what, Operation)):
            self._inside.append(what)
            try:
                graph = recorded_definition(node)
                if graph is not None:
                    return self.graph(graph)
            finally:
                self._inside.pop()
        elif what in (np.sort, np.partition, np.argsort):
            return Count(1, _first(node) * max(log2(max(_first(node), 1)), 1))
        self.estimated.add(getattr(what, "__name__", node.primitive.name))
        return Count(1, _result(node))
