"""Copies and pickles of compiled functions: the programs go with them as text, the memory does not."""

import copy
import io
import logging
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff.tree import flatten
from tests.cases import all_cases

X = np.linspace(-1.0, 1.5, 6).reshape(3, 2)


def pickled(x):
    return pickle.loads(pickle.dumps(x))


COPIES = pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled], ids=["copy", "deepcopy", "pickle"])


def assert_same_bits(got, expected):
    for a, b in zip(flatten(got)[0], flatten(expected)[0], strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def loss(w, x):
    return np.sum(np.tanh(x @ w) ** 2)


def never_again(*_args):
    raise AssertionError("recorded again")


def compiled_and_called(f, *args):
    fast = ad.compile(f)
    fast(*args)
    return fast


@COPIES
def test_a_copy_runs_without_recording_again(copied):
    fast = compiled_and_called(ad.value_and_grad(loss), np.ones(2), X)
    expected = fast(np.arange(2.0), X)
    other = copied(fast)
    other.f = never_again
    assert_same_bits(other(np.arange(2.0), X), expected)
    assert other.source == fast.source and other.cost() == fast.cost() and other.__name__ == fast.__name__
    assert other.programs.keys() == fast.programs.keys()


@COPIES
def test_the_results_of_a_copy_share_no_memory(copied):
    fast = compiled_and_called(lambda x: (np.tanh(x), x, x.T, np.exp(np.tanh(x)) + 1.0), X)
    other = copied(fast)
    arrays = [*fast(X), *other(X), *fast(X + 1.0), *other(X + 2.0)]
    assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])
    assert_same_bits(other(X), fast(X))


def test_a_pickle_runs_in_another_process():
    fast = compiled_and_called(ad.grad(lambda w: np.sum(np.clip(X * w, -0.5, 0.5) ** 2) + np.prod(w)), np.ones(2))
    scalar = compiled_and_called(lambda x: np.sqrt(x**2 + np.exp(x**2)), 1.3)
    program = (
        "import pickle, sys\nfast, scalar = pickle.load(sys.stdin.buffer)\nimport numpy as np\n"
        "pickle.dump((fast(np.arange(2.0)), scalar(0.7), scalar.source), sys.stdout.buffer)"
    )
    given = pickle.dumps((fast, scalar))
    done = subprocess.run([sys.executable, "-c", program], input=given, stdout=subprocess.PIPE, check=True)
    assert_same_bits(pickle.load(io.BytesIO(done.stdout)), (fast(np.arange(2.0)), scalar(0.7), scalar.source))


def test_a_pickle_of_what_pickle_cannot_carry_knows_the_programs_that_are_there():
    fast = compiled_and_called(lambda x, n: x * n, X, 2)
    other = pickled(pickled(fast))
    assert_same_bits(other(X + 1.0, 2), fast(X + 1.0, 2))
    message = r"<lambda>: this copy has only the programs .* got float64\[3, 2\], int\. Call the original with such"
    with pytest.raises(TypeError, match=message):
        other(X, 3)
    with pytest.raises(TypeError, match=r"got Tensor, int"):
        other(ad.tensor(X, requires_grad=True), 2)
    assert_same_bits(copy.deepcopy(fast)(X, 3), X * 3)


def test_what_cannot_be_pickled_at_all_is_refused():
    with pytest.raises(
        TypeError, match=r"<lambda>: neither the function nor a program of it can be pickled; got <func"
    ):
        pickle.dumps(ad.compile(lambda x: x))

    @ad.primitive
    def sorted_by_hand(x):
        return np.array(sorted(x.tolist()))

    sorted_by_hand.defvjp(lambda ct, _y, x: ct[np.argsort(np.argsort(x))])
    fast = compiled_and_called(lambda x: sorted_by_hand(x), np.ones(3))
    with pytest.raises(TypeError, match=r"neither the function nor a program .* those that it calls, at the top level"):
        pickle.dumps(fast)


def test_the_recording_stays_with_the_original():
    fast = compiled_and_called(np.tanh, X)
    assert copy.deepcopy(fast).graph is fast.graph
    with pytest.raises(ValueError, match=r"tanh: a pickle has the source of a program, not its recording; got a copy"):
        _ = pickled(fast).graph


def test_every_operation_in_the_table_survives_pickling():
    number = 0
    for case in all_cases():
        rng = np.random.default_rng(0)
        arrays = [a.draw(rng, a.shape if a.shape is not None else (2, 3)) for a in case.arrays]
        fast = ad.compile(lambda *xs, case=case: case.call(*xs))
        try:
            expected = fast(*arrays)
        except (TypeError, ValueError, IndexError):  # what cannot be compiled, or not of these shapes
            continue
        other = pickled(fast)
        assert other.source == fast.source
        assert_same_bits(other(*arrays), expected)
        number += 1
    assert number > 600


