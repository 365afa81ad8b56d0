"""Multilinear operations: linear in each operand while the others are held fixed.

    tangent      ẏ = Σᵢ M(a, …, ȧᵢ, …)        the operation itself, one operand replaced
    cotangent    āᵢ = M(a, …, ·, …)ᵀ(ȳ)        the transpose in operand i, which is what a rule gives

The i-th rule gets the cotangent and all operands; of its own operand it sees a `Spec`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.dispatch import RULES, Primitive, shape_of, spec_of
from autodiff.reverse import frozen
from autodiff.rules.linear import to_dtype


class Multilinear(Primitive):
    """An operation that is linear in each operand by itself."""

    family = "multilinear"

    def __init__(
        self,
        function: Callable,
        transposes: Sequence[Callable],
        parameters: Sequence[str] = (),
        batch: Callable | None = None,
    ) -> None:
        super().__init__(function, len(transposes), parameters)
        self.transposes = transposes
        self.batched = batch

    def residuals(self, argnums: tuple[int, ...], y: Any, values: Sequence) -> tuple[Any, Sequence]:
        """Keep an operand only if another one is differentiated."""
        return None, [frozen(v) if any(i != j for j in argnums) else spec_of(v) for i, v in enumerate(values)]

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


def multilinear(
    function: Callable, *transposes: Callable, parameters: Sequence[str] = (), batch: Callable | None = None
) -> None:
    """Give `function` one transpose for each operand: `transposeᵢ(ct, *operands, **parameters)`."""
    RULES[function] = Multilinear(function, transposes, parameters, batch)


# --- matrix products ----------------------------------------------------------------------------


def _sum_to(ct: Any, shape: tuple[int, ...]) -> Any:
    """Return `ct` summed over the leading axes along which an operand of `shape` was broadcast."""
    ct_shape = shape_of(ct)
    if ct_shape == shape:
        return ct
    extra = len(ct_shape) - len(shape)
    axes = [i + extra for i, n in enumerate(shape) if n == 1 and ct_shape[i + extra] != 1]
    return np.reshape(np.sum(ct, axis=(*range(extra), *axes)), shape)


def _transposed(x: Any) -> Any:
    return x.T if x.ndim == 2 else np.swapaxes(x, -1, -2)


def _matmul_left(ct: Any, a: Any, b: Any) -> Any:
    if a.ndim == 2 and b.ndim == 2:
        return np.matmul(ct, b.T)
    if b.ndim == 1:
        return _sum_to(ct[..., None] * b, a.shape) if a.ndim > 1 else ct * b
    if a.ndim == 1:
        return _sum_to(np.matmul(ct[..., None, :], _transposed(b))[..., 0, :], a.shape)
    return _sum_to(np.matmul(ct, _transposed(b)), a.shape)


def _matmul_right(ct: Any, a: Any, b: Any) -> Any:
    if a.ndim == 2 and b.ndim == 2:
        return np.matmul(a.T, ct)
    if a.ndim == 1:
        return _sum_to(a[:, None] * ct[..., None, :], b.shape) if b.ndim > 1 else ct * a
    if b.ndim == 1:
        return _sum_to(np.matmul(_transposed(a), ct[..., None])[..., 0], b.shape)
    return _sum_to(np.matmul(_transposed(a), ct), b.shape)


def _matmul_stack(batched: Sequence[bool], a: Any, b: Any) -> Any:
    a_vector = len(shape_of(a)) - batched[0] == 1
    b_vector = len(shape_of(b)) - batched[1] == 1
    if a_vector:
        a = a[..., None, :]
    if b_vector:
        b = b[..., None]
    ndim = max(len(shape_of(a)) - batched[0], len(shape_of(b)) - batched[1])
    from autodiff.batch import align

    y = np.matmul(align(a, ndim) if batched[0] else a, align(b, ndim) if batched[1] else b)
    if a_vector:
        y = y[..., 0, :]
    return y[..., 0] if b_vector else y


multilinear(np.matmul, _matmul_left, _matmul_right, batch=_matmul_stack)
