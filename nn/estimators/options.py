"""The options of an estimator, checked by `fit` as scikit-learn has it: constructors only take them down."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.arguments import between, flag, integer, not_negative, positive


def check(estimator: Any) -> None:
    """Raise for an option that is out of range or of the wrong kind."""
    name = type(estimator).__name__
    for option in ("batch_norm", "shuffle", "early_stopping", "warm_start"):
        flag(name, option, getattr(estimator, option))
    for option in ("learning_rate", "alpha", "tol"):
        not_negative(name, option, getattr(estimator, option))
    integer(name, "max_iter", estimator.max_iter, 1)
    if estimator.n_iter_no_change is not None:
        integer(name, "n_iter_no_change", estimator.n_iter_no_change, 1)
    if isinstance(estimator.batch_size, str):
        if estimator.batch_size != "auto":
            raise ValueError(
                f'{name}: batch_size must be a positive integer or "auto"; got {estimator.batch_size!r}. Pass one.'
            )
    else:
        integer(name, "batch_size", estimator.batch_size, 1)
    fraction = between(name, "validation_fraction", estimator.validation_fraction, 0.0, 1.0)
    if fraction in (0.0, 1.0):
        raise ValueError(f"{name}: validation_fraction must lie between 0 and 1; got {fraction}. The usual one is 0.1.")
    if estimator.clip_norm is not None:
        positive(name, "clip_norm", estimator.clip_norm)


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
