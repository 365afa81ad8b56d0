"""`nn.diagnose`: the lectures' sick networks are found out, healthy ones are left alone, none is changed."""

import copy
import itertools
import json
import sys

import numpy as np
import pytest

import autodiff as ad
import nn

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 20))
Y = np.sin(X[:, :1]) + X[:, 1:2] + 0.1 * rng.normal(size=(300, 1))
LABELS = (X[:, 0] + X[:, 1] > 0).astype(int) + (X[:, 2] > 0)


def normal(weight, rng):
    """The historical initialisation of the lectures: N(0, 1)."""
    nn.init.normal_(weight, rng=rng)


def he(weight, rng):
    nn.init.kaiming_normal_(weight, rng=rng)


def glorot(weight, rng):
    nn.init.xavier_normal_(weight, rng=rng)


def network(dims, activation, initialise=None, *, seed=0, batch_norm=False, dropout=0.0, dtype=np.float64):
    source = np.random.default_rng(seed)
    layers = []
    for n_in, n_out in itertools.pairwise(dims):
        linear = nn.Linear(n_in, n_out, rng=source, dtype=dtype)
        if initialise is not None:
            initialise(linear.weight, source)
            linear.bias.data[...] = 0.0
        layers += [linear, *([nn.BatchNorm1d(n_out, dtype=dtype)] if batch_norm else []), activation()]
        layers += [nn.Dropout(dropout, rng=seed)] if dropout else []
    return nn.Sequential(*layers[: -1 - batch_norm - bool(dropout)])


def adam(model, lr=1e-3):
    return nn.optim.Adam(model.parameters(), lr=lr)


def trained(model, y=Y, loss=nn.functional.mse_loss, steps=400, lr=3e-3):
    optimizer = adam(model, lr)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(model(X), y).backward()
        optimizer.step()
    return model, optimizer


# --- what the lectures warn of ----------------------------------------------------------------


def test_n01_weights_and_sigmoids_in_a_deep_network_make_the_gradient_vanish():
    report = nn.diagnose(network([20, *[10] * 20, 1], nn.Sigmoid, normal), X, Y)
    assert not report
    assert len(report.findings) == 1
    assert "The gradient norm (δ) falls by" in report.findings[0]
    assert "from the last layer, `40` (Linear), to the first, `0` (Linear): it vanishes" in report.findings[0]
    assert "He initialisation" in report.findings[0] and "nn.Residual" in report.findings[0]
    weighted = [layer for layer in report.layers if layer.kind == "Linear"]
    assert weighted[0].delta < 1e-5 * weighted[-1].delta


@pytest.mark.parametrize("activation", [nn.Sigmoid, nn.Tanh])
def test_n01_weights_saturate_wide_layers(activation):
    report = nn.diagnose(network([20, *[100] * 5, 1], activation, normal), X, Y)
    assert any("of the activations are saturated" in sentence for sentence in report.findings)
    assert any("Glorot initialisation" in sentence for sentence in report.findings)


@pytest.mark.parametrize("seed", range(3))
def test_five_sigmoid_layers_lose_the_gradient_whatever_the_initialisation(seed):
    for initialise in (None, glorot):
        report = nn.diagnose(network([20, *[50] * 6, 1], nn.Sigmoid, initialise, seed=seed), X, Y)
        assert ["it vanishes" in sentence for sentence in report.findings] == [True]


def test_large_weights_explode():
    report = nn.diagnose(network([20, *[100] * 10, 1], nn.ReLU, normal), X, Y)
    assert "The gradient norm (δ) grows by" in report.findings[0] and "it explodes" in report.findings[0]
    assert "clip_norm" in report.findings[0]
    assert "Activations grow to a standard deviation of" in report.findings[1]


def test_weights_that_overflow_are_named():
    report = nn.diagnose(network([20, *[100] * 400, 1], nn.ReLU, normal), X, Y)
    assert len(report.findings) == 1
    assert "is NaN or infinite, and no layer's before it: use smaller initial" in report.findings[0]
    assert "(Linear)" in report.findings[0]


def test_the_remedies_help():
    for activation, initialise in ((nn.ReLU, he), (nn.Tanh, glorot)):
        assert nn.diagnose(network([20, *[100] * 10, 1], activation, initialise), X, Y)
    assert nn.diagnose(network([20, *[50] * 20, 1], nn.Sigmoid, glorot, batch_norm=True), X, Y)
    blocks = [nn.Residual(network([20, 20, 20], nn.Sigmoid, glorot, seed=i)) for i in range(15)]
    assert nn.diagnose(nn.Sequential(*blocks, nn.Linear(20, 1, rng=0)), X, Y)


