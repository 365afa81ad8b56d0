"""What a compiled program of a model depends on besides shapes: its parts, and what they are set to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nn.module import Module


def same_objects(a: Sequence, b: Sequence) -> bool:
    """Tell whether two sequences hold the same objects."""
    return [*map(id, a)] == [*map(id, b)]


PLAIN = (bool, int, float, str, type(None))


class Same:
    """Equal to what holds the same object; keeps it, so that no other one gets its address."""

    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.held is other.held

    def __hash__(self) -> int:
        return id(self.held)


def settings_of(module: Module) -> tuple:
    """Return what a program depends on besides shapes: the module, its mode, and its attributes."""
    attributes = {name: value for name, value in vars(module).items() if name != "training"}
    return Same(module), module.training, setting(attributes)


def setting(value: Any) -> Any:
    """Return what stands for an attribute in the key of a program: plain values themselves, objects by identity."""
    if isinstance(value, PLAIN):
        return type(value), value
    if isinstance(value, (list, tuple)):
        return tuple([setting(item) for item in value])
    if isinstance(value, dict):
        return tuple([(name, setting(item)) for name, item in value.items()])
    return Same(value)


def foreign_parts(model: Module, loss: Any) -> str:
    """Return which parts of model and loss are a user's own; an empty string if none is."""
    for module in model.modules():
        if module._forward_hooks:
            return f"{type(module).__name__} has forward hooks"
        if "forward" in vars(module):
            return f"{type(module).__name__} has a forward function of its own"
        if not is_ours(type(module)):
            return f"{type(module).__name__} is a module of your own"
    ours = is_ours(type(loss)) if isinstance(loss, Module) else is_ours(loss)
    return "" if ours else f"{getattr(loss, '__name__', type(loss).__name__)} is a loss of your own"


def is_ours(part: Any) -> bool:
    """Tell whether a class or function is this library's."""
    return str(getattr(part, "__module__", "")).partition(".")[0] == "nn"
