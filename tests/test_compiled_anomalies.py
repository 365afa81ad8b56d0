"""Anomaly mode and errors inside of compiled programs: the operation, the entry, the generated line and the user's."""

import copy
import linecache
import pickle
import re
import traceback
from contextlib import nullcontext

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff.compiler import pieces
from autodiff.compiler.checked import checked
from tests.expressions import expression

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def anomaly(call, *args):
    """Return the error that `call` raises in anomaly mode, without the advice."""
    with pytest.raises(FloatingPointError) as error, ad.detect_anomaly():
        call(*args)
    return error.value


def masked(x):
    y = np.sqrt(x)
    z = np.where(x > 0, y, 0.0)
    return np.sum(z * 2.0)


def shifted(x):
    a = np.exp(x)
    b = np.log(a - 1.0)
    return b * 2.0


def tangent(x):
    return ad.jvp(np.sqrt, (x,), (np.ones_like(x),))[1]


BAD = np.array([[1.0, 2.0], [4.0, 0.0]])
CASES = {
    "backward": (ad.grad(masked), BAD),
    "forward": (shifted, BAD),
    "scalar, where Python raises": (shifted, 0.0),
    "scalar, where Python gives inf": (lambda x: (x * 1e200) * 1e200 * 0.0, 2.0),
    "scalar, backward": (ad.grad(lambda x: np.sqrt(x * x)), 0.0),
    "in place": (lambda x: np.sum(np.log(np.tanh(x) * 3.0 - 3.0 * np.tanh(x))), BAD),
    "second order": (ad.grad(lambda x: np.sum(ad.grad(lambda y: np.sum(y**1.5))(x))), BAD),
    "one function": (np.log, BAD),
}


def parts(error):
    """Return the operation and the pass, the entry, and the user's file and line."""
    text = str(error)
    place = re.search(r"from .*?(/\S+\.py:\d+)", text)
    return (
        text.partition("got")[0],
        re.search(r"got (\S+( at index \[.*?\])?)", text).group(1),
        place and place.group(1),
    )


@pytest.mark.parametrize("name", CASES)
def test_the_program_names_what_eager_does(name):
    f, x = CASES[name]
    fast = ad.compile(f)
    fast(x)
    error = anomaly(fast, x)
    expected = anomaly(f, x if isinstance(x, np.ndarray) else np.float64(x)) if name not in PLAIN else None
    if expected is not None:
        assert parts(error) == parts(expected)
        assert str(error).partition(". Keep")[2] == str(expected).partition(". Keep")[2]
    assert __file__ in str(error)
    line = re.search(r"the compiled line `(.*?)`", str(error)).group(1)
    assert line in fast.program.listing.text
    assert line in "".join(traceback.format_exception(error))  # the debugger's and the traceback's view


PLAIN = {"forward", "scalar, where Python raises", "scalar, where Python gives inf", "in place", "one function"}
"""What eager does not look at: no derivative is asked for, and NumPy's own functions run."""


def test_the_message_in_full():
    fast = ad.compile(shifted)
    fast(BAD)
    error = anomaly(fast, BAD)
    line = shifted.__code__.co_firstlineno + 2
    assert str(error) == (
        "np.log: the forward pass makes a value that is not finite; got -inf at index [1, 1], from the compiled line "
        f"`np.log(v1, out=b)`, which comes from {__file__}:{line}. Keep the argument inside the domain, or evaluate "
        "each branch only where it is valid: ad.piecewise(x, [x > 0], [f, 0.0])."
    )


def test_what_was_not_finite_before_is_not_reported():
    fast = ad.compile(lambda x: np.sum(np.where(np.isinf(x), 0.0, x * 2.0)) + np.inf)
    with ad.detect_anomaly():
        assert fast(np.array([1.0, -np.inf])) == np.inf


def test_the_first_call_may_be_the_one_that_is_looked_at():
    assert "np.log" in str(anomaly(ad.compile(ad.grad(lambda x: np.sum(np.log(x)))), np.zeros(2)))
    with ad.detect_anomaly():
        np.testing.assert_array_equal(ad.compile(ad.grad(masked))(np.ones(2)), [1.0, 1.0])


def test_a_recording_is_looked_at_while_it_is_made():
    error = anomaly(ad.record, ad.grad(masked), BAD)
    assert "np.sqrt: the backward pass" in str(error) and f"{__file__}:" in str(error)
    with ad.detect_anomaly():
        assert ad.record(masked, np.ones(2)).output.value == 4.0


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda f: pickle.loads(pickle.dumps(f))], ids=["copy", "pickle"])
def test_copies_name_the_same(copied):
    fast = ad.compile(ad.grad(masked))
    fast(BAD)
    assert str(anomaly(copied(fast), BAD)) == str(anomaly(fast, BAD))


def test_the_mode_is_that_of_the_call():
    fast = ad.compile(lambda x: np.log(x) * 2.0)
    for _ in range(3):
        assert fast(0.0) == -np.inf and fast(1.0) == 0.0
        np.testing.assert_array_equal(fast(np.zeros(2)), [-np.inf] * 2)
        for x in (0.0, np.zeros(2)):
            anomaly(fast, x)
        with ad.detect_anomaly():
            assert fast(1.0) == 0.0


