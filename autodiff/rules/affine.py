"""The affine map z = x W + b of a dense layer, as one operation where `@` and `+` would be two.

    tangent      ż = ẋ W + x Ẇ + ḃ
    cotangents   x̄ = z̄ Wᵀ,   W̄ = xᵀ z̄,   b̄ = Σ z̄    (x and z̄ as matrices, one row for each sample)

The sum is formed in the memory of the product, and the graph has one node instead of two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from autodiff.batch import align
from autodiff.dispatch import RULES, Operation
from autodiff.operands import as_operand, dtype_of, shape_of
from autodiff.primitives import DROP, KEEP, SPEC, Plan, Primitive
from autodiff.rules.linear import to_dtype
from autodiff.rules.multilinear import matmul_stack


def affine(x: Any, weight: Any, bias: Any) -> Any:
    """Return x @ weight + bias.

    Parameters
    ----------
    x : array_like
        Shape (…, n).
    weight : array_like
        Shape (n, m).
    bias : array_like
        Shape (m,).

    Returns
    -------
    array_like
        Shape (…, m).

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> affine(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 3.0]]), np.array([10.0, 10.0]))
    array([[11., 16.]])
    """
    x, weight, bias = as_operand(x), as_operand(weight), as_operand(bias)
    n_and_m = shape_of(weight)
    if shape_of(x)[-1:] != n_and_m[:1] or shape_of(bias) != n_and_m[1:] or len(n_and_m) != 2:
        raise ValueError(
            "affine: takes x of shape (…, n), a weight of shape (n, m) and a bias of shape (m,); "
            f"got {shape_of(x)}, {n_and_m} and {shape_of(bias)}. Reshape them, or write x @ weight + bias."
        )
    return _affine(x, weight, bias)


@Operation
def _affine(x: Any, weight: Any, bias: Any) -> Any:
    z = np.matmul(x, weight)
    return np.add(z, bias, z) if z.__class__ is np.ndarray and z.dtype == bias.dtype else z + bias


def _rows(x: Any) -> Any:
    return x if x.ndim == 2 else x.reshape(-1, x.shape[-1])


@lru_cache(maxsize=32)
def _ones(n: int, dtype: np.dtype) -> np.ndarray:
    """Return a row of ones: a product with it sums columns faster than np.sum does."""
    ones = np.ones(n, dtype)
    ones.setflags(write=False)
    return ones


class Affine(Primitive):
    """The rule above."""

    family = "multilinear"
    fresh = True

    def make_plan(self, argnums: tuple[int, ...]) -> Plan:
        return Plan(argnums, False, (KEEP if 1 in argnums else SPEC, KEEP if 0 in argnums else SPEC, DROP))

    def vjp(self, argnums: tuple[int, ...], ct: Any, y: Any, args: Sequence, kwargs: Mapping) -> Sequence:
        x, weight, _ = args
        cts = []
        for i in argnums:
            if i == 0:
                cts.append(to_dtype(np.matmul(ct, weight.T), x.dtype))
            elif i == 1:
                cts.append(to_dtype(np.matmul(_rows(x).T, _rows(ct)), weight.dtype))
            else:
                rows = _rows(ct)
                cts.append(np.matmul(_ones(rows.shape[0], rows.dtype), rows))
        return cts

    def jvp(self, tangents: Mapping[int, Any], y: Any, args: Sequence, kwargs: Mapping) -> Any:
        x, weight, _ = args
        terms = []
        if 0 in tangents:
            terms.append(np.matmul(tangents[0], weight))
        if 1 in tangents:
            terms.append(np.matmul(x, tangents[1]))
        if 2 in tangents:
            terms.append(np.broadcast_to(tangents[2], np.shape(y)))
        return to_dtype(sum(terms[1:], terms[0]), dtype_of(y))

    def batch(self, batched: Sequence[bool], args: Sequence, kwargs: Mapping) -> Any:
        x, weight, bias = args
        z = matmul_stack(batched[:2], x, weight) if any(batched[:2]) else np.matmul(x, weight)
        return z + (align(bias, np.ndim(x) - batched[0]) if batched[2] else bias)


RULES[_affine] = Affine(_affine, 3, internal=True)
RULES[_affine].name = "affine"
