"""The options of operations that slide a window over an image: kernel size, stride, padding, dilation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from nn.arguments import integer

AXES = {1: "(N, C, L) or (C, L)", 2: "(N, C, H, W) or (C, H, W)"}


def per_axis(function: str, name: str, value: Any, ndim: int, least: int) -> tuple[int, ...]:
    """Return an option as one int for each of `ndim` axes; a single int is for all of them."""
    if not isinstance(value, (tuple, list)):
        return (integer(function, name, value, least),) * ndim
    if len(value) != ndim:
        raise ValueError(
            f"{function}: {name} must be an integer or {ndim} of them; got {len(value)}, {value!r}. "
            "Give one for each axis of the image."
        )
    return tuple([integer(function, name, item, least) for item in value])


def paddings(
    function: str, padding: Any, kernel_size: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """Return the numbers of zeros (before, after) the image on each axis."""
    if not isinstance(padding, str):
        return tuple([(p, p) for p in per_axis(function, "padding", padding, len(kernel_size), 0)])
    if padding == "valid":
        return ((0, 0),) * len(kernel_size)
    if padding != "same":
        raise ValueError(
            f'{function}: padding is "same", "valid" or a number of zeros; got {padding!r}. Choose one of them.'
        )
    if any(s != 1 for s in stride):
        raise ValueError(
            f'{function}: padding="same" keeps the size, which a stride does not; got stride={tuple(stride)}. '
            "Give the padding as a number."
        )
    totals = [d * (k - 1) for k, d in zip(kernel_size, dilation, strict=True)]
    return tuple([(total // 2, total - total // 2) for total in totals])  # an odd one more after, as in PyTorch


def span(kernel_size: Sequence[int], dilation: Sequence[int]) -> tuple[int, ...]:
    """Return how many pixels a window reaches over, on each axis."""
    return tuple([d * (k - 1) + 1 for k, d in zip(kernel_size, dilation, strict=True)])


def positions(
    lengths: Sequence[int],
    kernel_size: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
) -> tuple[int, ...]:
    """Return how many windows there are on each axis of an image: ⌊(n + padding − span) / stride⌋ + 1."""
    reach = span(kernel_size, dilation)
    return tuple(
        [
            (n + before + after - w) // s + 1
            for n, w, s, (before, after) in zip(lengths, reach, stride, padding, strict=True)
        ]
    )


def check_fit(function: str, lengths: Sequence[int], reach: Sequence[int], padding: Sequence[tuple[int, int]]) -> None:
    """Raise unless a window that reaches over `reach` pixels fits into the padded image."""
    padded = tuple([n + before + after for n, (before, after) in zip(lengths, padding, strict=True)])
    if any(w > n for w, n in zip(reach, padded, strict=True)):
        raise ValueError(
            f"{function}: the kernel must fit into the image; got a kernel that reaches over {tuple(reach)} for an "
            f"image of {tuple(lengths)}, {padded} with its padding. Use a smaller kernel, or pad."
        )


def image(function: str, input: Any, ndim: int) -> Any:
    """Return `input` as an array or tensor of floats with channels and `ndim` image axes, batched or not."""
    x = input if hasattr(input, "shape") and hasattr(input, "dtype") else np.asarray(input)
    if len(x.shape) not in (ndim + 1, ndim + 2):
        raise ValueError(
            f"{function}: input must have shape {AXES[ndim]}; got {tuple(x.shape)}. "
            "Reshape it: the axis of channels must be there, even for one of them."
        )
    if x.dtype.kind in "biu":
        return x.astype(float)
    if x.dtype.kind not in "fc":
        raise TypeError(f"{function}: input must hold numbers; got dtype {x.dtype}. Convert it with .astype(float).")
    return x


def along(x: Any, axis: int, n: int, k: int, s: int, d: int) -> Iterator[Any]:
    """Yield for each of the k entries of a kernel on one (negative) axis the pixels that it meets, for n windows."""
    after = (slice(None),) * (-1 - axis)
    return (x[(..., slice(i * d, i * d + s * (n - 1) + 1, s), *after)] for i in range(k))
