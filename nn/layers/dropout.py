"""Dropout as a module; the formula is in `nn.functional`."""

from __future__ import annotations

from typing import Any

from nn import functional
from nn.arguments import between, generator
from nn.module import Module


class Dropout(Module):
    """Set each entry to 0 with probability p while training; see `nn.functional.dropout`.

    Every call draws a new mask; in evaluation mode the layer is the identity.

    Parameters
    ----------
    p : float
        The dropout rate: the probability of being dropped, in [0, 1].
    rng : numpy.random.Generator or int, optional
        Source of the masks; a fresh one by default.

    Raises
    ------
    TypeError, ValueError
        For a p that is no number in [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> layer = Dropout(0.5, rng=0)
    >>> layer(np.ones(6))
    array([2., 0., 0., 0., 2., 2.])
    >>> layer.eval()(np.ones(6))
    array([1., 1., 1., 1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, *, rng: Any = None) -> None:
        self.p = between("Dropout", "p", p, 0.0, 1.0)
        self.rng = generator("Dropout", rng)

    def forward(self, x: Any) -> Any:
        """Return x with entries dropped, or in evaluation mode x."""
        return functional.dropout(x, self.p, self.training, rng=self.rng)

    def extra_repr(self) -> str:
        return f"p={self.p}"
