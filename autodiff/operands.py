"""What the engine computes with: plain arrays and numbers, and traced values that stand for them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from math import prod
from typing import Any, ClassVar

import numpy as np

TRACED: set[Any] = set()
"""The types whose instances stand for a value that is being differentiated or recorded."""

DIFFERENTIATED: set[Any] = set()
"""Those of them that are differentiated: where only the numbers count, they are opened; a record stays one."""

PLAIN: set[Any] = {float, int, bool, complex, np.ndarray, *np.sctypeDict.values()}
"""Operand types that need no look before use; `as_operand` makes one of anything else."""


class Traced:
    """Base of the values that record what is done to them."""

    __slots__ = ()
    level: int
    differentiates: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        TRACED.add(cls)
        if cls.differentiates:
            DIFFERENTIATED.add(cls)

    @staticmethod
    def process(primitive: Any, level: int, args: Sequence, kwargs: Mapping) -> Any:
        """Carry out `primitive` at `level` (each traced type says how)."""
        raise TypeError("Traced: is a base class; got a direct call. Use Tensor or Dual.")


class Spec:
    """Shape and dtype of an array whose values are not kept."""

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self.shape = shape
        self.dtype = dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return prod(self.shape)

    def __repr__(self) -> str:
        return f"Spec({self.shape}, {self.dtype})"


FLOAT64 = np.dtype(np.float64)


def shape_of(x: Any) -> tuple[int, ...]:
    """Return the shape of an operand; Python numbers have shape ()."""
    return getattr(x, "shape", ())


def size_of(x: Any) -> int:
    """Return the number of entries of an operand."""
    return prod(shape_of(x))


def dtype_of(x: Any) -> np.dtype:
    """Return the dtype that an operand has by itself; Python's float is float64."""
    if x.__class__ is float:
        return FLOAT64
    return getattr(x, "dtype", None) or np.asarray(x).dtype


def spec_of(x: Any) -> Spec:
    """Return the shape and dtype of an operand."""
    return x if x.__class__ is Spec else Spec(shape_of(x), dtype_of(x))


def is_inexact(dtype: np.dtype) -> bool:
    """Tell whether numbers of this dtype can be differentiated: floats and complex numbers."""
    return dtype.kind in "fc"


def value_of(x: Any) -> Any:
    """Return what is inside any nesting of differentiated values: a plain array or number, or its record."""
    while x.__class__ in DIFFERENTIATED:
        x = x.payload
    return x


def is_complex(x: Any) -> bool:
    """Tell whether an operand is made of complex numbers."""
    return dtype_of(x).kind == "c"


def visible(x: Any) -> Any:
    """Return the numbers of an operand where a rule may go by them; None while it is compiled, for all numbers."""
    x = value_of(x)
    if x.__class__ not in TRACED:
        return x
    return None if x.recorder.strict else x.payload


def map_nested(function: Callable[[Any], Any], tree: Any, kinds: AbstractSet[Any]) -> Any:
    """Return nested lists, tuples and dicts with `function` applied to whatever is of one of the `kinds`."""
    kind = tree.__class__
    if kind in kinds:
        return function(tree)
    if kind in (list, tuple):
        return kind([map_nested(function, item, kinds) for item in tree])
    if kind is dict:
        return {key: map_nested(function, item, kinds) for key, item in tree.items()}
    return tree


def plain(tree: Any) -> Any:
    """Return `tree` (lists, tuples, dicts) with every differentiated value replaced by its array (or record)."""
    return map_nested(value_of, tree, DIFFERENTIATED)


def first_traced(tree: Any) -> Any:
    """Return the first traced value in nested lists, tuples and dicts, or None."""
    kind = tree.__class__
    if kind in TRACED:
        return tree
    if kind is dict:
        tree = tree.values()
    elif kind not in (list, tuple):
        return None
    return next((found for found in map(first_traced, tree) if found is not None), None)


def is_traced(tree: Any) -> bool:
    """Tell whether a traced value stands anywhere in nested lists, tuples and dicts."""
    kind = tree.__class__
    if kind in TRACED:
        return True
    if kind in (list, tuple):
        return any(map(is_traced, tree))
    return kind is dict and any(map(is_traced, tree.values()))


def full_name(function: Callable) -> str:
    """Return the name a user would write: `np.linalg.solve`, `np.add.reduce`, `mine`."""
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc):
        return f"np.{owner.__name__}.{function.__name__}"
    name: Any = getattr(function, "__qualname__", None) or getattr(function, "__name__", repr(function))
    module = getattr(function, "__module__", None) or ""
    if isinstance(function, np.ufunc):
        if getattr(np, name, None) is function:
            return f"np.{name}"
        special = sys.modules.get("scipy.special")  # a ufunc does not say whose it is
        return f"scipy.special.{name}" if getattr(special, name, None) is function else name
    if module == "numpy" or module.startswith("numpy."):
        return f"{module.replace('numpy', 'np', 1)}.{name}"
    return name


def as_operand(x: Any) -> Any:
    """Return `x` as something the rules compute with; lists and their like become arrays."""
    kind = x.__class__
    if kind in TRACED or kind in PLAIN:
        return x
    if isinstance(x, (np.ma.MaskedArray, np.matrix)):
        raise TypeError(
            f"autodiff: the mask or the meaning of * would be lost; got a {kind.__name__}. "
            "Convert it to a plain array first (np.where(mask, 0.0, data), np.asarray(matrix))."
        )
    if kind in (list, tuple) and is_traced(x):
        return np.stack([as_operand(item) for item in x])
    return np.asarray(x)
