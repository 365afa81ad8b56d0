"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

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
        μ in b ← μ b + (1 − τ) g, θ ← θ − η b; 0 is plain gradient descent.
    dampening : float
        τ; the first update sets b = g.
    weight_decay : float
        λ of the L2 penalty ½ λ |θ|², whose gradient λ θ is added to g.
    nesterov : bool
        Whether to look ahead: θ ← θ − η (g + μ b).
    maximize : bool
        Whether to climb instead.

    Raises
    ------
    TypeError, ValueError
        For what is no parameter; for options of the wrong kind or out of range.

    Notes
    -----
    The lectures' `Momentum(eta, momentum)`, change ← μ change + η g, θ ← θ − change, is
    `SGD(lr=eta, momentum=momentum)`: there η is inside the sum (change = η b), which is the
    same as long as η does not change. Their `Constant(eta)` is `SGD(lr=eta)`.

    References
    ----------
    Sutskever, Martens, Dahl & Hinton (2013), "On the importance of initialization and
    momentum in deep learning", eqs. 1–4; with η outside b, as in PyTorch.

    Examples
    --------
    >>> import nn
    >>> w = nn.Parameter(3.0)
    >>> optimizer = SGD([w], lr=0.25)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.item()
    1.5
    """

    states: ClassVar[Mapping[str, str | None]] = {"momentum_buffer": "momentum"}
    scratch = 2

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
            maximize=maximize,
        )

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Raise ValueError for a Nesterov momentum that has none, or is dampened."""
        if options["nesterov"] and options["momentum"] == 0:
            raise ValueError("SGD: nesterov looks ahead along the momentum; got momentum=0. Pass momentum=0.9.")
        if options["nesterov"] and options["dampening"] != 0:
            raise ValueError(
                f"SGD: nesterov has no dampening; got dampening={options['dampening']}. Leave one of them out."
            )

    def update(self, segment: Segment, options: Mapping[str, Any]) -> None:
        """Carry out the equations above."""
        progress, theta, _, (b,), (s, decayed) = segment
        eta, mu, tau = options["lr"], options["momentum"], options["dampening"]
        g = segment.descent_gradient(options["maximize"], options["weight_decay"], decayed)
        if mu:
            progress["step"] += 1  # (counts the updates with momentum)
            b *= mu
            b += np.multiply(g, 1.0 - tau, out=s) if tau and progress["step"] > 1 else g
            g = np.add(g, np.multiply(b, mu, out=s), out=s) if options["nesterov"] else b
        theta -= np.multiply(g, eta, out=s)
