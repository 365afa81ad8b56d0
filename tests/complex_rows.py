"""What a row of complex cases is, and where its arguments are drawn from.

    Row("np.exp", np.exp, C(3))                     one complex array of shape (3,)
    Row("np.add", np.add, C(2, 3), R(3))            a complex and a real one

`C(…)` draws complex entries of size 0.3 to 2, none near an axis, `R(…)` real ones; `REGULAR`, `HERMITIAN`,
`POSITIVE`, `SPECTRUM` and `TURNS` matrices with well separated spectra.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

Argument = Callable[[np.random.Generator], Any]


def C(*shape: int, low: float = 0.3, high: float = 2.0, angle: float = 2.8) -> Argument:
    """Complex numbers with sizes between `low` and `high` and phases up to ± `angle`, none within 0.1 of an axis."""

    def draw(rng: np.random.Generator) -> Any:
        phases = rng.uniform(0.1, 1.4, shape) + 0.5 * np.pi * rng.integers(-2, 2, shape)
        phases = np.where(np.abs(phases) > angle, 0.2 * phases, phases)
        return (rng.uniform(low, high, shape) * np.exp(1j * phases))[()]

    return draw


def R(*shape: int, low: float = 0.3, high: float = 2.0) -> Argument:
    """Real numbers of both signs."""
    return lambda rng: (rng.uniform(low, high, shape) * rng.choice([-1.0, 1.0], shape))[()]


def P(*shape: int) -> Argument:
    """Positive numbers."""
    return lambda rng: rng.uniform(0.3, 2.0, shape)[()]


def _unitary(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=shape) + 1j * rng.normal(size=shape))[0]


def _h(a: np.ndarray) -> np.ndarray:
    return np.conj(np.swapaxes(a, -1, -2))


def REGULAR(*shape: int) -> Argument:
    """Matrices of full rank with singular values between 1 and 2.5."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        *stack, m, n = shape
        k = min(m, n)
        left, right = _unitary(rng, *stack, m, k), _unitary(rng, *stack, n, k)
        return (left * np.linspace(1.0, 2.5, k)) @ _h(right)

    return draw


def HERMITIAN(*shape: int, low: float = -1.3) -> Argument:
    def draw(rng: np.random.Generator) -> np.ndarray:
        vectors = _unitary(rng, *shape)
        a = (vectors * np.linspace(low, 2.1, shape[-1])) @ _h(vectors)
        return 0.5 * (a + _h(a))

    return draw


def POSITIVE(*shape: int) -> Argument:
    return HERMITIAN(*shape, low=0.7)


def SPECTRUM(*shape: int) -> Argument:
    """Complex matrices with separated eigenvalues and well conditioned eigenvectors."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        n = shape[-1]
        vectors = np.eye(n) + 0.25 * (rng.uniform(-1, 1, shape) + 1j * rng.uniform(-1, 1, shape))
        values = np.linspace(1.0, 2.0, n) * np.exp(2j * np.pi * (0.1 + np.arange(n)) / n)
        return (vectors * values) @ np.linalg.inv(vectors)

    return draw


def TURNS(*shape: int) -> Argument:
    """Real matrices that have complex eigenvalues."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        n = shape[-1]
        a = 0.2 * rng.uniform(-1, 1, shape)
        a[..., 0, 1] += 1.5
        a[..., 1, 0] -= 1.5
        return a + np.diag([0.5, 0.5, *np.arange(2.0, n)])

    return draw


class Row:
    """One operation and its arguments; `options` go to `complex_checks.check`."""

    def __init__(self, name: str, function: Callable, *arguments: Argument, **options: Any) -> None:
        self.name = name
        self.function = function
        self.options = options
        self.draws = arguments

    def arguments(self) -> list:
        rng = np.random.default_rng(zlib.crc32(self.name.encode()))
        return [draw(rng) for draw in self.draws]

    def __repr__(self) -> str:
        return self.name
