"""Activations a = σ(z) as modules; the formulas are in `nn.functional`."""

from __future__ import annotations

from typing import Any

from nn import functional
from nn.module import Module


class Identity(Module):
    """σ(z) = z."""

    def forward(self, x: Any) -> Any:
        """Return x."""
        return x


class Tanh(Module):
    """σ(z) = tanh(z); see `nn.functional.tanh`."""

    def forward(self, x: Any) -> Any:
        """Return tanh(x)."""
        return functional.tanh(x)


class Sigmoid(Module):
    """σ(z) = 1 / (1 + exp(−z)); see `nn.functional.sigmoid`."""

    def forward(self, x: Any) -> Any:
        """Return 1 / (1 + exp(−x))."""
        return functional.sigmoid(x)


class ReLU(Module):
    """σ(z) = max(z, 0); see `nn.functional.relu`."""

    def forward(self, x: Any) -> Any:
        """Return max(x, 0)."""
        return functional.relu(x)
