"""The table of operations: one row each, from which the checks in `test_cases` are generated.

    Case(np.tanh, A())                                over the standard shapes and layouts
    Case(np.power, A(domain="positive"), A())         two operands: broadcasting as well
    Case(np.matmul, A(2, 3), A(3, 4))                 fixed shapes
    Case(np.concatenate, [A(2, 3), A(1, 3)], axis=0)  arrays may stand in containers
    Case(np.clip, A(), -1.0, 1.0)                     everything else is passed as it is

Rows of elementwise operations stand here, the others in `cases_general`, `cases_linalg` and `cases_methods`.
"""

from __future__ import annotations

import importlib
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.arraylike import getitem
from autodiff.assignment import index_update
from autodiff.operands import full_name
from autodiff.rules import special as own
from autodiff.tree import flatten
from tests.domains import DOMAINS, Domain


class A:
    """An array argument.

    Parameters
    ----------
    *lengths : int
        The shape. Without any, the case runs over the standard shapes; for a fixed scalar
        write `A(shape=())`.
    domain : str or callable
        What the values are: a name in `tests.domains.DOMAINS`, or (rng, shape) ↦ array.
    """

    def __init__(self, *lengths: int, domain: str | Domain = "real", shape: tuple[int, ...] | None = None) -> None:
        self.shape = lengths if lengths else shape
        self.domain = domain
        self.draw = DOMAINS[domain] if isinstance(domain, str) else domain


class Case:
    """One row: a call of `function` whose `A`s are filled with arrays.

    Parameters
    ----------
    function : callable
        NumPy's function, or any function of arrays.
    *args, **kwargs
        Its arguments. An `A` is an array to differentiate with respect to; the rest is
        passed as it is.
    name : str, optional
        Shown in the test's name; by default the function's.
    argnums : sequence of int, optional
        The positional arguments to differentiate with respect to; default: all `A`s.
    second_order : bool
        Whether the derivative is itself differentiated.
    analytic : bool
        Whether the function continues into the complex plane, where NumPy evaluates it: its
        derivative is then also taken by a complex step, else by differences alone.
    """

    def __init__(
        self,
        function: Callable,
        *args: Any,
        name: str | None = None,
        argnums: Sequence[int] | None = None,
        second_order: bool = True,
        analytic: bool = True,
        **kwargs: Any,
    ) -> None:
        self.function = function
        self.name = name or full_name(function)
        self.second_order = second_order
        self.analytic = analytic
        leaves, self.structure = flatten((args, kwargs))
        self.leaves = leaves
        self.places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, A)]
        self.arrays: list[A] = [leaves[i] for i in self.places]
        self.chosen = self._chosen(args, kwargs, argnums)
        self.free = any(a.shape is None for a in self.arrays)

    def _chosen(self, args: tuple, kwargs: dict, argnums: Sequence[int] | None) -> list[int]:
        """Return which of the arrays are differentiated, as positions in `arrays`."""
        if argnums is None:
            return list(range(len(self.arrays)))
        owners: list[Any] = []
        for number, arg in [*enumerate(args), *kwargs.items()]:
            owners += [number for leaf in flatten(arg)[0] if isinstance(leaf, A)]
        return [i for i, owner in enumerate(owners) if owner in argnums]

    def call(self, *arrays: Any) -> Any:
        """Return function(…) with these arrays in the places of the `A`s."""
        leaves = list(self.leaves)
        for place, array in zip(self.places, arrays, strict=True):
            leaves[place] = array
        args, kwargs = self.structure.unflatten(leaves)
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return self.name


def all_cases() -> list[Case]:
    """Return the rows of all tables."""
    rows = list(CASES)
    for module in ("tests.cases_methods", "tests.cases_general", "tests.cases_linalg"):
        rows += importlib.import_module(module).CASES
    return rows


INTEGERS = np.array([[1, -2, 0], [3, 0, -1]])

