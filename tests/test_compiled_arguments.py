"""What a compiled function can be given: index arrays, masks, labels, names, slices, methods; and what it refuses."""

import logging
import pickle
import re
import warnings
from typing import NamedTuple

import numpy as np
import pytest

import autodiff as ad
import nn
from tests.test_compile import assert_same_bits

V = np.linspace(-1.0, 2.0, 5)
X = np.random.default_rng(0).normal(size=(4, 3))
W = np.random.default_rng(1).normal(size=(3, 4))


def assert_as_eager(f, *calls, programs=None):
    fast = ad.compile(f)
    for args in (*calls, calls[0]):
        assert_same_bits(fast(*args), f(*args))
    assert programs is None or len(fast.programs) == programs


# --- arrays of whole numbers and of flags -----------------------------------------------------------------

FIRST, LAST = np.array([0, 1]), np.array([2, 3])
INPUTS = {
    "index": (lambda x, i: x[i], (V, FIRST), (V, LAST)),
    "index in a tuple": (lambda x, i: x[i, 1:] * 2.0, (X, FIRST), (X, LAST)),
    "take": (lambda x, i: np.take(x, i) * 2.0, (V, FIRST), (V, LAST)),
    "mask of np.where": (lambda x, m: np.where(m, x, 0.0), (V, V > 0), (V, V < 0)),
    "factor": (lambda x, n: x * n, (V, np.arange(5)), (V, np.arange(5) + 3)),
    "whole numbers alone": (lambda n: n * 2, (np.arange(5),), (np.arange(5) + 3,)),
    "flags alone": (lambda m: ~m, (V > 0,), (V < 0,)),
    "0-d": (lambda x, n: x * n, (V, np.array(2)), (V, np.array(3))),
}
LABELS = np.array([0, 1, 2, 3]), np.array([3, 3, 0, 1])


def cross_entropy(weight, inputs, labels):
    return nn.CrossEntropyLoss()(inputs @ weight, labels)


def picked(weight, inputs, labels):
    scores = inputs @ weight
    return np.mean(np.log(np.sum(np.exp(scores), axis=1)) - scores[np.arange(len(labels)), labels])


def picked_along_axis(weight, inputs, labels):
    scores = np.tanh(inputs @ weight)
    return np.sum(np.take_along_axis(scores, labels[:, None], axis=1))


@pytest.mark.parametrize("name", INPUTS)
def test_arrays_of_whole_numbers_and_flags_are_inputs(name):
    f, *calls = INPUTS[name]
    assert_as_eager(f, *calls, programs=1)


@pytest.mark.parametrize("loss", [cross_entropy, picked, picked_along_axis])
def test_labels_of_a_loss_are_inputs_of_its_gradient(loss):
    assert_as_eager(ad.value_and_grad(loss, (0, 1)), *[(W, X, labels) for labels in LABELS], programs=1)


