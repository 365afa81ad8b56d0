"""Libraries that need not be installed: what is asked of them, and the one message where they are missing."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any


def required(name: str, extra: str, what: str, *, needs: str | None = None, instead: str | None = None) -> Any:
    """Return a module, or what stands in it, or raise the one error that says how to get it.

    Parameters
    ----------
    name : str
        What to import: `module`, or `module:attribute`.
    extra : str
        The extra of this distribution that brings it.
    what : str
        What it is needed for: how the message begins.
    needs : str, optional
        What the message calls it; the name of the package if it is not given.
    instead : str, optional
        What one can do without it: how the message ends.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed.
    ImportError
        If it is, but too old or broken.

    Examples
    --------
    >>> required("math:tau", "scipy", "circle")
    6.283185307179586
    >>> required("no_such", "viz", "History.plot", instead="use history.to_dict()")
    Traceback (most recent call last):
        ...
    ModuleNotFoundError: History.plot: needs no_such; got none in this environment. Install it: pip install \
'autodiff-nn[viz]', or use history.to_dict().
    """
    module, _, attribute = name.partition(":")
    package = module.partition(".")[0]
    try:
        return resolve_name(f"{module}:{attribute}")
    except (ImportError, AttributeError) as error:
        is_absent = isinstance(error, ModuleNotFoundError) and str(error.name).partition(".")[0] == package
        got = "none in this environment" if is_absent else f"one that will not do: {error}"
        advice = f"Install it: pip install 'autodiff-nn[{extra}]'{f', or {instead}' if instead else ''}."
        kind = ModuleNotFoundError if is_absent else ImportError
        raise kind(f"{what}: needs {needs or package}; got {got}. {advice}") from error
