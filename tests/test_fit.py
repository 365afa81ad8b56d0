"""The training loop: what it computes, how it ends, how it resumes, what it refuses."""

import json
import logging
import math
import os
import signal
import sys
import threading

import numpy as np
import pytest

import nn
from nn.training import Training, make_training
from tests.test_data import resident

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 3))
Y = np.sin(X[:, :1]) * X[:, 1:2] + 0.1 * RNG.normal(size=(50, 1))
LABELS = (X[:, 0] + X[:, 1] > 0).astype(int)
WEIGHT = RNG.uniform(0.5, 2.0, size=50)


def network(dropout=0.0, outputs=1, dtype=np.float64, rng=0):
    rng = np.random.default_rng(rng)
    return nn.Sequential(
        nn.Linear(3, 8, rng=rng, dtype=dtype),
        nn.BatchNorm1d(8, dtype=dtype) if dropout else nn.Identity(),
        nn.Tanh(),
        nn.Dropout(dropout, rng=rng) if dropout else nn.Identity(),
        nn.Linear(8, outputs, rng=rng, dtype=dtype),
    )


def same(first, second):
    """Return whether two nested states are equal bit for bit, the times left out."""
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first if k != "seconds")
    if isinstance(first, (list, tuple)):
        return len(first) == len(second) and all(same(a, b) for a, b in zip(first, second, strict=True))
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second)
    return first == second


class StopAfter:
    """A callback that asks for an end after some steps."""

    def __init__(self, steps, reason="callback"):
        self.steps, self.reason = steps, reason

    def on_step_end(self, training):
        self.steps -= 1
        if self.steps == 0:
            training.stop(self.reason)


# --- what it computes ------------------------------------------------------------------------------


def test_fit_is_the_loop_one_would_write():
    model, twin = network(), network()
    history = nn.fit(model, X, Y, epochs=4, batch_size=16, rng=3)
    optimizer, loss = nn.optim.Adam(twin.parameters()), nn.MSELoss()
    loader = nn.DataLoader(nn.TensorDataset(X, Y), batch_size=16, shuffle=True, rng=3)
    for epoch in range(4):
        total = 0.0
        for inputs, targets in loader:
            optimizer.zero_grad()
            value = loss(twin(inputs), targets)
            value.backward()
            optimizer.step()
            total += value.item() * len(inputs)
        assert history["loss"][epoch] == total / 50
    assert same(model.state_dict(), twin.state_dict())


def mean_loss(model, weight):
    losses = (nn.predict(model, X) - Y)[:, 0] ** 2
    return np.average(losses, weights=weight)


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("batch_size", [1, 7, 32, 50, 64, None])
def test_the_losses_are_means_for_each_sample_whatever_the_batches(batch_size, reduction, weight):
    model = network()
    loss = nn.MSELoss(reduction)
    held = nn.optim.SGD(model.parameters(), lr=0.0)
    validation = (X, Y) if weight is None else (X, Y, weight)
    history = nn.fit(
        model, X, Y, loss=loss, optimizer=held, epochs=2, batch_size=batch_size, sample_weight=weight,
        validation_data=validation, rng=0,
    )  # fmt: skip
    expected = mean_loss(model, weight)
    np.testing.assert_allclose(history["loss"], expected, rtol=1e-13)
    np.testing.assert_allclose(history["val_loss"], expected, rtol=1e-13)
    evaluated = nn.evaluate(model, X, Y, loss, batch_size=batch_size, sample_weight=weight)["loss"]
    np.testing.assert_allclose(evaluated, expected, rtol=1e-13)


def test_drop_last_counts_what_was_trained_on():
    seen = []

    class Recorder(nn.Module):
        def __init__(self):
            self.bias = nn.Parameter(0.0)

        def forward(self, x):
            seen.append(np.array(x[:, 0]))
            return x[:, :1] * 0.0 + self.bias

    rows = np.arange(10.0).reshape(-1, 1)
    model = Recorder()
    held = nn.optim.SGD(model.parameters(), lr=0.0)
    history = nn.fit(model, rows, rows, optimizer=held, epochs=1, batch_size=4, drop_last=True, rng=0)
    trained = np.concatenate(seen)
    assert len(trained) == 8
    np.testing.assert_allclose(history["loss"], [np.mean(trained**2)], rtol=1e-14)


def test_weights_count_as_repetitions_and_weight_0_leaves_out():
    weight = np.arange(50) % 3
    repeated = np.repeat(np.arange(50), weight)
    first, second = network(), network()
    a = nn.fit(first, X, Y, sample_weight=weight, batch_size=None, epochs=5, shuffle=False)
    b = nn.fit(second, X[repeated], Y[repeated], batch_size=None, epochs=5, shuffle=False)
    np.testing.assert_allclose(a["loss"], b["loss"], rtol=1e-12)
    for name, value in first.state_dict().items():
        np.testing.assert_allclose(value, second.state_dict()[name], rtol=1e-9, atol=1e-12)


def test_held_out_samples_are_never_trained_on():
    seen = {True: set(), False: set()}

    class Recorder(nn.Module):
        def __init__(self):
            self.bias = nn.Parameter(0.0)

        def forward(self, x):
            seen[self.training].update(x[:, 0].tolist())
            return x * 0.0 + self.bias

    rows = np.arange(40.0).reshape(-1, 1)
    nn.fit(Recorder(), rows, rows, epochs=3, batch_size=7, validation_fraction=0.25, rng=0)
    assert len(seen[True]) == 30 and len(seen[False]) == 10
    assert seen[True].isdisjoint(seen[False])
    assert seen[False] != set(range(10)) and seen[False] != set(range(30, 40))


