"""Long elementwise stretches in pieces and threads: the same bits as whole arrays, errors and warnings included."""

import os
import re
import threading

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff.compiler import pieces
from autodiff.tree import flatten
from tests.expressions import expression

RNG = np.random.default_rng(3)
SHORT = pytest.mark.usefixtures("short")
THREADS = pytest.mark.usefixtures("number_of_threads")


@pytest.fixture
def short(monkeypatch):
    """Cut arrays of some entries already."""
    monkeypatch.setattr(pieces, "PIECE", 16)
    monkeypatch.setattr(pieces, "LONG", 24)


@pytest.fixture(params=[1, 3])
def number_of_threads(request, monkeypatch):
    monkeypatch.setenv("AUTODIFF_NUM_THREADS", str(request.param))
    monkeypatch.setattr(pieces, "_pools", [])
    return request.param


def assert_same(got, expected):
    for a, b in zip(flatten(got)[0], flatten(expected)[0], strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.asarray(a).strides == np.asarray(b).strides


def chain(x, w):
    for _ in range(3):
        x = np.tanh(x * w + 0.25)
    return x.sum()


@SHORT
@THREADS
@pytest.mark.parametrize("block", range(4))
def test_random_expressions_bit_for_bit(block):
    cut = 0
    for seed in range(100 * block, 100 * (block + 1)):
        f, data = expression(seed)
        eager = ad.value_and_grad(f, tuple(range(len(data(0)))))
        fast = ad.compile(eager)
        with np.errstate(all="ignore"):
            for k in (0, 1, 0):
                got, expected = fast(*data(k)), eager(*data(k))
                if not fast.is_scalar:
                    assert_same(got, expected)
        cut += "in_pieces" in fast.source
    assert cut > 30


@THREADS
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(1_000_003,), (70_001, 9), (3, 400_000)])
def test_large_arrays_bit_for_bit(dtype, shape):
    x, w = RNG.normal(size=shape).astype(dtype), RNG.normal(size=shape[1:]).astype(dtype)
    eager = ad.value_and_grad(chain, (0, 1))
    fast = ad.compile(eager)
    assert_same(fast(x, w), eager(x, w))
    assert_same(fast(x[::-1], w), eager(x[::-1], w))
    assert "in_pieces" in fast.source


@SHORT
def test_a_column_is_cut_and_a_row_is_not():
    fast = ad.compile(lambda x, column, row: np.exp(x * column) * row)
    x, column, row = RNG.normal(size=(5, 2)), RNG.normal(size=(5, 1)), RNG.normal(size=(1, 2))
    np.testing.assert_array_equal(fast(x, column, row), np.exp(x * column) * row)
    assert "in_pieces(piece, (v1, x, column, v2, v3), 1)" in fast.source
    assert ", row, out=" in fast.source


@SHORT
def test_what_reads_other_rows_than_it_writes_runs_whole():
    def f(x):
        y = np.exp(x) * 2.0
        y = y + y[::-1]
        y = y * np.flip(y) * 3.0
        return np.sin(y) * x[::-1]

    fast = ad.compile(f)
    x = RNG.normal(size=9)
    for _ in range(2):
        np.testing.assert_array_equal(fast(x), f(x))
    assert "in_pieces" in fast.source


@THREADS
def test_the_update_of_a_large_model_is_cut():
    def trained(compiled):
        model = nn.Linear(1500, 1000, rng=0)
        optimizer = nn.optim.AdamW(model.parameters(), lr=0.01)
        step = nn.compile(model, nn.MSELoss(), optimizer)
        x, y = np.ones((2, 1500)), np.zeros((2, 1000))
        for _ in range(3):
            if compiled:
                step(x, y)
            else:
                optimizer.zero_grad()
                nn.MSELoss()(model(x), y).backward()
                optimizer.step()
        return model, step

    model, step = trained(True)
    assert re.search(r"def piece\(theta, .*np\.subtract\(theta, .*in_pieces\(piece, \(theta, ", step.source, re.DOTALL)
    np.testing.assert_array_equal(model.weight.data, trained(False)[0].weight.data)


@SHORT
@THREADS
def test_errors_and_settings_of_numpy_hold_in_every_thread():
    fast = ad.compile(lambda x: np.log(x * 2.0) + 1.0)
    x = np.arange(1.0, 200.0)
    fast(x)
    x[150] = -1.0
    with np.errstate(invalid="raise"), pytest.raises(FloatingPointError, match="invalid value"):
        fast(x)
    with np.errstate(invalid="ignore"):
        assert np.isnan(fast(x)[150])
    with pytest.warns(RuntimeWarning, match="invalid value"):
        fast(x)


@SHORT
@THREADS
def test_threads_share_the_threads():
    eager, inputs = ad.grad(chain), [RNG.normal(size=50) + k for k in range(6)]
    fast = ad.compile(eager)
    wrong = []

    def run(x):
        wrong.extend([1 for _ in range(30) if not np.array_equal(fast(x, 0.5), eager(x, 0.5))])

    threads = [threading.Thread(target=run, args=(x,)) for x in inputs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@SHORT
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own(monkeypatch):
    monkeypatch.setenv("AUTODIFF_NUM_THREADS", "2")
    fast = ad.compile(ad.grad(chain))
    x = RNG.normal(size=50)
    expected = fast(x, 0.5)
    child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(fast(x, 0.5), expected) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_number_of_threads_is_asked_of_the_environment(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("AUTODIFF_NUM_THREADS", raising=False)
    assert pieces.threads() == 3
    monkeypatch.setenv("AUTODIFF_NUM_THREADS", "2")
    assert pieces.threads() == 2
    monkeypatch.setenv("AUTODIFF_NUM_THREADS", "many")
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert pieces.threads() >= 1
