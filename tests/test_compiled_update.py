"""The update of an optimiser, written out line by line: the same bits, whatever is changed on the way."""

import logging

import numpy as np
import pytest

import autodiff as ad
import nn
from nn.optim import lr_scheduler

RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(12, 3)), RNG.normal(size=(12, 2))

OPTIMIZERS = {
    "SGD": lambda p: nn.optim.SGD(p, lr=0.1),
    "SGD, decay": lambda p: nn.optim.SGD(p, lr=0.1, weight_decay=0.1, maximize=True),
    "SGD, momentum": lambda p: nn.optim.SGD(p, lr=0.1, momentum=0.9),
    "SGD, Nesterov": lambda p: nn.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "SGD, dampening": lambda p: nn.optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.5),
    "Adam": lambda p: nn.optim.Adam(p, lr=0.1),
    "Adam, decay": lambda p: nn.optim.Adam(p, lr=0.1, weight_decay=0.1, betas=(0.8, 0.99), maximize=True),
    "AMSGrad": lambda p: nn.optim.AMSGrad(p, lr=0.1),
    "AdamW": lambda p: nn.optim.AdamW(p, lr=0.1),
    "Adamax": lambda p: nn.optim.Adamax(p, lr=0.1),
    "NAdam": lambda p: nn.optim.NAdam(p, lr=0.1, decoupled_weight_decay=True, weight_decay=0.1),
    "RMSprop": lambda p: nn.optim.RMSprop(p, lr=0.01),
    "RMSprop, centered": lambda p: nn.optim.RMSprop(p, lr=0.01, centered=True, momentum=0.9),
    "Adagrad": lambda p: nn.optim.Adagrad(p, lr=0.1, lr_decay=0.1),
    "AdagradMomentum": lambda p: nn.optim.AdagradMomentum(p, lr=0.1),
    "Adadelta": lambda p: nn.optim.Adadelta(p),
    "two groups": lambda p: nn.optim.Adam([{"params": p[:2]}, {"params": p[2:], "lr": 0.5, "eps": 1e-3}], lr=0.1),
}
CALLED = {"SGD, dampening"}  # what it does depends on the number of steps


class Mixed(nn.Module):
    """Parameters of two dtypes, one of which the loss does not use."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 4, rng=0, dtype=np.float32)
        self.unused = nn.Parameter(np.ones(3))
        self.second = nn.Linear(4, 2, rng=1)

    def forward(self, x):
        return self.second(nn.functional.tanh(self.first(x)))


def mlp(dtype=np.float64):
    return nn.Sequential(nn.Linear(3, 5, rng=0, dtype=dtype), nn.Tanh(), nn.Linear(5, 2, rng=1, dtype=dtype))


def trained(compiled, make_model, make_optimizer, change=lambda *_: None, steps=8, schedule=None, **clips):
    """Return the losses, the model and its optimiser, and the compiled step."""
    model = make_model()
    optimizer = make_optimizer(list(model.parameters()))
    scheduler = schedule(optimizer) if schedule else None
    loss_of = nn.MSELoss()
    step = nn.compile(model, loss_of, optimizer, scheduler=scheduler, **clips)
    losses = []
    for i in range(steps):
        change(i, model, optimizer)
        batch = slice(None) if i % 3 else slice(0, 7)
        x, y = X[batch], Y[batch]
        if compiled:
            losses.append(step(x, y))
            continue
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        if "clip_norm" in clips:
            nn.clip_grad_norm_(optimizer, clips["clip_norm"])
        if "clip_value" in clips:
            nn.clip_grad_value_(optimizer, clips["clip_value"])
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        losses.append(loss.item())
    return losses, model, optimizer, step


def assert_same(make_model, make_optimizer, *args, **options):
    """Assert that compiled and eager training give the same bits; return the step."""
    eager = trained(False, make_model, make_optimizer, *args, **options)
    compiled = trained(True, make_model, make_optimizer, *args, **options)
    assert compiled[0] == eager[0]
    for a, b in zip(compiled[1].parameters(), eager[1].parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)
    assert_same_state(compiled[2].state_dict(), eager[2].state_dict())
    return compiled[3]


def assert_same_state(a, b):
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            assert_same_state(a[key], b[key])
    elif isinstance(a, list):
        for x, y in zip(a, b, strict=True):
            assert_same_state(x, y)
    else:
        np.testing.assert_array_equal(a, b)
        assert type(a) is type(b)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("model", [mlp, lambda: mlp(np.float32), Mixed], ids=["float64", "float32", "mixed"])
def test_updates_are_written_out_with_the_same_bits(name, model):
    step = assert_same(model, OPTIMIZERS[name])
    assert ("optimizer.update(" in step.source) == (name in CALLED)


SCHEDULES = {
    "StepLR": lambda o: lr_scheduler.StepLR(o, 2, 0.5),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, 0.3, total_steps=20),
    "ReduceLROnPlateau-like": lambda o: lr_scheduler.ExponentialLR(o, 0.9),
}


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", ["Adam", "SGD, momentum"])
def test_schedules_and_clipping_are_part_of_the_step(schedule, name):
    step = assert_same(mlp, OPTIMIZERS[name], schedule=SCHEDULES[schedule], clip_norm=0.5, clip_value=0.1)
    lines = step.source.splitlines()
    order = [lines.index(f"    {line}") for line in ("clip_norm_of(gradients, 0.5)", "clip_values_of(gradients, 0.1)")]
    assert order == sorted(order) and lines[-2:] == ["    scheduler.step()", "    return loss"]


def test_gradients_are_clipped_also_after_zero_grad():
    assert_same(mlp, OPTIMIZERS["SGD"], lambda _i, _model, optimizer: optimizer.zero_grad(), clip_norm=1e-3)


def set_betas(i, _model, optimizer):
    optimizer.param_groups[0]["betas"] = (0.9 - 0.01 * i, 0.999 - 0.001 * i)


def set_decay(i, _model, optimizer):
    optimizer.param_groups[0]["weight_decay"] = 0.1 * (i // 2)


def set_direction(i, _model, optimizer):
    optimizer.param_groups[0]["maximize"] = i > 4


def load_state(i, _model, optimizer):
    if i == 5:
        optimizer.load_state_dict({**optimizer.state_dict()})


def replace_numbers(i, model, _optimizer):
    if i == 4:
        model[0].weight.data = np.zeros((3, 5))


def hold_fixed(i, model, _optimizer):
    if i in (3, 6):
        model[0].requires_grad_(i == 6)


@pytest.mark.parametrize("change", [set_betas, set_decay, set_direction, load_state, replace_numbers, hold_fixed])
@pytest.mark.parametrize("clips", [{}, {"clip_norm": 0.1, "clip_value": 0.05}], ids=["", "clipped"])
def test_what_is_changed_on_the_way_counts_at_once(change, clips):
    assert_same(mlp, OPTIMIZERS["Adam"], change, **clips)


def test_options_that_keep_changing_are_read_at_every_step(caplog):
    caplog.set_level(logging.INFO, "autodiff.compile")
    step = assert_same(mlp, OPTIMIZERS["Adam"], set_betas, steps=30)
    assert 'options["betas"][1]' in step.source
    compiled = [record for record in caplog.records if record.message.startswith("compiled Sequential")]
    assert len(compiled) <= 4  # two shapes, each once with the numbers and once without


class Counting(nn.optim.SGD):
    """A user's own optimiser, which remembers something the engine does not know of."""

    calls = 0

    def update(self, segment, options):
        self.calls += 1
        super().update(segment, options)


