"""Functions without a derivative: it is zero wherever it exists, or the result is no real number.

They get the numbers alone, and what they return is not traced.
"""

from __future__ import annotations

import numpy as np
from numpy._core import umath  # for a ufunc that has no public name

from autodiff.dispatch import RULES
from autodiff.primitives import Constant
from autodiff.rules.refused import named

TESTS = """
    all any allclose isclose array_equal array_equiv isfinite isinf isnan isneginf isposinf signbit iscomplex
    iscomplexobj isreal isrealobj isin in1d equal not_equal less less_equal greater greater_equal
    logical_and logical_or logical_not logical_xor can_cast shares_memory may_share_memory
"""
PLACES = """
    argmax argmin argpartition argsort argwhere lexsort nanargmax nanargmin nonzero flatnonzero searchsorted digitize
    count_nonzero ravel_multi_index unravel_index diag_indices_from tril_indices_from triu_indices_from ix_
"""
SHAPES_AND_TYPES = "ndim shape size result_type common_type min_scalar_type einsum_path"
INTEGERS = """
    bitwise_and bitwise_or bitwise_xor bitwise_count invert left_shift right_shift gcd lcm packbits unpackbits
"""
NEW_ARRAYS = """
    zeros ones empty zeros_like ones_like empty_like eye identity tri frombuffer fromfile fromstring loadtxt genfromtxt
"""
OUTPUT = "array2string array_repr array_str save savetxt savez savez_compressed"

_names = " ".join([TESTS, PLACES, SHAPES_AND_TYPES, INTEGERS, NEW_ARRAYS, OUTPUT])
for _function in [*named(np, _names), *named(umath, "_ones_like")]:
    RULES[_function] = Constant(_function)
