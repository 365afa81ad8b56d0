"""The function under check, reduced to numbers: from the flat vector of its entries to ⟨ct, f⟩.

Witnesses call `Probe.scalar`, which evaluates the plain function and nothing of the engine;
`reverse` and `forward` are the engine's derivatives of the same scalar.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from autodiff.boundary import check_differentiable
from autodiff.checking.parts import ComplexResultError
from autodiff.forward import jvp
from autodiff.operands import dtype_of, is_inexact, shape_of, value_of
from autodiff.record import argument_names
from autodiff.reverse import vjp
from autodiff.tree import flatten


@contextmanager
def quiet(strict: bool = False) -> Iterator[None]:
    """Leave out warnings: what overflows is seen in the numbers. `strict`: a lost imaginary part raises."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if strict:
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
        yield


class Probe:
    """A function as ⟨ct, f(x)⟩ of the flat vector x of the entries that are differentiated.

    Parameters
    ----------
    f : callable
        Of floats, arrays and containers of them.
    args : sequence
        Its arguments; integers and other things among them stay as they are.
    argnum : int or tuple of int, optional
        Which arguments are differentiated; by default all that are made of floats.
    rng : numpy.random.Generator
        Where the cotangent comes from, if f returns more than one number.

    Attributes
    ----------
    x : ndarray
        The entries, as float64.
    ct : list of ndarray
        The cotangent of each result that is made of floats.
    """

    def __init__(
        self, f: Callable, args: Sequence, argnum: int | Sequence[int] | None, rng: np.random.Generator
    ) -> None:
        self.f = f
        self.argnum = argnum
        leaves, self.structure = flatten(list(args))
        self.leaves = [value_of(leaf) for leaf in leaves]
        self.places = self._chosen(len(args), argnum)
        self.arrays = [np.array(self.leaves[place]) for place in self.places]
        self.labels = self._labels(f, len(args))
        self.x = np.concatenate([np.ravel(a).astype(np.float64) for a in self.arrays])
        self.eps = max(float(np.finfo(a.dtype).eps) for a in self.arrays)
        self.largest = min(float(np.finfo(a.dtype).max) for a in self.arrays)
        self.wide = self.eps > 2.0**-52  # witnesses of float32 work in float64
        given = self.arguments(self.x, as_given=True)
        with quiet():
            outputs = flatten(f(*given))[0]
        self.modified = self._differing(given)
        self.kept = [k for k, y in enumerate(outputs) if is_inexact(dtype_of(value_of(y)))]
        self.outputs = [np.array(value_of(outputs[k])) for k in self.kept]
        self._check_outputs(len(outputs))
        self.ct = self._cotangent(rng)

    def _chosen(self, n_args: int, argnum: int | Sequence[int] | None) -> list[int]:
        """Return the positions, among the leaves, of those that are differentiated."""
        owners = [k for k, child in enumerate(self.structure.children) for _ in range(child.size)]
        asked = range(n_args) if argnum is None else [argnum] if isinstance(argnum, int) else list(argnum)
        for k in asked:
            if not -n_args <= k < n_args:
                raise ValueError(f"gradcheck: argnum counts the arguments from 0; got {k} of {n_args}. Choose another.")
        wanted = {k % n_args for k in asked}
        places = []
        for place, (leaf, owner) in enumerate(zip(self.leaves, owners, strict=True)):
            if owner not in wanted:
                continue
            if argnum is None and not _is_float(leaf):
                continue
            check_differentiable("gradcheck", leaf, f"argument {owner}")
            if np.size(leaf):
                places.append(place)
        if not places:
            got = ", ".join(type(leaf).__name__ for leaf in self.leaves) or "no argument"
            raise TypeError(
                f"gradcheck: needs a float, or an array of floats with entries, to differentiate; got {got}. "
                "Write numbers as floats (2.0 for 2)."
            )
        return places

    def _labels(self, f: Callable, n_args: int) -> list[str]:
        names = argument_names(f, n_args)
        paths = self.structure.paths()
        labels = []
        for place in self.places:
            number, _, rest = paths[place][1:].partition("]")
            labels.append(names[int(number)] + rest)
        return labels

    def _check_outputs(self, number: int) -> None:
        if not sum(y.size for y in self.outputs):
            raise TypeError(
                f"gradcheck: f must return floats; got {number} results without any. Return what to differentiate."
            )
        if any(y.dtype.kind == "c" for y in self.outputs):
            raise ComplexResultError(
                "gradcheck: the result must be real; got complex numbers. Return its np.real and np.imag part."
            )

    def _cotangent(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Return 1 for a single number, else random numbers of size 0.5 … 1.5; 0 where f is not finite."""
        if sum(y.size for y in self.outputs) == 1:
            return [np.ones_like(y) for y in self.outputs]
        draws = [rng.uniform(0.5, 1.5, y.shape) * rng.choice([-1.0, 1.0], y.shape) for y in self.outputs]
        return [np.where(np.isfinite(y), d, 0.0).astype(y.dtype) for y, d in zip(self.outputs, draws, strict=True)]

    def _differing(self, given: Sequence) -> list[str]:
        """Return the arguments, of those in `given`, which are not any more what they were."""
        leaves = flatten(list(given))[0]
        pairs = zip(self.labels, self.places, self.arrays, strict=True)
        return [label for label, place, a in pairs if not np.array_equal(leaves[place], a, equal_nan=True)]

    # --- the plain function: what the witnesses see -----------------------------------

    def arguments(self, x: np.ndarray, as_given: bool = False) -> Sequence:
        """Return arguments with the entries `x`, copies all of them; in their own dtype, or at least float64."""
        leaves = [leaf.copy() if isinstance(leaf, np.ndarray) else leaf for leaf in self.leaves]
        start = 0
        for place, a in zip(self.places, self.arrays, strict=True):
            part = np.array(x[start : start + a.size]).reshape(a.shape)
            start += a.size
            if as_given or (not self.wide and x.dtype.kind != "c"):
                part = part.astype(a.dtype)
            leaves[place] = part if a.ndim else part[()] if self.leaves[place].__class__ is not float else part.item()
        return self.structure.unflatten(leaves)

    def values(self, x: np.ndarray) -> np.ndarray:
        """Return all results at `x`, flat."""
        with quiet(strict=x.dtype.kind == "c"):
            leaves = flatten(self.f(*self.arguments(x)))[0]
        return np.concatenate([np.ravel(value_of(leaves[k])) for k in self.kept])

    def scalar(self, x: np.ndarray) -> Any:
        """Return ⟨ct, f(x)⟩; NaN where f is not defined."""
        try:
            y = self.values(x)
        except (ArithmeticError, ValueError):  # LinAlgError is one
            return np.nan
        ct = np.concatenate([np.ravel(c) for c in self.ct]).astype(np.float64)
        if y.dtype.kind == "c" and x.dtype.kind != "c":  # as eigenvalues may become
            return np.nan
        return np.dot(ct[ct != 0], y[ct != 0]) if y.shape == ct.shape else np.nan

    @property
    def magnitude(self) -> float:
        """The sum of the sizes of the terms of ⟨ct, f⟩: what rounding is relative to."""
        pairs = zip(self.ct, self.outputs, strict=True)
        return float(sum(np.sum(np.abs(c[c != 0] * y[c != 0]), dtype=np.float64) for c, y in pairs))

    # --- the engine -------------------------------------------------------------------

    def restricted(self, *chosen: Any) -> list:
        """Return those results that are floats, as a function of the differentiated leaves alone."""
        leaves = [leaf.copy() if isinstance(leaf, np.ndarray) else leaf for leaf in self.leaves]
        for place, leaf in zip(self.places, chosen, strict=True):
            leaves[place] = leaf
        outputs = flatten(self.f(*self.structure.unflatten(leaves)))[0]
        return [outputs[k] for k in self.kept]

    def chosen(self, x: np.ndarray) -> list:
        """Return the differentiated leaves with the entries `x`, in their own dtype."""
        leaves = flatten(list(self.arguments(x, as_given=True)))[0]
        return [leaves[place] for place in self.places]

    def pullback(self, x: np.ndarray) -> tuple[list, Callable[[], np.ndarray]]:
        """Return the results under reverse mode, and what gives the gradient of ⟨ct, f⟩, flat."""
        with quiet():
            y, pull = vjp(self.restricted, *self.chosen(x))

        def gradient() -> np.ndarray:
            with quiet():
                return self.flat(pull([c.astype(dtype_of(v))[()] for c, v in zip(self.ct, y, strict=True)]))

        return y, gradient

    def reverse(self, x: np.ndarray) -> np.ndarray:
        """Return the gradient of ⟨ct, f⟩ by reverse mode."""
        return self.pullback(x)[1]()

    def forward(self, x: np.ndarray, v: np.ndarray) -> float:
        """Return the derivative of ⟨ct, f⟩ along `v` by forward mode."""
        with quiet():
            y_dot = jvp(self.restricted, self.chosen(x), self.chosen(v))[1]
        total = 0.0
        for c, dot in zip(self.ct, y_dot, strict=True):
            total += float(np.sum((c * np.asarray(value_of(dot), np.float64))[c != 0]))
        return total

    def flat(self, leaves: Sequence) -> np.ndarray:
        """Return one value for each differentiated leaf as one vector."""
        return np.concatenate([np.ravel(np.asarray(value_of(leaf))).astype(np.float64) for leaf in leaves])

    # --- entries and directions -------------------------------------------------------

    def entry_name(self, index: int) -> str:
        """Return how a user would write entry `index`: `W[0, 2]`."""
        for label, a in zip(self.labels, self.arrays, strict=True):
            if index < a.size:
                return label + entry(a.shape, index)
            index -= a.size
        raise IndexError(f"Probe: an entry of {self.x.size}; got a larger number. Count from 0.")

    def symmetric(self, v: np.ndarray) -> np.ndarray:
        """Return `v` symmetrised in those arguments that are symmetric matrices.

        Of these NumPy may read one triangle alone (`np.linalg.eigvalsh`, `cholesky`), and their
        derivatives are meant along symmetric directions.
        """
        parts, start = [], 0
        for a in self.arrays:
            part = v[start : start + a.size].reshape(a.shape)
            start += a.size
            if a.ndim >= 2 and a.shape[-1] == a.shape[-2] > 1 and np.array_equal(a, np.swapaxes(a, -1, -2)):
                part = 0.5 * (part + np.swapaxes(part, -1, -2))
            parts.append(part.ravel())
        return np.concatenate(parts)

    def ascending(self, x: np.ndarray) -> np.ndarray:
        """Return `x` sorted in those arguments that are sorted, as the points of `np.interp` must be."""
        parts, start = [], 0
        for a in self.arrays:
            part = x[start : start + a.size]
            start += a.size
            parts.append(np.sort(part) if a.ndim == 1 and np.all(np.diff(a) > 0) else part)
        return np.concatenate(parts)

    def gradient_probe(self) -> Probe:
        """Return the probe of the gradient: x ↦ Jᵀ(x) ct, whose derivative is the second derivative."""

        def gradient(*chosen: Any) -> tuple:
            y, pull = vjp(self.restricted, *chosen)
            return pull([c.astype(dtype_of(v))[()] for c, v in zip(self.ct, y, strict=True)])

        probe = Probe(gradient, self.chosen(self.x), None, np.random.default_rng(1))
        probe.labels = self.labels
        return probe


def _is_float(leaf: Any) -> bool:
    return leaf.__class__ is float or (isinstance(leaf, (np.ndarray, np.generic)) and leaf.dtype.kind == "f")


def entry(shape: tuple[int, ...], index: int) -> str:
    """Return the index of a flat entry as it is written: `[0, 2]`; nothing for a number."""
    place = np.unravel_index(index, shape) if shape else ()
    return f"[{', '.join(str(int(k)) for k in place)}]" if place else ""


def shapes(values: Sequence) -> str:
    """Return shapes as they stand in a message."""
    return ", ".join(str(shape_of(v)) for v in values)
