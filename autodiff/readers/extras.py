"""Libraries that a reader needs and that need not be installed."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def required(module: str, extra: str, what: str) -> Any:
    """Return a module, or raise the one error that says how to get it.

    Parameters
    ----------
    module : str
        The name to import.
    extra : str
        The extra of this distribution that brings it.
    what : str
        What it is needed for: how the message begins.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as missing:
        name = module.partition(".")[0]
        raise ImportError(
            f"{what}: needs {name}; got none in this environment. Install it: pip install 'autodiff-nn[{extra}]'."
        ) from missing
