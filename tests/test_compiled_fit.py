"""A fit with its step compiled gives the bits of an eager one, whatever is changed on the way."""

import copy
import gc
import linecache
import pickle
import threading

import numpy as np
import pytest

import nn

RNG = np.random.default_rng(0)
X = RNG.normal(size=(36, 5))
Y = X @ RNG.normal(size=(5, 2))
IMAGES = RNG.normal(size=(36, 2, 9, 9))
CLASSES = RNG.integers(0, 3, 36)
ONE = (X[:, :1] > 0).astype(float)


def network():
    return nn.Sequential(
        nn.Linear(5, 8, rng=0), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.3, rng=7), nn.Linear(8, 2, rng=1)
    )


def convolutional():
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, rng=0),
        nn.MaxPool2d(2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 2, rng=1),
    )


def linear(outputs):
    return lambda: nn.Sequential(nn.Linear(5, outputs, rng=0))


def frozen():
    model = network()
    model[0].requires_grad_(False)
    return model


LINE = nn.Linear(1, 1, rng=0)


class WithUnused(nn.Module):
    def __init__(self):
        self.used = nn.Linear(5, 2, rng=0)
        self.unused = nn.Linear(3, 3, rng=1)

    def forward(self, x):
        return self.used(x)


class AtStep:
    """Does something to model, loss and optimiser after some steps."""

    def __init__(self, number, change):
        self.number, self.change = number, change

    def on_step_end(self, training):
        self.number -= 1
        if self.number == 0:
            self.change(training.model, training.loss, training.optimizer)


def fitted(make, data, loss, compile, change=None, step=7, optimizer=None, **options):
    """Return what a fit leaves: parameters, buffers, and the history but for the times."""
    X, y = data
    callbacks = [] if change is None else [AtStep(step, change)]
    model = make()
    optimizer = nn.optim.Adam(model.parameters(), lr=0.01) if optimizer is None else optimizer(model.parameters())
    options = {"loss": loss(), "optimizer": optimizer, "callbacks": callbacks, "compile": compile, **options}
    history = nn.fit(model, X, y, epochs=4, batch_size=8, rng=3, progress=False, **options)
    figures = {name: column for name, column in history.to_dict().items() if name != "seconds"}
    return bits(model), figures


def bits(model):
    return {name: (array.dtype, array.tobytes()) for name, array in model.state_dict().items()}


def assert_same_fit(*args, **options):
    assert fitted(*args, compile=True, **options) == fitted(*args, compile=False, **options)


def set_attribute(path, name, value):
    def change(model, loss, _optimizer):
        setattr(loss if path is None else model[path], name, value() if callable(value) else value)

    return change


def append_with_group(model, _loss, optimizer):
    model.append(nn.Linear(2, 2, rng=77))
    optimizer.add_param_group({"params": model[-1].parameters()})


CHANGES = {
    "dropout": (network, (X, Y), nn.MSELoss, set_attribute(3, "p", 0.6)),
    "generator": (network, (X, Y), nn.MSELoss, set_attribute(3, "rng", lambda: np.random.default_rng(9))),
    "momentum": (network, (X, Y), nn.MSELoss, set_attribute(1, "momentum", 0.9)),
    "buffer": (network, (X, Y), nn.MSELoss, set_attribute(1, "running_mean", np.ones(8))),
    "buffer in place": (network, (X, Y), nn.MSELoss, lambda m, _l, _o: m[1].running_mean.fill(3.0)),
    "freeze": (network, (X, Y), nn.MSELoss, lambda m, _l, _o: m[0].requires_grad_(False)),
    "thaw": (frozen, (X, Y), nn.MSELoss, lambda m, _l, _o: m.requires_grad_(True)),
    "data": (network, (X, Y), nn.MSELoss, lambda m, _l, _o: setattr(m[0].weight, "data", np.ones((5, 8)))),
    "state": (network, (X, Y), nn.MSELoss, lambda m, _l, _o: m.load_state_dict(network().state_dict())),
    "parameter": (network, (X, Y), nn.MSELoss, set_attribute(0, "weight", lambda: nn.Parameter(np.ones((5, 8))))),
    "no bias": (network, (X, Y), nn.MSELoss, set_attribute(0, "bias", None)),
    "mode": (network, (X, Y), nn.MSELoss, lambda m, _l, _o: m[1].eval()),
    "layer": (network, (X, Y), nn.MSELoss, lambda m, _l, _o: m.__setitem__(2, nn.ReLU())),
    "new group": (network, (X, Y), nn.MSELoss, append_with_group),
    "hook": (network, (X, Y), nn.MSELoss, lambda m, _l, _o: m[2].register_forward_hook(lambda _m, _a, y: 2.0 * y)),
    "forward": (network, (X, Y), nn.MSELoss, set_attribute(2, "forward", lambda: lambda x: 3.0 * x)),
    "learning rate": (network, (X, Y), nn.MSELoss, lambda _m, _l, o: o.param_groups[0].update(lr=0.1)),
    "stride": (convolutional, (IMAGES, Y), nn.MSELoss, set_attribute(0, "stride", (2, 2))),
    "kernel": (convolutional, (IMAGES, Y), nn.MSELoss, set_attribute(1, "kernel_size", (3, 3))),
    "quantiles": (linear(2), (X, Y), lambda: nn.QuantileLoss([0.2, 0.3]), set_attribute(None, "quantile", [0.5, 0.9])),
    "class weights": (
        linear(3),
        (X, CLASSES),
        lambda: nn.CrossEntropyLoss(weight=[1.0, 2.0, 3.0]),
        set_attribute(None, "weight", np.array([3.0, 1.0, 1.0])),
    ),
    "class weights in place": (
        linear(3),
        (X, CLASSES),
        lambda: nn.CrossEntropyLoss(weight=[1.0, 2.0, 3.0]),
        lambda _m, loss, _o: loss.weight.__setitem__(0, 9.0),
    ),
    "positive weight": (
        linear(1),
        (X, ONE),
        lambda: nn.BCEWithLogitsLoss(pos_weight=[2.0]),
        set_attribute(None, "pos_weight", np.array([5.0])),
    ),
    "positive weight in place": (
        linear(1),
        (X, ONE),
        lambda: nn.BCEWithLogitsLoss(pos_weight=[2.0]),
        lambda _m, loss, _o: loss.pos_weight.__setitem__(0, 5.0),
    ),
    "reduction": (linear(1), (X, ONE), nn.BCEWithLogitsLoss, set_attribute(None, "reduction", "sum")),
}


