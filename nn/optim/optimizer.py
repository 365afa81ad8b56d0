"""What the optimisers share: parameter groups, flat buffers, the step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import autodiff as ad
from nn.optim.flat import FlatBuffer, Segment, by_dtype


class Optimizer:
    """Base of the optimisers: a subclass gives `update`, the paper's equations on flat arrays.

    Parameters
    ----------
    params : iterable
        Of parameters, or of dicts {"params": parameters, option: value, …}, each a group with
        options of its own.
    **defaults
        The options of every group that does not set them.

    Attributes
    ----------
    param_groups : list of dict
        The groups with all their options; changing an option counts from the next step on.
    """

    states: ClassVar[int] = 0
    scratch: ClassVar[int] = 0

    def __init__(self, params: Iterable[Any], **defaults: Any) -> None:
        self._name = type(self).__name__
        self.param_groups = [self._group(group, defaults) for group in self._as_groups(params)]
        everything = [p for group in self.param_groups for p in group["params"]]
        if len({id(p) for p in everything}) != len(everything):
            raise ValueError(
                f"{self._name}: a parameter would be updated twice in a step; got one that is listed more than once. "
                "List each parameter once, in one group."
            )
        self._buffers = [
            (group, FlatBuffer(parameters, self.states, self.scratch))
            for group in self.param_groups
            for parameters in by_dtype(group["params"])
        ]

    def _as_groups(self, params: Iterable[Any]) -> list[Mapping]:
        if isinstance(params, (ad.Tensor, str)) or not isinstance(params, Iterable):
            raise TypeError(
                f"{self._name}: params must be a sequence of parameters; got a {type(params).__name__}. "
                "Pass model.parameters()."
            )
        items = list(params)
        if not items:
            raise ValueError(f"{self._name}: there is nothing to learn; got no parameters. Pass model.parameters().")
        return items if isinstance(items[0], Mapping) else [{"params": items}]

    def _group(self, group: Mapping, defaults: Mapping) -> dict[str, Any]:
        """Return a group with all its options, checked."""
        unknown = [name for name in group if name != "params" and name not in defaults]
        if unknown:
            raise ValueError(
                f"{self._name}: unknown option; got {unknown[0]!r} in a parameter group. Use: {', '.join(defaults)}."
            )
        parameters = group["params"]
        parameters = [parameters] if isinstance(parameters, ad.Tensor) else list(parameters)
        for p in parameters:
            if not isinstance(p, ad.Tensor) or p.leaf is None:
                raise TypeError(
                    f"{self._name}: only inputs that require a gradient can be learned; got a {type(p).__name__}. "
                    "Pass [p for p in model.parameters() if p.requires_grad], or tensors made with requires_grad=True."
                )
        options = {**defaults, **group, "params": parameters}
        self.check(options)
        return options

    def check(self, options: Mapping[str, Any]) -> None:
        """Raise ValueError for options outside their range."""
        for name, value in options.items():
            if name in ("lr", "weight_decay", "momentum", "eps") and not value >= 0.0:
                raise ValueError(f"{self._name}: {name} must not be negative; got {value}. Pass a number ≥ 0.")

    def update(self, segment: Segment, options: Mapping[str, Any]) -> None:
        """Change the parameters of `segment` in place."""
        raise TypeError(f"{self._name}: defines no update; got a step. Define `def update(self, segment, options):`.")

    def step(self) -> None:
        """Update every parameter that has a gradient."""
        for options, buffer in self._buffers:
            for segment in buffer.segments():
                self.update(segment, options)

    def zero_grad(self) -> None:
        """Forget the gradients (set them to None)."""
        for _, buffer in self._buffers:
            for parameter in buffer.parameters:
                parameter.zero_grad()

    def __repr__(self) -> str:
        groups = [
            ", ".join([f"{len(g['params'])} parameters", *(f"{k}={v}" for k, v in g.items() if k != "params")])
            for g in self.param_groups
        ]
        return f"{self._name}({'; '.join(groups)})"
