"""RMSprop: gradients divided by their running root mean square."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from nn.optim.flat import Segment
from nn.optim.optimizer import Optimizer


class RMSprop(Optimizer):
    """RMSprop: v ← α v + (1 − α) g², θ ← θ − η g / (√v + ε).

    Parameters
    ----------
    params : iterable
        Parameters, or groups of them; see `Optimizer`.
    lr : float
        The learning rate η.
    alpha : float
        α, the decay rate of the mean square (the lectures' ρ, which they set to 0.9).
    eps : float
        ε, added to the square root (the lectures' δ).
    weight_decay : float
        λ of the L2 penalty ½ λ |θ|², whose gradient λ θ is added to g.
    momentum : float
        μ in b ← μ b + g / (√v + ε), θ ← θ − η b.
    centered : bool
        Whether to divide by the running standard deviation, √(v − ḡ²), ḡ ← α ḡ + (1 − α) g.
    maximize : bool
        Whether to climb instead.

    Raises
    ------
    TypeError, ValueError
        For what is no parameter; for options of the wrong kind or out of range.

    Notes
    -----
    The lectures' `RMS_prop(eta, rho)` is `RMSprop(lr=eta, alpha=rho)`.

    References
    ----------
    Tieleman & Hinton (2012), "Neural networks for machine learning", lecture 6.5, slide 29.
    Graves (2013), "Generating sequences with recurrent neural networks", eqs. 38–41, for
    momentum and the centred form, where ε is under the root. As in PyTorch it is outside;
    unlike there, a variance v − ḡ² that rounding made negative counts as 0 (there: NaN).

    Examples
    --------
    >>> import nn
    >>> w = nn.Parameter(3.0)
    >>> optimizer = RMSprop([w], lr=0.1, alpha=0.75)
    >>> (w * w).backward()
    >>> optimizer.step()  # by 0.1 · 6 / √(0.25 · 36)
    >>> round(w.item(), 6)
    2.8
    """

    states: ClassVar[Mapping[str, str | None]] = {
        "square_avg": None,
        "momentum_buffer": "momentum",
        "grad_avg": "centered",
    }
    scratch = 2

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            alpha=alpha,
            eps=eps,
            weight_decay=weight_decay,
            momentum=momentum,
            centered=centered,
            maximize=maximize,
        )

    def update(self, segment: Segment, options: Mapping[str, Any]) -> None:
        """Carry out the equations above."""
        progress, theta, _, (v, b, mean_g), (s, decayed) = segment
        progress["step"] += 1
        eta, alpha, mu = options["lr"], options["alpha"], options["momentum"]
        g = segment.descent_gradient(options["maximize"], options["weight_decay"], decayed)
        # v ← α v + (1 − α) g²
        v *= alpha
        np.multiply(g, g, out=s)
        v += np.multiply(s, 1.0 - alpha, out=s)
        if options["centered"]:
            # ḡ ← α ḡ + (1 − α) g;  √(v − ḡ²)
            mean_g *= alpha
            mean_g += np.multiply(g, 1.0 - alpha, out=s)
            np.multiply(mean_g, mean_g, out=s)
            np.subtract(v, s, out=s)
            np.maximum(s, 0.0, out=s)  # rounding: of a constant gradient the difference is 0, more or less
            np.sqrt(s, out=s)
        else:
            np.sqrt(v, out=s)
        s += options["eps"]
        np.divide(g, s, out=s)
        if mu:
            # b ← μ b + g / (√v + ε)
            b *= mu
            b += s
            np.multiply(b, eta, out=s)
        else:
            s *= eta
        theta -= s
