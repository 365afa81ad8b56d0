"""Parameters packed into one array, their gradients into another.

Each parameter's `data` is then a view of the first, and `backward` writes each gradient
into its view of the second, so that one update is a handful of NumPy calls for all
parameters together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from nn.parameter import Parameter


class Segment(NamedTuple):
    """A stretch of the flat arrays that is updated together."""

    t: int  # how many updates it has had, this one included
    theta: np.ndarray  # parameters
    g: np.ndarray  # gradients
    state: Sequence[np.ndarray]  # what the optimiser remembers, zeros at first
    scratch: Sequence[np.ndarray]  # to compute in


class FlatBuffer:
    """Parameters of one dtype in one contiguous array.

    Parameters
    ----------
    parameters : sequence of Parameter
        Of one dtype.
    state, scratch : int
        How many further arrays of the same length the optimiser remembers and computes in.
    """

    def __init__(self, parameters: Sequence[Parameter], state: int, scratch: int) -> None:
        self.parameters = list(parameters)
        dtype = self.parameters[0].dtype
        stops = np.cumsum([p.size for p in self.parameters]).tolist()
        self.slices = [slice(stop - p.size, stop) for p, stop in zip(self.parameters, stops, strict=True)]
        self.arrays = [np.zeros(stops[-1], dtype) for _ in range(2 + state + scratch)]
        self.number_of_states = state
        self.steps = [0] * len(self.parameters)
        shapes = [p.shape for p in self.parameters]
        theta, g = self.arrays[:2]
        self.theta_views = [theta[s].reshape(shape) for s, shape in zip(self.slices, shapes, strict=True)]
        self.g_views = [g[s].reshape(shape) for s, shape in zip(self.slices, shapes, strict=True)]
        for k in range(len(self.parameters)):
            self._adopt_data(k)
            self.parameters[k].grad_buffer = self.g_views[k]

    def _adopt_data(self, k: int) -> None:
        """Take the numbers that were put into parameter k, and make it a view again."""
        parameter, view = self.parameters[k], self.theta_views[k]
        if np.shape(parameter.data) != view.shape or not np.can_cast(parameter.data.dtype, view.dtype, "same_kind"):
            raise ValueError(
                f"optimiser: parameter {k} had shape {view.shape} and dtype {view.dtype} when the optimiser was made; "
                f"got {np.shape(parameter.data)} and {parameter.data.dtype}. Make a new optimiser for the new array."
            )
        view[...] = parameter.data
        parameter.data = view

    def _adopt_grad(self, k: int) -> None:
        """Take a gradient that was put into parameter k by other means than `backward`."""
        self.g_views[k][...] = self.parameters[k].grad
        self.parameters[k].grad_buffer = self.g_views[k]

    def segments(self) -> Iterator[Segment]:
        """Yield what is to be updated: everything at once, unless some gradients are None."""
        ready = []
        for k, parameter in enumerate(self.parameters):
            grad = parameter.grad
            if grad is None:
                continue
            ready.append(k)
            if parameter.data is not self.theta_views[k]:
                self._adopt_data(k)
            if grad is not self.g_views[k]:
                self._adopt_grad(k)
        steps = self.steps
        for k in ready:
            steps[k] += 1
        if len(ready) == len(steps) and steps.count(steps[0]) == len(steps):
            yield self._segment(steps[0], self.arrays)
        else:
            for k in ready:
                yield self._segment(steps[k], [array[self.slices[k]] for array in self.arrays])

    def _segment(self, t: int, arrays: Sequence[np.ndarray]) -> Segment:
        n = 2 + self.number_of_states
        return Segment(t, arrays[0], arrays[1], arrays[2:n], arrays[n:])


def by_dtype(parameters: Sequence[Parameter]) -> list[list[Parameter]]:
    """Return the parameters grouped by dtype, in order."""
    groups: dict[np.dtype, list[Parameter]] = {}
    for parameter in parameters:
        groups.setdefault(parameter.dtype, []).append(parameter)
    return list(groups.values())