@pytest.mark.parametrize("prepared", ["float64", "memmap", "list"])
def test_data_are_turned_to_the_dtype_of_the_model(prepared, tmp_path):
    data = X
    if prepared == "memmap":
        data = np.memmap(tmp_path / "X", np.float64, "w+", shape=X.shape)
        data[...] = X
    if prepared == "list":
        data = X.tolist()
    dtypes = set()
    model = network(dtype=np.float32)
    model[-1].register_forward_hook(lambda _module, _args, output: dtypes.add(output.dtype))
    nn.fit(model, data, Y, epochs=2, validation_data=(data, Y), metrics=["r2"], rng=0)
    assert nn.predict(model, data).dtype == np.float32
    assert dtypes == {np.dtype(np.float32)}
    reference = network(dtype=np.float32)
    nn.fit(reference, X.astype(np.float32), Y.astype(np.float32), epochs=2, rng=0)
    assert same(model.state_dict(), reference.state_dict())


def test_a_model_of_several_inputs():
    class Sum(nn.Module):
        def __init__(self):
            self.left, self.right = nn.Linear(2, 1, rng=0), nn.Linear(1, 1, rng=1)

        def forward(self, a, b):
            return self.left(a) + self.right(b)

    whole, parts = nn.Linear(3, 1), Sum()
    history = nn.fit(parts, (X[:, :2], X[:, 2:]), Y, epochs=3, validation_fraction=0.2, rng=0)
    assert history["loss"][-1] < history["loss"][0]
    whole.weight.data[...] = np.concatenate([parts.left.weight.data, parts.right.weight.data])
    whole.bias.data[...] = parts.left.bias.data + parts.right.bias.data
    np.testing.assert_allclose(nn.predict(parts, (X[:, :2], X[:, 2:])), nn.predict(whole, X), rtol=1e-13)


def test_modes_of_the_model():
    class Recorder(nn.Module):
        def __init__(self):
            self.weight, self.modes = nn.Parameter(np.ones((3, 1))), []

        def forward(self, x):
            self.modes.append((self.training, len(x)))
            return x @ self.weight

    model = Recorder().eval()
    nn.fit(model, X[:40], Y[:40], epochs=2, batch_size=20, validation_data=(X[40:], Y[40:]), metrics=["r2"])
    epoch = [(True, 20), (True, 20), (False, 40), (False, 10)]
    assert model.modes == epoch * 2
    assert not model.training


def test_clipping_bounds_the_step_and_the_history_has_the_norm_before():
    for option, bound in (("clip_norm", 0.01), ("clip_value", 0.001)):
        model, twin = network(), network()
        clipped = nn.fit(
            model, X, 10 * Y, optimizer=nn.optim.SGD(model.parameters(), lr=1.0), epochs=1, batch_size=None,
            shuffle=False, **{option: bound},
        )  # fmt: skip
        free = nn.fit(
            twin, X, 10 * Y, optimizer=nn.optim.SGD(twin.parameters(), lr=0.0), epochs=1, batch_size=None, shuffle=False
        )
        assert clipped["grad_norm"] == free["grad_norm"]
        assert clipped["grad_norm"][0] > 0.1
        step = np.concatenate(
            [(a - b).ravel() for a, b in zip(*(m.state_dict().values() for m in (model, twin)), strict=True)]
        )
        gradient = np.concatenate([p.grad.ravel() for p in twin.parameters()])
        if option == "clip_norm":
            np.testing.assert_allclose(step, -gradient * bound / np.linalg.norm(gradient), rtol=1e-3, atol=1e-9)
        else:
            np.testing.assert_allclose(step, -np.clip(gradient, -bound, bound), rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e180])
def test_the_gradient_norm_neither_overflows_nor_vanishes(scale):
    model = nn.Linear(3, 2, rng=0)
    optimizer = nn.optim.SGD(model.parameters(), lr=0.0)
    loss = lambda output, _target: (output * scale).sum()  # noqa: E731
    history = nn.fit(model, X[:1], Y[:1], loss=loss, optimizer=optimizer, epochs=1)
    np.testing.assert_allclose(history["grad_norm"], scale * math.sqrt(2 * (X[0] @ X[0]) + 2), rtol=1e-12)


def test_only_what_the_optimiser_has_is_learned():
    model = network()
    before = model.state_dict()
    model[0].requires_grad_(False)
    nn.fit(model, X, Y, optimizer=nn.optim.SGD(model[-1].parameters(), lr=0.1), epochs=2, rng=0)
    after = model.state_dict()
    assert [name for name in before if not np.array_equal(before[name], after[name])] == ["4.weight", "4.bias"]


def test_the_step_can_be_replaced():
    training = make_training(network(), X, Y, batch_size=10, rng=0)
    eager, calls = training.step, []

    def counted(inputs, target, sample_weight):
        calls.append(len(target))
        return eager(inputs, target, sample_weight)

    training.step = counted
    training.run(3)
    assert calls == [10] * 15
    reference = make_training(network(), X, Y, batch_size=10, rng=0)
    reference.run(3)
    assert same(training.state_dict(), reference.state_dict())


