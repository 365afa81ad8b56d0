"""What the optimisers share: parameter groups, flat buffers, the step, and their state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

import autodiff as ad
from nn.optim import state
from nn.optim.flat import FlatBuffer, Segment, by_dtype
from nn.optim.options import ParameterGroup


class Optimizer:
    """Base of the optimisers: a subclass gives `update`, the paper's equations on flat arrays.

    Parameters
    ----------
    params : iterable
        Of parameters, or of dicts {"params": parameters, option: value, …}, each a group with
        options of its own. Parameters that require no gradient are left alone until they do.
    **defaults
        The options of every group that does not set them.

    Attributes
    ----------
    param_groups : tuple of dict
        The groups with all their options; changing an option is checked at once, and counts
        from the next step on.
    defaults : dict
        The options of every group that does not set them.

    Notes
    -----
    Optimisers keep parameters, gradients and what they remember in one flat array each (per
    group and dtype). A parameter whose gradient is None is skipped, and counts its own steps.
    """

    states: ClassVar[Mapping[str, str | None]] = {}
    """Names of the arrays that are remembered, each with the option that uses it (None: always used)."""
    progress: ClassVar[Mapping[str, Any]] = {"step": 0}
    """The numbers that each parameter remembers, as they are at first."""
    scratch: ClassVar[int] = 0
    """How many arrays `update` computes in."""

    def __init__(self, params: Iterable[Any], **defaults: Any) -> None:
        self.defaults = defaults
        self.param_groups: tuple[ParameterGroup, ...] = ()
        self._buffers: list[tuple[ParameterGroup, FlatBuffer]] = []
        self._add([self._group(group) for group in self._as_groups(params)])

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _as_groups(self, params: Iterable[Any]) -> list[Mapping]:
        if isinstance(params, (ad.Tensor, str, Mapping)) or not isinstance(params, Iterable):
            raise TypeError(
                f"{self._name}: params must be a sequence of parameters; got a {type(params).__name__}. "
                "Pass model.parameters()."
            )
        items = list(params)
        if not items:
            raise ValueError(f"{self._name}: there is nothing to learn; got no parameters. Pass model.parameters().")
        return items if isinstance(items[0], Mapping) else [{"params": items}]

    def _group(self, group: Mapping) -> ParameterGroup:
        """Return a group with all its options, checked."""
        if not isinstance(group, Mapping) or "params" not in group:
            raise TypeError(
                f"{self._name}: a group of parameters is a dict with 'params'; got {group!r}. "
                "Write {'params': layer.parameters(), 'lr': 0.1}."
            )
        parameters = group["params"]
        parameters = [parameters] if isinstance(parameters, ad.Tensor) else list(parameters)
        if not parameters:
            raise ValueError(f"{self._name}: there is nothing to learn; got a group without parameters. Leave it out.")
        for p in parameters:
            if not isinstance(p, ad.Tensor) or (p.requires_grad and p.leaf is None) or p.dtype.kind != "f":
                raise TypeError(
                    f"{self._name}: only inputs that require a gradient can be learned, and those that are held fixed; "
                    f"got a {type(p).__name__}. Pass model.parameters(), or tensors made with requires_grad=True."
                )
        options = {name: value for name, value in group.items() if name != "params"}
        return ParameterGroup(self._name, self.check, parameters, self.defaults, options)

    def _add(self, groups: list[ParameterGroup]) -> None:
        everything = [id(p) for group in (*self.param_groups, *groups) for p in group["params"]]
        if len(set(everything)) != len(everything):
            raise ValueError(
                f"{self._name}: a parameter would be updated twice in a step; got one that is listed more than once. "
                "List each parameter once, in one group."
            )
        for group in groups:
            for parameters in by_dtype(group["params"]):
                buffer = FlatBuffer(parameters, tuple(self.states), self.scratch, self.progress)
                self.prepare(buffer.state, group)
                self._buffers.append((group, buffer))
        self.param_groups += tuple(groups)

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Learn further parameters from now on: a dict {"params": parameters, option: value, …}.

        Raises
        ------
        TypeError, ValueError
            For what is no such dict; for parameters that are in a group already.
        """
        self._add([self._group(param_group)])

    def parameters(self) -> Iterator[Any]:
        """Yield the parameters of all groups."""
        return (p for group in self.param_groups for p in group["params"])

    def gradients(self) -> list[np.ndarray]:
        """Return the gradients that are there, in as few arrays as they are kept in."""
        return [array for _, buffer in self._buffers for array in buffer.gradients()]

    # --- what a subclass defines --------------------------------------------------------

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Raise ValueError for options that do not go together."""

    def prepare(self, state: Mapping[str, np.ndarray], options: Mapping[str, Any]) -> None:
        """Set what is remembered, zeros until now, to its first values."""

    def update(self, segment: Segment, options: Mapping[str, Any]) -> None:
        """Change the parameters of `segment` in place."""
        raise TypeError(f"{self._name}: defines no update; got a step. Define `def update(self, segment, options):`.")

    # --- what one does with it ------------------------------------------------------------

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient.

        Parameters
        ----------
        closure : callable, optional
            Called first: it forgets the gradients, computes the loss, calls `backward`, and
            returns the loss.

        Returns
        -------
        Tensor or None
            What `closure` returned.
        """
        loss = closure() if closure is not None else None
        for segment, options in self.updates():
            self.update(segment, options)
        return loss

    def updates(self) -> Iterator[tuple[Segment, ParameterGroup]]:
        """Yield what a step hands to `update`: the stretches of the flat arrays that have a gradient, with options."""
        return ((segment, options) for options, buffer in self._buffers for segment in buffer.segments())

    def buffers(self) -> list[FlatBuffer]:
        """Return the flat arrays, one for each group and dtype."""
        return [buffer for _, buffer in self._buffers]

    def gather(self) -> None:
        """Take in the numbers that were put into parameters since; make data and gradients parts of the flat arrays."""
        for _, buffer in self._buffers:
            buffer.gather()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: set them to None (or, with False, to zeros)."""
        for _, buffer in self._buffers:
            for parameter in buffer.parameters:
                if set_to_none:
                    parameter.zero_grad()
                elif parameter.grad is not None:
                    parameter.grad[...] = 0.0

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of all that the optimiser remembers, options included, as nested dicts and lists.

        With it and the parameters, training goes on bit for bit as it would have.
        """
        return state.collect(self)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict()` of such an optimiser gave: all of it, or on any mismatch nothing.

        Raises
        ------
        TypeError
            For anything but a mapping.
        ValueError
            Naming every mismatch: another optimiser, other groups, options, names, shapes, dtypes.
        """
        state.restore(self, state_dict)

    def places(self) -> list[tuple[ParameterGroup, FlatBuffer, int]]:
        """Return for each parameter, in order, its group, its buffer and its number in the buffer."""
        found = {id(p): (group, buffer, k) for group, buffer in self._buffers for k, p in enumerate(buffer.parameters)}
        return [found[id(p)] for p in self.parameters()]

    def __getstate__(self) -> dict[str, Any]:
        others = {name: value for name, value in vars(self).items() if name not in ("param_groups", "_buffers")}
        return {"attributes": others, "groups": [dict(g) for g in self.param_groups], "state": self.state_dict()}

    def __setstate__(self, copied: Mapping[str, Any]) -> None:
        vars(self).update(copied["attributes"])
        self.param_groups, self._buffers = (), []
        self._add([self._group(group) for group in copied["groups"]])
        self.load_state_dict(copied["state"])

    def __repr__(self) -> str:
        groups = [
            ", ".join([f"{len(g['params'])} parameters", *(f"{k}={v}" for k, v in g.items() if k != "params")])
            for g in self.param_groups
        ]
        return f"{self._name}({'; '.join(groups)})"
