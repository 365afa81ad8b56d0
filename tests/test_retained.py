"""What a graph keeps in memory, against the memory that Python says is held."""

import gc
import tracemalloc

import numpy as np
import pytest

import autodiff as ad
import nn


def leaf(*shape, seed=0):
    return ad.tensor(np.random.default_rng(seed).normal(size=shape), requires_grad=True)


def shapes(*tensors):
    return sorted(array.shape for array in ad.retained(*tensors))


def test_operations_keep_what_their_rules_read():
    x = leaf(4, 3)
    assert shapes(np.exp(x)) == [(4, 3)]
    assert shapes(np.exp(x), np.exp(x)) == [(4, 3), (4, 3)]
    assert shapes(x + 1.0, np.sum(x), x[1:], x.T) == []
    assert shapes(x) == shapes(ad.tensor([1.0])) == []
    masks = ad.retained(np.where(x.data > 0, x, 0.0))
    assert [(mask.shape, mask.dtype) for mask in masks] == [((4, 3), bool)]
    with ad.no_grad():
        assert shapes(np.exp(x)) == []


def test_memory_counts_once_however_many_views_are_kept():
    y = np.exp(leaf(6, 3))
    assert shapes(y) == shapes(y, y * 2.0) == [(6, 3)]
    product = y[:2] * y[2:4]
    assert shapes(product) == [(6, 3)]
    assert shapes(np.sum(product), y) == [(6, 3)]


def test_the_value_of_exp_is_the_very_array():
    y = np.exp(leaf(3))
    (kept,) = ad.retained(y)
    assert kept is y.data


def test_several_outputs_are_kept_without_a_copy():
    outputs = np.linalg.svd(leaf(5, 3), full_matrices=False)
    kept = {id(array) for array in ad.retained(*outputs)}
    assert {id(output.data) for output in outputs} <= kept
    with pytest.raises(ValueError, match="read-only"):
        outputs[0].data[0] = 1.0


def test_composites_and_nested_transformations_are_looked_into():
    x = leaf(50, 3)
    assert (50, 3) in shapes(np.std(x, axis=0))
    assert shapes(np.convolve(x[:, 0], np.ones(7))) != []
    inner = []
    ad.grad(lambda v: inner.append(shapes(np.exp(v) * v)) or np.sum(v))(np.ones(5))
    assert inner == [[(5,), (5,)]]


def test_a_checkpointed_function_keeps_its_arguments_instead():
    x = np.exp(leaf(8, 3))
    inside = lambda v: np.tanh(np.tanh(np.tanh(v)))  # noqa: E731
    assert len(shapes(inside(x))) > 3
    assert shapes(ad.checkpoint(inside)(x)) == [(8, 3), (8, 3)]  # the argument, and the value


CASES = {
    "perceptron": lambda: (
        nn.Sequential(nn.Linear(50, 80, rng=0), nn.Tanh(), nn.Linear(80, 60, rng=1), nn.Sigmoid(), nn.Linear(60, 10)),
        (300, 50),
    ),
    "normalised": lambda: (
        nn.Sequential(nn.Linear(50, 80, rng=0), nn.BatchNorm1d(80), nn.ReLU(), nn.LayerNorm(80), nn.Dropout(0.5)),
        (300, 50),
    ),
    "highway": lambda: (nn.Sequential(nn.Highway(50, rng=0), nn.Residual(nn.Linear(50, 50))), (300, 50)),
}


@pytest.mark.parametrize("build", CASES.values(), ids=CASES)
def test_the_sum_is_the_memory_that_python_holds(build):
    model, shape = build()
    X = np.random.default_rng(0).normal(size=shape)
    model(X)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        y = model(X)
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    arrays = {id(array): array for array in [*ad.retained(y), y.data]}
    expected = sum(array.nbytes for array in arrays.values())
    assert expected > 200_000
    assert abs(held - expected) < 12_000  # byte: nodes, tuples, array headers


def test_refusals():
    with pytest.raises(TypeError, match="retained: looks at tensors; got a ndarray"):
        ad.retained(np.ones(3))
