"""Reverse mode: a function's value, and its pullback.

`vjp` runs the function on tensors of a level of its own, which record what is done to them
(`autodiff.tensor`), and then goes back through the record (`autodiff.tape`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from autodiff.boundary import check_differentiable, match_structure, own
from autodiff.dispatch import new_level
from autodiff.residuals import frozen
from autodiff.tape import Leaf, backpropagate
from autodiff.tensor import TENSORS, Tensor
from autodiff.tree import flatten


def vjp(f: Callable, *primals: Any) -> tuple[Any, Callable]:
    """Return f(*primals) and its pullback, ct ↦ Jᵀ ct.

    Parameters
    ----------
    f : callable
        Of arrays or nested containers of them, returning the same.
    *primals
        Where to evaluate it: floats, float arrays, or containers of them.

    Returns
    -------
    y
        The value.
    pullback : callable
        Takes a cotangent of the structure, shapes and dtypes of `y`; returns a tuple with
        one cotangent for each primal, in that primal's structure, shapes and dtypes. It may
        be called any number of times.

    Raises
    ------
    TypeError, ValueError
        For integer inputs; for cotangents of another structure, shape or kind.

    Examples
    --------
    >>> y, pullback = vjp(lambda a, b: a * b, 2.0, 3.0)
    >>> float(y), [float(ct) for ct in pullback(1.0)]
    (6.0, [3.0, 2.0])
    """
    inputs, structure = flatten(primals)
    for x, path in zip(inputs, structure.paths(), strict=True):
        check_differentiable("vjp", x, f"primal {path}")
    level = new_level()
    tensors = trace(inputs, level)
    leaves = [t.node for t in tensors]
    outputs, y_structure = flatten(f(*structure.unflatten(tensors)))
    values, nodes = zip(*[untrace(y, level) for y in outputs], strict=True) if outputs else ((), ())

    def pullback(ct: Any) -> tuple:
        seeds = match_structure("pullback", ct, y_structure, values)
        pairs = [(node, seed) for node, seed in zip(nodes, seeds, strict=True) if node is not None]
        grads = backpropagate([n for n, _ in pairs], [s for _, s in pairs])
        return structure.unflatten([own(grads.get(leaf), x) for leaf, x in zip(leaves, inputs, strict=True)])

    return y_structure.unflatten([own(y, y) for y in values]), pullback


def trace(inputs: Iterable, level: int) -> list[Tensor]:
    """Return tensors of `level` that stand for the inputs, each a leaf."""
    tensors = []
    for x in inputs:
        x = frozen(x)
        tensors.append(Tensor(x, Leaf.of(x), level))
    return tensors


def unwrapped(y: Any, level: int) -> Any:
    """Return the value in a constant tensor of an inner level, to which one of `level` was assigned."""
    while y.__class__ in TENSORS and y.level > level and y.node is None:
        y = y.data
    return y


def untrace(y: Any, level: int) -> tuple[Any, Any]:
    """Return the value of an output and its node at `level` (None if it depends on no input)."""
    y = unwrapped(y, level)
    if y.__class__ in TENSORS and y.level == level:
        return y.data, y.node
    return y, None
