"""Pooling layers; the formulas are in `nn.functional`."""

from __future__ import annotations

from typing import Any, ClassVar

from nn import functional
from nn.arguments import flag
from nn.functional.pooling import check_padding, output_sizes
from nn.functional.windows import per_axis
from nn.module import Module


class _Pool(Module):
    """What the layers with a sliding window share: their options, checked when they are made."""

    ndim: ClassVar[int]

    def __init__(self, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> None:
        name = type(self).__name__
        self.kernel_size = per_axis(name, "kernel_size", kernel_size, self.ndim, 1)
        self.stride = self.kernel_size if stride is None else per_axis(name, "stride", stride, self.ndim, 1)
        self.padding = per_axis(name, "padding", padding, self.ndim, 0)
        self.dilation = per_axis(name, "dilation", dilation, self.ndim, 1)
        self.ceil_mode = ceil_mode
        check_padding(name, self.padding, self.kernel_size, self.dilation)
        flag(name, "ceil_mode", ceil_mode)

    def extra_repr(self) -> str:
        defaults = {
            "stride": self.kernel_size,
            "padding": (0,) * self.ndim,
            "dilation": (1,) * self.ndim,
            "ceil_mode": False,
            "count_include_pad": True,
        }
        options = {name: getattr(self, name, default) for name, default in defaults.items()}
        changed = [f", {name}={value!r}" for name, value in options.items() if value != defaults[name]]
        return f"{self.kernel_size}{''.join(changed)}"


class _MaxPool(_Pool):
    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, *, ceil_mode: bool = False
    ) -> None:
        super().__init__(kernel_size, stride, padding, dilation, ceil_mode)

    def forward(self, x: Any) -> Any:
        """Return the largest entry of each window."""
        pool = (functional.max_pool1d, functional.max_pool2d)[self.ndim - 1]
        return pool(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)


class _AvgPool(_Pool):
    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel_size, stride, padding, 1, ceil_mode)
        flag(type(self).__name__, "count_include_pad", count_include_pad)
        self.count_include_pad = count_include_pad

    def forward(self, x: Any) -> Any:
        """Return the mean of each window."""
        pool = (functional.avg_pool1d, functional.avg_pool2d)[self.ndim - 1]
        return pool(x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class MaxPool1d(_MaxPool):
    """The largest entry of each window of a sequence; see `nn.functional.max_pool1d`.

    Examples
    --------
    >>> import numpy as np
    >>> MaxPool1d(2)(np.array([[1.0, 3.0, 2.0, 0.0]]))
    array([[3., 2.]])
    """

    ndim = 1


class MaxPool2d(_MaxPool):
    """The largest entry of each window of an image; see `nn.functional.max_pool2d`.

    Parameters
    ----------
    kernel_size, stride, padding, dilation, ceil_mode
        As in `nn.functional.max_pool2d`; they are checked here.

    Examples
    --------
    >>> import numpy as np
    >>> MaxPool2d(2)
    MaxPool2d((2, 2))
    >>> MaxPool2d(2)(np.ones((5, 3, 8, 7))).shape
    (5, 3, 4, 3)
    """

    ndim = 2


class AvgPool1d(_AvgPool):
    """The mean of each window of a sequence; see `nn.functional.avg_pool1d`.

    Examples
    --------
    >>> import numpy as np
    >>> AvgPool1d(2)(np.array([[1.0, 3.0, 2.0, 0.0]]))
    array([[2., 1.]])
    """

    ndim = 1


class AvgPool2d(_AvgPool):
    """The mean of each window of an image; see `nn.functional.avg_pool2d`.

    Parameters
    ----------
    kernel_size, stride, padding, ceil_mode, count_include_pad
        As in `nn.functional.avg_pool2d`; they are checked here.

    Examples
    --------
    >>> AvgPool2d(3, stride=2, padding=1)
    AvgPool2d((3, 3), stride=(2, 2), padding=(1, 1))
    """

    ndim = 2


class AdaptiveAvgPool2d(Module):
    """The means of windows that cover an image of any size; see `nn.functional.adaptive_avg_pool2d`.

    Parameters
    ----------
    output_size : int or pair of ints
        How many windows; None on an axis leaves it as it is. With 1 each channel becomes its mean.

    Raises
    ------
    TypeError, ValueError
        For sizes that are no positive integers.

    Examples
    --------
    >>> import numpy as np
    >>> AdaptiveAvgPool2d(1)(np.ones((5, 3, 8, 7))).shape
    (5, 3, 1, 1)
    """

    def __init__(self, output_size: Any) -> None:
        self.output_size = output_sizes(type(self).__name__, output_size, 2)

    def forward(self, x: Any) -> Any:
        """Return the means."""
        return functional.adaptive_avg_pool2d(x, self.output_size)

    def extra_repr(self) -> str:
        return str(self.output_size)
