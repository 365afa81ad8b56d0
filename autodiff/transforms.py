"""Transformations: functions of functions, built from `vjp` and `jvp` alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.batch import basis, unbatch
from autodiff.boundary import check_differentiable, one_like, own
from autodiff.dispatch import new_level
from autodiff.forward import jvp
from autodiff.operands import dtype_of, shape_of
from autodiff.residuals import frozen
from autodiff.reverse import trace, untrace, vjp
from autodiff.tape import Leaf, backpropagate
from autodiff.tensor import Tensor
from autodiff.tree import Structure, flatten

ArgNum = int | Sequence[int]


def _choose(name: str, args: Sequence, argnum: ArgNum) -> list[int]:
    """Return the chosen positions as non-negative numbers, checked."""
    numbers = [argnum] if isinstance(argnum, (int, np.integer)) else list(argnum)
    for n in numbers:
        if not isinstance(n, (int, np.integer)):
            raise TypeError(f"{name}: argnum must be an int or a tuple of ints; got {argnum!r}. Count from 0.")
        if not -len(args) <= n < len(args):
            raise ValueError(
                f"{name}: argnum counts the positional arguments; got argnum={argnum} with {len(args)} of them. "
                "Pass the argument by position, or choose another number."
            )
    numbers = [int(n) % len(args) for n in numbers]
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"{name}: argnum must name each argument once; got {argnum}. Leave out the repetition.")
    return numbers


def _scalar(name: str, y: Any) -> None:
    """Raise unless `y` is one number."""
    leaves, _ = flatten(y)
    if len(leaves) != 1 or leaves[0] is not y:
        raise TypeError(
            f"{name}: the function must return one number; got a {type(y).__name__}. "
            "Return the loss alone, or use ad.vjp for several outputs."
        )
    size = int(np.prod(shape_of(y)))
    if size != 1:
        raise ValueError(
            f"{name}: the function must return a scalar; got shape {shape_of(y)}. "
            "Reduce it (np.sum, np.mean), or use ad.jacobian or ad.elementwise_grad."
        )
    if dtype_of(y).kind not in "f":
        raise TypeError(
            f"{name}: the function must return a real number; got dtype {dtype_of(y)}. "
            "Return a float (for complex functions see ad.vjp)."
        )


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
    return _gradient_function("value_and_grad", f, argnum, with_value=True)


def grad(f: Callable, argnum: ArgNum = 0) -> Callable:
    """Return a function that gives the gradient of the scalar function `f`, by one reverse sweep.

    Parameters, errors: as `value_and_grad`.

    Examples
    --------
    >>> print(grad(np.sin)(0.0))
    1.0
    >>> print(grad(grad(lambda x: x**3))(2.0))
    12.0
    >>> grad(lambda p: p["w"] * p["b"])({"w": 2.0, "b": 5.0})
    {'w': np.float64(5.0), 'b': np.float64(2.0)}
    """
    return _gradient_function("grad", f, argnum, with_value=False)


def elementwise_grad(f: Callable, argnum: ArgNum = 0) -> Callable:
    """Return a function that gives the derivative of each entry of `f` by the matching entry of its argument.

    `f` must act on each entry by itself, as NumPy's ufuncs do; what is computed is the
    gradient of the sum of its outputs.

    Examples
    --------
    >>> print(elementwise_grad(np.tanh)(np.array([0.0, 1.0])))
    [1.         0.41997434]
    """
    return _gradient_function("elementwise_grad", f, argnum, with_value=False, of_sum=True)


def _gradient_function(name: str, f: Callable, argnum: ArgNum, *, with_value: bool, of_sum: bool = False) -> Callable:
    def gradient(*args: Any, **kwargs: Any) -> Any:
        level = new_level()
        primals, structure, leaves, full = _traced_arguments(name, args, argnum, level)
        y, node = untrace(f(*full, **kwargs), level)
        if not of_sum and y.__class__ is not np.float64:
            _scalar(name, y)
        roots = [] if node is None else [node]
        del full, node  # nothing but the graph shall hold values now, so that the pass back can free them
        found = backpropagate(roots, (one_like(y),)) if roots else {}
        if structure is None:
            result = own(found.get(leaves[0]), primals[0])
        else:
            result = structure.unflatten([own(found.get(leaf), x) for leaf, x in zip(leaves, primals, strict=True)])
        return (y, result) if with_value else result

    return _named(gradient, name, f)


def _traced_arguments(name: str, args: Sequence, argnum: ArgNum, level: int) -> tuple[Sequence, Any, Sequence, list]:
    """Return the chosen primals, their structure (None for one array), their leaves, and all arguments traced."""
    full = list(args)
    if argnum.__class__ is int and -len(args) <= argnum < len(args):
        x = args[argnum]
        if x.__class__ is float or x.__class__ is np.ndarray:  # one array: by far the most frequent
            check_differentiable(name, x, f"argument {argnum}")
            leaf = Leaf()
            full[argnum] = Tensor(frozen(x), leaf, level)
            return (x,), None, (leaf,), full
    numbers = _choose(name, args, argnum)
    one = isinstance(argnum, (int, np.integer))
    primals, structure = flatten(args[numbers[0]] if one else tuple([args[n] for n in numbers]))
    for x, path in zip(primals, structure.paths(), strict=True):
        check_differentiable(name, x, f"argument {argnum}{path}")
    tensors = trace(primals, level)
    rebuilt = structure.unflatten(tensors)
    for n, x in zip(numbers, [rebuilt] if one else rebuilt, strict=True):
        full[n] = x
    return primals, structure, [t.node for t in tensors], full


def _named(function: Callable, name: str, f: Callable) -> Callable:
    """Return `function` with a name and docstring that tell what it is made of."""
    of = getattr(f, "__name__", "f")
    function.__name__ = f"{name}_of_{of}"
    function.__qualname__ = function.__name__
    function.__doc__ = f"Return what `{name}` makes of `{of}`.\n\n{getattr(f, '__doc__', '') or ''}"
    return function


# --- Jacobians: all columns, or all rows, in one sweep ---------------------------------------------

SWEEP_ENTRIES = 2**24
"""At most this many entries (k directions times the larger side) go through a function at once."""


def _unit_sweeps(spaces: Sequence, other_size: int, push: Callable) -> list:
    """Return for each output of `push` its values for all unit directions, stacked first.

    `push(directions)` maps batches of directions to a list of results; the directions are
    the unit vectors of the space of `spaces` together, as many at a time as memory allows.
    """
    total = sum(int(np.prod(shape_of(s))) for s in spaces)
    chunk = max(1, SWEEP_ENTRIES // max(total, other_size, 1))
    # Freeing one large block makes the C library keep memory instead of handing the temporaries of each operation
    # back to the system, and fetching it again page by page takes longer than the arithmetic.
    np.empty(16 * min(chunk, total) * max(total, other_size))
    pieces = []
    for start in range(0, max(total, 1), chunk):
        stop = min(start + chunk, total)
        level = new_level()
        results = push(basis(spaces, start, stop, level))
        pieces.append([unbatch(r, level, stop - start) for r in results])
    return [np.concatenate(parts) if len(parts) > 1 else parts[0] for parts in zip(*pieces, strict=True)]


def _split(stack: Any, spaces: Sequence, axis: int) -> list:
    """Return the parts of `axis` that belong to each space, in that space's shape."""
    parts = []
    start = 0
    shape = shape_of(stack)
    for space in spaces:
        size = int(np.prod(shape_of(space)))
        part = stack[(slice(None),) * axis + (slice(start, start + size),)]
        parts.append(np.reshape(part, (*shape[:axis], *shape_of(space), *shape[axis + 1 :])))
        start += size
    return parts


