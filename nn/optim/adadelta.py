"""Adadelta: steps in units of the steps before, so that the learning rate has no unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from nn.optim.flat import Segment
from nn.optim.optimizer import Optimizer


class Adadelta(Optimizer):
    """Adadelta, Algorithm 1 of the paper, its steps times a learning rate.

    Parameters
    ----------
    params : iterable
        Parameters, or groups of them; see `Optimizer`.
    lr : float
        The learning rate η; the paper has none (1).
    rho : float
        ρ, the decay rate of both running means.
    eps : float
        ε, added under both square roots.
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
    Zeiler (2012), "ADADELTA: an adaptive learning rate method", Algorithm 1 and eq. 14; the
    paper's ρ is 0.95.

    Examples
    --------
    >>> import nn
    >>> w = nn.Parameter(3.0)
    >>> optimizer = Adadelta([w])
    >>> (w * w).backward()
    >>> optimizer.step()  # by √ε / √(0.1 · 36 + ε) · 6
    >>> round(w.item(), 6)
    2.996838
    """

    states: ClassVar[Mapping[str, str | None]] = {"square_avg": None, "acc_delta": None}
    scratch = 3

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, rho=rho, eps=eps, weight_decay=weight_decay, maximize=maximize)

    def update(self, segment: Segment, options: Mapping[str, Any]) -> None:
        """Carry out one pass of Algorithm 1, each array in place."""
        progress, theta, _, (mean_g2, mean_delta2), (s, delta, decayed) = segment
        progress["step"] += 1
        rho, eps = options["rho"], options["eps"]
        g = segment.descent_gradient(options["maximize"], options["weight_decay"], decayed)
        # E[g²] ← ρ E[g²] + (1 − ρ) g²
        mean_g2 *= rho
        np.multiply(g, g, out=s)
        mean_g2 += np.multiply(s, 1.0 - rho, out=s)
        # Δ ← √(E[Δ²] + ε) / √(E[g²] + ε) g
        np.sqrt(np.add(mean_delta2, eps, out=delta), out=delta)
        np.sqrt(np.add(mean_g2, eps, out=s), out=s)
        delta /= s
        delta *= g
        # E[Δ²] ← ρ E[Δ²] + (1 − ρ) Δ²
        mean_delta2 *= rho
        np.multiply(delta, delta, out=s)
        mean_delta2 += np.multiply(s, 1.0 - rho, out=s)
        # θ ← θ − η Δ
        delta *= options["lr"]
        theta -= delta
