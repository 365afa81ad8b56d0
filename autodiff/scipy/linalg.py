"""`scipy.linalg`, where the functions of matrices below have derivatives.

Every other name is SciPy's own, which refuses traced values and says what to write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import linalg as _linalg

from autodiff.operands import as_operand, dtype_of, is_traced, shape_of
from autodiff.rules.conjugates import conjugated, hermitian_part, in_conjugates
from autodiff.rules.decompositions import cholesky_cotangent
from autodiff.rules.elementwise import match
from autodiff.rules.general import general
from autodiff.rules.rearranging import rearranges
from autodiff.rules.spectra import apart, eigh_cotangent, svd_cotangent, svd_tangent, together
from autodiff.scipy.functions import Function, defined, others, refuse_if_differentiated

__all__ = list(_linalg.__all__)

_OF_TWO = "l = np.linalg.inv(np.linalg.cholesky(b)); values, u = np.linalg.eigh(l @ a @ l.T); vectors = l.T @ u"

__getattr__ = others(
    _linalg,
    {
        "cho_factor": "Use cholesky and solve_triangular.",
        "cho_solve": "Use cholesky and solve_triangular.",
        "cosm": "Use expm: cos A = Re exp(iA).",
        "eig": "Use np.linalg.eig.",
        "eigvals": "Use np.linalg.eigvals.",
        "eigvalsh": "Use eigh(a, eigvals_only=True).",
        "kron": "Use np.kron.",
        "lu": "Use qr of np.linalg, or np.linalg.solve.",
        "lu_factor": "Use np.linalg.solve with all right sides as columns.",
        "lu_solve": "Use np.linalg.solve with all right sides as columns.",
        "pinv": "Use np.linalg.pinv.",
        "pinvh": "Use np.linalg.pinv(a, hermitian=True).",
        "qr": "Use np.linalg.qr.",
        "sinm": "Use expm: sin A = Im exp(iA).",
        "solve_continuous_lyapunov": "Use solve_sylvester(a, np.conj(a).T, q).",
        "solve_lyapunov": "Use solve_sylvester(a, np.conj(a).T, q).",
        "solve_toeplitz": "Use np.linalg.solve with the matrix c[np.abs(i - j)].",
        "svdvals": "Use svd(a, compute_uv=False).",
        "toeplitz": "Use indexing: c[np.abs(np.arange(n)[:, None] - np.arange(n))].",
    },
)


def _without_overwriting(definition: Callable) -> Callable:
    """Return a definition that takes, and does not look at, SciPy's arguments about memory and finite numbers."""
    return lambda a, overwrite_a=False, check_finite=True: definition(a)  # noqa: ARG005


inv = defined("scipy.linalg.inv", _linalg.inv, _without_overwriting(np.linalg.inv))
det = defined("scipy.linalg.det", _linalg.det, _without_overwriting(np.linalg.det))
norm = defined(
    "scipy.linalg.norm",
    _linalg.norm,
    lambda a, ord=None, axis=None, keepdims=False, check_finite=True: np.linalg.norm(a, ord, axis, keepdims),  # noqa: ARG005
)
block_diag = Function(_linalg.block_diag, "scipy.linalg.block_diag")
rearranges(block_diag)

# --- linear equations ---------------------------------------------------------------------------------

READ: dict[str | None, Callable] = {
    None: lambda a: a,
    "gen": lambda a: a,
    "general": lambda a: a,
    "banded": lambda a: a,
    "diagonal": lambda a: a * np.eye(shape_of(a)[-1], dtype=dtype_of(a)),
    "tridiagonal": lambda a: np.triu(np.tril(a, 1), -1),
    "upper triangular": np.triu,
    "lower triangular": np.tril,
    "sym": lambda a: 0.5 * (a + a.mT),
    "symmetric": lambda a: 0.5 * (a + a.mT),
    **dict.fromkeys(("her", "hermitian", "pos", "positive definite"), hermitian_part),
}
"""What of A each assumption makes `solve` read. Of a matrix that is symmetric by promise it reads one triangle; the
derivative is that of the symmetric part, as for `np.linalg.cholesky`."""


def _solve(
    a: Any,
    b: Any,
    lower: bool = False,  # noqa: ARG001 - which triangle is read of a symmetric matrix
    overwrite_a: bool = False,  # noqa: ARG001
    overwrite_b: bool = False,  # noqa: ARG001
    check_finite: bool = True,  # noqa: ARG001
    assume_a: str | None = None,
    transposed: bool = False,
) -> Any:
    a = READ[assume_a](as_operand(a))
    return np.linalg.solve(a.mT if transposed else a, as_operand(b))


solve = defined("scipy.linalg.solve", _linalg.solve, _solve)


def _least_squares(a: Any, b: Any, cond: Any, driver: Any) -> Any:
    """Return SciPy's solution, residuals and singular values."""
    x, residuals, _, s = _linalg.lstsq(a, b, cond, lapack_driver=driver)
    return x, residuals, s


