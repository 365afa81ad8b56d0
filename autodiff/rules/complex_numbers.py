"""Functions whose rules hold for real numbers alone refuse complex ones.

Rules of holomorphic functions (exp, multiply, matmul, solve, …) hold for complex numbers as they
are. Those of absolute values, conjugates, norms and orthogonal factors do not: there the
derivative along the imaginary axis is another one, and a rule would return a wrong number.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.dispatch import RULES
from autodiff.operands import dtype_of
from autodiff.primitives import Primitive
from autodiff.rules.refused import named
from autodiff.rules.special import logistic
from autodiff.tree import flatten

PARTS = "absolute angle conjugate imag real real_if_close sign nan_to_num"
SPREADS = "var std nanvar nanstd cov corrcoef"
PRODUCTS = "vdot vecdot vecmat correlate"
NUMERICAL = "geomspace interp poly polyfit sinc"
MATRICES = """
    cholesky cond det eigh eigvalsh lstsq matrix_norm norm pinv qr slogdet svd svdvals vecdot vector_norm
"""


def real_only(function: str, call: Callable, nested: bool = False) -> Callable:
    """Return `call` for real operands, which may be `nested`; complex ones raise, in the name of `function`."""

    @functools.wraps(call)
    def checked(*args: Any, **kwargs: Any) -> Any:
        for operand in flatten((args, kwargs))[0] if nested else args:
            if operand.__class__ is complex or getattr(getattr(operand, "dtype", None), "kind", None) == "c":
                raise TypeError(
                    f"{function}: complex numbers are not differentiated yet; got {dtype_of(operand)}. "
                    "Write the real and the imaginary part as two real arrays."
                )
        return call(*args, **kwargs)

    return checked


def check_real(rule: Any) -> None:
    """Let a rule refuse complex operands: where it evaluates, or where it is written out."""
    if isinstance(rule, Primitive):
        rule.function, rule.raw = real_only(rule.name, rule.function), real_only(rule.name, rule.raw)
    else:
        rule.apply = real_only(rule.name, rule.apply, nested=True)


for _function in [*named(np, " ".join([PARTS, SPREADS, PRODUCTS, NUMERICAL])), *named(np.linalg, MATRICES), logistic]:
    check_real(RULES[_function])
