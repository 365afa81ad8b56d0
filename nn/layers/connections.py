"""Shorter ways from the input to the output: residual, highway and dense connections.

Deep stacks of layers learn badly where information must pass through all of them; each of
these modules lets its input reach its output directly.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nn import functional, init
from nn.arguments import generator, integer, number
from nn.layers.activations import ReLU
from nn.layers.containers import Sequential
from nn.layers.linear import Linear
from nn.module import Module


class Residual(Module):
    """y = x + f(x), a residual connection around the module f.

    Parameters
    ----------
    module : Module
        f.
    shortcut : Module, optional
        What to do with x where f changes its shape: y = shortcut(x) + f(x), a projection
        such as `Linear(a, b, bias=False)`.

    Raises
    ------
    TypeError
        For what is no module.
    ValueError
        If the two terms have different shapes.

    References
    ----------
    He, Zhang, Ren & Sun (2016), "Deep residual learning for image recognition", eqs. 1 and 2.

    Examples
    --------
    >>> from nn import Linear, Tanh
    >>> block = Residual(Sequential(Linear(4, 4), Tanh()))
    >>> block(np.ones((2, 4))).shape
    (2, 4)
    """

    def __init__(self, module: Module, shortcut: Module | None = None) -> None:
        self.module = _module("Residual", "module", module)
        self.shortcut = None if shortcut is None else _module("Residual", "shortcut", shortcut)

    def forward(self, x: Any) -> Any:
        """Return x + f(x)."""
        straight = x if self.shortcut is None else self.shortcut(x)
        change = self.module(x)
        if np.shape(straight) != np.shape(change):
            raise ValueError(
                "Residual: both terms must have one shape, or broadcasting would repeat one of them; got "
                f"{np.shape(straight)} and {np.shape(change)}. Pass a shortcut, such as nn.Linear(a, b, bias=False)."
            )
        return straight + change


class Highway(Module):
    """y = T(x) · H(x) + (1 − T(x)) · x: a gate T decides, entry by entry, between H(x) and x itself.

    Parameters
    ----------
    features : int
        Length of the last axis of the input and output.
    module : Module, optional
        H, from `features` to `features`; by default an affine map and ReLU.
    gate_bias : float
        At first the bias of the gate T(x) = sigmoid(x W + b): negative, so that the layer
        starts by carrying x on.
    rng : numpy.random.Generator or int, optional
        Source of the initial values; a fresh one by default.
    dtype : dtype
        Of the parameters, float64 or float32.

    Attributes
    ----------
    module : Module
        H.
    gate : Linear
        The affine map in T.

    Raises
    ------
    TypeError, ValueError
        For options out of range; if H changes the shape.

    References
    ----------
    Srivastava, Greff & Schmidhuber (2015), "Highway networks", eqs. 3 and 4; the bias of
    the gate is that of section 2.2.

    Examples
    --------
    >>> layer = Highway(3, gate_bias=-40.0, rng=0)
    >>> np.round(layer(np.array([1.0, 2.0, 3.0])).numpy(), 12)
    array([1., 2., 3.])
    """

    def __init__(
        self,
        features: int,
        module: Module | None = None,
        gate_bias: float = -2.0,
        *,
        rng: Any = None,
        dtype: Any = np.float64,
    ) -> None:
        self.features = integer("Highway", "features", features, 1)
        self.gate_bias = number("Highway", "gate_bias", gate_bias)
        rng = generator("Highway", rng)
        default = module is None
        plain = Sequential(Linear(self.features, self.features, rng=rng, dtype=dtype), ReLU()) if default else module
        self.module = _module("Highway", "module", plain)
        self.gate = Linear(self.features, self.features, rng=rng, dtype=dtype)
        init.constant_(self.gate.bias, self.gate_bias)

    def forward(self, x: Any) -> Any:
        """Return T(x) · H(x) + (1 − T(x)) · x, in the shape of x."""
        change = self.module(x)
        if np.shape(change) != np.shape(x):
            raise ValueError(
                f"Highway: the module must keep the shape of its input; got {np.shape(change)} from {np.shape(x)}. "
                "Change its size outside the highway."
            )
        gate = functional.sigmoid(self.gate(x))
        return gate * change + (1.0 - gate) * x

    def extra_repr(self) -> str:
        return f"{self.features}, gate_bias={self.gate_bias}"


class DenseConnection(Module):
    """y = [x, f(x)]: the output of f is put beside its input, along one axis.

    Parameters
    ----------
    module : Module
        f.
    dim : int
        The axis that grows: 1, the channels, by default.

    Raises
    ------
    TypeError, ValueError
        For what is no module; if x and f(x) differ in another axis.

    References
    ----------
    Huang, Liu, van der Maaten & Weinberger (2017), "Densely connected convolutional
    networks", eq. 2: a chain of these modules hands every layer the outputs of all before.

    Examples
    --------
    >>> from nn import Linear
    >>> DenseConnection(Linear(4, 3))(np.ones((2, 4))).shape
    (2, 7)
    """

    def __init__(self, module: Module, dim: int = 1) -> None:
        self.module = _module("DenseConnection", "module", module)
        self.dim = integer("DenseConnection", "dim", dim)

    def forward(self, x: Any) -> Any:
        """Return x and f(x), concatenated."""
        y = self.module(x)
        try:
            return np.concatenate([x, y], axis=self.dim)
        except ValueError as mismatch:
            raise ValueError(
                f"DenseConnection: input and output may differ along axis {self.dim} alone; "
                f"got {np.shape(x)} and {np.shape(y)}. Change dim, or the module."
            ) from mismatch

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


def _module(layer: str, name: str, value: Any) -> Module:
    if not isinstance(value, Module):
        raise TypeError(
            f"{layer}: {name} must be a module; got {type(value).__name__}. Pass an instance, such as nn.Linear(4, 4)."
        )
    return value