def test_names_of_operations_are_pickled_as_those_of_functions_are():
    from autodiff.arraylike import getitem

    assert pickled(getitem) is getitem and copy.deepcopy(getitem) is getitem


# --- tensors and arrays that a function uses ------------------------------------------------------------------


class Scaled:
    def __init__(self):
        self.factor = ad.tensor(np.ones(2), requires_grad=True)
        self.shift = np.zeros(2)

    def __call__(self, x):
        return np.sum(self.factor * x + self.shift)


W = ad.tensor(np.ones(2), requires_grad=True)


def using_a_global_tensor(x):
    return np.sum(W * x)


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled], ids=["deepcopy", "pickle"])
def test_the_copy_of_an_object_uses_the_tensors_of_that_copy(copied):
    fast = compiled_and_called(Scaled(), np.ones(2))
    other = copied(fast)
    assert other.programs
    with ad.no_grad():
        other.f.factor *= 10.0
    assert fast(np.ones(2)) == 2.0 and other(np.ones(2)) == 20.0


@COPIES
def test_a_copied_function_uses_the_tensors_that_it_did(copied):
    fast = compiled_and_called(using_a_global_tensor, np.ones(2))
    other = copied(fast)
    with ad.no_grad():
        W.data *= 3.0
    try:
        assert fast(np.ones(2)) == other(np.ones(2)) == using_a_global_tensor(np.ones(2)).item()
    finally:
        W.data /= 3.0


def test_a_pickled_closure_takes_its_tensors_along():
    w = ad.tensor(np.ones(2), requires_grad=True)
    fast = compiled_and_called(lambda x: np.sum(w * x), np.ones(2))
    assert pickled(fast)(np.ones(2)) == 2.0
    assert copy.deepcopy(fast)._entries[next(iter(fast._entries))].tensors[0] is w


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled], ids=["deepcopy", "pickle"])
def test_copies_look_at_arrays_of_their_own(copied):
    fast = ad.compile(Scaled(), check=True)
    fast(np.ones(2))
    other = copied(fast)
    fast.f.shift[0] = 1.0
    assert other(np.ones(2)) == 2.0
    for changed in (fast, other):
        changed.f.shift[0] = 5.0
        with pytest.raises(ValueError, match="has changed since it was compiled"):
            changed(np.ones(2))


class WithStep:
    """Holds the compiled version of its own method: a circle."""

    def __init__(self):
        self.fast = ad.compile(self.value)
        self.again = ad.compile(self.value)

    def value(self, x):
        return x * 2.0


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled], ids=["deepcopy", "pickle"])
def test_an_object_that_holds_its_compiled_method(copied):
    one = WithStep()
    one.fast(X), one.fast(2.0)
    other = copied(one)
    assert_same_bits(other.fast(X), X * 2.0)
    assert other.fast(3.0) == other.again(3.0) == 6.0
    assert other.fast.f.__self__ is other


# --- steps and predictions of models ---------------------------------------------------------------------------


def training_step():
    model = nn.Sequential(
        nn.Linear(5, 8, rng=0), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.3, rng=7), nn.Linear(8, 2, rng=1)
    )
    optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
    scheduler = nn.optim.lr_scheduler.StepLR(optimizer, 3, gamma=0.5)
    return nn.compile(model, nn.MSELoss(), optimizer, clip_norm=0.5, scheduler=scheduler)


def state_of(step):
    return {name: (array.dtype, array.tobytes()) for name, array in step.model.state_dict().items()}


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled], ids=["deepcopy", "pickle"])
def test_the_copy_of_a_step_trains_on_by_itself(copied):
    rng = np.random.default_rng(0)
    inputs, targets = rng.normal(size=(36, 5)), rng.normal(size=(36, 2))
    step, reference = training_step(), training_step()
    for one in (step, reference):
        for _ in range(4):
            one(inputs, targets)
    other, before = copied(step), state_of(step)
    losses = [other(inputs, targets) for _ in range(5)]
    assert state_of(step) == before != state_of(other)
    assert losses == [reference(inputs, targets) for _ in range(5)] == [step(inputs, targets) for _ in range(5)]
    assert state_of(step) == state_of(other) == state_of(reference)
    assert other.source == step.source


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled], ids=["deepcopy", "pickle"])
def test_the_copy_of_a_prediction_has_a_model_of_its_own(copied):
    predict = nn.compile(nn.Sequential(nn.Linear(2, 3, rng=0), nn.Tanh()).eval())
    expected = predict(X)
    other = copied(predict)
    with ad.no_grad():
        other.model[0].weight *= 2.0
    np.testing.assert_array_equal(predict(X), expected)
    np.testing.assert_array_equal(other(X), other.model(X).numpy())
    assert not np.array_equal(other(X), expected)


def test_a_program_that_changes_certain_arrays_stays_with_them():
    step = training_step()
    step(np.ones((3, 5)), np.ones((3, 2)))
    for copied in (copy.deepcopy, pickled):
        with pytest.raises(TypeError, match="step: a program that reads and changes certain arrays belongs to them"):
            copied(step._last)


