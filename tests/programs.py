"""Random programs on arrays: what hypothesis draws, and what runs it on anything array-like.

A program is a list of steps; each takes earlier values, so that values are reused, sliced,
reshaped, joined, reduced and assigned into. Every operation is smooth and bounded, and NumPy
evaluates it at complex arguments too: the complex step applies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st


class Step(NamedTuple):
    """One operation, the values it takes (counted from the youngest), and a number to choose by."""

    operation: str
    first: int
    second: int
    choice: int


def _fit(a: Any, b: Any) -> tuple[Any, Any]:
    """Return two values that broadcast: these, or as many leading entries of both as both have."""
    try:
        np.broadcast_shapes(np.shape(a), np.shape(b))
    except ValueError:
        size = min(np.size(a), np.size(b))
        return np.ravel(a)[:size], np.ravel(b)[:size]
    return a, b


def _row(a: Any) -> Any:
    return np.reshape(a, (1, -1)) if np.ndim(a) != 2 else a


def _join(a: Any, b: Any, choice: int) -> Any:
    if np.shape(a) == np.shape(b) and choice % 2:
        return np.stack([a, b], axis=choice % (1 + np.ndim(a)))
    return np.concatenate([np.ravel(a), np.ravel(b)])[:6]


def _assign(a: Any, b: Any, choice: int) -> Any:
    """Write into a copy: NumPy's arrays are views of each other, tensors are not."""
    result = np.copy(np.ravel(a))
    number = np.ravel(b)[0]
    if choice % 3 == 0:
        result[choice % np.size(a)] = number
    elif choice % 3 == 1:
        result[::2] = number
    else:
        result[np.arange(np.size(a)) % 2 == 0] += number
    return np.reshape(result, np.shape(a))


def _index(a: Any, choice: int) -> Any:
    flat = np.ravel(a)
    n = np.size(a)
    indices: list[Any] = [
        np.array([0, n - 1, 0]),  # an entry twice
        slice(None, None, -1),
        slice(choice % n, None),
        choice % n,
        np.arange(n) % 2 == 0,
        (slice(None), None),
    ]
    return flat[indices[choice % len(indices)]]


OPERATIONS: dict[str, Callable[[Any, Any, int], Any]] = {
    "sin": lambda a, _b, _choice: np.sin(a),
    "tanh": lambda a, _b, _choice: np.tanh(0.5 * a),
    "exp": lambda a, _b, _choice: np.exp(-a * a),
    "divide": lambda a, _b, _choice: a / (2.0 + np.cos(a)),
    "add": lambda a, b, _choice: np.add(*_fit(a, b)),
    "subtract": lambda a, b, _choice: np.subtract(*_fit(a, b)),
    "multiply": lambda a, b, _choice: np.multiply(*_fit(np.sin(a), b)),
    "power": lambda a, _b, choice: np.cos(a) ** (1 + choice % 3),
    "where": lambda a, b, _choice: np.where(np.arange(np.size(a)) % 2 == 0, np.ravel(a), 0.5 * np.ravel(b)[0]),
    "sum": lambda a, _b, choice: np.sum(a, axis=choice % np.ndim(a) if np.ndim(a) else None),
    "mean": lambda a, _b, choice: np.mean(a, keepdims=bool(choice % 2)),
    "cumsum": lambda a, _b, _choice: 0.5 * np.cumsum(a),
    "transpose": lambda a, _b, _choice: np.transpose(a),
    "reshape": lambda a, _b, choice: np.reshape(a, (-1, 1) if choice % 2 else -1),
    "matmul": lambda a, _b, _choice: np.tanh(0.2 * (_row(a).T @ _row(a))),
    "index": lambda a, _b, choice: _index(a, choice),
    "assign": _assign,
    "join": _join,
    "tile": lambda a, _b, _choice: np.tile(np.ravel(a)[:3], 2),
}

steps = st.builds(Step, st.sampled_from(sorted(OPERATIONS)), *[st.integers(0, 20)] * 3)
programs = st.lists(steps, min_size=1, max_size=12)

SHAPES = ((), (3,), (2, 3))


def run(program: Sequence[Step], *inputs: Any) -> Any:
    """Return the scalar that the program computes from its inputs: a weighted sum of its last values."""
    values = list(inputs)
    for step in program:
        a = values[-1 - step.first % len(values)]
        b = values[-1 - step.second % len(values)]
        y = OPERATIONS[step.operation](a, b, step.choice)
        values.append(y if np.size(y) <= 40 else np.ravel(y)[:6])
    return sum((0.3 + k) * np.sum(np.sin(v)) for k, v in enumerate(values[-4:]))
