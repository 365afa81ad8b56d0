"""Models and optimisers of users' own in `nn.compile`: what a program cannot follow is refused, and left as it was."""

import logging
import threading

import numpy as np
import pytest

import autodiff as ad
import nn

RNG = np.random.default_rng(11)
X, Y = RNG.normal(size=(8, 3)), RNG.normal(size=(8, 2))


def line():
    return nn.Linear(3, 2, rng=0)


def step_of(model, **options):
    return nn.compile(model, nn.MSELoss(), nn.optim.SGD(model.parameters(), lr=0.1), **options)


# --- what a program does not follow ---------------------------------------------------------------------


class Remembering(nn.Module):
    """Does `change` to itself whenever it runs."""

    def __init__(self, change):
        super().__init__()
        self.line = line()
        self.change = change
        self.n, self.notes, self.arrays = 0, [], [np.zeros(2)]
        self.drawn = {"rng": np.random.default_rng(3)}
        self.old = np.random.RandomState(3)

    def forward(self, x):
        return self.line(x) + self.change(self)


def count(module):
    module.n += 1
    return module.n


def note(module):
    module.notes.append(module.n)
    return 0.0


def add_to_nested_array(module):
    module.arrays[0] += 1.0
    return 0.0


def replace_nested_array(module):
    module.arrays[0] = module.arrays[0] + 1.0
    return 0.0


def keep_something_new(module):
    module.latest = module.line.weight * 2.0
    return 0.0


CHANGES = {
    "n": count,
    "notes": note,
    "arrays": add_to_nested_array,
    "arrays, replaced": replace_nested_array,
    "latest": keep_something_new,
    "drawn": lambda module: module.drawn["rng"].normal(),
    "old": lambda module: module.old.normal(),
    "the global state of np.random": lambda _module: np.random.normal(),  # noqa: NPY002 - users do
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_model_that_changes_something_else_is_refused_and_left_as_it_was(name):
    np.random.seed(5)  # noqa: NPY002 - what is looked at
    expected = np.random.normal()  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    model = Remembering(CHANGES[name])
    step = step_of(model)
    with pytest.raises(TypeError, match=f"nn.compile: .* got a change of .*{name.partition(',')[0]}"):
        step(X, Y)
    assert model.n == 0 and model.notes == [] and not hasattr(model, "latest")
    np.testing.assert_array_equal(model.arrays[0], np.zeros(2))
    assert model.drawn["rng"].normal() == np.random.default_rng(3).normal()
    assert model.old.normal() == np.random.RandomState(3).normal()
    assert np.random.normal() == expected  # noqa: NPY002


def test_fit_trains_such_a_model_uncompiled_and_says_why(caplog):
    caplog.set_level(logging.INFO, "nn")
    model = Remembering(count)
    nn.fit(model, X, Y, epochs=3, batch_size=4, rng=0, progress=False, compile=True)
    assert model.n == 6
    assert any("the step runs uncompiled: nn.compile: running the model" in r.message for r in caplog.records)


def test_models_with_forward_hooks_are_refused():
    model = nn.Sequential(line(), nn.Tanh())
    model[0].register_forward_hook(lambda _module, _args, _y: None)
    with pytest.raises(TypeError, match=r"nn.compile: a program does not call forward hooks; got one on Linear"):
        step_of(model)(X, Y)


# --- what it returns, and what it is given ----------------------------------------------------------------


class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = line()

    def forward(self, x):
        h = self.line(x)
        return {"h": h, "activations": (np.tanh(h), np.exp(h))}


def test_predictions_have_the_structure_of_what_the_model_returns():
    model = Both()
    predict = nn.compile(model)
    for x in (X, X[:3], X):
        expected = model(x)
        result = predict(x)
        np.testing.assert_array_equal(result["h"], expected["h"].data)
        for a, b in zip(result["activations"], expected["activations"], strict=True):
            np.testing.assert_array_equal(a, b.data)


def test_predictions_are_differentiated_like_the_model():
    model = nn.Sequential(line(), nn.Tanh())
    predict = nn.compile(model)
    predict(X)
    expected = ad.grad(lambda x: np.sum(model(x)))(X).data
    np.testing.assert_array_equal(ad.grad(lambda x: np.sum(predict(x)))(X).data, expected)
    x = ad.tensor(X, requires_grad=True)
    np.sum(predict(x)).backward()
    np.testing.assert_array_equal(x.grad, expected)


def test_a_step_takes_tensors_for_their_numbers():
    losses = [step_of(line())(x, Y) for x in (X, ad.tensor(X), ad.tensor(X, requires_grad=True))]
    assert losses[0] == losses[1] == losses[2]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: step_of(line())(), TypeError, "nn.compile: a step takes the inputs and the target; got 0 arguments"),
        (lambda: step_of(line())(X), TypeError, "nn.compile: a step takes .* got 1 arguments. Write step"),
        (lambda: step_of(line())(X[:, :2], Y), ValueError, "^Linear: the last axis"),
        (lambda: step_of(line(), clip_norm=-1.0), ValueError, "nn.compile: clip_norm must be positive"),
        (lambda: step_of(line(), clip_value="a"), TypeError, "nn.compile: clip_value must be a number"),
        (lambda: step_of(line(), scheduler=3), TypeError, "nn.compile: scheduler must be .* got a int"),
        (lambda: nn.compile(line(), clip_norm=1.0), ValueError, "nn.compile: clip_norm belongs to a training step"),
        (
            lambda: nn.compile(line(), nn.MSELoss(), nn.optim.SGD(line().parameters(), lr=0.1))(X, Y),
            ValueError,
            "nn.compile: the loss must depend on parameters that the optimiser learns",
        ),
    ],
)
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_a_schedule_that_needs_a_metric_is_refused():
    model = line()
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
    plateau = nn.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    with pytest.raises(TypeError, match="without being told a metric; got a ReduceLROnPlateau"):
        nn.compile(model, nn.MSELoss(), optimizer, scheduler=plateau)