# --- healthy networks give no finding ---------------------------------------------------------

HEALTHY = {
    "one layer": lambda s: network([20, 1], nn.ReLU, seed=s),
    "perceptron with sigmoids": lambda s: network([20, 30, 30, 1], nn.Sigmoid, seed=s),
    "tanh, PyTorch's initialisation": lambda s: network([20, *[50] * 5, 1], nn.Tanh, seed=s),
    "ReLU, PyTorch's initialisation": lambda s: network([20, *[50] * 4, 1], nn.ReLU, seed=s),
    "narrow ReLU": lambda s: network([20, 16, 16, 1], nn.ReLU, he, seed=s),
    "deep ReLU": lambda s: network([20, *[100] * 20, 1], nn.ReLU, he, seed=s),
    "deep tanh": lambda s: network([20, *[50] * 30, 1], nn.Tanh, glorot, seed=s),
    "batch normalisation": lambda s: network([20, *[50] * 10, 1], nn.ReLU, he, seed=s, batch_norm=True),
    "dropout": lambda s: network([20, *[50] * 3, 1], nn.ReLU, he, seed=s, dropout=0.5),
    "float32": lambda s: network([20, 50, 50, 1], nn.ReLU, seed=s, dtype=np.float32),
}


@pytest.mark.parametrize("name", HEALTHY)
@pytest.mark.parametrize("seed", range(3))
def test_a_healthy_network_gives_no_finding(name, seed):
    model = HEALTHY[name](seed)
    data = X.astype(next(model.parameters()).dtype)
    for optimizer in (None, adam(model), adam(model, 1e-2)):
        report = nn.diagnose(model, data, Y.astype(data.dtype), optimizer=optimizer)
        assert report.findings == []
        assert report


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh, nn.Sigmoid, nn.LeakyReLU])
@pytest.mark.parametrize("lr", [1e-3, 1e-2])
def test_a_trained_network_gives_no_finding(activation, lr):
    model, optimizer = trained(network([20, 50, 50, 1], activation), lr=lr)
    assert nn.diagnose(model, X, Y, optimizer=optimizer).findings == []
    model, optimizer = trained(network([20, 40, 3], activation), LABELS, nn.functional.cross_entropy, lr=lr)
    report = nn.diagnose(model, X, LABELS, nn.CrossEntropyLoss(), optimizer=optimizer)
    assert report.findings == []
    assert report.targets["classes"] == {str(k): int((k == LABELS).sum()) for k in range(3)}


def test_convolutions_embeddings_and_classifiers_with_sigmoids_give_no_finding():
    images = np.random.default_rng(0).uniform(size=(100, 1, 8, 8))
    cnn = nn.Sequential(nn.Conv2d(1, 6, 3, rng=0), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(54, 3, rng=0))
    assert nn.diagnose(cnn, images, LABELS[:100], nn.CrossEntropyLoss()).findings == []
    words = np.random.default_rng(0).integers(0, 1000, (100, 5))
    text = nn.Sequential(nn.Embedding(1000, 8, rng=0), nn.Flatten(), nn.Linear(40, 3, rng=0))
    assert nn.diagnose(text, words, LABELS[:100], nn.CrossEntropyLoss()).findings == []
    # A probability of almost 0 or 1 is a good answer, not a saturated unit.
    sure = nn.Sequential(nn.Linear(20, 1, rng=0), nn.Sigmoid())
    sure[0].weight.data *= 100
    assert nn.diagnose(sure, X, (sure(X).numpy() > 0.5).astype(float), nn.BCELoss()).findings == []


# --- one ailment, one sentence ----------------------------------------------------------------


def dead_network():
    model = network([20, 30, 1], nn.ReLU, he)
    model[0].bias.data[:24] = -1000.0
    return model


def frozen_out(model):
    return nn.optim.SGD([p for name, p in model.named_parameters() if name != "0.weight"], lr=0.01)


class Idle(nn.Module):
    def __init__(self):
        self.used, self.idle = nn.Linear(20, 1, rng=0), nn.Linear(20, 1, rng=0)

    def forward(self, x):
        return self.used(x)


class Rooted(nn.Module):
    def __init__(self):
        self.linear = nn.Linear(20, 1, rng=0)

    def forward(self, x):
        return np.sqrt(self.linear(x) * 0.0)


