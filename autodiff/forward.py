"""Forward mode: dual numbers x + ẋε with ε² = 0.

A `Dual` carries a value and its directional derivative through every operation:
f(x + ẋε) = f(x) + f'(x) ẋ ε. No graph is kept. The tangent may be a `Batch`, and then one
sweep carries many directions at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff import anomaly
from autodiff.arraylike import ArrayLike
from autodiff.assignment import note_if_view
from autodiff.boundary import check_differentiable, own, zero_like
from autodiff.dispatch import HAND_LEVEL, MODE, new_level
from autodiff.operands import TRACED, as_operand, dtype_of, shape_of
from autodiff.primitives import Primitive
from autodiff.residuals import frozen, rebuild
from autodiff.reverse import unwrapped
from autodiff.tree import Structure, flatten


class Dual(ArrayLike):
    """A dual number (or array of them): `primal` + `tangent` ε.

    Parameters
    ----------
    primal, tangent : array_like
        Of one shape. Either may itself be dual, for higher derivatives.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> x = Dual(3.0, 1.0)
    >>> x * x + 1.0
    Dual(10.0, 6.0)
    """

    __slots__ = ("__weakref__", "_origin", "_views", "level", "primal", "tangent")

    def __init__(self, primal: Any, tangent: Any) -> None:
        self.primal = _number(primal)
        self.tangent = _number(tangent)
        if shape_of(self.primal) != shape_of(self.tangent):
            raise ValueError(
                "Dual: primal and tangent must have one shape; "
                f"got {shape_of(self.primal)} and {shape_of(self.tangent)}. Broadcast the tangent first."
            )
        inside = [x.level for x in (self.primal, self.tangent) if x.__class__ in TRACED]
        self.level = max([HAND_LEVEL, *(level + 1 for level in inside)])

    @property
    def payload(self) -> Any:
        return self.primal

    @staticmethod
    def process(primitive: Primitive, level: int, args: Sequence, kwargs: Mapping) -> Any:
        """Evaluate, and push the tangents forward."""
        values = list(args)
        tangents = {}
        for i, arg in enumerate(args):
            if arg.__class__ is Dual and arg.level == level:
                values[i] = arg.primal
                tangents[i] = arg.tangent
        y = primitive.function(*values, **kwargs)
        mode = MODE.get()
        y_dot = None
        if mode is None or mode.paused < level:
            y_dot = primitive.jvp(tangents, y, values, kwargs)
        if mode is not None and mode.anomaly:
            anomaly.check_value(primitive, values, y)
            if y_dot is not None:
                anomaly.check_value(primitive, [*values, *tangents.values()], y_dot, "tangent of the forward")
        if isinstance(y, (tuple, list)):
            dots = y_dot if y_dot is not None else [None] * len(y)
            return rebuild(y, [dual(v, v_dot, level) for v, v_dot in zip(y, dots, strict=True)])
        result = dual(y, y_dot, level)
        if primitive.view is not None:
            note_if_view(result, y, args[0], values[0], primitive, kwargs)
        return result

    def _is_recorded(self) -> bool:
        mode = MODE.get()
        if mode is None or mode.paused < self.level:
            return True
        return self.primal.__class__ in TRACED and self.primal._is_recorded()

    def detach(self) -> Any:
        """Return the value alone, a constant: its tangent is zero."""
        return dual(self.primal, None, self.level)

    def snapshot(self) -> Dual:
        """Return this value as a dual number that no assignment changes."""
        return dual(frozen(self.primal), frozen(self.tangent), self.level)

    def _assign(self, value: Any) -> None:
        if value.__class__ is not Dual or value.level < self.level:
            value = dual(value, None, self.level)
        if value.level > self.level:
            raise ValueError(
                "Dual: a value of an inner transformation would be stored in a dual number of an outer one; "
                f"got level {value.level} into level {self.level}. Build a new array inside the inner function."
            )
        self._become(value)
        self._refresh_views()

    def _become(self, value: Dual) -> None:
        self.primal = value.primal
        self.tangent = value.tangent
        self.level = value.level


def _number(x: Any) -> Any:
    """Return `x` as a float, a NumPy scalar or an own array of floats."""
    if x.__class__ in TRACED:
        return x
    if x.__class__ is float:
        return np.float64(x)  # Python's own 1.0 / 0.0 raises
    x = as_operand(x)
    if dtype_of(x).kind in "biu":
        x = np.asarray(x, float)[()]
    check_differentiable("Dual", x, "its part")
    return frozen(x)


def dual(primal: Any, tangent: Any, level: int) -> Dual:
    """Return a dual number of a given level; the tangent None stands for zero."""
    result = object.__new__(Dual)
    result.primal = primal
    result.tangent = zero_like(primal) if tangent is None else tangent
    result.level = level
    return result


def jvp(f: Callable, primals: Sequence, tangents: Sequence) -> tuple[Any, Any]:
    """Return f(*primals) and its directional derivative along `tangents`.

    Parameters
    ----------
    f : callable
        Of arrays or nested containers of them, returning the same.
    primals, tangents : sequence
        One entry for each argument of `f`; a tangent has its primal's structure and shapes.

    Returns
    -------
    y, y_dot
        The value, and J ẋ in the same structure.

    Raises
    ------
    TypeError, ValueError
        For integer primals; for tangents of another structure or shape.

    Examples
    --------
    >>> y, y_dot = jvp(np.sin, (0.0,), (2.0,))
    >>> float(y), float(y_dot)
    (0.0, 2.0)
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError(
            "jvp: primals and tangents must be tuples with one entry for each argument of f; "
            f"got {type(primals).__name__} and {type(tangents).__name__}. Write jvp(f, (x,), (x_dot,))."
        )
    values, structure = flatten(tuple(primals))
    dots = structure.leaves_of(tuple(tangents))
    if dots is None:
        raise ValueError(
            f"jvp: tangents must have the structure of the primals, {structure}; got {flatten(tuple(tangents))[1]}. "
            "Pass the same nesting of lists, tuples and dicts."
        )
    level = new_level()
    pairs = [_checked(x, x_dot, structure, k) for k, (x, x_dot) in enumerate(zip(values, dots, strict=True))]
    inputs = [dual(frozen(x), frozen(x_dot), level) for x, x_dot in pairs]
    outputs, y_structure = flatten(f(*structure.unflatten(inputs)))
    pairs = [untrace(y, level) for y in outputs]
    return y_structure.unflatten([own(y, y) for y, _ in pairs]), y_structure.unflatten([own(d, d) for _, d in pairs])


