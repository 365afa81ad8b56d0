"""Trying something out on a model, and leaving no trace of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from nn.module import Module
from nn.training.chance import Chance


@contextlib.contextmanager
def unchanged(model: Module, optimizer: Any = None) -> Iterator[None]:
    """Give the model back, at the end of the `with` block, everything it had at its beginning.

    That is: parameters, gradients, buffers, random generators, modes, hooks and all other
    attributes of its modules; and what the optimiser remembers.
    """
    undo = [_attributes(module) for module in model.modules()]
    undo += [_contents(buffer) for buffer in model.buffers()]
    undo += [_generator(generator) for generator in Chance(model).generators.values()]
    undo += [_parameter(parameter) for parameter in model.parameters()]
    if optimizer is not None:
        remembered = optimizer.state_dict()
        undo.insert(0, lambda: optimizer.load_state_dict(remembered))  # the parameters after it: they are what counts
    try:
        yield
    finally:
        for step in undo:
            step()


def _attributes(module: Module) -> Callable[[], None]:
    attributes = dict(vars(module))

    def restore() -> None:
        vars(module).clear()
        vars(module).update(attributes)

    return restore


def _contents(array: Any) -> Callable[[], None]:
    contents = array.copy()

    def restore() -> None:
        array[...] = contents

    return restore


def _generator(generator: Any) -> Callable[[], None]:
    state = generator.bit_generator.state

    def restore() -> None:
        generator.bit_generator.state = state

    return restore


def _parameter(parameter: Any) -> Callable[[], None]:
    """Return what gives the parameter its arrays back: the same objects, with the same numbers."""
    data, leaf = parameter.data, parameter.leaf
    restore_data = _contents(data)
    if leaf is None:
        grad, buffer, restore_grad = None, None, None
    else:
        grad, buffer = leaf.grad, leaf.buffer
        restore_grad = None if grad is None else _contents(grad)

    def restore() -> None:
        restore_data()
        parameter.data = data
        if leaf is not None:
            leaf.grad, leaf.buffer = grad, buffer
        if restore_grad is not None:
            restore_grad()

    return restore
