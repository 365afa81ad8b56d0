"""Functions that are recorded at their first call and replayed at the later ones."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from autodiff.compiler.compiled import compile

__all__ = ["const_graph"]


def const_graph(f: Callable, *args: Any, **kwargs: Any) -> Callable:
    """Return `f` with these first arguments, compiled: its steps must not depend on values.

    autograd replays the steps one by one; here they become one function (see `ad.compile`), for
    each shape of the arguments one.

    Examples
    --------
    >>> import numpy as np
    >>> print(const_graph(np.multiply, 2.0)(3.0))
    6.0
    """
    return compile(functools.wraps(f)(functools.partial(f, *args, **kwargs)))
