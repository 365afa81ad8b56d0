"""Which memory each step writes to: buffers that are made once, and used again when what is in them has been read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from autodiff.arraylike import getitem
from autodiff.assignment import index_update
from autodiff.compiler.steps import Program, Step
from autodiff.rules.special import sech_squared

VIEWS: set[Callable] = {
    np.transpose, np.reshape, np.ravel, np.swapaxes, np.moveaxis, np.expand_dims, np.squeeze, np.broadcast_to,
    np.diagonal, np.rollaxis, np.flip, np.real, np.imag, getitem.implementation,
}  # fmt: skip
"""Functions whose result may share memory with their first operand."""

IN_GIVEN_MEMORY: set[Callable] = {np.matmul, np.dot, np.add.reduce, sech_squared.implementation}
"""What takes an `out` besides ufuncs."""

FRESH = IN_GIVEN_MEMORY | {index_update.implementation}
"""What makes an array of its own, besides ufuncs."""


class Layout(NamedTuple):
    """Shape, dtype and order of the axes in memory: sums run in that order, and their last digits depend on it."""

    shape: tuple[int, ...]
    dtype: np.dtype
    axes: tuple[int, ...]  # from the slowest to the fastest

    @classmethod
    def of(cls, array: np.ndarray) -> Layout:
        axes = sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))
        return cls(array.shape, array.dtype, tuple(axes))

    def allocate(self) -> np.ndarray:
        """Return an array of this layout."""
        array = np.empty([self.shape[axis] for axis in self.axes], self.dtype)
        return array.transpose(np.argsort(self.axes)) if self.axes else array


class Buffers:
    """The plan of the memory.

    Attributes
    ----------
    of : dict
        The number of the buffer that each step writes to; what is not in it makes its own array.
    specs : list of Layout
        The buffers.
    """

    def __init__(self, program: Program) -> None:
        self.of: dict[Step, int] = {}
        self.specs: list[Layout] = []
        self._assign(program)

    def _assign(self, program: Program) -> None:
        root = _roots(program)
        last = _last_reads(program, root)
        returned = {root.get(result, result) for result in program.results}
        free: dict[Layout, list[int]] = defaultdict(list)
        for i, step in enumerate(program.steps):
            dying = [r for r in dict.fromkeys(root.get(u, u) for u in step.uses) if last.get(r) == i and r in self.of]
            if takes_out(step) and step not in returned:
                key = Layout.of(step.value)
                here = next((r for r in dying if _may_write_into(step, r)), None)
                if here is not None:
                    dying.remove(here)
                    self.of[step] = self.of[here]
                elif free[key]:
                    self.of[step] = free[key].pop()
                else:
                    self.of[step] = len(self.specs)
                    self.specs.append(key)
            for r in dying:
                free[self.specs[self.of[r]]].append(self.of[r])
            if step in self.of and last.get(step, -1) <= i:  # nobody reads it
                free[self.specs[self.of[step]]].append(self.of[step])


def takes_out(step: Step) -> bool:
    """Tell whether the step can be told where to write."""
    if not step.is_array or step.shape == ():
        return False
    if isinstance(step.function, np.ufunc):
        return step.function.nout == 1 and "where" not in step.parameters
    if step.function == np.add.reduce:  # NumPy < 2.1 sums a reversed axis in another order into given memory
        return min(step.operands[0].value.strides, default=0) >= 0
    return step.function in IN_GIVEN_MEMORY


def is_view(step: Step) -> bool:
    """Tell whether the result may share memory with an operand."""
    if step.function in VIEWS or getattr(step.function, "__name__", "") in ("<lambda>", "_item"):
        return True
    return not isinstance(step.function, np.ufunc) and step.function not in FRESH


def _roots(program: Program) -> dict[Step, Step]:
    """Return for each view the step whose memory it may share."""
    root: dict[Step, Step] = {}
    for step in program.steps:
        if is_view(step):
            owner = next((u for u in step.uses if u.is_array or isinstance(u.value, (tuple, list))), None)
            if owner is not None:
                root[step] = root.get(owner, owner)
    return root


def _last_reads(program: Program, root: dict[Step, Step]) -> dict[Step, int]:
    """Return when the memory of each step is read for the last time."""
    last: dict[Step, int] = {}
    for i, step in enumerate(program.steps):
        for used in step.uses:
            last[root.get(used, used)] = i
    for result in program.results:
        last[root.get(result, result)] = len(program.steps)
    return last


def _may_write_into(step: Step, owner: Step) -> bool:
    """Tell whether an elementwise step may write over an operand that nobody reads later."""
    if not isinstance(step.function, np.ufunc) or step.function is np.matmul or step.function.signature is not None:
        return False
    return any(o is owner for o in step.operands) and Layout.of(owner.value) == Layout.of(step.value)
