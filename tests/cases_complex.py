"""Rows of operations on complex numbers; what a row says stands in `tests.complex_rows`.

Matrices stand in `tests.cases_complex_linalg`, Fourier transforms in `tests.cases_fft`.
"""

from __future__ import annotations

import numpy as np

import autodiff as ad
from autodiff.arraylike import getitem
from autodiff.assignment import index_update
from tests.complex_rows import REGULAR, C, P, R, Row

MASK = np.array([[True, False, True], [False, True, True]])
HOLOMORPHIC = [
    np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p, np.sqrt, np.square, np.reciprocal, np.negative,
    np.positive, np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh,
    np.arccosh, np.arctanh, np.sinc, ad.logistic, np.sum, np.mean, np.prod, np.cumsum, np.cumprod, np.copy,
]  # fmt: skip
OF_PARTS = [np.real, np.imag, np.conjugate, np.abs, np.absolute, np.angle, np.sign, np.nan_to_num, np.real_if_close]
SPREADS = [np.var, np.std, np.nanvar, np.nanstd]
NANS = [np.nansum, np.nanmean, np.nanprod, np.nancumsum, np.nancumprod]


ELEMENTWISE = [
    *[Row(f"{f.__name__} {k}", f, C(*shape)) for f in HOLOMORPHIC for k, shape in enumerate([(), (2, 3)])],
    *[Row(f"{f.__name__} {k}", f, C(*shape)) for f in OF_PARTS for k, shape in enumerate([(), (2, 3)])],
    *[Row(f"{f.__name__} of real numbers", f, R(3)) for f in OF_PARTS],
    Row("angle in degrees", lambda z: np.angle(z, deg=True), C(3)),
    Row("abs(z)", abs, C(3)),
    Row("z.real * z.imag", lambda z: z.real * z.imag, C(3)),
    Row("z.conj()", lambda z: z.conj() * z, C(3)),
    Row("polar form", lambda r, a: r * np.exp(1j * a), P(3), R(3)),
    Row("real_if_close, close", lambda z: np.real_if_close(z * np.conj(z)), C(3)),
    *[
        Row(f"{f.__name__} {k}", f, a, b)
        for f in (np.add, np.subtract, np.multiply, np.divide, np.power, np.float_power)
        for k, (a, b) in enumerate([(C(2, 3), C(3)), (C(3), R(3)), (R(2, 1), C(3)), (C(), C(2))])
        if f is not np.float_power or k == 0
    ],
    *[Row(f"z ** {p}", lambda z, p=p: z**p, C(3)) for p in (0, 1, 2, 3, -2, 0.5, -1.5, 1 + 2j)],
    Row("2 ** z", lambda z: 2.0**z, C(3)),
    Row("astype complex", lambda x: x.astype(complex) * (1 + 2j), R(3), second_order=False),
    Row("emath.sqrt", np.emath.sqrt, R(4)),
    Row("emath.log", np.emath.log, R(4)),
    Row("emath.log2", np.emath.log2, R(4)),
    Row("emath.log10", np.emath.log10, R(4)),
    Row("emath.logn", np.emath.logn, P(), R(4)),
    Row("emath.power", np.emath.power, R(4), P(4)),
    Row("emath.arcsin", np.emath.arcsin, R(4, low=1.1)),
    Row("emath.arccos", np.emath.arccos, R(4, low=1.1)),
    Row("emath.arctanh", np.emath.arctanh, R(4, low=1.1)),
    Row("emath.sqrt inside", np.emath.sqrt, P(4)),
]