# --- metrics ---------------------------------------------------------------------------------------


def test_metrics_are_those_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    prediction, target = X, X + RNG.normal(size=X.shape)
    for weight in (None, WEIGHT):
        w = {"sample_weight": weight}
        assert nn.metrics.r2(prediction, target, **w) == pytest.approx(metrics.r2_score(target, prediction, **w), 1e-13)
        assert nn.metrics.mae(prediction, target, **w) == pytest.approx(
            metrics.mean_absolute_error(target, prediction, **w), 1e-13
        )
        mse = metrics.mean_squared_error(target, prediction, **w)
        assert nn.metrics.mse(prediction, target, **w) == pytest.approx(mse, 1e-13)
        assert nn.metrics.rmse(prediction, target, **w) == pytest.approx(math.sqrt(mse), 1e-13)
        classes = RNG.integers(0, 3, size=50)
        expected = metrics.accuracy_score(classes, X.argmax(axis=1), **w)
        assert nn.metrics.accuracy(X, classes, **w) == pytest.approx(expected, 1e-14)
        assert nn.metrics.accuracy(X, nn.one_hot(classes), **w) == pytest.approx(expected, 1e-14)
    assert nn.metrics.r2([1.0, 1.0], [1.0, 1.0]) == 1.0
    assert nn.metrics.r2([1.0, 2.0], [1.0, 1.0]) == 0.0


def test_accuracy_of_one_score_for_each_sample():
    scores = np.array([[-1.0], [0.3], [0.7], [2.0]])
    assert nn.metrics.accuracy(scores, [0, 0, 1, 1]) == 1.0
    assert nn.metrics.accuracy(scores, np.array([[0], [1], [1], [1]]), threshold=0.0) == 1.0
    assert nn.metrics.accuracy(np.hstack([scores, -scores]), np.hstack([scores > 0, scores < 0]), threshold=0.0) == 1.0


def test_the_threshold_of_the_accuracy_follows_the_loss():
    target = LABELS[:, np.newaxis].astype(float)
    model = nn.Linear(3, 1, rng=0)
    model.weight.data[:, 0], model.bias.data[...] = [0.1, 0.1, 0.0], 0.0  # logits that are all below 0.5
    got = nn.evaluate(model, X, target, nn.BCEWithLogitsLoss(), ["accuracy"])["accuracy"]
    assert got == 1.0
    sigmoid = nn.Sequential(model, nn.Sigmoid())
    assert nn.evaluate(sigmoid, X, target, nn.BCELoss(), ["accuracy"])["accuracy"] == 1.0
    assert nn.evaluate(model, X, target, nn.MSELoss(), ["accuracy"])["accuracy"] < 0.7


def test_metrics_of_the_history_are_those_of_the_model_at_the_end_of_the_epoch():
    model = network(dropout=0.3, outputs=2)

    def largest(prediction, _target):
        return prediction.max()

    history = nn.fit(
        model, X, LABELS, loss=nn.CrossEntropyLoss(), metrics=["accuracy", largest], epochs=3, rng=0,
        validation_data=(X[:9], LABELS[:9]),
    )  # fmt: skip
    expected = nn.evaluate(model, X, LABELS, nn.CrossEntropyLoss(), {"accuracy": "accuracy", "largest": largest})
    assert history["accuracy"][-1] == expected["accuracy"]
    assert history["largest"][-1] == expected["largest"]
    assert (
        history["val_accuracy"][-1]
        == nn.evaluate(model, X[:9], LABELS[:9], nn.CrossEntropyLoss(), "accuracy")["accuracy"]
    )
    assert list(history) == [
        "loss", "accuracy", "largest", "val_loss", "val_accuracy", "val_largest", "lr", "grad_norm", "seconds",
    ]  # fmt: skip


@pytest.mark.skipif(not os.path.exists("/proc/self/smaps"), reason="reads Linux's list of mappings")
def test_a_memory_map_is_read_by_the_batches_only(tmp_path):
    path = tmp_path / "X.dat"
    shape = (2048, 4096)
    np.memmap(path, np.float32, "w+", shape=shape).flush()  # 32 MiB of holes
    data = np.memmap(path, np.float32, "r", shape=shape)
    most = []
    nn.fit(
        nn.Linear(4096, 1), data, np.zeros((2048, 1)), epochs=1, batch_size=4, rng=0,
        callbacks=[StopAfter(4), type("Watcher", (), {"on_step_end": lambda _self, _t: most.append(resident(path))})()],
    )  # fmt: skip
    assert len(most) == 4 and most[0] < 4 * 2**20


# --- schedules -------------------------------------------------------------------------------------


def test_a_schedule_for_each_epoch():
    model = network()
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
    scheduler = nn.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    history = nn.fit(model, X, Y, optimizer=optimizer, scheduler=scheduler, epochs=5, rng=0)
    assert history["lr"] == [0.1, 0.1, 0.05, 0.05, 0.025]


def test_a_schedule_for_each_batch():
    model = network()
    history = nn.fit(
        model, X, Y, epochs=2, batch_size=10, rng=0, scheduler_step="batch",
        optimizer=lambda parameters: nn.optim.SGD(parameters, lr=1.0),
        scheduler=lambda optimizer: nn.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5),
    )  # fmt: skip
    assert history["lr"] == [0.5**4, 0.5**9]  # of the last step of the epoch


