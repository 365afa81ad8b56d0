"""Fixed points x = f(a)(x), differentiated at the solution instead of through the iteration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.extend import defjvp_argnums, defvjp, primitive
from autodiff.forward import jvp
from autodiff.reverse import vjp
from autodiff.tree import flatten, map_leaves

__all__ = ["fixed_point"]


@primitive
def fixed_point(f: Callable, a: Any, x0: Any, distance: Callable, tol: float) -> Any:
    """Return the x with x = f(a)(x), by iteration from `x0` until distance(x, previous x) ≤ `tol`.

    The derivative with respect to `a` is that of the solution (implicit function theorem).

    References
    ----------
    A. Christianson (1994), "Reverse accumulation and attractive fixed points", Optim. Methods Softw. 3, 311.

    Examples
    --------
    >>> import autodiff as ad
    >>> def newton(a):
    ...     return lambda x: 0.5 * (x + a / x)
    >>> def root(a):
    ...     return fixed_point(newton, a, 1.0, lambda x, y: abs(x - y), 1e-12)
    >>> print(round(root(2.0), 12), round(ad.grad(root)(2.0), 12))
    1.414213562373 0.353553390593
    """
    step = f(a)
    previous, x = x0, step(x0)
    while distance(x, previous) > tol:
        previous, x = x, step(x)
    return x


def _pull(x: Any, f: Callable, a: Any, _x0: Any, distance: Callable, tol: float) -> Callable:
    """Solve w = (∂f/∂x)ᵀ w + ct, itself a fixed point; the cotangent of a is (∂f/∂a)ᵀ w."""

    def pulled(ct: Any) -> Any:
        w = fixed_point(_adjoint_step(f), (a, x, ct), map_leaves(np.zeros_like, x), distance, tol)
        return vjp(lambda a: f(a)(x), a)[1](w)[0]

    return pulled


def _adjoint_step(f: Callable) -> Callable:
    def at(parameters: tuple) -> Callable:
        a, x, ct = parameters
        pullback = vjp(f(a), x)[1]
        return lambda w: _sum(pullback(w)[0], ct)

    return at


def _push(argnums: tuple, tangents: list, x: Any, args: tuple, kwargs: dict) -> Any:  # noqa: ARG001
    """Solve ẋ = ∂f/∂x ẋ + ∂f/∂a ȧ, itself a fixed point."""
    f, a, _, distance, tol = args
    if 1 not in argnums:
        return map_leaves(np.zeros_like, x)
    a_dot = tangents[argnums.index(1)]

    def at(parameters: tuple) -> Callable:
        a, x, a_dot = parameters
        return lambda x_dot: jvp(lambda a, x: f(a)(x), (a, x), (a_dot, x_dot))[1]

    return fixed_point(at, (a, x, a_dot), map_leaves(np.zeros_like, x), distance, tol)


def _sum(xs: Any, ys: Any) -> Any:
    left, structure = flatten(xs)
    return structure.unflatten([x + y for x, y in zip(left, flatten(ys)[0], strict=True)])


defvjp(fixed_point, None, _pull, None)
defjvp_argnums(fixed_point, _push)
