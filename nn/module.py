"""What every layer and every model is: parameters, submodules, and a forward function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import indent
from typing import Any, Self

import numpy as np

import autodiff as ad
from nn.parameter import Parameter


class Module:
    """Base of layers and models: write `__init__` with the parts and `forward` with the formula.

    A module's parameters are those of its attributes that are a `Parameter`, and those of
    the modules among its attributes; lists, tuples and dicts of them count as well. There is
    no second registry that could disagree, and reading `self.weight` costs nothing extra.

    Examples
    --------
    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope = Parameter(2.0)
    ...         self.intercept = Parameter(1.0)
    ...
    ...     def forward(self, x):
    ...         return self.slope * x + self.intercept
    >>> Line()(3.0).item()
    7.0
    >>> [name for name, _ in Line().named_parameters()]
    ['slope', 'intercept']
    """

    training: bool = True

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return the output of the module; each kind of module defines it."""
        raise TypeError(
            f"{type(self).__name__}: has no forward function; got a call. Define `def forward(self, x):` in the class."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.forward(*args, **kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(vars(self).get(name), Parameter) and not (value is None or isinstance(value, Parameter)):
            raise TypeError(
                f"{type(self).__name__}: `{name}` is a parameter, and an optimiser would go on training the old one; "
                f"got a {type(value).__name__}. Change its numbers with {name}.data[...] = value, "
                "or assign an nn.Parameter."
            )
        super().__setattr__(name, value)

    # --- what it is made of -------------------------------------------------------

    def named_members(self) -> Iterator[tuple[str, Parameter | Module]]:
        """Yield the name and value of each parameter and module that this module holds itself."""
        for name, value in vars(self).items():
            yield from _members(name, value)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Yield the name and value of each module that this module holds itself."""
        return ((name, member) for name, member in self.named_members() if isinstance(member, Module))

    def children(self) -> Iterator[Module]:
        """Yield the modules that this module holds itself."""
        return (child for _, child in self.named_children())

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """Yield this module and all those inside it, each once, under dotted names."""
        seen: set[int] = set()
        pending: list[tuple[str, Module]] = [(prefix, self)]
        while pending:
            name, module = pending.pop()
            if id(module) not in seen:
                seen.add(id(module))
                yield name, module
                inside = [(_join(name, child_name), child) for child_name, child in module.named_children()]
                pending.extend(reversed(inside))

    def modules(self) -> Iterator[Module]:
        """Yield this module and all those inside it, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Yield each parameter once, under its dotted name: `0.weight`, `encoder.bias`."""
        seen: set[int] = set()
        for prefix, module in self.named_modules():
            for name, member in module.named_members():
                if isinstance(member, Parameter) and id(member) not in seen:
                    seen.add(id(member))
                    yield _join(prefix, name), member

    def parameters(self) -> Iterator[Parameter]:
        """Yield each parameter of this module and of those inside it, once."""
        return (parameter for _, parameter in self.named_parameters())

    # --- what one does with it ------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Switch this module and those inside it to training (or, with False, to evaluation)."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch this module and those inside it to evaluation."""
        return self.train(False)

    def zero_grad(self) -> None:
        """Forget the gradients (set them to None)."""
        for parameter in self.parameters():
            parameter.zero_grad()

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return a copy of every parameter's values under its name; training on does not change it."""
        return {name: np.array(parameter.data) for name, parameter in self.named_parameters()}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> None:
        """Set the parameters to the values in `state_dict`: all of them, or on any mismatch none.

        Parameters
        ----------
        state_dict : mapping
            Arrays by parameter name, as `state_dict()` gives them.
        strict : bool
            Whether every name must be there and no other one. Shapes must match always.

        Raises
        ------
        ValueError
            Naming every missing name, every unknown name, every wrong shape and dtype.
        TypeError
            For anything but a mapping.
        """
        own = dict(self.named_parameters())
        if not isinstance(state_dict, Mapping):
            raise TypeError(
                f"load_state_dict: takes a mapping from names to arrays; got {type(state_dict).__name__}. "
                "Pass what state_dict() gives."
            )
        arrays = {
            name: value.numpy() if isinstance(value, ad.Tensor) else np.asarray(value)
            for name, value in state_dict.items()
        }
        problems = []
        if strict:
            problems += [f"`{name}` is missing" for name in own if name not in arrays]
            problems += [f"`{name}` is unknown" for name in arrays if name not in own]
        problems += [
            f"`{name}` has shape {arrays[name].shape} for {parameter.shape}"
            for name, parameter in own.items()
            if name in arrays and arrays[name].shape != parameter.shape
        ]
        problems += [
            f"`{name}` has dtype {arrays[name].dtype} for {parameter.dtype}"
            for name, parameter in own.items()
            if name in arrays and not np.can_cast(arrays[name].dtype, parameter.dtype, "same_kind")
        ]
        if problems:
            raise ValueError(
                f"load_state_dict: the values do not fit the model; got these mismatches: {'; '.join(problems)}. "
                "Build the model with the layers it was saved with (strict=False skips names, never shapes)."
            )
        for name, parameter in own.items():
            if name in arrays:
                parameter.data[...] = arrays[name]

    # --- what a person reads ----------------------------------------------------------

    def extra_repr(self) -> str:
        """Return what stands between the brackets of this module's line in `repr`."""
        return ", ".join(f"{n}={tuple(m.shape)}" for n, m in self.named_members() if isinstance(m, Parameter))

    def __repr__(self) -> str:
        title = type(self).__name__
        inside = [indent(f"({name}): {child!r}", "  ") for name, child in self.named_children()]
        head = f"{title}({self.extra_repr()}"
        text = "\n".join([head, *inside, ")"]) if inside else f"{head})"
        count = sum(parameter.size for parameter in self.parameters())
        return f"{text}  # {count:,} parameters" if count else text


def _members(name: str, value: Any) -> Iterator[tuple[str, Parameter | Module]]:
    """Yield what `value` holds: itself, or what stands in it if it is a list, tuple or dict."""
    if isinstance(value, (Parameter, Module)):
        yield name, value
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from _members(f"{name}.{i}", item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _members(f"{name}.{key}", item)


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
