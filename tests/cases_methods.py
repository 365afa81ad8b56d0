"""Rows of `tests.cases`: `reduce`, `accumulate`, `reduceat` and `outer` of every ufunc of two operands.

Each takes its arrays from where the ufunc's own row does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autodiff.dispatch import RULES
from autodiff.primitives import Refused
from tests.cases import CASES as ROWS
from tests.cases import A, Case


def quotients(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Falling along the longest axis, so that a chain of remainders crosses no whole quotient."""
    ladder = np.array([17.3, 4.9, 1.9, 0.85, 0.3])[: max(shape)]
    return ladder.reshape([-1 if n == max(shape) else 1 for n in shape]) + rng.uniform(0.0, 1e-3, shape)


DOMAINS: dict[Any, Any] = {np.floor_divide: quotients, np.remainder: quotients, np.fmod: quotients}


def _methods(row: Case) -> Iterator[Case]:
    """Yield the rows of the methods of the row's ufunc that have a derivative."""
    ufunc: Any = row.function
    left, right = [a.domain for a in row.arrays]
    yield Case(ufunc.outer, A(2, domain=left), A(2, 3, domain=right), analytic=row.analytic)
    left = DOMAINS.get(ufunc, left)
    for case in (
        Case(ufunc.reduce, A(3, 2, domain=left), analytic=row.analytic),
        Case(ufunc.accumulate, A(2, 3, domain=left), axis=1, analytic=row.analytic),
        Case(ufunc.reduceat, A(5, domain=left), [0, 3, 1], analytic=row.analytic),
    ):
        if not isinstance(RULES[case.function], Refused):
            yield case


CASES = [
    case
    for row in ROWS
    if isinstance(row.function, np.ufunc) and row.function.nout == 1 and len(row.arrays) == 2 and row.free
    for case in _methods(row)
]
