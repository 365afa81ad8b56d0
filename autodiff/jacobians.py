"""Whole Jacobians and Hessians: all columns, or all rows, in one sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autodiff.batch import basis, unbatch
from autodiff.complex_derivatives import from_columns, from_rows
from autodiff.dispatch import new_level
from autodiff.forward import jvp
from autodiff.operands import is_complex, shape_of, size_of
from autodiff.reverse import vjp
from autodiff.transforms import ArgNum, function_of_leaves, grad, named
from autodiff.tree import Structure, flatten

SWEEP_ENTRIES = 2**24
"""At most this many entries (k directions times the larger side) go through a function at once."""

MALLOC_LIMIT = 2**25
"""Bytes: the largest block that glibc takes as a hint."""


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
        sweep. "auto" takes forward unless the output is smaller than the input; to learn the
        size of the output it may run `f` once more.

    Returns
    -------
    callable
        With the arguments of `f`; returns an array of shape (*output shape, *argument shape).
        For containers, the structure of the output with the structure of the argument in
        place of each array. What the entries are for complex arguments and results is told in
        `autodiff.complex_derivatives`: a real-valued function has those of `grad`.

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
        of_leaves, leaves, structure = function_of_leaves("jacobian", f, args, kwargs, argnum)
        blocks, y_structure = _blocks(of_leaves, leaves, mode)
        return y_structure.unflatten([structure.unflatten(map(_writable, row)) for row in blocks])

    return named(jacobian_function, "jacobian", f)


def hessian(f: Callable, argnum: ArgNum = 0) -> Callable:
    """Return a function that gives the Hessian of `f`, forward over reverse.

    All columns go through the gradient in one sweep. (Of a function that returns no scalar, they
    go through its Jacobian, after one more evaluation.)

    Parameters
    ----------
    f : callable
        Of arrays or containers of arrays, returning the same.
    argnum : int or tuple of int
        Which positional arguments to differentiate with respect to.

    Returns
    -------
    callable
        With the arguments of `f`; returns an array of shape
        (*output shape, *argument shape, *argument shape). For containers, their structure
        twice over.

    Raises
    ------
    TypeError, ValueError
        As `jacobian`.

    Examples
    --------
    >>> print(hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0])))
    [[4. 2.]
     [2. 0.]]
    """

    def scalar(*args: Any, **kwargs: Any) -> Any:
        y = f(*args, **kwargs)
        if shape_of(y) != () or y.__class__ in (tuple, list, dict):
            raise _NoScalarError
        return y

    of_scalar = jacobian(grad(scalar, argnum), argnum, mode="forward")
    of_any = jacobian(jacobian(f, argnum, mode="reverse"), argnum, mode="forward")

    def hessian_function(*args: Any, **kwargs: Any) -> Any:
        try:
            return of_scalar(*args, **kwargs)
        except _NoScalarError:
            return of_any(*args, **kwargs)

    return named(hessian_function, "hessian", f)


class _NoScalarError(Exception):
    """Tells `hessian` that a gradient is not enough."""


def _blocks(f: Callable, inputs: Sequence, mode: str) -> tuple[list[list], Structure]:
    """Return ∂yᵢ/∂xⱼ for each array yᵢ in the output and each input xⱼ, and the structure of the output."""
    n = sum(map(size_of, inputs))
    if mode == "reverse" or (mode == "auto" and n > 1):
        y, pullback = vjp(f, *inputs)
        ys, structure = flatten(y)
        if mode == "reverse" or sum(map(size_of, ys)) < n:
            return _rows(pullback, ys, inputs, structure), structure
        del pullback
    return _columns(f, inputs)


def _rows(pullback: Callable, ys: Sequence, inputs: Sequence, structure: Structure) -> list[list]:
    """Return the blocks of the Jacobian by pulling back all unit cotangents, and those times −i if one is complex."""
    n = sum(map(size_of, inputs))
    real = _rows_of(pullback, ys, n, structure, 1)
    if not any(map(is_complex, ys)):
        return real
    imaginary = _rows_of(pullback, ys, n, structure, -1j)
    return [
        [from_rows(y, x, *blocks) for x, *blocks in zip(inputs, *rows, strict=True)]
        for y, *rows in zip(ys, real, imaginary, strict=True)
    ]


def _rows_of(pullback: Callable, ys: Sequence, n: int, structure: Structure, unit: complex) -> list[list]:
    sweeps = []
    for directions, level, k in _unit_directions(ys, n, unit):
        sweeps.append([unbatch(ct, level, k) for ct in pullback(structure.unflatten(directions))])
    columns = [_split(np.concatenate(parts), ys, 0) for parts in zip(*sweeps, strict=True)]
    return [[column[i] for column in columns] for i in range(len(ys))]


def _columns(f: Callable, inputs: Sequence) -> tuple[list[list], Structure]:
    """Return the blocks of the Jacobian, and the structure of the output, by pushing all unit tangents forward.

    If an input is complex, those times i as well.
    """
    ys, real, structure = _columns_of(f, inputs, 1)
    if not any(map(is_complex, inputs)):
        return real, structure
    imaginary = _columns_of(f, inputs, 1j)[1]
    blocks = [
        [from_columns(y, x, *blocks) for x, *blocks in zip(inputs, *rows, strict=True)]
        for y, *rows in zip(ys, real, imaginary, strict=True)
    ]
    return blocks, structure


def _columns_of(f: Callable, inputs: Sequence, unit: complex) -> tuple[list, list[list], Structure]:
    sweeps = []
    for directions, level, k in _unit_directions(inputs, 1, unit):
        y, y_dot = jvp(f, inputs, directions)
        ys, structure = flatten(y)
        sweeps.append([unbatch(part, level, k) for part in flatten(y_dot)[0]])
    stacks = [np.moveaxis(np.concatenate(parts), 0, -1) for parts in zip(*sweeps, strict=True)]
    return ys, [_split(stack, inputs, len(shape_of(y))) for stack, y in zip(stacks, ys, strict=True)], structure


def _unit_directions(spaces: Sequence, other_size: int, unit: complex) -> Iterator[tuple[list, int, int]]:
    """Yield the unit vectors of the space of `spaces` together: batches of as many as memory allows, level, number."""
    total = sum(map(size_of, spaces))
    larger = max(total, other_size, 1)
    chunk = max(1, SWEEP_ENTRIES // larger)
    # Once a block of this size has been freed, glibc keeps the memory of the sweep's temporaries, instead of handing
    # it back after every operation and fetching it again page by page, which takes longer than the arithmetic.
    np.empty(min(128 * min(chunk, total) * larger, MALLOC_LIMIT), np.uint8)
    for start in range(0, max(total, 1), chunk):
        stop = min(start + chunk, total)
        level = new_level()
        yield basis(spaces, start, stop, level, unit), level, stop - start


def _split(stack: Any, spaces: Sequence, axis: int) -> list:
    """Return the parts of `axis` that belong to each space, in that space's shape."""
    parts = []
    start = 0
    shape = shape_of(stack)
    for space in spaces:
        stop = start + size_of(space)
        part = stack[(slice(None),) * axis + (slice(start, stop),)]
        parts.append(np.reshape(part, (*shape[:axis], *shape_of(space), *shape[axis + 1 :])))
        start = stop
    return parts


def _writable(block: Any) -> Any:
    """Return a block that its owner may write to, and a number for one of shape ()."""
    if block.__class__ is not np.ndarray:
        return block
    return block[()] if block.flags.writeable else block.copy()[()]
