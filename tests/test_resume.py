"""A training that is killed and resumed ends with the same bytes as one that was not."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import nn
from nn.saving.training import Checkpoint, StepCheckpoint

EPOCHS = 10
STEPS = 6  # in an epoch
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(70, 3)), rng.normal(size=(70, 2))


def model():
    """A model with everything that has a state: parameters, running statistics, two generators, one of them shared."""
    shared = np.random.default_rng(5)
    return nn.Sequential(
        nn.Linear(3, 8, rng=1), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.3, rng=shared),
        nn.Linear(8, 8, rng=2), nn.ReLU(), nn.Dropout(0.2, rng=shared), nn.Dropout(0.1, rng=6), nn.Linear(8, 2, rng=3),
    )  # fmt: skip


def plain(network):
    return {"optimizer": nn.optim.Adam(network.parameters(), lr=0.01, betas=(0.8, 0.99), amsgrad=True)}


def scheduled(network):
    optimizer = nn.optim.SGD(network.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    schedule = nn.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=EPOCHS * STEPS)
    return {"optimizer": optimizer, "scheduler": schedule, "scheduler_step": "batch", "clip_norm": 0.5}


def validated(network):
    optimizer = nn.optim.NAdam(network.parameters(), lr=0.01)
    return {
        "optimizer": optimizer,
        "scheduler": nn.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5),
        "validation_fraction": 0.15,
        "early_stopping": nn.EarlyStopping(50),
        "metrics": ["r2"],
        "drop_last": True,
        "batch_size": 10,
    }


def restarts(network):
    optimizer = nn.optim.RMSprop(network.parameters(), lr=0.003, momentum=0.5)
    return {"optimizer": optimizer, "scheduler": nn.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 3)}


def stopping(network):
    optimizer = nn.optim.Adam(network.parameters(), lr=0.3)
    return {
        "optimizer": optimizer,
        "validation_fraction": 0.3,
        "early_stopping": 2,
        "loss": nn.HuberLoss(),
        "drop_last": True,
    }


SETUPS = [plain, scheduled, validated, restarts, stopping]


class Captured:
    """The state of the training when it ends, before the best parameters are put back."""

    def on_train_end(self, training):
        self.state = training.state_dict()


def run(setup, checkpoint=None, every="epoch", *, epochs=EPOCHS, extra=(), seed=11):
    network = model()
    captured = Captured()
    options = {"batch_size": 12, **setup(network)}
    nn.fit(
        network, X, Y, epochs=epochs, rng=seed, progress=False, callbacks=[*extra, captured],
        checkpoint=checkpoint, checkpoint_every=every, resume=checkpoint is not None, **options,
    )  # fmt: skip
    return timeless(captured.state), network.state_dict()


def timeless(state):
    """Return the state without the seconds that the epochs took."""
    columns = {name: column for name, column in state["history"]["columns"].items() if name != "seconds"}
    sums = {name: value for name, value in state["sums"].items() if name != "seconds"}
    return {**state, "history": {**state["history"], "columns": columns}, "sums": sums}


def differences(a, b, place="state"):
    """Yield where two states differ in any bit."""
    if type(a) is not type(b):
        yield f"{place}: {type(a).__name__} and {type(b).__name__}"
    elif isinstance(a, dict):
        if list(a) != list(b):
            yield f"{place}: keys {list(a)} and {list(b)}"
        else:
            for key in a:
                yield from differences(a[key], b[key], f"{place}/{key}")
    elif isinstance(a, (list, tuple)):
        if len(a) != len(b):
            yield f"{place}: lengths {len(a)} and {len(b)}"
        else:
            for i, (x, y) in enumerate(zip(a, b, strict=True)):
                yield from differences(x, y, f"{place}/{i}")
    elif isinstance(a, (np.ndarray, np.generic)):
        if (a.dtype, a.shape, a.tobytes()) != (b.dtype, b.shape, b.tobytes()):
            yield f"{place}: {a} and {b}"
    elif a != b and not (a != a and b != b):
        yield f"{place}: {a!r} and {b!r}"


def test_the_setup_for_early_stopping_stops_early():
    state, parameters = run(stopping)
    assert state["history"]["stopped"] == "early stopping"
    assert 3 <= len(state["history"]["columns"]["loss"]) < EPOCHS
    assert list(differences(parameters, state["early_stopping"]["best_parameters"])) == []
    assert list(differences(parameters, state["model"])) != []


def test_differences_are_seen():
    state = {"a": [np.array([1.0]), 2], "b": (1, None), "c": 0.5}
    assert list(differences(state, {"a": [np.array([1.0]), 2], "b": (1, None), "c": 0.5})) == []
    for other in ({**state, "c": 0.5000001}, {**state, "a": [np.array([1.0 + 1e-16 * 3]), 2]}, {**state, "b": (1, 0)}):
        assert len(list(differences(state, other))) == 1


class StopAt:
    """Stop the training after step number `step` of this run, as if it had been interrupted."""

    def __init__(self, step):
        self.step, self.count = step, 0

    def on_step_end(self, training):
        self.count += 1
        if self.count == self.step:
            training.stop("test")


@pytest.mark.parametrize("setup", SETUPS)
@pytest.mark.parametrize("steps", [(1,), (3, 4), (6,), (7, 5, 11, 1, 1, 6), (59,), (60,)])
def test_a_stopped_training_ends_like_one_that_was_not(tmp_path, setup, steps):
    expected = run(setup)
    path = tmp_path / "run.npz"
    for step in steps:
        run(setup, path, extra=[StopAt(step)])
    assert list(differences(expected, run(setup, path))) == []


@pytest.mark.parametrize("setup", SETUPS)
def test_the_seed_of_the_run_is_that_of_its_checkpoint(tmp_path, setup):
    """Without a seed each run would have an order, and a validation part, of its own."""
    path = tmp_path / "run.npz"
    expected = run(setup, seed=3)
    run(setup, path, epochs=4, seed=3)
    assert list(differences(expected, run(setup, path, seed=None))) == []


def test_more_epochs_go_on_from_the_finished_ones(tmp_path):
    path = tmp_path / "run.npz"
    run(plain, path, epochs=4)
    state, _ = run(plain, path)
    assert list(differences(run(plain)[0], state)) == []
    finished = path.read_bytes()
    again, _ = run(plain, path)
    assert list(differences(state, again)) == []
    assert path.read_bytes() == finished


def test_the_file_is_a_state_that_anyone_can_read(tmp_path):
    path = tmp_path / "run.npz"
    state, parameters = run(plain, path)
    saved = nn.load(path)
    assert list(differences(timeless(saved), state)) == []
    assert list(differences(saved["model"], parameters)) == []
    with np.load(path) as file:
        assert file["model/0.weight"].tobytes() == parameters["0.weight"].tobytes()
    other = model()
    other.load_state_dict(saved["model"])
    assert list(differences(other.state_dict(), parameters)) == []


# --- real kills -------------------------------------------------------------------------------

PROGRAM = """
import os, signal, sys, time
sys.path.insert(0, sys.argv[1])
import numpy as np
import nn
from tests.test_resume import SETUPS, run

