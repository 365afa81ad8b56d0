"""Initial values whose variance follows from the size of the layer."""

from __future__ import annotations

import math
from typing import Any

from nn.arguments import generator, not_negative
from nn.init.filling import T, fill, target
from nn.init.gains import calculate_gain, checked_fans


def _scaled(name: str, kind: str, tensor: T, variance: float, rng: Any) -> T:
    """Fill with draws of mean 0 and the given variance."""
    std = math.sqrt(variance)
    rng = generator(name, rng)
    shape = target(name, tensor).shape
    if kind == "normal":
        return fill(name, tensor, rng.normal(0.0, std, shape))
    bound = math.sqrt(3.0) * std  # the uniform distribution on ±c has the variance c²/3
    return fill(name, tensor, rng.uniform(-bound, bound, shape))


def _glorot(name: str, kind: str, tensor: T, gain: float, rng: Any) -> T:
    gain = not_negative(name, "gain", gain)
    return _scaled(name, kind, tensor, gain**2 * 2.0 / sum(checked_fans(name, tensor)), rng)


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
    >>> import numpy as np
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
    fan = checked_fans(name, tensor)[mode == "fan_out"]
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
    return _scaled("lecun_uniform_", "uniform", tensor, 1.0 / checked_fans("lecun_uniform_", tensor)[0], rng)


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
    return _scaled("lecun_normal_", "normal", tensor, 1.0 / checked_fans("lecun_normal_", tensor)[0], rng)


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
    >>> import numpy as np
    >>> W = glorot_he_normal_(np.empty((300, 100)), rng=0)
    >>> round(float(W.var()), 3)
    0.01
    """
    return _glorot("glorot_he_normal_", "normal", tensor, math.sqrt(2.0), rng)


def glorot_he_uniform_(tensor: T, *, rng: Any = None) -> T:
    """Fill with uniform draws of variance 4 / (fan_in + fan_out); see `glorot_he_normal_`."""
    return _glorot("glorot_he_uniform_", "uniform", tensor, math.sqrt(2.0), rng)