def with_nan(array, *index):
    changed = array.copy()
    changed[index] = np.nan
    return changed


def broken(value):
    model = network([20, 8, 1], nn.Tanh)
    model[0].weight.data[0, 0] = value
    return model


def small(**options):
    return network([20, 16, 1], nn.Tanh, **options)


def rectified():
    return network([20, 16, 1], nn.ReLU)


RARE = (np.arange(300) < 12).astype(float)[:, None]
ZEROS = np.zeros((300, 1))
AILMENTS = {
    "targets": (small, (X, 5000 + 1e4 * Y), {}, "Targets span .e.04, and the predictions are of size .*standardise y"),
    "mean": (small, (X, 2000 + Y), {}, "Targets span .e.00, and the predictions"),
    "tiny targets": (small, (X, 1e-6 * Y), {}, "Targets are of size 1e-06 only.*standardise y"),
    "constant": (small, (X, ZEROS + 3.0), {}, "All targets are the same"),
    "one class": (small, (X, ZEROS + 1.0), {"loss": nn.BCEWithLogitsLoss()}, "All targets are the same"),
    "inputs": (
        rectified,
        (1000 * X, Y),
        {},
        r"Inputs of `0` \(Linear\) are of size 1e\+03 \(feature \d+\): standardise X",
    ),
    "tiny inputs": (small, (1e-5 * X, Y), {}, r"Inputs of `0` \(Linear\) are of size 1e-05 only: standardise X"),
    "unequal": (
        rectified,
        (X * np.r_[1e4, np.ones(19)], Y),
        {},
        "Feature 0 of the inputs is 1e.04 times larger than the",
    ),
    "dead": (dead_network, (X, Y), {}, r"80% in `1` \(ReLU\) of the ReLU units are dead: .*nn\.LeakyReLU"),
    "imbalance": (
        small,
        (X, RARE),
        {"loss": nn.BCEWithLogitsLoss()},
        r"Class 1 is 24 times rarer than class 0 \(12 and",
    ),
    "nan in X": (small, (with_nan(X, 7, 3), Y), {}, r"The inputs have 1 entries that are NaN.*first at \[7, 3\]: fill"),
    "nan in y": (small, (X, with_nan(Y, 2, 0)), {}, r"The targets have 1 entries that are NaN.*first at \[2, 0\]"),
    "nan in model": (lambda: broken(np.nan), (X, Y), {}, r"Parameters hold NaN or infinite values \(`0\.weight`\)"),
    "overflow": (lambda: broken(1e308), (1e3 * X, Y), {}, r"The output of `0` \(Linear\) is NaN or infinite"),
    "loss": (small, (X, Y), {"loss": lambda p, _y: np.log(-np.abs(p).mean())}, "The loss is nan though every layer"),
    "slope": (Rooted, (X, Y), {}, "The gradient is NaN or infinite though the loss is finite: keep roots"),
    "idle": (Idle, (X, Y), {}, r"does not depend on `idle\.weight`, `idle\.bias`: use these parameters in forward"),
    "left out": (small, (X, Y), {"optimizer": frozen_out}, r"The optimiser does not have `0\.weight`: make it with"),
    "lr": (small, (X, Y), {"optimizer": lambda m: adam(m, 0.5)}, r"One step changes the weights of `\d` .* by \d+% of"),
    "huge lr": (
        small,
        (X, Y),
        {"optimizer": lambda m: adam(m, 1e6)},
        r"by \de\+0\d times their size: lower the learning",
    ),
    "tiny lr": (small, (X, Y), {"optimizer": lambda m: adam(m, 1e-9)}, "changes no layer's weights by more than .e-"),
}


@pytest.mark.parametrize("name", AILMENTS)
def test_one_ailment_gives_one_sentence_with_its_remedy(name):
    make, (data, target), options, message = AILMENTS[name]
    model = make()
    if "optimizer" in options:
        options = {"optimizer": options["optimizer"](model)}
    report = nn.diagnose(model, data, target, **options)
    assert not report
    assert len(report.findings) == 1
    with pytest.raises(ValueError, match=message):
        raise ValueError(report.findings[0])
    assert report.findings[0].endswith(".")