def test_a_users_own_update_is_called_as_it_is():
    _, _, optimizer, step = trained(True, mlp, lambda p: Counting(p, lr=0.1), steps=5)
    assert optimizer.calls == 5
    assert "    optimizer.update(segment, options)" in step.source.splitlines()
    assert_same(mlp, lambda p: Counting(p, lr=0.1))


def test_the_lines_of_adam_are_those_of_the_paper():
    _, _, _, step = trained(True, mlp, lambda p: nn.optim.Adam(p, lr=0.1), steps=2)
    update = step.source.partition("# update: Adam, where theta is ")[2].partition("\n")[2]
    assert [line.partition("  #")[0].strip() for line in update.splitlines()] == [
        't = progress["step"] + 1',
        "np.multiply(exp_avg, 0.9, out=exp_avg)",
        "np.multiply(g, 1.0 - 0.9, out=s)",
        "np.add(exp_avg, s, out=exp_avg)",
        "np.multiply(exp_avg_sq, 0.999, out=exp_avg_sq)",
        "np.multiply(g, g, out=s)",
        "np.multiply(s, 1.0 - 0.999, out=s)",
        "np.add(exp_avg_sq, s, out=exp_avg_sq)",
        "root = (1.0 - 0.999 ** t) ** 0.5",
        "np.sqrt(exp_avg_sq, out=s)",
        "np.add(s, 1e-08 * root, out=s)",
        "np.divide(exp_avg, s, out=s)",
        'np.multiply(s, options["lr"] * root / (1.0 - 0.9 ** t), out=s)',
        "np.subtract(theta, s, out=theta)",
        'progress["step"] = t',
        "return loss",
    ]


def test_a_loss_that_is_a_parameter_itself_is_returned_as_it_was():
    model = nn.Sequential(nn.Linear(1, 1, rng=0))
    scale = nn.Parameter(3.0)
    step = nn.compile(model, lambda _prediction, _y: scale, nn.optim.SGD([scale], lr=0.5))
    assert [step(X[:, :1], Y) for _ in range(3)] == [3.0, 2.5, 2.0]


def test_values_that_change_places_are_read_before_they_are_written():
    held = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0])}

    def swap(arrays, _numbers):
        a = arrays["a"] * 1.0
        arrays["a"][...] = arrays["b"]
        arrays["b"][...] = a

    after = [ad.Procedure(swap, held, {}, {}, {}, ad.Call("1", {}), "swap")]
    program = ad.compile_stateful(lambda x: x + 1.0, [np.zeros(1)], {}, after=lambda _written: after)
    for a, b in (([3.0, 4.0], [1.0, 2.0]), ([1.0, 2.0], [3.0, 4.0])):
        program.run([np.zeros(1)])
        np.testing.assert_array_equal(held["a"], a)
        np.testing.assert_array_equal(held["b"], b)
