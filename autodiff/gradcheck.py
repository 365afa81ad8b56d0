"""Check derivatives against witnesses that know nothing of the rules.

Since one rule gives both modes, comparing the modes with each other proves nothing. Here a
derivative is compared with differences of the function's values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.boundary import check_differentiable
from autodiff.differences import difference, direction, in_one_array, inner, size
from autodiff.forward import jvp
from autodiff.operands import dtype_of, value_of
from autodiff.reverse import vjp
from autodiff.tree import flatten

if TYPE_CHECKING:
    from autodiff.checking.report import Report


def check_grads(
    f: Callable,
    *args: Any,
    order: int = 2,
    modes: Sequence[str] | str = ("forward", "reverse"),
    rtol: float | None = None,
    atol: float | None = None,
    kinks: bool = False,
    rng: np.random.Generator | None = None,
) -> None:
    """Raise AssertionError unless the derivatives of `f` at `args` agree with differences of its values.

    Along random directions v and ct, J v of forward mode and ⟨Jᵀ ct, v⟩ of reverse mode are
    compared with central differences, extrapolated to step 0. For order 2 the same is done
    with both derivatives as functions of `args` and of v or ct, in both modes, and so on.

    Parameters
    ----------
    f : callable
        Smooth near `args`.
    *args
        Floats or complex numbers, arrays of them, or containers. Real and imaginary parts are
        moved independently.
    order : int
        The highest derivative that is checked.
    modes : {"forward", "reverse"} or a sequence of them
        Which modes are checked.
    rtol, atol : float, optional
        Allowed relative and absolute difference; by default 1e-6 each for float64.
    kinks : bool
        Whether `args` may lie on a kink. The derivative there must be the mean of the slopes on both sides.
    rng : numpy.random.Generator, optional
        Where the directions come from (default: a fixed seed).

    References
    ----------
    C. Ridders (1982), "Accurate computation of F'(x) and F'(x) F''(x)", Adv. Eng. Software 4.

    Examples
    --------
    >>> check_grads(np.sin, 0.5)
    >>> check_grads(np.abs, 0.0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    AssertionError: check_grads: ...
    >>> check_grads(np.abs, 0.0, order=1, kinks=True)
    """
    modes = [modes] if isinstance(modes, str) else modes
    unknown = set(modes) - {"forward", "reverse"}
    if unknown or not modes:
        raise ValueError(
            f'check_grads: modes are "forward" and "reverse"; got {list(modes)}. Name one or both of them.'
        )
    leaves, structure = flatten(args)
    for x, path in zip(leaves, structure.paths(), strict=True):
        check_differentiable("check_grads", x, f"argument {path[1:].replace(']', '', 1)}")
    args = structure.unflatten([value_of(x) for x in leaves])
    rng = rng or np.random.default_rng(0)
    name = getattr(f, "__name__", "f")
    what = "the derivative" if name == "<lambda>" else f"the derivative of {name}"
    _check(f, args, order, modes, _tolerances(args, rtol, atol), kinks, rng, what)


def _tolerances(args: Any, rtol: float | None, atol: float | None) -> tuple[float, float]:
    """Return rtol and atol; by default what differences can reach in the coarsest dtype."""
    eps = max([float(np.finfo(dtype_of(x)).eps) for x in flatten(args)[0]], default=2.0**-52)
    default = 1e-6 if eps < 1e-15 else 30 * eps**0.5
    return (default if rtol is None else rtol, default if atol is None else atol)


def _check(
    f: Callable,
    args: tuple,
    order: int,
    modes: Sequence[str],
    tolerances: tuple[float, float],
    kinks: bool,
    rng: np.random.Generator,
    what: str,
) -> None:
    v = direction(args, rng)
    expected, error, kink = difference(f, args, v)
    if kink and not kinks:
        raise AssertionError(
            f"check_grads: the function is not smooth here; {what} from the two sides differs by {kink:.3g}. "
            "Check it at another point."
        )
    y, pullback = vjp(f, *args)
    ct = direction(y, rng)
    found = []
    if "forward" in modes:
        found.append(("forward", jvp(f, args, v)[1], expected))
    if "reverse" in modes:
        found.append(("reverse", inner(pullback(ct), v), inner(ct, expected)))
    for mode, actual, wanted in found:
        _compare(actual, wanted, error, tolerances, f"{what} in {mode} mode")
    if order > 1:
        rest = (order - 1, modes, tolerances, kinks, rng)
        if "reverse" in modes:
            _check(lambda ct, *x: vjp(f, *x)[1](ct), (ct, *args), *rest, f"{what} (of the pullback)")
        if "forward" in modes:
            _check(lambda v, *x: jvp(f, x, v)[1], (v, *args), *rest, f"{what} (of the tangent)")


def _compare(actual: Any, wanted: np.ndarray, error: float, tolerances: tuple[float, float], what: str) -> None:
    rtol, atol = tolerances
    actual = in_one_array(actual)
    allowed = atol + rtol * size(wanted) + (10 * error if np.isfinite(error) else 0.0)
    gap = np.abs(actual - wanted)
    if not np.all(gap <= allowed):
        worst = int(np.argmax(np.where(np.isnan(gap), np.inf, gap)))
        raise AssertionError(
            f"check_grads: {what} is {actual[worst]:.12g} where differences of the values give {wanted[worst]:.12g} "
            f"(entry {worst} of {len(actual)}, allowed difference {allowed:.2g})."
        )


def gradcheck(
    f: Callable,
    *args: Any,
    order: int = 1,
    argnum: int | Sequence[int] | None = None,
    rtol: float | None = None,
    entries: int = 64,
    points: int = 6,
    rng: np.random.Generator | None = None,
) -> Report:
    """Return a report on the derivatives of `f` at `args`: true if they are right, and it explains.

    Each derivative ∂⟨ct, f⟩/∂xᵢ, by reverse and by forward mode, is held against witnesses that
    know nothing of the rules: central differences at all steps, extrapolated; the complex step
    where f is analytic; SymPy's derivative where f is small. Where one is wrong, the operations
    that f is made of are checked one by one, and the first wrong rule is named. f is also tried at
    other arguments near and far: rules may be wrong for negative numbers alone.

    Parameters
    ----------
    f : callable
        Of floats, arrays and containers of them, returning the same; of many results a random
        combination is checked. Complex numbers are taken apart: `z.re` and `z.im` are entries of their own.
    *args
        Where. Integers among them, and other things, are left as they are.
    order : {1, 2}
        2: the derivatives of the gradient too.
    argnum : int or tuple of int, optional
        The arguments to differentiate with respect to; by default all that are made of floats.
    rtol : float, optional
        What counts as equal, relative to the derivative; by default 1e-6 for float64, 2e-4 for
        float32. To it is added what the differences themselves may be wrong by.
    entries : int
        How many entries are checked one by one; larger arguments are checked along random
        directions as well.
    points : int
        How many other points are tried, 6 at most.
    rng : numpy.random.Generator, optional
        Where directions and points come from (default: a fixed seed).

    Returns
    -------
    Report
        `if report:`, `print(report)`, `report.plot()`, `report.to_dict()`, `report.faults`. A
        function that has a kink at `args` is not at fault if the engine's value is a slope between
        the one-sided ones; the report says so.

    Raises
    ------
    TypeError
        If there is nothing to differentiate (integers).
    ValueError
        For another order than 1 or 2, or an argument that is not there.

    References
    ----------
    C. Ridders (1982), Adv. Eng. Software 4, 75; W. Squire and G. Trapp (1998), SIAM Rev. 40, 110.

    Examples
    --------
    >>> import autodiff as ad
    >>> report = gradcheck(lambda x: np.sum(np.sin(x) * x), np.array([0.5, 2.0]))
    >>> bool(report)
    True
    >>> cube = ad.primitive(lambda x: x**3)
    >>> _ = cube.defvjp(lambda ct, _y, x: 3.003 * ct * x**2)
    >>> report = gradcheck(cube, 2.0)
    >>> bool(report), report.faults[0].kind
    (False, 'wrong factor')
    """
    from autodiff.checking.examination import examine
    from autodiff.checking.parts import ComplexResultError, has_complex, in_real_parts

    if order not in (1, 2):
        raise ValueError(f"gradcheck: order is 1 or 2; got {order!r}. For higher ones use ad.check_grads.")
    rng = rng or np.random.default_rng(0)
    of_parts, parts = in_real_parts(f, args)
    if not has_complex(args):
        try:
            return examine(f, args, order, argnum, rtol, entries, points, rng)
        except ComplexResultError:
            pass
    return examine(of_parts, parts, order, argnum, rtol, entries, points, rng)
