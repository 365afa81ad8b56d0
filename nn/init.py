"""Initial values of parameters, in PyTorch's spelling: each function fills an array in place and returns it.

What is drawn keeps the size of the signals a = f(x W) and of the errors δ = (Wᵀ δ) about the
same from layer to layer: the variance of a weight is 1 / (number of terms in such a sum),
times gain² for what the activation takes away. A weight of shape (in, out) (`Linear`) has
fan_in = in and fan_out = out; one of shape (out, in, k, …) (convolutions) has
fan_in = in · k · … and fan_out = out · k · ….
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any, TypeVar

import numpy as np

import autodiff as ad

T = TypeVar("T")


# --- fans and gains ------------------------------------------------------------------------


def fans(tensor: Any) -> tuple[int, int]:
    """Return fan_in and fan_out of a weight: how many inputs an output has, and the other way round.

    Examples
    --------
    >>> fans(np.empty((64, 10))), fans(np.empty((16, 3, 5, 5)))
    ((64, 10), (75, 400))
    """
    shape = tensor.shape
    if len(shape) < 2:
        raise ValueError(
            f"init: fan_in and fan_out need a weight of two axes or more; got shape {shape}. "
            "Use zeros_, constant_, normal_ or uniform_ for a bias."
        )
    if len(shape) == 2:
        return shape[0], shape[1]
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


GAINS = {
    **dict.fromkeys(["linear", "identity", "conv1d", "conv2d", "sigmoid"], 1.0),
    "tanh": 5.0 / 3.0,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4.0,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return the factor by which weights are scaled for what an activation takes away.

    Parameters
    ----------
    nonlinearity : str
        "linear", "identity", "conv1d", "conv2d", "sigmoid" (1), "tanh" (5/3), "relu" (√2),
        "leaky_relu" (√(2 / (1 + slope²))) or "selu" (3/4).
    param : float, optional
        The slope of leaky ReLU for negative arguments, 0.01 by default.

    Raises
    ------
    TypeError, ValueError
        For another activation; for a slope that is no number.

    References
    ----------
    He, Zhang, Ren & Sun (2015), "Delving deep into rectifiers", eqs. 10 and 15 (ReLU and
    leaky ReLU); the others are PyTorch's.

    Examples
    --------
    >>> calculate_gain("leaky_relu", 1.0)
    1.0
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else _number("calculate_gain", "param", param)
        return math.sqrt(2.0 / (1.0 + slope * slope))
    if nonlinearity not in GAINS:
        choices = ", ".join(f'"{name}"' for name in [*GAINS, "leaky_relu"])
        raise ValueError(f"calculate_gain: unknown nonlinearity; got {nonlinearity!r}. Choose one of {choices}.")
    return GAINS[nonlinearity]


# --- values that are not drawn ---------------------------------------------------------------


def zeros_(tensor: T) -> T:
    """Fill with 0. (A layer whose weights are all equal never learns to tell its units apart.)"""
    return _fill("zeros_", tensor, 0.0)


def ones_(tensor: T) -> T:
    """Fill with 1."""
    return _fill("ones_", tensor, 1.0)


def constant_(tensor: T, val: float) -> T:
    """Fill with `val`."""
    return _fill("constant_", tensor, _number("constant_", "val", val))


def eye_(tensor: T) -> T:
    """Fill a matrix with the identity: a linear layer then passes its inputs on.

    Raises
    ------
    ValueError
        For anything but a matrix.
    """
    shape = _shape(tensor)
    if len(shape) != 2:
        raise ValueError(f"eye_: the tensor must be a matrix; got shape {shape}. Pass a weight of shape (in, out).")
    return _fill("eye_", tensor, np.eye(*shape))


# --- values drawn from a given distribution ----------------------------------------------------


def uniform_(tensor: T, a: float = 0.0, b: float = 1.0, *, rng: Any = None) -> T:
    """Fill with draws from the uniform distribution on [a, b).

    Parameters
    ----------
    tensor : Parameter or ndarray
        Of floats; changed in place, without being recorded.
    a, b : float
        The bounds.
    rng : numpy.random.Generator or int, optional
        Source of the draws; a fresh one by default.

    Raises
    ------
    TypeError, ValueError
        For what can not be filled; for a > b.
    """
    a, b = _number("uniform_", "a", a), _number("uniform_", "b", b)
    if a > b:
        raise ValueError(f"uniform_: a must not exceed b; got a={a}, b={b}. Swap them.")
    return _fill("uniform_", tensor, np.random.default_rng(rng).uniform(a, b, _shape(tensor)))


def normal_(tensor: T, mean: float = 0.0, std: float = 1.0, *, rng: Any = None) -> T:
    """Fill with draws from the normal distribution N(mean, std²): by default the historical N(0, 1).

    Parameters are as in `uniform_`; a negative `std` is a ValueError.
    """
    mean, std = _number("normal_", "mean", mean), _not_negative("normal_", "std", std)
    return _fill("normal_", tensor, np.random.default_rng(rng).normal(mean, std, _shape(tensor)))


def trunc_normal_(
    tensor: T, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, *, rng: Any = None
) -> T:
    """Fill with draws from N(mean, std²) that lie in [a, b]: the others are drawn again.

    Raises
    ------
    TypeError, ValueError
        For options out of range; if less than one draw in 1000 lies in [a, b].
    """
    name = "trunc_normal_"
    mean, std = _number(name, "mean", mean), _not_negative(name, "std", std)
    a, b = _number(name, "a", a), _number(name, "b", b)
    inside = NormalDist(mean, std).cdf(b) - NormalDist(mean, std).cdf(a) if std else float(a <= mean <= b)
    if inside < 1e-3:
        raise ValueError(
            f"{name}: [a, b] must hold a good part of the distribution; got a={a}, b={b} for mean={mean}, std={std}. "
            "Move the bounds."
        )
    rng = np.random.default_rng(rng)
    values = rng.normal(mean, std, _shape(tensor))
    while (outside := (values < a) | (values > b)).any():
        values = np.array(values)  # of a scalar, too
        values[outside] = rng.normal(mean, std, np.count_nonzero(outside))
    return _fill(name, tensor, values)


# --- values scaled by the size of the layer ------------------------------------------------------


def _scaled(name: str, kind: str, tensor: T, variance: float, rng: Any) -> T:
    """Fill with draws of mean 0 and the given variance."""
    std = math.sqrt(variance)
    rng = np.random.default_rng(rng)
    shape = _shape(tensor)
    if kind == "normal":
        return _fill(name, tensor, rng.normal(0.0, std, shape))
    bound = math.sqrt(3.0) * std  # the uniform distribution on ±c has the variance c²/3
    return _fill(name, tensor, rng.uniform(-bound, bound, shape))


def _glorot(name: str, kind: str, tensor: T, gain: float, rng: Any) -> T:
    gain = _not_negative(name, "gain", gain)
    return _scaled(name, kind, tensor, gain**2 * 2.0 / sum(_fans(name, tensor)), rng)


def xavier_uniform_(tensor: T, gain: float = 1.0, *, rng: Any = None) -> T:
    """Fill with uniform draws of variance gain² · 2 / (fan_in + fan_out): Glorot's initialisation.

    Between the variance 1/fan_in that keeps the size of the signals and the variance
    1/fan_out that keeps the size of the gradients; meant for tanh and sigmoid.

    Parameters
    ----------
    tensor : Parameter or ndarray
        A weight of two axes or more; changed in place, without being recorded.
    gain : float
        See `calculate_gain`.
    rng : numpy.random.Generator or int, optional
        Source of the draws; a fresh one by default.

    Raises
    ------
    TypeError, ValueError
        For what can not be filled, less than two axes, and a negative gain.

    References
    ----------
    Glorot & Bengio (2010), "Understanding the difficulty of training deep feedforward
    neural networks", eq. 16.

    Examples
    --------
    >>> W = xavier_uniform_(np.empty((100, 200)), rng=0)
    >>> bool(np.abs(W).max() <= np.sqrt(6 / 300))
    True
    """
    return _glorot("xavier_uniform_", "uniform", tensor, gain, rng)


def xavier_normal_(tensor: T, gain: float = 1.0, *, rng: Any = None) -> T:
    """Fill with normal draws of variance gain² · 2 / (fan_in + fan_out); see `xavier_uniform_`."""
    return _glorot("xavier_normal_", "normal", tensor, gain, rng)


def _he(name: str, kind: str, tensor: T, a: float, mode: str, nonlinearity: str, rng: Any) -> T:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f'{name}: unknown mode; got {mode!r}. Choose "fan_in" or "fan_out".')
    fan = _fans(name, tensor)[mode == "fan_out"]
    return _scaled(name, kind, tensor, calculate_gain(nonlinearity, a) ** 2 / fan, rng)


def kaiming_uniform_(
    tensor: T, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", *, rng: Any = None
) -> T:
    """Fill with uniform draws of variance gain² / fan: He's initialisation, 2 / fan_in for ReLU.

    A ReLU sets half of its inputs to 0 and so halves their mean square; twice the variance
    makes up for it.

    Parameters
    ----------
    tensor : Parameter or ndarray
        A weight of two axes or more; changed in place, without being recorded.
    a : float
        The slope of leaky ReLU for negative arguments; 0 is ReLU.
    mode : {"fan_in", "fan_out"}
        Whether to keep the size of the signals or of the gradients.
    nonlinearity : str
        The activation behind the layer; see `calculate_gain`.
    rng : numpy.random.Generator or int, optional
        Source of the draws; a fresh one by default.

    Raises
    ------
    TypeError, ValueError
        For what can not be filled, less than two axes, and unknown options.

    References
    ----------
    He, Zhang, Ren & Sun (2015), "Delving deep into rectifiers: surpassing human-level
    performance on ImageNet classification", eqs. 10, 14 and 15.
    """
    return _he("kaiming_uniform_", "uniform", tensor, a, mode, nonlinearity, rng)


def kaiming_normal_(
    tensor: T, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", *, rng: Any = None
) -> T:
    """Fill with normal draws of variance gain² / fan, 2 / fan_in for ReLU; see `kaiming_uniform_`."""
    return _he("kaiming_normal_", "normal", tensor, a, mode, nonlinearity, rng)


def lecun_uniform_(tensor: T, *, rng: Any = None) -> T:
    """Fill with uniform draws of variance 1 / fan_in; see `lecun_normal_`."""
    return _scaled("lecun_uniform_", "uniform", tensor, 1.0 / _fans("lecun_uniform_", tensor)[0], rng)


def lecun_normal_(tensor: T, *, rng: Any = None) -> T:
    """Fill with normal draws of variance 1 / fan_in: each sum x W has the variance of one input. SELU asks for it.

    Raises
    ------
    TypeError, ValueError
        For what can not be filled, and less than two axes.

    References
    ----------
    LeCun, Bottou, Orr & Müller (1998), "Efficient backprop", eq. 16.
    Klambauer, Unterthiner, Mayr & Hochreiter (2017), "Self-normalizing neural networks".
    """
    return _scaled("lecun_normal_", "normal", tensor, 1.0 / _fans("lecun_normal_", tensor)[0], rng)


def glorot_he_normal_(tensor: T, *, rng: Any = None) -> T:
    """Fill with normal draws of variance 4 / (fan_in + fan_out): the lecture's σ² = 4 / (D_h + D_h′).

    With ReLU, the variance 2/D_h keeps the size of the signals and 2/D_h′ that of the
    gradients (He); where the two differ, the mean ½ (D_h + D_h′) takes the place of both
    (Glorot). The variance is hence twice that of `xavier_normal_`, which has no ReLU in
    mind: the same as `xavier_normal_(tensor, gain=calculate_gain("relu"))`. For
    fan_in = fan_out it is that of `kaiming_normal_`.

    Parameters
    ----------
    tensor : Parameter or ndarray
        A weight of two axes or more; changed in place, without being recorded.
    rng : numpy.random.Generator or int, optional
        Source of the draws; a fresh one by default.

    Raises
    ------
    TypeError, ValueError
        For what can not be filled, and less than two axes.

    References
    ----------
    Prince (2023), "Understanding deep learning", MIT Press, section 7.5.3 (initialisation for
    both the forward and the backward pass).

    Examples
    --------
    >>> W = glorot_he_normal_(np.empty((300, 100)), rng=0)
    >>> round(float(W.var()), 3)
    0.01
    """
    return _glorot("glorot_he_normal_", "normal", tensor, math.sqrt(2.0), rng)


def glorot_he_uniform_(tensor: T, *, rng: Any = None) -> T:
    """Fill with uniform draws of variance 4 / (fan_in + fan_out); see `glorot_he_normal_`."""
    return _glorot("glorot_he_uniform_", "uniform", tensor, math.sqrt(2.0), rng)


def orthogonal_(tensor: T, gain: float = 1.0, *, rng: Any = None) -> T:
    """Fill with gain times a random matrix Q with orthonormal rows or columns, whichever are fewer.

    Q is uniform (Haar) among these matrices: it is the first factor of the QR
    decomposition of a normal matrix, the diagonal of R being made positive. Axes after the
    first count as one.

    Parameters
    ----------
    tensor : Parameter or ndarray
        A weight of two axes or more; changed in place, without being recorded.
    gain : float
        See `calculate_gain`.
    rng : numpy.random.Generator or int, optional
        Source of the draws; a fresh one by default.

    Raises
    ------
    TypeError, ValueError
        For what can not be filled, and less than two axes.

    References
    ----------
    Saxe, McClelland & Ganguli (2014), "Exact solutions to the nonlinear dynamics of
    learning in deep linear neural networks".
    Mezzadri (2007), "How to generate random matrices from the classical compact groups",
    Notices of the AMS 54, section 5 (the signs).
    """
    gain = _number("orthogonal_", "gain", gain)
    shape = _shape(tensor)
    _fans("orthogonal_", tensor)
    rows, columns = shape[0], math.prod(shape[1:])
    normal = np.random.default_rng(rng).standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(normal)
    q *= np.where(np.diagonal(r) < 0.0, -1.0, 1.0)
    return _fill("orthogonal_", tensor, gain * (q if rows >= columns else q.T).reshape(shape))


# --- what all share ------------------------------------------------------------------------------


def _shape(tensor: Any) -> tuple[int, ...]:
    return np.shape(tensor)


def _fans(name: str, tensor: Any) -> tuple[int, int]:
    _target(name, tensor)
    fan_in, fan_out = fans(tensor)
    if fan_in == 0 or fan_out == 0:
        raise ValueError(f"{name}: the weight has no entries; got shape {tensor.shape}. Use positive sizes.")
    return fan_in, fan_out


def _target(name: str, tensor: Any) -> np.ndarray:
    """Return the array that is to be filled."""
    data = tensor.data if isinstance(tensor, ad.Tensor) else tensor
    if isinstance(tensor, ad.Tensor) and tensor.requires_grad and tensor.leaf is None:
        raise TypeError(
            f"{name}: only inputs can be filled; got a tensor that was computed. Pass a parameter of the model."
        )
    if not isinstance(data, np.ndarray) or data.dtype.kind != "f":
        found = f"dtype {data.dtype}" if isinstance(data, np.ndarray) else type(tensor).__name__
        raise TypeError(f"{name}: takes a parameter or an array of floats; got {found}. Pass layer.weight.")
    if not data.flags.writeable:
        raise ValueError(f"{name}: the array is read-only; got shape {data.shape}. Pass a parameter, or a copy.")
    return data


def _fill(name: str, tensor: T, values: Any) -> T:
    _target(name, tensor)[...] = values
    return tensor


def _number(function: str, name: str, value: Any) -> float:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)):
        raise TypeError(f"{function}: {name} must be a number; got {type(value).__name__} {value!r}. Pass a float.")
    if not math.isfinite(value):
        raise ValueError(f"{function}: {name} must be finite; got {value}. Pass a number.")
    return float(value)


def _not_negative(function: str, name: str, value: Any) -> float:
    number = _number(function, name, value)
    if number < 0.0:
        raise ValueError(f"{function}: {name} must not be negative; got {value}. Pass a number ≥ 0.")
    return number
