"""Ctrl-C, kept until a step is complete."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Self


class Interrupt:
    """A context in which the first Ctrl-C is only noted; a second one raises KeyboardInterrupt at once.

    An exception in the middle of an update would leave some parameters new and some old.
    Elsewhere than in the main thread, and where the program has a handler of its own, nothing is changed.

    Attributes
    ----------
    pending : bool
        Whether Ctrl-C was pressed.
    """

    def __init__(self) -> None:
        self.pending = False
        self._installed = False

    def __enter__(self) -> Self:
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            signal.signal(signal.SIGINT, self._note)
            self._installed = True
        return self

    def _note(self, _signal: int, _frame: FrameType | None) -> None:
        if self.pending:
            raise KeyboardInterrupt
        self.pending = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)
