"""nn.compile: every layer, loss and optimiser trains bit for bit as it does eagerly."""

import copy

import numpy as np
import pytest

import nn

MODELS = {
    "relu": lambda: [nn.ReLU()],
    "batch norm and dropout": lambda: [nn.BatchNorm1d(8), nn.LeakyReLU(), nn.Dropout(0.3, rng=0)],
    "layer norm": lambda: [nn.LayerNorm(8), nn.GELU()],
    "soft": lambda: [nn.ELU(), nn.Linear(8, 8, rng=2), nn.SiLU(), nn.Linear(8, 8, rng=3), nn.Softplus()],
    "saturating": lambda: [nn.SELU(), nn.Linear(8, 8, rng=2), nn.Sigmoid(), nn.Linear(8, 8, rng=3), nn.Hardtanh()],
    "shortcuts": lambda: [nn.Residual(nn.Sequential(nn.Linear(8, 8, rng=4), nn.Tanh())), nn.Highway(8, rng=5)],
    "images": lambda: [
        nn.Unflatten(1, (1, 2, 4)), nn.Conv2d(1, 4, 2, padding=1, rng=0), nn.BatchNorm2d(4), nn.ReLU(),
        nn.MaxPool2d(2), nn.AvgPool2d(1), nn.Flatten(), nn.Linear(8, 8, rng=6),
    ],
}  # fmt: skip
RNG = np.random.default_rng(0)
X, Y, CLASSES = RNG.normal(size=(10, 6)), RNG.normal(size=(10, 3)), RNG.integers(0, 3, 10)
LOSSES = {
    "mse": (nn.MSELoss, Y),
    "l1": (nn.L1Loss, Y),
    "huber": (nn.HuberLoss, Y),
    "quantile": (nn.QuantileLoss, Y),
    "log cosh": (nn.LogCoshLoss, Y),
    "binary": (nn.BCEWithLogitsLoss, (Y > 0).astype(float)),
    "classes": (nn.CrossEntropyLoss, CLASSES),
    "smoothed": (lambda: nn.CrossEntropyLoss(label_smoothing=0.1), CLASSES),
    "ignored": (lambda: nn.CrossEntropyLoss(ignore_index=-1), np.where(CLASSES == 1, -1, CLASSES)),
}


def twins(name, dtype):
    model = nn.Sequential(nn.Linear(6, 8, rng=0), *MODELS[name](), nn.Linear(8, 3, rng=1)).to(dtype)
    return model, copy.deepcopy(model)


def assert_same_state(a, b):
    for (name, array), other in zip(a.state_dict().items(), b.state_dict().values(), strict=True):
        np.testing.assert_array_equal(array, other, err_msg=name)


def train_both(compiled, eager, loss, target, make_optimizer, steps=5, **options):
    optimizers = [make_optimizer(compiled.parameters()), make_optimizer(eager.parameters())]
    step = nn.compile(compiled, loss, optimizers[0], **options)
    dtype = next(compiled.parameters()).dtype
    x, y = X.astype(dtype), target if target.dtype.kind == "i" else target.astype(dtype)
    for i in range(steps):
        n = 7 if i == 2 else 10  # a smaller batch on the way
        optimizers[1].zero_grad()
        expected = loss(eager(x[:n]), y[:n])
        expected.backward()
        optimizers[1].step()
        assert step(x[:n], y[:n]) == expected.item()
    return step


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("model", MODELS)
def test_layers_and_losses(model, loss, dtype):
    compiled, eager = twins(model, dtype)
    make, target = LOSSES[loss]
    train_both(compiled, eager, make(), target, nn.optim.Adam)
    assert_same_state(compiled, eager)
    predict = nn.compile(compiled.eval())
    np.testing.assert_array_equal(predict(X.astype(dtype)), eager.eval()(X.astype(dtype)).numpy())


@pytest.mark.parametrize(
    "name", ["SGD", "Adagrad", "AdagradMomentum", "Adadelta", "RMSprop", "Adam", "AMSGrad", "AdamW", "NAdam"]
)
def test_optimisers(name):
    compiled, eager = twins("relu", np.float64)
    train_both(compiled, eager, nn.MSELoss(), Y, lambda parameters: getattr(nn.optim, name)(parameters, lr=0.01))
    assert_same_state(compiled, eager)


def test_clipping_and_schedules_are_part_of_the_step():
    compiled, eager = twins("relu", np.float64)
    optimizers = [nn.optim.SGD(m.parameters(), lr=0.5) for m in (compiled, eager)]
    schedules = [nn.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5) for optimizer in optimizers]
    step = nn.compile(compiled, nn.MSELoss(), optimizers[0], clip_norm=0.1, clip_value=0.05, scheduler=schedules[0])
    for _ in range(5):
        optimizers[1].zero_grad()
        loss = nn.functional.mse_loss(eager(X), Y)
        loss.backward()
        nn.clip_grad_norm_(optimizers[1], 0.1)
        nn.clip_grad_value_(optimizers[1], 0.05)
        optimizers[1].step()
        schedules[1].step()
        assert step(X, Y) == loss.item()
    assert optimizers[0].param_groups[0]["lr"] == optimizers[1].param_groups[0]["lr"] < 0.5
    assert_same_state(compiled, eager)


def test_the_source_reads_forward_backward_update():
    compiled, _ = twins("relu", np.float64)
    step = nn.compile(compiled, nn.MSELoss(), nn.optim.SGD(compiled.parameters(), lr=0.5))
    with pytest.raises(ValueError, match=r"nn\.compile: nothing has been compiled yet; got no call\. Call it once"):
        _ = step.source
    step(X, Y)
    sections = [line.split(":")[0] for line in step.source.splitlines() if line.startswith("    # ")]
    assert sections == ["    # forward", "    # backward", "    # update"]
    for name in ("weight_0", "linear_0", "relu_1", "d_linear_0", "grad_weight_0", "loss"):
        assert name in step.source


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: nn.compile(3), TypeError, r"nn\.compile: model must be a module; got a int\. Pass an nn\.Module"),
        (
            lambda: nn.compile(nn.Linear(1, 1), nn.MSELoss()),
            ValueError,
            r"nn\.compile: a training step needs a loss",
        ),
        (lambda: nn.compile(nn.ReLU()).source, ValueError, r"nn\.compile: nothing has been compiled yet; got no call"),
    ],
)
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


class Branching(nn.Module):
    def __init__(self):
        self.linear = nn.Linear(6, 3, rng=0)

    def forward(self, x):
        y = self.linear(x)
        return y if np.sum(x) > 0 else -y


def test_a_model_that_looks_at_the_numbers_is_refused():
    model = Branching()
    step = nn.compile(model, nn.MSELoss(), nn.optim.SGD(model.parameters()))
    with pytest.raises(TypeError, match=r"compile: `if`, `while`, `and`, `or` or bool\(\) would depend on the numbers"):
        step(X, Y)
