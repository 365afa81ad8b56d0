"""What a graph keeps in memory: the measured cost of being able to go back."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np

from autodiff.operands import Spec
from autodiff.primitives import Rule
from autodiff.tape import Leaf
from autodiff.tensor import TENSORS


def retained(*tensors: Any) -> list[np.ndarray]:
    """Return the arrays that the graphs behind `tensors` keep for the backward pass.

    These are the residuals which the rules of the recorded operations will read. An array
    that was written to by its owner, such as a parameter, is kept as a copy, which is then
    among the results; a tensor's own value only if a rule reads it.

    Parameters
    ----------
    *tensors : Tensor
        Results of recorded operations; an input or a constant keeps nothing.

    Returns
    -------
    list of ndarray
        Each piece of memory once, however many views of it are kept; the sum of their
        `nbytes` is the memory in byte. Only to be looked at.

    Raises
    ------
    TypeError
        For what is no tensor.

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.tensor(np.ones(1000), requires_grad=True)
    >>> sum(array.nbytes for array in ad.retained(np.exp(x)))  # exp reads its own value
    8000
    >>> ad.retained(x + 1.0)  # a sum reads nothing
    []
    """
    for t in tensors:
        if t.__class__ not in TENSORS:
            raise TypeError(f"retained: looks at tensors; got a {type(t).__name__}. Pass what the model returns.")
    found: dict[int, np.ndarray] = {}
    seen: set[int] = set()
    waiting: list[Any] = [t.node for t in tensors]
    while waiting:
        item = waiting.pop()
        if isinstance(item, np.ndarray):
            owner = _owner(item)
            found[id(owner)] = owner
        elif id(item) not in seen and _may_hold_residuals(item):
            seen.add(id(item))
            waiting += gc.get_referents(item)
    return list(found.values())


def _owner(array: np.ndarray) -> np.ndarray:
    """Return the array whose memory this is a view of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _may_hold_residuals(item: Any) -> bool:
    """Tell whether to look inside: containers, and the engine's own objects but for inputs and rules."""
    kind = type(item)
    if kind in (tuple, list, dict):
        return True
    return kind.__module__.startswith("autodiff.") and not isinstance(item, (type, Leaf, Rule, Spec))
