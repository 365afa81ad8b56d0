"""The transformations that HIPS autograd's programs call, with its signatures and orders of results.

Each is a line or two over `vjp`, `jvp`, `grad`, `hvp` and `jacobian`, which do the work.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.boundary import one_like, zero_like
from autodiff.checkpoint import checkpoint
from autodiff.complex_derivatives import holomorphic_grad
from autodiff.forward import jvp
from autodiff.jacobians import hessian, jacobian
from autodiff.operands import as_operand, dtype_of, is_inexact, shape_of
from autodiff.reverse import vjp
from autodiff.transforms import ArgNum, elementwise_grad, grad, hvp, named, value_and_grad
from autodiff.tree import flatten, map_leaves

__all__ = [
    "checkpoint",
    "deriv",
    "egrad",
    "elementwise_grad",
    "grad",
    "grad_and_aux",
    "grad_named",
    "hessian",
    "hessian_tensor_product",
    "hessian_vector_product",
    "holomorphic_grad",
    "hvp",
    "jacobian",
    "make_ggnvp",
    "make_hvp",
    "make_jvp",
    "make_jvp_reversemode",
    "make_vjp",
    "multigrad_dict",
    "tensor_jacobian_product",
    "value_and_grad",
    "vector_jacobian_product",
]

egrad = elementwise_grad


def of_one_argument(f: Callable, argnum: ArgNum, args: Sequence, kwargs: dict) -> tuple[Callable, Any]:
    """Return `f` as a function of the chosen argument alone (of a tuple, for several), and its value here."""
    several = isinstance(argnum, (tuple, list))
    numbers: Sequence = argnum if isinstance(argnum, (tuple, list)) else (argnum,)

    def of_one(x: Any) -> Any:
        full = list(args)
        for n, value in zip(numbers, x if several else (x,), strict=True):
            full[n] = value
        return f(*full, **kwargs)

    return of_one, tuple([args[n] for n in numbers]) if several else args[numbers[0]]


def make_vjp(f: Callable, argnum: ArgNum = 0) -> Callable:
    """Return a function of the arguments of `f` that gives (pullback, value), in this order.

    The pullback gives the cotangent of the chosen argument, of a tuple of them a tuple. Of whole
    numbers and truth values it takes what it is given, and is zero.

    Examples
    --------
    >>> pullback, y = make_vjp(np.sin)(0.0)
    >>> print(y, pullback(2.0))
    0.0 2.0
    """

    def at(*args: Any, **kwargs: Any) -> tuple[Callable, Any]:
        of_one, x = of_one_argument(f, argnum, args, kwargs)
        y, pullback = vjp(of_one, x)
        if not any(is_inexact(dtype_of(leaf)) for leaf in flatten(y)[0]):
            return lambda _ct: map_leaves(zero_like, x), y
        return lambda ct: pullback(ct)[0], y

    return named(at, "make_vjp", f)


def make_jvp(f: Callable, argnum: ArgNum = 0) -> Callable:
    """Return a function of the arguments of `f`, which gives the function tangent ↦ (value, tangent of the value).

    Examples
    --------
    >>> print(*make_jvp(np.sin)(0.0)(2.0))
    0.0 2.0
    """

    def at(*args: Any, **kwargs: Any) -> Callable:
        of_one, x = of_one_argument(f, argnum, args, kwargs)
        return lambda tangent: jvp(of_one, (x,), (tangent,))

    return named(at, "make_jvp", f)


def make_jvp_reversemode(f: Callable, argnum: ArgNum = 0) -> Callable:
    """Return a function of the arguments of `f`, which gives the function tangent ↦ tangent of the value.

    It transposes the pullback, as autograd's does; `make_jvp` is quicker.

    Examples
    --------
    >>> print(make_jvp_reversemode(np.sin)(0.0)(2.0))
    2.0
    """

    def at(*args: Any, **kwargs: Any) -> Callable:
        y, pullback = vjp(*of_one_argument(f, argnum, args, kwargs))
        zeros = map_leaves(lambda leaf: one_like(leaf) * 0, y)
        push = vjp(lambda ct: pullback(ct)[0], zeros)[1]  # the pullback is linear: where it is taken does not matter
        return lambda tangent: push(tangent)[0]

    return named(at, "make_jvp_reversemode", f)


def make_hvp(f: Callable, argnum: ArgNum = 0) -> Callable:
    """Return a function of the arguments of `f` that gives (v ↦ H v, gradient), in this order.

    Examples
    --------
    >>> product, gradient = make_hvp(lambda x: np.sum(x**3))(np.array([1.0, 2.0]))
    >>> print(product(np.array([1.0, 0.0])), gradient)
    [6. 0.] [ 3. 12.]
    """
    return named(make_vjp(grad(f, argnum), argnum), "make_hvp", f)


def make_ggnvp(f: Callable, g: Callable | None = None, f_argnum: ArgNum = 0) -> Callable:
    """Return a function of the arguments of `f`, which gives the generalised Gauss-Newton product v ↦ Jᵀ H J v.

    J is the Jacobian of `f` and H the Hessian of `g` at its value; by default g(y) = ½ Σ y².

    References
    ----------
    N. N. Schraudolph (2002), "Fast curvature matrix-vector products for second-order gradient descent",
    Neural Comput. 14, 1723.

    Examples
    --------
    >>> A = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> print(make_ggnvp(lambda x: A @ x)(np.ones(2))(np.array([1.0, 0.0])))
    [10. 14.]
    """
    outer = g or (lambda y: 0.5 * np.sum(y**2, axis=-1))

    def at(*args: Any, **kwargs: Any) -> Callable:
        of_one, x = of_one_argument(f, f_argnum, args, kwargs)
        y, pullback = vjp(of_one, x)
        return lambda v: pullback(hvp(outer)(y, jvp(of_one, (x,), (v,))[1]))[0]

    return named(at, "make_ggnvp", f)


def deriv(f: Callable, argnum: ArgNum = 0) -> Callable:
    """Return a function that gives the tangent of `f` along (1, …, 1), by one forward sweep.

    Of a function that acts entry by entry, that is the derivative of each entry.

    Examples
    --------
    >>> print(deriv(np.sin)(0.0))
    1.0
    """

    def at(*args: Any, **kwargs: Any) -> Any:
        of_one, x = of_one_argument(f, argnum, args, kwargs)
        return jvp(of_one, (x,), (map_leaves(one_like, x),))[1]

    return named(at, "deriv", f)


def hessian_tensor_product(f: Callable, argnum: ArgNum = 0) -> Callable:
    """Return a function (*args, v) ↦ H v of the Hessian of the scalar function `f`; see `hvp`.

    Examples
    --------
    >>> print(hessian_tensor_product(lambda x: np.sum(x**3))(np.array([1.0, 2.0]), np.array([1.0, 0.0])))
    [6. 0.]
    """
    return hvp(f, argnum)


hessian_vector_product = hessian_tensor_product


def tensor_jacobian_product(f: Callable, argnum: ArgNum = 0) -> Callable:
    """Return a function (*args, ct) ↦ ct · J: the leading axes of the Jacobian of `f` are contracted with `ct`.

    Examples
    --------
    >>> print(tensor_jacobian_product(lambda x: x**2)(np.array([1.0, 2.0]), np.array([1.0, 1.0])))
    [2. 4.]
    """

    def contracted(*args: Any, **kwargs: Any) -> Any:
        *primals, ct = args
        return np.tensordot(ct, f(*primals, **kwargs), axes=np.ndim(ct))

    def product(*args: Any, **kwargs: Any) -> Any:
        *primals, ct = args
        y, pullback = vjp(*of_one_argument(f, argnum, primals, kwargs))
        if isinstance(y, (tuple, list, dict)) or shape_of(y) != np.shape(ct) or dtype_of(y).kind != "f":
            return jacobian(contracted, argnum)(*args, **kwargs)
        return pullback(as_operand(ct))[0]  # what is left is a scalar: its gradient

    return named(product, "tensor_jacobian_product", f)


vector_jacobian_product = tensor_jacobian_product


def grad_named(f: Callable, argname: str) -> Callable:
    """Return `grad` of `f` with respect to the argument of this name, which is passed by position.

    Examples
    --------
    >>> print(grad_named(lambda x, y: x * y, "y")(2.0, 3.0))
    2.0
    """
    names = list(inspect.signature(f).parameters)
    if argname not in names:
        raise ValueError(
            f"grad_named: the function has the arguments {', '.join(names)}; got {argname!r}. Choose one of them."
        )
    return grad(f, names.index(argname))


def grad_and_aux(f: Callable, argnum: ArgNum = 0) -> Callable:
    """Return a function that gives the gradient of the first output of `f`, and the second output as it is.

    Examples
    --------
    >>> print(*grad_and_aux(lambda x: (x**2, x + 1))(3.0))
    6.0 4.0
    """

    def at(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        (y, aux), pullback = vjp(*of_one_argument(f, argnum, args, kwargs))
        zeros = map_leaves(lambda leaf: one_like(leaf) * 0, aux)
        return pullback((map_leaves(one_like, y), zeros))[0], aux

    return named(at, "grad_and_aux", f)


def multigrad_dict(f: Callable) -> Callable:
    """Return a function that gives the gradients with respect to all arguments, by name.

    Arguments that are left out have their default values; `*args` gives a tuple, `**kwargs` a dict.

    Examples
    --------
    >>> {name: float(g) for name, g in multigrad_dict(lambda x, y=5.0: x * y)(2.0).items()}
    {'x': 5.0, 'y': 2.0}
    """
    signature = inspect.signature(f)

    def of_arguments(arguments: dict) -> Any:
        bound = inspect.BoundArguments(signature, arguments)
        return f(*bound.args, **bound.kwargs)

    def at(*args: Any, **kwargs: Any) -> dict[str, Any]:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return grad(of_arguments)(dict(bound.arguments))

    return named(at, "multigrad_dict", f)
