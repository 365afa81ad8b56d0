"""Adam: steps scaled by running moments of the gradient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from nn.optim.flat import Segment
from nn.optim.optimizer import Optimizer


class Adam(Optimizer):
    """Adam, Algorithm 1 of the paper.

    Parameters
    ----------
    params : iterable
        Parameters, or groups of them; see `Optimizer`.
    lr : float
        The step size α (the lectures' η).
    betas : (float, float)
        β₁ and β₂, the decay rates of the two moments (the lectures' ρ and ρ₂).
    eps : float
        ε, added to the square root.
    weight_decay : float
        λ of the L2 penalty ½ λ |θ|², whose gradient λ θ is added to g.

    Raises
    ------
    TypeError, ValueError
        For what is no parameter; for options out of range.

    References
    ----------
    Kingma & Ba (2015), "Adam: a method for stochastic optimization", Algorithm 1.
    """

    states = 2
    scratch = 2

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def check(self, options: Mapping[str, Any]) -> None:
        super().check(options)
        if not all(0.0 <= beta < 1.0 for beta in options["betas"]):
            raise ValueError(
                f"Adam: both betas must lie in [0, 1); got {options['betas']}. The usual ones are (0.9, 0.999)."
            )

    def update(self, segment: Segment, options: Mapping[str, Any]) -> None:
        """Carry out one pass of Algorithm 1, each array in place."""
        t, theta, g, (m, v), (s, decayed) = segment
        alpha, eps, decay = options["lr"], options["eps"], options["weight_decay"]
        beta1, beta2 = options["betas"]
        if decay:
            np.multiply(theta, decay, out=decayed)
            g = np.add(g, decayed, out=decayed)
        # m ← β₁ m + (1 − β₁) g
        m *= beta1
        m += np.multiply(g, 1.0 - beta1, out=s)
        # v ← β₂ v + (1 − β₂) g²
        v *= beta2
        np.multiply(g, g, out=s)
        v += np.multiply(s, 1.0 - beta2, out=s)
        # θ ← θ − α m̂ / (√v̂ + ε),  m̂ = m / (1 − β₁ᵗ),  v̂ = v / (1 − β₂ᵗ)
        np.divide(v, 1.0 - beta2**t, out=s)
        np.sqrt(s, out=s)
        s += eps
        np.divide(m, s, out=s)
        s *= alpha / (1.0 - beta1**t)
        theta -= s
