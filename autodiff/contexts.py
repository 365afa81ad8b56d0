"""What a thread can switch on for a while: `detect_anomaly` and `no_grad`.

Inside `with ad.detect_anomaly():` every operation is checked as it is evaluated, and every
cotangent as it is computed. The error names the operation, the user's file and line, the
first bad index, and what to write instead.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from autodiff.dispatch import MODE, Mode, new_level
from autodiff.operands import value_of
from autodiff.primitives import Primitive

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep


@contextmanager
def detect_anomaly() -> Iterator[None]:
    """Raise FloatingPointError at the first operation that makes a NaN or an infinity.

    The check covers the forward pass and the backward pass of what runs inside, at the cost
    of one look at every array. Infinities and NaNs that were put in are not reported; the
    operation that first turns finite numbers into others is.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> with np.errstate(all="ignore"), ad.detect_anomaly():
    ...     ad.grad(lambda x: np.where(x > 0, np.sqrt(x), 0.0))(0.0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    FloatingPointError: np.sqrt: the backward pass makes a value that is not finite; got nan...
    """
    mode = MODE.get() or Mode()
    token = MODE.set(mode._replace(anomaly=True))
    try:
        yield
    finally:
        MODE.reset(token)


def user_line() -> str:
    """Return `file:line` of the innermost frame outside this package and NumPy."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        filename = frame.f_code.co_filename
        if not filename.startswith((_PACKAGE, _NUMPY)) or filename.startswith(_PACKAGE + "tests"):
            break
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _first_bad(x: Any) -> tuple[Any, tuple[int, ...]] | None:
    """Return the first entry of `x` that is not finite and its index."""
    array = np.asarray(value_of(x))
    if array.dtype.kind not in "fc":
        return None
    bad = ~np.isfinite(array)
    if not bad.any():
        return None
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), array.shape))
    return array[index], index


def _raise(name: str, where: str, found: tuple[Any, tuple[int, ...]], phase: str) -> None:
    value, index = found
    at = f" at index {list(index)}" if index else ""
    raise FloatingPointError(
        f"{name}: the {phase} pass makes a value that is not finite; got {value}{at}, from {where}. "
        "Keep the argument inside the domain, or evaluate each branch only where it is valid: "
        "ad.piecewise(x, [x > 0], [f, 0.0])."
    )


def check_value(primitive: Primitive, values: Sequence, y: Any) -> None:
    """Raise if finite operands gave a value that is not finite."""
    for part in y if isinstance(y, (tuple, list)) else [y]:
        found = _first_bad(part)
        if found is not None and not any(_first_bad(v) for v in values):
            _raise(primitive.name, user_line(), found, "forward")


def check_cotangents(node: Any, ct: Any, contributions: Sequence) -> None:
    """Raise if a finite cotangent gave one that is not finite."""
    given = ct if isinstance(ct, list) else [ct]
    if any(c is not None and _first_bad(c) for c in given):
        return
    for contribution in contributions:
        found = None if contribution is None else _first_bad(contribution)
        if found is not None:
            origin = getattr(node, "origin", "a line that ran outside detect_anomaly()")
            _raise(node.primitive.name, origin, found, "backward")


@contextmanager
def no_grad() -> Iterator[None]:
    """Let no derivative through what runs inside: a context manager, and a decorator.

    Holds for this thread (or asyncio task) alone. Operations on the inputs of an enclosing
    transformation give constants; transformations that start inside work as usual. An
    assignment to an input (`w -= lr * w.grad`) changes it in place.

    Examples
    --------
    >>> import autodiff as ad
    >>> w = ad.tensor(2.0, requires_grad=True)
    >>> with ad.no_grad():
    ...     y = w * w
    >>> y.requires_grad
    False
    """
    mode = MODE.get() or Mode()
    token = MODE.set(mode._replace(paused=new_level()))
    try:
        yield
    finally:
        MODE.reset(token)
