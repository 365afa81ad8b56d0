"""Parameters packed into one array, their gradients into another.

Each parameter's `data` is then a view of the first, and `backward` writes each gradient
into its view of the second, so that one update is a handful of NumPy calls for all
parameters together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nn.parameter import Parameter


class Segment(NamedTuple):
    """A stretch of the flat arrays that is updated together."""

    progress: dict[str, Any]  # the numbers that its parameters remember: "step", how many updates they had
    theta: np.ndarray  # parameters
    g: np.ndarray  # gradients
    state: tuple[np.ndarray, ...]  # the arrays that the optimiser remembers, zeros at first
    scratch: tuple[np.ndarray, ...]  # to compute in

    def descent_gradient(self, maximize: bool, weight_decay: float, out: np.ndarray) -> np.ndarray:
        """Return g + λ θ, the gradient with that of ½ λ |θ|²; to maximise, −g + λ θ."""
        if weight_decay:
            np.multiply(self.theta, weight_decay, out=out)
            return np.subtract(out, self.g, out=out) if maximize else np.add(out, self.g, out=out)
        return np.negative(self.g, out=out) if maximize else self.g


class FlatBuffer:
    """Parameters of one dtype in one contiguous array.

    Parameters
    ----------
    parameters : sequence of Parameter
        Of one dtype.
    states : sequence of str
        Names of further arrays of the same length, which the optimiser remembers.
    scratch : int
        How many arrays of the same length it computes in.
    progress : mapping
        The numbers each parameter remembers, as they are before the first update.
    """

    def __init__(
        self, parameters: Sequence[Parameter], states: Sequence[str], scratch: int, progress: Mapping[str, Any]
    ) -> None:
        self.parameters = list(parameters)
        dtype = self.parameters[0].dtype
        stops = np.cumsum([p.size for p in self.parameters]).tolist()
        self.starts = [0, *stops]
        # What no option ever uses is never touched, and takes no memory: `zeros` of this size are pages yet to come.
        self.theta, self.g = np.zeros(stops[-1], dtype), np.zeros(stops[-1], dtype)
        self.state = {name: np.zeros(stops[-1], dtype) for name in states}
        self.scratch = [np.zeros(stops[-1], dtype) for _ in range(scratch)]
        self.progress = [dict(progress) for _ in self.parameters]
        self.theta_views = [self.view(self.theta, k) for k in range(len(self.parameters))]
        self.g_views = [self.view(self.g, k) for k in range(len(self.parameters))]
        self._ready: list[int] = []
        self.divided: list[Segment] = []  # what is updated together; another list whenever that changes
        for k, parameter in enumerate(self.parameters):
            self._adopt_data(k)
            if parameter.leaf is not None:
                parameter.grad_buffer = self.g_views[k]

    def view(self, array: np.ndarray, k: int) -> np.ndarray:
        """Return the part of a flat array that belongs to parameter k, in its shape."""
        return array[self.starts[k] : self.starts[k + 1]].reshape(self.parameters[k].shape)

    def gather(self) -> None:
        """Make every parameter a view again, and its gradient likewise."""
        for k, parameter in enumerate(self.parameters):
            if parameter.data is not self.theta_views[k]:
                self._adopt_data(k)
            if parameter.leaf is not None:  # also one that was held fixed before
                parameter.grad_buffer = self.g_views[k]

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

    def segments(self) -> list[Segment]:
        """Return what is to be updated: everything at once, unless some gradients are None."""
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
        if ready != self._ready:
            self._divide(ready)
        return self.divided

    def gradients(self) -> list[np.ndarray]:
        """Return the gradients that are there: the flat array if there are all, else its parts."""
        grads = [parameter.grad for parameter in self.parameters]
        if all([grad is view for grad, view in zip(grads, self.g_views, strict=True)]):  # noqa: C419 - sooner
            return [self.g]
        ready = [k for k, grad in enumerate(grads) if grad is not None]
        for k in ready:
            if grads[k] is not self.g_views[k]:  # from elsewhere: what is done to it now must not be lost
                self._adopt_grad(k)
                self.parameters[k].grad = self.g_views[k]
        return [self.g] if len(ready) == len(grads) else [self.g_views[k] for k in ready]

    def restore(self, k: int, progress: Mapping[str, Any], state: Mapping[str, np.ndarray]) -> None:
        """Set what is remembered of parameter k; arrays that are not given become zeros."""
        self.progress[k] = dict(progress)
        for name, array in self.state.items():
            self.view(array, k)[...] = state.get(name, 0.0)
        self._ready, self.divided = [], []

    def _divide(self, ready: list[int]) -> None:
        """Join neighbours among the ready parameters that had equally many updates to segments."""
        runs: list[list[int]] = []
        for k in ready:
            if runs and runs[-1][-1] == k - 1 and self.progress[runs[-1][-1]] == self.progress[k]:
                runs[-1].append(k)
            else:
                runs.append([k])
        self._ready = ready
        self.divided = []
        for run in runs:
            progress = dict(self.progress[run[0]])  # one for all of them, and for no others
            for k in run:
                self.progress[k] = progress
            part = slice(self.starts[run[0]], self.starts[run[-1] + 1])
            state, scratch = tuple([a[part] for a in self.state.values()]), tuple([a[part] for a in self.scratch])
            self.divided.append(Segment(progress, self.theta[part], self.g[part], state, scratch))


def by_dtype(parameters: Sequence[Parameter]) -> list[list[Parameter]]:
    """Return the parameters grouped by dtype, in order."""
    groups: dict[np.dtype, list[Parameter]] = {}
    for parameter in parameters:
        groups.setdefault(parameter.dtype, []).append(parameter)
    return list(groups.values())