def jacobian(f: Callable, argnum: ArgNum = 0, mode: str = "auto") -> Callable:
    """Return a function that gives the Jacobian of `f`.

    Parameters
    ----------
    f : callable
        Of arrays or containers of arrays, returning the same.
    argnum : int or tuple of int
        Which positional arguments to differentiate with respect to.
    mode : {"auto", "forward", "reverse"}
        Forward sends all columns through `f` in one sweep, reverse all rows back in one
        sweep. "auto" takes forward unless the output is smaller than the input.

    Returns
    -------
    callable
        With the arguments of `f`; returns an array of shape (*output shape, *argument shape).
        For containers, the structure of the output with the structure of the argument in
        place of each array.

    Raises
    ------
    TypeError, ValueError
        For integer arguments, an unknown mode, and an `argnum` out of range.

    Examples
    --------
    >>> print(jacobian(lambda x: x**2)(np.array([1.0, 2.0, 3.0])))
    [[2. 0. 0.]
     [0. 4. 0.]
     [0. 0. 6.]]
    """
    if mode not in ("auto", "forward", "reverse"):
        raise ValueError(f'jacobian: mode is one of "auto", "forward", "reverse"; got {mode!r}. Choose one of them.')

    def jacobian_function(*args: Any, **kwargs: Any) -> Any:
        numbers = _choose("jacobian", args, argnum)
        chosen = args[numbers[0]] if isinstance(argnum, (int, np.integer)) else tuple([args[n] for n in numbers])
        leaves, structure = flatten(chosen)
        for x, path in zip(leaves, structure.paths(), strict=True):
            check_differentiable("jacobian", x, f"argument {argnum}{path}")
        y_structure: list[Structure] = []

        def of_leaves(*values: Any) -> tuple:
            full = list(args)
            rebuilt = structure.unflatten(values)
            for n, x in zip(numbers, [rebuilt] if isinstance(argnum, (int, np.integer)) else rebuilt, strict=True):
                full[n] = x
            outputs, y_structure[:] = (lambda pair: (pair[0], [pair[1]]))(flatten(f(*full, **kwargs)))
            return tuple(outputs)

        blocks = _jacobian_blocks(of_leaves, leaves, mode)
        return y_structure[0].unflatten([structure.unflatten(row) for row in blocks])

    return _named(jacobian_function, "jacobian", f)


