"""Eigenvalues and singular values, and their vectors, of stacks of matrices (..., m, n).

    eigen        A V = V Λ     Λ̇ = diag(V⁻¹ Ȧ V), V̇ = V (F ∘ V⁻¹ Ȧ V), Fᵢⱼ = 1 / (λⱼ − λᵢ)
    singular     A = U S Vᴴ    Ṡ = Re diag(Uᴴ Ȧ V), U̇ = U (F ∘ (Uᴴ Ȧ V S + S Vᴴ Ȧᴴ U)), Fᵢⱼ = 1 / (sⱼ² − sᵢ²)

Giles 2008, "An extended collection of matrix derivative results"; Townsend 2016, "Differentiating
the singular value decomposition". The rules are the transposes of these; those with adjoints are written
for the product Re Σ conj(ctᵢ) vᵢ (see `conjugates.in_conjugates`).

`eigh`, `eigvalsh` and `svd(hermitian=True)` read one triangle of a matrix that is Hermitian by promise.
They are differentiated as functions of (A + Aᴴ)/2: a cotangent is Hermitian, a tangent is made so.

Vectors of a repeated eigenvalue or singular value have no derivative: it is NaN. The values have
one in every symmetric combination (their sum, say); each for itself gets the derivative that goes
with the vectors NumPy returns. A singular value at 0 is |·| at 0: its derivative is 0.

The phase of a complex vector is free. `eig` returns vectors whose largest component is real, and
they are differentiated as such. The vectors of `eigh` have
vᴴ v̇ = 0, the right ones of `svd` too, as in JAX (where LAPACK's own phase jumps): what does not depend on
the phases, such as v vᴴ, |v| and u vᴴ, has its derivative; a component of v for itself that of this phase.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.batch import Batch
from autodiff.boundary import zero_like
from autodiff.dispatch import RULES, Operation
from autodiff.forward import Dual
from autodiff.operands import TRACED, dtype_of, is_complex, shape_of, value_of
from autodiff.primitives import Rewrite
from autodiff.rules.conjugates import adjoint, conjugated, hermitian_part, in_conjugates
from autodiff.rules.general import composite, general, transposed


def _reciprocal(x: Any) -> Any:
    """Return 1 / x, NaN where x is 0: the derivative does not exist there."""
    zero = value_of(x) == 0
    return np.where(zero, np.nan, 1.0 / np.where(zero, 1.0, x))


def _off_diagonal_reciprocal(x: Any) -> Any:
    return np.where(np.eye(shape_of(x)[-1], dtype=bool), 0.0, _reciprocal(x))


def _gaps(x: Any) -> Any:
    """Return the matrix of xⱼ − xᵢ."""
    return x[..., None, :] - x[..., :, None]


# --- Hermitian matrices ---------------------------------------------------------------------------


def eigh_cotangent(ct: Any, y: Any, _a: Any, UPLO: Any = "L") -> Any:  # noqa: ARG001, N803 - NumPy's name
    """V (diag ct_λ + F ∘ Vᴴ ct_V) Vᴴ, made Hermitian."""
    (ct_values, ct_vectors), (values, vectors) = ct, y
    vectors_h = adjoint(vectors)
    right = 0.0
    if ct_values is not None:
        right = ct_values[..., :, None] * vectors_h
    if ct_vectors is not None:
        right = right + (_off_diagonal_reciprocal(_gaps(values)) * (vectors_h @ ct_vectors)) @ vectors_h
    return hermitian_part(vectors @ right)


def _eigvalsh(ct: Any, _y: Any, a: Any, UPLO: Any = "L") -> Any:  # noqa: N803 - NumPy's name
    vectors = np.linalg.eigh(a, UPLO)[1]
    return hermitian_part((vectors * ct[..., None, :]) @ adjoint(vectors))


general(np.linalg.eigh, in_conjugates(eigh_cotangent), parameters=["UPLO"])
general(np.linalg.eigvalsh, in_conjugates(_eigvalsh), parameters=["UPLO"])

# --- eigenvalues of any matrix ---------------------------------------------------------------------


def _eig(ct: Any, y: Any, _a: Any) -> Any:
    """V⁻ᴴ (diag ct_λ + F ∘ Vᴴ G) Vᴴ, where G is ct_V without what would change the lengths and phases of V."""
    (ct_values, ct_vectors), (values, vectors) = ct, y
    vectors_h = adjoint(vectors)
    right = 0.0
    if ct_values is not None:
        right = ct_values[..., :, None] * vectors_h
    if ct_vectors is not None:
        inner = vectors_h @ _unit_vectors(ct_vectors, vectors)
        right = right + (conjugated(_off_diagonal_reciprocal(_gaps(values))) * inner) @ vectors_h
    return np.linalg.solve(vectors_h, right)


def _unit_vectors(ct: Any, vectors: Any) -> Any:
    """Return the cotangent of vectors before they were given length 1 and a real largest component.

    With v̇ = u − v Re(vᴴu) − i v Im(uₖ) / vₖ, k the place of the largest component.
    """
    products = np.sum(conjugated(vectors) * ct, axis=-2, keepdims=True)
    if not is_complex(vectors):
        return ct - vectors * products
    ct = ct - vectors * np.real(products)
    sizes = np.abs(value_of(vectors)) * (1.0 + (np.imag(value_of(vectors)) == 0))  # of several, the one made real
    largest = np.arange(shape_of(vectors)[-1])[:, None] == np.argmax(sizes, axis=-2)[..., None, :]
    component = np.sum(np.where(largest, np.real(vectors), 0.0), axis=-2, keepdims=True)
    return ct - np.where(largest, 1j * np.imag(products) / component, 0.0)


def _same_places(values: Any, others: Any) -> Any:
    """Return where each of `values` stands in `others`, which has the same up to rounding: LAPACK may order anew."""
    if is_complex(values):  # real parts that are equal but for rounding have no order
        nearest = np.argmin(np.abs(values[..., :, None] - others[..., None, :]), axis=-1)
        if np.all(np.sort(nearest, -1) == np.arange(shape_of(values)[-1])):
            return nearest
    ranks = np.argsort(np.argsort(values, -1), -1)
    return np.take_along_axis(np.argsort(others, -1), ranks, -1)


def _eigvals(ct: Any, y: Any, a: Any) -> Any:
    values, vectors = np.linalg.eig(a)
    places = _same_places(value_of(values), value_of(y))
    if not np.array_equal(places, np.broadcast_to(np.arange(places.shape[-1]), places.shape)):
        ct = np.take_along_axis(ct, places, -1)
    return np.linalg.solve(vectors.mT, ct[..., :, None] * vectors.mT)


general(np.linalg.eig, in_conjugates(_eig))
general(np.linalg.eigvals, _eigvals)

# --- singular values ----------------------------------------------------------------------------------


SVDResult: Any = type(np.linalg.svd(np.eye(1)))


@Operation
def singular_vectors(a: Any, *, full_matrices: bool, hermitian: bool) -> Any:
    """Return U (..., m, k), S (..., k) and Vᵀ (..., k, n), k = min(m, n), and what `full_matrices` adds to a basis."""
    return apart(*np.linalg.svd(a, full_matrices, hermitian=hermitian))


def apart(u: Any, s: Any, vt: Any) -> tuple:
    """Return the factors of A = U S Vᵀ, and from a larger U or Vᵀ the vectors that only complete the basis."""
    m, n, k = shape_of(u)[-1], shape_of(vt)[-2], shape_of(s)[-1]
    if m > k:
        return u[..., :k], s, vt, u[..., k:]
    return (u, s, vt[..., :k, :], vt[..., k:, :]) if n > k else (u, s, vt)


def together(u: Any, s: Any, vt: Any, rest: Any = None) -> tuple:
    """Undo `apart`."""
    if rest is None:
        return u, s, vt
    if shape_of(u)[-1] < shape_of(u)[-2]:
        return np.concatenate([u, rest], -1), s, vt
    return u, s, np.concatenate([vt, rest], -2)


@Operation
def singular_values(a: Any, *, hermitian: bool) -> Any:
    """Return the singular values alone, which NumPy computes by another algorithm."""
    return np.linalg.svd(a, compute_uv=False, hermitian=hermitian)


def _svd_thin(ct: Sequence, y: Sequence, hermitian: bool) -> Any:
    """U ((J + Jᴴ) S + diag ct_s + S (K + Kᴴ)) Vᴴ, and what is outside the spans of U and of V.

    `vt` is Vᴴ. The phase that u and v share turns u alone, as in JAX: uᴴu̇ = i Im(uᴴ Ȧ v) / s.
    """
    (ct_u, ct_s, ct_vt), (u, s, vt) = ct, y
    row, column = s[..., None, :], s[..., :, None]
    f = _off_diagonal_reciprocal(_gaps(s) * (row + column))
    result = zero_like(u @ vt)
    if ct_s is not None:
        result = result + (u * ct_s[..., None, :]) @ vt
    if ct_u is not None:
        inner = adjoint(u) @ ct_u
        j = f * inner
        result = result + u @ ((j + adjoint(j)) * row) @ vt
        if is_complex(u):
            turns = 1j * np.imag(np.sum(np.conjugate(u) * ct_u, axis=-2, keepdims=True))
            result = result + (u * (turns * _reciprocal(row))) @ vt
        if shape_of(u)[-2] > shape_of(u)[-1]:
            result = result + ((ct_u - u @ inner) * _reciprocal(row)) @ vt
    if ct_vt is not None:
        inner = ct_vt @ adjoint(vt)
        k = f * adjoint(inner)
        result = result + u @ (column * (k + adjoint(k))) @ vt
        if shape_of(vt)[-1] > shape_of(vt)[-2]:
            result = result + (u * _reciprocal(row)) @ (ct_vt - inner @ vt)
    return hermitian_part(result) if hermitian else result


def svd_cotangent(ct: Sequence, y: Sequence, a: Any, full_matrices: bool, hermitian: bool) -> Any:
    """Return the cotangent of A from those of what `singular_vectors` returns."""
    result = _svd_thin(ct[:3], y[:3], hermitian)
    if len(y) == 3 or ct[3] is None or _is_zero(ct[3]):
        return result
    if _number_of_completing(a) > 1:
        raise ValueError(
            "np.linalg.svd: several vectors that complete a basis are not unique and have no derivative; "
            f"got full_matrices={full_matrices} for shape {shape_of(a)}. Pass full_matrices=False."
        )
    u, s, vt, rest = y  # the one vector that is orthogonal to the others turns with them
    inverse = u * _reciprocal(s[..., None, :])
    if shape_of(a)[-2] > shape_of(a)[-1]:
        return result - rest @ (adjoint(ct[3]) @ inverse) @ vt
    return result - inverse @ (vt @ adjoint(ct[3])) @ rest


def _is_zero(ct: Any) -> bool:
    """Tell whether a cotangent is 0, and stays 0: the vectors of the basis, but not these of it, were used."""
    if ct.__class__ is Dual:
        return _is_zero(ct.payload) and _is_zero(ct.tangent)
    if ct.__class__ is Batch:
        return _is_zero(ct.stacked)
    return ct.__class__ not in TRACED and not np.any(ct)


def _number_of_completing(a: Any) -> int:
    m, n = shape_of(a)[-2:]
    return abs(m - n)


def svd_tangent(tangents: Mapping[int, Any], y: Sequence, a: Any, **options: Any) -> tuple:
    """Return the transpose of the VJP; NaN for several vectors that only complete a basis."""
    parts = y[:3] if _number_of_completing(a) > 1 else y
    dots = transposed(lambda ct: in_conjugates(svd_cotangent)(ct, parts, a, **options), parts, tangents[0])
    return (*dots, *[np.full(shape_of(rest), np.nan, dtype_of(rest)) for rest in y[len(parts) :]])


def _singular_values(ct: Any, y: Any, a: Any, hermitian: bool) -> Any:
    u, _, vt = np.linalg.svd(a, full_matrices=False, hermitian=hermitian)
    result = (u * (ct * np.sign(y))[..., None, :]) @ vt
    return hermitian_part(result) if hermitian else result


def _svd_call(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    if not compute_uv:
        return singular_values(a, hermitian=hermitian)
    return SVDResult(*together(*singular_vectors(a, full_matrices=full_matrices, hermitian=hermitian)))


def _cond(x: Any, p: Any = None) -> Any:
    if p in (None, 2, -2):
        s = np.linalg.svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return np.linalg.norm(x, p, (-2, -1)) * np.linalg.norm(np.linalg.inv(x), p, (-2, -1))


general(singular_vectors, in_conjugates(svd_cotangent), jvp=svd_tangent, parameters=["full_matrices", "hermitian"])
general(singular_values, in_conjugates(_singular_values), parameters=["hermitian"])
RULES[np.linalg.svd] = Rewrite(np.linalg.svd, _svd_call)
RULES[np.linalg.svdvals] = Rewrite(np.linalg.svdvals, lambda x: singular_values(x, hermitian=False))
composite(np.linalg.cond, _cond)
