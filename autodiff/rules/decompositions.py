"""Factorisations into triangles: Cholesky and QR, on stacks of matrices (..., m, n).

    Cholesky     A = L Lᴴ      L̇ = L Φ(L⁻¹ Ȧ L⁻ᴴ), Φ: the lower triangle with the diagonal halved
    QR           A = Q R       Q̇ R + Q Ṙ = Ȧ, QᴴQ̇ skew-Hermitian, Ṙ upper triangular with a real diagonal

Giles 2008, "An extended collection of matrix derivative results"; Walter & Lehmann 2018, "Algorithmic
differentiation of linear algebra functions". The rules are the transposes of these, written for the
product Re Σ conj(ctᵢ) vᵢ (see `conjugates.in_conjugates`).

`cholesky` reads one triangle of a matrix that is Hermitian by promise. It is differentiated as a function of
(A + Aᴴ)/2: the cotangent is Hermitian, a tangent is made so. The phases of the columns of Q are those that go
with a real diagonal of R.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.boundary import zero_like
from autodiff.dispatch import RULES, Operation
from autodiff.operands import dtype_of, is_complex, shape_of, value_of
from autodiff.primitives import Rewrite, of_numbers
from autodiff.rules.conjugates import adjoint, conjugated, hermitian_part, in_conjugates, squared_size
from autodiff.rules.general import composite, general


def _lower(x: Any, below: int = 0) -> Any:
    """Return the lower triangle of square matrices, without its first `below` diagonals."""
    return np.where(np.tri(shape_of(x)[-1], k=-below, dtype=bool), x, 0.0)


def _over(x: Any, a: Any) -> Any:
    """Return x a⁻¹."""
    return np.linalg.solve(a.mT, x.mT).mT


# --- Cholesky --------------------------------------------------------------------------------------------


def cholesky_cotangent(ct: Any, y: Any, _a: Any, upper: bool = False) -> Any:
    """L⁻ᴴ Φ(Lᴴ ct) L⁻¹, made Hermitian."""
    factor, ct = (adjoint(y), adjoint(ct)) if upper else (y, ct)
    factor_h = adjoint(factor)
    inner = factor_h @ ct
    phi = 0.5 * (_lower(inner) + _lower(inner, 1))
    return hermitian_part(_over(np.linalg.solve(factor_h, phi), factor))


general(np.linalg.cholesky, in_conjugates(cholesky_cotangent), parameters=["upper"])

# --- QR ------------------------------------------------------------------------------------------------


@Operation
def qr_factors(a: Any) -> Any:
    """Return Q (..., m, k) and R (..., k, n), k = min(m, n)."""
    return np.linalg.qr(a)


def _one_if_regular(r: np.ndarray) -> float:
    """Return 1; raise if the leading columns of A = Q R depend on each other, but for rounding."""
    sizes = np.abs(np.diagonal(r, axis1=-2, axis2=-1))
    largest = np.max(sizes, axis=-1, keepdims=True, initial=0.0)
    if np.any(sizes <= largest * (np.finfo(sizes.dtype).eps * max(r.shape[-2:], default=0))):
        raise ValueError(
            "np.linalg.qr: the factors jump where the columns depend on each other; "
            f"got a diagonal of R with entries {sizes.max():.6g} and {sizes.min():.6g}. Remove the dependent columns."
        )
    return 1.0


def _qr(ct: Sequence, y: Sequence, a: Any) -> Any:
    """(ct_Q + Q her(M)) R⁻ᴴ, where her(M) is Hermitian and has the lower triangle of M = R ct_Rᴴ − ct_Qᴴ Q.

    A wide matrix is [X | Z] = Q [R | QᴴZ]: Z and the rest of R are linear in each other.
    """
    q, r = y
    ct_q, ct_r = [zero_like(part) if c is None else c for c, part in zip(ct, y, strict=True)]
    k = shape_of(q)[-1]
    wide = shape_of(a)[-1] > k
    if wide:
        ct_rest = ct_r[..., k:]
        ct_q = ct_q + a[..., k:] @ adjoint(ct_rest)
        r, ct_r = r[..., :k], ct_r[..., :k]
    r = r * of_numbers(_one_if_regular, r)
    below = _lower(r @ adjoint(ct_r) - adjoint(ct_q) @ q)
    if is_complex(below):
        below = np.where(np.eye(k, dtype=bool), np.real(below), below)
    ct_a = _over(ct_q + q @ (below + adjoint(_lower(below, 1))), adjoint(r))
    return np.concatenate([ct_a, q @ ct_rest], -1) if wide else ct_a


@Operation
def complete_factors(a: Any) -> Any:
    """Return Q (..., m, m) and R (..., m, n), m > n."""
    return np.linalg.qr(a, "complete")


def _by_reflections(a: Any) -> tuple:
    """Return the same by LAPACK's reflections 1 − τ w wᴴ: they fix the columns past the n-th."""
    m, n = shape_of(a)[-2:]
    triangle = np.linalg.qr(value_of(a), "r")
    signs = np.sign(np.real(triangle * of_numbers(_one_if_regular, triangle)))
    q, r = np.eye(m, dtype=dtype_of(a)), a
    for j in range(n):
        x = r[..., j:, j]
        first = x[..., :1]
        length = signs[..., j, j, None] * np.sqrt(np.sum(squared_size(x), axis=-1, keepdims=True))
        w = np.concatenate([np.ones_like(first), x[..., 1:] / (first - length)], axis=-1)[..., None]
        tau = (1.0 - first / length)[..., None]
        below, right = r[..., j:, :], q[..., j:]
        r = np.concatenate([r[..., :j, :], below - conjugated(tau) * w @ (adjoint(w) @ below)], axis=-2)
        right = right - tau * (right @ w) @ adjoint(w)
        q = np.concatenate([np.broadcast_to(q[..., :j], (*shape_of(right)[:-1], j)), right], axis=-1)
    return q, np.triu(r)


def _qr_call(a: Any, mode: str = "reduced") -> Any:
    m, n = shape_of(a)[-2:]
    if mode not in ("reduced", "complete", "r"):
        raise ValueError(
            "np.linalg.qr: Householder's vectors have no derivative rule; "
            f'got mode={mode!r} for shape {shape_of(a)}. Pass mode="reduced" or "complete".'
        )
    if mode == "complete" and m > n:
        return complete_factors(a)
    factors = qr_factors(a)
    return factors[1] if mode == "r" else factors


composite(complete_factors, _by_reflections)
general(qr_factors, in_conjugates(_qr))
RULES[np.linalg.qr] = Rewrite(np.linalg.qr, _qr_call)
