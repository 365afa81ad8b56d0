"""What a compiled program of a model depends on besides shapes: its parts, and what they are set to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import numpy as np

from nn.module import Module

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


class Unfollowed:
    """What a model holds that no program follows: counters, lists, what a layer notes of its forward pass, …

    A program does not repeat what recording does to it, so that recording must not do anything to it.

    Parameters
    ----------
    modules : iterable of Module
    followed : collection of (Module, str)
        Attributes that the program reads and writes itself.
    """

    def __init__(self, modules: Iterable[Module], followed: Collection[tuple[Module, str]]) -> None:
        known = {(id(module), name) for module, name in followed}
        self._kept = []
        for module in modules:
            attributes = {name: x for name, x in vars(module).items() if (id(module), name) not in known}
            self._kept.append((module, attributes, {name: _content(x) for name, x in attributes.items()}))
        self._restorers = [_restorer(x) for _, attributes, _ in self._kept for x in attributes.values()]
        self._random = _old_state()

    def restored(self) -> str:
        """Put everything back as it was; return what had changed, in words (empty if nothing had)."""
        changed = ""
        for module, attributes, contents in self._kept:
            now = vars(module)
            for name in [name for name in now if name not in attributes]:
                if not isinstance(now[name], (np.ndarray, np.random.Generator)):
                    changed = changed or f"{type(module).__name__}.{name}"
                    del now[name]
            for name, before in contents.items():
                if name not in now or _content(now[name]) != before:
                    changed = changed or f"{type(module).__name__}.{name}"
                    now[name] = attributes[name]
        if _drawn(_old_state()) != _drawn(self._random):
            changed = changed or "the global state of np.random"
            np.random.set_state(self._random)  # noqa: NPY002 - as it was
        if changed:
            for restore in self._restorers:
                restore()
        return changed


def _content(value: Any) -> Any:
    """Return what is equal as long as a value, and all that is in it, stays what it is."""
    if isinstance(value, PLAIN):
        return type(value), value
    if isinstance(value, (list, tuple)):
        return tuple([_content(item) for item in value])
    if isinstance(value, dict):
        return tuple([(name, _content(item)) for name, item in value.items()])
    if isinstance(value, np.ndarray):
        return Same(value), value.tobytes()
    if isinstance(value, np.random.Generator):
        return Same(value), repr(value.bit_generator.state)
    if isinstance(value, np.random.RandomState):
        return Same(value), _drawn(value.get_state())
    return Same(value)


def _old_state() -> Any:
    """Return the state that np.random.normal and its like draw from, in programs that know no generators."""
    return np.random.get_state()  # noqa: NPY002 - it is they who are looked for


def _drawn(state: Any) -> tuple:
    """Return the state of NumPy's older generators as something to compare."""
    return tuple([part.tobytes() if isinstance(part, np.ndarray) else part for part in state])


def _restorer(value: Any) -> Callable[[], None]:
    """Return a function that makes a container, an array or a generator what it is now."""
    parts: list[Callable[[], None]] = []
    if isinstance(value, list):
        items = list(value)
        parts = [lambda: value.__setitem__(slice(None), items), *map(_restorer, items)]
    elif isinstance(value, dict):
        entries = dict(value)
        parts = [value.clear, lambda: value.update(entries), *map(_restorer, entries.values())]
    elif isinstance(value, tuple):
        parts = [_restorer(item) for item in value]
    elif isinstance(value, np.ndarray) and value.flags.writeable:
        array = value.copy()
        parts = [lambda: value.__setitem__(..., array)]
    elif isinstance(value, np.random.Generator):
        generator, state = value.bit_generator, value.bit_generator.state
        parts = [lambda: setattr(generator, "state", state)]
    elif isinstance(value, np.random.RandomState):
        drawn = value.get_state()
        parts = [lambda: value.set_state(drawn)]

    def restore() -> None:
        for part in parts:
            part()

    return restore


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
