"""`scipy.linalg`, where the functions of matrices below have derivatives.

Every other name is SciPy's own, which refuses traced values.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg as _linalg

from autodiff.operands import as_operand, shape_of
from autodiff.rules.conjugates import conjugated
from autodiff.rules.elementwise import match
from autodiff.rules.general import general
from autodiff.scipy.functions import Function, defined

__all__ = list(_linalg.__all__)


def __getattr__(name: str) -> Any:
    return getattr(_linalg, name)


inv = defined("scipy.linalg.inv", _linalg.inv, lambda a, overwrite_a=False, check_finite=True: np.linalg.inv(a))  # noqa: ARG005
det = defined("scipy.linalg.det", _linalg.det, lambda a, overwrite_a=False, check_finite=True: np.linalg.det(a))  # noqa: ARG005
solve = defined("scipy.linalg.solve", _linalg.solve, lambda a, b: np.linalg.solve(a, b))


def outer(a: Any, b: Any) -> Any:
    """Return a bᵀ of two vectors, or of two matrices."""
    return a[:, None] * b[None, :] if len(shape_of(a)) == 1 else a @ b.mT


# --- triangular matrices ---------------------------------------------------------------------------

_triangular = Function(_linalg.solve_triangular, "scipy.linalg.solve_triangular")


def _triangular_matrix(ct: Any, x: Any, a: Any, _b: Any, trans: int, lower: bool, unit_diagonal: bool) -> Any:
    """∓A⁻ᵀ ct xᵀ, or its transpose, on the triangle that is read."""
    ct_b = _triangular(a, ct, trans=1 - trans, lower=lower, unit_diagonal=unit_diagonal)
    ct_a = -(outer(x, ct_b) if trans else outer(ct_b, x))
    diagonal = 1 if unit_diagonal else 0
    return np.tril(ct_a, -diagonal) if lower else np.triu(ct_a, diagonal)


general(
    _triangular,
    _triangular_matrix,
    lambda ct, _x, a, _b, trans, lower, unit_diagonal: _triangular(
        a, ct, trans=1 - trans, lower=lower, unit_diagonal=unit_diagonal
    ),
    parameters=["trans", "lower", "unit_diagonal"],
)


def solve_triangular(
    a: Any,
    b: Any,
    trans: int | str = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,  # noqa: ARG001 - SciPy's signature
    check_finite: bool = True,  # noqa: ARG001
) -> Any:
    """Solve a x = b for a triangular matrix. See `scipy.linalg.solve_triangular`."""
    number = {"N": 0, "T": 1, "C": 2}.get(trans, trans) if isinstance(trans, str) else trans
    a, b = as_operand(a), as_operand(b)
    if len(shape_of(a)) != 2:
        raise ValueError(
            f"scipy.linalg.solve_triangular: is differentiated for one matrix; got shape {shape_of(a)}. "
            "Solve for each matrix of the stack, or use np.linalg.solve."
        )
    return _triangular(
        conjugated(a) if number == 2 else a, b, trans=min(number, 1), lower=lower, unit_diagonal=unit_diagonal
    )


# --- banded matrices: ab[u + i - j, j] = a[i, j] ----------------------------------------------------

_banded = Function(lambda ab, b, *, l, u: _linalg.solve_banded((l, u), ab, b), "scipy.linalg.solve_banded")  # noqa: E741


def _transposed_bands(ab: Any, l: int, u: int) -> Any:  # noqa: E741
    rows, columns = np.ogrid[: l + u + 1, : shape_of(ab)[1]]
    origin = columns + rows - l
    inside = (origin >= 0) & (origin < shape_of(ab)[1])
    return np.where(inside, ab[l + u - rows, np.where(inside, origin, 0)], 0.0)


def _banded_matrix(ct: Any, x: Any, ab: Any, _b: Any, l: int, u: int) -> Any:  # noqa: E741
    """-A⁻ᵀ ct xᵀ on the bands."""
    ct_b = _banded(_transposed_bands(ab, l, u), ct, l=u, u=l)
    rows, columns = np.ogrid[: l + u + 1, : shape_of(ab)[1]]
    i = columns + rows - u
    inside = (i >= 0) & (i < shape_of(ab)[1])
    products = ct_b[np.where(inside, i, 0)] * x
    if len(shape_of(x)) > 1:
        products = np.sum(products, axis=-1)
    return np.where(inside, -products, 0.0)


general(
    _banded,
    _banded_matrix,
    lambda ct, _x, ab, _b, l, u: _banded(_transposed_bands(ab, l, u), ct, l=u, u=l),  # noqa: E741
    parameters=["l", "u"],
)


def solve_banded(
    l_and_u: Any,
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,  # noqa: ARG001
    overwrite_b: bool = False,  # noqa: ARG001
    check_finite: bool = True,  # noqa: ARG001
) -> Any:
    """Solve a x = b for a banded matrix given by its bands. See `scipy.linalg.solve_banded`."""
    lower, upper = l_and_u
    return _banded(as_operand(ab), as_operand(b), l=int(lower), u=int(upper))


# --- matrix equations and functions ----------------------------------------------------------------

solve_sylvester = Function(_linalg.solve_sylvester, "scipy.linalg.solve_sylvester")
general(
    solve_sylvester,
    lambda ct, x, a, b, _q: -(solve_sylvester(a.mT, b.mT, ct) @ x.mT),
    lambda ct, x, a, b, _q: -(x.mT @ solve_sylvester(a.mT, b.mT, ct)),
    lambda ct, _x, a, b, _q: solve_sylvester(a.mT, b.mT, ct),
)

sqrtm = Function(_linalg.sqrtm, "scipy.linalg.sqrtm")
general(sqrtm, lambda ct, y, _a: solve_sylvester(y.mT, y.mT, ct))


def _expm(ct: Any, _y: Any, a: Any) -> Any:
    """The derivative of exp at Aᵀ along ct: the corner of exp of [[Aᵀ, ct], [0, Aᵀ]] (Mathias 1996)."""
    n = shape_of(a)[-1]
    above = np.concatenate([a.mT, ct], axis=-1)
    below = np.concatenate([np.zeros_like(a), a.mT], axis=-1)
    return match(expm(np.concatenate([above, below], axis=-2))[..., :n, n:], a)


expm = Function(_linalg.expm, "scipy.linalg.expm")
general(expm, _expm)
