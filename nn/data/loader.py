"""Mini-batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from nn.arguments import flag, integer, seed_from
from nn.data.dataset import TensorDataset, as_dataset


class DataLoader:
    """Mini-batches of a data set, in an order that is a function of the seed and the epoch alone.

    Each `for` loop over the loader is one epoch; it yields tuples of arrays, also if there is only
    one array. Only the rows of the batch are read (a `np.memmap` is never loaded); without
    `shuffle` a batch is a view of the data.

    Parameters
    ----------
    dataset : TensorDataset, array, tuple or list
        A `TensorDataset`, or arrays in a tuple or list, each (n_samples, …); or a list of tuples (x, y),
        one for each sample, which are stacked.
    batch_size : int or None
        Samples in a batch; None for all of them.
    shuffle : bool
        Whether each epoch has an order of its own.
    drop_last : bool
        Whether to leave out a last batch that is not full.
    rng : numpy.random.Generator or int, optional
        Where the seed comes from, or the seed; a fresh one by default.

    Attributes
    ----------
    epoch : int
        The epoch whose batches come next, or are being handed out; from 0.
    position : int
        How many batches of it have been handed out.

    Raises
    ------
    TypeError, ValueError
        For data that are no arrays of one length, and options out of range.

    Examples
    --------
    >>> X, y = np.arange(10.0).reshape(5, 2), np.arange(5)
    >>> for inputs, targets in DataLoader(TensorDataset(X, y), batch_size=2):
    ...     print(inputs.shape, targets)
    (2, 2) [0 1]
    (2, 2) [2 3]
    (1, 2) [4]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool = False,
        *,
        drop_last: bool = False,
        rng: Any = None,
    ) -> None:
        self.dataset: TensorDataset = as_dataset(dataset)
        self.n_samples = len(self.dataset)
        self.batch_size = self.n_samples if batch_size is None else integer("DataLoader", "batch_size", batch_size, 1)
        self.shuffle = flag("DataLoader", "shuffle", shuffle)
        self.drop_last = flag("DataLoader", "drop_last", drop_last)
        self.seed = seed_from("DataLoader", rng)
        self.epoch = 0
        self.position = 0
        self._resume = False
        if len(self) == 0:
            raise ValueError(
                f"DataLoader: drop_last leaves no batch; got {self.n_samples} samples and batch_size={batch_size}. "
                "Choose a smaller batch_size."
            )

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        n, b = self.n_samples, self.batch_size
        return n // b if self.drop_last else -(-n // b)

    def order(self, epoch: int) -> np.ndarray:
        """Return the order of the samples in an epoch, a function of the seed and the epoch alone.

        Returns
        -------
        ndarray of int
            Shape (n_samples,); a permutation.
        """
        if not self.shuffle:
            return np.arange(self.n_samples)
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(epoch,))).permutation(self.n_samples)

    def __iter__(self) -> Iterator[tuple[np.ndarray, ...]]:
        """Yield the batches of one epoch: of the one that was broken off if its state was loaded, else of the next."""
        if self._resume:
            self._resume = False
        elif self.position:  # the loop before was left by `break`
            self.epoch, self.position = self.epoch + 1, 0
        return self._batches(self.epoch, self.position)

    def _batches(self, epoch: int, first: int) -> Iterator[tuple[np.ndarray, ...]]:
        arrays, size = self.dataset.arrays, self.batch_size
        order = self.order(epoch) if self.shuffle else None
        for k in range(first, len(self)):
            rows = slice(k * size, (k + 1) * size)
            self.epoch, self.position = epoch, k + 1
            if order is None:
                yield tuple([array[rows] for array in arrays])
            else:
                chosen = order[rows]
                yield tuple([array.take(chosen, axis=0) for array in arrays])
        self.epoch, self.position = epoch + 1, 0

    def in_order(self, batch_size: int = 1024) -> DataLoader:
        """Return a loader of the same data in their own order, with nothing left out."""
        return DataLoader(self.dataset, batch_size)

    def set_epoch(self, epoch: int) -> None:
        """Let the next loop be over epoch number `epoch`."""
        self.epoch, self.position, self._resume = epoch, 0, False

    def resume(self) -> None:
        """Let the next loop hand out what is left of the epoch whose loop was left by `break`."""
        self._resume = self.position > 0

    def state_dict(self) -> dict[str, Any]:
        """Return where the loader is; inside a loop, the batch handed out last counts as done."""
        return {
            "seed": self.seed,
            "epoch": self.epoch,
            "position": self.position,
            "n_samples": self.n_samples,
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "drop_last": self.drop_last,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to where `state` was taken; the next loop hands out what was left of that epoch.

        Raises
        ------
        ValueError
            If the state is of a loader with other options or another number of samples; nothing is changed then.
        """
        own = self.state_dict()
        problems = [f"`{name}` is missing" for name in own if name not in state]
        problems += [f"`{name}` is unknown" for name in state if name not in own]
        problems += [
            f"`{name}` is {state[name]} for {own[name]}"
            for name in ("n_samples", "batch_size", "shuffle", "drop_last")
            if name in state and state[name] != own[name]
        ]
        if problems:
            raise ValueError(
                f"DataLoader.load_state_dict: the state is of another loader; got {'; '.join(problems)}. "
                "Make the loader with the data and options it had."
            )
        self.seed, self.epoch, self.position = state["seed"], state["epoch"], state["position"]
        self.resume()

    def __repr__(self) -> str:
        return (
            f"DataLoader({self.n_samples} samples, batch_size={self.batch_size}, shuffle={self.shuffle}, "
            f"drop_last={self.drop_last})"
        )
