"""The random generators that modules hold (`self.rng` of a dropout layer): their states by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from nn.module import Module


def named_generators(model: Module) -> Iterator[tuple[str, np.random.Generator]]:
    """Yield each generator among the attributes of the modules once, under its dotted name: `1.rng`."""
    seen: set[int] = set()
    for prefix, module in model.named_modules():
        for name, value in vars(module).items():
            if isinstance(value, np.random.Generator) and id(value) not in seen:
                seen.add(id(value))
                yield f"{prefix}.{name}" if prefix else name, value


def generator_states(model: Module) -> dict[str, Any]:
    """Return the state of each generator in the model."""
    return {name: generator.bit_generator.state for name, generator in named_generators(model)}


def set_generator_states(model: Module, states: Mapping[str, Any]) -> None:
    """Set the generators in the model to `states`: all of them, or on any mismatch none.

    Raises
    ------
    ValueError
        Naming the generators that are missing, unknown or of another kind.
    """
    own = dict(named_generators(model))
    problems = [f"`{name}` is missing" for name in own if name not in states]
    problems += [f"`{name}` is unknown" for name in states if name not in own]
    problems += [
        f"`{name}` is a {states[name]['bit_generator']} for a {type(generator.bit_generator).__name__}"
        for name, generator in own.items()
        if name in states and states[name]["bit_generator"] != type(generator.bit_generator).__name__
    ]
    if problems:
        raise ValueError(
            f"set_generator_states: the states are of another model; got {'; '.join(problems)}. "
            "Build the model with the layers it was saved with."
        )
    for name, generator in own.items():
        generator.bit_generator.state = states[name]
