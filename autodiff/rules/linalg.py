"""Linear algebra: inverses, solutions and determinants, on matrices and on stacks of them (..., n, n).

    inverse        Y = A⁻¹          Ẏ = −Y Ȧ Y
    solution       X = A⁻¹ B        Ẋ = A⁻¹ (Ḃ − Ȧ X)
    determinant    y = det A        ẏ = ⟨cof A, Ȧ⟩, exact at singular A too

Giles 2008, "An extended collection of matrix derivative results". The rules are the transposes of
these. Factorisations are in `decompositions` and `spectra`, norms in `norms`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from autodiff.boundary import one_like
from autodiff.dispatch import RULES, Operation
from autodiff.forward import jvp
from autodiff.operands import TRACED, as_operand, dtype_of, is_complex, shape_of, value_of
from autodiff.primitives import Constant, Rewrite, of_numbers
from autodiff.reverse import vjp
from autodiff.rules.conjugates import adjoint, in_conjugates, squared_size
from autodiff.rules.elementwise import match
from autodiff.rules.general import General, composite, general


def diagonal(x: Any) -> Any:
    """Return the diagonals of matrices (..., n, n), shape (..., n)."""
    n = shape_of(x)[-1]
    return x[..., np.arange(n), np.arange(n)]


# --- inverses and solutions --------------------------------------------------------------------


def _solve_transposed(ct: Any, a: Any, b: Any) -> Any:
    """A⁻ᵀ ct; NumPy takes b for a vector only if it has one axis."""
    if len(shape_of(b)) == 1:
        return np.linalg.solve(a.mT, ct[..., None])[..., 0]
    return np.linalg.solve(a.mT, ct)


def _solve_matrix(ct: Any, y: Any, a: Any, b: Any) -> Any:
    """−A⁻ᵀ ct Xᵀ."""
    ct_b = _solve_transposed(ct, a, b)
    return match(-(ct_b[..., :, None] * y[..., None, :] if len(shape_of(b)) == 1 else ct_b @ y.mT), a)


def _solve_right(ct: Any, _y: Any, a: Any, b: Any) -> Any:
    return match(_solve_transposed(ct, a, b), b)


class Broadcasting(General):
    """An operation on matrices that takes stacks of them: a batch is one more axis in front."""

    def batch(self, _batched: Sequence[bool], args: Sequence, kwargs: Mapping) -> Any:
        """Evaluate once: the operands have one shape."""
        return self.function(*args, **kwargs)


class LinearSolve(General):
    """The rule of `np.linalg.solve`, whose right sides of one matrix are solved for together."""

    def batch(self, batched: Sequence[bool], args: Sequence, kwargs: Mapping) -> Any:
        """Put the slices of b side by side as columns: one factorisation serves them all."""
        a, b = args
        if batched[0]:
            return super().batch(batched, args, kwargs)
        k, *shape = shape_of(b)
        columns = np.moveaxis(b, 0, -1)
        if len(shape) > 1:
            columns = np.reshape(columns, (*shape[:-1], shape[-1] * k))
        y = np.linalg.solve(a, columns)
        if len(shape) > 1:
            y = np.reshape(y, (*shape_of(y)[:-1], shape[-1], k))
        return np.moveaxis(y, -1, 0)


def _tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    a, b = as_operand(a), as_operand(b)
    if axes is not None:
        axes = [axis % len(shape_of(a)) for axis in axes]
        a = np.transpose(a, [i for i in range(len(shape_of(a))) if i not in axes] + axes)
    x = np.linalg.solve(np.reshape(a, (b.size, -1)), np.ravel(b))
    return np.reshape(x, shape_of(a)[len(shape_of(b)) :])


def _tensorinv(a: Any, ind: int = 2) -> Any:
    shape = shape_of(a)
    rows = prod(shape[:ind])
    return np.reshape(np.linalg.inv(np.reshape(a, (rows, -1))), (*shape[ind:], *shape[:ind]))


def _matrix_power(a: Any, n: int) -> Any:
    """Repeated squaring."""
    if n == 0:
        return np.broadcast_to(np.eye(shape_of(a)[-1], dtype=dtype_of(a)), shape_of(a))
    square = np.linalg.inv(a) if n < 0 else a
    n = abs(n)
    result = None
    while n:
        if n % 2:
            result = square if result is None else result @ square
        n //= 2
        if n:
            square = square @ square
    return result


def _pinv(ct: Any, y: Any, a: Any, rcond: Any = None, hermitian: bool = False, rtol: Any = None) -> Any:
    """Golub & Pereyra 1973, eq. 4.12, and its adjoint; where the rank is constant near A."""
    m, n = shape_of(a)[-2:]
    given = [cutoff for cutoff in (rcond, rtol) if cutoff is not None]
    if given:
        ct = ct * of_numbers(_one_if_only_noise_is_cut_off, a, given[0], hermitian)
    if hermitian:
        a = 0.5 * (a + adjoint(a))
    y_h, ct_h = adjoint(y), adjoint(ct)
    beside_rows = np.eye(m, dtype=dtype_of(a)) - a @ y
    beside_columns = np.eye(n, dtype=dtype_of(a)) - y @ a
    result = beside_rows @ ct_h @ y @ y_h + y_h @ y @ ct_h @ beside_columns - y_h @ ct @ y_h
    return 0.5 * (result + adjoint(result)) if hermitian else result


def _one_if_only_noise_is_cut_off(a: np.ndarray, cutoff: Any, hermitian: bool) -> float:
    """Return 1; raise if a singular value that is no rounding error is taken for 0, as the formula takes it to be."""
    s = np.linalg.svd(a, compute_uv=False, hermitian=hermitian)
    largest = np.max(s, axis=-1, keepdims=True, initial=0.0)
    noise = 10 * max(a.shape[-2:]) * np.finfo(s.dtype).eps * largest
    cut_off = s[(s <= np.expand_dims(cutoff, -1) * largest) & (s > noise)]
    if cut_off.size:
        raise ValueError(
            "np.linalg.pinv: has no derivative rule where the cutoff discards singular values that are not rounding "
            f"errors; got {cut_off[0]:.6g} beside {largest.max():.6g}. Pass a smaller rcond, or truncate the sum "
            "yourself: u, s, vt = np.linalg.svd(a, full_matrices=False); (vt[:k].T / s[:k]) @ u[:, :k].T."
        )
    return 1.0


@Operation
def least_squares(a: Any, b: Any, *, rcond: Any) -> Any:
    """Return the solution, the residuals and the singular values that `np.linalg.lstsq` returns."""
    x, residuals, _, s = np.linalg.lstsq(a, b, rcond)
    return x, residuals, s


def _least_squares(a: Any, b: Any, *, rcond: Any) -> Any:  # noqa: ARG001 - the rank was checked
    x = np.linalg.pinv(a) @ b
    m, n = shape_of(a)
    residuals = np.sum(squared_size(np.reshape(b - a @ x, (m, -1))), axis=0)
    return x, residuals if m > n else residuals[:0], np.linalg.svdvals(a)


def _lstsq(a: Any, b: Any, rcond: Any = None) -> tuple:
    """Solve where the rank is full; elsewhere the least solution jumps."""
    a, b = as_operand(a), as_operand(b)
    rank = of_numbers(np.linalg.lstsq, a, b, rcond)[2]
    if rank < min(shape_of(a)):
        raise ValueError(
            f"np.linalg.lstsq: the solution jumps where the rank is not full; got rank {rank} of a matrix of shape "
            f"{shape_of(a)}. Remove the dependent columns, or solve (aᵀ a + λ) x = aᵀ b."
        )
    x, residuals, s = least_squares(a, b, rcond=rcond)
    return x, residuals, rank, s


general(np.linalg.inv, lambda ct, y, _a: -(y.mT @ ct @ y.mT))
RULES[np.linalg.solve] = LinearSolve(np.linalg.solve, [_solve_matrix, _solve_right])
general(np.linalg.pinv, in_conjugates(_pinv), parameters=["rcond", "hermitian", "rtol"], constants=["rcond", "rtol"])
composite(least_squares, _least_squares)
RULES[np.linalg.lstsq] = Rewrite(np.linalg.lstsq, _lstsq)
composite(np.linalg.tensorsolve, _tensorsolve)
composite(np.linalg.tensorinv, _tensorinv)
composite(np.linalg.matrix_power, _matrix_power)
RULES[np.linalg.matrix_rank] = Constant(np.linalg.matrix_rank)
composite(
    np.linalg.trace,
    lambda x, offset=0, dtype=None: np.sum(np.diagonal(x, offset, -2, -1), axis=-1, dtype=dtype),
    linear=1,
)

# --- determinants --------------------------------------------------------------------------------
#
# det A is a polynomial; its gradient, the matrix of cofactors, exists everywhere. With A = conj(U S Vᵀ),
# whose conjugates only complex matrices need,
#
#     cof A       = conj det(U Vᵀ) · U cof(S) Vᵀ,        cof(S)ᵢᵢ = Π_{l≠i} sₗ
#     d cof A [M] = conj det(U Vᵀ) · U K(Uᵀ M V) Vᵀ,     K(N) = diag(P diag N) − P ∘ Nᵀ
#
# where Pᵢⱼ = Π_{l≠i,j} sₗ for i ≠ j and Pᵢᵢ = 0: no division, so both hold at singular A. K is
# symmetric as a linear map, hence its own transpose. The third derivative is by A⁻¹, for singular A
# that of a polynomial.


def _products_without_one(s: np.ndarray) -> np.ndarray:
    """Return, for each i, the product of all s[..., j], j ≠ i."""
    ones = np.ones_like(s[..., :1])
    before = np.cumprod(np.concatenate([ones, s[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([ones, s[..., :0:-1]], -1), -1)[..., ::-1]
    return before * after


def _balanced(a: np.ndarray) -> tuple:
    """Return B, E and S with A = B · 2ᴱ, cof A = cof B · 2ˢ, entry by entry, all rows and columns of B being of size 1.

    E is rᵢ + cⱼ, and powers of two are exact: what is small in a badly scaled matrix keeps its digits.
    """
    rows = np.frexp(np.max(np.abs(a), -1, initial=0.0))[1][..., :, None]
    columns = np.frexp(np.max(np.ldexp(np.abs(a), -rows), -2, initial=0.0))[1][..., None, :]
    exponents = rows + columns
    total = np.sum(rows, -2, keepdims=True) + np.sum(columns, -1, keepdims=True)
    return _times_power_of_two(a, -exponents), exponents, total - exponents


def _times_power_of_two(a: np.ndarray, exponents: np.ndarray) -> np.ndarray:
    """Return a · 2ᵉ without rounding."""
    if not is_complex(a):
        return np.ldexp(a, exponents)
    return np.ldexp(a.real, exponents) + np.ldexp(a.imag, exponents) * 1j


def _signed_svd(a: np.ndarray) -> tuple:
    """Return conj det(U Vᵀ) as (..., 1, 1), U, s and Vᵀ."""
    u, s, vt = np.linalg.svd(a)
    sign = np.linalg.det(u @ vt)[..., None, None]
    return (sign / np.abs(sign), np.conj(u), s, np.conj(vt)) if is_complex(a) else (np.rint(sign), u, s, vt)


def _squared_norm(a: np.ndarray) -> Any:
    return np.vdot(a, a).real if a.ndim == 2 else np.sum(squared_size(a), axis=(-2, -1))


def _cofactors_by_inverse(a: np.ndarray, det: Any) -> Any:
    """Return det A · A⁻ᵀ, or None where that loses digits: A is not far from singular, or the numbers from 0 and ∞."""
    try:
        inverse = np.linalg.inv(a)
    except np.linalg.LinAlgError:
        return None
    machine = np.finfo(a.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        condition = _squared_norm(a) * _squared_norm(inverse)
    size = np.abs(det)
    range_left = 2.0**64
    good = (
        (condition < machine.eps**-0.5)
        & (size > machine.smallest_normal * range_left)
        & (size < machine.max / range_left)
    )
    return np.asarray(det)[..., None, None] * inverse.mT if np.all(good) else None


@Operation
def cofactors(a: Any) -> Any:
    """Return the matrix of cofactors, ∂ det A / ∂A, of shape (..., n, n)."""
    return _cofactors(a, np.linalg.det(a))


def _cofactors(a: np.ndarray, det: Any) -> np.ndarray:
    if not a.size:
        return np.zeros_like(a)
    by_inverse = _cofactors_by_inverse(a, det)
    if by_inverse is not None:
        return by_inverse
    balanced, _, scale = _balanced(a)
    sign, u, s, vt = _signed_svd(balanced)
    return _times_power_of_two(sign * (u * _products_without_one(s)[..., None, :]) @ vt, scale)


@Operation
def cofactors_change(a: Any, m: Any) -> Any:
    """Return the derivative of `cofactors` at A along M, of shape (..., n, n)."""
    if not a.size:
        return np.zeros_like(m)
    balanced, exponents, scale = _balanced(a)
    sign, u, s, vt = _signed_svd(balanced)
    on_diagonal = np.eye(s.shape[-1], dtype=bool)
    p = np.where(on_diagonal, 0.0, _products_without_one(np.where(on_diagonal, 1.0, s[..., None, :])))
    n = u.mT @ _times_power_of_two(m, -exponents) @ vt.mT
    k = np.where(on_diagonal, p @ diagonal(n)[..., None], -p * n.mT)
    return _times_power_of_two(sign * u @ k @ vt, scale)


def _cofactors_change_from_rules(a: Any, m: Any) -> Any:
    """Return the same written with operations that have rules, which derivatives beyond the second need.

    For regular A: det A · (tr(XM) Xᵀ − (XMX)ᵀ), X = A⁻¹; near singular A from the determinant as a polynomial.
    """
    s = np.linalg.svdvals(value_of(a))
    if s.size and np.any(s[..., -1] <= s[..., 0] * np.finfo(s.dtype).eps * s.shape[-1]):
        shape = np.broadcast_shapes(shape_of(a), shape_of(m))  # many M may come at once
        return jvp(_cofactors_by_products, (np.broadcast_to(a, shape),), (np.broadcast_to(m, shape),))[1]
    x = np.linalg.inv(a)
    xm = x @ m
    trace = np.sum(diagonal(xm), axis=-1)
    return np.linalg.det(a)[..., None, None] * (trace[..., None, None] * x - xm @ x).mT


def _cofactors_by_products(a: Any) -> Any:
    y, pullback = vjp(_det_by_products, a)
    return pullback(one_like(y))[0]


def _det_by_products(a: Any) -> Any:
    """Return det A without a division, in n - 1 products of matrices (Bird 2011, Inf. Process. Lett. 111, 1072)."""
    n = shape_of(a)[-1]
    f = a
    for _ in range(n - 1):
        d = diagonal(f)[..., 1:]
        below = np.concatenate([np.flip(np.cumsum(np.flip(d, -1), -1), -1), np.zeros_like(d[..., :1])], -1)
        f = (np.triu(f, 1) - below[..., None] * np.eye(n, dtype=dtype_of(a))) @ a
    return (-1) ** (n - 1) * f[..., 0, 0]


def _det(ct: Any, y: Any, a: Any) -> Any:
    of_arrays = a.__class__ is np.ndarray and y.__class__ not in TRACED
    return ct[..., None, None] * (_cofactors(a, y) if of_arrays else cofactors(a))


general(np.linalg.det, _det)
general(cofactors, lambda ct, _y, a: cofactors_change(a, ct))
RULES[cofactors_change] = Broadcasting(
    cofactors_change,
    [
        lambda ct, _y, a, m: vjp(lambda at: _cofactors_change_from_rules(at, m), a)[1](ct)[0],
        lambda ct, _y, a, _m: cofactors_change(a, ct),
    ],
)


def _slogdet(ct: Any, y: Any, a: Any) -> Any:
    """A⁻ᵀ times the cotangent of log det A = log |det A| + i phase; the sign is exp(i phase)."""
    ct_log = ct[1]
    if ct[0] is not None and is_complex(a):
        turn = np.imag(y[0] * ct[0]) * 1j
        ct_log = turn if ct_log is None else ct_log + turn
    return None if ct_log is None else ct_log[..., None, None] * np.linalg.inv(a).mT


general(np.linalg.slogdet, _slogdet)
