"""`scipy.integrate`, where `odeint` has derivatives, by the state, the times and the parameters.

Derivatives are integrated, not those of the solver's steps: forward mode solves the variational
equation beside the given one, reverse mode the adjoint equation backwards, from one time asked for to
the one before, where the state is set to the computed one again. The error is of the size of the
solver's `rtol` and `atol` (1.5e-8 unless given), as for the solution itself; the two modes agree to
that, not to the last digit.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np
from scipy import integrate as _integrate

from autodiff.boundary import zero_like
from autodiff.dispatch import RULES
from autodiff.forward import jvp
from autodiff.operands import TRACED, as_operand, dtype_of, first_traced, is_traced, shape_of, size_of
from autodiff.primitives import KEEP, Plan, Primitive
from autodiff.reverse import vjp
from autodiff.rules.casts import to_dtype
from autodiff.scipy.functions import Function, others
from autodiff.tree import flatten

__all__ = list(_integrate.__all__)


__getattr__ = others(
    _integrate,
    {
        "cumulative_trapezoid": "Use np.cumsum(0.5 * (y[1:] + y[:-1]) * np.diff(x)).",
        "quad": "Use a fixed rule: weights @ f(points), from np.polynomial.legendre.leggauss.",
        "simpson": "Use np.sum(weights * y) with the weights 1, 4, 2, …, 4, 1, times dx / 3.",
        "solve_ivp": "Use odeint.",
        "trapezoid": "Use np.trapezoid.",
    },
)


def odeint(func: Callable, y0: Any, t: Any, args: tuple = (), **options: Any) -> Any:
    """Return the solution of dy/dt = func(y, t, *args) at the times t, shape (len(t), len(y0)).

    Parameters
    ----------
    func : callable
        func(y, t, *args), of NumPy's functions. What it is differentiated by comes in through `args`.
    y0 : array_like, shape (n,)
    t : array_like, shape (T,)
        The first one is that of y0.
    args : tuple
        Arrays, real or complex, or nested lists, tuples and dicts of them; anything else is a constant.
    **options
        For `scipy.integrate.odeint`; not Dfun, full_output and tfirst.

    Raises
    ------
    TypeError
        If `func` returns a traced value though its arguments are plain: it depends on one that is not in `args`.

    Examples
    --------
    >>> import autodiff as ad
    >>> def end(rate):
    ...     return odeint(lambda y, t, rate: -rate * y, np.array([2.0]), np.array([0.0, 1.0]), (rate,))[-1, 0]
    >>> print(np.round(ad.grad(end)(0.5), 6))  # -2 exp(-½)
    -1.213061
    """
    args = args if isinstance(args, tuple) else (args,)
    leaves = flatten([y0, t, args])[0]
    if not any(x.__class__ in TRACED for x in leaves):
        return _integrate.odeint(_untraced(func), y0, t, args, **options)
    unknown = {"Dfun", "full_output", "tfirst", "printmessg", "tcrit"} & options.keys()
    if unknown:
        raise TypeError(
            f"scipy.integrate.odeint: the derivative rule does not know the argument {min(unknown)}; "
            f"got {min(unknown)}={options[min(unknown)]!r}. Leave it out."
        )
    given = _Arguments(args)
    y0 = np.atleast_1d(as_operand(y0))
    return solution(y0, as_operand(t), *given.arrays(args), func=func, structure=given, options=options)


class _Arguments:
    """The arguments of an equation as real arrays: a complex one is two, and what is no number stays here."""

    def __init__(self, args: tuple) -> None:
        leaves, self.structure = flatten(args)
        self.kinds = [dtype_of(leaf).kind for leaf in leaves]
        self.kept = [None if kind in "biufc" else leaf for kind, leaf in zip(self.kinds, leaves, strict=True)]

    def arrays(self, args: tuple) -> list:
        """Return the arrays."""
        numbers = []
        for kind, leaf in zip(self.kinds, flatten(args)[0], strict=True):
            if kind == "c":
                numbers += [np.real(leaf), np.imag(leaf)]
            elif kind in "biuf":
                numbers.append(as_operand(leaf))
        return numbers

    def unflatten(self, arrays: Sequence) -> tuple:
        """Return the arguments made of these arrays."""
        numbers = iter(arrays)
        leaves = []
        for kind, kept in zip(self.kinds, self.kept, strict=True):
            if kind == "c":
                leaves.append(next(numbers) + 1j * next(numbers))
            else:
                leaves.append(next(numbers) if kind in "biuf" else kept)
        return self.structure.unflatten(leaves)


def _untraced(func: Callable) -> Callable:
    """Return `func`, which raises where its result is traced though its arguments are not."""

    @functools.wraps(func)
    def slope(*state_and_args: Any) -> Any:
        dy = func(*state_and_args)
        if is_traced(dy):
            raise TypeError(
                f"scipy.integrate.odeint: the equation depends on a traced value that is not among its arguments; "
                f"got a {type(first_traced(dy)).__name__} from func. "
                "Pass it in `args`: odeint(func, y0, t, (theta,))."
            )
        return dy

    return slope


def _solve(y0: Any, t: Any, *arrays: Any, func: Callable, structure: _Arguments, options: Mapping) -> Any:
    return _integrate.odeint(_untraced(func), y0, t, structure.unflatten(arrays), **options)


solution = Function(_solve, "scipy.integrate.odeint")


class Integration(Primitive):
    """The rule of `solution`; the operands are y0, t and the leaves of `args`."""

    family = "general"

    def __init__(self) -> None:
        super().__init__(solution, None, ["func", "structure", "options"])

    def make_plan(self, argnums: tuple[int, ...]) -> Plan:
        return Plan(argnums, True, repeat(KEEP))

    def _flat(self, func: Callable, structure: Any, leaves: Sequence) -> tuple[Callable, list[int]]:
        """Return func(y, t, *differentiated leaves), and which leaves these are."""
        chosen = [i for i, leaf in enumerate(leaves) if dtype_of(leaf).kind == "f"]

        def flat(y: Any, t: Any, *given: Any) -> Any:
            full = list(leaves)
            for i, leaf in zip(chosen, given, strict=True):
                full[i] = leaf
            return as_operand(func(y, t, *structure.unflatten(full)))

        return flat, chosen

    def jvp(self, tangents: Mapping[int, Any], y: Any, args: Sequence, kwargs: Mapping) -> Any:
        """Solve ẏ′ = ∂f/∂y ẏ + ∂f/∂θ θ̇ beside y′ = f."""
        y0, t, *leaves = args
        flat, chosen = self._flat(kwargs["func"], kwargs["structure"], leaves)
        thetas = [leaves[i] for i in chosen]
        theta_dots = [tangents[i + 2] if i + 2 in tangents else zero_like(leaves[i]) for i in chosen]
        n, m = shape_of(y0)[0], len(thetas)

        def varied(state: Any, time: Any, *both: Any) -> Any:
            point = (state[:n], time, *both[:m])
            direction = (state[n:], 0.0 * time, *both[m:])
            return np.concatenate(jvp(flat, point, direction))

        t_dot = tangents.get(1)
        start = tangents[0] if 0 in tangents else zero_like(y0)
        if t_dot is not None:
            start = start - flat(y0, t[0], *thetas) * t_dot[0]
        state = np.concatenate([y0, start])
        y_dot = odeint(varied, state, t, (*thetas, *theta_dots), **_relaxed(kwargs["options"]))[:, n:]
        if t_dot is not None:
            y_dot = y_dot + self._slopes(flat, y, t, thetas) * t_dot[:, None]
        return to_dtype(y_dot, dtype_of(y))

    def _slopes(self, flat: Callable, y: Any, t: Any, thetas: Sequence) -> Any:
        return np.stack([flat(y[k], t[k], *thetas) for k in range(shape_of(t)[0])])

    def vjp(self, argnums: tuple[int, ...], ct: Any, y: Any, args: Sequence, kwargs: Mapping) -> Sequence:
        """Solve λ′ = -∂f/∂yᵀ λ backwards, and integrate -∂f/∂θᵀ λ with it."""
        y0, t, *leaves = args
        flat, floats = self._flat(kwargs["func"], kwargs["structure"], leaves)
        every = [leaves[i] for i in floats]
        chosen = [i for i in floats if i + 2 in argnums]
        n = shape_of(y0)[0]

        def backwards(state: Any, time: Any, *everything: Any) -> Any:
            def f(y: Any, *given: Any) -> Any:
                full = list(everything)
                for i, leaf in zip(chosen, given, strict=True):
                    full[i] = leaf
                return as_operand(kwargs["func"](y, time, *kwargs["structure"].unflatten(full)))

            dy, pullback = vjp(f, state[:n], *[everything[i] for i in chosen])
            return np.concatenate([dy, *[-np.ravel(c) for c in pullback(state[n : 2 * n])]])

        adjoint, sums = ct[-1], np.zeros(sum([size_of(leaves[i]) for i in chosen]), dtype_of(y))
        last = shape_of(t)[0] - 1
        for k in range(last, 0, -1):
            state = np.concatenate([y[k], adjoint, sums])
            times = np.stack([t[k], t[k - 1]])
            state = odeint(backwards, state, times, tuple(leaves), **_relaxed(kwargs["options"]))[1]
            adjoint, sums = state[n : 2 * n] + ct[k - 1], state[2 * n :]
        results: dict[int, Any] = {0: adjoint}
        if 1 in argnums:
            moved = np.sum(ct * self._slopes(flat, y, t, every), axis=1)
            back = np.sum(adjoint * flat(y0, t[0], *every))
            results[1] = np.concatenate([np.reshape(moved[0] - back, (1,)), moved[1:]])
        start = 0
        for i in chosen:
            size = size_of(leaves[i])
            results[i + 2] = np.reshape(sums[start : start + size], shape_of(leaves[i]))
            start += size
        return [to_dtype(results[i], dtype_of(args[i])) for i in argnums]


def _relaxed(options: Mapping) -> dict:
    """Return the solver's options for an equation with more unknowns."""
    return {k: v for k, v in options.items() if k not in ("ml", "mu", "col_deriv")}


RULES[solution] = Integration()
