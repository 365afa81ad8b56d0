"""Conjugates, adjoint matrices and squared sizes, which of real operands cost nothing more than without."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.operands import is_complex


def conjugated(x: Any) -> Any:
    """Return the complex conjugate; a real operand (or None) is returned itself."""
    return np.conjugate(x) if x is not None and is_complex(x) else x


def real_part(x: Any) -> Any:
    """Return the real part; a real operand is returned itself."""
    return np.real(x) if is_complex(x) else x


def adjoint(x: Any) -> Any:
    """Return the conjugate transposes of matrices (..., m, n)."""
    return conjugated(x.mT)


def hermitian_part(x: Any) -> Any:
    """Return (A + Aᴴ)/2."""
    return 0.5 * (x + adjoint(x))


def squared_size(x: Any) -> Any:
    """Return |x|², entry by entry."""
    return np.real(x) ** 2 + np.imag(x) ** 2 if is_complex(x) else x * x


def in_conjugates(vjp: Callable) -> Callable:
    """Return a VJP for the product Re Σ ctᵢ vᵢ, given one for Re Σ conj(ctᵢ) vᵢ.

    In that product, PyTorch's and that of the literature, the transpose of X ↦ A X B is G ↦ Aᴴ G Bᴴ: rules
    of factorisations are those of real matrices with adjoints in place of transposes.
    """

    @functools.wraps(vjp)
    def conjugated_vjp(ct: Any, y: Any, a: Any, *operands: Any, **parameters: Any) -> Any:
        ct = [conjugated(c) for c in ct] if isinstance(ct, Sequence) else conjugated(ct)
        return conjugated(vjp(ct, y, a, *operands, **parameters))

    return conjugated_vjp
