"""Multilinear operations: linear in each operand while the others are held fixed.

    tangent      ẏ = Σᵢ M(a, …, ȧᵢ, …)        the operation itself, one operand replaced
    cotangent    āᵢ = M(a, …, ·, …)ᵀ(ȳ)        the transpose in operand i, which is what a rule gives

The i-th rule gets the cotangent and all operands; of its own operand it sees a `Spec`.
`batch` says how the operation is done when some operands are stacks; without it, slices are
done one by one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np

from autodiff.batch import align
from autodiff.dispatch import (
    KEEP,
    RULES,
    SPEC,
    Operation,
    Plan,
    Primitive,
    Rewrite,
    Spec,
    as_operand,
    shape_of,
    spec_of,
)
from autodiff.rules.elementwise import match
from autodiff.rules.general import composite
from autodiff.rules.linear import scatter, to_dtype


class Multilinear(Primitive):
    """An operation that is linear in each operand by itself."""

    family = "multilinear"

    def __init__(
        self,
        function: Callable,
        transposes: Sequence[Callable] | Callable,
        parameters: Sequence[str] = (),
        batch: Callable | None = None,
    ) -> None:
        """Take one transpose for each operand, or for any number of them one `transpose(i, ct, *operands)`."""
        variadic = callable(transposes)
        super().__init__(function, None if variadic else len(transposes), parameters)
        self.transposes: Any = _ForEach(transposes) if variadic else transposes
        self.batched = batch

    def make_plan(self, argnums: tuple[int, ...]) -> Plan:
        """Keep an operand only if another one is differentiated."""
        if len(argnums) > 1 or self.operands is None:
            return Plan(argnums, False, repeat(KEEP))
        return Plan(argnums, False, [SPEC if i in argnums else KEEP for i in range(self.operands)])

    def vjp(self, argnums: tuple[int, ...], ct: Any, y: Any, args: Sequence, kwargs: Mapping) -> Sequence:
        cts = []
        for i in argnums:
            spec = spec_of(args[i])
            cts.append(to_dtype(self.transposes[i](ct, *args[:i], spec, *args[i + 1 :], **kwargs), spec.dtype))
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
    if a.ndim == 1:
        return match(np.matmul(ct[..., None, :], _transposed(b))[..., 0, :], a)
    return match(np.matmul(ct, _transposed(b)), a)


def _matmul_right(ct: Any, a: Any, b: Any) -> Any:
    if a.ndim == 2 and b.ndim == 2:
        return np.matmul(a.T, ct)
    if a.ndim == 1:
        return match(a[:, None] * ct[..., None, :], b) if b.ndim > 1 else ct * a
    if b.ndim == 1:
        return match(np.matmul(_transposed(a), ct[..., None])[..., 0], b)
    return match(np.matmul(_transposed(a), ct), b)


def _matmul_stack(batched: Sequence[bool], a: Any, b: Any) -> Any:
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
    return np.matmul(as_operand(x1)[..., None, :], x2)[..., 0, :]


def _vecdot(x1: Any, x2: Any, axis: int = -1) -> Any:
    a, b = [np.moveaxis(as_operand(x), axis, -1) for x in (x1, x2)]
    return np.matmul(a[..., None, :], b[..., None])[..., 0, 0]


multilinear(np.matmul, _matmul_left, _matmul_right, batch=_matmul_stack)
RULES[np.linalg.matmul] = Rewrite(np.linalg.matmul, lambda x1, x2: np.matmul(x1, x2))
composite(np.linalg.vecdot, _vecdot)
for _name, _definition in (("vecdot", _vecdot), ("matvec", _matvec), ("vecmat", _vecmat)):
    if hasattr(np, _name):  # NumPy 2.0 has vecdot, 2.2 the others
        composite(getattr(np, _name), _definition)

# --- contractions: sums over pairs of axes, one of each operand ------------------------------------
#
# An operation is given by `axes_of(a_ndim, b_ndim, …)`, the two lists of axes. The result has the free
# axes of a, then those of b.


def _free(ndim: int, axes: Sequence[int]) -> list[int]:
    return [axis for axis in range(ndim) if axis not in axes]


def _contracted_left(ct: Any, a: Any, b: Any, a_axes: list[int], b_axes: list[int]) -> Any:
    """Contract the cotangent with b over b's free axes, and put the axes in a's order."""
    free = _free(len(shape_of(a)), a_axes)
    y = np.tensordot(ct, b, (list(range(len(free), len(shape_of(ct)))), _free(len(shape_of(b)), b_axes)))
    return np.transpose(y, np.argsort([*free, *[a_axes[b_axes.index(j)] for j in sorted(b_axes)]]).tolist())


def _contracted_right(ct: Any, a: Any, b: Any, a_axes: list[int], b_axes: list[int]) -> Any:
    free = _free(len(shape_of(a)), a_axes)
    y = np.tensordot(a, ct, (free, list(range(len(free)))))
    order = [*[b_axes[a_axes.index(i)] for i in sorted(a_axes)], *_free(len(shape_of(b)), b_axes)]
    return np.transpose(y, np.argsort(order).tolist())


def _contracted_stack(batched: Sequence[bool], a: Any, b: Any, a_axes: list[int], b_axes: list[int]) -> Any:
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
            ndims = [len(shape_of(x)) for x in (a, b)]
            if skip:  # operands that are stacks have one axis more
                ndims = [n - is_stack for n, is_stack in zip(ndims, first, strict=True)]
            return rule(first, a, b, *axes_of(*ndims, **kwargs))

        return applied

    left, right = with_axes(_contracted_left, 0), with_axes(_contracted_right, 0)
    multilinear(function, left, right, parameters=parameters, batch=with_axes(_contracted_stack, 1))


def _dot_axes(m: int, n: int) -> tuple[list[int], list[int]]:
    return ([m - 1], [max(n - 2, 0)]) if m and n else ([], [])


def _inner_axes(m: int, n: int) -> tuple[list[int], list[int]]:
    return ([m - 1], [n - 1]) if m and n else ([], [])


def _tensordot_axes(m: int, n: int, axes: Any = 2) -> tuple[list[int], list[int]]:
    if isinstance(axes, (int, np.integer)):
        return list(range(m - axes, m)), list(range(axes))
    a_axes, b_axes = [np.atleast_1d(part).tolist() for part in axes]
    return [int(i) % m for i in a_axes], [int(j) % n for j in b_axes]


contraction(np.dot, _dot_axes)
contraction(np.inner, _inner_axes)
contraction(np.tensordot, _tensordot_axes, ["axes"])
RULES[np.linalg.tensordot] = Rewrite(np.linalg.tensordot, lambda x1, x2, axes=2: np.tensordot(x1, x2, axes))

# --- products of the flattened operands ---------------------------------------------------------------


def _flat_stack(x: Any, is_stack: bool) -> Any:
    return np.reshape(x, (shape_of(x)[0], -1)) if is_stack else np.ravel(x)


def _vdot_stack(batched: Sequence[bool], a: Any, b: Any) -> Any:
    return np.sum(_flat_stack(a, batched[0]) * _flat_stack(b, batched[1]), axis=-1)


def _outer_stack(batched: Sequence[bool], a: Any, b: Any) -> Any:
    return _flat_stack(a, batched[0])[..., :, None] * _flat_stack(b, batched[1])[..., None, :]


multilinear(
    np.vdot,
    lambda ct, a, b: np.reshape(ct * np.ravel(b), a.shape),
    lambda ct, a, b: np.reshape(ct * np.ravel(a), b.shape),
    batch=_vdot_stack,
)
multilinear(
    np.outer,
    lambda ct, a, b: np.reshape(np.matmul(ct, np.ravel(b)), a.shape),
    lambda ct, a, b: np.reshape(np.matmul(np.ravel(a), ct), b.shape),
    batch=_outer_stack,
)
RULES[np.linalg.outer] = Rewrite(np.linalg.outer, lambda x1, x2: np.outer(x1, x2))

# --- chains, Kronecker and cross products ----------------------------------------------------------------


@Operation
def chain(*matrices: Any) -> Any:
    """Return the product of all matrices, in the cheapest order; see `np.linalg.multi_dot`."""
    return np.linalg.multi_dot(matrices)


def _chain_transpose(i: int, ct: Any, *matrices: Any) -> Any:
    """(A₀ … Aᵢ₋₁)ᵀ ct (Aᵢ₊₁ … Aₙ)ᵀ, itself a chain; a vector at an end is a row or a column."""
    last = len(matrices) - 1
    full = [m if len(m.shape) == 2 or k == i else _as_matrix(m, k == last) for k, m in enumerate(matrices)]
    rows = 1 if len(matrices[0].shape) == 1 else matrices[0].shape[0]
    columns = 1 if len(matrices[last].shape) == 1 else matrices[last].shape[1]
    before = [full[k].T for k in range(i - 1, -1, -1)]
    after = [full[k].T for k in range(last, i, -1)]
    return np.reshape(chain(*before, np.reshape(ct, (rows, columns)), *after), matrices[i].shape)


def _as_matrix(vector: Any, column: bool) -> Any:
    return vector[:, None] if column else vector[None, :]


def _chain_stack(batched: Sequence[bool], *matrices: Any) -> Any:
    """One stacked matrix between two plain products."""
    if sum(batched) > 1:
        k = next(len(m) for m, b in zip(matrices, batched, strict=True) if b)
        return np.stack([chain(*[m[n] if b else m for m, b in zip(matrices, batched, strict=True)]) for n in range(k)])
    i = batched.index(True)
    y = matrices[i]
    before, after = matrices[:i], matrices[i + 1 :]
    if before:
        y = _matmul_stack([False, True], chain(*before) if len(before) > 1 else before[0], y)
    if after:
        y = _matmul_stack([True, False], y, chain(*after) if len(after) > 1 else after[0])
    return y


RULES[chain] = Multilinear(chain, _chain_transpose, batch=_chain_stack)
RULES[np.linalg.multi_dot] = Rewrite(np.linalg.multi_dot, lambda arrays: chain(*map(as_operand, arrays)))


def _kron(a: Any, b: Any) -> Any:
    a, b = as_operand(a), as_operand(b)
    ndim = max(len(shape_of(a)), len(shape_of(b)))
    m, n = [(1,) * (ndim - len(shape_of(x))) + shape_of(x) for x in (a, b)]
    outer = np.reshape(a, [k for i in m for k in (i, 1)]) * np.reshape(b, [k for j in n for k in (1, j)])
    return np.reshape(outer, [i * j for i, j in zip(m, n, strict=True)])


def _cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(as_operand(a), axisa, -1), np.moveaxis(as_operand(b), axisb, -1)
    a0, a1, b0, b1 = a[..., 0], a[..., 1], b[..., 0], b[..., 1]
    z = a0 * b1 - a1 * b0
    if a.shape[-1] == b.shape[-1] == 2:
        return z
    a2, b2 = [x[..., 2] if x.shape[-1] == 3 else 0.0 for x in (a, b)]
    return np.moveaxis(np.stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, z], axis=-1), -1, axisc)


composite(np.kron, _kron)
composite(np.cross, _cross)
composite(np.linalg.cross, lambda x1, x2, axis=-1: _cross(x1, x2, axis=axis))

# --- convolution: yₖ = Σᵢ aᵢ vₖ₋ᵢ, and correlation: yₖ = Σᵢ aᵢ₊ₖ vᵢ ---------------------------------------
#
# "same" and "valid" are parts of "full", whose length is len(a) + len(v) - 1; the cotangent is put back
# into its place there.


def _in_full(ct: Any, n: int, m: int, mode: str, swapped: bool) -> Any:
    """Return the cotangent of the full result; `swapped` results are counted from the other end."""
    short = min(n, m)
    length = shape_of(ct)[0]
    start = {"full": 0, "same": (short - 1) // 2, "valid": short - 1}[mode]
    if swapped:
        start = n + m - 1 - length - start
    return scatter(ct, shape=(n + m - 1,), index=slice(start, start + length))


def _convolved_with(ct: Any, operand: Spec, other: Any, mode: str) -> Any:
    other = np.ravel(other)
    full = _in_full(ct, operand.size, other.size, mode, swapped=False)
    return np.reshape(np.correlate(full, other, "valid"), operand.shape)


def _correlated_left(ct: Any, a: Spec, v: Any, mode: str = "valid") -> Any:
    v = np.ravel(v)
    full = _in_full(ct, a.size, v.size, mode, swapped=a.size < v.size)
    return np.reshape(np.convolve(full, v, "valid"), a.shape)


def _correlated_right(ct: Any, a: Any, v: Spec, mode: str = "valid") -> Any:
    a = np.ravel(a)
    full = _in_full(ct, a.size, v.size, mode, swapped=a.size < v.size)
    return np.reshape(np.flip(np.correlate(full, a, "valid")), v.shape)


multilinear(
    np.convolve,
    lambda ct, a, v, mode="full": _convolved_with(ct, a, v, mode),
    lambda ct, a, v, mode="full": _convolved_with(ct, v, a, mode),
    parameters=["mode"],
)
multilinear(np.correlate, _correlated_left, _correlated_right, parameters=["mode"])