def _checked(x: Any, x_dot: Any, structure: Structure, k: int) -> tuple[Any, Any]:
    """Return a primal, which is leaf k of the arguments, and its tangent, in the dtype of the primal."""
    like = x.__class__ is x_dot.__class__ is np.ndarray and x.dtype is x_dot.dtype and x.shape == x_dot.shape
    if like and x.dtype.kind in "fc":
        return x, x_dot  # nearly always: no need for the name of the leaf
    path = structure.paths()[k]
    check_differentiable("jvp", x, f"primal {path}")
    if x_dot.__class__ not in TRACED:
        x_dot = np.asarray(x_dot)
        if not np.can_cast(x_dot.dtype, dtype_of(x), "same_kind"):
            raise TypeError(
                f"jvp: the tangent {path} must have the dtype of its primal, {dtype_of(x)}; got {x_dot.dtype}. "
                "Convert it with .astype."
            )
        x_dot = x_dot.astype(dtype_of(x))[()]
    if shape_of(x) != shape_of(x_dot):
        raise ValueError(
            f"jvp: the tangent {path} must have the shape of its primal, {shape_of(x)}; got {shape_of(x_dot)}. "
            "Reshape it."
        )
    return x, x_dot


def untrace(y: Any, level: int) -> tuple[Any, Any]:
    """Return the primal and the tangent of an output at `level`."""
    y = unwrapped(y, level)
    if y.__class__ is Dual and y.level == level:
        return y.primal, y.tangent
    y = as_operand(y)
    return y, zero_like(y)
