"""Which memory each step writes to: buffers that are made once, and used again when what is in them has been read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from autodiff.arraylike import getitem, power
from autodiff.assignment import astype, index_update
from autodiff.compiler.steps import Program, Step, item
from autodiff.rules.indexing import added_at, may_repeat, scatter, select
from autodiff.rules.joining import joined
from autodiff.rules.linear import filled, reshaped
from autodiff.rules.special import clamp, sech_squared, zeroed

WRITEABLE_VIEWS: set[Callable] = {
    np.transpose, np.reshape, np.ravel, np.swapaxes, np.moveaxis, np.expand_dims, np.squeeze, np.rollaxis, np.flip,
    getitem.implementation,
}  # fmt: skip
"""Functions whose result may share memory with their first operand alone, and may be written to if that may."""

VIEWS = WRITEABLE_VIEWS | {np.broadcast_to, np.diagonal, np.real, np.imag, reshaped, item}
"""Functions whose result may share memory with their first operand."""

IN_GIVEN_MEMORY: set[Callable] = {np.matmul, np.dot, np.add.reduce, sech_squared.implementation, clamp.implementation}
"""What takes an `out` besides ufuncs."""

ON_COPIES: set[Callable] = {index_update.implementation, added_at.implementation}
"""What changes some entries of a copy of its first operand; if nobody reads that any more, it needs no copy."""

FRESH = IN_GIVEN_MEMORY | ON_COPIES | {
    scatter.implementation, select.implementation, power.implementation, astype.implementation, joined.implementation,
    filled.implementation, zeroed, np.where, np.sum, np.mean, np.max, np.min, np.prod, np.var, np.std, np.cumsum,
    np.cumprod, np.sort, np.outer, np.tensordot,
}  # fmt: skip
"""What makes an array of its own, besides ufuncs and random draws."""


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
    """The plan of the memory of programs that run one after the other.

    Attributes
    ----------
    of : dict
        The number of the buffer that each step writes to; what is not in it makes its own array.
    specs : list of Layout
        The buffers.
    homes : dict
        Those that are certain arrays, in which a result is to be found afterwards: by number, the array.
    heirs : dict
        By step, the one that changes some entries of its result and is that array from then on.
    """

    def __init__(self, programs: Iterable[Program]) -> None:
        self.of: dict[Step, int] = {}
        self.specs: list[Layout] = []
        self.homes: dict[int, np.ndarray] = {}
        self.heirs: dict[Step, Step] = {}
        self._free: dict[Layout, list[int]] = defaultdict(list)
        for program in programs:
            self._assign(program)

    def home_of(self, array: np.ndarray) -> int | None:
        """Return the number of the buffer that is this array, if there is one."""
        return next((number for number, home in self.homes.items() if home is array), None)

    def _assign(self, program: Program) -> None:
        root = roots(program)
        last = _last_reads(program, root)
        returned = {root.get(result, result) for result in program.results}
        destined, holds = self._settle(program)
        for i, step in enumerate(program.steps):
            dying = [r for r in dict.fromkeys(root.get(u, u) for u in step.uses) if last.get(r) == i and r in self.of]
            number = None
            if step in destined:
                number = destined[step]
                there = holds.get(number)
                if not (there is None or last.get(there, -1) < i or _may_write_into(step, there)):
                    number = None  # what is there is still needed: the result is copied at the end
            elif (before := self._predecessor(step, i, root, last, returned)) is not None:
                self.heirs[before] = step
                number = self.of.get(before)
            elif takes_out(step) and step not in returned:
                here = next((r for r in dying if _may_write_into(step, r)), None)
                number = self.of[here] if here is not None else self._take(Layout.of(step.value))
            if number is not None:
                self.of[step] = number
                holds[number] = step
            for r in dying:
                self._give_back(self.of[r], r, holds)
            if step in self.of and last.get(step, -1) <= i:  # nobody reads it
                self._give_back(self.of[step], step, holds)
        for step in program.steps:
            if step in self.of:
                self._give_back(self.of[step], step, holds)

    def _predecessor(
        self, step: Step, i: int, root: dict[Step, Step], last: dict[Step, int], returned: set[Step]
    ) -> Step | None:
        """Return the step whose result this one may change, instead of a copy, since nobody reads it later."""
        before = step.operands[0] if step.function in ON_COPIES and writes_entries(step) else None
        if not isinstance(before, Step) or before.function is None or before in root or last[before] != i:
            return None
        others = step.uses[1:]
        if any(root.get(other, other) is before for other in others) or not before.is_array:
            return None
        return None if before in self.of and step in returned else before

    def _settle(self, program: Program) -> tuple[dict[Step, int], dict[int, Step]]:
        """Make buffers of the arrays that results are for; return the results that may go there, and what is there."""
        destined: dict[Step, int] = {}
        holds: dict[int, Step] = {}
        returned = [o for o in program.outputs if isinstance(o, Step)]
        for result, array, _ in program.stores:
            others = [fixed for fixed in program.fixed.values() if fixed is not array]
            if any(np.may_share_memory(array, other) for other in others):
                continue
            number = self.home_of(array)
            if number is None:
                number = len(self.specs)
                self.specs.append(Layout.of(array))
                self.homes[number] = array
            direct = isinstance(result, Step) and takes_out(result) and result not in returned
            if direct and result.dtype == array.dtype and result.shape == array.shape:  # else the copy converts it
                destined.setdefault(result, number)
        for step, array in program.fixed.items():
            number = self.home_of(array)
            if number is not None:
                self.of[step] = number
                holds[number] = step
        return destined, holds

    def _take(self, key: Layout) -> int:
        """Return a buffer that nobody needs any more, or a new one."""
        if self._free[key]:
            return self._free[key].pop()
        self.specs.append(key)
        return len(self.specs) - 1

    def _give_back(self, number: int, step: Step, holds: dict[int, Step]) -> None:
        """Let others have the buffer, unless it is somebody's already."""
        if number not in self.homes and holds.get(number) is step:
            del holds[number]
            self._free[self.specs[number]].append(number)


def takes_out(step: Step) -> bool:
    """Tell whether the step can be told where to write."""
    if not step.is_array or step.shape == ():
        return False
    if isinstance(step.function, np.ufunc):
        return step.function.nout == 1 and "where" not in step.parameters
    if step.function == np.add.reduce:  # NumPy < 2.1 sums a reversed axis in another order into given memory
        return min(step.operands[0].value.strides, default=0) >= 0
    return step.function in IN_GIVEN_MEMORY


def writes_entries(step: Step) -> bool:
    """Tell whether the step is `y[index] = x` or `y[index] += x` of an array of its own, each entry once."""
    if step.function not in ON_COPIES | {scatter.implementation}:
        return False
    index = step.parameters["index"]
    if step.function is index_update.implementation:
        return True
    return not (Step(None, [index], None).uses or may_repeat(index))


def is_view(step: Step) -> bool:
    """Tell whether the result may share memory with an operand."""
    if not isinstance(step.value, (np.ndarray, tuple, list)):
        return False
    if step.function in VIEWS:
        return True
    return not isinstance(step.function, np.ufunc) and step.function not in FRESH and not is_random(step)


def is_random(step: Step) -> bool:
    """Tell whether the step draws random numbers, so that every call counts."""
    return isinstance(getattr(step.function, "__self__", None), np.random.Generator)


def roots(program: Program) -> dict[Step, Step]:
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
