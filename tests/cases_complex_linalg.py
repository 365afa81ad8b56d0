"""Rows of linear algebra with complex matrices, and of real matrices with complex eigenvalues."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.complex_rows import HERMITIAN, POSITIVE, REGULAR, SPECTRUM, TURNS, C, R, Row


def projectors(vectors: Any) -> Any:
    """Return v vᴴ for each column v: what does not depend on its phase."""
    return vectors[..., :, None, :] * np.conj(vectors)[..., None, :, :]


def values_and_projectors(values: Any, vectors: Any) -> Any:
    return values, projectors(vectors)


def singular_triples(u: Any, s: Any, vh: Any) -> Any:
    """Return what does not depend on the phases: u vᴴ and u uᴴ for each, and the values."""
    k = s.shape[-1]
    return u[..., :, None, :k] * vh.mT[..., None, :, :k], projectors(u), s, projectors(vh.mT)


HERMITIAN_RESULT: dict[str, Any] = {"symmetric": True, "tolerance": 1e-7}
LINALG = [
    *[
        Row(f"{f.__name__} {shape}", f, REGULAR(*shape))
        for f in (np.linalg.inv, np.linalg.det, np.linalg.slogdet, np.linalg.pinv)
        for shape in [(3, 3), (2, 2, 2), (1, 1)]
    ],
    Row("slogdet, phase alone", lambda a: np.linalg.slogdet(a)[0], REGULAR(3, 3)),
    Row("slogdet, size alone", lambda a: np.linalg.slogdet(a)[1], REGULAR(3, 3)),
    *[Row(f"pinv {shape}", np.linalg.pinv, REGULAR(*shape)) for shape in [(4, 3), (2, 3)]],
    Row("pinv, Hermitian", lambda a: np.linalg.pinv(a, hermitian=True), HERMITIAN(3, 3), **HERMITIAN_RESULT),
    *[
        Row(f"solve {k}", np.linalg.solve, a, b)
        for k, (a, b) in enumerate([
            (REGULAR(3, 3), C(3)), (REGULAR(3, 3), R(3, 2)), (REGULAR(2, 2, 2), C(2, 1)),
            (lambda rng: rng.normal(size=(3, 3)) + 3 * np.eye(3), C(3)),
        ])
    ],
    *[
        Row(f"lstsq {shape}", lambda a, b: np.linalg.lstsq(a, b)[:2], REGULAR(*shape), b)
        for shape, b in [((4, 3), C(4)), ((4, 3), R(4, 2)), ((2, 3), C(2))]
    ],
    Row("cholesky", np.linalg.cholesky, POSITIVE(3, 3), **HERMITIAN_RESULT),
    Row("cholesky of a stack", np.linalg.cholesky, POSITIVE(2, 2, 2), **HERMITIAN_RESULT),
    Row("cholesky, upper", lambda a: np.linalg.cholesky(a, upper=True), POSITIVE(3, 3), **HERMITIAN_RESULT),
    *[Row(f"qr {shape}", lambda a: tuple(np.linalg.qr(a)), REGULAR(*shape)) for shape in [(3, 3), (4, 2), (2, 2, 2)]],
    Row("qr, wide", lambda a: tuple(np.linalg.qr(a)), lambda rng: REGULAR(2, 4)(rng)),
    Row("qr, r", lambda a: np.linalg.qr(a, "r"), REGULAR(4, 2)),
    *[Row(f"qr, complete {shape}", lambda a: tuple(np.linalg.qr(a, "complete")), REGULAR(*shape))
      for shape in [(4, 2), (3, 2), (2, 3, 1)]],
    Row("eigvalsh", np.linalg.eigvalsh, HERMITIAN(3, 3), **HERMITIAN_RESULT),
    *[
        Row(f"eigh {shape}{uplo}", lambda a, uplo=uplo: values_and_projectors(*np.linalg.eigh(a, uplo)),
            HERMITIAN(*shape), **HERMITIAN_RESULT)
        for shape, uplo in [((3, 3), "L"), ((2, 2, 2), "U")]
    ],
    *[Row(f"{name} {k}", f, a, tolerance=1e-7) for name, f in
      [("eig", lambda a: tuple(np.linalg.eig(a))), ("eigvals", np.linalg.eigvals)]
      for k, a in enumerate([SPECTRUM(3, 3), SPECTRUM(2, 2, 2), TURNS(3, 3), TURNS(2, 2)])],
    Row("svdvals", np.linalg.svdvals, REGULAR(3, 4), tolerance=1e-7),
    *[
        Row(f"svd {shape}, full {full}", lambda a, full=full: singular_triples(*np.linalg.svd(a, full)),
            REGULAR(*shape), tolerance=1e-7)
        for full, shapes in [(False, [(4, 2), (2, 4), (2, 3, 2)]), (True, [(3, 3), (3, 2), (2, 3)])] for shape in shapes
    ],
    Row("svd, Hermitian", lambda a: singular_triples(*np.linalg.svd(a, hermitian=True)),
        HERMITIAN(3, 3), **HERMITIAN_RESULT),
    *[
        Row(f"norm of a matrix, {ord}", lambda a, ord=ord: np.linalg.norm(a, ord), REGULAR(3, 3), tolerance=1e-7)
        for ord in (None, "fro", "nuc", 1, -1, np.inf, -np.inf, 2, -2)
    ],
    *[
        Row(f"norm of vectors, {ord}", lambda a, ord=ord: np.linalg.norm(a, ord, axis=1), C(2, 4))
        for ord in (None, 1, 2, 3, 2.5, np.inf, -np.inf, -1)
    ],
    Row("vector_norm", np.linalg.vector_norm, C(2, 3)),
    Row("matrix_norm", np.linalg.matrix_norm, C(2, 3)),
    *[Row(f"cond {p}", lambda a, p=p: np.linalg.cond(a, p), REGULAR(3, 3), tolerance=1e-7)
      for p in (None, -2, 1, "fro")],
    Row("tensorsolve", lambda a, b: np.linalg.tensorsolve(a.reshape(2, 2, 4), b), REGULAR(4, 4), C(2, 2)),
    Row("tensorinv", lambda a: np.linalg.tensorinv(a.reshape(2, 2, 4), 2), REGULAR(4, 4)),
]  # fmt: skip