CONTENTS = {
    "index of an array of NumPy's": (lambda x, i: V[i] * x, (V[:2], FIRST), (V[:2], LAST)),
    "rows of the identity": (lambda x, i: np.eye(5)[i] @ x, (V, FIRST), (V, LAST)),
    "selection by a mask": (lambda x, m: x[m] * 2.0, (V, V > 0), (V, V < 0)),
    "a loop": (lambda x, n: sum((x * float(k) for k in n), x), (V, FIRST), (V, LAST)),
    "a branch": (lambda x, m: x if m.any() else -x, (V, V > 9), (V, V > 0)),
    "dates": (
        lambda x, d: x * (d - np.datetime64("2020-01-01")).astype(float),
        (V, np.array(["2020-01-02"], "M8[D]")),
        (V, np.array(["2020-01-09"], "M8[D]")),
    ),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_where_their_contents_must_be_known_there_is_a_program_for_each(name):
    f, *calls = CONTENTS[name]
    assert_as_eager(f, *calls, programs=2)


def test_programs_for_certain_contents_go_into_a_pickle():
    table = np.arange(5.0)
    fast = ad.compile(lambda x, i: table[i] * x)
    expected = fast(V[:2], FIRST)
    other = pickle.loads(pickle.dumps(fast))
    assert_same_bits(other(V[:2], FIRST), expected)
    with pytest.raises(TypeError, match=r"this copy has only the programs .*; got float64\[2\], int64\[2\]"):
        other(V[:2], LAST)


def test_an_index_array_that_is_changed_in_place_is_noticed():
    fast, index = ad.compile(lambda x, i: V[i] * x), np.array([0, 1])
    assert_same_bits(fast(V[:2], index), V[:2] * V[:2])
    index[:] = [3, 4]
    assert_same_bits(fast(V[:2], index), V[3:] * V[:2])


STEPS = [
    lambda x, given: x[given.i],
    lambda x, given: np.where(given.m, x, -x),
    lambda x, given: np.take(x, given.i) * given.n,
    lambda x, given: np.tanh(x) / (given.n + 1),
    lambda x, given: x + np.where(given.m & (given.n > 2), x * given.n, 0.5),
    lambda x, given: x * given.m,
    lambda x, given: x - np.cumsum(x[given.i] * x),
    lambda x, given: x * np.sum(given.n[given.i]),
    lambda x, given: np.sin(x) ** 2 + x * ~given.m,
    lambda x, given: np.maximum(x, given.n * 0.1),
]


class Given(NamedTuple):
    """Indices, flags, whole numbers."""

    i: np.ndarray
    m: np.ndarray
    n: np.ndarray


@pytest.mark.parametrize("block", range(4))
def test_random_programs_with_index_arrays_and_masks(block):
    for seed in range(25 * block, 25 * (block + 1)):
        rng = np.random.default_rng(seed)
        chosen = [STEPS[k] for k in rng.integers(len(STEPS), size=4)]

        def f(x, given, chosen=chosen):
            for step in chosen:
                x = step(x, given)
            return np.sum(x * x)

        kind = rng.choice([np.int64, np.int32, np.uint8])
        given = Given(rng.integers(6, size=6), rng.random(6) < 0.5, rng.integers(9, size=6).astype(kind))
        data = [(rng.normal(size=6), given), (rng.normal(size=6), Given(*map(rng.permutation, given)))]
        assert_as_eager(ad.value_and_grad(f), *data, programs=1)


class Own(np.ndarray):
    pass


def test_arrays_that_cannot_be_inputs_are_refused():
    objects = np.array([1.0, None], dtype=object)
    with pytest.raises(TypeError, match=r"compile: arrays of objects cannot be compiled; got one\. Convert it"):
        ad.compile(lambda x: x * 2.0)(objects)
    for array, name in ((np.ma.array(V), "MaskedArray"), (V.view(Own), "Own")):
        with pytest.raises(TypeError, match=rf"compile: arguments must be plain arrays; got a {name}\. Convert it"):
            ad.compile(lambda x: x * 2.0)(array)


def test_an_array_in_a_file_is_one_like_others(tmp_path):
    np.save(tmp_path / "x.npy", V)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    fast = ad.compile(np.tanh)
    assert_same_bits(fast(mapped), np.tanh(V))
    assert type(fast(mapped)) is np.ndarray and len(fast.programs) == 1


# --- names, methods, slices -------------------------------------------------------------------------------


def test_arguments_may_be_given_by_name():
    def f(x, scale=1.0, *, shift, params=None):
        return x * scale + shift + (params["a"] if params else 0.0)

    fast = ad.compile(f)
    for k in (1.0, 2.0):
        assert_same_bits(fast(V, shift=k), f(V, shift=k))
        assert_same_bits(fast(V, shift=k, scale=3.0), f(V, 3.0, shift=k))
        assert_same_bits(fast(V, scale=3.0 * k, shift=k), f(V, 3.0 * k, shift=k))
        assert_same_bits(fast(x=V, shift=k, params={"a": V * k}), f(V, shift=k, params={"a": V * k}))
    assert len(fast.programs) == 3
    assert fast.source.startswith("def f(params_a, shift, x):")


def test_arguments_by_name_are_not_taken_for_a_list_and_a_dict():
    fast = ad.compile(lambda x, s=None: x * 2.0 if s is None else x[0] * s["s"])
    assert_same_bits(fast([V], {"s": 3.0}), V * 3.0)
    with pytest.raises(TypeError, match=r"not subscriptable|list"):
        fast([V], s=3.0)


def test_calls_by_name_among_calls_with_floats():
    fast = ad.compile(lambda x, s=2.0: x * s)
    for _ in range(3):
        assert fast(3.0) == 6.0 and fast(3.0, s=4.0) == 12.0 and fast(s=5.0, x=3.0) == 15.0


class Model:
    scale = 3.0

    @ad.compile
    def apply(self, x, shift=0.0):
        """Return scale · x + shift."""
        return x * self.scale + shift


def test_methods_are_bound():
    model = Model()
    assert_same_bits(model.apply(V), V * 3.0)
    assert_same_bits(model.apply(V, shift=1.0), V * 3.0 + 1.0)
    assert isinstance(Model.apply, type(ad.compile(np.sin))) and Model.apply.__doc__.startswith("Return scale")
    other = Model()
    other.scale = 4.0
    assert_same_bits(other.apply(V), V * 4.0)
    assert_same_bits(ad.grad(lambda x: np.sum(model.apply(x)))(V), np.full(5, 3.0))


def test_slices_are_static_arguments():
    assert_as_eager(lambda x, s: x[s] * 2.0, (V, slice(1, 3)), (V, slice(0, None, 2)), programs=2)


def test_what_cannot_tell_programs_apart_is_refused():
    with pytest.raises(
        TypeError, match=r"compile: what is no number, .* must be hashable, .*; got a set\. Pass a tuple"
    ):
        ad.compile(lambda x, s: x * len(s))(V, {1, 2})


# --- how arrays lie in memory -----------------------------------------------------------------------------


def test_sums_run_in_the_order_of_the_callers_memory():
    f = lambda x: np.sum(x * 2.0 + np.sin(x))  # noqa: E731
    rng = np.random.default_rng(3)
    rows, columns, big = rng.normal(size=37), rng.normal(size=(29, 1)), rng.normal(size=(70, 90))
    arrays = [np.broadcast_to(rows, (29, 37)), np.broadcast_to(columns, (29, 37)), big[::3, ::-2], big.T[::-1], big[1]]
    for x in arrays:
        assert_as_eager(f, (x,))
        assert_as_eager(ad.grad(lambda x: np.sum(np.exp(x * np.sum(x * 1e-3)))), (x,))


# --- what is given back -----------------------------------------------------------------------------------


def test_results_that_are_no_numbers_come_back_as_they_are():
    fast = ad.compile(lambda x: {"dtype": x.dtype, "x": x * 2.0, "name": "x", "kind": int, "n": len(x), "none": None})
    result = fast(V)
    assert_same_bits(result.pop("x"), V * 2.0)
    assert result == {"dtype": np.dtype(float), "name": "x", "kind": int, "n": 5, "none": None}
    assert fast(V)["kind"] is int


@pytest.mark.parametrize("f", [lambda x: (a * 2.0 for a in x), lambda x: map(np.sin, x)])
def test_what_is_computed_later_is_refused(f):
    with pytest.raises(
        TypeError, match=r"compile: what is computed after the function has returned .*; got a (gen|map)"
    ):
        ad.compile(f)(V)


@pytest.mark.parametrize("f", [lambda x: f"{x}", lambda x: f"{np.sum(x):.3f}", lambda x: str(x), lambda x: print(x)])
def test_text_made_of_numbers_is_refused(f):
    with pytest.raises(TypeError, match=r"compile: (format\(\)|str\(\) or print\(\)) would depend on the numbers"):
        ad.compile(f)(V)


def test_programs_of_floats_give_floats():
    fast = ad.compile(lambda x: x**-1.0 + np.exp(x))
    with np.errstate(all="ignore"):
        for x in (2.0, 0.0, float("inf"), float("nan"), -1e300, 1e300):
            value = fast(x)
            assert type(value) is float
            np.testing.assert_equal(value, float(np.float64(x) ** -1.0 + np.exp(np.float64(x))))
        root = ad.compile(lambda x: (x**0.5, x > 1.0))(-1.0)
    assert type(root[0]) is float and np.isnan(root[0]) and root[1] is False


# --- warnings and the log ---------------------------------------------------------------------------------


def test_numpy_warns_once_at_the_first_call_as_at_others():
    fast = ad.compile(lambda x: 1.0 / x)
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fast(np.zeros(3))
        assert [str(warning.message) for warning in caught] == ["divide by zero encountered in divide"]


@pytest.mark.parametrize(
    ("f", "args", "message"),
    [
        (lambda p, n: p["a"] * n, lambda k: ({"a": V, "b": [1.0, 2.0]}, k), r"the argument `n` keeps changing"),
        (lambda p: p["a"] * p["n"], lambda k: ({"a": V, "n": k},), r"the argument `p\['n'\]` keeps changing"),
        (lambda x, batch: batch * x, lambda k: (2.0, np.ones(k + 1)), r"the shape or memory order of `batch` keeps"),
        (lambda parts: sum(parts), lambda k: ([V] * (k + 1),), r"the structure of the arguments keeps changing"),
        (lambda x, i: V[i] * x, lambda k: (V, np.full(5, k % 5)), None),
        (lambda x, i: X.ravel()[i] * x, lambda k: (2.0, np.array([k])), r"the contents of an array of whole numbers"),
    ],
)
def test_the_warning_names_what_keeps_changing(caplog, f, args, message):
    fast = ad.compile(f)
    with caplog.at_level(logging.WARNING, "autodiff.compile"):
        for k in range(10):
            fast(*args(k))
    assert len(caplog.records) == (message is not None)
    if message is not None:
        assert re.search(message, caplog.text)
