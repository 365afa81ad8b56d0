"""`save` and `load`: any state, by the suffix of its file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from nn.saving.archive import read_archive, write_archive
from nn.saving.atomic import replacing
from nn.saving.errors import CheckpointError
from nn.saving.tensors import read_tensors, write_tensors


class Format(NamedTuple):
    """How a kind of file is written and read."""

    write: Callable[[BinaryIO, Any], None]
    read: Callable[[BinaryIO], Any]


FORMATS = {".npz": Format(write_archive, read_archive), ".safetensors": Format(write_tensors, read_tensors)}


def save(path: str | os.PathLike, obj: Any) -> None:
    """Write the state of `obj` to a file, which is complete or untouched whatever happens.

    The same state always gives the same bytes. Nothing is pickled.

    Parameters
    ----------
    path : str or path
        Ending in `.npz` (anything; `np.load` reads the arrays of it, too) or in `.safetensors`
        (arrays by name; extra `train`). A symbolic link is followed; permissions are kept.
    obj : object
        A module, an optimiser, anything with `state_dict()`; or a state itself: arrays (bool,
        int, float16/32/64, complex, str; their byte order is kept, memory order becomes C),
        NumPy scalars, numbers, text and None, in dicts, lists and tuples.

    Raises
    ------
    CheckpointError
        If the file cannot be written: the one that was there before is intact.
    TypeError
        For values that no checkpoint can hold, naming where they are.
    ValueError
        For another suffix, and a state that contains itself.

    Examples
    --------
    >>> import nn, tempfile
    >>> path = tempfile.mkdtemp() + "/line.npz"
    >>> model, other = nn.Linear(2, 1, rng=0), nn.Linear(2, 1, rng=1)
    >>> save(path, model)
    >>> load(path, into=other)
    Linear(2, 1)  # 3 parameters
    >>> bool((other.weight.data == model.weight.data).all())
    True
    >>> save(path, {"epoch": 3, "losses": [0.5, float("inf")], "pair": (1, None)})
    >>> load(path)
    {'epoch': 3, 'losses': [0.5, inf], 'pair': (1, None)}
    """
    write = _format("save", path).write
    state = obj.state_dict() if callable(getattr(obj, "state_dict", None)) else obj
    try:
        with replacing(path) as file:
            write(file, state)
    except OSError as error:
        raise CheckpointError(
            f"save: {os.fspath(path)} cannot be written; got {_reason(error)}. "
            "What was there before is intact; check the directory, its permissions and the space on the disk."
        ) from error


def load(path: str | os.PathLike, into: Any = None) -> Any:
    """Return the state that `save` wrote, exactly; or put it into `into`, all of it or nothing.

    Parameters
    ----------
    path : str or path
        Ending in `.npz` or `.safetensors`.
    into : object, optional
        A module, an optimiser, anything with `load_state_dict`.

    Returns
    -------
    object
        The state, or `into`.

    Raises
    ------
    CheckpointError
        If the file cannot be opened, is damaged or cut in the smallest part, was not written
        by `save`, or does not fit into `into`; the message names every mismatch.
    TypeError
        If `into` takes no state.
    """
    read = _format("load", path).read
    if into is not None and not callable(getattr(into, "load_state_dict", None)):
        raise TypeError(
            f"load: into must have load_state_dict; got {type(into).__name__}. Pass a module or an optimiser."
        )
    state = _read(path, read)
    if into is None:
        return state
    try:
        into.load_state_dict(state)
    except (ValueError, TypeError, KeyError) as error:
        raise CheckpointError(
            f"load: {os.fspath(path)} does not fit a {type(into).__name__}, which is unchanged; got {error}"
        ) from error
    return into


def _read(path: str | os.PathLike, read: Callable[[BinaryIO], Any]) -> Any:
    """Return what `read` gives; whatever a reader raises about a file becomes one error."""
    try:
        with open(path, "rb") as file:
            return read(file)
    except (CheckpointError, ImportError):
        raise
    except OSError as error:
        raise CheckpointError(
            f"load: {os.fspath(path)} cannot be read; got {_reason(error)}. Check the path and the permissions."
        ) from error
    except Exception as error:  # zipfile, json, struct, NumPy, safetensors: each has errors of its own
        raise CheckpointError(
            f"load: {os.fspath(path)} is damaged or no checkpoint; got {str(error) or type(error).__name__}. "
            "Load another file: nothing of this one can be trusted."
        ) from error


def _format(function: str, path: str | os.PathLike) -> Format:
    """Return the format that the suffix names."""
    check_path(function, path, list(FORMATS))
    return FORMATS[Path(path).suffix]


def check_path(function: str, path: str | os.PathLike, suffixes: Sequence[str]) -> None:
    """Raise for what is no path, and for one with another suffix."""
    try:
        suffix = Path(path).suffix
    except TypeError:
        raise TypeError(
            f"{function}: path must be a str or a path; got {type(path).__name__}. "
            "Write 'model.npz', before what is saved."
        ) from None
    if suffix not in suffixes:
        known = f"one of {', '.join(suffixes)}" if len(suffixes) > 1 else suffixes[0]
        raise ValueError(f"{function}: the path must end in {known}; got {os.fspath(path)!r}. Add the suffix.")


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
