"""Python's containers and type tests, for programs that import autograd's.

Traced values travel in Python's own lists, tuples and dicts here, so these are Python's own.
`isinstance` and `type` look at the number inside a traced value.
"""

from __future__ import annotations

import builtins
from typing import Any

from autodiff.operands import value_of

__all__ = ["dict", "isinstance", "list", "tuple", "type"]

dict = builtins.dict
list = builtins.list
tuple = builtins.tuple


def isinstance(object: Any, classes: Any) -> bool:
    """Tell whether `object`, or the value in it, is of one of these classes.

    Examples
    --------
    >>> import numpy as np
    >>> import autodiff as ad
    >>> isinstance(ad.tensor([1.0, 2.0]), np.ndarray)
    True
    """
    return builtins.isinstance(object, classes) or builtins.isinstance(value_of(object), classes)


def type(object: Any) -> Any:
    """Return the class of `object`; of a traced value, that of the value in it."""
    return builtins.type(value_of(object))
