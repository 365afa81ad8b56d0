"""Complex numbers: the convention, and the functions that take them apart.

The derivative of a function of complex numbers is the real-linear map of their real and
imaginary parts. Forward mode applies it to the tangent, without any convention. For reverse
mode the product of a cotangent and a tangent has to be said, and here it is, as in JAX and in
autograd,

    ⟨ct, v⟩ = Re Σ ctᵢ vᵢ,            ⟨x̄, ẋ⟩ = ⟨ȳ, ẏ⟩,

without a conjugate. What follows:

    f holomorphic              x̄ = f'(x) ȳ: the rules of real numbers hold as they are
    f real-valued              grad f = ∂f/∂(Re x) − i ∂f/∂(Im x)
    x real, y complex          the cotangent of x is the real part
    conj, real, imag           x̄ = conj ȳ, ȳ, −i ȳ

An example: f(z) = |z|² at z = 1 + 2i. Here, in JAX and in autograd the gradient is 2 − 4i = 2 conj z;
in PyTorch, whose product is Re Σ conj(ctᵢ) vᵢ, it is 2 + 4i. The direction of steepest
descent is thus −conj(grad f): write z = z - lr * np.conj(grad(f)(z)).

W. Wirtinger (1927), "Zur formalen Theorie der Funktionen von mehr komplexen Veränderlichen".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.assignment import astype
from autodiff.dispatch import RULES, evaluate
from autodiff.operands import Spec, as_operand, dtype_of, is_complex, value_of
from autodiff.primitives import Rewrite
from autodiff.rules.conjugates import conjugated
from autodiff.rules.elementwise import Elementwise
from autodiff.rules.general import General
from autodiff.rules.linear import linear


def _imag(ct: Any, x: Spec) -> Any:
    return ct * (-1j if is_complex(x) else 0.0)


# --- parts --------------------------------------------------------------------------------------

linear(np.conjugate, lambda ct, _x: conjugated(ct), batch=np.conjugate)
linear(np.real, lambda ct, _x: ct, batch=np.real)
linear(np.imag, _imag, batch=np.imag)
for _part in (np.real, np.imag):
    RULES[_part].fresh = False  # of a real array, np.real is that array


def _real_if_close(a: Any, tol: float = 100) -> Any:
    a = as_operand(a)
    if not is_complex(a):
        return a
    limit = tol * np.finfo(dtype_of(a)).eps if tol > 1 else tol
    return np.real(a) if np.all(np.abs(np.imag(value_of(a))) < limit) else a


RULES[np.real_if_close] = Rewrite(np.real_if_close, _real_if_close)

# --- the direction x / |x|: a step for real numbers, for complex ones changed by what is across it ----------


class Sign(Elementwise):
    """The rule of `np.sign` for real numbers, which hands complex ones on to their own."""

    def __init__(self) -> None:
        super().__init__(np.sign, 0)
        self.sort = Elementwise(np.sign, 0).sort_arguments
        self.of_complex = General(np.sign, [_sign], _sign_jvp)
        self.operands = -1  # every call comes through `apply`

    def apply(self, args: Sequence, kwargs: Mapping) -> Any:
        if kwargs or len(args) != 1:
            args, kwargs = self.sort(args, kwargs)
        return evaluate(self.of_complex if is_complex(as_operand(args[0])) else self, args, kwargs)


def _sign(ct: Any, y: Any, x: Any) -> Any:
    """i conj(y) Im(y ct) / |x|; 0 at the origin."""
    return 1j * np.conjugate(y) * _across(y * ct, x)


def _sign_jvp(tangents: Mapping[int, Any], y: Any, x: Any) -> Any:
    return 1j * y * _across(np.conjugate(y) * tangents[0], x)


def _across(product: Any, x: Any) -> Any:
    size = np.abs(x)
    return np.imag(product) / np.where(size == 0, 1.0, size)


RULES[np.sign] = Sign()


# --- functions whose result is complex outside their real domain -------------------------------------


def _sort_complex(a: Any) -> Any:
    a = np.sort(as_operand(a), axis=0)
    if is_complex(a):
        return a
    return astype(a, dtype=np.dtype("F" if dtype_of(a).char in "bhBH" else "D"))


RULES[np.sort_complex] = Rewrite(np.sort_complex, _sort_complex)


def _below_zero(x: Any) -> Any:
    return x < 0


def _beyond_one(x: Any) -> Any:
    return np.abs(x) > 1


def _made_complex(x: Any, outside: Any) -> Any:
    """Return a real operand as a complex one if `outside` holds for one of its entries."""
    x = as_operand(x)
    if is_complex(x) or not np.any(outside(value_of(x))):
        return x
    return astype(x, dtype=np.result_type(dtype_of(x), np.complex64))


def _beyond_the_reals(function: Callable, outside: Callable) -> Callable:
    return lambda x: function(_made_complex(x, outside))


DOMAINS: dict[Any, Any] = {
    np.emath.sqrt: (np.sqrt, _below_zero),
    np.emath.log: (np.log, _below_zero),
    np.emath.log2: (np.log2, _below_zero),
    np.emath.log10: (np.log10, _below_zero),
    np.emath.arccos: (np.arccos, _beyond_one),
    np.emath.arcsin: (np.arcsin, _beyond_one),
    np.emath.arctanh: (np.arctanh, _beyond_one),
}
for _function, _real_and_outside in DOMAINS.items():
    RULES[_function] = Rewrite(_function, _beyond_the_reals(*_real_and_outside))
RULES[np.emath.logn] = Rewrite(
    np.emath.logn, lambda n, x: np.log(_made_complex(x, _below_zero)) / np.log(_made_complex(n, _below_zero))
)
RULES[np.emath.power] = Rewrite(np.emath.power, lambda x, p: np.power(_made_complex(x, _below_zero), as_operand(p)))
