"""Checks of derivatives in HIPS autograd's convention; `ad.gradcheck` explains what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

from autodiff.boundary import check_differentiable
from autodiff.differential_operators import of_one_argument
from autodiff.extend import vspace
from autodiff.gradcheck import check_grads as check_both_modes
from autodiff.transforms import ArgNum, named
from autodiff.tree import flatten

MODES = {"fwd": "forward", "rev": "reverse"}


def check_grads(
    f: Callable, argnum: ArgNum = 0, modes: Sequence[str] | str = ("fwd", "rev"), order: int = 2
) -> Callable:
    """Return a function of the arguments of `f` that raises AssertionError if its derivatives there are wrong.

    On a kink the derivative must be the mean of the slopes on both sides.

    Examples
    --------
    >>> import numpy as np
    >>> check_grads(np.sin, modes=["fwd", "rev"], order=2)(0.5)
    """
    modes = [modes] if isinstance(modes, str) else modes
    unknown = [mode for mode in modes if mode not in MODES]
    if unknown:
        raise ValueError(f'check_grads: modes are "fwd" and "rev"; got {unknown}. Name one or both of them.')

    def check(*args: Any, **kwargs: Any) -> None:
        of_one, x = of_one_argument(f, argnum, args, kwargs)
        leaves, structure = flatten(x)
        for leaf, path in zip(leaves, structure.paths(), strict=True):
            check_differentiable("check_grads", leaf, f"argument {argnum}{path}")
        of_one.__name__ = getattr(f, "__name__", "f")
        check_both_modes(of_one, x, order=order, modes=[MODES[mode] for mode in modes], kinks=True)

    return named(check, "check_grads", f)


def check_vjp(f: Callable, x: Any) -> None:
    """Raise AssertionError if the derivative of `f` at `x` by reverse mode is wrong."""
    check_grads(f, modes=["rev"], order=1)(x)


def check_jvp(f: Callable, x: Any) -> None:
    """Raise AssertionError if the derivative of `f` at `x` by forward mode is wrong."""
    check_grads(f, modes=["fwd"], order=1)(x)


def scalar_close(a: Any, b: Any) -> bool:
    """Tell whether two numbers agree to 1e-6, absolutely or relatively.

    Examples
    --------
    >>> scalar_close(1e9, 1e9 + 1)
    True
    """
    return bool(abs(a - b) < 1e-6 or abs(a - b) < 1e-6 * abs(a + b))


def combo_check(f: Callable, *checked: Any, **options: Any) -> Callable:
    """Return a function that checks `f` at every combination of the given lists of arguments.

    Examples
    --------
    >>> import numpy as np
    >>> combo_check(np.sum, (0,))([np.ones(2), np.ones((2, 3))], axis=[None, 0])
    """

    def check(*args: Any, **kwargs: Any) -> None:
        for values in product(*args):
            for named_values in product(*kwargs.values()):
                check_grads(f, *checked, **options)(*values, **dict(zip(kwargs, named_values, strict=True)))

    return check


def check_equivalent(x: Any, y: Any) -> None:
    """Raise AssertionError unless two values have one structure and shape and the same numbers to 1e-6."""
    if vspace(x) != vspace(y):
        raise AssertionError(f"check_equivalent: the spaces differ; got {vspace(x)} and {vspace(y)}.")
    for a, b in zip(flatten(x)[0], flatten(y)[0], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)
