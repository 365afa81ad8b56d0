"""Adamax: Adam with the largest gradient in place of the root of the mean square."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from nn.optim.flat import Segment
from nn.optim.optimizer import Optimizer


class Adamax(Optimizer):
    """Adamax, Algorithm 2 of the paper on Adam.

    Parameters
    ----------
    params : iterable
        Parameters, or groups of them; see `Optimizer`.
    lr : float
        The step size α (the lectures' η).
    betas : (float, float)
        β₁ and β₂, the decay rates of the moment and of the largest gradient.
    eps : float
        ε, added to |g|; the paper has none.
    weight_decay : float
        λ of the L2 penalty ½ λ |θ|², whose gradient λ θ is added to g.
    maximize : bool
        Whether to climb instead.

    Raises
    ------
    TypeError, ValueError
        For what is no parameter; for options of the wrong kind or out of range.

    References
    ----------
    Kingma & Ba (2015), "Adam: a method for stochastic optimization", Algorithm 2; ε as in PyTorch.

    Examples
    --------
    >>> import nn
    >>> w = nn.Parameter(3.0)
    >>> optimizer = Adamax([w], lr=0.5)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.item(), 6)
    2.5
    """

    states: ClassVar[Mapping[str, str | None]] = {"exp_avg": None, "exp_inf": None}
    scratch = 2

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize)

    def update(self, segment: Segment, options: Mapping[str, Any]) -> None:
        """Carry out one pass of Algorithm 2, each array in place."""
        progress, theta, _, (m, u), (s, decayed) = segment
        t = progress["step"] = progress["step"] + 1
        alpha, (beta1, beta2) = options["lr"], options["betas"]
        g = segment.descent_gradient(options["maximize"], options["weight_decay"], decayed)
        # m ← β₁ m + (1 − β₁) g
        m *= beta1
        m += np.multiply(g, 1.0 - beta1, out=s)
        # u ← max(β₂ u, |g| + ε)
        u *= beta2
        np.abs(g, out=s)
        s += options["eps"]
        np.maximum(u, s, out=u)
        # θ ← θ − α / (1 − β₁ᵗ) · m / u
        np.divide(m, u, out=s)
        s *= alpha / (1.0 - beta1**t)
        theta -= s