def test_classes_are_seen_in_every_form_of_labels():
    forms = {
        "indices": (3, LABELS, nn.CrossEntropyLoss()),
        "one-hot": (3, np.eye(3)[LABELS], nn.CrossEntropyLoss()),
        "column": (1, (LABELS > 0).astype(float)[:, None], nn.BCEWithLogitsLoss()),
    }
    for n_outputs, y, loss in forms.values():
        classes = nn.diagnose(network([20, 8, n_outputs], nn.Tanh), X, y, loss).targets["classes"]
        assert sum(classes.values()) == 300 and len(classes) == max(n_outputs, 2)
    assert "classes" not in nn.diagnose(small(), X, Y).targets


# --- the figures are right --------------------------------------------------------------------


def test_the_figures_against_plain_formulas():
    model = network([20, 6, 4, 1], nn.Tanh, seed=4)
    W1, b1, W2, b2, W3, b3 = [p.numpy() for p in model.parameters()]
    optimizer = nn.optim.SGD(model.parameters(), lr=0.3, momentum=0.9, weight_decay=0.1)
    report = nn.diagnose(model, X, Y, optimizer=optimizer)
    z1 = X @ W1 + b1
    z2 = np.tanh(z1) @ W2 + b2
    a2 = np.tanh(z2)
    output = a2 @ W3 + b3
    delta3 = 2 * (output - Y) / Y.size
    delta2 = (delta3 @ W3.T) * (1 - a2**2)
    delta1 = (delta2 @ W2.T) * (1 - np.tanh(z1) ** 2)
    assert report.loss == pytest.approx(np.mean((output - Y) ** 2), rel=1e-14)
    layers = {layer.name: layer for layer in report.layers}
    assert list(layers) == ["0", "1", "2", "3", "4"]
    for name, z, delta, W, before in (("0", z1, delta1, W1, X), ("2", z2, delta2, W2, np.tanh(z1))):
        layer = layers[name]
        gradients = before.T @ delta, delta.sum(axis=0)
        assert layer.mean == pytest.approx(z.mean(), rel=1e-12)
        assert layer.std == pytest.approx(z.std(), rel=1e-12)
        assert layer.delta == pytest.approx(np.linalg.norm(delta), rel=1e-12)
        assert layer.gradient == pytest.approx(np.hypot(*map(np.linalg.norm, gradients)), rel=1e-12)
        assert layer.weight == pytest.approx(np.sqrt(np.mean(W**2)), rel=1e-12)
        step = 0.3 * (gradients[0] + 0.1 * W)
        assert layer.update == pytest.approx(np.linalg.norm(step) / np.linalg.norm(W), rel=1e-10)
        assert layer.dead is layer.saturated is None
    assert layers["3"].saturated == np.mean(1 - a2**2 < 0.1)
    assert layers["3"].delta == pytest.approx(np.linalg.norm(delta3 @ W3.T), rel=1e-12)
    assumed = nn.diagnose(model, X, Y, lr=0.01).layers[0]
    assert assumed.update == pytest.approx(0.01 * np.linalg.norm(X.T @ delta1) / np.linalg.norm(W1), rel=1e-12)


def test_dead_units_are_columns_and_channels():
    report = nn.diagnose(dead_network(), X, Y)
    assert [layer.dead for layer in report.layers] == [None, 0.8, None]
    images = np.random.default_rng(0).uniform(size=(50, 2, 6, 6))
    cnn = nn.Sequential(nn.Conv2d(2, 4, 3, rng=0), nn.ReLU(), nn.Flatten(), nn.Linear(64, 1, rng=0))
    cnn[0].weight.data[...] = 0.0
    cnn[0].bias.data[...] = [1.0, -1.0, -1.0, 1.0]
    assert nn.diagnose(cnn, images, Y[:50]).layers[1].dead == 0.5


def test_a_layer_that_is_called_twice_has_both_calls_in_its_figures():
    class Twice(nn.Module):
        def __init__(self):
            self.linear, self.act = nn.Linear(20, 20, rng=0), nn.ReLU()
            self.out = nn.Linear(20, 1, rng=0)

        def forward(self, x):
            return self.out(self.act(self.linear(self.act(self.linear(x)))))

    model = Twice()
    report = nn.diagnose(model, X, Y)
    assert [layer.name for layer in report.layers] == ["linear", "act", "out"]
    z1 = model.linear(X).numpy()
    z2 = model.linear(np.maximum(z1, 0)).numpy()
    assert report.layers[0].std == pytest.approx(np.std([z1, z2]), rel=1e-12)


