"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from nn.optim.flat import Segment
from nn.optim.optimizer import Optimizer


class SGD(Optimizer):
    """Gradient descent θ ← θ − η g, with momentum if asked for.

    Parameters
    ----------
    params : iterable
        Parameters, or groups of them; see `Optimizer`.
    lr : float
        The learning rate η.
    momentum : float
        μ in b ← μ b + g, θ ← θ − η b; 0 is plain gradient descent.
    weight_decay : float
        λ of the L2 penalty ½ λ |θ|², whose gradient λ θ is added to g.
    nesterov : bool
        Whether to look ahead: θ ← θ − η (g + μ b).

    Raises
    ------
    TypeError, ValueError
        For what is no parameter; for options out of range.

    References
    ----------
    Sutskever, Martens, Dahl & Hinton (2013), "On the importance of initialization and
    momentum in deep learning", eqs. 1–4; with η outside b, as in PyTorch.
    """

    states = 1
    scratch = 2

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov)

    def check(self, options: Mapping[str, Any]) -> None:
        super().check(options)
        if options["nesterov"] and options["momentum"] == 0:
            raise ValueError("SGD: nesterov looks ahead along the momentum; got momentum=0. Pass momentum=0.9.")

    def update(self, segment: Segment, options: Mapping[str, Any]) -> None:
        """Carry out the equations above."""
        _, theta, g, (b,), (s, decayed) = segment
        eta, mu, decay = options["lr"], options["momentum"], options["weight_decay"]
        if decay:
            np.multiply(theta, decay, out=decayed)
            g = np.add(g, decayed, out=decayed)
        if mu:
            b *= mu
            b += g
            if options["nesterov"]:
                np.multiply(b, mu, out=s)
                g = np.add(g, s, out=s)
            else:
                g = b
        np.multiply(g, eta, out=s)
        theta -= s
