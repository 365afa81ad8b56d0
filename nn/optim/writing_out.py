"""The update of an optimiser as a procedure that the compiler can write out line by line."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import autodiff as ad
from nn.optim.flat import FlatBuffer, Segment
from nn.optim.optimizer import Optimizer
from nn.settings import is_ours

Part = ad.Procedure | ad.Call


class WrittenUpdate:
    """How the update of an optimiser is written out: which of its options as numbers, which read at every step.

    Attributes
    ----------
    options : list of dict
        What is written out of each group; another list whenever that has changed. Numbers that have changed once
        are not among them, and are read at every step, as is the learning rate.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.options: list[dict[str, Any]] = []
        self._varying = frozenset({"lr"})
        self._changes: list[int] = []

    def note_options(self) -> None:
        """Take the options as they are now."""
        for before, now in zip(self.options, self._constants(), strict=False):
            self._varying |= {k for k, v in now.items() if v != before.get(k, v) and isinstance(v, (float, tuple))}
        if self._constants() != self.options:
            self.options = self._constants()
        self._changes = [group.changes for group in self.optimizer.param_groups]

    def holds(self) -> bool:
        """Tell whether the options are still those that were noted."""
        changes = [group.changes for group in self.optimizer.param_groups]
        if changes != self._changes:
            if self._constants() != self.options:
                return False
            self._changes = changes
        return True

    def parts(self) -> list[Part]:
        """Return the update of the parameters that have a gradient, stretch by stretch."""
        optimizer = self.optimizer
        if type(optimizer).step is not Optimizer.step or "step" in vars(optimizer):  # it does more than update
            return [ad.Call("{optimizer}.step()", {"optimizer": optimizer}, f"update: {type(optimizer).__name__}")]
        return [written_out(optimizer, *update, self._varying) for update in optimizer.updates()]

    def divisions(self) -> list[tuple[FlatBuffer, list]]:
        """Return which parameters are updated together: for each buffer a list, another one when that has changed."""
        list(self.optimizer.updates())
        return [(buffer, buffer.divided) for buffer in self.optimizer.buffers()]

    def _constants(self) -> list[dict[str, Any]]:
        unwritten = {"params", "initial_lr", *self._varying}
        return [{k: v for k, v in group.items() if k not in unwritten} for group in self.optimizer.param_groups]


def written_out(optimizer: Optimizer, segment: Segment, options: Mapping[str, Any], varying: AbstractSet[str]) -> Part:
    """Return the update of one stretch of parameters.

    Parameters
    ----------
    optimizer : Optimizer
    segment, options
        What `optimizer.update` is called with.
    varying : set of str
        Options that are read anew at every step. The others are written out as they are now.
    """
    title = f"update: {type(optimizer).__name__}"
    names = {"optimizer": optimizer, "segment": segment, "options": options}
    call = ad.Call("{optimizer}.update({segment}, {options})", names, title)
    if not is_ours(type(optimizer)):
        return call  # a user's own update may do more than change the arrays
    numbers: dict[str, tuple] = {name: (segment.progress, (name,), "progress") for name in segment.progress}
    literals = {}
    for name in options:
        for part, keys, value in _parts(name, options[name]):
            if name in varying:
                numbers[part] = (options, keys, "options")
            else:
                literals[part] = value
    arrays = {"theta": segment.theta, "g": segment.g, **dict(zip(optimizer.states, segment.state, strict=True))}
    scratch = {f"s{k}" if k else "s": array for k, array in enumerate(segment.scratch)}

    def run(array: dict[str, Any], number: dict[str, Any]) -> None:
        progress = {name: number[name] for name in segment.progress}
        state, free = tuple([array[name] for name in optimizer.states]), tuple([array[name] for name in scratch])
        read = {}
        for name, value in options.items():
            values = [number[part] for part, _, _ in _parts(name, value)]
            read[name] = value if not values else tuple(values) if isinstance(value, tuple) else values[0]
        optimizer.update(Segment(progress, array["theta"], array["g"], state, free), read)
        number.update(progress)

    return ad.Procedure(run, arrays, scratch, numbers, literals, call, title)


def _parts(name: str, value: Any) -> list[tuple[str, tuple, float]]:
    """Return the numbers of an option: the name of each, the keys that lead to it, and what it is."""
    if isinstance(value, tuple) and all(isinstance(part, float) for part in value):
        return [(f"{name}_{k}", (name, k), part) for k, part in enumerate(value)]
    return [(name, (name,), value)] if isinstance(value, float) else []
