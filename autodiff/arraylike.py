"""What makes a traced value behave like a NumPy array: protocols, operators, methods, refusals.

Everything here ends in `bind`. The operators call it directly, NumPy's functions through
the two dispatch protocols, and the methods are NumPy's functions under their method names.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autodiff.assignment import Assignable, astype
from autodiff.dispatch import Operation, bind
from autodiff.operands import FLOAT64, dtype_of, is_inexact, plain, shape_of, size_of, value_of


@Operation
def getitem(x: Any, *, index: Any) -> Any:
    """Return x[index]: indexing as a function."""
    return x[index]


@Operation
def power(x: Any, *, exponent: Any) -> Any:
    """Return x ** exponent as Python's operator gives it on arrays (x ** 2 is x · x)."""
    return (np.float64(x) if x.__class__ is float else x) ** exponent


class ArrayLike(Assignable):
    """The array behaviour that tensors, dual numbers and batches share."""

    __slots__ = ()
    payload: Any
    __array_priority__ = 1000.0
    __hash__ = object.__hash__  # by identity: == compares elementwise

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        target = kwargs.get("out", ())
        if len(target) == 1 and isinstance(target[0], Assignable):  # np.add(t, u, out=t) is t[...] = t + u
            del kwargs["out"]
            return target[0]._update(self.__array_ufunc__(ufunc, method, *inputs, **kwargs))
        return bind(ufunc if method == "__call__" else getattr(ufunc, method), inputs, kwargs)

    def __array_function__(self, function: Callable, types: Any, args: Any, kwargs: Any) -> Any:
        return bind(function, args, kwargs)

    # --- attributes ---------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        return shape_of(self.payload)

    @property
    def dtype(self) -> np.dtype:
        payload = self.payload
        return FLOAT64 if payload.__class__ is float else dtype_of(payload)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return size_of(self)

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.size * self.itemsize

    @property
    def T(self) -> Any:  # noqa: N802 - NumPy's name
        return np.transpose(self)

    @property
    def mT(self) -> Any:  # noqa: N802 - NumPy's name
        if self.ndim < 2:
            raise ValueError(f"mT: needs at least two axes; got shape {self.shape}. Write t.T, or add an axis.")
        return np.swapaxes(self, -1, -2)

    @property
    def real(self) -> Any:
        return np.real(self)

    @property
    def imag(self) -> Any:
        return np.imag(self)

    @property
    def flat(self) -> Any:
        return np.ravel(self)

    # --- operators ----------------------------------------------------------------

    def __add__(self, other: Any) -> Any:
        return bind(np.add, (self, other))

    def __radd__(self, other: Any) -> Any:
        return bind(np.add, (other, self))

    def __sub__(self, other: Any) -> Any:
        return bind(np.subtract, (self, other))

    def __rsub__(self, other: Any) -> Any:
        return bind(np.subtract, (other, self))

    def __mul__(self, other: Any) -> Any:
        return bind(np.multiply, (self, other))

    def __rmul__(self, other: Any) -> Any:
        return bind(np.multiply, (other, self))

    def __truediv__(self, other: Any) -> Any:
        return bind(np.divide, (self, other))

    def __rtruediv__(self, other: Any) -> Any:
        return bind(np.divide, (other, self))

    def __floordiv__(self, other: Any) -> Any:
        return bind(np.floor_divide, (self, other))

    def __rfloordiv__(self, other: Any) -> Any:
        return bind(np.floor_divide, (other, self))

    def __mod__(self, other: Any) -> Any:
        return bind(np.remainder, (self, other))

    def __rmod__(self, other: Any) -> Any:
        return bind(np.remainder, (other, self))

    def __divmod__(self, other: Any) -> Any:
        return bind(np.divmod, (self, other))

    def __rdivmod__(self, other: Any) -> Any:
        return bind(np.divmod, (other, self))

    def __pow__(self, other: Any) -> Any:
        if other.__class__ is int or other.__class__ is float:
            if other == 2 and self.payload.__class__ is np.ndarray and self.payload.dtype.kind == "f":
                return bind(np.square, (self,))  # what NumPy makes of floats ** 2
            return bind(power, (self,), {"exponent": other})
        return bind(np.power, (self, other))

    def __rpow__(self, other: Any) -> Any:
        return bind(np.power, (other, self))

    def __matmul__(self, other: Any) -> Any:
        return bind(np.matmul, (self, other))

    def __rmatmul__(self, other: Any) -> Any:
        return bind(np.matmul, (other, self))

    def __neg__(self) -> Any:
        return bind(np.negative, (self,))

    def __pos__(self) -> Any:
        return bind(np.positive, (self,))

    def __abs__(self) -> Any:
        return bind(np.absolute, (self,))

    def __round__(self, digits: int = 0) -> Any:
        return np.round(self, digits)

    def __lt__(self, other: Any) -> Any:
        return value_of(self) < value_of(other)

    def __le__(self, other: Any) -> Any:
        return value_of(self) <= value_of(other)

    def __gt__(self, other: Any) -> Any:
        return value_of(self) > value_of(other)

    def __ge__(self, other: Any) -> Any:
        return value_of(self) >= value_of(other)

    def __eq__(self, other: object) -> Any:
        return value_of(self) == value_of(other)

    def __ne__(self, other: object) -> Any:
        return value_of(self) != value_of(other)

    def __getitem__(self, index: Any) -> Any:
        if index.__class__ is not slice and index.__class__ is not int:
            index = plain(index)
        return bind(getitem, (self,), {"index": index})

    # --- a container of its rows ----------------------------------------------------

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len: a scalar has no length; got shape (). Write t.size, or np.atleast_1d(t).")
        return self.shape[0]

    def __iter__(self) -> Iterator:
        if not self.shape:
            raise TypeError("iter: a scalar cannot be iterated over; got shape (). Use it as it is.")
        return (self[i] for i in range(self.shape[0]))

    def __contains__(self, item: Any) -> bool:
        return item in np.asarray(value_of(self))

    def __bool__(self) -> bool:
        return bool(value_of(self))

    def choose(self, choices: Any, mode: str = "raise") -> Any:
        """Return the entries of `choices` that this array numbers; see `np.choose`."""
        return np.choose(self, choices, mode=mode)  # type: ignore[call-overload]

    def partition(self, kth: Any, axis: int = -1) -> None:
        """Partition in place (the tensor becomes the partitioned array); see `np.partition`."""
        self._write(np.partition(self, kth, axis))

    # --- ways out of the graph --------------------------------------------------------

    def item(self, *index: int) -> Any:
        """Return one entry as a Python number (it is not tracked any more)."""
        return np.asarray(value_of(self)).item(*index)

    def numpy(self) -> np.ndarray:
        """Return a copy of the value as an ndarray (it is not tracked any more)."""
        return np.array(value_of(self))

    def _known(self, _what: str) -> np.ndarray:
        """Return the value for an operation that depends on it."""
        return self.numpy()

    def tolist(self) -> Any:
        """Return the value as nested lists of Python numbers (not tracked any more)."""
        return np.asarray(value_of(self)).tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if self._is_recorded():
            advice = (
                "To build an array of traced values write np.stack([t, u]); for X.dot(t), X @ t or np.dot(X, t); "
                "to store one, make the target a tensor and write t[i] = v; for the numbers alone, t.numpy() or "
                "t.detach()."
            )
            if sys._getframe(1).f_globals.get("__name__", "").startswith("scipy."):
                advice = (
                    "Use its namesake in autodiff.scipy, which has a derivative or says what to write; "
                    "for the numbers alone, t.numpy()."
                )
            raise TypeError(
                f"np.asarray: the result would leave the graph and its derivative be lost; got a {_kind(self)}. "
                f"{advice}"
            )
        return np.array(value_of(self), dtype=dtype, copy=copy)

    def _number(self, function: str) -> Any:
        if self._is_recorded():
            raise TypeError(
                f"{function}: the result would leave the graph and its derivative be lost; got a {_kind(self)}. "
                "Use NumPy's functions (np.sin for math.sin); to store it, make the target a tensor (a = ad.tensor(a), "
                "then a[i] = t); for the number alone, t.item()."
            )
        return self.item()

    def __float__(self) -> float:
        return float(self._number("float"))

    def __int__(self) -> int:
        return int(self._number("int"))

    def __complex__(self) -> complex:
        return complex(self._number("complex"))

    def __index__(self) -> int:
        if self.dtype.kind in "iub" and self.shape == ():
            return int(value_of(self))
        raise TypeError(
            f"index: only a whole number counts positions; got a {type(self).__name__} of dtype {self.dtype} and shape "
            f"{self.shape}. Write int(t.item())."
        )

    @property
    def _value(self) -> Any:
        """The value inside, which programs written for autograd print."""
        return self.payload

    def __repr__(self) -> str:
        return _show(self)

    def __format__(self, spec: str) -> str:
        if spec and self.size != 1:
            raise TypeError(
                f"format: one number has a format; got an array of shape {self.shape} and {spec!r}. "
                "Format its entries, or write np.array2string(t.numpy(), precision=3)."
            )
        return format(self.item(), spec) if spec else str(self)

    def __str__(self) -> str:
        return repr(self)

    # --- NumPy's methods ----------------------------------------------------------------

    def reshape(self, *shape: Any, order: str = "C") -> Any:
        """Return the same entries in another shape; see `np.reshape`."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, order)  # type: ignore[call-overload]

    def transpose(self, *axes: Any) -> Any:
        """Return the array with its axes permuted; see `np.transpose`."""
        return np.transpose(self, axes[0] if len(axes) == 1 else axes or None)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """Return the array converted to `dtype`; to an integer type, a constant."""
        dtype = np.dtype(dtype)
        if not is_inexact(dtype):
            return np.asarray(value_of(self)).astype(dtype)
        return bind(astype, (self,), {"dtype": dtype})

    def flatten(self, order: str = "C") -> Any:
        """Return a copy of the entries in one axis; see `np.ravel`, which may give a view."""
        return np.copy(np.ravel(self, order))  # type: ignore[call-overload]

    def copy(self, order: str = "C") -> Any:
        """Return a value of its own; see `np.copy`."""
        return np.copy(self)

    def compress(self, condition: Any, axis: int | None = None) -> Any:
        """Return the slices where `condition` holds; see `np.compress`."""
        return np.compress(condition, self, axis)

    def sort(self, axis: int = -1) -> None:
        """Sort in place (the tensor becomes the sorted array); see `np.sort`."""
        self._write(np.sort(self, axis))

    def fill(self, value: Any) -> None:
        """Set every entry, in place."""
        self[...] = value


def _kind(x: ArrayLike) -> str:
    return f"{type(x).__name__} of shape {x.shape} that is being differentiated"


def _show(x: ArrayLike) -> str:
    if hasattr(x, "tangent"):
        return f"Dual({_text(x.payload)}, {_text(x.tangent)})"
    flag = ", requires_grad=True" if getattr(x, "requires_grad", False) else ""
    title = getattr(x, "name", None)
    name = f", name={title!r}" if title else ""
    return f"{type(x).__name__.lower()}({_text(x.payload)}{name}{flag})"


def _text(x: Any) -> str:
    if isinstance(x, ArrayLike):
        return repr(x)
    array = np.asarray(x)
    if array.dtype in (np.dtype(float), np.dtype(int), np.dtype(bool)):
        return np.array2string(array, separator=", ") if array.ndim else repr(array.item())
    return f"{np.array2string(array, separator=', ')}, dtype={array.dtype}"


def _method(name: str) -> Callable:
    function = getattr(np, name)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return bind(function, (self, *args), kwargs)

    method.__name__ = name
    method.__doc__ = f"Return `np.{name}` of this array; see NumPy's documentation of it."
    return method


for _name in (
    "all", "any", "argmax", "argmin", "argpartition", "argsort", "clip", "cumprod", "cumsum", "diagonal", "dot", "max",
    "mean", "min", "nonzero", "prod", "ravel", "repeat", "round", "searchsorted", "squeeze", "std", "sum", "swapaxes",
    "take", "trace", "var",
):  # fmt: skip
    setattr(ArrayLike, _name, _method(_name))
ArrayLike.conj = ArrayLike.conjugate = _method("conjugate")  # type: ignore[attr-defined]


def _refused(name: str) -> property:
    """Return an attribute of ndarray that traced values do not have (as a property: `__getattr__` slows all others)."""

    def attribute(self: Any) -> Any:
        raise AttributeError(
            f"{type(self).__name__}: has no `{name}`, which would leave the graph or write in place; "
            f"got t.{name}. Write t.numpy().{name} for the numbers alone."
        )

    return property(attribute)


for _name in dir(np.ndarray):
    if not _name.startswith("_") and not hasattr(ArrayLike, _name) and _name != "data":
        setattr(ArrayLike, _name, _refused(_name))
