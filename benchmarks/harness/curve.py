"""Cost against size: the same workload at several sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.harness.workload import Run, Workload


@dataclass
class Curve:
    """A family of workloads, one for each size.

    Attributes
    ----------
    sizes : tuple of int
    axis : str
        What the size counts.
    builders : dict
        For each contender: of a size, a `Run`.
    largest : dict
        The contenders that stop earlier, and their largest size; a comment beside each says why.
    """

    name: str
    title: str
    axis: str
    sizes: tuple[int, ...]
    tolerance: float
    builders: dict[str, Callable[[int], Run]]
    largest: dict[str, int]
    calls: int = 1
    looser: dict[str, float] = field(default_factory=dict)

    def workload(self, size: int) -> Workload:
        """Return the workload of one size; its name is `<curve>@<size>`."""
        workload = Workload(
            f"{self.name}@{size}", f"{self.title}, {size:,}", self.tolerance, self.calls, looser=self.looser
        )
        for contender, build in self.builders.items():
            if size <= self.largest.get(contender, size):
                workload.contender(contender)(lambda build=build: build(size))
        return workload

    def workloads(self) -> list[Workload]:
        return [self.workload(size) for size in self.sizes]

    def table(self, medians: list[dict[str, str]]) -> list[list[str]]:
        """Return the header and a row for each contender, a column for each size."""
        header = [self.axis, *(f"{size:,}" for size in self.sizes)]
        return [header, *([name, *(column.get(name, "") for column in medians)] for name in self.builders)]
