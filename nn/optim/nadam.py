"""NAdam: Adam with Nesterov's look ahead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from nn.optim.flat import Segment
from nn.optim.optimizer import Optimizer


class NAdam(Optimizer):
    """NAdam, Algorithm 2 of the paper, with its schedule of the momentum.

    Parameters
    ----------
    params : iterable
        Parameters, or groups of them; see `Optimizer`.
    lr : float
        The step size α (the lectures' η).
    betas : (float, float)
        μ, which the momenta μₜ approach from μ/2, and ν, the decay rate of the squares.
    eps : float
        ε, added to the square root.
    weight_decay : float
        λ of the L2 penalty ½ λ |θ|², whose gradient λ θ is added to g.
    momentum_decay : float
        ψ of μₜ = μ (1 − ½ 0.96^(t ψ)).
    decoupled_weight_decay : bool
        Whether to shrink the parameters by α λ θ instead, past the moments.
    maximize : bool
        Whether to climb instead.

    Raises
    ------
    TypeError, ValueError
        For what is no parameter; for options of the wrong kind or out of range.

    References
    ----------
    Dozat (2016), "Incorporating Nesterov momentum into Adam", Algorithm 2 and the schedule of
    its section 3. As in PyTorch m decays with μ (the paper: with μₜ). The product of the momenta is
    kept in float64; PyTorch keeps it in its default dtype, float32.

    Examples
    --------
    >>> import nn
    >>> w = nn.Parameter(3.0)
    >>> optimizer = NAdam([w], lr=0.5)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.item() < 2.5
    True
    """

    states: ClassVar[Mapping[str, str | None]] = {"exp_avg": None, "exp_avg_sq": None}
    progress: ClassVar[Mapping[str, Any]] = {"step": 0, "mu_product": 1.0}
    scratch = 3

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            momentum_decay=momentum_decay,
            decoupled_weight_decay=decoupled_weight_decay,
            maximize=maximize,
        )

    def update(self, segment: Segment, options: Mapping[str, Any]) -> None:
        """Carry out one pass of Algorithm 2, each array in place."""
        progress, theta, _, (m, n), (s, ahead, decayed) = segment
        t = progress["step"] = progress["step"] + 1
        alpha, decay, psi = options["lr"], options["weight_decay"], options["momentum_decay"]
        mu, nu = options["betas"]
        if decay and options["decoupled_weight_decay"]:
            theta *= 1.0 - alpha * decay
            decay = 0.0
        g = segment.descent_gradient(options["maximize"], decay, decayed)
        # μₜ = μ (1 − ½ 0.96^(t ψ))
        mu_t, mu_next = (mu * (1.0 - 0.5 * 0.96 ** (i * psi)) for i in (t, t + 1))
        product = progress["mu_product"] = progress["mu_product"] * mu_t
        # m ← μ m + (1 − μ) g
        m *= mu
        m += np.multiply(g, 1.0 - mu, out=s)
        # n ← ν n + (1 − ν) g²
        n *= nu
        np.multiply(g, g, out=s)
        n += np.multiply(s, 1.0 - nu, out=s)
        # m̄ = μₜ₊₁ m / (1 − Π μ₁…μₜ₊₁) + (1 − μₜ) g / (1 − Π μ₁…μₜ)
        np.multiply(m, mu_next / (1.0 - product * mu_next), out=ahead)
        ahead += np.multiply(g, (1.0 - mu_t) / (1.0 - product), out=s)
        # θ ← θ − α m̄ / (√n̂ + ε),  n̂ = n / (1 − νᵗ)
        np.divide(n, 1.0 - nu**t, out=s)
        np.sqrt(s, out=s)
        s += options["eps"]
        ahead /= s
        ahead *= alpha
        theta -= ahead
