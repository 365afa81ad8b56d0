"""Replacing a file so that a reader sees the old one or the new one, never a part of either."""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """Yield a file to write to, which takes the place of `path` once all of it is on the disk.

    Until then the old file stays, and if anything fails it stays for good and the new one is
    removed. A symbolic link is followed: the file it names is replaced, the link remains.
    The new file has the permissions of the old one, or those that the umask gives.

    Only a process that is killed leaves its unfinished file; see `remove_unfinished`.

    Raises
    ------
    OSError
        For whatever the operating system refuses; for a path that is no regular file, or a read-only one.
    """
    target = Path(os.path.realpath(path))
    mode = _mode(target)
    temporary = target.with_name(f"{_prefix(target)}{secrets.token_hex(8)}.tmp")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            if mode is not None and hasattr(os, "fchmod"):
                os.fchmod(descriptor, mode)
            yield file
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_directory(target.parent)


def remove_unfinished(path: str | os.PathLike) -> None:
    """Remove what processes that were killed while they wrote `path` have left beside it.

    Only for a path that no other process is writing now.
    """
    target = Path(os.path.realpath(path))
    for unfinished in target.parent.glob(f"{glob.escape(_prefix(target))}{'[0-9a-f]' * 16}.tmp"):
        with contextlib.suppress(OSError):
            unfinished.unlink()


def _prefix(target: Path) -> str:
    """Return how the names of its unfinished files begin, cut to what every file system allows."""
    return f".{target.name[:40]}."


def _mode(target: Path) -> int | None:
    """Return the permissions of the file there, None if there is none; refuse what must not be replaced."""
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise OSError(None, "it is there and no regular file")
    if not os.access(target, os.W_OK):
        raise PermissionError(None, "it is read-only")
    return stat.S_IMODE(status.st_mode)


def _sync_directory(directory: Path) -> None:
    """Put the new entry of the directory on the disk, where directories can be opened."""
    with contextlib.suppress(OSError):  # Windows and some network file systems cannot; the file itself is written
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