class Kill:
    def __init__(self, step): self.step, self.count = step, 0
    def on_step_end(self, training):
        self.count += 1
        if self.count == self.step: os.kill(os.getpid(), signal.SIGKILL)

def in_child(function):
    pid = os.fork()
    if pid == 0:
        try:
            function()
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
    return pid

def killed(status):
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL

directory, rng, kills = sys.argv[2], np.random.default_rng(1), 0
for setup in SETUPS:
    for every in ("epoch", 1, 4):
        path = os.path.join(directory, f"{setup.__name__}_{every}.npz")
        for step in rng.integers(1, 20, 3).tolist():  # at a step: the file is the last one that was written
            status = os.waitpid(in_child(lambda: run(setup, path, every, extra=[Kill(step)])), 0)[1]
            kills += killed(status)
        status, longest = -1, 0.1
        while status != 0:  # at a moment, perhaps while the file is being written
            pid = in_child(lambda: run(setup, path, every))
            time.sleep(rng.uniform(0.01, longest))
            longest *= 1.2  # so that a slow machine comes to an end
            os.kill(pid, signal.SIGKILL)
            status = os.waitpid(pid, 0)[1]
            kills += killed(status)
            assert killed(status) or status == 0, status
print(kills)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork and kill −9")
def test_a_killed_training_ends_like_one_that_was_not(tmp_path):
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, root, tmp_path]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) >= 30
    for setup in SETUPS:
        expected = run(setup)[0]
        for every in ("epoch", 1, 4):
            saved = timeless(nn.load(tmp_path / f"{setup.__name__}_{every}.npz"))
            assert list(differences(expected, saved)) == [], (setup.__name__, every)
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".tmp")]


# --- when files are written -------------------------------------------------------------------


def count_writes(monkeypatch, **options):
    written = []
    monkeypatch.setattr(
        Checkpoint, "write", lambda _self, training: written.append((training.epoch, training.sums.steps))
    )
    nn.fit(model(), X, Y, epochs=2, batch_size=12, progress=False, checkpoint="run.npz", **options)
    return written


def test_it_is_written_after_each_epoch_and_at_the_end(monkeypatch):
    assert count_writes(monkeypatch) == [(1, 0), (2, 0), (2, 0)]


