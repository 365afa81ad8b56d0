"""The options of an estimator, checked by `fit` as scikit-learn has it: constructors only take them down."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nn.layers.sizes import number_between, positive


def check(estimator: Any) -> None:
    """Raise for an option that is out of range or of the wrong kind."""
    name = type(estimator).__name__
    for option in ("batch_norm", "shuffle", "early_stopping", "warm_start"):
        _flag(name, option, getattr(estimator, option))
    for option in ("learning_rate", "alpha", "tol"):
        number_between(name, option, getattr(estimator, option), 0.0, np.finfo(float).max)
    positive(name, "max_iter", estimator.max_iter)
    if estimator.n_iter_no_change is not None:
        positive(name, "n_iter_no_change", estimator.n_iter_no_change)
    if isinstance(estimator.batch_size, str):
        if estimator.batch_size != "auto":
            raise ValueError(
                f'{name}: batch_size must be a positive integer or "auto"; got {estimator.batch_size!r}. Pass one.'
            )
    else:
        positive(name, "batch_size", estimator.batch_size)
    fraction = number_between(name, "validation_fraction", estimator.validation_fraction, 0.0, 1.0)
    if fraction in (0.0, 1.0):
        raise ValueError(f"{name}: validation_fraction must lie between 0 and 1; got {fraction}. The usual one is 0.1.")
    if estimator.clip_norm is not None and not number_between(name, "clip_norm", estimator.clip_norm, 0.0, math.inf):
        raise ValueError(f"{name}: clip_norm must be positive; got 0.0. Pass a number, or None.")


def _flag(name: str, option: str, value: Any) -> None:
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: {option} must be True or False; got {type(value).__name__} {value!r}. Pass a bool.")


def generator(name: str, random_state: Any) -> np.random.Generator:
    """Return the source of chance that `random_state` stands for.

    An int always gives the same; a Generator is drawn from; of a RandomState the seed is drawn.
    """
    if isinstance(random_state, np.random.RandomState):
        random_state = random_state.randint(0, 2**32, size=4, dtype=np.uint32)
    elif random_state is not None and not isinstance(random_state, np.random.Generator):
        if isinstance(random_state, (bool, np.bool_)) or not isinstance(random_state, (int, np.integer)):
            raise TypeError(
                f"{name}: random_state must be an int, a Generator, a RandomState or None; "
                f"got {type(random_state).__name__} {random_state!r}. Pass 0."
            )
        if random_state < 0:
            raise ValueError(f"{name}: random_state must not be negative; got {random_state}. Pass an int ≥ 0.")
    return np.random.default_rng(random_state)