# --- optimisers that do more, and threads -------------------------------------------------------------------


class Projected(nn.optim.SGD):
    """Keeps all parameters in [−0.1, 0.1]."""

    def step(self, closure=None):
        loss = super().step(closure)
        for parameter in self.parameters():
            np.clip(parameter.data, -0.1, 0.1, out=parameter.data)
        return loss


@pytest.mark.parametrize("large", [False, True])
def test_a_step_of_a_users_own_is_what_runs(large, monkeypatch):
    monkeypatch.setattr("nn.training.step.LARGE", 0 if large else 1 << 30)
    models = [line() for _ in range(3)]
    optimizers = [Projected(model.parameters(), lr=0.5) for model in models]
    step = nn.compile(models[0], nn.MSELoss(), optimizers[0])
    for _ in range(4):
        step(X, Y)
    for model, optimizer, compile in zip(models[1:], optimizers[1:], (True, False), strict=True):
        options = {"epochs": 4, "batch_size": 8, "shuffle": False, "progress": False, "compile": compile}
        nn.fit(model, X, Y, loss=nn.MSELoss(), optimizer=optimizer, **options)
    for model in models:
        assert np.abs(model.weight.data).max() <= 0.1
        np.testing.assert_array_equal(model.weight.data, models[0].weight.data)


def test_a_prediction_runs_in_many_threads_from_the_first_call_on():
    model = nn.Sequential(nn.Linear(3, 64, rng=0), nn.Tanh(), nn.Linear(64, 2, rng=1))
    batches = [RNG.normal(size=(n, 3)) for n in (2, 3, 4, 5, 6, 7)]
    expected = [model(batch).data for batch in batches]
    predict = nn.compile(model)
    wrong = []

    def work(batch, result):
        try:
            wrong.extend([1 for _ in range(100) if not np.array_equal(predict(batch), result)])
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=pair) for pair in zip(batches, expected, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_mean_of_all_batches_so_far_is_compiled():
    def model():
        layers = nn.Linear(3, 4, rng=0), nn.BatchNorm1d(4, momentum=None), nn.Linear(4, 2, rng=1)
        return nn.Sequential(*layers)

    compiled, eager = model(), model()
    step = step_of(compiled)
    optimizer = nn.optim.SGD(eager.parameters(), lr=0.1)
    for x in (X, X + 1.0, X * 2.0):
        step(x, Y)
        optimizer.zero_grad()
        nn.MSELoss()(eager(x), Y).backward()
        optimizer.step()
    for a, b in zip(compiled.state_dict().values(), eager.state_dict().values(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_step_that_is_first_called_within_no_grad_trains_all_the_same():
    inside, outside = step_of(line()), step_of(line())
    with ad.no_grad():
        losses = [inside(X, Y) for _ in range(3)]
    assert losses == [outside(X, Y) for _ in range(3)] and losses[2] < losses[0]
