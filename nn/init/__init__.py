"""Initial values of parameters, in PyTorch's spelling: each function fills an array in place and returns it.

What is drawn keeps the size of the signals z = a W and of the errors δ Wᵀ about the same from
layer to layer: the variance of a weight is 1 / (number of terms in such a sum),
times gain² for what the activation takes away. A weight of shape (in, out) (`Linear`) has
fan_in = in and fan_out = out; one of shape (out, in, k, …) (convolutions) has
fan_in = in · k · … and fan_out = out · k · ….
"""

from nn.init.distributions import constant_, eye_, normal_, ones_, trunc_normal_, uniform_, zeros_
from nn.init.gains import calculate_gain, fans
from nn.init.orthogonal import orthogonal_
from nn.init.scaled import (
    glorot_he_normal_,
    glorot_he_uniform_,
    kaiming_normal_,
    kaiming_uniform_,
    lecun_normal_,
    lecun_uniform_,
    xavier_normal_,
    xavier_uniform_,
)

__all__ = [
    "calculate_gain",
    "constant_",
    "eye_",
    "fans",
    "glorot_he_normal_",
    "glorot_he_uniform_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "lecun_normal_",
    "lecun_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]
