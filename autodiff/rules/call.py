"""A call of a function some of whose arguments are taken out as operands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autodiff.residuals import frozen
from autodiff.tree import Structure


class Call:
    """`function` with all its arguments but the operands: `call(*operands)` puts these in and calls it.

    Parameters
    ----------
    function : callable
    leaves : sequence
        The arguments, flat.
    places : sequence of int
        Which of the leaves are the operands.
    structure : Structure
        How the leaves are nested in `(args, kwargs)`.
    """

    __slots__ = ("function", "leaves", "places", "structure")

    def __init__(self, function: Callable, leaves: Iterable, places: Sequence[int], structure: Structure) -> None:
        taken_out = frozenset(places)
        self.function = function
        self.leaves = [None if i in taken_out else leaf for i, leaf in enumerate(leaves)]
        self.places = places
        self.structure = structure

    @property
    def __name__(self) -> str:
        return str(getattr(self.function, "__name__", "function"))

    def kept(self, function: Callable) -> Call:
        """Return the call of `function` with the arguments as they are now, whatever becomes of these arrays."""
        return Call(function, map(frozen, self.leaves), self.places, self.structure)

    def __call__(self, *operands: Any) -> Any:
        leaves = list(self.leaves)
        for place, operand in zip(self.places, operands, strict=True):
            leaves[place] = operand
        args, kwargs = self.structure.unflatten(leaves)
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<call of {self.__name__}>"
