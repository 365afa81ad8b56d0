"""A model as a function of its parameters: other arrays in their places for a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

import autodiff as ad
from nn.module import Module
from nn.parameter import Parameter


@contextmanager
def substituted(model: Module, values: Mapping[int, Any]) -> Iterator[None]:
    """Let the model's modules hold `values`, keyed by the id of the parameter, in place of the parameters.

    Arrays, and tensors that are being differentiated, are found by `model.parameters()` too.
    """
    values = {key: _as_parameter(value) for key, value in values.items()}
    changed: list[tuple[dict[str, Any], str, Any]] = []
    try:
        for module in model.modules():
            attributes = vars(module)
            for name, value in list(attributes.items()):
                replaced = _replaced(value, values)
                if replaced is not value:
                    changed.append((attributes, name, value))
                    attributes[name] = replaced
        yield
    finally:
        for attributes, name, value in changed:
            attributes[name] = value


def _as_parameter(value: Any) -> Any:
    """Return a Parameter that is the given tensor, or that holds the given array fixed."""
    if isinstance(value, ad.Tensor):
        parameter = Parameter(0.0, requires_grad=False)
        parameter.data, parameter.node, parameter.level = value.data, value.node, value.level
        return parameter
    return Parameter(value, requires_grad=False) if isinstance(value, np.ndarray) else value


def _replaced(value: Any, values: Mapping[int, Any]) -> Any:
    """Return `value` with other arrays for its parameters; the same object if it has none."""
    if isinstance(value, Parameter):
        return values.get(id(value), value)
    if isinstance(value, (list, tuple)):
        items = [_replaced(item, values) for item in value]
        if all(a is b for a, b in zip(items, value, strict=True)):
            return value
        return value._make(items) if hasattr(value, "_make") else type(value)(items)
    if isinstance(value, dict):
        entries = {key: _replaced(item, values) for key, item in value.items()}
        return value if all(entries[key] is value[key] for key in value) else entries
    return value