def test_a_schedule_that_waits_for_the_loss_gets_the_validation_loss():
    model = network()
    optimizer = nn.optim.SGD(model.parameters(), lr=0.0)
    scheduler = nn.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)
    given = []
    step, scheduler.step = scheduler.step, lambda metrics: (given.append(metrics), step(metrics))
    history = nn.fit(
        model, X, Y, optimizer=optimizer, scheduler=scheduler, epochs=3, validation_data=(X[:5], Y[:5]), rng=0
    )
    assert given == history["val_loss"]


# --- how it ends -----------------------------------------------------------------------------------


def test_early_stopping_gives_back_the_best_parameters():
    model = network()
    optimizer = nn.optim.SGD(model.parameters(), lr=1.5)
    stopping = nn.EarlyStopping(patience=4)
    history = nn.fit(
        model, X[:30], Y[:30], optimizer=optimizer, epochs=300, early_stopping=stopping,
        validation_data=(X[30:], Y[30:]), rng=0,
    )  # fmt: skip
    best = int(np.argmin(history["val_loss"]))
    assert history.stopped == "early stopping"
    assert history.best_epoch == stopping.best_epoch == best
    assert len(history) == best + 1 + 4
    assert history["val_loss"][-1] > history["val_loss"][best]
    assert nn.evaluate(model, X[30:], Y[30:])["loss"] == history["val_loss"][best] == stopping.best


def test_the_best_parameters_come_back_also_when_the_epochs_run_out():
    model = network()
    history = nn.fit(
        model, X[:30], Y[:30], optimizer=nn.optim.SGD(model.parameters(), lr=1.5), epochs=20, early_stopping=50,
        validation_data=(X[30:], Y[30:]), rng=0,
    )  # fmt: skip
    assert history.stopped == "finished" and len(history) == 20
    assert nn.evaluate(model, X[30:], Y[30:])["loss"] == min(history["val_loss"]) < history["val_loss"][-1]


def test_the_rules_of_early_stopping():
    model = nn.Linear(1, 1)

    def epochs_until_stop(values, name="val_loss", **options):
        stopping = nn.EarlyStopping(patience=2, restore_best=False, monitor=name, **options)
        for epoch, value in enumerate(values):
            stopping.update(epoch, {name: value}, model)
            if stopping.is_over():
                return epoch
        return None

    assert epochs_until_stop([3, 2, 1, 0]) is None
    assert epochs_until_stop([3, 2, 2, 2]) == 3
    assert epochs_until_stop([3, 2, 2.5, 1.9, 2, 2]) == 5
    assert epochs_until_stop([3, 2.9, 2.8, 2.7], min_delta=0.15) is None
    assert epochs_until_stop([3, 2.9, 2.8, 2.7], min_delta=0.5) == 2
    assert epochs_until_stop([0.1, 0.2, 0.3, 0.4], "val_accuracy") is None
    assert epochs_until_stop([0.4, 0.3, 0.2], "val_r2") == 2
    assert epochs_until_stop([0.1, 0.2, 0.3], "val_mine") == 2
    assert epochs_until_stop([0.1, 0.2, 0.3], "val_mine", mode="max") is None
    assert epochs_until_stop([math.nan, math.nan]) == 1


def test_callbacks_see_the_training_and_can_stop_it():
    seen = []

    class Watcher:
        def on_train_begin(self, training):
            seen.append(("begin", training.epoch))

        def on_train_end(self, training):
            seen.append(("end", training.history.stopped))

        def on_train_error(self, training):
            seen.append(("error", training.epoch))

    def stop_at_low_loss(training):
        seen.append(training.epoch)
        if training.epoch == 3:
            training.stop("good enough")

    history = nn.fit(network(), X, Y, epochs=10, callbacks=[Watcher(), stop_at_low_loss], rng=0)
    assert seen == [("begin", 0), 1, 2, 3, ("end", "good enough")]
    assert history.stopped == "good enough" and len(history) == 3
    seen.clear()
    with pytest.raises(ZeroDivisionError):
        nn.fit(network(), X, Y, epochs=10, callbacks=[Watcher(), lambda training: 1 / (training.epoch - 2)], rng=0)
    assert seen == [("begin", 0), ("error", 2)]


def interrupted(callback, epochs=5, loss=None):
    model = network(dropout=0.2)
    history = nn.fit(model, X, Y, epochs=epochs, batch_size=10, rng=0, callbacks=[callback], loss=loss)
    return model, history


class PressCtrlC:
    def __init__(self, steps):
        self.steps = steps

    def on_step_end(self, _training):
        self.steps -= 1
        if self.steps == 0:
            signal.raise_signal(signal.SIGINT)


def test_ctrl_c_returns_what_was_learned():
    model, history = interrupted(PressCtrlC(13))
    twin, expected = interrupted(StopAfter(13, "interrupted"))
    assert history.stopped == "interrupted" and len(history) == 2
    assert same(model.state_dict(), twin.state_dict()) and same(history.to_dict(), expected.to_dict())
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_in_the_middle_of_a_step_waits_for_its_end():
    calls = []

    def loss(output, target):
        calls.append(1)
        if len(calls) == 13:
            signal.raise_signal(signal.SIGINT)
        return nn.functional.mse_loss(output, target)

    model, history = interrupted(lambda _training: None, loss=loss)
    twin, _ = interrupted(StopAfter(13))
    assert history.stopped == "interrupted" and len(history) == 2
    assert same(model.state_dict(), twin.state_dict())


