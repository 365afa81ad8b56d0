"""Rows of `tests.cases`: what is neither elementwise nor linear algebra.

Functions that move entries, reductions, orderings, numerical mathematics, ufunc methods.
"""

from __future__ import annotations

import numpy as np

import autodiff as ad
from tests.cases import A, Case
from tests.domains import Domain

MASK = np.array([[True, False, True], [True, True, False]])
ROWS = np.array([0, 0, 2, -1])


def with_zeros(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers of both signs, and zeros: one in the first row, two in the second."""
    values = rng.uniform(0.5, 2.0, shape) * rng.choice([-1.0, 1.0], shape)
    rows = values.reshape(-1, shape[-1])
    rows[0, 1] = 0.0
    rows[-1, 1:3] = 0.0
    return values


def around(*values: float) -> Domain:
    """These numbers, each a little off."""
    return lambda rng, shape: np.array(values) + rng.uniform(0.0, 0.01, shape)


MOVES = [
    # shape
    Case(np.reshape, A(2, 3), (3, 2)),
    Case(np.reshape, A(2, 3), -1, order="F", name="np.reshape in Fortran order"),
    Case(np.ravel, A(2, 3)),
    Case(np.ravel, A(2, 3), "F", name="np.ravel in Fortran order"),
    Case(np.transpose, A(2, 3)),
    Case(np.transpose, A(2, 3, 4), (1, -1, 0), name="np.transpose by axes"),
    Case(np.permute_dims, A(2, 3, 4), (2, 0, 1)),
    Case(np.matrix_transpose, A(2, 3, 4)),
    Case(np.linalg.matrix_transpose, A(2, 3, 4)),
    Case(np.swapaxes, A(2, 3, 4), 0, -1),
    Case(np.moveaxis, A(2, 3, 4), 0, -1),
    Case(np.moveaxis, A(2, 3, 4), [0, 1], [-1, 0], name="np.moveaxis of two"),
    Case(np.rollaxis, A(2, 3, 4), 2),
    Case(np.expand_dims, A(2, 3), 1),
    Case(np.expand_dims, A(2, 3), (0, -1), name="np.expand_dims twice"),
    Case(np.squeeze, A(2, 1, 3, 1)),
    Case(np.squeeze, A(2, 1, 3, 1), 1, name="np.squeeze one"),
    Case(np.broadcast_to, A(3, 1), (2, 3, 4)),
    Case(np.broadcast_arrays, A(3, 1), A(1, 2)),
    Case(np.atleast_1d, A(shape=())),
    Case(np.atleast_2d, A(3)),
    Case(np.atleast_3d, A(2, 3)),
    Case(lambda a, b: np.hstack(np.atleast_2d(a, b)), A(3), A(shape=()), name="np.atleast_2d of two"),
    Case(np.repeat, A(2, 3), 2),
    Case(np.repeat, A(2, 3), [2, 0, 1], axis=1, name="np.repeat along an axis"),
    Case(np.tile, A(2, 3), (2, 1, 2)),
    Case(np.resize, A(2, 3), (3, 3)),
    Case(np.flip, A(2, 3)),
    Case(np.flip, A(2, 3), -1, name="np.flip of one axis"),
    Case(np.fliplr, A(2, 3)),
    Case(np.flipud, A(2, 3)),
    Case(np.rot90, A(2, 3), 3),
    Case(np.roll, A(2, 3), 2),
    Case(np.roll, A(2, 3), (1, -1), axis=(0, 1), name="np.roll of two axes"),
    Case(np.pad, A(2, 3), 1),
    Case(np.pad, A(2, 3), ((1, 0), (2, 1)), mode="constant", constant_values=3.0, name="np.pad with a constant"),
    Case(np.pad, A(2, 3), 1, mode="edge", name="np.pad edge"),
    Case(np.pad, A(2, 3), 1, mode="reflect", name="np.pad reflect"),
    Case(np.pad, A(2, 3), 2, mode="symmetric", name="np.pad symmetric"),
    Case(np.pad, A(2, 3), 2, mode="wrap", name="np.pad wrap"),
    Case(np.fft.fftshift, A(2, 3)),
    Case(np.fft.ifftshift, A(2, 3), axes=1),
    Case(np.lib.stride_tricks.sliding_window_view, A(5), 3),
    Case(np.meshgrid, A(2), A(3)),
    # indexing
    Case(lambda x: x[1], A(2, 3), name="x[1]"),
    Case(lambda x: x[::-1, 1:], A(2, 3), name="x[::-1, 1:]"),
    Case(lambda x: x[..., None, 0], A(2, 3), name="x[..., None, 0]"),
    Case(lambda x: x[ROWS], A(3, 2), name="x[repeated rows]"),
    Case(lambda x: x[[0, 1, 1], [2, 0, 0]], A(2, 3), name="x[rows, columns]"),
    Case(lambda x: x[[0, 1], :, [1, 1]], A(2, 2, 3), name="x[rows, :, columns]"),
    Case(lambda x: x[MASK], A(2, 3), name="x[mask]"),
    Case(np.take, A(2, 3), [2, 0, 2], axis=1),
    Case(np.take, A(2, 3), [[0, 5], [5, 1]], name="np.take of all"),
    Case(np.take_along_axis, A(2, 3), np.array([[2, 2], [0, 1]]), axis=1),
    Case(np.where, MASK, A(2, 3), A(3)),
    Case(np.where, MASK, A(2, 3), 1.0, name="np.where with a number"),
    Case(np.select, [MASK, ~MASK], [A(2, 3), A(2, 3)], 2.0),
    Case(np.choose, [0, 1, 0], [A(3), A(3)]),
    Case(np.compress, [True, False, True], A(2, 3), axis=1),
    Case(np.extract, MASK, A(2, 3)),
    Case(np.diag, A(3)),
    Case(np.diag, A(3, 3), 1, name="np.diag of a matrix"),
    Case(np.diagflat, A(2, 2)),
    Case(np.diagonal, A(2, 3, 4), 1, 0, 2),
    Case(np.linalg.diagonal, A(2, 3, 3)),
    Case(np.tril, A(3, 3), -1),
    Case(np.triu, A(2, 3, 3)),
    Case(np.trace, A(3, 3)),
    Case(np.trace, A(2, 3, 4), 1, 0, 2, name="np.trace over two axes"),
    Case(np.delete, A(2, 3), [0, 2], axis=1),
    Case(np.insert, A(2, 3), 1, A(2), axis=1),
    # joining and splitting
    Case(np.concatenate, [A(2, 3), A(1, 3)]),
    Case(np.concatenate, [A(2, 3), A(2)], axis=None, name="np.concatenate flat"),
    Case(np.stack, [A(3), A(3)], axis=1),
    Case(np.repeat, A(2, 3), [2], axis=-1, name="np.repeat by one number"),
    Case(np.repeat, A(2, 3), [0, 1, 3, 1, 0, 2], name="np.repeat of all, by numbers"),
    Case(np.tile, A(2, 3), 2, name="np.tile along the last axis"),
    Case(np.tile, A(3), (2, 0), name="np.tile to nothing"),
    Case(np.take, A(2, 3), [5, -7], axis=0, mode="wrap", name="np.take around the end"),
    Case(np.take, A(2, 3), [5, -7], mode="clip", name="np.take within the ends"),
    Case(np.roll, A(2, 3), (1, 1), axis=-1, name="np.roll twice"),
    Case(np.split, A(4, 2), [3, 1], name="np.split into overlapping pieces"),
    Case(np.split, A(2, 4), [-3], axis=-1, name="np.split from the end"),
    Case(np.array_split, A(2, 2), 3, axis=1, name="np.array_split with an empty piece"),
    Case(np.hsplit, A(4), 2, name="np.hsplit of a vector"),
    Case(np.vstack, A(2, 3), name="np.vstack of an array"),
    Case(np.hstack, [A(2), A(shape=())], dtype=np.float64, name="np.hstack in float64", analytic=False),
    Case(np.triu, A(3), name="np.triu of a vector"),
    Case(np.rot90, A(2, 3), -1, name="np.rot90 the other way"),
    Case(np.rot90, A(2, 3, 2), 2, axes=(-1, 1), name="np.rot90 twice"),
    Case(np.fft.fftshift, A(5), name="np.fft.fftshift of an odd number"),
    Case(np.fft.ifftshift, A(2, 5), axes=1, name="np.fft.ifftshift along an axis"),
    Case(np.vstack, [A(3), A(2, 3)]),
    Case(np.hstack, [A(2, 1), A(2, 3)]),
    Case(np.dstack, [A(2, 3), A(2, 3, 2)]),
    Case(np.column_stack, [A(3), A(3, 2)]),
    Case(np.block, [[A(2, 2), A(2, 1)], [A(1, 3)]]),
    Case(np.append, A(2), A(2, 2)),
    Case(np.append, A(1, 2), A(2, 2), axis=0, name="np.append along an axis"),
    Case(np.split, A(6), 3),
    Case(np.array_split, A(5, 2), 2),
    Case(np.hsplit, A(2, 4), [1, 3]),
    Case(np.vsplit, A(4, 2), 2),
    Case(np.dsplit, A(1, 2, 4), 2),
]

REDUCTIONS = [
    Case(np.sum, A()),
    Case(np.sum, A(2, 3, 4), axis=(0, -1), keepdims=True, name="np.sum over axes"),
    Case(np.sum, A(2, 3), axis=1, initial=3.0, where=MASK, name="np.sum where"),
    Case(np.mean, A(2, 3)),
    Case(np.mean, A(2, 3, 4), axis=1, keepdims=True, name="np.mean over an axis"),
    Case(np.mean, A(2, 3), axis=1, where=MASK, name="np.mean where"),
    Case(np.cumsum, A(2, 3)),
    Case(np.cumsum, A(2, 3), axis=1, name="np.cumsum along an axis"),
    Case(np.max, A(2, 3, domain="distinct"), analytic=False),
    Case(np.max, A(2, 3, domain="distinct"), axis=1, keepdims=True, analytic=False, name="np.max over an axis"),
    Case(np.min, A(2, 3, 2, domain="distinct"), axis=(0, 2), analytic=False),
    Case(
        np.max, A(2, 3, domain="distinct"), axis=1, initial=-9.0, where=MASK, analytic=False, name="np.max where"
    ),
    Case(np.amax, A(2, 3, domain="distinct"), axis=0, analytic=False, name="np.amax"),
    Case(np.amin, A(2, 3, domain="distinct"), axis=0, analytic=False, name="np.amin"),
    Case(np.nanmax, A(2, 4, domain="distinct"), axis=1, analytic=False),
    Case(np.nanmin, A(2, 4, domain="distinct"), analytic=False),
    Case(np.ptp, A(2, 4, domain="distinct"), axis=1, analytic=False),
    Case(np.prod, A()),
    Case(np.prod, A(2, 3, 4), axis=(0, -1), keepdims=True, name="np.prod over axes"),
    Case(np.prod, A(2, 5, domain=with_zeros), axis=1, name="np.prod at zeros"),
    Case(np.prod, A(2, 3), axis=1, initial=2.0, where=MASK, name="np.prod where"),
    Case(np.cumprod, A(2, 3)),
    Case(np.cumprod, A(2, 7, domain=with_zeros), axis=1, name="np.cumprod at zeros"),
    Case(np.var, A(2, 3)),
    Case(np.var, A(2, 3, 4), axis=(0, 2), ddof=1, keepdims=True, name="np.var over axes"),
    Case(np.var, A(2, 4), axis=1, correction=1, name="np.var with a correction"),
    Case(np.std, A(2, 3)),
    Case(np.std, A(2, 4, domain="distinct"), axis=0, ddof=0.5, name="np.std over an axis"),
    Case(np.average, A(2, 3)),
    Case(np.average, A(2, 3), axis=1, weights=A(3, domain="positive")),
    Case(np.average, A(2, 3), weights=A(2, 3, domain="positive"), returned=True, name="np.average returned"),
    Case(np.average, A(2, 3, 4), axis=(2, 0), weights=A(4, 2, domain="distinct_positive"), name="np.average over axes"),
    Case(np.nansum, A(2, 3), axis=1),
    Case(np.nanprod, A(2, 3), axis=1),
    Case(np.nanmean, A(2, 3), axis=0, analytic=False),
    Case(np.nanvar, A(2, 3), axis=1, ddof=1, analytic=False),
    Case(np.nanstd, A(2, 3), analytic=False),
    Case(np.nancumsum, A(2, 3), axis=1),
    Case(np.nancumprod, A(2, 3)),
    # orderings
    Case(np.sort, A(2, 5, domain="distinct"), analytic=False),
    Case(np.sort, A(2, 3, domain="distinct"), axis=None, analytic=False, name="np.sort of all"),
    Case(np.sort, A(4, 3, domain="distinct"), axis=0, kind="stable", analytic=False, name="np.sort of columns"),
    Case(np.partition, A(2, 7, domain="distinct"), 3, analytic=False),
    Case(np.partition, A(5, 2, domain="distinct"), [1, 2], axis=0, analytic=False, name="np.partition of columns"),
    Case(np.unique, A(2, 4, domain="distinct"), analytic=False),
    Case(np.unique_values, A(5, domain="distinct"), analytic=False),
    Case(np.union1d, A(3, domain="distinct"), A(2, domain="distinct_positive"), analytic=False),
    Case(np.setdiff1d, A(4, domain="distinct"), np.array([7.0]), analytic=False),
    Case(np.setxor1d, A(3, domain="distinct"), np.array([7.0]), analytic=False),
    Case(np.median, A(5, domain="distinct"), analytic=False),
    Case(np.median, A(2, 4, 3, domain="distinct"), axis=(0, 1), keepdims=True, analytic=False, name="np.median even"),
    Case(np.nanmedian, A(2, 4, domain="distinct"), axis=1, analytic=False),
    Case(np.quantile, A(2, 7, domain="distinct"), A(2, domain="zero_to_one"), axis=1, analytic=False),
    Case(np.quantile, A(6, domain="distinct"), 0.3, keepdims=True, analytic=False, name="np.quantile of a number"),
    Case(np.percentile, A(3, 5, domain="distinct"), [0, 25, 60, 100], axis=(0, 1), keepdims=True, analytic=False),
    Case(np.nanquantile, A(2, 5, domain="distinct"), [0.2, 0.9], axis=1, analytic=False),
    Case(np.nanpercentile, A(7, domain="distinct"), A(shape=(), domain=lambda _rng, _shape: np.asarray(41.0)),
         analytic=False),
    *[
        Case(np.quantile, A(2, 7, domain="distinct"), A(2, domain=around(0.31, 0.7)), axis=1, method=method,
             analytic=False, name=f"np.quantile {method}")
        for method in (
            "hazen", "weibull", "interpolated_inverted_cdf", "median_unbiased", "normal_unbiased", "lower",
            "higher", "nearest", "midpoint", "inverted_cdf", "averaged_inverted_cdf", "closest_observation",
        )
    ],
]  # fmt: skip

NUMERICAL = [
    Case(np.diff, A(2, 5), 2),
    Case(np.diff, A(2, 3), axis=0, prepend=A(1, 3), append=A(shape=()), name="np.diff with ends"),
    Case(np.ediff1d, A(2, 3), A(2), A(shape=())),
    Case(np.trapezoid, A(2, 5), A(5, domain="increasing"), axis=1),
    Case(np.trapezoid, A(2, 5), dx=A(shape=()), axis=0, name="np.trapezoid by steps"),
    Case(np.trapezoid, A(2, 5), A(2, 5, domain="increasing"), name="np.trapezoid by rows"),
    Case(np.gradient, A(5)),
    Case(np.gradient, A(4, 5), A(shape=(), domain="positive"), A(5, domain="increasing"), edge_order=2),
    Case(np.gradient, A(4, 5), A(4, domain="increasing"), axis=0, name="np.gradient along an axis"),
    Case(np.gradient, A(3, 4), 0.5, edge_order=2, name="np.gradient by one step"),
    Case(np.interp, A(2, 3), A(5, domain="increasing"), A(5), analytic=False),
    Case(np.interp, A(4, domain="angles"), A(5, domain="increasing"), A(5), 0.5, -1.5,
         analytic=False, name="np.interp beyond the ends"),
    Case(np.interp, A(4, domain=around(-3.3, 0.6, 2.2, 6.0)), A(3, domain=around(0.1, 1.2, 2.9)), A(3), period=4.0,
         analytic=False, name="np.interp with a period"),
    Case(np.polyval, A(4), A(2, 3)),
    Case(np.polyadd, A(2), A(3)),
    Case(np.polysub, A(3), A(1)),
    Case(np.polymul, A(2, domain="nonzero"), A(3, domain="nonzero")),
    Case(np.polyder, A(5), 2),
    Case(np.polyint, A(3), 2, [1.0, -2.0]),
    Case(lambda u, v: np.polydiv(u, v)[0], A(5, domain="nonzero"), A(3, domain="nonzero"), name="np.polydiv"),
    Case(lambda u, v: np.polydiv(u, v)[1][-2:], A(5, domain="nonzero"), A(3, domain="nonzero"),
         name="np.polydiv's rest"),
    Case(np.polydiv, A(1, domain="nonzero"), A(2, domain="nonzero"), analytic=False, name="np.polydiv by more"),
    Case(np.polyfit, A(6, domain="increasing"), A(6), 2, analytic=False),
    Case(np.polyfit, A(6, domain="increasing"), A(6, 2), 1, w=A(6, domain="positive"), analytic=False,
         name="np.polyfit with weights"),
    Case(np.vander, A(3)),
    Case(np.vander, A(3), 5, increasing=True, name="np.vander increasing"),
    Case(np.poly, A(3)),
    Case(np.linspace, A(shape=()), A(2), 5),
    Case(np.linspace, A(shape=()), A(shape=()), 4, endpoint=False, retstep=True, name="np.linspace with its step"),
    Case(np.logspace, A(shape=()), A(shape=()), 4, base=A(shape=(), domain="positive"), analytic=False),
    Case(np.geomspace, A(2, domain="positive"), A(2, domain="above_one"), 4, axis=1, analytic=False),
    Case(lambda v: np.full_like(v, v[0]), A(3), name="np.full_like"),
    Case(np.bincount, [0, 2, 2, 5], A(4), analytic=False),
    Case(np.cov, A(3, 5), analytic=False),
    Case(np.cov, A(5, 2, domain="distinct"), A(5, 1), rowvar=False, bias=True, analytic=False, name="np.cov of two"),
    Case(np.cov, A(2, 5), fweights=[1, 2, 1, 3, 1], aweights=A(5, domain="positive"), analytic=False,
         name="np.cov with weights"),
    Case(np.corrcoef, A(3, 6, domain="distinct"), analytic=False),
    Case(np.apply_along_axis, lambda v: np.stack([v.sum(), v[0] * v[1]]), 1, A(2, 3, 2)),
    Case(np.apply_over_axes, np.sum, A(2, 3, 4), [0, 2]),
    Case(np.piecewise, A(2, 3, domain="nonzero"), [np.array([[1, 0, 0], [0, 1, 1]], bool)], [np.sin, lambda x: x**3]),
    Case(lambda x, a: ad.piecewise(x, [x > 0, x > 1], [lambda x: a * x * x, np.exp, a]),
         A(2, 3, domain="distinct"), A(shape=()), analytic=False, name="ad.piecewise"),
]  # fmt: skip

METHODS = [
    Case(np.add.reduce, A(2, 3)),
    Case(np.add.reduce, A(2, 3), axis=None, name="np.add.reduce of all"),
    Case(np.multiply.reduce, A(2, 3), axis=1, keepdims=True),
    Case(np.maximum.reduce, A(2, 3, domain="distinct"), analytic=False),
    Case(np.minimum.reduce, A(2, 3, domain="distinct"), axis=1, initial=9.0, analytic=False),
    Case(np.logaddexp.reduce, A(2, 3), analytic=False),
    Case(np.logaddexp.reduce, A(2, 3), axis=None, keepdims=True, analytic=False, name="np.logaddexp.reduce of all"),
    Case(np.subtract.reduce, A(4, 2)),
    Case(np.divide.reduce, A(2, 3, domain="nonzero"), axis=1),
    Case(np.hypot.reduce, A(3, 2, domain="distinct"), axis=(0, 1), analytic=False),
    Case(np.add.accumulate, A(2, 3), axis=1),
    Case(np.multiply.accumulate, A(3, 2)),
    Case(np.maximum.accumulate, A(7, domain="distinct"), analytic=False),
    Case(np.minimum.accumulate, A(2, 5, domain="distinct"), axis=1, analytic=False),
    Case(np.subtract.accumulate, A(4, 2)),
    Case(np.logaddexp.accumulate, A(4, 2), analytic=False),
    Case(np.add.reduceat, A(6), [0, 3, 1, 4]),
    Case(np.multiply.reduceat, A(2, 5), [0, 2], axis=1),
    Case(np.subtract.outer, A(2), A(2, 3)),
    Case(np.multiply.outer, A(2), A(3)),
    Case(np.arctan2.outer, A(2, domain="nonzero"), A(3, domain="nonzero"), analytic=False),
]

if hasattr(np, "cumulative_sum"):  # NumPy 2.1
    MOVES += [Case(np.unstack, A(2, 3), axis=1)]
    REDUCTIONS += [
        Case(np.cumulative_sum, A(2, 3), axis=1, include_initial=True),
        Case(np.cumulative_prod, A(4), include_initial=False),
        Case(np.cumulative_prod, A(3, 2), axis=0, include_initial=True, name="np.cumulative_prod from 1"),
    ]

CASES = MOVES + REDUCTIONS + NUMERICAL + METHODS
