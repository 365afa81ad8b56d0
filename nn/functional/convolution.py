"""Convolution: the layers' cross-correlation, the mathematicians' convolution, and its Toeplitz matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.arguments import integer
from nn.functional.correlation import cross_correlation
from nn.functional.windows import check_fit, image, paddings, per_axis, span

MODES = ("full", "same", "valid")


def conv1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Return the cross-correlation z = W ⋆ x + b of sequences, as `conv2d` does of images.

    Parameters
    ----------
    input : array_like
        Shape (N, C, L), or (C, L) for one sequence.
    weight : array_like
        Shape (O, C / groups, K).
    bias, stride, padding, dilation, groups
        As in `conv2d`.

    Returns
    -------
    array
        Shape (N, O, L'), or (O, L').

    Raises
    ------
    TypeError, ValueError
        As in `conv2d`.

    Examples
    --------
    >>> x = np.array([[1.0, 2.0, 4.0, 8.0]])
    >>> conv1d(x, np.array([[[-1.0, 1.0]]]))
    array([[1., 2., 4.]])
    """
    return _convolution("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Return the cross-correlation z = W ⋆ x + b of images, which the libraries call convolution.

    z[n,o,i,j] = b[o] + Σ W[o,c,k,l] x[n,c, i+k, j+l], the sum over c, k and l (for stride 1 and
    without padding): the lectures' S(i,j) = Σ I(i+m, j+n) K(m,n), summed over the channels. The
    kernel is not flipped; `convolve` flips it.

    Parameters
    ----------
    input : array_like
        Shape (N, C, H, W), or (C, H, W) for one image.
    weight : array_like
        Shape (O, C / groups, K, L), as in PyTorch.
    bias : array_like, optional
        Shape (O,).
    stride : int or pair of ints
        By how many pixels the kernel moves on.
    padding : int, pair of ints, "same" or "valid"
        Zeros around the image. "same" keeps its size (an odd zero goes to the end).
    dilation : int or pair of ints
        Distance in pixels of neighbouring entries of the kernel.
    groups : int
        Into how many parts the channels are cut; outputs of one part see that part of the input
        alone. With groups = C every channel is filtered by itself.

    Returns
    -------
    array
        Shape (N, O, H', W'), or (O, H', W'); H' = ⌊(H + 2·padding − dilation·(K−1) − 1) / stride⌋ + 1.

    Raises
    ------
    TypeError
        For options that are no integers.
    ValueError
        For shapes that do not fit each other, kernels larger than the image, numbers that are too
        small, and "same" with a stride.

    References
    ----------
    V. Dumoulin, F. Visin (2016), "A guide to convolution arithmetic for deep learning",
    arXiv:1603.07285, relationships 6 and 15.

    Examples
    --------
    >>> edge = np.array([[[[1.0, -1.0]]]])
    >>> conv2d(np.array([[[0.0, 0.0, 1.0, 1.0]]]), edge)
    array([[[ 0., -1.,  0.]]])
    """
    return _convolution("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def _convolution(
    function: str,
    ndim: int,
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: Any,
) -> Any:
    x = image(function, input, ndim)
    weight = weight if hasattr(weight, "shape") else np.asarray(weight)
    stride = per_axis(function, "stride", stride, ndim, 1)
    dilation = per_axis(function, "dilation", dilation, ndim, 1)
    groups = integer(function, "groups", groups, 1)
    _check_channels(function, ndim, x, weight, bias, groups)
    kernel_size = weight.shape[2:]
    padding = paddings(function, padding, kernel_size, stride, dilation)
    check_fit(function, x.shape[-ndim:], span(kernel_size, dilation), padding)
    is_single = len(x.shape) == ndim + 1
    window = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    z = cross_correlation(x[None] if is_single else x, weight, **window)
    if bias is not None:
        z = z + (bias if hasattr(bias, "shape") else np.asarray(bias))[(slice(None), *(None,) * ndim)]
    return z[0] if is_single else z


def _check_channels(function: str, ndim: int, x: Any, weight: Any, bias: Any, groups: int) -> None:
    """Raise unless the shapes of input, weight and bias belong together."""
    wanted = f"(out_channels, in_channels / groups, {'K' if ndim == 1 else 'K, L'})"
    if len(weight.shape) != ndim + 2 or 0 in weight.shape:
        raise ValueError(f"{function}: weight must have shape {wanted}; got {tuple(weight.shape)}. Reshape it.")
    outputs, channels, channels_of_group = weight.shape[0], x.shape[-ndim - 1], weight.shape[1]
    if channels % groups or outputs % groups:
        raise ValueError(
            f"{function}: groups must divide the channels; got groups={groups} for {channels} channels of the input "
            f"and {outputs} of the output. Choose a divisor of both."
        )
    if channels != channels_of_group * groups:
        raise ValueError(
            f"{function}: weight has shape {wanted}, here for {channels_of_group * groups} channels of the input; got "
            f"input of shape {tuple(x.shape)}, weight of shape {tuple(weight.shape)}, groups={groups}. "
            f"Axis {-ndim - 1} of the input is the channels: move them there, or build the weight for them."
        )
    if bias is not None and np.shape(bias) != (outputs,):
        raise ValueError(
            f"{function}: bias must have one entry for each output channel, shape {(outputs,)}; "
            f"got {np.shape(bias)}. Reshape it."
        )


# --- true convolution --------------------------------------------------------------------------------


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """Return the convolution (a ∗ v)[j] = Σᵢ a[i] v[j − i]: the kernel v is flipped, unlike in `conv2d`.

    The coefficients of a product of polynomials are the convolution of their coefficients.

    Parameters
    ----------
    a, v : array_like
        With the same number of axes: sequences, images, …
    mode : {"full", "same", "valid"}
        Every shift at which they overlap; the middle of it, in the shape of `a`; those at which one
        lies wholly inside the other.

    Returns
    -------
    array
        On each axis of length n + m − 1, n, or |n − m| + 1, as from `scipy.signal.convolve`.

    Raises
    ------
    ValueError
        For different numbers of axes, empty arrays, an unknown mode, and "valid" where neither contains the other.

    Examples
    --------
    (1 + 2t) (3 + t²) = 3 + 6t + t² + 2t³:

    >>> convolve([1.0, 2.0], [3.0, 0.0, 1.0])
    array([3., 6., 1., 2.])
    """
    a, v = [x if hasattr(x, "shape") else np.asarray(x) for x in (a, v)]
    n, m = tuple(a.shape), tuple(v.shape)
    _check_operands(n, m, mode)
    if mode == "valid" and not all(i >= j for i, j in zip(n, m, strict=True)):
        a, v, n, m = v, a, m, n
    ends = {
        "full": [(j - 1, j - 1) for j in m],
        "same": [(j // 2, (j - 1) // 2) for j in m],
        "valid": [(0, 0) for j in m],
    }
    window = {"stride": (1,) * len(n), "padding": tuple(ends[mode]), "dilation": (1,) * len(n), "groups": 1}
    return cross_correlation(a[None, None], np.flip(v)[None, None], **window)[0, 0]


def _check_operands(n: tuple[int, ...], m: tuple[int, ...], mode: str) -> None:
    if mode not in MODES:
        raise ValueError(f'convolve: mode is one of "full", "same", "valid"; got {mode!r}. Choose one of them.')
    if len(n) != len(m) or len(n) == 0 or 0 in n + m:
        raise ValueError(
            f"convolve: a and v must have the same number of axes, at least one, and no empty one; got shapes {n} and "
            f"{m}. For images with channels use conv2d."
        )
    larger = [all(i >= j for i, j in zip(x, y, strict=True)) for x, y in ((n, m), (m, n))]
    if mode == "valid" and not any(larger):
        raise ValueError(
            f'convolve: mode "valid" needs one that contains the other on every axis; got shapes {n} and {m}. '
            'Use mode "full".'
        )


def convolution_matrix(v: Any, n: int) -> Any:
    """Return the lectures' Toeplitz matrix T of v, with T[j, i] = v[j − i]: T @ a is `convolve(a, v)`.

    It is for mathematics and tests; nothing here stores it to convolve.

    Parameters
    ----------
    v : array_like
        Shape (m,).
    n : int
        Length of the sequences that T is for.

    Returns
    -------
    array
        Shape (n + m − 1, n).

    Raises
    ------
    TypeError, ValueError
        If v is not a sequence, or n no positive integer.

    Examples
    --------
    >>> convolution_matrix([1.0, 2.0, 3.0], 2)
    array([[1., 0.],
           [2., 1.],
           [3., 2.],
           [0., 3.]])
    """
    v = v if hasattr(v, "shape") else np.asarray(v)
    n = integer("convolution_matrix", "n", n, 1)
    if len(v.shape) != 1 or v.shape[0] == 0:
        raise ValueError(f"convolution_matrix: v must be a sequence; got shape {tuple(v.shape)}. Pass a 1-d array.")
    m = v.shape[0]
    lag = np.arange(n + m - 1)[:, None] - np.arange(n)
    inside = (lag >= 0) & (lag < m)
    return np.where(inside, v[np.where(inside, lag, 0)], np.zeros((), v.dtype))
