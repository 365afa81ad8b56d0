"""The vector space that a value lies in, as HIPS autograd's programs ask for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autodiff.boundary import zero_like
from autodiff.operands import dtype_of, plain, spec_of
from autodiff.tree import flatten


class VSpace:
    """The vector space that a value lies in: its zero, its basis, its inner product.

    Values are floats, arrays and nested containers of them. `size` counts real dimensions.

    Examples
    --------
    >>> space = vspace([1.0, np.zeros(2)])
    >>> space.size, space.zeros()
    (3, [np.float64(0.0), array([0., 0.])])
    """

    def __init__(self, value: Any) -> None:
        leaves, self.structure = flatten(value)
        self.specs = [spec_of(plain(leaf)) for leaf in leaves]

    @property
    def iscomplex(self) -> bool:
        return any(spec.dtype.kind == "c" for spec in self.specs)

    @property
    def size(self) -> int:
        return sum(spec.size * (2 if spec.dtype.kind == "c" else 1) for spec in self.specs)

    @property
    def shape(self) -> Any:
        return self.structure.unflatten([spec.shape for spec in self.specs])

    @property
    def dtype(self) -> Any:
        return self.structure.unflatten([spec.dtype for spec in self.specs])

    @property
    def ndim(self) -> Any:
        return self.structure.unflatten([spec.ndim for spec in self.specs])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, VSpace):
            return NotImplemented
        return self.structure == other.structure and repr(self.specs) == repr(other.specs)

    def __hash__(self) -> int:
        return hash((self.structure, repr(self.specs)))

    def __repr__(self) -> str:
        return f"VSpace({self.structure.unflatten(self.specs)})"

    def _made(self, make: Callable) -> Any:
        return self.structure.unflatten([make(spec) for spec in self.specs])

    def zeros(self) -> Any:
        return self._made(zero_like)

    def ones(self) -> Any:
        """Return the sum of the unit vectors: for complex numbers 1 + i."""
        return self._made(lambda spec: np.full(spec.shape, 1 + 1j if spec.dtype.kind == "c" else 1, spec.dtype)[()])

    def randn(self) -> Any:
        """Return normally distributed numbers, by NumPy's global generator, as autograd does."""

        def draw(spec: Any) -> Any:
            x = np.asarray(np.random.randn(*spec.shape))  # noqa: NPY002 - so that np.random.seed works
            if spec.dtype.kind == "c":
                x = x + 1j * np.random.randn(*spec.shape)  # noqa: NPY002
            return x.astype(spec.dtype)[()]

        return self._made(draw)

    def standard_basis(self) -> Iterator:
        """Yield the unit vectors, of complex numbers one along each part."""
        for k, spec in enumerate(self.specs):
            for index in np.ndindex(*spec.shape):
                for one in (1.0, 1j) if spec.dtype.kind == "c" else (1.0,):
                    leaves = [np.zeros(s.shape, s.dtype) for s in self.specs]
                    leaves[k][index] = one
                    yield self.structure.unflatten([leaf[()] for leaf in leaves])

    def add(self, x: Any, y: Any) -> Any:
        return self._combined(lambda a, b: a + b, x, y)

    mut_add = add  # nothing is overwritten here

    def scalar_mul(self, x: Any, a: Any) -> Any:
        return self._combined(lambda leaf: leaf * a, x)

    def inner_prod(self, x: Any, y: Any) -> Any:
        """Return Σ Re(x̄ᵢ yᵢ)."""
        leaves = zip(flatten(x)[0], flatten(y)[0], strict=True)
        return sum(np.real(np.sum(np.conjugate(a) * b)) for a, b in leaves)

    def covector(self, x: Any) -> Any:
        return self._combined(lambda leaf: np.conjugate(leaf) if dtype_of(leaf).kind == "c" else leaf, x)

    def _combined(self, operation: Callable, *values: Any) -> Any:
        columns = [flatten(value)[0] for value in values]
        return self.structure.unflatten([operation(*leaves) for leaves in zip(*columns, strict=True)])


def vspace(value: Any) -> VSpace:
    """Return the vector space that `value` lies in."""
    return VSpace(value)
