"""Assignment to traced values: `t[i] = v`, `t += v`, and views that write through.

Assignment is functional underneath: the old value keeps its own node, and the object becomes
the new value. What basic indexing, reshape and transpose give is a view, as in NumPy: what
is written to it is written to what it was taken from, and the other way round.
"""

from __future__ import annotations

from typing import Any
from weakref import ref

import numpy as np

from autodiff.dispatch import Operation, bind
from autodiff.operands import Traced, dtype_of, plain, shape_of


@Operation
def astype(x: Any, *, dtype: Any) -> Any:
    """Return `x` converted to `dtype`."""
    return np.asarray(x).astype(dtype)[()]


@Operation
def index_update(x: Any, value: Any, *, index: Any) -> Any:
    """Return `x` with x[index] replaced by `value`: assignment as a function."""
    result = np.array(x)
    result[index] = value
    return result


class Assignable(Traced):
    """What tensors and dual numbers share of being written to."""

    __slots__ = ()
    payload: Any
    shape: Any
    dtype: Any

    def _is_recorded(self) -> bool:
        """Whether leaving the graph here would lose a derivative."""
        return False

    def _assign(self, value: Any) -> None:
        """Become `value`."""
        raise TypeError(f"{type(self).__name__}: cannot be assigned to; got {value!r}. Build a new array.")

    def _become(self, value: Any) -> None:
        """Take over the contents of `value`, of the same type."""
        raise TypeError(f"{type(self).__name__}: cannot be assigned to; got {value!r}. Build a new array.")

    def _write(self, value: Any) -> None:
        """Become `value`, and if this is a view, write it to what it is a view of."""
        origin = getattr(self, "_origin", None)
        if origin is None:
            self._assign(value)
        else:
            base, primitive, parameters = origin
            base._write(primitive.view.write(base, value, **parameters))

    def _refresh_views(self) -> None:
        """Show what was written here in the views that were taken from it."""
        for reference in list(getattr(self, "_views", ())):  # a copy: looking again notes views, and forgets some
            view = reference()
            if view is not None:
                _, primitive, parameters = view._origin
                view._become(self.process(primitive, self.level, (self,), parameters))
                view._refresh_views()

    def __setitem__(self, index: Any, value: Any) -> None:
        self._write(bind(index_update, (self, value), {"index": plain(index)}))

    def _update(self, value: Any) -> Any:
        if shape_of(value) != self.shape:
            raise ValueError(
                f"{type(self).__name__}: an in-place operation cannot change the shape {self.shape}; "
                f"got {shape_of(value)}. Write t = t + v."
            )
        if not np.can_cast(dtype_of(value), self.dtype, "same_kind"):
            raise TypeError(
                f"{type(self).__name__}: an in-place operation cannot change the dtype {self.dtype}; "
                f"got {dtype_of(value)}. Write t = t + v."
            )
        self._write(value if dtype_of(value) == self.dtype else astype(value, dtype=self.dtype))
        return self

    def __iadd__(self, other: Any) -> Any:
        return self._update(self + other)

    def __isub__(self, other: Any) -> Any:
        return self._update(self - other)

    def __imul__(self, other: Any) -> Any:
        return self._update(self * other)

    def __itruediv__(self, other: Any) -> Any:
        return self._update(self / other)

    def __ifloordiv__(self, other: Any) -> Any:
        return self._update(self // other)

    def __imod__(self, other: Any) -> Any:
        return self._update(self % other)

    def __ipow__(self, other: Any) -> Any:
        return self._update(self**other)

    def __imatmul__(self, other: Any) -> Any:
        return self._update(self @ other)


def note_if_view(result: Any, y: Any, base: Any, x: Any, primitive: Any, parameters: Any) -> None:
    """Remember that `result`, with value `y`, is a view of `base`, with value `x`, if NumPy's would be one.

    What is written to one of them is then seen in the other. Either may be dropped first:
    the view holds its base, which knows its views by weak references.
    """
    if not (primitive.view.is_one(y, x, parameters) if y.__class__ is np.ndarray else hasattr(y, "_origin")):
        return
    result._origin = (base, primitive, parameters)
    views = getattr(base, "_views", None)
    if views is None:
        base._views = [ref(result)]
        return
    views.append(ref(result))
    if len(views) >= 64 and len(views) & (len(views) - 1) == 0:  # now and then: forget those that are gone
        views[:] = [reference for reference in views if reference() is not None]
