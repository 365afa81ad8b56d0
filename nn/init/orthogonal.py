"""Initial values that form an orthogonal matrix."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nn.arguments import generator, number
from nn.init.filling import T, fill, target
from nn.init.gains import checked_fans


def orthogonal_(tensor: T, gain: float = 1.0, *, rng: Any = None) -> T:
    """Fill with gain times a random matrix Q with orthonormal rows or columns, whichever are fewer.

    Q is uniform (Haar) among these matrices: it is the first factor of the QR
    decomposition of a normal matrix, the diagonal of R being made positive. Axes after the
    first count as one.

    Parameters
    ----------
    tensor : Parameter or ndarray
        A weight of two axes or more; changed in place, without being recorded.
    gain : float
        See `calculate_gain`.
    rng : numpy.random.Generator or int, optional
        Source of the draws; a fresh one by default.

    Raises
    ------
    TypeError, ValueError
        For what can not be filled, and less than two axes.

    References
    ----------
    Saxe, McClelland & Ganguli (2014), "Exact solutions to the nonlinear dynamics of
    learning in deep linear neural networks".
    Mezzadri (2007), "How to generate random matrices from the classical compact groups",
    Notices of the AMS 54, section 5 (the signs).
    """
    gain = number("orthogonal_", "gain", gain)
    shape = target("orthogonal_", tensor).shape
    checked_fans("orthogonal_", tensor)
    rows, columns = shape[0], math.prod(shape[1:])
    normal = generator("orthogonal_", rng).standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(normal)
    q *= np.where(np.diagonal(r) < 0.0, -1.0, 1.0)
    return fill("orthogonal_", tensor, gain * (q if rows >= columns else q.T).reshape(shape))
