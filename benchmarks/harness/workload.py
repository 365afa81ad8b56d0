"""What a benchmark consists of: a workload, its contenders, and the figures to reach."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

QUICK = "BENCHMARKS_QUICK"
"""Set in the environment of the workers under `--quick`."""

CLOCK = "BENCHMARKS_CLOCK"
"""Set to "cpu" in the environment of the workers under `--clock cpu`."""

UNCHECKED = math.inf
"""The tolerance of a workload whose results are not to be compared."""

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
    "torch.compile": "torch",
    "jax.jit": "jax",
    "jax.jit flat": "jax",
    "autograd": "autograd",
    "MyGrad": "mygrad",
    "micrograd": "micrograd",
    "scikit-learn": "sklearn",
}
"""The import name of the library that each contender needs, in the order of the tables."""

DISTRIBUTIONS = {"autodiff": "autodiff-nn", "sklearn": "scikit-learn"}
"""What to install for an import name, where the two differ."""

OPTIONAL = {"torch.compile"}
"""Contenders that need more than their library (a C++ compiler) and compile for tens of seconds.

They have a process of their own, are left out of `--quick`, and may fail.
"""

SUBJECTS = (EAGER, COMPILED)
"""The contenders that are ours: each gets a column of ratios against all the others."""


@dataclass(frozen=True)
class Goal:
    """`subject` shall take at most `at_most` times as long as `peer` (issue `issue`)."""

    peer: str
    at_most: float
    issue: int
    subject: str = EAGER


@dataclass(frozen=True)
class Limit:
    """`subject` shall take at most `at_most` seconds on a machine of today (issue `issue`)."""

    at_most: float
    issue: int
    subject: str = COMPILED


@dataclass
class Workload:
    """One thing to compute, and a builder for each contender that can.

    A builder imports its library, prepares the data and returns a `Run`. Before anything is
    timed, the result of the `calls`-th run of each contender is compared with that of
    NumPy by hand: |result - reference| ≤ tolerance · max |reference|;
    a contender that computes something slightly else has a `looser` tolerance, with its reason beside it.

    What is measured is the time of a run in seconds; with `unit` "byte" it is what the run
    returns, and a `tolerance` of infinity says that there is nothing to compare.
    """

    name: str
    title: str
    tolerance: float
    calls: int = 1
    goals: tuple[Goal, ...] = ()
    limits: tuple[Limit, ...] = ()
    looser: dict[str, float] = field(default_factory=dict)
    unit: str = "s"
    builders: dict[str, Callable[[], Run]] = field(default_factory=dict)

    def contender(self, name: str) -> Callable:
        """Return a decorator that enters a builder under the name of a contender."""
        if name not in LIBRARIES:
            raise ValueError(f"contender: not in LIBRARIES; got {name!r}. Enter it there with its library.")

        def enter(builder: Callable[[], Run]) -> Callable[[], Run]:
            self.builders[name] = builder
            return builder

        return enter


def sized(full: int, quick: int) -> int:
    """Return `full`, or `quick` under `--quick`: for what takes long at its full size."""
    return quick if os.environ.get(QUICK) else full