def test_samples_are_taken_evenly_and_data_checked_in_all():
    calls = []

    def loss(output, target):
        calls.append(target)
        return nn.functional.mse_loss(output, target)

    model = small()
    nn.diagnose(model, X, Y, loss, max_samples=7)
    assert len(calls[0]) == 7 and calls[0][0] == Y[0] and calls[0][-1] == Y[-1]
    nn.diagnose(model, X, Y, loss, max_samples=None)
    assert len(calls[1]) == 300
    assert "inputs have 1 entries" in nn.diagnose(model, with_nan(X, 5, 5), Y, max_samples=3).findings[0]


# --- nothing is changed -----------------------------------------------------------------------


def everything(model, optimizer):
    """What a model and an optimiser have, copied, and which objects they are."""
    arrays = [*[p.data for p in model.parameters()], *[p.grad for p in model.parameters()], *model.buffers()]
    contents = [None if a is None else a.tobytes() for a in arrays]
    modules = [
        {
            k: copy.deepcopy(v.bit_generator.state) if isinstance(v, np.random.Generator) else id(v)
            for k, v in vars(m).items()
        }
        for m in model.modules()
    ]
    memory = [p.grad_buffer is None for p in model.parameters()]
    return [id(a) for a in arrays], contents, modules, memory, repr(optimizer.state_dict())


@pytest.mark.parametrize("mode", [True, False])
@pytest.mark.parametrize("given", ["optimizer", "none", "error"])
def test_the_model_and_the_optimiser_are_unchanged(mode, given):
    model = network([20, 10, 10, 1], nn.ReLU, batch_norm=True, dropout=0.3)
    optimizer = nn.optim.Adam(model.parameters(), amsgrad=True)
    model, _ = trained(model, steps=3)
    for _ in range(2):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(X), Y).backward()
        optimizer.step()
    model.train(mode)
    model[0].register_forward_hook(lambda *_: None)
    model[0].bias.zero_grad()
    before = everything(model, optimizer)
    if given == "error":
        with pytest.raises(ZeroDivisionError):
            nn.diagnose(model, X, Y, lambda *_: 1 / 0, optimizer=optimizer)
    else:
        nn.diagnose(model, X, Y, optimizer=optimizer if given == "optimizer" else None)
    after = everything(model, optimizer)
    for was, now in zip(before, after, strict=True):
        assert was == now


def test_a_training_goes_on_as_if_nothing_had_been_looked_at():
    results = []
    for looked in (False, True):
        model = network([20, 10, 1], nn.ReLU, batch_norm=True, dropout=0.3)
        optimizer = nn.optim.RMSprop(model.parameters(), lr=0.01, momentum=0.9)
        for _ in range(5):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(X), Y).backward()
            if looked:
                nn.diagnose(model, X, Y, optimizer=optimizer)
                nn.diagnose(model, X, Y)
            optimizer.step()
        results.append(b"".join([a.tobytes() for a in model.state_dict().values()]))
    assert results[0] == results[1]


# --- what a person reads ----------------------------------------------------------------------


def test_the_report_is_a_table_and_sentences():
    text = str(nn.diagnose(dead_network(), X, Y))
    lines = text.splitlines()
    assert lines[0].split() == ["layer", "mean", "a", "std", "a", "|δ|", "|∇w|", "rms", "w", "|Δw|/|w|", "dead"]
    assert lines[3].startswith("1 (ReLU)") and lines[3].endswith("80%")
    assert len({len(line) for line in lines[:5]}) == 1
    assert "loss " in lines[5] and "(300, 20)" in lines[5]
    assert "gradient descent, lr=0.001" in lines[6]
    assert lines[8].startswith("- 80% in `1` (ReLU) of the ReLU units are dead")
    assert max(map(len, lines)) <= 110
    assert str(nn.diagnose(small(), X, Y)).endswith("- Nothing stands out.")


def test_to_dict_is_json():
    report = nn.diagnose(dead_network(), X, Y)
    loaded = json.loads(json.dumps(report.to_dict()))
    assert loaded["healthy"] is False and loaded["findings"] == report.findings
    assert loaded["layers"][1]["dead"] == 0.8


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_the_picture(tmp_path, suffix):
    pytest.importorskip("matplotlib")
    for name, model in {"dead": dead_network(), "one": network([20, 1], nn.ReLU)}.items():
        path = tmp_path / f"{name}.{suffix}"
        figure = nn.diagnose(model, X, Y, optimizer=adam(model)).plot(path)
        assert len(figure.axes) == 4
        assert path.stat().st_size > 5000
        assert "next step of Adam" in figure.axes[2].get_title()
    nn.diagnose(broken(np.nan), X, Y).plot(tmp_path / f"nan.{suffix}")


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    report = nn.diagnose(small(), X, Y)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ModuleNotFoundError, match=r"Diagnosis.plot: needs .*'autodiff-nn\[viz\]', or print\(report\)"):
        report.plot()


