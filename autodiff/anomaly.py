"""Find the first NaN or infinity, and say where it comes from.

While `ad.detect_anomaly` is on, every operation is checked as it is evaluated, and every
tangent and cotangent as it is computed. The error names the operation, the user's file and
line, the first bad index, and what to write instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.dispatch import MODE
from autodiff.operands import TRACED
from autodiff.primitives import Primitive
from autodiff.source import user_frame


def is_anomaly_on() -> bool:
    """Tell whether `ad.detect_anomaly` is on in this thread."""
    mode = MODE.get()
    return mode is not None and mode.anomaly


def user_line() -> str:
    """Return `file:line` of the innermost frame outside the libraries, and the scope if there is one."""
    frame = user_frame()
    mode = MODE.get()
    scope = f" in {' / '.join(mode.scope)}" if mode is not None and mode.scope else ""
    return f"{frame.f_code.co_filename}:{frame.f_lineno}{scope}"


def first_bad(x: Any) -> tuple[Any, tuple[int, ...]] | None:
    """Return the first entry of `x` that is not finite and its index."""
    while x.__class__ in TRACED:  # also what is being recorded: its graph is that of these numbers
        x = x.payload
    array = np.asarray(x)
    if array.dtype.kind not in "fc":
        return None
    bad = ~np.isfinite(array)
    if not bad.any():
        return None
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), array.shape))
    return array[index], index


def report(name: str, where: str, found: tuple[Any, tuple[int, ...]], phase: str) -> None:
    """Raise the error that names the operation, its place and the first bad entry."""
    value, index = found
    at = f" at index {list(index)}" if index else ""
    raise FloatingPointError(
        f"{name}: the {phase} pass makes a value that is not finite; got {value}{at}, from {where}. "
        "Keep the argument inside the domain, or evaluate each branch only where it is valid: "
        "ad.piecewise(x, [x > 0], [f, 0.0])."
    )


def check_value(primitive: Primitive, values: Sequence, y: Any, phase: str = "forward") -> None:
    """Raise if finite operands gave a value (or tangent) that is not finite."""
    for part in y if isinstance(y, (tuple, list)) else [y]:
        found = first_bad(part)
        if found is not None and not any(first_bad(v) for v in values):
            report(primitive.name, user_line(), found, phase)


def check_cotangents(node: Any, ct: Any, contributions: Sequence) -> None:
    """Raise if a finite cotangent gave one that is not finite."""
    given = ct if isinstance(ct, list) else [ct]
    if any(c is not None and first_bad(c) for c in given):
        return
    for contribution in contributions:
        found = None if contribution is None else first_bad(contribution)
        if found is not None:
            origin = getattr(node, "origin", "a line that ran outside detect_anomaly()")
            report(node.primitive.name, origin, found, "backward")
