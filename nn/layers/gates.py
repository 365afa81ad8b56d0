"""Activations that let z through by a gate, z times a function from 0 to 1, as modules."""

from __future__ import annotations

from typing import Any

from nn import functional
from nn.functional.gates import check_approximation
from nn.module import Module


class GELU(Module):
    """σ(z) = z Φ(z); see `nn.functional.gelu`.

    Parameters
    ----------
    approximate : {"none", "tanh"}
        How Φ is computed.

    Raises
    ------
    ValueError
        For another one.

    Examples
    --------
    >>> print(f"{GELU()(1.0):.6f}")
    0.841345
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = check_approximation("GELU", approximate)

    def forward(self, x: Any) -> Any:
        """Return x Φ(x)."""
        return functional.gelu(x, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """σ(z) = z / (1 + exp(−z)); see `nn.functional.silu`.

    Examples
    --------
    >>> print(f"{SiLU()(1.0):.6f}")
    0.731059
    """

    def forward(self, x: Any) -> Any:
        """Return x / (1 + exp(−x))."""
        return functional.silu(x)


class Mish(Module):
    """σ(z) = z tanh(log(1 + exp(z))); see `nn.functional.mish`.

    Examples
    --------
    >>> print(f"{Mish()(1.0):.6f}")
    0.865098
    """

    def forward(self, x: Any) -> Any:
        """Return x tanh(log(1 + exp(x)))."""
        return functional.mish(x)


class Hardswish(Module):
    """σ(z) = z · hardsigmoid(z); see `nn.functional.hardswish`.

    Examples
    --------
    >>> print(f"{Hardswish()(1.0):.6f}")
    0.666667
    """

    def forward(self, x: Any) -> Any:
        """Return x · hardsigmoid(x)."""
        return functional.hardswish(x)
