"""Random expressions on arrays, and data for them: broadcasting, reuse, views, reductions, indexing, both dtypes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autodiff as ad

UNARY: list[Callable] = [
    np.tanh, np.exp, np.sin, np.cos, np.abs, np.square, np.arctan, ad.logistic, lambda x: x**2, lambda x: x**3,
    lambda x: -x, lambda x: np.sqrt(np.abs(x) + 0.5), lambda x: 1 / (1 + x * x), lambda x: np.log1p(x * x),
    lambda x: np.maximum(x, 0.0), lambda x: np.clip(x, -1, 1), lambda x: np.where(x > 0, x, 0.1 * x),
    lambda x: x * 2.0, lambda x: x + 1,
]  # fmt: skip
BINARY: list[Callable] = [
    np.add, np.subtract, np.multiply, np.maximum, np.minimum, np.hypot, np.arctan2,
    lambda a, b: a / (1.0 + b * b), lambda a, b: np.where(a > b, a, b * 0.5),
]  # fmt: skip
SHAPES = [(3,), (2, 3), (1, 3), (2, 1), (), (4, 2, 3)]
LARGER = [(40,), (9, 40), (1, 40), (9, 1), (), (3, 9, 40)]  # where sums have an order that shows
EMPTY = [(0,), (2, 0), (1, 0), (2, 1), (), (4, 2, 0)]
LAYOUTS: list[Callable] = [
    lambda x: x, np.asfortranarray, lambda x: x[..., ::-1], lambda x: x[::-1] if x.ndim else x,
    lambda x: np.repeat(x, 2, -1)[..., ::2] if x.ndim else x, lambda x: np.repeat(x, 2, 0)[::2] if x.ndim else x,
    lambda x: np.broadcast_to(x[:1], x.shape) if x.ndim else x, lambda x: np.broadcast_to(x[..., :1], x.shape),
    lambda x: np.swapaxes(np.ascontiguousarray(np.swapaxes(x, 0, -1)), 0, -1) if x.ndim else x,
]  # fmt: skip


def _reshaped(rng: np.random.Generator, x: Any) -> Any:
    """Return `x` through an operation that changes its shape."""
    ndim = x.ndim
    k = rng.integers(12)
    if k == 2:
        return x.T
    if k == 3:
        return np.reshape(x, -1)
    if not ndim:
        return x
    axis = int(rng.integers(ndim))
    if k == 0:
        return np.sum(x, axis=axis, keepdims=bool(rng.integers(2)))
    if k == 1 and x.size:
        return np.mean(x, axis=axis, keepdims=True)
    if k == 4 and x.shape[0] > 1:
        return x[1:]
    if k == 5:
        return x[::-1]
    if k == 6 and x.shape[-1]:
        return x[..., np.array([0, 0, x.shape[-1] - 1])]
    if k == 7 and x.size:
        return np.max(x, axis=-1, keepdims=True)
    if k == 8 and ndim == 2:
        return x @ np.swapaxes(x, 0, 1)
    if k == 9:
        return np.concatenate([x, x * 0.5], axis=0)
    if k == 10:
        return np.cumsum(x, axis=-1)
    if k == 11:
        return np.expand_dims(x, 0) if ndim < 3 else np.squeeze(x[:1], 0)
    return x


def _pick(rng: np.random.Generator, items: list) -> Any:
    return items[int(rng.integers(len(items)))]


def _partner(rng: np.random.Generator, a: Any, pool: list) -> Any:
    """Return a value that broadcasts against `a`."""
    for _ in range(4):
        b = _pick(rng, pool)
        try:
            np.broadcast_shapes(np.shape(a), np.shape(b))
        except ValueError:
            continue
        return b
    return a


def expression(seed: int, all_shapes: Sequence = SHAPES, layouts: bool = False) -> tuple[Callable, Callable]:
    """Return a random scalar function of some arrays and numbers, and `data(k)`, its k-th arguments.

    With `layouts` the arrays are transposed, reversed, broadcast, or have gaps in memory.
    """
    rng = np.random.default_rng(seed)
    plan = [(int(rng.integers(4)), int(rng.integers(1 << 30))) for _ in range(int(rng.integers(2, 12)))]
    dtype = _pick(rng, [np.float32, np.float64])
    shapes = [_pick(rng, list(all_shapes)) for _ in range(int(rng.integers(1, 4)))]
    mixed = rng.random() < 0.15
    dtypes = [_pick(rng, [np.float32, np.float64]) if mixed else dtype for _ in shapes]
    lay = [_pick(rng, LAYOUTS) if layouts and shape else LAYOUTS[0] for shape in shapes]

    def f(*arguments: Any) -> Any:
        pool = list(arguments)
        for kind, number in plan:
            rng = np.random.default_rng(number)
            a = _pick(rng, pool)
            if kind == 0:
                pool.append(_pick(rng, UNARY)(a))
            elif kind == 2:
                pool.append(_reshaped(rng, a) if hasattr(a, "ndim") else a)
            else:
                pool.append(_pick(rng, BINARY)(a, _partner(rng, a, pool)))
        return sum([np.sum(value) * (0.5 + i) for i, value in enumerate(pool[len(arguments) :])])

    def data(k: int) -> list:
        rng = np.random.default_rng([seed, k])
        arrays = []
        for shape, kind, layout in zip(shapes, dtypes, lay, strict=True):
            x = rng.normal(size=shape)
            arrays.append(layout(x.astype(kind)) if shape else kind(x) if kind is np.float32 else float(x))
        return arrays

    return f, data