def test_a_second_ctrl_c_raises_and_leaves_no_half_step():
    model = network()
    before = {}

    def loss(output, target):
        if before:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        return nn.functional.mse_loss(output, target)

    with pytest.raises(KeyboardInterrupt):
        nn.fit(model, X, Y, epochs=3, loss=loss, callbacks=lambda _training: before.update(model.state_dict()), rng=0)
    assert same(model.state_dict(), before)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_fit_runs_in_another_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(nn.fit(network(), X, Y, epochs=2, rng=0)))
    thread.start()
    thread.join()
    assert results[0]["loss"] == nn.fit(network(), X, Y, epochs=2, rng=0)["loss"]


@pytest.mark.parametrize("early_stopping", [None, 5])
def test_a_loss_that_is_not_finite_ends_with_advice_and_good_parameters(early_stopping):
    model = network()
    kept = []
    optimizer = nn.optim.SGD(model.parameters(), lr=1e-3)

    def grow(training):
        kept.append(model.state_dict())
        for group in training.optimizer.param_groups:
            group["lr"] *= 1e60

    with pytest.raises(
        nn.DivergenceError, match=r"became (nan|inf) in epoch \d+; got lr=1e\+\d+\. Lower the learning rate"
    ) as info:
        nn.fit(
            model, X, Y, optimizer=optimizer, epochs=40, callbacks=grow, early_stopping=early_stopping, rng=0,
            batch_size=5,
        )  # fmt: skip
    history = info.value.history
    assert len(history) == len(kept) >= 1 and np.isfinite(history["loss"]).all()
    good = kept[-1] if early_stopping is None else kept[history.best_epoch]
    assert same(model.state_dict(), good)
    assert not model.training


def test_a_validation_loss_that_is_not_finite_is_a_divergence():
    model = nn.Linear(1, 1, rng=0)
    small, large = np.ones((4, 1)), np.full((4, 1), 1e300)
    before = model.state_dict()
    with pytest.raises(nn.DivergenceError, match="the validation loss became inf in epoch 0"):
        nn.fit(model, small, small, epochs=2, validation_data=(large, small))
    assert same(model.state_dict(), before)


def test_a_gradient_that_is_not_finite_changes_nothing():
    model = nn.Linear(1, 1, rng=0)
    before = model.state_dict()
    loss = lambda output, target: np.sqrt((output - output) * target).sum()  # noqa: E731 - the derivative at 0
    with pytest.raises(nn.DivergenceError, match="the norm of its gradient became nan in epoch 0"):
        nn.fit(model, np.ones((2, 1)), np.ones((2, 1)), loss=loss, epochs=1)
    assert same(model.state_dict(), before)


def test_nan_in_a_memory_map_is_named_where_it_stands(tmp_path):
    data = np.memmap(tmp_path / "X", np.float64, "w+", shape=X.shape)
    data[...] = X
    data[37, 2] = np.nan
    model = network()
    before = model.state_dict()
    with pytest.raises(ValueError, match=r"fit: X must be finite; got nan in row 37, column 2"):
        nn.fit(model, data, Y, epochs=2, batch_size=8, rng=0)
    assert same(model.state_dict(), before)


# --- resuming --------------------------------------------------------------------------------------


def training_of(callbacks=()):
    model = network(dropout=0.3)
    return make_training(
        model, X, Y, batch_size=8, rng=7, validation_fraction=0.2, metrics=["r2"], sample_weight=WEIGHT,
        optimizer=nn.optim.Adam(model.parameters(), lr=0.02), early_stopping=nn.EarlyStopping(6),
        scheduler=lambda optimizer: nn.optim.lr_scheduler.ExponentialLR(optimizer, 0.9),
        clip_norm=1.0, callbacks=callbacks,
    )  # fmt: skip


@pytest.mark.parametrize("steps", [1, 4, 5, 12, 15, 19])
def test_a_training_resumes_bit_for_bit_also_within_an_epoch(steps):
    whole = training_of()
    whole.run(5)
    broken = training_of([StopAfter(steps)])
    broken.run(5)
    state = broken.state_dict()
    broken.model[0].weight.data[...] = np.nan  # the state is a copy
    resumed = training_of()
    resumed.load_state_dict(state)
    resumed.run(5)
    assert same(resumed.state_dict(), whole.state_dict())
    again = training_of([StopAfter(steps)])
    again.run(5)
    again.run(5)  # goes on without being saved
    assert same(again.state_dict(), whole.state_dict())


def test_further_epochs_are_as_if_asked_for_at_first():
    whole, parts = training_of(), training_of()
    whole.run(5)
    for epochs in (1, 2, 5):
        parts.run(epochs)
    assert same(parts.state_dict(), whole.state_dict())


def test_a_stopped_training_stays_stopped_when_resumed():
    def stalled():
        model = network()
        held = nn.optim.SGD(model.parameters(), lr=0.0)
        return make_training(model, X, Y, optimizer=held, shuffle=False, early_stopping=nn.EarlyStopping(2))

    first, resumed = stalled(), stalled()
    first.run(10)
    assert first.epoch == 3
    resumed.load_state_dict(first.state_dict())
    resumed.run(10)
    assert resumed.epoch == 3 and resumed.history.stopped == "early stopping"


