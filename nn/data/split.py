"""Splitting samples into sets for training, validation and test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nn.arguments import seed_from
from nn.data.dataset import TensorDataset


def split(
    *arrays: Any, sizes: Sequence[float], stratify: Any = None, shuffle: bool = True, rng: Any = None
) -> list[tuple[np.ndarray, ...]]:
    """Return the samples in several parts; every sample is in exactly one.

    Parameters
    ----------
    *arrays : array_like
        Shapes (n_samples, …); sample i is entry i of each.
    sizes : sequence
        The parts, as fractions that add up to 1 or as counts that add up to n_samples.
    stratify : array_like, optional
        Classes, shape (n_samples,): each part gets its share of each class, up to less than one sample if
        there are two parts, and less than two if there are up to five.
    shuffle : bool
        Whether the samples are mixed before; without, the parts are consecutive.
    rng : numpy.random.Generator or int, optional
        Source of the order; a fresh one by default.

    Returns
    -------
    list of tuple of ndarray
        For each part its rows of each array.

    Raises
    ------
    TypeError, ValueError
        For arrays of different lengths, sizes that leave out samples, an empty part, a class too small to be shared.

    Examples
    --------
    >>> X, y = np.arange(20.0).reshape(10, 2), np.array([0, 1] * 5)
    >>> (X_train, y_train), (X_val, y_val), (X_test, y_test) = split(X, y, sizes=[0.6, 0.2, 0.2], stratify=y, rng=0)
    >>> X_train.shape, y_val.shape, sorted(y_test.tolist())
    ((6, 2), (2,), [0, 1])
    """
    data = TensorDataset(*arrays)
    counts = _counts(sizes, len(data))
    if not shuffle and stratify is not None:
        raise ValueError("split: a stratified split mixes the samples; got shuffle=False. Leave one of the two out.")
    order = np.random.default_rng(seed_from("split", rng)).permutation(len(data)) if shuffle else np.arange(len(data))
    if stratify is None:
        parts = np.split(order, np.cumsum(counts)[:-1])
    else:
        parts = _stratified(order, _classes(stratify, len(data), len(counts)), counts)
    return [tuple([array[rows] for array in data.arrays]) for rows in parts]


def train_test_split(
    *arrays: Any, test_size: float = 0.25, stratify: Any = None, shuffle: bool = True, rng: Any = None
) -> list[np.ndarray]:
    """Return each array's training and test rows, in scikit-learn's order: X_train, X_test, y_train, y_test.

    Parameters
    ----------
    *arrays : array_like
        Shapes (n_samples, …).
    test_size : float or int
        Fraction of the samples, rounded up, or their number.
    stratify, shuffle, rng
        See `split`.

    Raises
    ------
    TypeError, ValueError
        As `split`.

    Examples
    --------
    >>> X_train, X_test, y_train, y_test = train_test_split(np.ones((8, 3)), np.arange(8), rng=0)
    >>> X_train.shape, y_test.shape
    ((6, 3), (2,))
    """
    n = len(TensorDataset(*arrays))
    size = _size("train_test_split", "test_size", test_size)
    n_test = math.ceil(size * n - 1e-9) if isinstance(size, float) else size
    if not 0 < n_test < n:
        raise ValueError(
            f"train_test_split: both parts need samples; got test_size={test_size} of {n}. Pass 0.25, say."
        )
    train, test = split(*arrays, sizes=[n - n_test, n_test], stratify=stratify, shuffle=shuffle, rng=rng)
    return [part for pair in zip(train, test, strict=True) for part in pair]


def _size(function: str, name: str, size: Any) -> int | float:
    """Return a size as an int (a count) or a float (a fraction)."""
    if isinstance(size, (bool, np.bool_)) or not isinstance(size, (int, float, np.integer, np.floating)):
        raise TypeError(f"{function}: {name} must be a fraction or a count; got {size!r}. Pass 0.2, or 100.")
    if not size > 0 or (isinstance(size, (float, np.floating)) and size > 1):
        raise ValueError(
            f"{function}: {name} must be a fraction in (0, 1] or a positive count; got {size}. Pass 0.2, or 100."
        )
    return int(size) if isinstance(size, (int, np.integer)) else float(size)


def _counts(sizes: Any, n: int) -> list[int]:
    """Return how many of n samples each part gets."""
    if not isinstance(sizes, (Sequence, np.ndarray)) or isinstance(sizes, str) or len(sizes) == 0:
        raise TypeError(f"split: sizes must be a sequence of fractions or counts; got {sizes!r}. Pass [0.8, 0.2].")
    checked = [_size("split", "each size", size) for size in sizes]
    if all(isinstance(size, int) for size in checked):
        counts = [int(size) for size in checked]
        if sum(counts) != n:
            raise ValueError(
                f"split: the counts must add up to the {n} samples, or some would be lost; got {sum(counts)}. "
                "Add the rest as a part of its own."
            )
    else:
        if any(isinstance(size, int) and size != 1 for size in checked) or abs(sum(checked) - 1.0) > 1e-9:
            raise ValueError(
                f"split: fractions must add up to 1, or samples would be lost; got {checked}. Pass [0.6, 0.2, 0.2]."
            )
        bounds = np.rint(np.cumsum(checked) * n).astype(int)
        bounds[-1] = n
        counts = np.diff(bounds, prepend=0).tolist()
    if min(counts) < 1:
        raise ValueError(f"split: every part needs a sample; got {n} samples in parts of {counts}. Pass more samples.")
    return counts


def _classes(stratify: Any, n: int, n_parts: int) -> np.ndarray:
    """Return the number of each sample's class."""
    labels = np.asarray(stratify)
    if labels.shape != (n,):
        raise ValueError(
            f"split: stratify must hold one class for each sample, shape ({n},); got {labels.shape}. Pass the labels y."
        )
    names, classes, members = np.unique(labels, return_inverse=True, return_counts=True)
    if members.min() < n_parts:
        k = int(members.argmin())
        raise ValueError(
            f"split: each class must have a sample for each of the {n_parts} parts; got {members[k]} of class "
            f"{names[k].item()!r}. Join rare classes, or leave stratify out (is it a class, not a number to predict?)."
        )
    return classes


def _stratified(order: np.ndarray, classes: np.ndarray, counts: list[int]) -> list[np.ndarray]:
    """Return the rows of each part, each class being dealt to the parts in their proportion.

    The parts take turns along the samples sorted by class: in any stretch of that line, and so in
    each class, each part has its share.
    """
    line = order[np.argsort(classes[order], kind="stable")]
    turns = np.concatenate([(np.arange(count) + 0.5) / count for count in counts])
    part = np.repeat(np.arange(len(counts)), counts)[np.argsort(turns, kind="stable")]
    parts = np.empty(len(order), dtype=int)
    parts[line] = part
    return [order[parts[order] == k] for k in range(len(counts))]
