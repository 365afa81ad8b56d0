"""Compiled programs give the bits of eager however arrays lie in memory: reversed, with gaps, broadcast, empty."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.arraylike import power
from autodiff.tree import flatten
from tests.expressions import EMPTY, LARGER, expression


def assert_same_bits(got, expected, what=""):
    for a, b in zip(flatten(got)[0], flatten(expected)[0], strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert a.shape == b.shape and a.dtype == b.dtype, what
        assert a.tobytes() == b.tobytes() or np.array_equal(a, b, equal_nan=True), what


def assert_compiles_bit_for_bit(shapes, seeds):
    for seed in seeds:
        f, data = expression(seed, shapes, layouts=True)
        arguments = data(0)
        eager = ad.value_and_grad(f, tuple(range(len(arguments))))
        fast = ad.compile(eager)
        with np.errstate(all="ignore"):
            for k in (0, 1):
                got, expected = fast(*data(k)), eager(*data(k))
                if fast.is_scalar:
                    np.testing.assert_allclose(flatten(got)[0], flatten(expected)[0], rtol=1e-12, atol=1e-12)
                else:
                    assert_same_bits(got, expected, f"seed {seed}, data {k}")


@pytest.mark.parametrize("block", range(4))
def test_random_expressions_of_arrays_that_lie_anyhow(block):
    assert_compiles_bit_for_bit(LARGER, range(150 * block, 150 * (block + 1)))


def test_random_expressions_of_empty_arrays():
    assert_compiles_bit_for_bit(EMPTY, range(200))


RNG = np.random.default_rng(0)
M, N = RNG.normal(size=(64, 50)), RNG.normal(size=(50, 64))
WAYS = {
    "rows": lambda x: x,
    "columns": np.asfortranarray,
    "reversed": lambda x: x[::-1, ::-1],
    "gaps": lambda x: np.repeat(x, 2, 1)[:, ::2],
    "one row": lambda x: np.broadcast_to(x[0], x.shape),
    "one column": lambda x: np.broadcast_to(x[:, :1], x.shape),
}
FUNCTIONS = {
    "a neutral step between": lambda x: np.sum(np.exp(x + x[0]) * 1.0),
    "sums": lambda x: np.sum(x * 2.0 + np.sin(x)),
    "einsum": lambda x: np.sum(np.einsum("ij,jk->ik", x, N) * np.einsum("ij->i", x)[:, None]),
    "products": lambda x: np.sum(np.tanh(x @ N) @ x),
    "vector and matrix": lambda x: np.sum(x[:, 3] @ x) + np.sum(x[::-1, 0] @ x),
    "rows spread": lambda x: np.sum(np.sum(x, 0) ** 2 * x[0]),
    "means": lambda x: np.mean(x.T.reshape(-1) ** 2) * np.mean(x, 0)[1],
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("way", WAYS)
def test_last_digits_do_not_depend_on_the_compiler(name, way):
    eager = ad.value_and_grad(FUNCTIONS[name])
    fast = ad.compile(eager)
    for scale in (1.0, 0.3):
        x = WAYS[way](M * scale)
        assert_same_bits(fast(x), eager(x))


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 5, 1), (1, 1, 4), (3, 1, 4), (5, 5, 5)])
def test_products_of_matrices_keep_the_sign_of_zero(shape):
    n, k, m = shape
    fast = ad.compile(np.matmul)
    for way in WAYS.values():
        for other in WAYS.values():
            a, b = way(np.full((n, k), -0.0)), other(np.arange(float(k * m)).reshape(k, m))
            assert fast(a, b).tobytes() == np.matmul(a, b).tobytes()
            assert fast(a[0], b).tobytes() == np.matmul(a[0], b).tobytes()


OF_A_DTYPE = [np.float32(2), np.float64(0.5)] if np.lib.NumpyVersion(np.__version__) >= "2.1.0" else []
# (before, NumPy took them for Python's numbers)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
@pytest.mark.parametrize("exponent", [0, 1, 2, 2.0, 0.5, -1, -1.0, 3, 1.5, *OF_A_DTYPE])
def test_powers_are_numpys(dtype, exponent):
    imaginary = 1j * RNG.normal(size=1001) if np.dtype(dtype).kind == "c" else 0.0
    z = (np.abs(RNG.normal(size=1001)) + imaginary).astype(dtype)
    got, expected = ad.compile(lambda z: power(z, exponent=exponent) + 0)(z), z**exponent + 0
    assert got.dtype == expected.dtype and got.tobytes() == expected.tobytes()


def test_empty_batches_and_empty_results():
    fast = ad.compile(ad.grad(lambda x: np.sum(np.tanh(x) * 2.0)))
    for shape in ((0, 3), (4, 3), (0, 3)):
        assert_same_bits(fast(np.ones(shape)), ad.grad(fast.__wrapped__.__wrapped__)(np.ones(shape)))
    assert ad.compile(lambda items: (items, [], {}, None))([]) == ([], [], {}, None)


def test_arrays_of_one_number_are_written_as_the_number_where_that_changes_nothing():
    def f(x):
        return np.sum(np.where(x > 0, np.ones(x.shape), 0.0) * np.divide(np.ones(x.shape), x) + np.full((64, 50), 3.0))

    fast = ad.compile(f)
    for way in WAYS.values():
        assert_same_bits(fast(way(M)), f(way(M)))
    fast(M)
    for line in ("np.where(v1, 1.0, 0.0)", "np.divide(1.0, x", ", 3.0, out="):
        assert line in fast.source
    single = M.astype(np.float32)
    assert fast(single).dtype == f(single).dtype == np.float64  # the dtype of what was an array counts