REFUSALS = [
    ((np.tanh, X, Y), {}, TypeError, "diagnose: model must be an nn.Module; got ufunc"),
    ((small, X, Y[:-1]), {}, ValueError, "one row for each sample; got 300 in X, 299 in y"),
    ((small, np.array(["a"]), Y), {}, TypeError, "X must hold real numbers; got dtype <U1"),
    ((small, X, np.array([None])), {}, TypeError, "y must hold real numbers; got dtype object"),
    ((small, X.astype(complex), Y), {}, TypeError, "X must hold real numbers; got dtype complex128"),
    ((small, X[:0], Y[:0]), {}, ValueError, r"X must hold samples; got shape \(0, 20\)"),
    ((small, 3.0, Y), {}, ValueError, r"X must hold samples; got shape \(\)"),
    ((small, (X, X[1:]), Y), {}, ValueError, r"got 300 in X\[0\], 299 in X\[1\], 300 in y"),
    ((small, np.ma.masked_array(X), Y), {}, TypeError, "X must hold real numbers; got a mask"),
    ((small, X[:, :3], Y), {}, ValueError, r"Linear: the last axis of the input must be in_features=20 long"),
    ((small, X, Y[:, 0]), {}, ValueError, "mse_loss"),
    ((small, X, Y), {"loss": "mse"}, TypeError, r"the loss must be a function of \(prediction, target\); got str"),
    ((small, X, Y), {"loss": nn.MSELoss("none")}, ValueError, r"the loss must be one number .*got shape \(300, 1\)"),
    ((small, X, Y), {"loss": lambda p, _y: p.numpy().mean()}, ValueError, "must be one number .*got a float64"),
    ((small, X, Y), {"lr": 0.0}, ValueError, "lr must be a positive number; got 0.0"),
    ((small, X, Y), {"lr": np.nan}, ValueError, "lr must be a positive number; got nan"),
    ((small, X, Y), {"lr": True}, ValueError, "lr must be a positive number; got True"),
    ((small, X, Y), {"max_samples": 0}, ValueError, "max_samples must be a positive int or None; got 0"),
    ((small, X, Y), {"max_samples": 1.5}, ValueError, "max_samples must be a positive int or None; got 1.5"),
    ((small, X, Y), {"optimizer": "adam"}, TypeError, "optimizer must be one of nn.optim; got str"),
]


@pytest.mark.parametrize(("args", "options", "error", "message"), REFUSALS, ids=range(len(REFUSALS)))
def test_bad_input_is_refused(args, options, error, message):
    model = args[0]() if args[0] is small else args[0]
    with pytest.raises(error, match=message):
        nn.diagnose(model, *args[1:], **options)


class Pair(nn.Module):
    def __init__(self):
        self.left, self.right = nn.Linear(20, 1, rng=0), nn.Linear(20, 1, rng=1)

    def forward(self, x, y):
        return self.left(x) + self.right(y)


def test_models_of_several_inputs():
    report = nn.diagnose(Pair(), (X, X[::-1]), Y)
    assert report and len(report.inputs) == 2
    assert report.loss == nn.functional.mse_loss(Pair()(X, X[::-1]), Y).item()
    report = nn.diagnose(Pair(), (X, with_nan(X, 1, 2)), Y)
    assert report.findings[0].startswith("The inputs X[1] have 1 entries that are NaN or infinite, the first at [1, 2]")


def test_data_are_taken_in_the_dtype_of_the_model():
    model = network([20, 8, 1], nn.ReLU, dtype=np.float32)
    seen = []
    model[0].register_forward_hook(lambda _module, args, output: seen.extend([args[0].dtype, output.dtype]))
    nn.diagnose(model, X, Y)
    assert seen == [np.float32, np.float32]


def test_models_inside_no_grad_and_lists_as_data():
    with ad.no_grad(), pytest.raises(ValueError, match=r"nothing was recorded.*outside ad\.no_grad"):
        nn.diagnose(small(), X, Y)
    assert nn.diagnose(small(), X.tolist(), Y.tolist())
