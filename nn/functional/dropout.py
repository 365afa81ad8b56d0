"""Dropout: entries set to zero by chance while a model is trained."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.arguments import between, generator


def dropout(input: Any, p: float = 0.5, training: bool = True, *, rng: Any = None) -> Any:
    """Return `input` with each entry set to 0 with probability p, and the others divided by 1 − p.

    This is "inverted" dropout: the expectation is the input itself, so that evaluation is
    the identity.

    Parameters
    ----------
    input : array_like
        Floats, of any shape.
    p : float
        The probability of being dropped, in [0, 1].
    training : bool
        Whether to do it; without, the input is returned.
    rng : numpy.random.Generator or int, optional
        Source of the mask; a fresh one by default. A seed gives the same mask each time.

    Raises
    ------
    TypeError, ValueError
        For inputs that are no floats; for p outside [0, 1].

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov (2014), "Dropout: a simple way
    to prevent neural networks from overfitting", JMLR 15; the scaling of its section 10.

    Examples
    --------
    >>> dropout(np.ones(6), 0.5, rng=0)
    array([2., 0., 0., 0., 2., 2.])
    """
    p = between("dropout", "p", p, 0.0, 1.0)
    if not training or p == 0.0:
        return input
    x = input if hasattr(input, "dtype") else np.asarray(input)
    if x.dtype.kind != "f":
        raise TypeError(f"dropout: the input must be floats; got dtype {x.dtype}. Convert it: x.astype(float).")
    if p == 1.0:
        return x * np.zeros(x.shape, x.dtype)
    source = rng if hasattr(rng, "random") else generator("dropout", rng)
    drawn = source.random(x.shape, np.float32 if x.dtype.itemsize <= 4 else np.float64)
    return x * np.multiply(drawn >= p, 1.0 / (1.0 - p), dtype=x.dtype)
