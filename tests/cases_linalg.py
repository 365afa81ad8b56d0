"""Rows of the table for products and linear algebra. See `tests.cases`."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from autodiff.rules.affine import affine
from tests.cases import A, Case
from tests.domains import well_conditioned

REGULAR = functools.partial(A, domain="well_conditioned")
SYMMETRIC = functools.partial(A, domain="symmetric")
SPD = functools.partial(A, domain="spd")
CONVOLUTIONS = (np.convolve, np.correlate)
MODES = ("full", "same", "valid")


def real_spectrum(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Not symmetric, with separated real eigenvalues and well-conditioned eigenvectors."""
    n = shape[-1]
    vectors = np.eye(n) + 0.2 * rng.uniform(-1.0, 1.0, shape)
    return vectors * np.linspace(-1.5, 2.0, n) @ np.linalg.inv(vectors)


def dominant(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Regular, with one row sum and one column sum of absolute values far above the others."""
    a = 0.3 * well_conditioned(rng, shape)
    a[..., 0, :] *= 3.0
    a[..., :, 1] *= 4.0
    a[..., :, 2] *= 0.5
    a[..., 2, :] *= 0.5
    return np.where(np.abs(a) < 0.01, 0.02, a)


def regular_and_more(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Wide, the first columns being far from singular."""
    *stack, m, n = shape
    more = rng.uniform(-1.0, 1.0, (*stack, m, n - m))
    return np.concatenate([well_conditioned(rng, (*stack, m, m)), more], axis=-1)


def outputs(function: Callable, *numbers: int) -> Callable:
    """Return `function` with the chosen ones of its outputs."""
    return lambda a: tuple([function(a)[k] for k in numbers])


def small_singular_value(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Of rank n - 1 up to rounding."""
    u, s, vt = np.linalg.svd(rng.uniform(-1.0, 1.0, shape))
    s[..., -1] = 0.0
    return (u * s[..., None, :]) @ vt


PRODUCTS = [
    *[
        Case(np.matmul, A(*a), A(*b), name=f"matmul {a} {b}")
        for a, b in [
            ((2, 3), (3, 4)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 2, 3), (3, 2)), ((2, 3), (4, 3, 2)),
            ((2, 1, 2, 3), (4, 3, 2)), ((2, 2, 3), (3,)), ((3,), (2, 3, 2)), ((2, 0), (0, 3)),
        ]
    ],
    *[
        Case(affine, A(*x), A(3, 2), A(2), name=f"affine {x}")
        for x in [(4, 3), (3,), (2, 4, 3), (0, 3)]
    ],
    *[
        Case(np.dot, A(shape=a), A(shape=b), name=f"dot {a} {b}")
        for a, b in [
            ((3,), (3,)), ((2, 3), (3, 4)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 2, 3), (4, 3, 2)), ((), (2, 3)),
            ((2, 3), ()), ((), ()), ((3,), (2, 3, 2)), ((2, 2, 3), (3,)), ((2, 0), (0, 3)),
        ]
    ],
    *[
        Case(np.inner, A(shape=a), A(shape=b), name=f"inner {a} {b}")
        for a, b in [((3,), (3,)), ((2, 3), (4, 3)), ((2, 2, 3), (3,)), ((), (2, 3)), ((3,), (2, 2, 3))]
    ],
    Case(np.vdot, A(3), A(3), analytic=False),
    Case(np.vdot, A(2, 3), A(3, 2), name="vdot of matrices", analytic=False),
    Case(np.outer, A(2), A(3)),
    Case(np.outer, A(2, 2), A(shape=()), name="outer, flattened"),
    Case(np.tensordot, A(2, 3, 4), A(3, 4, 2)),
    Case(np.tensordot, A(2, 3), A(3, 2), 1, name="tensordot over 1 axis"),
    Case(np.tensordot, A(2), A(3, 2), 0, name="tensordot over no axis"),
    Case(np.tensordot, A(2, 3, 4), A(4, 5, 2), ((0, -1), (2, 0)), name="tensordot over pairs"),
    Case(np.tensordot, A(2, 3, 2), A(3, 2, 2), axes=([2, 1], [1, 0]), name="tensordot over crossed pairs"),
    Case(np.tensordot, A(2, 3), A(3, 2), (1, 0), name="tensordot over a pair"),
    Case(np.linalg.matmul, A(2, 3), A(3, 4)),
    Case(np.linalg.outer, A(2), A(3)),
    Case(np.linalg.tensordot, A(2, 3), A(3, 2), axes=1),
    Case(np.vecdot, A(2, 3), A(3), analytic=False),
    Case(np.vecdot, A(3, 2), A(3, 1), axis=0, name="vecdot along axis 0", analytic=False),
    Case(np.linalg.vecdot, A(2, 3), A(2, 3), analytic=False),
    *[Case(np.matvec, A(*a), A(*b), name=f"matvec {a}") for a, b in [((2, 3), (3,)), ((2, 2, 3), (2, 3))]
      if hasattr(np, "matvec")],
    *[Case(np.vecmat, A(*a), A(*b), name=f"vecmat {b}", analytic=False)
      for a, b in [((2,), (2, 3)), ((2, 2), (2, 2, 3))] if hasattr(np, "vecmat")],
    Case(np.kron, A(2, 3), A(2, 2)),
    Case(np.kron, A(2), A(2, 3), name="kron of different dimensions"),
    Case(np.kron, A(shape=()), A(3), name="kron with a scalar"),
    Case(np.cross, A(3), A(3)),
    Case(np.cross, A(2, 3), A(3), name="cross, broadcast"),
    Case(np.cross, A(3, 2), A(2, 3), axisa=0, axisb=1, axisc=0, name="cross along axisa, axisb, axisc"),
    Case(np.cross, A(3, 2), A(3, 2), axis=0, name="cross along axis 0"),
    Case(np.linalg.cross, A(2, 3), A(2, 3)),
    Case(np.linalg.cross, A(3, 2), A(3, 2), axis=0, name="linalg.cross along axis 0"),
    *[
        Case(function, A(n), A(m), mode=mode, name=f"{function.__name__} {n}, {m} {mode}", analytic=False)
        for function in CONVOLUTIONS for n, m in ((5, 3), (5, 2), (3, 4), (1, 3)) for mode in MODES
    ],
    Case(np.convolve, A(3), A(2), name="convolve", analytic=False),
    Case(np.correlate, A(3), A(2), name="correlate", analytic=False),
    Case(np.linalg.multi_dot, [A(2, 3), A(3, 4), A(4, 2)]),
    Case(np.linalg.multi_dot, [A(3), A(3, 4), A(4, 2), A(2)], name="multi_dot between vectors"),
    Case(np.linalg.multi_dot, [A(2, 3), A(3, 2)], name="multi_dot of two"),
    Case(np.linalg.multi_dot, [A(3), A(3, 2), A(2, 4)], name="multi_dot from a vector"),
    *[Case(np.linalg.matrix_power, REGULAR(3, 3), n, name=f"matrix_power {n}") for n in (-3, -1, 0, 1, 2, 3, 6)],
    Case(np.linalg.matrix_power, A(2, 2, 2), 5, name="matrix_power of a stack"),
    Case(np.linalg.trace, A(3, 3)),
    Case(np.linalg.trace, A(2, 3, 4), offset=1, name="linalg.trace beside the diagonal"),
]  # fmt: skip

EINSUMS = [
    *[
        Case(np.einsum, subscripts, *[A(*shape) for shape in shapes], name=f"einsum {subscripts}")
        for subscripts, *shapes in [
            ("ij,jk->ik", (2, 3), (3, 4)),
            ("ij,jk", (2, 3), (3, 4)),
            ("ba,cb", (2, 3), (4, 2)),
            ("i,i", (3,), (3,)),
            ("i,i->i", (3,), (3,)),
            ("i,j->ji", (2,), (3,)),
            ("ii->i", (3, 3)),
            ("ii", (3, 3)),
            ("iij->ij", (3, 3, 2)),
            ("iij,j->i", (2, 2, 3), (3,)),
            ("iji,jk->ki", (2, 3, 2), (3, 2)),
            ("ij->", (2, 3)),
            ("ij->j", (2, 3)),
            ("ij->ji", (2, 3)),
            ("ij,k->k", (2, 3), (4,)),
            ("ijk,j->ik", (2, 3, 2), (3,)),
            ("ij, jk, kl -> il", (2, 3), (3, 2), (2, 4)),
            ("i,i,i->", (3,), (3,), (3,)),
            ("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
            ("...ij,jk", (2, 2, 3), (3, 2)),
            ("...i,...i", (2, 1, 3), (4, 3)),
            ("i...,i...->...", (3, 2), (3, 1)),
            ("...->...", (2, 3)),
            ("...ii->...i", (2, 3, 3)),
            ("ij,jk->ik", (2, 1), (3, 2)),
            ("i,ij->j", (3,), (1, 2)),
            ("abc,abd->cd", (2, 2, 3), (2, 2, 2)),
        ]
    ],
    Case(np.einsum, ",ij->ij", A(shape=()), A(2, 3), name="einsum with a scalar"),
    Case(np.einsum, A(2, 3), [0, 1], A(3, 4), [1, 2], name="einsum of sublists"),
    Case(np.einsum, A(2, 3), [0, 1], A(3, 4), [1, 2], [2, 0], name="einsum of sublists to one"),
    Case(np.einsum, A(2, 2, 3), [Ellipsis, 0, 1], A(3), [1], [0, Ellipsis], name="einsum of sublists with ..."),
    Case(np.einsum, "ij,jk,kl->il", A(2, 3), A(3, 2), A(2, 4), optimize=True, name="einsum optimized"),
    Case(
        np.einsum, "ij,jk,kl->il", A(2, 3), A(3, 2), A(2, 4), optimize=["einsum_path", (0, 1), (0, 1)],
        name="einsum along a path",
    ),
]  # fmt: skip

EQUATIONS = [
    Case(np.linalg.inv, REGULAR(3, 3)),
    Case(np.linalg.inv, REGULAR(2, 3, 3), name="inv of a stack"),
    Case(np.linalg.solve, REGULAR(3, 3), A(3)),
    Case(np.linalg.solve, REGULAR(3, 3), A(3, 2), name="solve for a matrix"),
    Case(np.linalg.solve, REGULAR(2, 3, 3), A(3), name="solve a stack for a vector"),
    Case(np.linalg.solve, REGULAR(2, 3, 3), A(2, 3, 2), name="solve a stack"),
    Case(np.linalg.solve, REGULAR(3, 3), A(2, 3, 2), name="solve for a stack"),
    Case(np.linalg.solve, REGULAR(2, 1, 3, 3), A(4, 3, 1), name="solve, broadcast"),
    Case(np.linalg.pinv, REGULAR(3, 3), analytic=False),
    Case(np.linalg.pinv, REGULAR(4, 3), name="pinv of a tall matrix", analytic=False),
    Case(np.linalg.pinv, REGULAR(2, 2, 3), name="pinv of wide matrices", analytic=False),
    Case(np.linalg.pinv, SPD(3, 3), hermitian=True, name="pinv hermitian", analytic=False),
    Case(np.linalg.pinv, REGULAR(4, 3), rcond=1e-6, name="pinv rcond", analytic=False),
    Case(np.linalg.lstsq, REGULAR(4, 2), A(4), analytic=False),
    Case(np.linalg.lstsq, REGULAR(4, 2), A(4, 3), name="lstsq for a matrix", analytic=False),
    Case(np.linalg.lstsq, REGULAR(2, 3), A(2), name="lstsq of a wide matrix", analytic=False),
    Case(np.linalg.lstsq, REGULAR(3, 3), A(3), name="lstsq of a square matrix", analytic=False),
    Case(
        np.linalg.tensorsolve,
        A(2, 2, 4, domain=lambda rng, shape: well_conditioned(rng, (4, 4)).reshape(shape)),
        A(2, 2),
    ),
    Case(
        np.linalg.tensorsolve,
        A(2, 4, 2, domain=lambda rng, shape: well_conditioned(rng, (4, 4)).reshape(shape)),
        A(2, 2),
        axes=(1,),
        name="tensorsolve axes",
    ),
    Case(np.linalg.tensorinv, A(2, 2, 4, domain=lambda rng, shape: well_conditioned(rng, (4, 4)).reshape(shape))),
    Case(
        np.linalg.tensorinv,
        A(4, 2, 2, domain=lambda rng, shape: well_conditioned(rng, (4, 4)).reshape(shape)),
        ind=1,
        name="tensorinv ind=1",
    ),
    Case(np.linalg.det, A(3, 3, domain=lambda rng, shape: rng.uniform(-2.0, 2.0, shape))),
    Case(np.linalg.det, A(1, 1), name="det of 1 × 1"),
    Case(np.linalg.det, A(2, 2, 2), name="det of a stack"),
    Case(np.linalg.det, A(4, 4, domain=small_singular_value), name="det of a singular matrix"),
    Case(np.linalg.slogdet, A(3, 3, domain="well_conditioned"), analytic=False),
    Case(np.linalg.slogdet, REGULAR(2, 3, 3), name="slogdet of a stack", analytic=False),
    Case(np.linalg.matrix_rank, REGULAR(3, 3)),
]

DECOMPOSITIONS = [
    Case(np.linalg.cholesky, SPD(3, 3), analytic=False),
    Case(np.linalg.cholesky, SPD(2, 3, 3), upper=True, name="cholesky upper", analytic=False),
    Case(np.linalg.eigh, SYMMETRIC(3, 3), analytic=False),
    Case(np.linalg.eigh, SYMMETRIC(2, 3, 3), UPLO="U", name="eigh upper", analytic=False),
    Case(np.linalg.eigvalsh, SYMMETRIC(3, 3), analytic=False),
    Case(np.linalg.eigvalsh, SYMMETRIC(2, 3, 3), UPLO="U", name="eigvalsh upper", analytic=False),
    Case(np.linalg.eig, A(3, 3, domain=real_spectrum), analytic=False),
    Case(np.linalg.eig, A(2, 3, 3, domain=real_spectrum), name="eig of a stack", analytic=False),
    Case(np.linalg.eigvals, A(3, 3, domain=real_spectrum), analytic=False),
    Case(np.linalg.eigvals, A(2, 3, 3, domain=real_spectrum), name="eigvals of a stack", analytic=False),
    Case(np.linalg.svd, REGULAR(3, 3), analytic=False),
    Case(np.linalg.svd, REGULAR(4, 2), full_matrices=False, name="svd tall", analytic=False),
    Case(np.linalg.svd, REGULAR(2, 2, 4), full_matrices=False, name="svd wide", analytic=False),
    Case(np.linalg.svd, REGULAR(3, 2), compute_uv=False, name="svd values only", analytic=False),
    Case(np.linalg.svd, SPD(3, 3), hermitian=True, name="svd hermitian", analytic=False),
    Case(np.linalg.svd, SYMMETRIC(3, 3), compute_uv=False, hermitian=True, name="svd hermitian values", analytic=False),
    Case(np.linalg.svd, REGULAR(4, 3), name="svd tall by one", analytic=False),
    Case(np.linalg.svd, REGULAR(2, 2, 3), name="svd wide by one", analytic=False),
    Case(outputs(np.linalg.svd, 1, 2), REGULAR(4, 2), name="svd tall, but for U", analytic=False),
    Case(outputs(np.linalg.svd, 0, 1), REGULAR(2, 4), name="svd wide, but for V", analytic=False),
    Case(np.linalg.svdvals, REGULAR(2, 3, 2), analytic=False),
    Case(np.linalg.qr, REGULAR(3, 3), analytic=False),
    Case(np.linalg.qr, REGULAR(4, 2), name="qr tall", analytic=False),
    Case(np.linalg.qr, A(2, 2, 4, domain=regular_and_more), name="qr wide", analytic=False),
    Case(np.linalg.qr, REGULAR(4, 2), mode="r", name="qr r", analytic=False),
    Case(np.linalg.qr, A(2, 4, domain=regular_and_more), "complete", name="qr complete", analytic=False),
    Case(np.linalg.qr, REGULAR(4, 2), "complete", name="qr complete, tall", analytic=False),
    Case(np.linalg.qr, REGULAR(2, 3, 2), "complete", name="qr complete, a stack", analytic=False),
    *[
        Case(np.linalg.cond, A(3, 3, domain=dominant), p, name=f"cond {p}", analytic=False)
        for p in (None, 2, -2, 1, -1, np.inf, -np.inf, "fro", "nuc")
    ],
    Case(np.linalg.cond, A(2, 3, 3, domain=dominant), name="cond of a stack", analytic=False),
]

NORMS = [
    Case(np.linalg.norm, A(domain="nonzero"), analytic=False),
    *[
        Case(np.linalg.norm, A(4, domain="distinct_positive"), p, name=f"norm {p}", analytic=False)
        for p in (None, 0, 1, -1, 2, -2, 3, 2.5, 0.5, -3, np.inf, -np.inf)
    ],
    *[
        Case(np.linalg.norm, A(2, 3, domain="distinct"), p, axis, True, name=f"norm {p} axis {axis}", analytic=False)
        for p, axis in [(None, 0), (2, -1), (3, 1), (1, 0), (np.inf, 1), (-np.inf, 0)]
    ],
    *[
        Case(np.linalg.norm, A(3, 3, domain=dominant), p, name=f"matrix norm {p}", analytic=False)
        for p in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
    ],
    *[
        Case(
            np.linalg.norm, A(3, 2, 3, domain=lambda rng, shape: np.moveaxis(dominant(rng, (2, 3, 3)), 0, 1)), p,
            axis=axis, keepdims=keepdims, name=f"matrix norm {p} axis {axis}", analytic=False,
        )
        for p, axis, keepdims in [
            (None, (0, 2), False), ("fro", (2, 0), True), ("nuc", (0, -1), True), (2, (2, 0), False),
            (-2, (0, 2), True), (1, (0, 2), False), (1, (2, 0), True), (-1, (-1, 0), False), (np.inf, (0, 2), True),
            (-np.inf, (2, 0), False),
        ]
    ],
    Case(np.linalg.norm, A(2, 3), None, (0, 1), name="norm over both axes", analytic=False),
    Case(np.linalg.vector_norm, A(2, 3), analytic=False),
    Case(np.linalg.vector_norm, A(2, 3, 2), axis=(0, 2), keepdims=True, ord=3, name="vector_norm", analytic=False),
    Case(np.linalg.vector_norm, A(2, 3, domain="distinct"), axis=1, ord=np.inf, name="vector_norm inf", analytic=False),
    Case(np.linalg.matrix_norm, A(2, 3, 2), analytic=False),
    Case(np.linalg.matrix_norm, A(2, 3, 3, domain=dominant), keepdims=True, ord=1, name="matrix_norm", analytic=False),
    Case(np.linalg.matrix_norm, REGULAR(2, 3, 2), ord="nuc", name="matrix_norm nuc", analytic=False),
]  # fmt: skip

CASES = [*PRODUCTS, *EINSUMS, *EQUATIONS, *DECOMPOSITIONS, *NORMS]
