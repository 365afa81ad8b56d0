"""Einstein summation: y = Σ a·b·…, the sum over every letter that the output lacks.

The transpose in one operand is again an einsum, of the cotangent and the other operands:

    einsum("ij,jk->ik", a, b):    ā = einsum("ik,jk->ij", ȳ, b)

Three things are not a plain sum over letters: a letter that stands in this operand alone was
summed away, so its cotangent is spread; a letter repeated in this operand reads a diagonal, so
its cotangent is put on that diagonal; an axis of length 1 was broadcast, so its cotangent is summed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from string import ascii_letters, ascii_lowercase, ascii_uppercase
from typing import Any

import numpy as np

from autodiff.dispatch import RULES, Operation
from autodiff.operands import Spec, as_operand, shape_of
from autodiff.primitives import Rewrite
from autodiff.rules.elementwise import match
from autodiff.rules.indexing import scatter
from autodiff.rules.multilinear import Multilinear


@Operation
def contracted(*operands: Any, subscripts: str, optimize: Any) -> Any:
    """Return np.einsum(subscripts, *operands)."""
    return np.einsum(subscripts, *operands, optimize=optimize)


@lru_cache(maxsize=1024)
def parse(subscripts: str, ndims: tuple[int, ...]) -> tuple[tuple[str, ...], str]:
    """Return the letters of each operand and of the output, with ellipses and what is implicit written out.

    Examples
    --------
    >>> parse("...ij,jk", (3, 2))
    (('aij', 'jk'), 'aik')
    """
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    widths = [ndim - len(term) + 3 for term, ndim in zip(terms, ndims, strict=True) if "..." in term]
    width = max(widths, default=0)
    shared = "".join([c for c in ascii_letters if c not in subscripts])[:width]  # what "..." stands for
    inputs = []
    for term, ndim in zip(terms, ndims, strict=True):
        own = ndim - len(term) + 3
        inputs.append(term.replace("...", shared[width - own :]) if "..." in term else term)
    if arrow:
        return tuple(inputs), output.replace("...", shared)
    letters = left.replace(",", "").replace(".", "")
    return tuple(inputs), shared + "".join(sorted([c for c in letters if letters.count(c) == 1]))


def _transpose(i: int, ct: Any, *operands: Any, subscripts: str, optimize: Any) -> Any:
    spec: Spec = operands[i]
    inputs, output = parse(subscripts, tuple([len(shape_of(x)) for x in operands]))
    others = [k for k in range(len(operands)) if k != i]
    letters = "".join(dict.fromkeys(inputs[i]))
    known = [c for c in letters if c in output or any(c in inputs[k] for k in others)]
    terms = ",".join([output, *[inputs[k] for k in others]])
    total = np.einsum(f"{terms}->{''.join(known)}", ct, *[operands[k] for k in others], optimize=bool(optimize))
    lengths = dict(zip(inputs[i], spec.shape, strict=True))
    found = dict(zip(known, shape_of(total), strict=True))
    total = np.reshape(total, [found.get(c, 1) for c in letters])
    total = match(total, Spec(tuple([min(lengths[c], found.get(c, 1)) for c in letters]), spec.dtype))
    total = np.broadcast_to(total, tuple([lengths[c] for c in letters]))
    return total if letters == inputs[i] else _on_diagonal(total, letters, inputs[i], spec)


def _on_diagonal(x: Any, letters: str, repeated: str, spec: Spec) -> Any:
    """Return zeros of the operand's shape with `x` where the axes of a repeated letter agree."""
    grid = dict(zip(letters, np.ix_(*map(np.arange, shape_of(x))), strict=True))
    return scatter(x, shape=spec.shape, index=tuple([grid[c] for c in repeated]))


def _stack(batched: Sequence[bool], *operands: Any, subscripts: str, optimize: Any) -> Any:
    ndims = tuple([len(shape_of(x)) - b for x, b in zip(operands, batched, strict=True)])
    inputs, output = parse(subscripts, ndims)
    new = next(c for c in ascii_letters if not any(c in term for term in inputs))
    terms = [new + term if b else term for term, b in zip(inputs, batched, strict=True)]
    return np.einsum(f"{','.join(terms)}->{new}{output}", *operands, optimize=optimize)


def _letters(sublist: Sequence) -> str:
    """Return the subscripts that a list of numbers (and Ellipsis) stands for, in NumPy's alphabet."""
    alphabet = ascii_uppercase + ascii_lowercase
    return "".join(["..." if n is Ellipsis else alphabet[n] for n in sublist])


def _einsum(*operands: Any, optimize: Any = False) -> Any:
    subscripts, *arrays = operands
    if not isinstance(subscripts, str):  # the other form: array, sublist, array, sublist, …, output sublist
        pairs = len(operands) // 2
        arrays = list(operands[: 2 * pairs : 2])
        subscripts = ",".join(map(_letters, operands[1 : 2 * pairs : 2]))
        if len(operands) % 2:
            subscripts += "->" + _letters(operands[-1])
    return contracted(*map(as_operand, arrays), subscripts=subscripts, optimize=optimize)


RULES[contracted] = Multilinear(contracted, _transpose, ["subscripts", "optimize"], _stack)
RULES[np.einsum] = Rewrite(np.einsum, _einsum)
