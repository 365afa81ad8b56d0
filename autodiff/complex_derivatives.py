"""Derivatives of complex functions: which complex numbers they are, and where they are none.

The derivative of y = f(x) is a real-linear map. One complex number dy/dx stands for it as follows.

    x real                    ∂y/∂x
    x complex, y real         ∂y/∂(Re x) − i ∂y/∂(Im x), as `grad` gives it
    both complex              f'(x), if f is holomorphic: ∂y/∂(Im x) = i ∂y/∂(Re x). Else there is
                              no such number; `jvp` and `vjp` have the map itself.

For the convention see `autodiff.rules.complex_numbers`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.assignment import astype
from autodiff.boundary import one_like
from autodiff.operands import TRACED, as_operand, dtype_of, is_complex, shape_of, size_of, value_of
from autodiff.reverse import vjp
from autodiff.transforms import ArgNum, function_of_leaves, named
from autodiff.tree import LEAF, flatten


def from_columns(y: Any, x: Any, real: Any, imaginary: Any) -> Any:
    """Return dy/dx, given the derivatives along 1 and along i (None: there is no complex argument)."""
    if imaginary is None or not is_complex(x):
        return real
    if not is_complex(y):
        return real - imaginary * 1j
    _check_holomorphic("jacobian, hessian", imaginary, real * 1j)
    return real


def from_rows(y: Any, x: Any, real: Any, imaginary: Any) -> Any:
    """Return dy/dx, given the cotangents of x for the cotangents 1 and −i of y (None: there is no complex result)."""
    if imaginary is None or not is_complex(y):
        return real
    if not is_complex(x):
        return real + imaginary * 1j
    _check_holomorphic("jacobian, hessian", imaginary, real * -1j)
    return real


def _check_holomorphic(name: str, got: Any, expected: Any) -> None:
    """Raise unless two arrays agree but for rounding: the Cauchy-Riemann equations."""
    got, expected = value_of(got), value_of(expected)
    if got.__class__ in TRACED or expected.__class__ in TRACED:
        return  # under recording, whose numbers nothing may depend on
    size = max(float(np.max(np.abs(part), initial=0.0)) for part in (got, expected))
    gap = float(np.max(np.abs(got - expected), initial=0.0))
    if gap > size * float(np.finfo(dtype_of(got)).eps) ** 0.5:
        raise ValueError(
            f"{name}: no complex number is the derivative of a complex function that is not holomorphic; "
            f"got derivatives along Re and Im that differ by {gap:.3g} where i times the one is the other. "
            "Write it as a function of x and y, z = x + 1j * y, or use ad.jvp and ad.vjp."
        )


def holomorphic_grad(f: Callable, argnum: ArgNum = 0) -> Callable:
    """Return a function that gives the derivative f'(z) of a holomorphic function, by one reverse sweep.

    Parameters
    ----------
    f : callable
        Of complex arrays or containers of them (real ones are taken as complex); returns one
        complex number and satisfies the Cauchy-Riemann equations, which is checked.
    argnum : int or tuple of int
        Which positional arguments to differentiate with respect to.

    Returns
    -------
    callable
        With the arguments of `f`; returns the derivative, in the structure and shapes of the argument.

    Raises
    ------
    TypeError
        For arguments of integers.
    ValueError
        If `f` returns no scalar, or is not holomorphic at the argument.

    Examples
    --------
    >>> print(holomorphic_grad(lambda z: z**3)(1.0 + 2.0j))
    (-9+12j)
    """

    def derivative(*args: Any, **kwargs: Any) -> Any:
        of_leaves, leaves, structure = function_of_leaves("holomorphic_grad", f, args, kwargs, argnum)
        y, pullback = vjp(lambda *x: _scalar(of_leaves(*x)), *[_as_complex(leaf) for leaf in leaves])
        one = one_like(y)
        found = pullback(one)
        for real, imaginary in zip(found, pullback(one * -1j), strict=True):
            _check_holomorphic("holomorphic_grad", imaginary, real * -1j)
        return structure.unflatten(found)

    return named(derivative, "holomorphic_grad", f)


def _scalar(y: Any) -> Any:
    """Return the result of the function, as one complex number."""
    if flatten(y)[1].kind is not LEAF:
        raise TypeError(
            f"holomorphic_grad: the function must return one number; got a {type(y).__name__}. Return it alone."
        )
    if size_of(y) != 1:
        raise ValueError(
            f"holomorphic_grad: the function must return a scalar; got shape {shape_of(y)}. "
            "Reduce it (np.sum), or use ad.jacobian."
        )
    return _as_complex(as_operand(y))


def _as_complex(x: Any) -> Any:
    return x if is_complex(x) else astype(x, dtype=np.result_type(dtype_of(x), np.complex64))
