"""Multilinear operations: linear in each operand while the others are held fixed.

    tangent      ẏ = Σᵢ M(a, …, ȧᵢ, …)        the operation itself, one operand replaced
    cotangent    āᵢ = M(a, …, ·, …)ᵀ(ȳ)        the transpose in operand i, which is what a rule gives

The i-th rule gets the cotangent and all operands; of its own operand it sees a `Spec`.
`batch` says how the operation is done when some operands are stacks; without it, slices are
done one by one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from math import prod
from typing import Any

import numpy as np

from autodiff.batch import align
from autodiff.dispatch import RULES
from autodiff.operands import Spec, as_operand, shape_of, spec_of
from autodiff.primitives import KEEP, SPEC, Plan, Primitive, Rewrite
from autodiff.rules.conjugates import conjugated
from autodiff.rules.elementwise import match
from autodiff.rules.general import composite
from autodiff.rules.linear import to_dtype

# An operand that shows its shape and dtype; the transposes read no more of their own.
SHAPED = {np.ndarray, Spec}


class _AllBut:
    """What to keep where operand i alone is differentiated, of any number of operands: the others, and its Spec."""

    def __init__(self, i: int) -> None:
        self.i = i

    def __iter__(self) -> Iterator[int]:
        return chain(repeat(KEEP, self.i), [SPEC], repeat(KEEP))


class Multilinear(Primitive):
    """An operation that is linear in each operand by itself."""

    family = "multilinear"
    fresh = True

    def __init__(
        self,
        function: Callable,
        transposes: Sequence[Callable] | Callable,
        parameters: Sequence[str] = (),
        batch: Callable | None = None,
    ) -> None:
        """Take one transpose for each operand, or for any number of them one `transpose(i, ct, *operands)`."""
        super().__init__(function, len(transposes) if isinstance(transposes, Sequence) else None, parameters)
        self.transposes: Any = transposes if isinstance(transposes, Sequence) else _ForEach(transposes)
        self.batched = batch

    def make_plan(self, argnums: tuple[int, ...]) -> Plan:
        """Keep an operand only if another one is differentiated."""
        if len(argnums) > 1:
            return Plan(argnums, False, repeat(KEEP))
        return Plan(argnums, False, _AllBut(argnums[0]))

    def vjp(self, argnums: tuple[int, ...], ct: Any, y: Any, args: Sequence, kwargs: Mapping) -> Sequence:
        cts = []
        for i in argnums:
            own = args[i] if args[i].__class__ in SHAPED else spec_of(args[i])
            transpose = self.transposes[i]
            if len(args) == 2 and not kwargs:  # a product of two: without building argument lists
                contribution = transpose(ct, own, args[1]) if i == 0 else transpose(ct, args[0], own)
            else:
                contribution = transpose(ct, *args[:i], own, *args[i + 1 :], **kwargs)
            cts.append(to_dtype(contribution, own.dtype))
        return cts

    def jvp(self, tangents: Mapping[int, Any], y: Any, args: Sequence, kwargs: Mapping) -> Any:
        total = None
        for i, tangent in tangents.items():
            term = self.function(*args[:i], tangent, *args[i + 1 :], **kwargs)
            total = term if total is None else total + term
        return total

    def batch(self, batched: Sequence[bool], args: Sequence, kwargs: Mapping) -> Any:
        if self.batched is None:
            return super().batch(batched, args, kwargs)
        return self.batched(batched, *args, **kwargs)


class _ForEach:
    """The transposes of an operation of any number of operands."""

    def __init__(self, transpose: Callable) -> None:
        self.transpose = transpose

    def __getitem__(self, i: int) -> Callable:
        return functools.partial(self.transpose, i)


def multilinear(
    function: Callable, *transposes: Callable, parameters: Sequence[str] = (), batch: Callable | None = None
) -> None:
    """Give `function` one transpose for each operand: `transposeᵢ(ct, *operands, **parameters)`."""
    RULES[function] = Multilinear(function, transposes, parameters, batch)


# --- matrix products ----------------------------------------------------------------------------


def _transposed(x: Any) -> Any:
    return x.T if x.ndim == 2 else np.swapaxes(x, -1, -2)


def _matmul_left(ct: Any, a: Any, b: Any) -> Any:
    if a.ndim == 2 and b.ndim == 2:
        return np.matmul(ct, b.T)
    if b.ndim == 1:
        return match(ct[..., None] * b, a) if a.ndim > 1 else ct * b
    if a.ndim == 1 and b.ndim == 2:
        return np.matmul(b, ct)
    if a.ndim == 1:
        return match(np.matmul(ct[..., None, :], _transposed(b))[..., 0, :], a)
    return match(np.matmul(ct, _transposed(b)), a)


def _matmul_right(ct: Any, a: Any, b: Any) -> Any:
    if a.ndim == 2 and b.ndim == 2:
        return np.matmul(a.T, ct)
    if a.ndim == 1:
        return match(a[:, None] * ct[..., None, :], b) if b.ndim > 1 else ct * a
    if b.ndim == 1 and a.ndim == 2:
        return np.matmul(a.T, ct)
    if b.ndim == 1:
        return match(np.matmul(_transposed(a), ct[..., None])[..., 0], b)
    return match(np.matmul(_transposed(a), ct), b)


def matmul_stack(batched: Sequence[bool], a: Any, b: Any) -> Any:
    """Return the products of all slices."""
    a_vector = len(shape_of(a)) - batched[0] == 1
    b_vector = len(shape_of(b)) - batched[1] == 1
    if a_vector:
        a = a[..., None, :]
    if b_vector:
        b = b[..., None]
    ndim = max(len(shape_of(a)) - batched[0], len(shape_of(b)) - batched[1])
    y = np.matmul(align(a, ndim) if batched[0] else a, align(b, ndim) if batched[1] else b)
    if a_vector:
        y = y[..., 0, :]
    return y[..., 0] if b_vector else y


def _matvec(x1: Any, x2: Any) -> Any:
    return np.matmul(x1, as_operand(x2)[..., None])[..., 0]


def _vecmat(x1: Any, x2: Any) -> Any:
    return np.matmul(conjugated(as_operand(x1))[..., None, :], x2)[..., 0, :]


def _vecdot(x1: Any, x2: Any, axis: int = -1) -> Any:
    a, b = [np.moveaxis(as_operand(x), axis, -1) for x in (x1, x2)]
    return np.matmul(conjugated(a)[..., None, :], b[..., None])[..., 0, 0]


multilinear(np.matmul, _matmul_left, _matmul_right, batch=matmul_stack)
RULES[np.linalg.matmul] = Rewrite(np.linalg.matmul, lambda x1, x2: np.matmul(x1, x2))
composite(np.linalg.vecdot, _vecdot)
for _name, _definition in (("vecdot", _vecdot), ("matvec", _matvec), ("vecmat", _vecmat)):
    if hasattr(np, _name):  # NumPy 2.0 has vecdot, 2.2 the others
        composite(getattr(np, _name), _definition)

# --- contractions: sums over pairs of axes, one of each operand ------------------------------------
#
# An operation is given by `axes_of(a_ndim, b_ndim, …)`, the two lists of axes. The result has the free
# axes of a, then those of b.


Axes = tuple[int, ...]


def _free(ndim: int, axes: Axes) -> list[int]:
    return [axis for axis in range(ndim) if axis not in axes]


@functools.lru_cache(1024)
def _adjacent(m: int, a_axes: Axes, b_axes: Axes) -> bool:
    """Tell whether the last axes of a (it has m) meet the first of b, in order: then it is a matrix product."""
    n = len(b_axes)
    return b_axes == tuple(range(n)) and a_axes == tuple(range(m - n, m))


def _as_matrix(x: Any, rows: int) -> Any:
    """Return `x` with its first axes, this many, as rows, and the others as columns."""
    shape = shape_of(x)
    if rows == 1 and len(shape) == 2:
        return x
    return x.reshape(prod(shape[:rows]), prod(shape[rows:])) if shape else np.reshape(x, (1, 1))


def _contracted_left(ct: Any, a: Any, b: Any, a_axes: Axes, b_axes: Axes) -> Any:
    """Contract the cotangent with b over b's free axes, and put the axes in a's order."""
    if _adjacent(len(shape_of(a)), a_axes, b_axes):
        if len(a_axes) == 1 and a.ndim <= 2 and len(shape_of(b)) <= 2:
            return _matmul_left(ct, a, b)
        rows = len(shape_of(a)) - len(a_axes)
        return np.matmul(_as_matrix(ct, rows), _as_matrix(b, len(b_axes)).T).reshape(a.shape)
    free = _free(len(shape_of(a)), a_axes)
    y = np.tensordot(ct, b, (list(range(len(free), len(shape_of(ct)))), _free(len(shape_of(b)), b_axes)))
    return np.transpose(y, np.argsort([*free, *[a_axes[b_axes.index(j)] for j in sorted(b_axes)]]).tolist())


def _contracted_right(ct: Any, a: Any, b: Any, a_axes: Axes, b_axes: Axes) -> Any:
    if _adjacent(len(shape_of(a)), a_axes, b_axes):
        if len(a_axes) == 1 and len(shape_of(a)) <= 2 and b.ndim <= 2:
            return _matmul_right(ct, a, b)
        rows = len(shape_of(a)) - len(a_axes)
        return np.matmul(_as_matrix(a, rows).T, _as_matrix(ct, rows)).reshape(b.shape)
    free = _free(len(shape_of(a)), a_axes)
    y = np.tensordot(a, ct, (free, list(range(len(free)))))
    order = [*[b_axes[a_axes.index(i)] for i in sorted(a_axes)], *_free(len(shape_of(b)), b_axes)]
    return np.transpose(y, np.argsort(order).tolist())


def _contracted_stack(batched: Sequence[bool], a: Any, b: Any, a_axes: Axes, b_axes: Axes) -> Any:
    if all(batched):
        return np.stack([np.tensordot(x, y, (a_axes, b_axes)) for x, y in zip(a, b, strict=True)])
    if batched[0]:
        return np.tensordot(a, b, ([i + 1 for i in a_axes], b_axes))
    y = np.tensordot(a, b, (a_axes, [j + 1 for j in b_axes]))
    return np.moveaxis(y, len(shape_of(a)) - len(a_axes), 0)


def contraction(function: Callable, axes_of: Callable, parameters: Sequence[str] = ()) -> None:
    """Give `function(a, b)`, which sums over the pairs of axes `axes_of(a_ndim, b_ndim)`, its rule."""

    def with_axes(rule: Callable, skip: int) -> Callable:
        def applied(first: Any, a: Any, b: Any, **kwargs: Any) -> Any:
            m, n = len(shape_of(a)), len(shape_of(b))
            if skip:  # operands that are stacks have one axis more
                m, n = m - first[0], n - first[1]
            return rule(first, a, b, *axes_of(m, n, **kwargs))

        return applied

    left, right = with_axes(_contracted_left, 0), with_axes(_contracted_right, 0)
    multilinear(function, left, right, parameters=parameters, batch=with_axes(_contracted_stack, 1))


def _dot_axes(m: int, n: int) -> tuple[Axes, Axes]:
    return ((m - 1,), (max(n - 2, 0),)) if m and n else ((), ())


def _inner_axes(m: int, n: int) -> tuple[Axes, Axes]:
    return ((m - 1,), (n - 1,)) if m and n else ((), ())


def _tensordot_axes(m: int, n: int, axes: Any = 2) -> tuple[Axes, Axes]:
    if isinstance(axes, (int, np.integer)):
        return tuple(range(m - axes, m)), tuple(range(axes))
    a_axes, b_axes = [np.atleast_1d(part).tolist() for part in axes]
    return tuple([int(i) % m for i in a_axes]), tuple([int(j) % n for j in b_axes])


contraction(np.dot, _dot_axes)
contraction(np.inner, _inner_axes)
contraction(np.tensordot, _tensordot_axes, ["axes"])
RULES[np.linalg.tensordot] = Rewrite(np.linalg.tensordot, lambda x1, x2, axes=2: np.tensordot(x1, x2, axes))

# --- products of the flattened operands ---------------------------------------------------------------


def _flat_stack(x: Any, is_stack: bool) -> Any:
    return np.reshape(x, (shape_of(x)[0], prod(shape_of(x)[1:]))) if is_stack else np.ravel(x)


def _vdot_stack(batched: Sequence[bool], a: Any, b: Any) -> Any:
    return np.sum(conjugated(_flat_stack(a, batched[0])) * _flat_stack(b, batched[1]), axis=-1)


def _outer_stack(batched: Sequence[bool], a: Any, b: Any) -> Any:
    return _flat_stack(a, batched[0])[..., :, None] * _flat_stack(b, batched[1])[..., None, :]


multilinear(
    np.vdot,
    lambda ct, a, b: np.reshape(conjugated(ct * np.ravel(b)), a.shape),
    lambda ct, a, b: np.reshape(ct * conjugated(np.ravel(a)), b.shape),
    batch=_vdot_stack,
)
multilinear(
    np.outer,
    lambda ct, a, b: np.reshape(np.matmul(ct, np.ravel(b)), a.shape),
    lambda ct, a, b: np.reshape(np.matmul(np.ravel(a), ct), b.shape),
    batch=_outer_stack,
)
composite(np.linalg.outer, lambda x1, x2: np.outer(x1, x2))
