"""Checkpoints of a training: written while it runs, and taken up again."""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping
from typing import Any

from nn.saving.atomic import remove_unfinished
from nn.saving.errors import CheckpointError
from nn.saving.files import check_path, load, save


class Checkpoint:
    """A callback of `fit` that writes the state of the training to a file: after each epoch and at the end.

    The file holds the whole `Training.state_dict()`. An interrupted training (Ctrl-C) is
    written as well; one that diverged is not, so that the file is the last one that is good.

    Parameters
    ----------
    path : str or path
        Ending in `.npz`.

    Raises
    ------
    CheckpointError
        While the training runs, if the file cannot be written.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        check_path("Checkpoint", path, [".npz"])
        self.path = path

    def write(self, training: Any) -> None:
        """Write the state now."""
        save(self.path, training)

    def on_epoch_end(self, training: Any) -> None:
        """Write after an epoch."""
        self.write(training)

    def on_train_end(self, training: Any) -> None:
        """Write at the end, however the training ended."""
        self.write(training)


class StepCheckpoint(Checkpoint):
    """A checkpoint after every so many steps, also in the middle of an epoch.

    Parameters
    ----------
    path : str or path
        Ending in `.npz`.
    every : int
        Number of steps.
    """

    def __init__(self, path: str | os.PathLike, every: int) -> None:
        super().__init__(path)
        self.every = every
        self.steps = 0

    def on_step_end(self, training: Any) -> None:
        """Count, and write when it is time."""
        self.steps += 1
        if self.steps % self.every == 0:
            self.write(training)

    def on_epoch_end(self, training: Any) -> None:
        """Write nothing: an epoch is nothing special here."""


def checkpoint_callback(path: Any, every: Any) -> Checkpoint:
    """Return the callback that `fit(checkpoint=path, checkpoint_every=every)` asks for.

    Raises
    ------
    TypeError, ValueError
        For a path that is none, and anything but "epoch" or a positive int.
    """
    if isinstance(every, str) and every == "epoch":
        return Checkpoint(path)
    try:
        steps = 0 if isinstance(every, bool) else operator.index(every)
    except TypeError:
        steps = 0
    if steps < 1:
        raise ValueError(
            f'fit: checkpoint_every must be "epoch" or a positive int, the number of steps; got {every!r}. '
            'Pass "epoch".'
        )
    return StepCheckpoint(path, steps)


def open_checkpoint(path: Any, every: Any, resume: Any) -> tuple[list[Checkpoint], dict[str, Any] | None]:
    """Return the callbacks that save, and the state to resume from, for these options of `fit`.

    A job that is started again and again can always ask to resume: without a file it begins.

    Raises
    ------
    TypeError, ValueError
        For options that are none.
    CheckpointError
        For a file that is no checkpoint of a training, and for one that would be lost.
    """
    if path is None:
        if resume:
            raise ValueError(
                "fit: resume needs the file to go on from; got checkpoint=None. Pass checkpoint='run.npz'."
            )
        return [], None
    callback = checkpoint_callback(path, every)
    if not os.path.exists(path):
        return [callback], None
    if not resume:
        raise CheckpointError(
            f"fit: {os.fspath(path)} is there already, and this training would replace it; got resume=False. "
            "Pass resume=True to go on with it, or delete it."
        )
    remove_unfinished(path)
    return [callback], _read(path)


def _read(path: str | os.PathLike) -> dict[str, Any]:
    """Return the state in the file, if it is that of a training."""
    state = load(path)
    if not (isinstance(state, Mapping) and isinstance(state.get("loader"), Mapping) and "seed" in state["loader"]):
        raise CheckpointError(
            f"fit: {os.fspath(path)} holds no training to resume; got {_what(state)}. "
            "Pass the file that fit(checkpoint=…) wrote, or delete it."
        )
    return dict(state)


def resume_from(training: Any, state: Mapping[str, Any], path: str | os.PathLike) -> None:
    """Put the training where `state`, read from `path`, was taken, or raise CheckpointError and leave it."""
    try:
        training.load_state_dict(state)
    except (ValueError, TypeError, KeyError) as error:
        raise CheckpointError(f"fit: {os.fspath(path)} does not fit this training; got {error}") from error


def _what(state: Any) -> str:
    return f"a state with {', '.join(map(str, state)) or 'nothing'}" if isinstance(state, Mapping) else f"{state!r:.40}"
