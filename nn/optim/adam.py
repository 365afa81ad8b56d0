"""Adam: steps scaled by running moments of the gradient; AMSGrad and AdamW."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

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
    amsgrad : bool
        Whether to divide by the largest v so far.
    maximize : bool
        Whether to climb instead.
    decoupled_weight_decay : bool
        Whether to shrink the parameters by α λ θ instead, past the moments: AdamW.

    Raises
    ------
    TypeError, ValueError
        For what is no parameter; for options of the wrong kind or out of range.

    Notes
    -----
    The lectures' `Adam(eta, rho, rho2)` is `Adam(lr=eta, betas=(rho, rho2))`.

    References
    ----------
    Kingma & Ba (2015), "Adam: a method for stochastic optimization", Algorithm 1, the
    corrections of the bias collected in two numbers as at the end of its section 2.
    Reddi, Kale & Kumar (2018), "On the convergence of Adam and beyond", Algorithm 2, for
    `amsgrad`; as in PyTorch the bias is corrected there too.
    Loshchilov & Hutter (2019), "Decoupled weight decay regularization", Algorithm 2.

    Examples
    --------
    >>> import nn
    >>> w = nn.Parameter(3.0)
    >>> optimizer = Adam([w], lr=0.5)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.item(), 6)
    2.5
    """

    states: ClassVar[Mapping[str, str | None]] = {"exp_avg": None, "exp_avg_sq": None, "max_exp_avg_sq": "amsgrad"}
    scratch = 2

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            amsgrad=amsgrad,
            maximize=maximize,
            decoupled_weight_decay=decoupled_weight_decay,
        )

    def update(self, segment: Segment, options: Mapping[str, Any]) -> None:
        """Carry out one pass of Algorithm 1, each array in place."""
        progress, theta, _, (m, v, v_max), (s, decayed) = segment
        t = progress["step"] = progress["step"] + 1
        alpha, decay = options["lr"], options["weight_decay"]
        beta1, beta2 = options["betas"]
        if decay and options["decoupled_weight_decay"]:
            theta *= 1.0 - alpha * decay
            decay = 0.0
        g = segment.descent_gradient(options["maximize"], decay, decayed)
        # m ← β₁ m + (1 − β₁) g
        m *= beta1
        m += np.multiply(g, 1.0 - beta1, out=s)
        # v ← β₂ v + (1 − β₂) g²
        v *= beta2
        np.multiply(g, g, out=s)
        v += np.multiply(s, 1.0 - beta2, out=s)
        if options["amsgrad"]:
            v = np.maximum(v_max, v, out=v_max)
        # θ ← θ − α m̂ / (√v̂ + ε),  m̂ = m / (1 − β₁ᵗ),  v̂ = v / (1 − β₂ᵗ);  both roots times √(1 − β₂ᵗ)
        root = (1.0 - beta2**t) ** 0.5
        np.sqrt(v, out=s)
        s += options["eps"] * root
        np.divide(m, s, out=s)
        s *= alpha * root / (1.0 - beta1**t)
        theta -= s


class AMSGrad(Adam):
    """Adam with `amsgrad=True`: v never shrinks. The other parameters are Adam's.

    References
    ----------
    Reddi, Kale & Kumar (2018), "On the convergence of Adam and beyond", Algorithm 2; as in
    PyTorch the bias of the moments is corrected, which the paper leaves out.

    Examples
    --------
    >>> import nn
    >>> AMSGrad([nn.Parameter(3.0)]).param_groups[0]["amsgrad"]
    True
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad=True, maximize=maximize)


class AdamW(Adam):
    """Adam with the weights decayed past the moments: θ ← θ − α λ θ in every step.

    The parameters are Adam's; λ, `weight_decay`, is 0.01 unless given.

    References
    ----------
    Loshchilov & Hutter (2019), "Decoupled weight decay regularization", Algorithm 2; as in
    PyTorch the decay is α λ, α being the rate in force (the paper's η λ with α held apart).

    Examples
    --------
    >>> import nn
    >>> w = nn.Parameter(3.0)
    >>> optimizer = AdamW([w], lr=0.5, weight_decay=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()  # 3 − 0.5 · 0.1 · 3 − 0.5
    >>> round(w.item(), 6)
    2.35
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True)
