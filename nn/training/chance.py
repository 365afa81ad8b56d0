"""The state of the random generators inside a model: of its Dropout layers, say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nn.module import Module


class Chance:
    """Every `numpy.random.Generator` among the attributes of a model's modules, under its dotted name.

    Examples
    --------
    >>> import nn
    >>> model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5, rng=0))
    >>> list(Chance(model).generators)
    ['1.rng']
    """

    def __init__(self, model: Module) -> None:
        self.generators = {
            f"{prefix}.{name}" if prefix else name: value
            for prefix, module in model.named_modules()
            for name, value in vars(module).items()
            if isinstance(value, np.random.Generator)
        }

    def state_dict(self) -> dict[str, Any]:
        """Return the state of each generator, by name."""
        return {name: generator.bit_generator.state for name, generator in self.generators.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set all generators to the states in `state`.

        Raises
        ------
        ValueError
            Naming what does not fit; nothing is changed then.
        """
        own = self.state_dict()
        problems = [f"`{name}` is missing" for name in own if name not in state]
        problems += [f"`{name}` is unknown" for name in state if name not in own]
        problems += [
            f"`{name}` is a {state[name]['bit_generator']} for a {own[name]['bit_generator']}"
            for name in own
            if name in state and state[name]["bit_generator"] != own[name]["bit_generator"]
        ]
        if problems:
            raise ValueError(
                f"load_state_dict: the random generators of the model are others; got {'; '.join(problems)}. "
                "Build the model as it was."
            )
        for name, generator in self.generators.items():
            generator.bit_generator.state = state[name]
