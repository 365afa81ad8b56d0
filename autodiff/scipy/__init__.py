"""SciPy's functions, differentiated: `special`, `stats`, `signal`, `linalg`, `integrate`, `optimize`.

The ufuncs of `scipy.special` need no module of ours: they ask their arguments, as NumPy's do, so that
`scipy.special.expit(t)` has a derivative as it stands. Here are the functions that do not ask, under the
names that programs written for autograd import. Needs the extra `scipy`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from autodiff.extras import required

required("scipy", "scipy", "autodiff.scipy")

_MODULES = ("integrate", "linalg", "optimize", "signal", "special", "stats")


def __getattr__(name: str) -> Any:
    if name in _MODULES:  # only when asked for: scipy.stats takes longer to import than all else together
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(_MODULES)
