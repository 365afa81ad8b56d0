"""Polynomials, given by their coefficients, the highest power first.

Where the values are NumPy's own by construction a function is a rewrite, else a composite: NumPy evaluates,
the definition differentiates.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.dispatch import RULES
from autodiff.operands import as_operand, dtype_of, shape_of, value_of
from autodiff.primitives import Rewrite
from autodiff.rules.general import composite, general


def _polyval(p: Any, x: Any) -> Any:
    p, x = np.atleast_1d(as_operand(p)), as_operand(x)
    y: Any = np.zeros_like(value_of(x))
    for k in range(len(p)):
        y = y * x + p[k]
    return y


def _aligned(a1: Any, a2: Any) -> tuple[Any, Any]:
    """Return two polynomials with as many coefficients each."""
    a1, a2 = np.atleast_1d(as_operand(a1)), np.atleast_1d(as_operand(a2))
    n = max(len(a1), len(a2))
    first, second = [np.concatenate([np.zeros(n - len(a), dtype_of(a)), a]) for a in (a1, a2)]
    return first, second


def _trimmed(p: Any) -> Any:
    """Return a polynomial without leading zeros (np.poly1d drops them), at least one coefficient."""
    p = np.atleast_1d(as_operand(p))
    nonzero = np.flatnonzero(value_of(p))
    return p[nonzero[0] :] if len(nonzero) else p[-1:] * 0.0


def _polyder(p: Any, m: int = 1) -> Any:
    p = np.atleast_1d(as_operand(p))
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1).astype(dtype_of(p))
    return p


def _polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    p = np.atleast_1d(as_operand(p))
    constants = np.zeros(m) if k is None else np.broadcast_to(np.atleast_1d(as_operand(k)), (m,))
    for i in range(m):
        p = np.concatenate([p / np.arange(len(p), 0, -1).astype(dtype_of(p)), constants[i : i + 1]])
    return p


def _polydiv(u: Any, v: Any) -> tuple:
    """Long division, one coefficient of the quotient at a time."""
    rest, divisor = np.atleast_1d(as_operand(u)) + 0.0, np.atleast_1d(as_operand(v)) + 0.0
    quotient = []
    for _ in range(max(len(rest) - len(divisor) + 1, 1)):
        if len(rest) < len(divisor):
            quotient.append(rest[0] * 0.0)
            break
        factor = rest[0] / divisor[0]
        quotient.append(factor)
        rest = np.concatenate([rest[1 : len(divisor)] - factor * divisor[1:], rest[len(divisor) :]])
    return np.stack(quotient), rest


def _remainder_like(u: Any, v: Any) -> tuple:
    """Return quotient and remainder of np.polydiv, which drops leading zeros of the remainder."""
    quotient, rest = _polydiv(u, v)
    expected = np.polydiv(*[value_of(as_operand(a)) for a in (u, v)])[1]
    rest = np.concatenate([rest, np.zeros(0)])
    missing = len(expected) - len(rest)
    return quotient, rest[-missing:] if missing < 0 else np.concatenate([np.zeros(missing), rest])


def _vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:  # noqa: N803 - NumPy's name
    x = as_operand(x)
    n = len(x) if N is None else N
    columns = [np.ones(shape_of(x), dtype_of(x))]
    for _ in range(1, n):
        columns.append(columns[-1] * x)
    columns = columns[:n] if increasing else columns[:n][::-1]
    return np.stack(columns, -1)


def _poly(seq_of_zeros: Any) -> Any:
    zeros = np.atleast_1d(as_operand(seq_of_zeros))
    p = np.ones(1, dtype_of(zeros))
    nothing = np.zeros(1, dtype_of(zeros))
    for k in range(len(zeros)):  # times (x - zₖ)
        p = np.concatenate([p, nothing]) - np.concatenate([nothing, zeros[k] * p])
    return p


def _roots(ct: Any, y: Any, p: Any) -> Any:
    """From p(r) = 0: dr/dpₖ = −rⁿ⁻ᵏ / p'(r); a multiple root has no derivative."""
    n = shape_of(p)[0]
    powers = np.vander(y, n)
    slopes = np.sum(powers[:, 1:] * (p[:-1] * np.arange(n - 1, 0, -1).astype(dtype_of(p))), axis=1)
    return np.matmul(-ct / slopes, powers)


def _no_matrix(seq_of_zeros: Any) -> None:
    shape = shape_of(as_operand(seq_of_zeros))
    if len(shape) > 1:
        raise ValueError(
            f"np.poly: has a derivative rule for a sequence of zeros only; got shape {shape}. "
            "Pass the eigenvalues of the matrix."
        )


def _coefficients_only(
    x: Any,  # noqa: ARG001 - np.polyfit's signature
    y: Any,  # noqa: ARG001
    deg: Any,
    rcond: Any = None,  # noqa: ARG001
    full: bool = False,
    w: Any = None,  # noqa: ARG001
    cov: Any = False,
) -> None:
    if full or cov or not isinstance(deg, (int, np.integer)):
        raise TypeError(
            "np.polyfit: only the coefficients of a polynomial of one degree have a derivative rule; "
            f"got deg={deg}, full={full}, cov={cov}. Leave out full and cov."
        )


def _polyfit(
    x: Any,
    y: Any,
    deg: int,
    rcond: Any = None,
    full: bool = False,  # noqa: ARG001 - False, as `_coefficients_only` has seen to
    w: Any = None,
    cov: Any = False,  # noqa: ARG001
) -> Any:
    powers, y = np.vander(as_operand(x) + 0.0, deg + 1), as_operand(y) + 0.0
    if w is not None:
        powers = powers * as_operand(w)[:, None]
        y = np.reshape(as_operand(w), (-1,) + (1,) * (len(shape_of(y)) - 1)) * y
    scale = np.sqrt(np.sum(powers * powers, axis=0))
    solution = np.linalg.lstsq(powers / scale, y, rcond=rcond)[0]
    return np.moveaxis(np.moveaxis(solution, 0, -1) / scale, -1, 0)


RULES[np.polyval] = Rewrite(np.polyval, _polyval)
composite(np.polyadd, lambda a1, a2: np.add(*_aligned(a1, a2)), linear=2)
composite(np.polysub, lambda a1, a2: np.subtract(*_aligned(a1, a2)), linear=2)
composite(np.polymul, lambda a1, a2: np.convolve(_trimmed(a1), _trimmed(a2)))
composite(np.polyder, _polyder, linear=1)
composite(np.polyint, _polyint, linear=1)
composite(np.polydiv, _remainder_like)
composite(np.vander, _vander)
general(np.roots, _roots)
composite(np.poly, _poly, check=_no_matrix)
composite(np.polyfit, _polyfit, check=_coefficients_only)