def _jacobian_blocks(f: Callable, inputs: Sequence, mode: str) -> list[list]:
    """Return ∂yᵢ/∂xⱼ for each output yᵢ and input xⱼ of `f`, which takes and returns flat sequences."""
    n = sum(int(np.prod(shape_of(x))) for x in inputs)
    pullback = None
    if mode != "forward":
        ys, pullback = vjp(f, *inputs)
        m = sum(int(np.prod(shape_of(y))) for y in ys)
        if mode == "reverse" or m < n:
            stacks = _unit_sweeps(ys, n, lambda directions: pullback(tuple(directions)))
            columns = [_split(stack, ys, 0) for stack in stacks]
            return [[column[i] for column in columns] for i in range(len(ys))]
    shapes: list = []

    def push(directions: Sequence) -> list:
        ys, y_dots = jvp(f, tuple(inputs), tuple(directions))
        shapes[:] = map(shape_of, ys)
        return list(y_dots)

    stacks = _unit_sweeps(inputs, max([int(np.prod(shape_of(x))) for x in inputs], default=1), push)
    return [_split(np.moveaxis(stack, 0, -1), inputs, len(shape)) for stack, shape in zip(stacks, shapes, strict=True)]


def hessian(f: Callable, argnum: ArgNum = 0) -> Callable:
    """Return a function that gives the Hessian of the scalar function `f`, forward over reverse.

    The result has shape (*argument shape, *argument shape); for containers, their structure
    twice over. All columns go through the gradient in one sweep.

    Examples
    --------
    >>> print(hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0])))
    [[4. 2.]
     [2. 0.]]
    """
    return _named(jacobian(grad(f, argnum), argnum, mode="forward"), "hessian", f)


def hvp(f: Callable, argnum: ArgNum = 0) -> Callable:
    """Return a function (x, v) ↦ H v, the product of the Hessian of `f` with a vector.

    One forward sweep over one reverse sweep; the Hessian is never formed. The vector is the
    last argument, with the structure and shapes of the argument it belongs to.

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
        numbers = _choose("hvp", primals, argnum)

        def gradient_of(*chosen: Any) -> Any:
            full = list(primals)
            for n, x in zip(numbers, chosen, strict=True):
                full[n] = x
            return gradient(*full, **kwargs)

        vectors = (v,) if isinstance(argnum, (int, np.integer)) else tuple(v)
        return jvp(gradient_of, tuple([primals[n] for n in numbers]), vectors)[1]

    return _named(hvp_function, "hvp", f)