def test_the_state_is_arrays_and_what_json_has():
    training = training_of([StopAfter(3)])
    training.run(5)

    def plain(value):
        if isinstance(value, dict):
            return {str(k): plain(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(v) for v in value]
        return {"array": value.dtype.str} if type(value) is np.ndarray else value

    json.dumps(plain(training.state_dict()), allow_nan=False)


def test_a_state_that_does_not_fit_changes_nothing_and_every_part_is_named():
    other_model = network(outputs=2)
    state = make_training(other_model, X, np.hstack([Y, Y]), batch_size=5).state_dict()
    training = training_of()
    training.run(1)
    before = training.state_dict()
    message = (
        r"`scheduler` is missing; .*model: .*4\.weight.*; optimizer: .*; loader: .*`batch_size` is 5 for 8.*chance"
    )
    with pytest.raises(ValueError, match=message):
        training.load_state_dict(state)
    assert same(training.state_dict(), before)
    with pytest.raises(TypeError, match=r"takes a mapping; got list"):
        training.load_state_dict([])


def test_a_loader_of_which_a_batch_was_looked_at_is_not_resumed():
    loader = nn.DataLoader((X, Y), 10, rng=0)
    next(iter(loader))
    model = network()
    steps = []
    training = Training(model, loader, nn.MSELoss(), nn.optim.Adam(model.parameters()))
    training.callbacks.functions["on_step_end"].append(lambda t: steps.append(t.epoch))
    training.run(1)
    assert len(steps) == 5


# --- reports ---------------------------------------------------------------------------------------


def test_the_history_is_a_table():
    history = nn.fit(network(), X, Y, epochs=3, rng=0)
    assert len(history) == 3 and "loss" in history and "val_loss" not in history
    assert list(history.keys()) == ["loss", "lr", "grad_norm", "seconds"]
    assert history.row() == {name: history[name][-1] for name in history}
    json.dumps(history.to_dict(), allow_nan=False)
    history.to_dict()["loss"].clear()
    assert len(history["loss"]) == 3
    assert all(seconds > 0 for seconds in history["seconds"])
    assert repr(history).startswith("History(3 epochs, finished; last: loss=")
    assert repr(nn.History()) == "History(no epochs)"
    with pytest.raises(KeyError, match=r"no such column; got 'val_loss'. Use one of loss, lr"):
        history["val_loss"]


def test_the_picture_of_a_history(tmp_path):
    pytest.importorskip("matplotlib")
    model = network()
    history = nn.fit(
        model, X, Y, epochs=30, validation_fraction=0.2, metrics=["r2"], early_stopping=30, rng=0,
        optimizer=nn.optim.Adam(model.parameters(), lr=0.1),
        scheduler=lambda optimizer: nn.optim.lr_scheduler.ExponentialLR(optimizer, 0.8),
    )  # fmt: skip
    figure = history.plot(tmp_path / "history.png")
    assert [ax.get_title() for ax in figure.axes] == ["loss", "r2", "learning rate", "gradient norm"]
    assert figure.axes[2].get_yscale() == "log" and figure.axes[1].get_yscale() == "linear"
    assert np.array_equal(figure.axes[0].lines[1].get_ydata(), history["val_loss"])
    assert (tmp_path / "history.png").stat().st_size > 10_000
    with pytest.raises(ValueError, match=r"History.plot: there is nothing to draw; got no epochs"):
        nn.History().plot()


def test_a_picture_without_matplotlib(monkeypatch):
    history = nn.fit(network(), X, Y, epochs=1, rng=0)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ModuleNotFoundError, match=r"History.plot: needs matplotlib; .*'autodiff-nn\[viz\]', or use"):
        history.plot()


def test_progress_is_silent_a_bar_or_a_log(capfd, caplog, monkeypatch):
    caplog.set_level(logging.INFO, "nn")
    nn.fit(network(), X, Y, epochs=20, progress=False, rng=0)
    assert capfd.readouterr() == ("", "") and caplog.text == ""
    nn.fit(network(), X, Y, epochs=20, rng=0)  # "auto", and standard error is no terminal
    assert capfd.readouterr() == ("", "")
    assert len(caplog.records) == 10 and "epoch 20/20: loss=" in caplog.text
    caplog.clear()
    pytest.importorskip("tqdm")
    nn.fit(network(), X, Y, epochs=3, progress=True, validation_fraction=0.2, rng=0)
    bar = capfd.readouterr().err
    assert "3/3" in bar and "val_loss=" in bar and caplog.text == ""
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    nn.fit(network(), X, Y, epochs=1, progress=True, rng=0)
    assert capfd.readouterr().err == "" and "epoch 1/1" in caplog.text


# --- predict and evaluate --------------------------------------------------------------------------


def test_predict_is_in_evaluation_mode_and_leaves_the_modes():
    model = network(dropout=0.5)
    model[1].eval()
    modes = [module.training for module in model.modules()]
    state = model.state_dict()
    first = nn.predict(model, X, batch_size=7)
    assert type(first) is np.ndarray and first.shape == (50, 1)
    np.testing.assert_allclose(first, nn.predict(model, X, batch_size=None), rtol=1e-13)
    nn.evaluate(model, X, Y, metrics=["r2"])
    assert [module.training for module in model.modules()] == modes
    assert same(model.state_dict(), state)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_model_without_parameters_can_be_evaluated():
    assert nn.evaluate(nn.Identity(), Y, Y + 1.0) == {"loss": pytest.approx(1.0, 1e-14)}


