"""Affine maps."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn import functional
from nn.arguments import float_dtype, generator, integer
from nn.functional.reduction import floats
from nn.module import Module
from nn.parameter import Parameter


class Linear(Module):
    r"""The affine map z = x W + b: a dense layer before its activation.

    In the lectures' terms x is a⁽ˡ⁻¹⁾, the output of the layer before, and what `backward`
    leaves in `bias.grad` is δ⁽ˡ⁾ = ∂C/∂z⁽ˡ⁾, summed over the samples.

    Parameters
    ----------
    in_features, out_features : int
        Length of the last axis of the input and of the output.
    bias : bool
        Whether b is there.
    rng : numpy.random.Generator or int, optional
        Source of the initial values; a fresh one by default.
    dtype : dtype
        Of the parameters, float64 or float32.

    Attributes
    ----------
    weight : Parameter
        Shape (in_features, out_features); at first uniform in ±1/√in_features, as in PyTorch.
    bias : Parameter or None
        Shape (out_features,); at first likewise.

    Raises
    ------
    TypeError, ValueError
        For feature numbers that are no positive integers, and inputs whose last axis is not `in_features` long.

    Examples
    --------
    >>> layer = Linear(2, 3, rng=0)
    >>> layer(np.ones((5, 2))).shape
    (5, 3)
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *, rng: Any = None, dtype: Any = np.float64
    ) -> None:
        self.in_features = integer("Linear", "in_features", in_features, 1)
        self.out_features = integer("Linear", "out_features", out_features, 1)
        rng, dtype = generator("Linear", rng), float_dtype("Linear", dtype)
        bound = 1.0 / np.sqrt(self.in_features)
        self.weight = Parameter(rng.uniform(-bound, bound, (self.in_features, self.out_features)).astype(dtype))
        self.bias = Parameter(rng.uniform(-bound, bound, self.out_features).astype(dtype)) if bias else None

    def forward(self, x: Any) -> Any:
        """Return x W + b, shape (…, out_features), for x of shape (…, in_features)."""
        try:
            return functional.linear(x, self.weight, self.bias)
        except (TypeError, ValueError) as mismatch:
            floats("Linear", "the input", x)  # which raises unless it holds numbers
            raise ValueError(
                f"Linear: the last axis of the input must be in_features={self.in_features} long; "
                f"got shape {np.shape(x)}. Reshape the input, or build the layer for it."
            ) from mismatch

    def extra_repr(self) -> str:
        return f"{self.in_features}, {self.out_features}{', bias=False' if self.bias is None else ''}"
