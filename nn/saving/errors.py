"""The one error that saving and loading raise for a file."""

from __future__ import annotations


class CheckpointError(ValueError):
    """A file could not be written, or is not exactly what `nn.save` wrote, or does not fit.

    Examples
    --------
    >>> import nn
    >>> try:
    ...     nn.load("nowhere.npz")
    ... except nn.CheckpointError as error:
    ...     print(error)
    load: nowhere.npz cannot be read; got No such file or directory. Check the path and the permissions.
    """
