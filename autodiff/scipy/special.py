"""`scipy.special`: its ufuncs as they are, and the functions around them that take traced values only here."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special as _special

import autodiff.rules.scipy_special  # noqa: F401 - fills RULES
from autodiff.dispatch import Operation
from autodiff.operands import Spec, as_operand, dtype_of, shape_of, value_of
from autodiff.rules.axes import restore_axes
from autodiff.rules.elementwise import summed_to
from autodiff.rules.general import general, reduction
from autodiff.rules.scipy_special.orders import ORDER, special_function
from autodiff.rules.ufunc_methods import softmax_weights
from autodiff.scipy.functions import Function, defined, others

__all__ = list(_special.__all__)


MADE_OF_UFUNCS = {"h1vp", "h2vp", "ivp", "jvp", "kvp", "lambertw", "yvp", "zeta"}
"""Functions of SciPy's that take traced values as they are."""

_without_rule = others(
    _special,
    {
        "diric": "Use np.sin(n * x / 2) / (n * np.sin(x / 2)).",
        "factorial2": "Use 2 ** (n / 2) * gamma(n / 2 + 1) for even n.",
        "factorialk": "Use k ** (n / k) * gamma(n / k + 1) for multiples n of k.",
    },
)


def __getattr__(name: str) -> Any:
    return getattr(_special, name) if name in MADE_OF_UFUNCS else _without_rule(name)


# --- log Σ b exp(a) and its like -------------------------------------------------------------------


