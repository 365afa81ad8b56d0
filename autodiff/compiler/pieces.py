"""Long elementwise stretches of a program run in pieces that stay in the cache, on several threads.

Each step of such a stretch reads and writes the same rows of its arrays, so that all steps can be done for some
rows before the next rows are fetched. The numbers are those of whole arrays, bit for bit.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import numpy as np

from autodiff.compiler.buffers import Buffers, Layout, roots, takes_out
from autodiff.compiler.steps import Program, Step
from autodiff.operands import shape_of
from autodiff.rules.special import sech_squared

PIECE = 1 << 18  # bytes of one array: those of a few arrays fit into the cache of a core
LONG = 8 * PIECE  # bytes from which on an array is worth cutting


class Stretch:
    """Elementwise steps that may run in pieces, one after the other.

    Attributes
    ----------
    steps : list of Step
    length : int
        Of the first axis, which is cut.
    before : list of Step
        Numbers that are computed in between, which do not depend on the steps: they come first.
    fresh : list of Step
        Those of the steps whose result is returned: each call makes a new array for it.
    names : list of str
        Of the arrays that are cut, in the source.
    """

    def __init__(self, length: int) -> None:
        self.steps: list[Step] = []
        self.length = length
        self.before: list[Step] = []
        self.fresh: list[Step] = []
        self.names: list[str] = []
        self._written: set[int] = set()  # buffers
        self._viewed: set[int] = set()  # buffers of which other rows are read than those that are written

    @property
    def rows(self) -> int:
        """The length of a piece, a power of two."""
        bytes_of_row = max(step.value.nbytes for step in self.steps) // self.length
        return 1 << max(0, (PIECE // bytes_of_row).bit_length() - 1)

    def cuts(self, x: Any) -> bool:
        """Tell whether an operand of a step has a row for each piece of the first axis."""
        shape = shape_of(x.value if isinstance(x, Step) else x)
        return len(shape) == self.steps[0].value.ndim and shape[0] == self.length

    def take(self, step: Step, buffers: Buffers, root: dict[Step, Step]) -> bool:
        """Add a step if it can run in pieces together with those before it; tell whether it was."""
        views = {buffers.of[root[u]] for u in step.uses if u in root and root[u] in buffers.of}
        number = buffers.of.get(step)
        first = self.steps[0] if self.steps else step
        alike = is_long(step, buffers) and step.phase == first.phase and step.value.ndim == first.value.ndim
        if not alike or step.shape[0] != self.length or views & (self._written | {number}) or number in self._viewed:
            return False
        self.steps.append(step)
        if number is None:
            self.fresh.append(step)
        else:
            self._written.add(number)
        self._viewed |= views
        return True


def is_long(step: Step, buffers: Buffers) -> bool:
    """Tell whether the step computes each entry of a large array by itself, into given memory."""
    if not takes_out(step) or step.value.nbytes < LONG:
        return False
    axes = Layout.of(step.value).axes
    if axes[0] != 0 or (step not in buffers.of and sorted(axes) != list(axes)):
        return False
    elementwise = isinstance(step.function, np.ufunc) and step.function.signature is None and not step.parameters
    return elementwise or step.function is sech_squared.implementation


def stretches(program: Program, buffers: Buffers) -> Iterator[Step | Stretch]:
    """Yield the steps of a program in order; those that run in pieces, several in one."""
    root = roots(program)
    stretch: Stretch | None = None
    for step in program.steps:
        if stretch is not None:
            if stretch.take(step, buffers, root):
                continue
            if not step.is_array and not set(step.uses) & set(stretch.steps):
                stretch.before.append(step)
                continue
            yield from _ended(stretch)
            stretch = None
        if is_long(step, buffers):
            stretch = Stretch(step.shape[0])
            if stretch.take(step, buffers, root):
                continue
            stretch = None
        yield step
    if stretch is not None:
        yield from _ended(stretch)


def _ended(stretch: Stretch) -> Iterator[Step | Stretch]:
    yield from stretch.before
    if len(stretch.steps) > 1 and stretch.rows < stretch.length:
        yield stretch
    else:
        yield from stretch.steps


def in_pieces(compute: Callable[..., None], arrays: Sequence[np.ndarray], rows: int) -> None:
    """Call `compute` with so many rows of each array until all are done, on as many threads as there are processors."""
    starts = deque(range(0, len(arrays[0]), rows))

    def work() -> None:
        while starts:
            try:
                start = starts.popleft()
            except IndexError:  # another thread was sooner
                return
            compute(*[array[start : start + rows] for array in arrays])

    others = [_pool().submit(copy_context().run, work) for _ in range(min(threads(), len(starts)) - 1)]
    try:
        work()
    finally:
        starts.clear()
        errors = [error for other in others if (error := other.exception()) is not None]
    if errors:
        raise errors[0]


def threads() -> int:
    """Return how many threads compute: AUTODIFF_NUM_THREADS or OMP_NUM_THREADS, or one for each processor."""
    for name in ("AUTODIFF_NUM_THREADS", "OMP_NUM_THREADS"):
        number = os.environ.get(name, "")
        if number.isdecimal() and int(number) > 0:
            return int(number)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_pools: list[ThreadPoolExecutor] = []  # one, once it is needed


def _pool() -> ThreadPoolExecutor:
    if not _pools:
        _pools.append(ThreadPoolExecutor(max(1, threads() - 1), thread_name_prefix="autodiff"))
    return _pools[0]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pools.clear)  # a child has none of its parent's threads
