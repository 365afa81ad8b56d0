"""What is called in the course of a training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

EVENTS = ("on_train_begin", "on_step_end", "on_epoch_end", "on_train_end", "on_train_error")


class Callbacks:
    """Functions of the training, called at the end of each epoch; or objects with methods named as in EVENTS."""

    def __init__(self, callbacks: Any) -> None:
        if callable(callbacks) or not isinstance(callbacks, Iterable):
            callbacks = [callbacks]
        self.functions: dict[str, list] = {event: [] for event in EVENTS}
        for callback in callbacks:
            found = [event for event in EVENTS if hasattr(callback, event)]
            for event in found:
                self.functions[event].append(getattr(callback, event))
            if not found and callable(callback):
                self.functions["on_epoch_end"].append(callback)
            elif not found:
                raise TypeError(
                    f"fit: a callback is a function of the training, or an object with one of {', '.join(EVENTS)}; "
                    f"got {type(callback).__name__}. Write def callback(training): …"
                )

    def has(self, event: str) -> bool:
        """Return whether anyone wants to hear of `event`."""
        return bool(self.functions[event])

    def call(self, event: str, training: Any) -> None:
        """Tell everyone who wants to hear of `event`."""
        for function in self.functions[event]:
            function(training)