CASES = [
    # arithmetic
    Case(np.add, A(), A()),
    Case(np.subtract, A(), A()),
    Case(np.multiply, A(), A()),
    Case(np.multiply, A(), 3, name="multiply by an integer"),
    Case(np.divide, A(), A(domain="nonzero")),
    Case(np.divide, 1.0, A(domain="nonzero"), name="divide a number"),
    Case(np.negative, A()),
    Case(np.positive, A()),
    Case(np.reciprocal, A(domain="nonzero")),
    Case(np.square, A()),
    Case(np.sqrt, A(domain="positive")),
    Case(np.cbrt, A(domain="nonzero"), analytic=False),
    Case(operator.pow, A(), 0, name="x ** 0"),
    Case(operator.pow, A(), 1, name="x ** 1"),
    Case(operator.pow, A(), 2, name="x ** 2"),
    Case(operator.pow, A(), 3, name="x ** 3"),
    Case(operator.pow, A(domain="nonzero"), -2, name="x ** -2"),
    Case(operator.pow, A(domain="positive"), 0.5, name="x ** 0.5"),
    Case(operator.pow, A(domain="positive"), -1.5, name="x ** -1.5"),
    Case(operator.pow, 2.5, A(), name="2.5 ** x"),
    Case(operator.pow, A(domain="positive"), A(), name="a ** b"),
    Case(np.power, A(domain="positive"), A()),
    Case(np.power, A(domain="nonzero"), 3, name="power to an integer"),
    Case(np.float_power, A(domain="positive"), A()),
    Case(np.floor_divide, A(domain="remainder"), A(domain="modulus"), analytic=False),
    Case(np.remainder, A(domain="remainder"), A(domain="modulus"), analytic=False),
    Case(np.fmod, A(domain="remainder"), A(domain="modulus"), analytic=False),
    Case(np.divmod, A(domain="remainder"), A(domain="modulus"), analytic=False),
    Case(np.absolute, A(domain="nonzero"), analytic=False),
    Case(np.fabs, A(domain="nonzero"), analytic=False),
    Case(abs, A(domain="nonzero"), analytic=False, name="abs"),
    Case(np.hypot, A(domain="nonzero"), A(domain="nonzero"), analytic=False),
    # exponentials and logarithms
    Case(np.exp, A()),
    Case(np.exp2, A()),
    Case(np.expm1, A()),
    Case(np.log, A(domain="positive")),
    Case(np.log2, A(domain="positive")),
    Case(np.log10, A(domain="positive")),
    Case(np.log1p, A(domain="positive")),
    Case(np.logaddexp, A(), A(), analytic=False),
    Case(np.logaddexp2, A(), A(), analytic=False),
    Case(own.logistic, A(), analytic=False),
    # trigonometric and hyperbolic functions
    Case(np.sin, A()),
    Case(np.cos, A()),
    Case(np.tan, A(domain="unit")),
    Case(np.arcsin, A(domain="unit")),
    Case(np.arccos, A(domain="unit")),
    Case(np.arctan, A()),
    Case(np.arctan2, A(domain="nonzero"), A(domain="nonzero"), analytic=False),
    Case(np.sinh, A()),
    Case(np.cosh, A()),
    Case(np.tanh, A()),
    Case(lambda x: own.sech_squared(x, np.tanh(x)), A(), name="sech squared", analytic=False),
    Case(np.arcsinh, A()),
    Case(np.arccosh, A(domain="above_one")),
    Case(np.arctanh, A(domain="unit")),
    Case(np.degrees, A(), analytic=False),
    Case(np.rad2deg, A(), analytic=False),
    Case(np.radians, A(), analytic=False),
    Case(np.deg2rad, A(), analytic=False),
    Case(np.sinc, A(domain="nonzero"), analytic=False),
    Case(own.sinc_derivative, A(), order=1, analytic=False),
    Case(np.i0, A(), analytic=False),
    Case(own.bessel_i, A(), order=2, analytic=False),
    # choosing, rounding, taking apart
    Case(np.maximum, A(domain="distinct"), A(domain="interleaved"), analytic=False),
    Case(np.minimum, A(domain="distinct"), A(domain="interleaved"), analytic=False),
    Case(np.fmax, A(domain="distinct"), A(domain="interleaved"), analytic=False),
    Case(np.fmin, A(domain="distinct"), A(domain="interleaved"), analytic=False),
    Case(np.maximum, A(domain="nonzero"), 0.0, name="maximum with 0", analytic=False),
    Case(np.clip, A(domain="distinct"), -0.25, 0.25, analytic=False),
    Case(np.clip, A(domain="distinct"), 0.0, None, name="clip from below", analytic=False),
    Case(
        np.clip,
        A(domain="distinct"),
        A(domain="interleaved"),
        A(domain=lambda _rng, shape: np.full(shape, 0.43)),
        analytic=False,
        name="clip by arrays",
    ),
    Case(np.copysign, A(domain="nonzero"), A(domain="nonzero"), analytic=False),
    Case(np.nextafter, A(domain="distinct"), A(domain="above_one"), analytic=False),
    Case(np.heaviside, A(domain="nonzero"), A(), analytic=False),
    Case(
        np.heaviside,
        A(2, 3, domain=lambda _rng, shape: np.zeros(shape)),
        A(3),
        argnums=[1],
        name="heaviside at 0",
        analytic=False,
    ),
    Case(np.sign, A(domain="nonzero"), analytic=False),
    Case(np.floor, A(domain="fractional"), analytic=False),
    Case(np.ceil, A(domain="fractional"), analytic=False),
    Case(np.trunc, A(domain="fractional"), analytic=False),
    Case(np.rint, A(domain="fractional"), analytic=False),
    Case(np.fix, A(domain="fractional"), analytic=False),
    Case(np.round, A(domain="fractional"), analytic=False),
    Case(np.around, A(domain="fractional"), 0, analytic=False),
    Case(np.spacing, A(domain="fractional"), analytic=False),
    Case(np.angle, A(domain="nonzero"), analytic=False),
    Case(np.ldexp, A(), 3, analytic=False),
    Case(np.ldexp, A(2, 3), INTEGERS, name="ldexp by an array", analytic=False),
    Case(np.modf, A(domain="fractional"), analytic=False),
    Case(np.frexp, A(domain="fractional"), analytic=False),
    Case(np.nan_to_num, A(), analytic=False),
    Case(np.unwrap, A(5), analytic=False),
    Case(np.unwrap, A(2, 4, domain="angles"), axis=1, name="unwrap along axis 1", analytic=False),
    Case(np.ldexp.outer, A(2), INTEGERS, analytic=False),
    Case(np.copy, A()),
    *([Case(np.astype, A(2, 3), np.float64, analytic=False)] if hasattr(np, "astype") else []),  # NumPy ≥ 2.1
    Case(np.conjugate, A(), analytic=False),
    Case(np.real, A(), analytic=False),
    Case(np.real_if_close, A(), analytic=False),
    Case(np.imag, A(), analytic=False),
    # indexing and assignment, as t[index] and t[index] = value do them
    Case(getitem, A(4), index=2, name="x[2]"),
    Case(getitem, A(5, 3), index=(slice(4, None, -2), slice(1, None)), name="x[4::-2, 1:]"),
    Case(getitem, A(2, 3), index=(Ellipsis, None, 1), name="x[..., None, 1]"),
    Case(getitem, A(3, 2), index=np.array([0, 2, 0, 0]), name="x[array], entries repeated"),
    Case(getitem, A(3, 4), index=(np.array([[0], [2]]), np.array([1, 1, 3])), name="x[array, array]"),
    Case(getitem, A(2, 3, 4), index=(np.array([0, 1, 1]), slice(None), np.array([0, 3, 3])), name="x[array, :, array]"),
    Case(getitem, A(2, 3, 4), index=(1, slice(None), np.array([0, 3, 3])), name="x[1, :, array]"),
    Case(getitem, A(2, 3), index=np.array([[True, False, True], [False, True, True]]), name="x[mask]"),
    Case(getitem, A(3, 2), index=np.array([True, False, True]), name="x[row mask]"),
    Case(getitem, A(2, 3), index=np.zeros((2, 3), bool), name="x[empty mask]"),
    Case(lambda x: x[0] * x[1:] + x[-1] * x[:-1] * x[1:], A(4), name="slices used again"),
    Case(index_update, A(4), A(shape=()), index=1, name="x[1] = v"),
    Case(index_update, A(2, 3), A(3), index=0, name="x[0] = row"),
    Case(index_update, A(2, 3), A(2), index=(slice(None), 1), name="x[:, 1] = column"),
    Case(index_update, A(5), A(2), index=slice(None, None, 3), name="x[::3] = v"),
    Case(index_update, A(2, 3), A(shape=()), index=INTEGERS > 0, name="x[mask] = number"),
    Case(index_update, A(2, 3), A(2), index=INTEGERS > 0, name="x[mask] = v"),
    Case(index_update, A(4), A(3), index=np.array([2, 0, 2]), name="x[array] = v, the last stays"),
    Case(index_update, A(2, 3), A(1, 1, 3), index=Ellipsis, name="x[...] = v, broadcast"),
    # reductions over the standard shapes, the empty one included
    Case(np.sum, A(), name="np.sum of any shape"),
    Case(np.prod, A(domain="nonzero"), name="np.prod of any shape"),
    Case(np.mean, A(), name="np.mean of any shape"),
    Case(np.max, A(domain="distinct"), analytic=False, name="np.max of any shape"),
    Case(np.cumsum, A(), name="np.cumsum of any shape"),
    Case(np.ravel, A(), name="np.ravel of any shape"),
    Case(lambda a, b: np.concatenate([a, b], axis=None), A(), A(2), name="np.concatenate of any shape, flat"),
    # sets
    Case(np.unique_all, A(5, domain="distinct"), analytic=False),
    Case(np.unique_counts, A(2, 3, domain="distinct"), analytic=False),
    Case(np.unique_inverse, A(4, domain="distinct"), analytic=False),
    Case(np.intersect1d, A(4, domain="increasing"), A(3, domain="distinct"), analytic=False, name="disjoint"),
    Case(lambda x: np.intersect1d(x, x[::2]), A(5, domain="distinct"), analytic=False, name="np.intersect1d"),
    Case(lambda x: np.trim_zeros(np.concatenate([[0.0], x, [0.0, 0.0]])), A(4, domain="nonzero"), name="np.trim_zeros"),
]