@pytest.mark.parametrize("step", [5, 7], ids=["after an epoch", "within an epoch"])
@pytest.mark.parametrize("name", CHANGES)
def test_what_is_changed_on_the_way_counts_at_once(name, step):
    assert_same_fit(*CHANGES[name][:3], change=CHANGES[name][3], step=step)


@pytest.mark.parametrize("name", CHANGES)
def test_the_compiled_update_of_large_models_notices_them_too(name, monkeypatch):
    monkeypatch.setattr("nn.training.step.LARGE", 0)
    assert_same_fit(*CHANGES[name][:3], change=CHANGES[name][3])


def test_a_change_makes_a_difference():
    """The table above would prove nothing if the changes did nothing."""
    for name, (make, data, loss, change) in CHANGES.items():
        assert fitted(make, data, loss, True, change)[0] != fitted(make, data, loss, True)[0], name


@pytest.mark.parametrize("options", [{}, {"clip_norm": 0.5}, {"clip_value": 0.01}], ids=str)
def test_parameters_that_the_loss_does_not_use_are_left_alone(options):
    decaying = lambda p: nn.optim.SGD(p, lr=0.01, momentum=0.9, weight_decay=0.1)  # noqa: E731
    assert_same_fit(WithUnused, (X, Y), nn.MSELoss, optimizer=decaying, **options)
    state, _ = fitted(WithUnused, (X, Y), nn.MSELoss, True, optimizer=decaying, **options)
    assert state["unused.weight"] == bits(WithUnused())["unused.weight"]


def rows():
    return nn.Sequential(nn.Embedding(10, 3, padding_idx=0, rng=0), nn.Flatten(), nn.Linear(12, 2, rng=0))


LOOKED_AT = {  # model, inputs, targets, loss: what is checked in each batch, and what a bad one is refused with
    "class weights": (linear(3), X, CLASSES, lambda: nn.CrossEntropyLoss(weight=[1.0, 2.0, 3.0]), "class numbers go"),
    "positive weight": (linear(1), X, ONE, lambda: nn.BCEWithLogitsLoss(pos_weight=[2.0]), "target must lie between"),
    "probabilities": (linear(3), X, np.eye(3)[CLASSES], nn.CrossEntropyLoss, "holds probabilities between 0 and 1"),
    "counts": (linear(1), X, ONE, nn.PoissonNLLLoss, "target must hold counts; got values from -7.0"),
    "divergence": (linear(1), X, ONE, nn.KLDivLoss, "target must hold probabilities; got values from -7.0"),
}


@pytest.mark.parametrize("name", LOOKED_AT)
def test_checks_of_the_numbers_are_part_of_the_program(name, caplog):
    make, inputs, targets, loss, message = LOOKED_AT[name]
    with caplog.at_level("INFO"):
        assert_same_fit(make, (inputs, targets), loss)
    assert "uncompiled" not in caplog.text
    model = make()
    step = nn.compile(model, loss(), nn.optim.SGD(model.parameters(), lr=0.1))
    step(inputs, targets)
    bad = np.array(targets)
    bad[5] = -7
    with pytest.raises(ValueError, match=message):
        step(inputs, bad)


