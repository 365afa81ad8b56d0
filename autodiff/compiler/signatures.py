"""What a program is for: how the arguments are put together, shapes, dtypes and strides, and what is no number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.tree import flatten

NUMBERS = {float, complex}
INPUTS = "fciub"  # the kinds of arrays that are inputs of a program


def leaves_of(args: Sequence, named: Mapping[str, Any]) -> tuple[Sequence, Any]:
    """Return the leaves of the arguments, and what tells how they are put together; None for arrays and floats."""
    if named:  # a tuple, so that it is not taken for positional arguments
        leaves, structure = flatten((list(args), {name: named[name] for name in sorted(named)}))
    else:
        for arg in args:
            if arg.__class__ is not np.ndarray and arg.__class__ is not float:
                break
        else:
            return args, None
        leaves, structure = flatten(list(args))
    return [np.asarray(leaf) if leaf.__class__ is np.memmap else leaf for leaf in leaves], structure


def kind_of(leaf: Any) -> Any:
    """Return what a program depends on: of arrays shape, dtype and strides, of other values the value."""
    kind = leaf.__class__
    if kind is np.ndarray:
        return leaf.shape, leaf.dtype, leaf.strides  # sums run in the order of memory
    if kind in NUMBERS or isinstance(leaf, np.inexact):
        return kind
    if kind is slice:
        return slice, kind_of(leaf.start), kind_of(leaf.stop), kind_of(leaf.step)
    if isinstance(leaf, np.ndarray):
        raise TypeError(
            f"compile: arguments must be plain arrays; got a {kind.__name__}. "
            "Convert it first (np.where(mask, 0.0, data), np.asarray(matrix))."
        )
    return kind, leaf


def contents_of(leaves: Sequence) -> tuple:
    """Return what is in the arrays that are not floating-point: for programs that hold for these alone."""
    return tuple([leaf.tobytes() for leaf in leaves if isinstance(leaf, np.ndarray) and leaf.dtype.kind not in "fc"])


def positions_of_inputs(leaves: Sequence, kinds: str) -> tuple[int, ...] | None:
    """Return which leaves are inputs of a program whose array inputs are of `kinds`; None for all of them."""
    positions = [i for i, leaf in enumerate(leaves) if _is_input(leaf, kinds)]
    return None if len(positions) == len(leaves) else tuple(positions)


def _is_input(leaf: Any, kinds: str) -> bool:
    if leaf.__class__ in NUMBERS or isinstance(leaf, np.inexact):
        return True
    return isinstance(leaf, np.ndarray) and leaf.dtype.kind in kinds


def depends_on_contents(leaves: Sequence) -> bool:
    """Tell whether there are arrays that are no inputs, such as dates; raise TypeError for arrays of objects."""
    kinds = {leaf.dtype.kind for leaf in leaves if isinstance(leaf, np.ndarray)}
    if any(leaf.dtype.hasobject for leaf in leaves if isinstance(leaf, np.ndarray)):
        raise TypeError(
            "compile: arrays of objects cannot be compiled; got one. Convert it (x.astype(float)), or pass a list."
        )
    return not kinds <= set(INPUTS)


def check_hashable(leaves: Sequence) -> None:
    """Raise TypeError for what cannot be part of a signature."""
    for leaf in leaves:
        try:
            hash(kind_of(leaf))
        except TypeError:
            raise TypeError(
                "compile: what is no number, array or container of them must be hashable, so that it can tell programs "
                f"apart; got a {type(leaf).__name__}. Pass a tuple or a frozenset, or use it without passing it."
            ) from None


def what_changes(signatures: Sequence[Sequence], names: Sequence[str]) -> str:
    """Return which leaf of the arguments differs most between the signatures, and what to do; names are those of one.

    Examples
    --------
    >>> what_changes([("f", (int, n), float) for n in range(8)], ["n", "x"])
    'the argument `n` keeps changing. Pass a number that changes as a float or an array.'
    """
    width = len(names)
    kinds = [signature[1 : 1 + width] for signature in signatures if len(signature) > width]
    structures = Counter(signature[0] for signature in signatures)
    columns = list(zip(*kinds, strict=True))
    most = max(range(width), key=lambda i: len(set(columns[i])), default=0)
    values = set(columns[most]) if columns else set()
    if len(values) < len(structures) or len(values) < 2:
        if len(structures) > 1:
            return "the structure of the arguments keeps changing. Pass arrays instead of lists of many lengths."
        return (
            "the contents of an array of whole numbers or flags keep changing, which its use needs to know. "
            "Pass the array that they are an index of as an argument too, and choose by np.where(mask, x, 0.0)."
        )
    if all(value.__class__ is tuple and len(value) == 3 for value in values):
        return f"the shape or memory order of `{names[most]}` keeps changing. Pass batches of few different shapes."
    return f"the argument `{names[most]}` keeps changing. Pass a number that changes as a float or an array."
