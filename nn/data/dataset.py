"""Arrays whose first axes run over the same samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

import autodiff as ad


class TensorDataset:
    """Arrays that are indexed together: sample i is entry i of each.

    Parameters
    ----------
    *arrays : array_like
        Shapes (n_samples, …). Arrays are not copied, and a `np.memmap` is not read.

    Raises
    ------
    TypeError
        For no arrays, and for arrays of objects.
    ValueError
        If the numbers of samples differ, or there are none.

    Examples
    --------
    >>> data = TensorDataset(np.arange(6.0).reshape(3, 2), np.array([0, 1, 0]))
    >>> len(data)
    3
    >>> data[1]
    (array([2., 3.]), np.int64(1))
    """

    def __init__(self, *arrays: Any) -> None:
        if not arrays:
            raise TypeError("TensorDataset: takes one array or more; got none. Pass TensorDataset(X, y).")
        self.arrays = tuple([_as_array(array, f"TensorDataset: array {i}") for i, array in enumerate(arrays)])
        same_length("TensorDataset", self.arrays)

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, index: Any) -> tuple:
        return tuple([array[index] for array in self.arrays])

    def __iter__(self) -> Iterator[tuple]:
        return zip(*self.arrays, strict=True)

    def __repr__(self) -> str:
        return f"TensorDataset({', '.join(f'{a.shape} {a.dtype}' for a in self.arrays)})"


def as_dataset(data: Any) -> TensorDataset:
    """Return `data` as columns: a dataset, arrays in a tuple or list, or (x, y) pairs one per sample."""
    if isinstance(data, TensorDataset):
        return data
    if isinstance(data, (np.ndarray, ad.Tensor)):
        return TensorDataset(data)
    if not (hasattr(data, "__len__") and hasattr(data, "__getitem__")):
        raise TypeError(
            "DataLoader: takes a TensorDataset, a tuple of arrays, or a list of (x, y) pairs; "
            f"got {type(data).__name__}. Write DataLoader(TensorDataset(X, y), batch_size=32)."
        )
    if len(data) == 0:
        raise ValueError(f"DataLoader: there are no samples; got an empty {type(data).__name__}. Pass (X, y).")
    if not isinstance(data[0], tuple):
        return TensorDataset(*data)
    lengths = {len(data[i]) for i in range(len(data))}
    if len(lengths) > 1:
        raise ValueError(
            f"DataLoader: every sample must be a tuple of one length; got lengths {sorted(lengths)}. "
            "Pass [(x, y), …] with the same parts in each."
        )
    return TensorDataset(*[_stacked(column, i) for i, column in enumerate(zip(*data, strict=True))])


def _stacked(column: Sequence, i: int) -> np.ndarray:
    """Return the i-th parts of all samples as one array."""
    shapes = {np.shape(part) for part in column}
    if len(shapes) > 1:
        raise ValueError(
            f"DataLoader: part {i} must have one shape in every sample; got {' and '.join(map(str, sorted(shapes)))}. "
            "Pad or crop the samples."
        )
    return np.array([part.numpy() if isinstance(part, ad.Tensor) else part for part in column])


def _as_array(value: Any, place: str) -> np.ndarray:
    """Return `value` as a plain array, without reading a memory map."""
    if isinstance(value, ad.Tensor):
        value = value.numpy()
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{place} is ragged; got rows of different lengths. Pad or crop the samples.") from None
    if array.dtype.kind == "O":
        raise TypeError(
            f"{place} must hold numbers; got dtype object. Convert it, such as X.astype(float); "
            "it may hold text, None, or rows of different lengths."
        )
    if array.ndim == 0:
        raise ValueError(f"{place} must have an axis of samples; got a single number. Pass shape (n_samples, …).")
    return array


def same_length(function: str, arrays: Sequence[np.ndarray]) -> None:
    """Raise unless all arrays have as many samples, and at least one."""
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) > 1:
        raise ValueError(
            f"{function}: arrays must have one number of samples (first axes of one length); got {lengths}. "
            "Check the shapes; a data matrix is (n_samples, n_features)."
        )
    if lengths[0] == 0:
        raise ValueError(f"{function}: there are no samples; got shape {arrays[0].shape}. Pass at least one.")
