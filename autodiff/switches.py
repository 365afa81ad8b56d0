"""What a thread can switch on for a while: `no_grad`, `detect_anomaly` and `scope`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ContextDecorator

from autodiff.dispatch import MODE, Mode, new_level


class Switch(ContextDecorator):
    """A context manager, and a decorator, that changes the mode of this thread (or asyncio task) alone.

    It may be entered again, also while it is on: each mode remembers the one before it.
    """

    def __init__(self, change: Callable[[Mode], Mode]) -> None:
        self._change = change

    def __enter__(self) -> None:
        outer = MODE.get()
        MODE.set(self._change(outer or Mode())._replace(outer=outer))

    def __exit__(self, *exc_info: object) -> None:
        mode = MODE.get()
        MODE.set(mode.outer if mode is not None else None)


def no_grad() -> Switch:
    """Let no derivative through what runs inside: a context manager, and a decorator.

    Operations on the inputs of an enclosing transformation give constants; transformations
    that start inside work as usual. An assignment to an input (`w -= lr * w.grad`) changes
    it in place.

    Examples
    --------
    >>> import autodiff as ad
    >>> w = ad.tensor(2.0, requires_grad=True)
    >>> with ad.no_grad():
    ...     y = w * w
    >>> y.requires_grad
    False
    """
    return Switch(lambda mode: mode._replace(paused=new_level()))


def detect_anomaly() -> Switch:
    """Raise FloatingPointError at the first operation that makes a NaN or an infinity.

    A context manager, and a decorator. The check covers the values, the tangents and the
    cotangents of what runs inside, at the cost of one look at every array. Infinities and
    NaNs that were put in are not reported; the operation that first turns finite numbers
    into others is.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> with np.errstate(all="ignore"), ad.detect_anomaly():
    ...     ad.grad(lambda x: np.where(x > 0, np.sqrt(x), 0.0))(0.0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    FloatingPointError: np.sqrt: the backward pass makes a value that is not finite; got nan...
    """
    return Switch(lambda mode: mode._replace(anomaly=True))


def scope(name: str) -> Switch:
    """Say which part of a model the operations inside belong to: a context manager, and a decorator.

    Scopes may be nested; those who look at operations (`detect_anomaly`, pictures) show the path.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> with np.errstate(all="ignore"), ad.detect_anomaly(), ad.scope("encoder"), ad.scope("norm"):
    ...     np.log(ad.tensor(0.0))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    FloatingPointError: np.log: the forward pass makes ... got -inf, from ... in encoder / norm...
    """
    return Switch(lambda mode: mode._replace(scope=(*mode.scope, name)))


def scope_path() -> tuple[str, ...] | None:
    """Return the names of the scopes around this line, outermost first; None while nobody looks at them."""
    mode = MODE.get()
    return mode.scope if mode is not None and (mode.anomaly or mode.recorder is not None) else None