def test_or_after_so_many_steps_and_at_the_end(monkeypatch):
    assert count_writes(monkeypatch, checkpoint_every=5) == [(0, 5), (1, 4), (2, 0)]


def test_ctrl_c_is_written_in_the_middle_of_an_epoch(tmp_path):
    path = tmp_path / "run.npz"

    class Press:
        count = 0

        def on_step_end(self, _training):
            self.count += 1
            if self.count == 9:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.01)

    run(plain, path, extra=[Press()])
    saved = nn.load(path)
    assert (saved["history"]["stopped"], saved["loader"]["epoch"], saved["loader"]["position"]) == ("interrupted", 1, 3)
    assert list(differences(run(plain), run(plain, path))) == []


def test_a_diverged_training_leaves_the_last_good_file(tmp_path):
    path = tmp_path / "run.npz"

    class Poison:
        count = 0

        def on_step_end(self, training):
            self.count += 1
            if self.count == 3 * STEPS + 2:
                training.model[0].weight.data[...] = np.nan

    with pytest.raises(nn.DivergenceError):
        run(plain, path, extra=[Poison()])
    saved = nn.load(path)
    assert len(saved["history"]["columns"]["loss"]) == 3
    assert np.isfinite(saved["model"]["0.weight"]).all()


# --- refusals ---------------------------------------------------------------------------------


REFUSALS = [
    ({"resume": True}, ValueError, r"fit: resume needs the file to go on from; got checkpoint=None"),
    ({"checkpoint": "run.pt"}, ValueError, r"Checkpoint: the path must end in \.npz; got 'run\.pt'"),
    ({"checkpoint": "run.safetensors"}, ValueError, r"Checkpoint: the path must end in \.npz"),
    ({"checkpoint": 3}, TypeError, "Checkpoint: path must be a str or a path; got int"),
    ({"checkpoint": "m.npz", "checkpoint_every": 0}, ValueError, r'must be "epoch" or a positive int.*got 0'),
    ({"checkpoint": "m.npz", "checkpoint_every": -3}, ValueError, "got -3"),
    ({"checkpoint": "m.npz", "checkpoint_every": True}, ValueError, "got True"),
    ({"checkpoint": "m.npz", "checkpoint_every": 2.5}, ValueError, "got 2.5"),
    ({"checkpoint": "m.npz", "checkpoint_every": "day"}, ValueError, "got 'day'"),
    ({"checkpoint": "no/m.npz"}, nn.CheckpointError, "no/m.npz cannot be written; got No such file or directory"),
    ({"checkpoint": "there.npz"}, nn.CheckpointError, r"there already, and .*got resume=False\. Pass resume=True"),
    (
        {"checkpoint": "there.npz", "resume": True},
        nn.CheckpointError,
        "holds no training to resume; got a state with a",
    ),
    ({"checkpoint": "list.npz", "resume": True}, nn.CheckpointError, r"holds no training to resume; got \[1\]"),
    ({"checkpoint": "broken.npz", "resume": True}, nn.CheckpointError, "damaged or no checkpoint"),
]


@pytest.mark.parametrize(("options", "error", "message"), REFUSALS, ids=range(len(REFUSALS)))
def test_what_cannot_be_resumed_is_refused(tmp_path, monkeypatch, options, error, message):
    monkeypatch.chdir(tmp_path)
    nn.save("there.npz", {"a": 1})
    nn.save("list.npz", [1])
    (tmp_path / "broken.npz").write_bytes(b"PK")
    with pytest.raises(error, match=message):
        nn.fit(nn.Linear(3, 2), X, Y, epochs=1, progress=False, **options)
    assert sorted(os.listdir(tmp_path)) == ["broken.npz", "list.npz", "there.npz"]


def test_a_checkpoint_of_another_training_names_what_differs_and_changes_nothing(tmp_path):
    path = tmp_path / "run.npz"
    run(plain, path, epochs=1)
    network = model()
    before = network.state_dict()
    options = scheduled(network)
    message = r"run\.npz does not fit this training; got .*`scheduler` is missing.*optimizer: .*loader: .*`batch_size`"
    with pytest.raises(nn.CheckpointError, match=message):
        nn.fit(network, X, Y, checkpoint=path, resume=True, progress=False, batch_size=7, **options)
    assert list(differences(network.state_dict(), before)) == []


def test_checkpoints_serve_a_loop_of_ones_own(tmp_path):
    path = tmp_path / "run.npz"
    callback = StepCheckpoint(path, 2)
    nn.fit(nn.Linear(3, 2, rng=0), X, Y, epochs=1, batch_size=12, progress=False, callbacks=callback)
    assert nn.load(path)["loader"]["epoch"] == 1