# --- calls with single floats go straight to the program ----------------------------------------------------------


def test_other_calls_in_between_change_nothing():
    fast = ad.compile(lambda x, y=2.0: x * y + 1.0)
    for _ in range(2):
        assert fast(3.0, 4.0) == 13.0 and fast(3.0) == 7.0 and fast(3) == 7
        assert_same_bits(fast(X, 2.0), X * 2.0 + 1.0)
        assert_same_bits(fast(3.0, X), X * 3.0 + 1.0)
        assert type(fast(np.float64(3.0))) is np.float64
        assert fast(3.0) == 7.0 and fast(4.0) == 9.0
    assert fast.is_scalar and fast.source.startswith("def f(x):")
    fast(X)
    assert not fast.is_scalar and "np.multiply" in fast.source
    assert isinstance(fast, type(ad.compile(np.sin)))


@pytest.mark.parametrize("call", [lambda f: f(z=1.0), lambda f: f(1.0, z=1.0), lambda f: f(), lambda f: f(1.0, 2.0)])
def test_wrong_arguments_are_refused_as_before(call):
    fast = ad.compile(lambda x: x * 2.0)
    for _ in range(3):
        with pytest.raises(TypeError, match="argument"):
            call(fast)
        assert fast(1.0) == 2.0


def test_an_argument_may_have_any_name():
    fast = ad.compile(lambda float, rest, _mode, general: float * rest - _mode * general)
    assert fast(2.0, 3.0, 4.0, 5.0) == fast(2.0, 3.0, 4.0, 5.0) == -14.0


def test_fast_calls_are_derived_recorded_and_checked_like_the_others():
    fast = ad.compile(lambda x: x**3)
    assert fast(2.0) == fast(2.0) == 8.0
    assert ad.grad(fast)(2.0) == 12.0
    assert [node.function for node in ad.record(fast, 2.0).operations] == ["power"]
    with ad.no_grad():
        assert fast(2.0) == 8.0
    c = np.array(2.0)
    checked = ad.compile(lambda x: x * c, check=True)
    assert checked(2.0) == checked(2.0) == 4.0
    c[...] = 3.0
    with pytest.raises(ValueError, match="has changed"):
        checked(2.0)


def test_a_number_that_is_a_tensor_is_read_at_every_call():
    w = ad.tensor(2.0, requires_grad=True)
    w.data = np.float64(2.0)
    fast = ad.compile(lambda x: x * w)
    assert fast(3.0) == fast(3.0) == 6.0
    w.data = np.float64(5.0)
    assert fast(3.0) == fast(3.0) == 15.0


def test_a_program_that_was_in_use_is_not_the_one_that_goes(monkeypatch):
    monkeypatch.setattr("autodiff.compiler.compiled.LIMIT", 3)
    fast = ad.compile(lambda x: x * 2.0)
    for n in range(1, 8):
        assert fast(1.5) == fast(2.5) - 2.0 == 3.0
        fast(np.ones(n))
    assert len(fast.programs) == 3
    fast(1.5)
    assert fast.is_scalar
    for n in range(1, 8):
        fast(np.ones(n))
    assert len(fast.programs) == 3 and not any(program.scalar for program in fast.programs.values())
    assert fast(1.5) == 3.0


def test_floats_and_arrays_from_several_threads():
    fast = ad.compile(lambda x: x * x + 1.0)
    wrong = []

    def work(x):
        wrong.extend(x for _ in range(2000) if not np.array_equal(fast(x), x * x + 1.0))

    threads = [threading.Thread(target=work, args=(x,)) for x in (2.0, X, 3.0, X[0])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_scalar_programs_write_what_is_read_once_where_it_is_read():
    fast = ad.compile(ad.grad(lambda x: np.sqrt(x**2 + np.exp(x**2))))
    fast(1.3)
    assert fast.source == (
        "from math import exp, sqrt\n\n\ndef grad_of_lambda(x):\n    # forward\n    v1 = x * x\n    v2 = exp(v1)\n"
        "    v3 = sqrt(v1 + v2)\n    # backward\n    v4 = 0.5 / v3\n    v5 = x + x\n"
        "    return v4 * v2 * v5 + v4 * v5\n"
    )

    def named(x, y):
        z = x - (y - x)
        return z - (x - z / (y / x)) ** 2, -z

    fast = ad.compile(named)
    for x, y in ((2.0, 3.0), (0.3, -7.1)):
        np.testing.assert_allclose(fast(x, y), named(x, y), rtol=1e-15)
    assert "    z = x - (y - x)\n" in fast.source


def test_compiling_is_logged_once_for_a_copy_that_has_its_program(caplog):
    caplog.set_level(logging.INFO, "autodiff.compile")
    other = pickled(compiled_and_called(np.tanh, X))
    other(X)
    assert caplog.text.count("compiled tanh") == 1
