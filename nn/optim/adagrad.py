"""Adagrad: each entry's steps shrink with the squares of its gradients so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from nn.optim.flat import Segment
from nn.optim.optimizer import Optimizer


class Adagrad(Optimizer):
    """Adagrad: G ← G + g², θ ← θ − η g / (√G + ε).

    Parameters
    ----------
    params : iterable
        Parameters, or groups of them; see `Optimizer`.
    lr : float
        The learning rate η.
    lr_decay : float
        γ of the rate η / (1 + (t − 1) γ) in update t.
    weight_decay : float
        λ of the L2 penalty ½ λ |θ|², whose gradient λ θ is added to g.
    initial_accumulator_value : float
        What G starts from, when the optimiser is made.
    eps : float
        ε, added to the square root (the lectures' δ).
    maximize : bool
        Whether to climb instead.

    Raises
    ------
    TypeError, ValueError
        For what is no parameter; for options of the wrong kind or out of range.

    References
    ----------
    Duchi, Hazan & Singer (2011), "Adaptive subgradient methods for online learning and
    stochastic optimization", Figure 1 with the diagonal of G; `lr_decay` and the initial
    value are PyTorch's.

    Examples
    --------
    >>> import nn
    >>> w = nn.Parameter(3.0)
    >>> optimizer = Adagrad([w], lr=0.5)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.item(), 6)
    2.5
    """

    states: ClassVar[Mapping[str, str | None]] = {"sum": None}
    scratch = 2

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
            maximize=maximize,
        )

    def prepare(self, state: Mapping[str, np.ndarray], options: Mapping[str, Any]) -> None:
        """Let G start from its initial value."""
        state["sum"][...] = options["initial_accumulator_value"]

    def update(self, segment: Segment, options: Mapping[str, Any]) -> None:
        """Carry out the equations above."""
        progress, theta, _, (sum_g2,), (s, decayed) = segment
        t = progress["step"] = progress["step"] + 1
        eta, gamma = options["lr"], options["lr_decay"]
        g = segment.descent_gradient(options["maximize"], options["weight_decay"], decayed)
        # G ← G + g²
        sum_g2 += np.multiply(g, g, out=s)
        # θ ← θ − η / (1 + (t − 1) γ) · g / (√G + ε)
        np.sqrt(sum_g2, out=s)
        s += options["eps"]
        np.divide(g, s, out=s)
        s *= eta / (1.0 + (t - 1) * gamma)
        theta -= s


class AdagradMomentum(Optimizer):
    """Adagrad's step with momentum: G ← G + g², change ← μ change + η g / (√G + ε), θ ← θ − change.

    Parameters
    ----------
    params : iterable
        Parameters, or groups of them; see `Optimizer`.
    lr : float
        The learning rate η.
    momentum : float
        μ, the part of the last change that is made again.
    eps : float
        ε, added to the square root (the lectures' δ).
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
    The lectures' "AdagradMomentum" scheduler (FYS-STK4155, week 42, "Learning rate methods";
    codes by E. Reber and G. Kajda, 2023). The lecture text names it without its equations; these are
    its Momentum, change ← μ change + η g, with g scaled as in Duchi, Hazan & Singer (2011), Figure 1
    (the diagonal of G). The lectures' `reset()` at the end of an epoch starts G again from 0; here G
    goes on. PyTorch has no such optimiser; with η outside the sum it would be RMSprop's momentum.

    Examples
    --------
    >>> import nn
    >>> w = nn.Parameter(3.0)
    >>> optimizer = AdagradMomentum([w], lr=0.5, momentum=0.5)
    >>> w.grad = 2.0
    >>> optimizer.step()  # change = 0.5 · 2 / √4
    >>> round(w.item(), 6)
    2.5
    """

    states: ClassVar[Mapping[str, str | None]] = {"sum": None, "change": None}
    scratch = 2

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        momentum: float = 0.9,
        eps: float = 1e-10,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, momentum=momentum, eps=eps, weight_decay=weight_decay, maximize=maximize)

    def update(self, segment: Segment, options: Mapping[str, Any]) -> None:
        """Carry out the equations above."""
        progress, theta, _, (sum_g2, change), (s, decayed) = segment
        progress["step"] += 1
        g = segment.descent_gradient(options["maximize"], options["weight_decay"], decayed)
        # G ← G + g²
        sum_g2 += np.multiply(g, g, out=s)
        # change ← μ change + η g / (√G + ε)
        np.sqrt(sum_g2, out=s)
        s += options["eps"]
        np.divide(g, s, out=s)
        s *= options["lr"]
        change *= options["momentum"]
        change += s
        # θ ← θ − change
        theta -= change