# --- refusals --------------------------------------------------------------------------------------


def bad(value, place=(3, 1)):
    array = X.copy()
    array[place] = value
    return array


def refused(args=(X, Y), model=None, **options):
    model = network() if model is None else model
    before = model.state_dict() if isinstance(model, nn.Module) else None
    try:
        nn.fit(model, *args, **{"epochs": 1, "rng": 0, **options})
    finally:
        if before is not None:
            assert same(model.state_dict(), before)  # before the first step


REFUSALS = [
    ({"model": 3}, TypeError, r"fit: model must be an nn.Module; got int"),
    ({"args": (X, Y[:40])}, ValueError, r"one number of samples; got 50 in X, 40 in y"),
    ({"args": (X[:0], Y[:0])}, ValueError, r"there are no samples; got X with 0 rows"),
    ({"args": (3.0, Y)}, ValueError, r"X must have an axis of samples; got a single number"),
    ({"args": (X, None)}, TypeError, r"y must be an array; got None"),
    ({"args": ((), Y)}, ValueError, r"got an empty tuple"),
    ({"args": (bad(np.nan), Y)}, ValueError, r"X must be finite; got nan in row 3, column 1 \(1 such entries\)"),
    ({"args": (X, np.where(Y > 1, np.inf, Y))}, ValueError, r"y must be finite; got inf in row \d+, column 0"),
    ({"args": (X.astype(object), Y)}, TypeError, r"X must hold real numbers; got dtype object"),
    ({"args": (X, LABELS.astype(str))}, TypeError, r"y must hold real numbers; got dtype <U"),
    ({"args": (X.astype(complex), Y)}, TypeError, r"X must hold real numbers; got dtype complex128"),
    ({"args": ([[1.0], [1.0, 2.0]], Y)}, ValueError, r"X is ragged"),
    ({"args": (X[:, :2], Y)}, ValueError, r"Linear: the last axis of the input must be in_features=3 long"),
    ({"args": (X, Y[:, 0])}, ValueError, r"got \(32, 1\) and \(32,\)\. Write target.reshape\(\(32, 1\)\)"),
    ({"epochs": 0}, ValueError, r"epochs must be at least 1; got 0"),
    ({"epochs": 1.5}, TypeError, r"epochs must be an integer; got float 1\.5"),
    ({"epochs": True}, TypeError, r"epochs must be an integer; got bool True"),
    ({"batch_size": -1}, ValueError, r"batch_size must be at least 1; got -1"),
    ({"batch_size": 64, "drop_last": True}, ValueError, r"drop_last leaves no batch; got 50 samples"),
    ({"shuffle": 1}, TypeError, r"shuffle must be True or False; got int 1"),
    ({"rng": "x"}, TypeError, r"fit: rng must be a numpy.random.Generator or an integer seed; got str"),
    ({"sample_weight": WEIGHT[:3]}, ValueError, r"sample_weight must have shape \(50,\); got \(3,\)"),
    ({"sample_weight": -WEIGHT}, ValueError, r"weights must be ≥ 0"),
    ({"sample_weight": 0 * WEIGHT}, ValueError, r"not all be 0"),
    ({"sample_weight": np.where(WEIGHT > 1, np.nan, 1)}, ValueError, r"sample_weight must be finite; got nan in row"),
    ({"validation_data": X}, TypeError, r"validation_data must be \(X_val, y_val\) or .*; got ndarray of length 50"),
    ({"validation_data": (X[:, :2], Y)}, ValueError, r"validation X must have the shape of X .*; got \(50, 2\)"),
    ({"validation_data": (X, Y[:, 0])}, ValueError, r"validation y must have the shape of y .*; got \(50,\)"),
    ({"validation_data": (bad(np.inf), Y)}, ValueError, r"validation X must be finite; got inf in row 3, column 1"),
    ({"validation_data": (X, Y[:3])}, ValueError, r"got 50 in validation X, 3 in validation y"),
    ({"validation_data": ((X, X), Y)}, ValueError, r"as many inputs as the training data; got 2 for 1"),
    ({"validation_fraction": 1.0}, ValueError, r"validation_fraction must lie in \[0, 1\); got 1\.0"),
    ({"validation_fraction": "x"}, ValueError, r"validation_fraction must lie in \[0, 1\); got 'x'"),
    ({"validation_fraction": 0.2, "validation_data": (X, Y)}, ValueError, r"come from one place"),
    ({"validation_fraction": 0.5, "args": (X[:1], Y[:1])}, ValueError, r"of 1 samples leaves none to train on"),
    ({"metrics": ["r3"]}, ValueError, r"unknown metric; got 'r3'. Use one of accuracy, r2"),
    ({"metrics": [3]}, TypeError, r"a metric must be a name or a function .*; got int"),
    ({"metrics": 3}, TypeError, r"metrics must be names or callables; got int"),
    ({"metrics": ["r2", "r2"]}, ValueError, r"each metric needs a name of its own; got 'r2'"),
    ({"metrics": {"loss": "r2"}}, ValueError, r"each metric needs a name of its own; got 'loss'"),
    ({"loss": nn.MSELoss("none")}, ValueError, r"the loss must be one number; got reduction='none'"),
    ({"loss": lambda p, t: (p - t) ** 2}, ValueError, r"the loss must be one number; got shape \(32, 1\)"),
    (
        {"loss": lambda p, t: ((p.numpy() - t) ** 2).mean()},
        TypeError,
        r"the loss must depend on the parameters; got a float64",
    ),
    ({"loss": "mse"}, TypeError, r"the loss must be a function of \(prediction, target\); got str"),
    ({"loss": nn.MSELoss}, TypeError, r"the loss must be a function .*; got the class MSELoss"),
    ({"optimizer": "adam"}, TypeError, r"optimizer must be one of nn.optim; got str"),
    ({"optimizer": nn.optim.Adam(network().parameters())}, ValueError, r"got one that was made for another"),
    ({"scheduler": 3}, TypeError, r"scheduler must be one of nn.optim.lr_scheduler; got int"),
    ({"scheduler_step": "step"}, ValueError, r"scheduler_step is one of 'epoch', 'batch'; got 'step'"),
    (
        {"scheduler": nn.optim.lr_scheduler.ReduceLROnPlateau, "scheduler_step": "batch"},
        ValueError,
        r"steps once an epoch; got scheduler_step='batch'",
    ),
    ({"clip_norm": 0.0}, ValueError, r"clip_norm must be positive; got 0\.0"),
    ({"clip_value": "1"}, TypeError, r"clip_value must be a number; got str '1'"),
    ({"clip_norm": 1.0, "clip_value": 1.0}, ValueError, r"one clipping at a time"),
    ({"early_stopping": "yes"}, TypeError, r"early_stopping must be an nn.EarlyStopping or an int.*; got 'yes'"),
    ({"early_stopping": 0}, ValueError, r"patience must be at least 1; got 0"),
    (
        {"early_stopping": nn.EarlyStopping(monitor="val_loss")},
        ValueError,
        r"monitor must be a column of the history; got 'val_loss'. Use one of loss, lr",
    ),
    ({"callbacks": [3]}, TypeError, r"a callback is a function of the training, or an object .*; got int"),
    ({"progress": "yes"}, ValueError, r'progress is one of "auto", True, False; got \'yes\''),
    ({"progress": 1.0}, ValueError, r'progress is one of "auto", True, False; got 1\.0'),
]


