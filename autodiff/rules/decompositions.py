"""Factorisations: Cholesky, eigenvalues, singular values, QR, on stacks of matrices (..., m, n).

    Cholesky     A = L Lᵀ      L̇ = L Φ(L⁻¹ Ȧ L⁻ᵀ), Φ: the lower triangle with the diagonal halved
    eigen        A V = V Λ     Λ̇ = diag(V⁻¹ Ȧ V), V̇ = V (F ∘ V⁻¹ Ȧ V), Fᵢⱼ = 1 / (λⱼ − λᵢ)
    singular     A = U S Vᵀ    Ṡ = diag(Uᵀ Ȧ V), U̇ = U (F ∘ (Uᵀ Ȧ V S + S Vᵀ Ȧᵀ U)), Fᵢⱼ = 1 / (sⱼ² − sᵢ²)
    QR           A = Q R       Q̇ R + Q Ṙ = Ȧ, QᵀQ̇ antisymmetric, Ṙ upper triangular

Giles 2008, "An extended collection of matrix derivative results"; Townsend 2016, "Differentiating
the singular value decomposition"; Walter & Lehmann 2018, "Algorithmic differentiation of linear
algebra functions". The rules are the transposes of these.

`cholesky`, `eigh`, `eigvalsh` and `svd(hermitian=True)` read one triangle of a matrix that is
symmetric by promise. They are differentiated as functions of (A + Aᵀ)/2: a cotangent is symmetric,
a tangent is symmetrised.

Vectors of a repeated eigenvalue or singular value have no derivative: it is NaN. The values have
one in every symmetric combination (their sum, say); each for itself gets the derivative that goes
with the vectors NumPy returns. A singular value at 0 is |·| at 0: its derivative is 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.boundary import zero_like
from autodiff.dispatch import RULES, Operation
from autodiff.operands import dtype_of, shape_of, value_of
from autodiff.primitives import Rewrite
from autodiff.rules.general import composite, general, transposed


def _symmetric(x: Any) -> Any:
    return 0.5 * (x + x.mT)


def _lower(x: Any, below: int = 0) -> Any:
    """Return the lower triangle of square matrices, without its first `below` diagonals."""
    return np.where(np.tri(shape_of(x)[-1], k=-below, dtype=bool), x, 0.0)


def _reciprocal(x: Any) -> Any:
    """Return 1 / x, NaN where x is 0: the derivative does not exist there."""
    zero = value_of(x) == 0
    return np.where(zero, np.nan, 1.0 / np.where(zero, 1.0, x))


def _off_diagonal_reciprocal(x: Any) -> Any:
    return np.where(np.eye(shape_of(x)[-1], dtype=bool), 0.0, _reciprocal(x))


def _gaps(x: Any) -> Any:
    """Return the matrix of xⱼ − xᵢ."""
    return x[..., None, :] - x[..., :, None]


def _over(x: Any, a: Any) -> Any:
    """Return x a⁻¹."""
    return np.linalg.solve(a.mT, x.mT).mT


# --- symmetric matrices ---------------------------------------------------------------------------


def _cholesky(ct: Any, y: Any, _a: Any, upper: bool = False) -> Any:
    """L⁻ᵀ Φ(Lᵀ ct) L⁻¹, symmetrised."""
    factor, ct = (y.mT, ct.mT) if upper else (y, ct)
    inner = factor.mT @ ct
    phi = 0.5 * (_lower(inner) + _lower(inner, 1))
    return _symmetric(_over(np.linalg.solve(factor.mT, phi), factor))


def _eigh(ct: Any, y: Any, _a: Any, UPLO: Any = "L") -> Any:  # noqa: ARG001, N803 - NumPy's name
    """V (diag ct_λ + F ∘ Vᵀ ct_V) Vᵀ, symmetrised."""
    (ct_values, ct_vectors), (values, vectors) = ct, y
    right = 0.0
    if ct_values is not None:
        right = ct_values[..., :, None] * vectors.mT
    if ct_vectors is not None:
        right = right + (_off_diagonal_reciprocal(_gaps(values)) * (vectors.mT @ ct_vectors)) @ vectors.mT
    return _symmetric(vectors @ right)


def _eigvalsh(ct: Any, _y: Any, a: Any, UPLO: Any = "L") -> Any:  # noqa: N803 - NumPy's name
    vectors = np.linalg.eigh(a, UPLO)[1]
    return _symmetric((vectors * ct[..., None, :]) @ vectors.mT)


general(np.linalg.cholesky, _cholesky, parameters=["upper"])
general(np.linalg.eigh, _eigh, parameters=["UPLO"])
general(np.linalg.eigvalsh, _eigvalsh, parameters=["UPLO"])

# --- eigenvalues of any matrix ---------------------------------------------------------------------


def _real(function: str, vectors: Any) -> None:
    if dtype_of(vectors).kind == "c":
        raise TypeError(
            f"{function}: complex eigenvalues have no derivative rule yet; got dtype {dtype_of(vectors)}. "
            "Use np.linalg.eigh for a symmetric matrix, or invariants such as the trace and det."
        )


def _eig(ct: Any, y: Any, _a: Any) -> Any:
    """V⁻ᵀ (diag ct_λ + F ∘ (G − VᵀV diag G)) Vᵀ, G = Vᵀ ct_V: the vectors have length 1."""
    (ct_values, ct_vectors), (values, vectors) = ct, y
    _real("np.linalg.eig", vectors)
    right = 0.0
    if ct_values is not None:
        right = ct_values[..., :, None] * vectors.mT
    if ct_vectors is not None:
        lengths = np.sum(vectors * ct_vectors, axis=-2)[..., None, :]
        inner = vectors.mT @ (ct_vectors - vectors * lengths)
        right = right + (_off_diagonal_reciprocal(_gaps(values)) * inner) @ vectors.mT
    return np.linalg.solve(vectors.mT, right)


def _eigvals(ct: Any, y: Any, a: Any) -> Any:
    values, vectors = np.linalg.eig(a)
    _real("np.linalg.eigvals", vectors)
    ranks = np.argsort(np.argsort(value_of(values), -1), -1)
    places = np.take_along_axis(np.argsort(value_of(y), -1), ranks, -1)  # LAPACK may order the two differently
    if not np.array_equal(places, np.broadcast_to(np.arange(places.shape[-1]), places.shape)):
        ct = np.take_along_axis(ct, places, -1)
    return np.linalg.solve(vectors.mT, ct[..., :, None] * vectors.mT)


general(np.linalg.eig, _eig)
general(np.linalg.eigvals, _eigvals)

# --- singular values ----------------------------------------------------------------------------------


SVDResult: Any = type(np.linalg.svd(np.eye(1)))


@Operation
def singular_vectors(a: Any, *, full_matrices: bool, hermitian: bool) -> Any:
    """Return U (..., m, k), S (..., k) and Vᵀ (..., k, n), k = min(m, n), and what `full_matrices` adds to a basis."""
    u, s, vt = np.linalg.svd(a, full_matrices, hermitian=hermitian)
    *_, m, n = a.shape
    if not full_matrices or m == n:
        return u, s, vt
    return (u[..., :n], s, vt, u[..., n:]) if m > n else (u, s, vt[..., :m, :], vt[..., m:, :])


@Operation
def singular_values(a: Any, *, hermitian: bool) -> Any:
    """Return the singular values alone, which NumPy computes by another algorithm."""
    return np.linalg.svd(a, compute_uv=False, hermitian=hermitian)


def _svd_thin(ct: Sequence, y: Sequence, hermitian: bool) -> Any:
    """U ((J + Jᵀ) S + diag ct_s + S (K + Kᵀ)) Vᵀ, and what is outside the spans of U and of V."""
    (ct_u, ct_s, ct_vt), (u, s, vt) = ct, y
    row, column = s[..., None, :], s[..., :, None]
    f = _off_diagonal_reciprocal(_gaps(s) * (row + column))
    result = zero_like(u @ vt)
    if ct_s is not None:
        result = result + (u * ct_s[..., None, :]) @ vt
    if ct_u is not None:
        inner = u.mT @ ct_u
        j = f * inner
        result = result + u @ ((j + j.mT) * row) @ vt
        if shape_of(u)[-2] > shape_of(u)[-1]:
            result = result + ((ct_u - u @ inner) * _reciprocal(row)) @ vt
    if ct_vt is not None:
        inner = ct_vt @ vt.mT
        k = f * inner.mT
        result = result + u @ (column * (k + k.mT)) @ vt
        if shape_of(vt)[-1] > shape_of(vt)[-2]:
            result = result + (u * _reciprocal(row)) @ (ct_vt - inner @ vt)
    return _symmetric(result) if hermitian else result


def _svd(ct: Sequence, y: Sequence, a: Any, full_matrices: bool, hermitian: bool) -> Any:
    if any(c is not None for c in ct[3:]):
        raise ValueError(
            "np.linalg.svd: the vectors that complete a basis are not unique and have no derivative; "
            f"got full_matrices={full_matrices} for shape {shape_of(a)}. Pass full_matrices=False."
        )
    return _svd_thin(ct[:3], y[:3], hermitian)


def _svd_jvp(tangents: Mapping[int, Any], y: Sequence, _a: Any, full_matrices: bool, hermitian: bool) -> tuple:  # noqa: ARG001 - see y
    """The transpose of the VJP; NaN for the vectors that only complete a basis."""
    dots = transposed(lambda ct: _svd_thin(ct, y[:3], hermitian), y[:3], tangents[0])
    return (*dots, *[np.full(shape_of(rest), np.nan, dtype_of(rest)) for rest in y[3:]])


def _singular_values(ct: Any, y: Any, a: Any, hermitian: bool) -> Any:
    u, _, vt = np.linalg.svd(a, full_matrices=False, hermitian=hermitian)
    result = (u * (ct * np.sign(y))[..., None, :]) @ vt
    return _symmetric(result) if hermitian else result


def _svd_call(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    if not compute_uv:
        return singular_values(a, hermitian=hermitian)
    u, s, vt, *rest = singular_vectors(a, full_matrices=full_matrices, hermitian=hermitian)
    if rest and shape_of(u)[-1] < shape_of(u)[-2]:
        u = np.concatenate([u, *rest], -1)
    elif rest:
        vt = np.concatenate([vt, *rest], -2)
    return SVDResult(u, s, vt)


def _cond(x: Any, p: Any = None) -> Any:
    if p in (None, 2, -2):
        s = np.linalg.svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return np.linalg.norm(x, p, (-2, -1)) * np.linalg.norm(np.linalg.inv(x), p, (-2, -1))


general(singular_vectors, _svd, jvp=_svd_jvp, parameters=["full_matrices", "hermitian"])
general(singular_values, _singular_values, parameters=["hermitian"])
RULES[np.linalg.svd] = Rewrite(np.linalg.svd, _svd_call)
RULES[np.linalg.svdvals] = Rewrite(np.linalg.svdvals, lambda x: singular_values(x, hermitian=False))
composite(np.linalg.cond, _cond)

# --- QR ------------------------------------------------------------------------------------------------


@Operation
def qr_factors(a: Any) -> Any:
    """Return Q (..., m, k) and R (..., k, n), k = min(m, n)."""
    return np.linalg.qr(a)


def _qr(ct: Sequence, y: Sequence, a: Any) -> Any:
    """(ct_Q + Q sym(M)) R⁻ᵀ, where sym(M) copies the lower triangle of R ct_Rᵀ − ct_Qᵀ Q to the upper.

    A wide matrix is [X | Z] = Q [R | QᵀZ]: Z and the rest of R are linear in each other.
    """
    q, r = y
    ct_q, ct_r = [zero_like(part) if c is None else c for c, part in zip(ct, y, strict=True)]
    k = shape_of(q)[-1]
    wide = shape_of(a)[-1] > k
    if wide:
        ct_rest = ct_r[..., k:]
        ct_q = ct_q + a[..., k:] @ ct_rest.mT
        r, ct_r = r[..., :k], ct_r[..., :k]
    m = r @ ct_r.mT - ct_q.mT @ q
    ct_a = _over(ct_q + q @ (_lower(m) + _lower(m, 1).mT), r.mT)
    return np.concatenate([ct_a, q @ ct_rest], -1) if wide else ct_a


def _qr_call(a: Any, mode: str = "reduced") -> Any:
    m, n = shape_of(a)[-2:]
    if mode not in ("reduced", "r") and not (mode == "complete" and m <= n):
        raise ValueError(
            "np.linalg.qr: only Q and R of min(m, n) columns have a derivative rule; "
            f'got mode={mode!r} for shape {shape_of(a)}. Pass mode="reduced".'
        )
    factors = qr_factors(a)
    return factors[1] if mode == "r" else factors


general(qr_factors, _qr)
RULES[np.linalg.qr] = Rewrite(np.linalg.qr, _qr_call)
