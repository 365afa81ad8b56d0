"""Indexing, assignment and choice: x[i], x[i] = v, where(condition, a, b).

All are linear in the arrays. The transpose of taking entries out is adding them in
(`scatter`), entries that were taken twice twice.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.arraylike import getitem
from autodiff.assignment import index_update
from autodiff.batch import align
from autodiff.dispatch import RULES, Operation
from autodiff.operands import (
    Spec,
    dtype_of,
    plain,
    shape_of,
)
from autodiff.primitives import Rewrite, View
from autodiff.rules.elementwise import summed_to
from autodiff.rules.linear import linear


def is_basic(index: Any) -> bool:
    """Tell whether an index is made of integers, slices, None and Ellipsis only."""
    if index.__class__ is slice or index.__class__ is int:
        return True
    items = index if isinstance(index, tuple) else (index,)
    return all(
        item is None
        or item is Ellipsis
        or isinstance(item, slice)
        or (isinstance(item, (int, np.integer)) and not isinstance(item, (bool, np.bool_)))
        for item in items
    )


def may_repeat(index: Any) -> bool:
    """Tell whether an index may name an entry twice: only arrays of integers may."""
    items = index if isinstance(index, tuple) else (index,)
    return not is_basic(index) and any(
        np.asarray(item).dtype.kind in "iu"
        for item in items
        if not (item is None or item is Ellipsis or isinstance(item, slice))
    )


@Operation
def scatter(x: Any, *, shape: tuple[int, ...], index: Any) -> Any:
    """Return zeros of `shape` to which `x` is added at `index`: the transpose of indexing."""
    if len(shape) == 1 and _is_vector_of_places(index) and x.__class__ is np.ndarray and x.dtype == np.float64:
        return np.bincount(index[0], x, shape[0])  # the same sums as np.add.at makes, sooner
    result = np.zeros(shape, dtype_of(x))
    if may_repeat(index):
        _add_at(result, x, index)
    else:
        result[index] = x
    return result


def _is_vector_of_places(index: Any) -> bool:
    """Tell whether an index is one array of integers with one axis, none of them negative."""
    if index.__class__ is not tuple or len(index) != 1 or index[0].__class__ is not np.ndarray:
        return False
    return index[0].ndim == 1 and index[0].dtype.kind == "i" and index[0].min(initial=0) >= 0


def _add_at(total: np.ndarray, x: Any, index: Any) -> None:
    """Add `x` to total[index], in place, entries that are named twice twice."""
    if may_repeat(index) and not _names_rows_once(index, x):
        np.add.at(total, index, x)
    else:
        total[index] += x


@Operation
def added_at(total: Any, x: Any, *, index: Any) -> Any:
    """Return `total` with `x` added to its entries at `index`, those that are named twice twice."""
    result = np.array(total)
    _add_at(result, x, index)
    return result


def _names_rows_once(index: Any, x: Any) -> bool:
    """Tell whether one array of distinct places names rows (or other parts); not asked where that costs more."""
    items = index if isinstance(index, tuple) else (index,)
    arrays = [item for item in items if isinstance(item, (np.ndarray, list))]
    if len(arrays) != 1 or 4 * len(arrays[0]) > x.size:
        return False
    places = np.sort(arrays[0], axis=None)
    return bool(places.dtype.kind == "i" and places.size and places[0] >= 0 and np.all(places[1:] > places[:-1]))


def _stack_index(index: Any) -> tuple:
    return (slice(None), *(index if isinstance(index, tuple) else (index,)))


def _keeps_place(index: Any) -> bool:
    """Tell whether indexing commutes with an axis in front (separated index arrays move to the front)."""
    items = index if isinstance(index, tuple) else (index,)
    arrays = [i for i, item in enumerate(items) if not (item is None or item is Ellipsis or isinstance(item, slice))]
    return is_basic(index) or not arrays or arrays[-1] - arrays[0] == len(arrays) - 1


def _getitem_stack(x: Any, index: Any) -> Any:
    if _keeps_place(index):
        return getitem(x, index=_stack_index(index))
    return np.stack([getitem(x[i], index=index) for i in range(len(x))])


def _scatter_stack(x: Any, shape: tuple[int, ...], index: Any) -> Any:
    if _keeps_place(index):
        return scatter(x, shape=(len(x), *shape), index=_stack_index(index))
    return np.stack([scatter(x[i], shape=shape, index=index) for i in range(len(x))])


def _added_at_stack(total: Any, x: Any, index: Any) -> Any:
    if _keeps_place(index):
        return added_at(total, x, index=_stack_index(index))
    return np.stack([added_at(total[i], x[i], index=index) for i in range(len(x))])


def fills(index: Any, x: Any, value: Any) -> bool:
    """Tell whether x[index] = value writes the same wherever a mask holds, so that no shape depends on the mask."""
    *before, mask = index if index.__class__ is tuple and index else (index,)
    if shape_of(mask) == () or dtype_of(mask).kind != "b" or any(item != slice(None) for item in before):
        return False
    ndim, rest = len(shape_of(value)), len(shape_of(x)) - len(before) - mask.ndim
    return ndim <= rest or (ndim <= len(before) + 1 + rest and shape_of(value)[-rest - 1] == 1)


@Operation
def summed_at(x: Any, *, index: Any, shape: tuple[int, ...]) -> Any:
    """Return the sum of the entries of `x` where the mask `index` holds, or, by `shape`, of the rows."""
    return summed_to(x[index], shape)


def _index_update_stack(x: Any, value: Any, index: Any) -> Any:
    if not fills(index, x[0], value[0]):
        return np.stack([index_update(x[i], value[i], index=index) for i in range(len(x))])
    return index_update(x, align(value, _ndim_at(index, x)), index=_stack_index(index))


def _summed_at_stack(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    k, ones = len(x), (1,) * (_ndim_at(index, x) - len(shape))
    return np.reshape(summed_at(x, index=_stack_index(index), shape=(k, *ones, *shape)), (k, *shape))


def _ndim_at(index: Any, stack: Any) -> int:
    """Return how many axes x[index] has, for a mask, and an x of the stack."""
    mask = index[-1] if isinstance(index, tuple) else index
    return len(shape_of(stack)) - int(mask.ndim)


def _index_update(ct: Any, x: Spec, value: Spec, index: Any) -> tuple:
    if fills(index, x, value):
        return index_update(ct, 0.0, index=index), summed_at(ct, index=index, shape=value.shape)
    ct_value = getitem(ct, index=index)
    if may_repeat(index):  # of several values written to one place the last stays
        places = np.arange(x.size).reshape(x.shape)[index]
        last = np.zeros(x.size, int)
        last[places.ravel()] = np.arange(places.size)
        ct_value = np.where(last[places] == np.arange(places.size).reshape(places.shape), ct_value, 0.0)
    spare = max(len(value.shape) - len(shape_of(ct_value)), 0)  # unit axes in front of the value
    return (
        index_update(ct, 0.0, index=index),
        np.reshape(summed_to(ct_value, value.shape[spare:]), value.shape),
    )


linear(
    getitem,
    lambda ct, x, index: scatter(ct, shape=x.shape, index=index),
    batch=_getitem_stack,
    internal=True,
)
RULES[getitem].adds_at = _add_at
RULES[getitem].added_at = added_at
RULES[getitem].view = View(
    lambda _y, _x, parameters: parameters["index"].__class__ is slice or is_basic(parameters["index"]),
    lambda x, new, index: index_update(x, new, index=index),
)
linear(scatter, lambda ct, _x, shape, index: getitem(ct, index=index), batch=_scatter_stack, internal=True)
linear(added_at, lambda ct, _total, _x, index: (ct, getitem(ct, index=index)), 2, batch=_added_at_stack, internal=True)
linear(index_update, _index_update, 2, batch=_index_update_stack, internal=True)
linear(
    summed_at,
    lambda ct, x, index, shape: index_update(np.zeros(x.shape, x.dtype), ct, index=index),
    batch=_summed_at_stack,
    internal=True,
)

# --- choosing between arrays -----------------------------------------------------------------


@Operation
def select(a: Any, b: Any, *, condition: Any) -> Any:
    """Return np.where(condition, a, b)."""
    return np.where(condition, a, b)[()]


def _select_stack(a: Any, b: Any, condition: Any) -> Any:
    ndim = max(len(shape_of(a)) - 1, len(shape_of(b)) - 1, np.ndim(condition))
    return select(align(a, ndim), align(b, ndim), condition=condition)


def _where(condition: Any, x: Any = None, y: Any = None) -> Any:
    if x is None and y is None:
        return np.nonzero(plain(condition))
    if x is None or y is None:
        raise ValueError("np.where: takes both x and y or neither; got one of them. Write np.where(condition, x, 0.0).")
    return select(x, y, condition=plain(condition))


linear(
    select,
    lambda ct, a, b, condition: (
        summed_to(select(ct, 0.0, condition=condition), shape_of(a)),
        summed_to(select(0.0, ct, condition=condition), shape_of(b)),
    ),
    2,
    batch=_select_stack,
    internal=True,
)
RULES[np.where] = Rewrite(np.where, _where)