@Operation
def log_sum(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return log Σ exp(a)."""
    return _special.logsumexp(a, axis, keepdims=keepdims)


reduction(log_sum, softmax_weights)


def _weighted(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """log |Σ b exp(a - m)| + m for a constant m, the largest entry."""
    m = np.max(value_of(a), axis=axis, keepdims=True)
    m = np.where(np.isfinite(m), m, 0.0)
    total = np.sum((1.0 if b is None else b) * np.exp(a - m), axis=axis, keepdims=keepdims)
    y = np.log(np.abs(total)) + (m if keepdims else np.squeeze(m, axis))
    return (y, np.sign(total)) if return_sign else y


_signed_log_sum = defined("scipy.special.logsumexp", _special.logsumexp, _weighted)


def _shares(y: Any, a: Any, b: Any, axis: Any, keepdims: bool) -> tuple[Any, Any]:
    """Return exp(a - y), in proportion to which b counts, and Σ b exp(a - y), which is ±1 but for rounding."""
    whole = Spec(np.broadcast_shapes(shape_of(a), shape_of(b)), dtype_of(y))
    shares = np.exp(a - restore_axes(y, whole, axis, keepdims))
    return shares, np.sum(b * shares, axis=axis, keepdims=True)


def _by_exponent(ct: Any, y: Any, a: Any, b: Any, axis: Any = None, keepdims: bool = False) -> Any:
    shares, total = _shares(y, a, b, axis, keepdims)
    return summed_to(restore_axes(ct, shares, axis, keepdims) * (b * shares / total), shape_of(a))


def _by_weight(ct: Any, y: Any, a: Any, b: Any, axis: Any = None, keepdims: bool = False) -> Any:
    shares, total = _shares(y, a, b, axis, keepdims)
    return summed_to(restore_axes(ct, shares, axis, keepdims) * (shares / total), shape_of(b))


@Operation
def weighted_log_sum(a: Any, b: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return log Σ b exp(a)."""
    return _special.logsumexp(a, axis, b, keepdims)


general(weighted_log_sum, _by_exponent, _by_weight, parameters=["axis", "keepdims"])


def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """Return log Σ b exp(a) over `axis`. See `scipy.special.logsumexp`."""
    if b is None and not return_sign:
        return log_sum(as_operand(a), axis=axis, keepdims=keepdims)
    if return_sign:
        return _signed_log_sum(as_operand(a), axis=axis, b=b, keepdims=keepdims, return_sign=True)
    return weighted_log_sum(as_operand(a), as_operand(b), axis=axis, keepdims=keepdims)


def _softmax_change(c: Any, y: Any, _x: Any, axis: Any = None) -> Any:
    """The Jacobian diag(y) - y yᵀ, which is symmetric, times c."""
    return y * (c - np.sum(c * y, axis=axis, keepdims=True))


softmax = Function(_special.softmax, "scipy.special.softmax")
general(
    softmax,
    _softmax_change,
    jvp=lambda dots, y, x, axis=None: _softmax_change(dots[0], y, x, axis),
    parameters=["axis"],
)
log_softmax = Function(_special.log_softmax, "scipy.special.log_softmax")
general(
    log_softmax,
    lambda ct, y, _x, axis=None: ct - np.exp(y) * np.sum(ct, axis=axis, keepdims=True),
    parameters=["axis"],
)

# --- spherical Bessel functions, DLMF 10.51.2 and 10.51.5 -------------------------------------------


def _spherical(name: str, before: float, after: float) -> Any:
    """Return f_n(z), whose slope is (before · n f_{n-1} + after · (n + 1) f_{n+1}) / (2n + 1)."""
    implementation = getattr(_special, name)
    function = Function(lambda n, z: implementation(n, z), f"scipy.special.{name}")

    def slope(n: Any, z: Any) -> Any:
        lower = before * n * function(np.maximum(n - 1, 0), z)
        return (lower + after * (n + 1) * function(n + 1, z)) / (2 * n + 1)

    its_slope = defined(f"scipy.special.{name}", lambda n, z: implementation(n, z, True), slope)

    def spherical(n: Any, z: Any, derivative: bool = False) -> Any:
        n, z = as_operand(n), as_operand(z)
        return its_slope(n, z) if derivative else function(n, z)

    special_function(function, ORDER, lambda c, _y, n, z: c * slope(n, z))
    spherical.__name__ = name
    spherical.__doc__ = f"Return scipy.special.{name}."
    return spherical


spherical_jn = _spherical("spherical_jn", 1.0, -1.0)
spherical_yn = _spherical("spherical_yn", 1.0, -1.0)
spherical_in = _spherical("spherical_in", 1.0, 1.0)
spherical_kn = _spherical("spherical_kn", -1.0, -1.0)

# --- of ufuncs that have rules ----------------------------------------------------------------------

polygamma = Function(_special.polygamma, "scipy.special.polygamma")
special_function(polygamma, ORDER, lambda c, _y, n, x: c * polygamma(n + 1, x))
multigammaln = defined(
    "scipy.special.multigammaln",
    _special.multigammaln,
    lambda a, d: (
        np.sum(_special.gammaln(np.expand_dims(a, -1) - 0.5 * np.arange(d)), axis=-1) + np.log(np.pi) * d * (d - 1) / 4
    ),
)
sinc = np.sinc


def factorial(n: Any, exact: bool = False, extend: str = "zero") -> Any:
    """Return n!, of a traced value Γ(n + 1), and 0 for n < 0. See `scipy.special.factorial`."""
    return _factorial(n) if not exact and extend == "zero" else _special.factorial(n, exact=exact, extend=extend)


_factorial = defined(
    "scipy.special.factorial",
    _special.factorial,
    lambda n: np.where(n < 0, 0.0, _special.gamma(np.where(n < 0, 0.0, n) + 1)),
)


def _counted(function: Any, N: Any, k: Any) -> Any:  # noqa: N803 - SciPy's name
    """Return function(N, k) where 0 ≤ k ≤ N, and 0 elsewhere, as SciPy says."""
    N, k = as_operand(N), as_operand(k)  # noqa: N806
    counts = (k <= N) & (N >= 0) & (k >= 0)
    return np.where(counts, function(np.where(counts, N, 1.0), np.where(counts, k, 1.0)), 0.0)


def _comb(N: Any, k: Any, *, exact: bool = False, repetition: bool = False) -> Any:  # noqa: N803, ARG001
    if not repetition:
        return _counted(_special.binom, N, k)
    N, k = as_operand(N), as_operand(k)  # noqa: N806
    empty = (N == 0) & (k == 0)
    return np.where(empty, 1.0, _special.binom(np.where(empty, 1.0, N + k - 1), k))


comb = defined("scipy.special.comb", _special.comb, _comb)
perm = defined(
    "scipy.special.perm",
    _special.perm,
    lambda N, k, exact=False: _counted(lambda N, k: _special.poch(N - k + 1, k), N, k),  # noqa: N803, ARG005
)
