"""Modules made of modules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, overload

from nn.module import Module
from nn.parameter import Parameter


class Sequential(Module):
    """Modules applied one after the other.

    Parameters
    ----------
    *layers : Module
        In the order in which they are applied.

    Raises
    ------
    TypeError
        For a layer that is no module.

    Examples
    --------
    >>> from nn import Linear, Tanh
    >>> Sequential(Linear(2, 16), Tanh(), Linear(16, 1))
    Sequential(
      (0): Linear(2, 16)  # 48 parameters
      (1): Tanh()
      (2): Linear(16, 1)  # 17 parameters
    )  # 65 parameters
    """

    def __init__(self, *layers: Module) -> None:
        for i, layer in enumerate(layers):
            if not isinstance(layer, Module):
                raise TypeError(
                    f"Sequential: layer {i} must be a module; got {type(layer).__name__}. "
                    "Pass instances, such as nn.Tanh() (not nn.Tanh, not np.tanh)."
                )
        self.layers = list(layers)

    def named_members(self) -> Iterator[tuple[str, Parameter | Module]]:
        """Yield the layers under their numbers, as PyTorch names them."""
        return ((str(i), layer) for i, layer in enumerate(self.layers))

    def forward(self, x: Any) -> Any:
        """Return the output of the last layer."""
        for layer in self.layers:
            x = layer(x)
        return x

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.layers)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Module:
        return Sequential(*self.layers[index]) if isinstance(index, slice) else self.layers[index]