def test_programs_that_are_looked_at_give_the_same_bits():
    looked_at = 0
    for seed in range(60):
        f, data = expression(seed)
        fast = ad.compile(ad.value_and_grad(f, tuple(range(len(data(0))))))
        for k in (0, 1):
            expected = fast(*data(k))
            program = fast.program
            if program.scalar is None:
                got = program.structure.unflatten(checked(program.listing)(*data(k))) if finite(fast, data(k)) else None
                if got is not None:
                    looked_at += 1
                    for a, b in zip(ad.tree.flatten(got)[0], ad.tree.flatten(expected)[0], strict=True):
                        np.testing.assert_array_equal(a, b)
    assert looked_at > 50


def finite(fast, data):
    try:
        with ad.detect_anomaly():
            fast(*data)
    except FloatingPointError:
        return False
    return True


def test_what_runs_in_pieces_is_looked_at_as_a_whole(monkeypatch):
    monkeypatch.setattr(pieces, "PIECE", 16)
    monkeypatch.setattr(pieces, "LONG", 24)
    f = lambda x: (np.sqrt(np.tanh(x) * 2.0), np.exp(np.tanh(x)))  # noqa: E731
    fast = ad.compile(f)
    x = np.linspace(1.0, 2.0, 40)
    fast(x)
    assert "in_pieces(" in fast.source
    with ad.detect_anomaly():
        for got, expected in zip(fast(x), f(x), strict=True):
            np.testing.assert_array_equal(got, expected)
    for other in (fast, pickle.loads(pickle.dumps(fast))):
        np.testing.assert_array_equal(other(x), f(x))
        x[[35, 7]] = -1.0
        text = str(anomaly(other, x))
        assert text.startswith("np.sqrt: the forward pass makes a value that is not finite; got nan at index [7], from")
        x[[35, 7]] = 1.0


# --- models ----------------------------------------------------------------------------------------------------


X, Y = np.linspace(-1.0, 1.0, 8).reshape(4, 2), np.zeros((4, 1))


def log_loss(prediction, target):
    ratio = (prediction - target) ** 2 * 0.0
    return np.mean(np.log(ratio))


def network():
    return nn.Sequential(nn.Linear(2, 3, rng=0), nn.Tanh(), nn.Linear(3, 1, rng=1))


def test_a_training_step_names_the_users_line_and_changes_nothing():
    model = network()
    step = nn.compile(model, log_loss, nn.optim.Adam(model.parameters()))
    before = copy.deepcopy(model.state_dict())
    for _ in range(2):
        text = str(anomaly(step, X, Y))
        assert text.startswith("np.log: the forward pass makes a value that is not finite; got -inf at index [0, 0]")
        assert f"{__file__}:{log_loss.__code__.co_firstlineno + 2}" in text and "the compiled line `np.log(" in text
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_prediction_names_the_layer():
    model = network()
    predict = nn.compile(model)
    predict(X)
    model[0].weight.data[...] = 1.7e308
    text = str(anomaly(predict, X))
    assert text.startswith("np.matmul: the forward pass") and "in Sequential / 0 (Linear)" in text


def test_a_step_in_anomaly_mode_trains_as_always():
    losses = []
    for mode in (ad.detect_anomaly, nullcontext):
        model = network()
        step = nn.compile(model, nn.MSELoss(), nn.optim.Adam(model.parameters()), clip_norm=1.0)
        losses.append([])
        for _ in range(4):
            with mode():
                losses[-1].append(step(X, Y + 1.0))
    assert losses[0] == losses[1]


@pytest.mark.parametrize("compiled", [True, False])
def test_a_fit_in_anomaly_mode(compiled):
    error = anomaly(lambda: nn.fit(network(), X, Y, loss=log_loss, epochs=1, progress=False, compile=compiled))
    assert str(error).startswith("np.log: the forward pass") and __file__ in str(error)


# --- other errors -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scalar", [False, True])
def test_other_errors_have_a_note_and_the_generated_line(scalar):
    fast = ad.compile(lambda x, y: x * y + np.exp(x))
    fast(*((1.0, 2.0) if scalar else (np.ones(3), np.ones(3))))
    with pytest.raises(ValueError, match="could not be broadcast") as error:
        fast.program.run([np.ones(2), np.ones(3)])
    notes = error.value.__notes__
    assert len(notes) == 1
    assert re.match(rf"in the compiled line `.*x.*y.*`, which comes from {re.escape(__file__)}:\d+$", notes[0])
    frame = traceback.extract_tb(error.value.__traceback__)[-1]
    assert (
        frame.filename.startswith("<compiled ")
        and frame.line == linecache.getline(frame.filename, frame.lineno).strip()
    )
    assert frame.line.partition("  #")[0] in notes[0]


def test_an_error_within_a_step_has_a_note():
    model = network()
    step = nn.compile(model, nn.MSELoss(), nn.optim.SGD(model.parameters(), lr=0.1))
    step(X, Y)
    with pytest.raises(ValueError, match="shapes") as error:
        step._last.program.run([X[:, :1], Y])
    assert any("np.dot(X, weight_0" in note and "in Sequential / 0 (Linear)" in note for note in error.value.__notes__)
