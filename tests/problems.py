"""What one generated test is about: a case, the arguments differentiated, a dtype, and a memory layout."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

import autodiff as ad
from autodiff.dispatch import RULES
from autodiff.operands import dtype_of, is_inexact
from autodiff.tree import flatten
from tests.cases import Case
from tests.domains import SCATTERED, SYMMETRIC

DTYPES = (np.float64, np.float32)


def _strided(x: np.ndarray) -> np.ndarray:
    """Return `x` as every second entry of a larger array, along each axis."""
    larger = np.full([2 * n for n in x.shape], 9.0, x.dtype)
    view = larger[(slice(None, None, 2),) * x.ndim]
    view[...] = x
    return view


def _read_only(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x.setflags(write=False)
    return x


LAYOUTS: dict[str, Callable] = {
    "": lambda x: x,
    " strided": _strided,
    " fortran": np.asfortranarray,
    " zero-stride": lambda x: np.broadcast_to(x[:1].copy(), x.shape),
    " read-only": _read_only,
    " float": float,
}

STANDARD = [
    ((), ""), ((), " read-only"), ((), " float"), ((1,), ""), ((3,), ""), ((2, 3), ""), ((0, 3), ""),
    ((2, 3), " strided"), ((2, 3), " zero-stride"), ((2, 3), " fortran"), ((2, 3), " read-only"),
]  # fmt: skip

BROADCAST = [((2, 3), (3,)), ((3, 1), (1, 2)), ((), (2, 3)), ((1, 3), (2, 1)), ((2, 3), (0, 1, 1)), ((1,), ())]


class Problem:
    """A function of arrays, where to differentiate it, and along what.

    Attributes
    ----------
    arrays : list of ndarray
        All array arguments of the case.
    positions : tuple of int
        Those that are differentiated: `primals`.
    tangents, cts : tuple of ndarray
        A direction for each primal, and a cotangent for each output; entries up to 1 in size.
    """

    def __init__(self, case: Case, positions: tuple[int, ...], dtype: type, shapes: list, layout: str) -> None:
        self.case = case
        self.positions = positions
        self.dtype = dtype
        self.layout = layout
        which = ",".join(map(str, positions))
        self.name = f"{case.name}[{which}] {np.dtype(dtype)} {'x'.join(map(str, shapes)).replace(' ', '')}{layout}"
        self.shapes = shapes

    @cached_property
    def rng(self) -> np.random.Generator:
        return np.random.default_rng(zlib.crc32(self.name.encode()))

    @cached_property
    def arrays(self) -> list:
        place = LAYOUTS[self.layout]
        drawn = [a.draw(self.rng, shape) for a, shape in zip(self.case.arrays, self.shapes, strict=True)]
        return [self._placed(np.asarray(x).astype(self.dtype), place) for x in drawn]

    def _placed(self, x: np.ndarray, place: Callable) -> Any:
        if x.ndim:
            return x if self.layout == " float" else place(x)
        return place(x) if self.layout in (" read-only", " float") else x[()]

    @property
    def primals(self) -> tuple:
        return tuple([self.arrays[p] for p in self.positions])

    def directions(self) -> tuple:
        """Return a random direction for the primals."""
        return tuple([self._direction(p) for p in self.positions])

    def _direction(self, position: int) -> Any:
        v = self.rng.uniform(-1.0, 1.0, self.shapes[position])
        if self.case.arrays[position].domain in SYMMETRIC:
            v = 0.5 * (v + np.swapaxes(v, -1, -2))
        return np.asarray(v, self.dtype)[()]

    @cached_property
    def tangents(self) -> tuple:
        return self.directions()

    @cached_property
    def cts(self) -> tuple:
        return tuple([np.asarray(self.rng.uniform(-1.0, 1.0, np.shape(y)), y.dtype)[()] for y in self.values])

    def everything(self, *primals: Any) -> list:
        """Return all outputs of the case, as a flat list."""
        arrays = list(self.arrays)
        for position, x in zip(self.positions, primals, strict=True):
            arrays[position] = x
        return flatten(self.case.call(*arrays))[0]

    def f(self, *primals: Any) -> tuple:
        """Return those outputs of the case that are not integers or booleans."""
        return tuple([y for y in self.everything(*primals) if is_inexact(dtype_of(y))])

    @cached_property
    def values(self) -> tuple:
        return tuple([np.asarray(y)[()] for y in self.f(*self.primals)])

    def vjp(self, *primals: Any) -> tuple:
        """Return Jᵀ ct at `primals`."""
        return ad.vjp(self.f, *primals)[1](self.cts)

    def jvp(self, *primals: Any) -> tuple:
        """Return J ẋ at `primals`."""
        return ad.jvp(self.f, primals, self.tangents)[1]

    @cached_property
    def derivative(self) -> list[np.ndarray]:
        return [np.asarray(d) for d in self.jvp(*self.primals)]

    @cached_property
    def refusal(self) -> type[Exception] | None:
        """What NumPy itself raises on these arguments (an empty maximum, a warning)."""
        try:
            self.case.call(*self.arrays)
        except (ValueError, RuntimeWarning, np.linalg.LinAlgError) as error:
            return type(error)
        return None

    def in_float64(self) -> Problem:
        """Return the same problem, with the same numbers, in float64."""
        wide = Problem(self.case, self.positions, np.float64, self.shapes, self.layout)
        wide.arrays = [np.asarray(x, np.float64)[()] for x in self.arrays]
        wide.tangents = tuple([np.asarray(v, np.float64)[()] for v in self.tangents])
        wide.cts = tuple([np.asarray(ct, np.float64)[()] for ct in self.cts])
        return wide

    def __repr__(self) -> str:
        return self.name


def _layouts(case: Case) -> Iterator[tuple[list, str]]:
    """Yield the shapes of the arrays of `case` and the layout to give them."""
    scattered = all(a.domain in SCATTERED for a in case.arrays)
    if case.free:
        for shape, layout in STANDARD:
            if layout != " zero-stride" or scattered:
                yield [shape if a.shape is None else a.shape for a in case.arrays], layout
        rule = RULES.get(case.function)
        if len(case.arrays) == 2 and getattr(rule, "family", "") == "elementwise":
            for pair in BROADCAST:
                yield list(pair), ""
        return
    shapes = [a.shape for a in case.arrays]
    for layout in LAYOUTS:
        if layout == " float" and any(shapes):
            continue
        if layout == " zero-stride" and not (scattered and all(shape for shape in shapes)):
            continue
        if any(shapes) or layout in ("", " read-only", " float"):
            yield shapes, layout


def problems(case: Case) -> Iterator[Problem]:
    """Yield the generated problems: each argument, and all jointly, in each dtype, shape and layout."""
    choices: list[tuple[int, ...]] = [(i,) for i in case.chosen]
    if len(case.chosen) > 1:
        choices.append(tuple(case.chosen))
    for shapes, layout in _layouts(case):
        for dtype in DTYPES if layout != " float" else DTYPES[:1]:
            for positions in choices:
                yield Problem(case, positions, dtype, shapes, layout)
