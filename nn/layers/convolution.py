"""Convolutional layers: the same small kernels at every place of a sequence or an image."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

import numpy as np

from nn import functional
from nn.arguments import float_dtype, generator, integer
from nn.functional.windows import paddings, per_axis
from nn.module import Module
from nn.parameter import Parameter

MARGINS: dict[str, Any] = {
    "zeros": "constant",
    "reflect": "reflect",
    "replicate": "edge",
    "circular": "wrap",
}  # NumPy's names


class _Convolution(Module):
    """What `Conv1d` and `Conv2d` share; they differ in the number of image axes."""

    ndim: ClassVar[int]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        rng: Any = None,
        dtype: Any = np.float64,
    ) -> None:
        name = type(self).__name__
        self.in_channels = integer(name, "in_channels", in_channels, 1)
        self.out_channels = integer(name, "out_channels", out_channels, 1)
        self.kernel_size = per_axis(name, "kernel_size", kernel_size, self.ndim, 1)
        self.stride = per_axis(name, "stride", stride, self.ndim, 1)
        self.dilation = per_axis(name, "dilation", dilation, self.ndim, 1)
        self.groups = integer(name, "groups", groups, 1)
        self.margins = paddings(name, padding, self.kernel_size, self.stride, self.dilation)
        self.padding = padding if isinstance(padding, str) else tuple([before for before, _ in self.margins])
        self.padding_mode = padding_mode
        if padding_mode not in MARGINS:
            raise ValueError(
                f"{name}: padding_mode is one of {', '.join(map(repr, MARGINS))}; got {padding_mode!r}. "
                "Choose one of them."
            )
        if self.in_channels % self.groups or self.out_channels % self.groups:
            raise ValueError(
                f"{name}: groups must divide the channels; got groups={groups} for in_channels={in_channels} and "
                f"out_channels={out_channels}. Choose a divisor of both."
            )
        rng, dtype = generator(name, rng), float_dtype(name, dtype)
        shape = (self.out_channels, self.in_channels // self.groups, *self.kernel_size)
        bound = 1.0 / np.sqrt(prod(shape[1:]))
        self.weight = Parameter(rng.uniform(-bound, bound, shape).astype(dtype))
        self.bias = Parameter(rng.uniform(-bound, bound, self.out_channels).astype(dtype)) if bias else None

    def forward(self, x: Any) -> Any:
        """Return z = W ⋆ x + b."""
        convolution = (functional.conv1d, functional.conv2d)[self.ndim - 1]
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            axes = np.ndim(x) - self.ndim
            x = np.pad(x, [(0, 0)] * axes + list(self.margins), mode=MARGINS[self.padding_mode])
            padding = 0
        return convolution(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        ones = (1,) * self.ndim
        options = {
            "stride": (self.stride, ones),
            "padding": (self.padding, (0,) * self.ndim),
            "dilation": (self.dilation, ones),
            "groups": (self.groups, 1),
            "bias": (self.bias is not None, True),
            "padding_mode": (self.padding_mode, "zeros"),
        }
        changed = [f", {name}={value!r}" for name, (value, default) in options.items() if value != default]
        return f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}{''.join(changed)}"


class Conv1d(_Convolution):
    """The layer z = W ⋆ x + b for sequences; its parameters are those of `Conv2d`.

    Input of shape (N, in_channels, L) or (in_channels, L), weight of shape
    (out_channels, in_channels / groups, K); see `nn.functional.conv1d`.

    Examples
    --------
    >>> Conv1d(2, 4, 3, padding="same", rng=0)(np.ones((5, 2, 10))).shape
    (5, 4, 10)
    """

    ndim = 1


class Conv2d(_Convolution):
    r"""The layer z = W ⋆ x + b for images: each output channel is the sum of filtered input channels.

    In the lectures' terms, out_channels filters K slide over the image; a filter has a slice for
    each channel (the depth of the volume), and one bias. See `nn.functional.conv2d` for the formula.

    Parameters
    ----------
    in_channels, out_channels : int
        Depth of the input and of the output.
    kernel_size : int or pair of ints
        Height and width of the filters, in pixels.
    stride, padding, dilation, groups
        As in `nn.functional.conv2d`.
    bias : bool
        Whether b is there.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        What stands around the image.
    rng : numpy.random.Generator or int, optional
        Source of the initial values; a fresh one by default.
    dtype : dtype
        Of the parameters, float64 or float32.

    Attributes
    ----------
    weight : Parameter
        Shape (out_channels, in_channels / groups, *kernel_size); at first uniform in ±1/√n, n the
        number of inputs of one output, as in PyTorch.
    bias : Parameter or None
        Shape (out_channels,); at first likewise.

    Raises
    ------
    TypeError, ValueError
        For options of the wrong kind, too small, or unknown; for groups that do not divide the channels;
        and by the call, for inputs that do not fit.

    Examples
    --------
    >>> layer = Conv2d(1, 8, 3, rng=0)
    >>> layer
    Conv2d(1, 8, kernel_size=(3, 3))  # 80 parameters
    >>> layer(np.ones((64, 1, 28, 28))).shape
    (64, 8, 26, 26)
    """

    ndim = 2