GENERAL = [
    *[
        Row(f"{f.__name__} {axis}", lambda z, f=f, axis=axis: f(z, axis=axis), C(3, 4))
        for f in SPREADS
        for axis in (None, 0)
    ],
    Row("var, ddof", lambda z: np.var(z, axis=1, ddof=1, keepdims=True), C(3, 4)),
    *[Row(f.__name__, f, C(2, 3)) for f in NANS],
    Row("sum, axis", lambda z: np.sum(z, axis=0), C(2, 3)),
    Row("mean, where", lambda z: np.mean(z, where=MASK), C(2, 3)),
    Row("average", lambda z, w: np.average(z, weights=w), C(3), P(3)),
    Row("where", lambda z, x: np.where(MASK, z, x), C(2, 3), R(2, 3)),
    Row("where, real first", lambda x, z: np.where(MASK, x, z), R(3), C(2, 3)),
    Row("select", lambda z, x: np.select([MASK, ~MASK], [z, x]), C(2, 3), R(2, 3)),
    Row("concatenate", lambda z, x: np.concatenate([z, x]), C(2), R(3)),
    Row("stack", lambda z, x: np.stack([z, x], 1), C(3), R(3)),
    Row("block", lambda z, x: np.block([z, x]), C(2), R(3)),
    Row("pad", lambda z: np.pad(z, 2), C(3)),
    Row("z[…]", lambda z: getitem(z, index=np.array([0, 2, 0])), C(3)),
    Row("z[i] = x", lambda z, x: index_update(z, x, index=1), C(3), R()),
    Row("reshape", lambda z: z.reshape(3, 2).T * z[0, 0], C(2, 3)),
    Row("flip", np.flip, C(3)),
    Row("roll", lambda z: np.roll(z, 1), C(3)),
    Row("sort", np.sort, C(4)),
    Row("sort_complex", np.sort_complex, R(4)),
    Row("sort_complex of complex ones", np.sort_complex, C(4)),
    Row("diff", np.diff, C(4)),
    Row("trapezoid", lambda z: np.trapezoid(z, dx=0.5), C(4)),
    Row("gradient", np.gradient, C(4)),
    Row("interp", lambda x, z: np.interp(x, np.arange(3.0), z), lambda rng: rng.uniform(0.1, 0.9, 2), C(3)),
    Row("polyval", np.polyval, C(3), C(2)),
    Row("polyval of a real polynomial", np.polyval, R(3), C(2)),
    Row("poly", np.poly, C(3)),
    Row("poly of conjugates", lambda z: np.poly(np.concatenate([z, z.conj()])), C(2)),
    Row("polyfit", lambda x, y: np.polyfit(x, y, 2), C(5), C(5), tolerance=1e-7),
    Row("polymul", np.polymul, C(2), C(3)),
    Row("vander", np.vander, C(3)),
    Row("roots", np.roots, C(4)),
    Row("roots of a real polynomial", np.roots, lambda _rng: np.array([1.0, 0.3, 2.0, 0.5])),
    Row("geomspace", lambda a, b: np.geomspace(a, b, 4), C(), C(angle=1.0)),
    Row("linspace", lambda a, b: np.linspace(a, b, 4), C(), R()),
    Row("cov", np.cov, C(2, 4)),
    Row("cov, weights", lambda z, w: np.cov(z, aweights=w), C(2, 4), P(4)),
    Row("corrcoef", np.corrcoef, C(2, 4)),
]

PRODUCTS = [
    *[
        Row(f"{name} {k}", f, a(*m), b(*n))
        for name, f, m, n in [
            ("matmul", np.matmul, (2, 3), (3, 2)), ("matmul, stacks", np.matmul, (2, 2, 3), (3, 2)),
            ("matmul, vector", np.matmul, (3,), (3, 2)), ("dot", np.dot, (3,), (3,)),
            ("dot, 2", np.dot, (2, 3), (3, 2)),
            ("inner", np.inner, (2, 3), (2, 3)), ("outer", np.outer, (2,), (3,)), ("vdot", np.vdot, (3,), (3,)),
            ("tensordot", np.tensordot, (2, 3, 2), (3, 2, 2)), ("kron", np.kron, (2, 2), (2, 1)),
            ("cross", np.cross, (2, 3), (2, 3)), ("vecdot", np.vecdot, (2, 3), (3,)),
            ("linalg.vecdot", np.linalg.vecdot, (2, 3), (2, 3)),
            ("einsum", lambda a, b: np.einsum("ij,jk->ki", a, b), (2, 3), (3, 2)),
            *[(f"{f.__name__} {mode} {n}", lambda a, b, f=f, mode=mode: f(a, b, mode), (n,), (3,))
              for f in (np.convolve, np.correlate) for mode in ("full", "same", "valid") for n in (5, 2)],
            *([("vecmat", np.vecmat, (2,), (2, 3)), ("matvec", np.matvec, (2, 3), (3,))]
              if hasattr(np, "vecmat") else []),
        ]
        for k, (a, b) in enumerate([(C, C), (R, C), (C, R)])
    ],
    Row("multi_dot", lambda a, b, c: np.linalg.multi_dot([a, b, c]), C(2, 3), C(3, 2), R(2, 2)),
    *[Row(f"matrix_power {n}", lambda a, n=n: np.linalg.matrix_power(a, n), REGULAR(3, 3)) for n in (-2, 0, 3)],
    Row("trace", np.trace, C(3, 3)),
]  # fmt: skip
