"""Gradients: functions of functions, by one sweep back (`grad`), or one forward over it (`hvp`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.boundary import check_differentiable, one_like, own
from autodiff.dispatch import new_level
from autodiff.forward import dual, jvp
from autodiff.forward import untrace as tangent_of
from autodiff.operands import TRACED, dtype_of, shape_of, size_of
from autodiff.residuals import frozen
from autodiff.reverse import trace, untrace
from autodiff.tape import Leaf, backpropagate
from autodiff.tensor import Tensor
from autodiff.tree import Structure, flatten

ArgNum = int | Sequence[int]
ARRAYS = {float, np.float64, np.ndarray}


def _choose(name: str, args: Sequence, argnum: ArgNum) -> list[int]:
    """Return the chosen positions as non-negative numbers, checked."""
    numbers: list[Any] = list(argnum) if isinstance(argnum, (tuple, list)) else [argnum]
    if not all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in numbers):
        raise TypeError(f"{name}: argnum is a whole number or a tuple of them; got {argnum!r}. Count from 0.")
    for n in numbers:
        if not -len(args) <= n < len(args):
            raise ValueError(
                f"{name}: argnum counts the positional arguments; got argnum={argnum} with {len(args)} of them. "
                "Pass the argument by position, or choose another number."
            )
    numbers = [int(n) % len(args) for n in numbers]
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"{name}: argnum must name each argument once; got {argnum}. Leave out the repetition.")
    return numbers


def value_and_grad(f: Callable, argnum: ArgNum = 0) -> Callable:
    """Return a function that gives f(…) and its gradient.

    Parameters
    ----------
    f : callable
        Of arrays or containers of arrays; returns a scalar.
    argnum : int or tuple of int
        Which positional arguments to differentiate with respect to. A tuple gives a tuple.

    Returns
    -------
    callable
        With the arguments of `f`; returns (value, gradient), the gradient in the structure,
        shapes and dtypes of the argument.

    Raises
    ------
    TypeError
        For integer arguments, and results that are not one real number.
    ValueError
        For results that are not scalars, and an `argnum` out of range.

    Examples
    --------
    >>> y, g = value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    >>> print(y, g)
    5.0 [2. 4.]
    """
    return _gradient_function("value_and_grad", f, argnum, _check_scalar, with_value=True)


def grad(f: Callable, argnum: ArgNum = 0) -> Callable:
    """Return a function that gives the gradient of the scalar function `f`, by one reverse sweep.

    Parameters
    ----------
    f : callable
        Of arrays or containers of arrays; returns a scalar.
    argnum : int or tuple of int
        Which positional arguments to differentiate with respect to. A tuple gives a tuple.

    Returns
    -------
    callable
        With the arguments of `f`; returns the gradient, in the structure, shapes and dtypes of
        the argument. Where `f` does not depend on it, that is zero.

    Raises
    ------
    TypeError, ValueError
        As `value_and_grad`.

    Notes
    -----
    The gradient with respect to a complex argument z = x + iy is ∂f/∂x − i ∂f/∂y, as in JAX and
    autograd, the conjugate of PyTorch's: that of |z|² at 1 + 2i is 2 − 4i (PyTorch: 2 + 4i). The
    step of steepest descent is z - lr * np.conj(gradient). See `autodiff.rules.complex_numbers`.

    Examples
    --------
    >>> print(grad(np.sin)(0.0))
    1.0
    >>> print(grad(grad(lambda x: x**3))(2.0))
    12.0
    >>> print(grad(lambda z: np.abs(z) ** 2)(1.0 + 2.0j))
    (2-4j)
    >>> grad(lambda p: p["w"] * p["b"])({"w": 2.0, "b": 5.0})
    {'w': np.float64(5.0), 'b': np.float64(2.0)}
    """
    return _gradient_function("grad", f, argnum, _check_scalar, with_value=False)


def elementwise_grad(f: Callable, argnum: ArgNum = 0) -> Callable:
    """Return a function that gives the derivative of each entry of `f` by the matching entry of its argument.

    Parameters
    ----------
    f : callable
        Acts on each entry by itself, as NumPy's ufuncs do, and returns one array of any shape.
        (What is computed is the gradient of the sum of its entries.)
    argnum : int or tuple of int
        Which positional arguments to differentiate with respect to. A tuple gives a tuple.

    Returns
    -------
    callable
        With the arguments of `f`; returns an array of the shape of the argument.

    Raises
    ------
    TypeError
        For integer arguments, and results that are not one array of real numbers.
    ValueError
        For an `argnum` out of range.

    Examples
    --------
    >>> print(elementwise_grad(np.tanh)(np.array([0.0, 1.0])))
    [1.         0.41997434]
    """
    return _gradient_function("elementwise_grad", f, argnum, _check_real, with_value=False)


def _check_real(name: str, y: Any) -> None:
    """Raise unless `y` is one array of real numbers."""
    leaves, _ = flatten(y)
    if len(leaves) != 1 or leaves[0] is not y:
        raise TypeError(
            f"{name}: the function must return one number or array; got a {type(y).__name__}. "
            "Return the loss alone, or use ad.vjp for several outputs."
        )
    if dtype_of(y).kind != "f":
        raise TypeError(
            f"{name}: the function must return real numbers; got dtype {dtype_of(y)}. "
            "Return floats, such as np.real(y) or np.abs(y); for a holomorphic function use ad.holomorphic_grad."
        )


def _check_scalar(name: str, y: Any) -> None:
    """Raise unless `y` is one real number."""
    if y.__class__ in TRACED and y.shape == () and y.dtype.kind == "f":
        return
    _check_real(name, y)
    if size_of(y) != 1:
        raise ValueError(
            f"{name}: the function must return a scalar; got shape {shape_of(y)}. "
            "Reduce it (np.sum, np.mean), or use ad.jacobian or ad.elementwise_grad."
        )


def _gradient_function(name: str, f: Callable, argnum: ArgNum, check: Callable, *, with_value: bool) -> Callable:
    def gradient(*args: Any, **kwargs: Any) -> Any:
        level = new_level()
        if argnum.__class__ is int and -len(args) <= argnum < len(args) and _is_array(args[argnum]):
            # One array: by far the most frequent argument. What follows is the other branch in fewer steps.
            primals: Sequence = (args[argnum],)
            structure = None
            check_differentiable(name, primals[0], f"argument {argnum}")
            leaves: Sequence = (Leaf.of(primals[0]),)
            full = list(args)
            full[argnum] = Tensor(frozen(primals[0]), leaves[0], level)
            y, node = untrace(f(*full, **kwargs), level)
            del full
        else:
            of_leaves, primals, structure = function_of_leaves(name, f, args, kwargs, argnum)
            tensors = trace(primals, level)
            leaves = [t.node for t in tensors]
            y, node = untrace(of_leaves(*tensors), level)
            del tensors
        if y.__class__ is not np.float64:
            check(name, _in_floats(y) if node is None else y)
        roots = [] if node is None else [node]
        del node  # nothing but the graph holds values now, and `backpropagate` frees what it has read
        found = backpropagate(roots, (one_like(y),)) if roots else {}
        if structure is None:
            result = own(found.get(leaves[0]), primals[0])
        else:
            result = structure.unflatten([own(found.get(leaf), x) for leaf, x in zip(leaves, primals, strict=True)])
        return (own(y, y), result) if with_value else result

    return named(gradient, name, f)


def _in_floats(y: Any) -> Any:
    """Return a result that was not traced, whole numbers as floats: their derivative is zero."""
    whole = isinstance(y, (int, np.integer, np.ndarray)) and dtype_of(y).kind in "iu"
    return np.asarray(y, np.float64) if whole else y


def _alike(x: Any, v: Any) -> bool:
    """Tell whether both are float arrays of one shape and dtype."""
    return (
        x.__class__ is v.__class__ is np.ndarray and x.dtype is v.dtype and x.dtype.kind == "f" and x.shape == v.shape
    )


def _is_array(x: Any) -> bool:
    """Tell whether `x` is one array or number, and no container of them."""
    return x.__class__ in ARRAYS or x.__class__ in TRACED


def function_of_leaves(
    name: str, f: Callable, args: Sequence, kwargs: Mapping, argnum: ArgNum
) -> tuple[Callable, list, Structure]:
    """Return `f` as a function of the arrays in the chosen arguments, these arrays, and their structure."""
    numbers = _choose(name, args, argnum)
    one = isinstance(argnum, (int, np.integer))
    leaves, structure = flatten(args[numbers[0]] if one else tuple([args[n] for n in numbers]))
    for k, x in enumerate(leaves):
        if not (x.__class__ is np.ndarray and x.dtype.kind == "f"):  # nearly always: no need for the name of the leaf
            check_differentiable(name, x, f"argument {argnum}{structure.paths()[k]}")

    def of_leaves(*values: Any) -> Any:
        full = list(args)
        rebuilt = structure.unflatten(values)
        for n, x in zip(numbers, [rebuilt] if one else rebuilt, strict=True):
            full[n] = x
        return f(*full, **kwargs)

    return of_leaves, leaves, structure


def hvp(f: Callable, argnum: ArgNum = 0) -> Callable:
    """Return a function (x, v) ↦ H v, the product of the Hessian of `f` with a vector.

    One forward sweep over one reverse sweep; the Hessian is never formed. For a complex argument
    it is the change of the gradient along v, a real-linear function of v.

    Parameters
    ----------
    f : callable
        Of arrays or containers of arrays; returns a scalar.
    argnum : int or tuple of int
        Which positional arguments to differentiate with respect to.

    Returns
    -------
    callable
        Takes the arguments of `f` and, last, the vector, which has the structure and shapes of
        the chosen argument; returns H v in the same.

    Raises
    ------
    TypeError, ValueError
        As `value_and_grad`; if the vector is missing or has another structure or shape.

    Examples
    --------
    >>> print(hvp(lambda x: np.sum(x**3))(np.array([1.0, 2.0]), np.array([1.0, 0.0])))
    [6. 0.]
    """
    gradient = grad(f, argnum)

    def hvp_function(*args: Any, **kwargs: Any) -> Any:
        if len(args) < 2:
            raise TypeError(
                f"hvp: needs the arguments of the function and then the vector; got {len(args)} argument(s). "
                "Write ad.hvp(f)(x, v)."
            )
        *primals, v = args
        if argnum.__class__ is int and -len(primals) <= argnum < len(primals) and _alike(primals[argnum], v):
            # One array and its tangent: nothing to check. What follows is the rest in fewer steps.
            level = new_level()
            primals[argnum] = dual(frozen(primals[argnum]), frozen(v), level)
            product = tangent_of(gradient(*primals, **kwargs), level)[1]
            return own(product, product)
        of_leaves, leaves, structure = function_of_leaves("hvp", gradient, primals, kwargs, argnum)
        vectors = structure.leaves_of(v)
        if vectors is None:
            raise ValueError(
                f"hvp: the vector must have the structure of the argument, {structure}; got {flatten(v)[1]}. "
                "Pass the same nesting of lists, tuples and dicts."
            )
        return jvp(of_leaves, leaves, vectors)[1]

    return named(hvp_function, "hvp", f, further="v")


def named(function: Callable, name: str, f: Callable, further: str | None = None) -> Callable:
    """Return `function` with a name and docstring that tell what it is made of.

    `further` is what an argument after those of `f` is called.
    """
    of = getattr(f, "__name__", "f")
    function.__name__ = f"{name}_of_{of}"
    function.__qualname__ = function.__name__
    vars(function).update(__wrapped__=f, further=further)  # the names of the arguments are those of f
    function.__doc__ = f"Return what `{name}` makes of `{of}`.\n\n{getattr(f, '__doc__', '') or ''}"
    return function