@pytest.mark.parametrize(("options", "error", "message"), REFUSALS)
def test_refusals_of_fit(options, error, message):
    with pytest.raises(error, match=message):
        refused(**options)


def test_held_out_samples_of_a_memory_map_are_refused(tmp_path):
    data = np.memmap(tmp_path / "X", np.float64, "w+", shape=X.shape)
    with pytest.raises(ValueError, match=r"of a memory map would be loaded; got validation_fraction=0\.2"):
        refused((data, Y), validation_fraction=0.2)


OTHER_REFUSALS = [
    (lambda: nn.evaluate(network(), X, Y, nn.MSELoss), TypeError, r"evaluate: the loss .*; got the class MSELoss"),
    (lambda: nn.predict(3, X), TypeError, r"predict: model must be an nn.Module; got int"),
    (lambda: nn.predict(network(), bad(np.nan)), ValueError, r"predict: X must be finite; got nan in row 3, column 1"),
    (lambda: nn.predict(network(), X, 0), ValueError, r"batch_size must be at least 1; got 0"),
    (lambda: nn.evaluate(network(), X, Y[:3]), ValueError, r"evaluate: .*; got 50 in X, 3 in y"),
    (lambda: nn.EarlyStopping(True), TypeError, r"patience must be an integer; got bool True"),
    (lambda: nn.EarlyStopping(3, -1.0), ValueError, r"min_delta must be a number ≥ 0; got -1\.0"),
    (lambda: nn.EarlyStopping(3, math.nan), ValueError, r"min_delta must be a number ≥ 0; got nan"),
    (lambda: nn.EarlyStopping(3, mode="up"), ValueError, r'mode is one of "auto", "min", "max"; got \'up\''),
    (lambda: nn.EarlyStopping(3).load_state_dict({}), ValueError, r"the state must have best, best_epoch"),
    (lambda: nn.metrics.r2([1.0], [[1.0]]), ValueError, r"r2: .* one shape; got \(1,\) and \(1, 1\)"),
    (lambda: nn.metrics.mae(X, Y), ValueError, r"mae: .* one shape; got \(50, 3\) and \(50, 1\)"),
    (lambda: nn.metrics.accuracy(X, X), ValueError, r"accuracy: targets with the shape .* must be one-hot"),
    (lambda: nn.metrics.accuracy(X, Y), ValueError, r"give classes of shape \(50,\); got targets of shape \(50, 1\)"),
    (lambda: nn.metrics.accuracy(Y, Y), ValueError, r"the targets must be 0 or 1; got"),
    (
        lambda: nn.evaluate(network(), X, Y, metrics=[lambda p, t: p - t]),
        ValueError,
        r"metric '<lambda>' must return one number; got shape \(50, 1\)",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), OTHER_REFUSALS)
def test_refusals_of_the_others(call, error, message):
    with pytest.raises(error, match=message):
        call()