def _least_squares_by_numpy(a: Any, b: Any, cond: Any, driver: Any) -> Any:  # noqa: ARG001
    x, residuals, _, s = np.linalg.lstsq(a, b, cond)  # raises where the rank is not full
    return x, residuals[0] if len(shape_of(b)) == 1 and shape_of(residuals) else residuals, s


_least = defined("scipy.linalg.lstsq", _least_squares, _least_squares_by_numpy)


def lstsq(
    a: Any,
    b: Any,
    cond: float | None = None,
    overwrite_a: bool = False,  # noqa: ARG001
    overwrite_b: bool = False,  # noqa: ARG001
    check_finite: bool = True,  # noqa: ARG001
    lapack_driver: str | None = None,
) -> Any:
    """Return the least-squares solution of a x = b, the residuals, the rank and the singular values of `a`.

    See `scipy.linalg.lstsq`. Of what is differentiated the rank must be full.
    """
    a, b = as_operand(a), as_operand(b)
    if not is_traced((a, b)):
        return _linalg.lstsq(a, b, cond, lapack_driver=lapack_driver)
    x, residuals, s = _least(a, b, cond, lapack_driver)
    return x, residuals, min(shape_of(a)), s


# --- factorisations -----------------------------------------------------------------------------------

_cholesky = Function(lambda a, *, lower: _linalg.cholesky(a, lower), "scipy.linalg.cholesky")
general(
    _cholesky,
    in_conjugates(lambda ct, y, a, lower: cholesky_cotangent(ct, y, a, upper=not lower)),
    parameters=["lower"],
)


def cholesky(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:  # noqa: ARG001
    """Return the triangular factor of a positive definite matrix, the upper one. See `scipy.linalg.cholesky`."""
    return _cholesky(as_operand(a), lower=bool(lower))


_eigh = Function(lambda a, *, lower, driver: _linalg.eigh(a, lower=lower, driver=driver), "scipy.linalg.eigh")
_eigvalsh = Function(
    lambda a, *, lower, driver: _linalg.eigh(a, lower=lower, eigvals_only=True, driver=driver), "scipy.linalg.eigh"
)
general(
    _eigh,
    in_conjugates(lambda ct, y, a, lower, driver: eigh_cotangent(ct, y, a)),  # noqa: ARG005 - made Hermitian
    parameters=["lower", "driver"],
)
general(
    _eigvalsh,
    in_conjugates(lambda ct, _y, a, lower, driver: eigh_cotangent((ct, None), _eigh(a, lower=lower, driver=driver), a)),
    parameters=["lower", "driver"],
)


def eigh(
    a: Any,
    b: Any = None,
    *,
    lower: bool = True,
    eigvals_only: bool = False,
    driver: str | None = None,
    overwrite_a: bool = False,  # noqa: ARG001
    check_finite: bool = True,  # noqa: ARG001
    **options: Any,
) -> Any:
    """Return the eigenvalues and eigenvectors of a Hermitian matrix. See `scipy.linalg.eigh`."""
    if b is not None or options:
        refuse_if_differentiated(
            "scipy.linalg.eigh",
            f"Call it with one matrix and without {', '.join(['b', *options])}: for b, {_OF_TWO}.",
            a,
            b,
        )
        return _linalg.eigh(a, b, lower=lower, eigvals_only=eigvals_only, driver=driver, **options)
    return (_eigvalsh if eigvals_only else _eigh)(as_operand(a), lower=bool(lower), driver=driver)


_singular_vectors = Function(
    lambda a, *, full_matrices, driver: apart(*_linalg.svd(a, full_matrices, lapack_driver=driver)), "scipy.linalg.svd"
)
general(
    _singular_vectors,
    in_conjugates(
        lambda ct, y, a, full_matrices, driver: svd_cotangent(ct, y, a, full_matrices, hermitian=False)  # noqa: ARG005
    ),
    jvp=lambda dots, y, a, full_matrices, driver: svd_tangent(  # noqa: ARG005
        dots, y, a, full_matrices=full_matrices, hermitian=False
    ),
    parameters=["full_matrices", "driver"],
)
_singular_values = defined(
    "scipy.linalg.svd",
    lambda a, driver: _linalg.svd(a, compute_uv=False, lapack_driver=driver),
    lambda a, driver: np.linalg.svdvals(a),  # noqa: ARG005
)


def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    overwrite_a: bool = False,  # noqa: ARG001
    check_finite: bool = True,  # noqa: ARG001
    lapack_driver: str = "gesdd",
) -> Any:
    """Return the singular values and vectors, a = u @ np.diag(s) @ vh. See `scipy.linalg.svd`."""
    a = as_operand(a)
    if not compute_uv:
        return _singular_values(a, lapack_driver)
    return together(*_singular_vectors(a, full_matrices=full_matrices, driver=lapack_driver))


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