def test_rows_of_an_embedding_are_looked_at_in_a_program(caplog):
    numbers = np.r_[np.arange(10), np.arange(134) % 10].reshape(36, 4)
    with caplog.at_level("INFO"):
        assert_same_fit(rows, (numbers, Y), nn.MSELoss)
    assert "uncompiled" not in caplog.text
    predict = nn.compile(rows())
    predict(numbers)
    with pytest.raises(ValueError, match="embedding: the table has rows 0 to 9; got values from 10 to 19"):
        predict(numbers + 10)


def test_weights_of_samples_are_looked_at_in_a_program():
    model = linear(2)()
    step = nn.compile(model, nn.MSELoss(), nn.optim.SGD(model.parameters(), lr=0.1))
    step.backward((X,), Y, np.ones(36))
    with pytest.raises(ValueError, match=r"sample_weight must be finite and not negative; got values from -1"):
        step.backward((X,), Y, -np.ones(36))


@pytest.mark.parametrize("layer", [nn.BatchNorm1d, nn.LayerNorm])
def test_layers_of_another_dtype_train_as_they_do_eagerly(layer):
    make = lambda: nn.Sequential(  # noqa: E731 - float64 statistics between float32 weights
        nn.Linear(5, 8, rng=0, dtype=np.float32), layer(8), nn.ReLU(), nn.Linear(8, 2, rng=1, dtype=np.float32)
    )
    assert_same_fit(make, (X, Y), nn.MSELoss)


def test_other_optimisers_of_the_same_parameters_keep_their_gradients():
    a, b = nn.Linear(5, 4, rng=0), nn.Linear(4, 2, rng=1)
    model = nn.Sequential(a, b)
    first, second = nn.optim.SGD(a.parameters(), lr=0.1), nn.optim.SGD(b.parameters(), lr=0.1)
    for p in b.parameters():
        p.grad = np.full(p.shape, 3.0)
    nn.compile(model, nn.MSELoss(), first)(X, Y)
    for p in b.parameters():
        np.testing.assert_array_equal(p.grad, np.full(p.shape, 3.0))
    second.step()


def test_two_models_that_share_a_layer_take_turns():
    def trained(compile):
        shared = nn.Linear(5, 5, rng=0)
        models = [nn.Sequential(shared, nn.Tanh(), nn.Linear(5, 2, rng=k)) for k in (1, 2)]
        optimizers = [nn.optim.Adam(m.parameters(), lr=0.01) for m in models]
        for _ in range(2):
            for model, optimizer in zip(models, optimizers, strict=True):
                nn.fit(model, X, Y, optimizer=optimizer, epochs=2, rng=0, progress=False, compile=compile)
        return [bits(m) for m in models]

    assert trained(True) == trained(False)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["copy", "pickle"])
def test_copies_after_a_compiled_fit_train_on_like_the_original(copied):
    model = network()
    optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
    nn.fit(model, X, Y, optimizer=optimizer, epochs=2, batch_size=8, rng=0, progress=False, compile=True)
    other_model, other_optimizer = copied((model, optimizer))
    for m, o in ((model, optimizer), (other_model, other_optimizer)):
        nn.fit(m, X, Y, optimizer=o, epochs=2, batch_size=8, rng=1, progress=False, compile=True)
    assert bits(model) == bits(other_model)


def test_models_train_in_threads_of_their_own():
    def train(results, k):
        results[k] = fitted(network, (X, Y), nn.MSELoss, True)[0]

    results = {}
    threads = [threading.Thread(target=train, args=(results, k)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = fitted(network, (X, Y), nn.MSELoss, False)[0]
    assert [results[k] for k in range(4)] == [expected] * 4


def test_no_more_programs_are_kept_than_64():
    predict = nn.compile(nn.Linear(1, 1, rng=0))
    for n in range(1, 100):
        predict(np.ones((n, 1)))
    assert len(predict._programs) == 64


def test_eager_statistics_do_not_make_the_compiled_step_compile_again():
    model = network()
    step = nn.compile(model, nn.MSELoss(), nn.optim.Adam(model.parameters()))
    for _ in range(5):
        step(X, Y)
        model(X)
    assert len(step._programs) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.compile(LINE, "mse", nn.optim.SGD(LINE.parameters(), lr=0.1)), "the loss must be .*; got str"),
        (lambda: nn.compile(LINE, nn.MSELoss, nn.optim.SGD(LINE.parameters(), lr=0.1)), "; got the class MSELoss"),
        (lambda: nn.compile(LINE, nn.MSELoss(), "adam"), "nn.compile: optimizer must be one of nn.optim; got str"),
        (lambda: nn.compile(LINE, nn.MSELoss(), nn.optim.Adam), "nn.compile: optimizer must be .*; got type"),
    ],
)
def test_what_cannot_be_compiled_is_refused_at_once(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_the_sources_of_steps_go_with_the_models():
    def fit():
        nn.fit(linear(2)(), X, Y, epochs=1, batch_size=None, progress=False, compile=True)

    def sources():
        gc.collect()
        return sum(name.startswith("<compiled ") for name in linecache.cache)

    fit()
    before = sources()
    for _ in range(5):
        fit()
    assert sources() <= before
