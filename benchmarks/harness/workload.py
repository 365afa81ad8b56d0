"""What a benchmark consists of: a workload, its contenders, and the figures to reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Run = Callable[[], Any]
"""Does one unit of work and returns its result, in whatever array type the library has."""

BY_HAND = "NumPy by hand"
EAGER = "autodiff eager"
COMPILED = "autodiff compiled"

LIBRARIES = {
    BY_HAND: "numpy",
    EAGER: "autodiff",
    COMPILED: "autodiff",
    "PyTorch eager": "torch",
    "PyTorch torch.func": "torch",
    "PyTorch fused Adam": "torch",
    "jax.jit": "jax",
    "jax.jit flat": "jax",
    "autograd": "autograd",
    "MyGrad": "mygrad",
    "scikit-learn": "sklearn",
}
"""The import name of the library that each contender needs, in the order of the tables."""

DISTRIBUTIONS = {"autodiff": "autodiff-nn", "sklearn": "scikit-learn"}
"""What to install for an import name, where the two differ."""

SUBJECTS = (EAGER, COMPILED)
"""The contenders that are ours: each gets a column of ratios against all the others."""


@dataclass(frozen=True)
class Goal:
    """`subject` shall take at most `at_most` times as long as `peer` (issue `issue`)."""

    peer: str
    at_most: float
    issue: int
    subject: str = EAGER


@dataclass
class Workload:
    """One thing to compute, and a builder for each contender that can.

    A builder imports its library, prepares the data and returns a `Run`. Before anything is
    timed, the result of the `calls`-th run of each contender is compared with that of
    NumPy by hand: |result - reference| ≤ tolerance · max |reference|.
    """

    name: str
    title: str
    tolerance: float
    calls: int = 1
    goals: tuple[Goal, ...] = ()
    builders: dict[str, Callable[[], Run]] = field(default_factory=dict)

    def contender(self, name: str) -> Callable:
        """Return a decorator that enters a builder under the name of a contender."""
        if name not in LIBRARIES:
            raise ValueError(f"contender: not in LIBRARIES; got {name!r}. Enter it there with its library.")

        def enter(builder: Callable[[], Run]) -> Callable[[], Run]:
            self.builders[name] = builder
            return builder

        return enter
