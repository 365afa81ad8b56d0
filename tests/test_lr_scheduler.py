"""Schedules: PyTorch's sequences, the formulas, states, and refusals."""

import contextlib
import copy
import json
import math
import warnings

import numpy as np
import pytest

import nn
from nn.optim import lr_scheduler


def optimizer(name="SGD", *, groups=2, **options):
    options = {"momentum": 0.9, **options} if name == "SGD" else options
    return getattr(nn.optim, name)(
        [{"params": [nn.Parameter(1.0)], "lr": 0.8 / (i + 1)} for i in range(groups)], **options
    )


def rates(opt):
    return [g["lr"] for g in opt.param_groups]


def momenta(opt):
    return [g.get("momentum", g.get("betas", [None])[0]) for g in opt.param_groups]


def sequence(make, opt, steps=60, module=lr_scheduler, read=rates):
    scheduler = make(module, opt)
    found = [read(opt)]
    for _ in range(steps):
        scheduler.step()
        found.append(read(opt))
    return np.array(found)


SCHEDULES = {
    "constant": lambda m, o: m.ConstantLR(o),
    "constant options": lambda m, o: m.ConstantLR(o, factor=0.25, total_iters=9),
    "linear": lambda m, o: m.LinearLR(o),
    "linear options": lambda m, o: m.LinearLR(o, start_factor=0.75, end_factor=0.1, total_iters=20),
    "linear to zero": lambda m, o: m.LinearLR(o, start_factor=1.0, end_factor=0.0, total_iters=10),
    "step": lambda m, o: m.StepLR(o, 7),
    "step options": lambda m, o: m.StepLR(o, step_size=3, gamma=0.7),
    "multi-step": lambda m, o: m.MultiStepLR(o, [3, 10, 10, 31], gamma=0.5),
    "exponential": lambda m, o: m.ExponentialLR(o, 0.9),
    "polynomial": lambda m, o: m.PolynomialLR(o),
    "polynomial options": lambda m, o: m.PolynomialLR(o, total_iters=40, power=2.5),
    "cosine": lambda m, o: m.CosineAnnealingLR(o, T_max=11),
    "cosine options": lambda m, o: m.CosineAnnealingLR(o, T_max=25, eta_min=0.05),
    "restarts": lambda m, o: m.CosineAnnealingWarmRestarts(o, T_0=7),
    "restarts options": lambda m, o: m.CosineAnnealingWarmRestarts(o, T_0=3, T_mult=2, eta_min=0.01),
    "lambda": lambda m, o: m.LambdaLR(o, lambda t: 0.95**t),
    "lambdas": lambda m, o: m.LambdaLR(o, [lambda t: 0.95**t, lambda t: 1 / (1 + t)]),
    "multiplicative": lambda m, o: m.MultiplicativeLR(o, lambda t: 0.9 + 0.001 * t),
    "chained": lambda m, o: m.ChainedScheduler([m.ConstantLR(o, 0.1, 5), m.ExponentialLR(o, 0.9)]),
    "chained three": lambda m, o: m.ChainedScheduler(
        [m.LinearLR(o, 0.5, 1.0, 4), m.MultiStepLR(o, [6, 20]), m.CosineAnnealingLR(o, 50, 0.01)]
    ),
    "chained cosine beyond its end": lambda m, o: m.ChainedScheduler(
        [m.ExponentialLR(o, 0.9), m.CosineAnnealingLR(o, 10)]
    ),
    "sequential": lambda m, o: m.SequentialLR(o, [m.ConstantLR(o, 0.1, 3), m.ExponentialLR(o, 0.9)], [10]),
    "sequential three": lambda m, o: m.SequentialLR(
        o, [m.LinearLR(o, 0.1, total_iters=5), m.CosineAnnealingLR(o, 20), m.StepLR(o, 4)], [5, 25]
    ),
    "sequential with restarts": lambda m, o: m.SequentialLR(
        o, [m.CosineAnnealingWarmRestarts(o, 4, 2), m.MultiplicativeLR(o, lambda _: 0.9), m.LambdaLR(o, lambda _: 0.5)],
        [15, 30],
    ),
    "sequential from the second": lambda m, o: m.SequentialLR(o, [m.StepLR(o, 2), m.ExponentialLR(o, 0.9)], [0]),
}  # fmt: skip


def peer_optimizer(torch, name="SGD", *, groups=2, **options):
    options = {"momentum": 0.9, **options} if name == "SGD" else options
    parameters = [torch.nn.Parameter(torch.ones(())) for _ in range(groups)]
    opt = getattr(torch.optim, name)(
        [{"params": [p], "lr": 0.8 / (i + 1)} for i, p in enumerate(parameters)], **options
    )
    return opt


@contextlib.contextmanager
def peers_warnings_ignored():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("name", SCHEDULES)
def test_sequences_equal_pytorchs(name):
    torch = pytest.importorskip("torch")
    ours = sequence(SCHEDULES[name], optimizer())
    with peers_warnings_ignored():
        theirs = sequence(SCHEDULES[name], peer_optimizer(torch), module=torch.optim.lr_scheduler)
    assert ours.shape == (61, 2)
    # PyTorch's recursions gather rounding errors, which at a zero of the cosine is all there is
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ["SGD", "Adam", "NAdam", "RMSprop"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"anneal_strategy": "linear", "pct_start": 0.5, "div_factor": 10.0, "final_div_factor": 100.0},
        {"three_phase": True, "max_momentum": 0.99, "base_momentum": [0.8, 0.7]},
        {"cycle_momentum": False, "pct_start": 0.0},
        {"pct_start": 1.0},
    ],
)
def test_one_cycle_equals_pytorchs_with_its_momentum(name, options):
    torch = pytest.importorskip("torch")

    def make(module, opt):
        return module.OneCycleLR(opt, max_lr=[2.0, 3.0], epochs=6, steps_per_epoch=10, **options)

    def both(opt):
        return rates(opt) + momenta(opt)

    ours = sequence(make, optimizer(name), steps=59, read=both)
    with peers_warnings_ignored():
        theirs = sequence(make, peer_optimizer(torch, name), steps=59, module=torch.optim.lr_scheduler, read=both)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"factor": 0.5, "patience": 2, "cooldown": 3},
        {"mode": "max", "patience": 0, "min_lr": [0.1, 0.2]},
        {"threshold": 0.3, "threshold_mode": "abs", "patience": 3, "min_lr": 0.001},
        {"mode": "max", "threshold": 0.1, "threshold_mode": "abs", "patience": 1, "eps": 0.3},
    ],
)
def test_reduce_on_plateau_equals_pytorchs(options):
    torch = pytest.importorskip("torch")
    losses = np.exp(-np.arange(60) / 20) + 0.3 * np.random.default_rng(0).normal(size=60)
    losses[[5, 30]] = np.nan, np.inf
    ours, theirs = optimizer(), peer_optimizer(torch)
    mine = lr_scheduler.ReduceLROnPlateau(ours, **options)
    peer = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, **options)
    seen = set()
    for loss in losses:
        mine.step(loss)
        peer.step(loss)
        np.testing.assert_allclose(rates(ours), rates(theirs), rtol=1e-14)
        np.testing.assert_allclose(mine.get_last_lr(), peer.get_last_lr(), rtol=1e-14)
        seen.add(tuple(rates(ours)))
    assert len(seen) > 1


def test_two_schedules_stepped_side_by_side_multiply_as_in_pytorch():
    torch = pytest.importorskip("torch")
    found = []
    for opt, module in ((optimizer(), lr_scheduler), (peer_optimizer(torch), torch.optim.lr_scheduler)):
        with peers_warnings_ignored():
            both = [module.ExponentialLR(opt, 0.9), module.StepLR(opt, 4, gamma=0.5)]
            sequence = []
            for t in range(40):
                if t == 20:
                    opt.param_groups[1]["lr"] = 0.123  # by hand
                for scheduler in both:
                    scheduler.step()
                sequence.append(rates(opt))
        found.append(sequence)
    np.testing.assert_allclose(*found, rtol=1e-12)


def test_fractional_epochs_of_warm_restarts_equal_pytorchs():
    torch = pytest.importorskip("torch")
    found = []
    for opt, module in ((optimizer(), lr_scheduler), (peer_optimizer(torch), torch.optim.lr_scheduler)):
        with peers_warnings_ignored():
            scheduler = module.CosineAnnealingWarmRestarts(opt, 5, 2)
            sequence = []
            for batch in range(80):
                scheduler.step(batch / 4)
                sequence.append([*rates(opt), scheduler.last_epoch])
        found.append(sequence)
    np.testing.assert_allclose(*found, rtol=1e-9)  # PyTorch finds the period by a logarithm


def nested(m, o):
    warm = m.ChainedScheduler([m.ConstantLR(o, 0.1, 3), m.ExponentialLR(o, 0.9)])
    then = m.SequentialLR(o, [m.CosineAnnealingLR(o, 10), m.StepLR(o, 2, gamma=0.5)], [4])
    return m.SequentialLR(o, [warm, then, m.ChainedScheduler([m.ExponentialLR(o, 0.5), m.LinearLR(o, 0.5)])], [6, 13])


def test_combinations_of_combinations():
    found = sequence(nested, optimizer(), steps=20)
    t = np.arange(21)
    cosine = 0.5 * (1 + np.cos(np.pi * (t - 6) / 10))
    linear = 0.5 + 0.1 * np.minimum(t - 13, 5)
    expected = np.where(t < 3, 0.1, 1.0) * 0.9**t
    expected = np.where(t >= 6, cosine, expected)
    expected = np.where(t >= 10, 0.5 ** ((t - 10) // 2), expected)
    expected = np.where(t >= 13, linear * 0.5 ** np.maximum(t - 13.0, 0), expected)
    np.testing.assert_allclose(found, np.outer(expected, [0.8, 0.4]), rtol=1e-13)


def test_optimiser_and_schedule_are_copied_together():
    first = optimizer()
    scheduler = lr_scheduler.CosineAnnealingLR(first, 10)
    scheduler.step()
    second, other = copy.deepcopy((first, scheduler))
    other.step()
    assert rates(first) != rates(second)
    scheduler.step()
    assert rates(first) == rates(second)
    assert other.optimizer is second


def test_numbers_of_functions_become_plain_floats():
    opt = optimizer()
    scheduler = lr_scheduler.LambdaLR(opt, lambda _: np.float32(0.5))
    assert [type(lr) for lr in scheduler.get_last_lr() + rates(opt)] == [float] * 4
    json.dumps(scheduler.state_dict())


def test_inverse_time_is_the_lectures_t0_over_t_plus_t1():
    t0, t1 = 5.0, 50.0
    opt = nn.optim.SGD([nn.Parameter(1.0)], lr=t0 / t1)
    found = sequence(lambda m, o: m.InverseTimeLR(o, gamma=1 / t1), opt, steps=200)[:, 0]
    np.testing.assert_allclose(found, t0 / (np.arange(201) + t1), rtol=1e-15)


def test_ten_thousand_steps_gather_no_rounding():
    opt = optimizer(groups=1)
    scheduler = lr_scheduler.ExponentialLR(opt, 0.9999)
    for _ in range(10_000):
        scheduler.step()
    assert rates(opt) == [0.8 * 0.9999**10_000]
    assert scheduler.last_epoch == 10_000


def test_a_cosine_comes_back_from_zero():
    opt = optimizer(groups=1)
    found = sequence(lambda m, o: m.CosineAnnealingLR(o, 4), opt, steps=8)[:, 0]
    np.testing.assert_allclose(found, 0.4 * (1 + np.cos(np.pi * np.arange(9) / 4)), rtol=1e-14, atol=1e-17)
    assert found[4] == 0.0


@pytest.mark.parametrize(
    "gamma_zero", [lambda m, o: m.MultiStepLR(o, [3], gamma=0.0), lambda m, o: m.PolynomialLR(o, 3)]
)
def test_a_rate_that_reached_zero_stays_unless_the_user_sets_it(gamma_zero):
    opt = optimizer(groups=1)
    scheduler = gamma_zero(lr_scheduler, opt)
    for _ in range(5):
        scheduler.step()
    assert rates(opt) == [0.0]
    opt.param_groups[0]["lr"] = 0.2
    scheduler.step()
    assert rates(opt) == [0.2]


def test_one_cycle_ends_at_its_end_and_says_so():
    opt = optimizer(groups=1)
    scheduler = lr_scheduler.OneCycleLR(opt, max_lr=1.0, total_steps=10, anneal_strategy="linear")
    for _ in range(10):
        scheduler.step()
    np.testing.assert_allclose(rates(opt), [1 / 25 / 1e4], rtol=1e-12)
    with pytest.raises(ValueError, match=r"OneCycleLR: the cycle has total_steps=10 steps; got one more"):
        scheduler.step()
    assert scheduler.last_epoch == 10


def test_the_schedule_is_what_the_optimiser_uses():
    w = nn.Parameter(0.0)
    opt = nn.optim.SGD([w], lr=1.0)
    scheduler = lr_scheduler.StepLR(opt, 1, gamma=0.5)
    for expected in (-1.0, -1.5, -1.75):
        opt.zero_grad()
        (w * 1.0).backward()
        opt.step()
        scheduler.step()
        assert w.item() == expected


@pytest.mark.parametrize("name", ["exponential", "linear options", "cosine options", "polynomial options"])
def test_going_on_with_last_epoch_equals_pytorch(name):
    torch = pytest.importorskip("torch")
    found = []
    for opt, module in ((optimizer(), lr_scheduler), (peer_optimizer(torch), torch.optim.lr_scheduler)):
        with peers_warnings_ignored():
            scheduler = SCHEDULES[name](module, opt)
            for _ in range(8):
                scheduler.step()
            kind, options = {
                "exponential": (module.ExponentialLR, {"gamma": 0.9}),
                "linear options": (module.LinearLR, {"start_factor": 0.75, "end_factor": 0.1, "total_iters": 20}),
                "cosine options": (module.CosineAnnealingLR, {"T_max": 25, "eta_min": 0.05}),
                "polynomial options": (module.PolynomialLR, {"total_iters": 40, "power": 2.5}),
            }[name]
            scheduler = kind(opt, **options, last_epoch=7)
            sequence = [rates(opt)]
            for _ in range(8):
                scheduler.step()
                sequence.append(rates(opt))
        found.append(sequence)
    np.testing.assert_allclose(*found, rtol=1e-12)


# --- states -----------------------------------------------------------------------------------


STATEFUL = {
    **SCHEDULES,
    "nested": nested,
    "inverse time": lambda m, o: m.InverseTimeLR(o, 0.1),
    "one cycle": lambda m, o: m.OneCycleLR(o, 1.0, total_steps=60),
}


@pytest.mark.parametrize("name", STATEFUL)
@pytest.mark.parametrize("at", [1, 12, 27])
def test_a_loaded_state_goes_on_bit_for_bit(name, at):
    def both(opt):
        return rates(opt) + momenta(opt)

    whole = sequence(STATEFUL[name], optimizer(), steps=59, read=both)
    first = optimizer()
    scheduler = STATEFUL[name](lr_scheduler, first)
    for _ in range(at):
        scheduler.step()
    saved = json.loads(json.dumps(scheduler.state_dict()))
    saved_optimizer = first.state_dict()
    second = optimizer()
    other = STATEFUL[name](lr_scheduler, second)
    second.load_state_dict(saved_optimizer)
    other.load_state_dict(saved)
    assert other.get_last_lr() == scheduler.get_last_lr()
    assert other.state_dict() == scheduler.state_dict()
    for expected in whole[at + 1 :]:
        other.step()
        assert both(second) == expected.tolist()


def test_a_loaded_plateau_goes_on():
    losses = [3.0, 2.0, 2.0, 2.0, 2.5, 2.0, 1.0, 1.0, 1.0, 1.0]
    make = lambda opt: lr_scheduler.ReduceLROnPlateau(opt, factor=0.5, patience=1, cooldown=1)  # noqa: E731
    first, second = optimizer(), optimizer()
    scheduler = make(first)
    for loss in losses[:3]:
        scheduler.step(loss)
    other = make(second)
    other.load_state_dict(scheduler.state_dict())
    second.load_state_dict(first.state_dict())
    for loss in losses[3:]:
        scheduler.step(loss)
        other.step(loss)
        assert rates(first) == rates(second)
    assert rates(first) == [0.2, 0.1]


def test_a_state_is_a_copy():
    opt = optimizer()
    scheduler = lr_scheduler.MultiStepLR(opt, [3])
    state = scheduler.state_dict()
    state["base_lrs"][0] = 100.0
    scheduler.get_last_lr()[0] = 7.0
    assert scheduler.base_lrs == [0.8, 0.4]
    assert scheduler.get_last_lr() == [0.8, 0.4]


def test_load_state_dict_names_every_mismatch_and_changes_nothing():
    scheduler = lr_scheduler.StepLR(optimizer(), 3)
    state = scheduler.state_dict()
    wrong = {**state, "last_epoch": "five", "base_lrs": [0.1], "extra": 1}
    del wrong["gamma"]
    message = (
        r"StepLR.load_state_dict: .*`gamma` is missing; `last_epoch` is 'five', no number; "
        r"`base_lrs` has 1 entries for 2; `extra` is unknown"
    )
    with pytest.raises(ValueError, match=message):
        scheduler.load_state_dict(wrong)
    assert scheduler.state_dict() == state
    with pytest.raises(ValueError, match="it is of ExponentialLR"):
        scheduler.load_state_dict(lr_scheduler.ExponentialLR(optimizer(), 0.9).state_dict())
    with pytest.raises(TypeError, match="takes a mapping; got list"):
        scheduler.load_state_dict([1])
    opt = optimizer()
    chained = SCHEDULES["chained"](lr_scheduler, opt)
    before = chained.state_dict()
    other = chained.state_dict()
    other["schedulers"][1] = state
    with pytest.raises(ValueError, match=r"schedulers\[1\]: it is of StepLR"):
        chained.load_state_dict(other)
    with pytest.raises(ValueError, match="`schedulers` are not 2"):
        chained.load_state_dict({**before, "schedulers": []})
    assert chained.state_dict() == before


# --- refusals -----------------------------------------------------------------------------------

O = optimizer()  # noqa: E741
OTHER = optimizer()


def with_one_more_group():
    opt = optimizer()
    scheduler = lr_scheduler.StepLR(opt, 3)
    opt.add_param_group({"params": [nn.Parameter(1.0)]})
    scheduler.step()


L = lr_scheduler
REFUSALS = [
    (lambda: L.StepLR(0.1, 3), TypeError, "StepLR: takes an optimizer first; got float"),
    (lambda: L.StepLR(O, 0), ValueError, "StepLR: step_size must be at least 1; got 0"),
    (lambda: L.StepLR(O, 2.5), TypeError, "StepLR: step_size must be an integer; got float 2.5"),
    (lambda: L.StepLR(O, True), TypeError, "StepLR: step_size must be an integer; got bool True"),
    (lambda: L.StepLR(O, 3, gamma="0.1"), TypeError, "StepLR: gamma must be a number; got str '0.1'"),
    (lambda: L.StepLR(O, 3, gamma=-1.0), ValueError, "StepLR: gamma must not be negative; got -1.0"),
    (lambda: L.StepLR(O, 3, last_epoch=-2), ValueError, "StepLR: last_epoch must be at least -1; got -2"),
    (lambda: L.StepLR(optimizer(), 3, last_epoch=5), ValueError, "got 5, and group 0 .* has no initial_lr"),
    (lambda: L.ExponentialLR(O, math.nan), ValueError, "ExponentialLR: gamma must be finite; got nan"),
    (lambda: L.ExponentialLR(O, math.inf), ValueError, "ExponentialLR: gamma must be finite; got inf"),
    (lambda: L.InverseTimeLR(O, -0.1), ValueError, "InverseTimeLR: gamma must not be negative"),
    (lambda: L.MultiStepLR(O, 5), TypeError, "MultiStepLR: milestones must be a list of epochs; got int 5"),
    (lambda: L.MultiStepLR(O, [1, -5]), ValueError, "MultiStepLR: milestones must be at least 0; got -5"),
    (lambda: L.ConstantLR(O, factor=1.5), ValueError, r"ConstantLR: factor must lie in \[0, 1\]; got 1.5"),
    (lambda: L.LinearLR(O, start_factor=0.0), ValueError, "LinearLR: start_factor must be above 0"),
    (lambda: L.LinearLR(O, total_iters=0), ValueError, "LinearLR: total_iters must be at least 1; got 0"),
    (lambda: L.PolynomialLR(O, power=0), ValueError, "PolynomialLR: power must be positive; got 0"),
    (lambda: L.CosineAnnealingLR(O, 0), ValueError, "CosineAnnealingLR: T_max must be at least 1"),
    (lambda: L.CosineAnnealingLR(O, 5, eta_min=-1), ValueError, "eta_min must not be negative; got -1"),
    (lambda: L.CosineAnnealingWarmRestarts(O, 5, 0), ValueError, "T_mult must be at least 1; got 0"),
    (lambda: L.CosineAnnealingWarmRestarts(O, 5).step(-1), ValueError, "epoch must not be negative; got -1"),
    (lambda: L.LambdaLR(O, 0.9), TypeError, "LambdaLR: lr_lambda must be a function of the epoch; got float 0.9"),
    (lambda: L.LambdaLR(O, [abs]), ValueError, "one for each of the 2 parameter groups; got 1"),
    (lambda: L.LambdaLR(O, lambda _: -1.0), ValueError, "SGD: lr must not be negative; got -0.8"),
    (lambda: L.MultiplicativeLR(O, None), TypeError, "MultiplicativeLR: lr_lambda must be a function"),
    (lambda: L.OneCycleLR(O, 0.1), ValueError, "OneCycleLR: the number of steps must be known"),
    (lambda: L.OneCycleLR(O, 0.1, total_steps=0), ValueError, "total_steps must be at least 1; got 0"),
    (lambda: L.OneCycleLR(O, [0.1], total_steps=5), ValueError, "OneCycleLR: max_lr takes one value, or one for each"),
    (lambda: L.OneCycleLR(O, 0.1, 5, anneal_strategy="exp"), ValueError, 'one of "cos", "linear"; got \'exp\''),
    (lambda: L.OneCycleLR(O, 0.1, 5, pct_start=1.5), ValueError, r"pct_start must lie in \[0, 1\]; got 1.5"),
    (lambda: L.OneCycleLR(O, 0.1, 5, div_factor=0), ValueError, "div_factor must be positive; got 0"),
    (lambda: L.OneCycleLR(O, 0.1, 5, three_phase=1), TypeError, "three_phase must be True or False; got int 1"),
    (lambda: L.OneCycleLR(optimizer("Adagrad"), 0.1, 5), ValueError, "with momentum or betas; got Adagrad"),
    (lambda: L.ReduceLROnPlateau(O, mode="least"), ValueError, "mode is one of \"min\", \"max\"; got 'least'"),
    (lambda: L.ReduceLROnPlateau(O, threshold_mode="x"), ValueError, "threshold_mode is one of"),
    (lambda: L.ReduceLROnPlateau(O, factor=1.0), ValueError, "ReduceLROnPlateau: factor must be below 1; got 1.0"),
    (lambda: L.ReduceLROnPlateau(O, patience=-1), ValueError, "patience must be at least 0; got -1"),
    (lambda: L.ReduceLROnPlateau(O).step("loss"), TypeError, "step takes the metric it watches; got str 'loss'"),
    (lambda: L.ReduceLROnPlateau(O).step(None), TypeError, "step takes the metric it watches; got NoneType None"),
    (lambda: L.ChainedScheduler([]), ValueError, r"ChainedScheduler: needs a list of schedules; got \[\]"),
    (lambda: L.ChainedScheduler([0.1]), TypeError, "ChainedScheduler: takes an optimizer first"),
    (lambda: L.ChainedScheduler([L.StepLR(O, 3), L.StepLR(OTHER, 3)]), ValueError, "got another at position 1"),
    (lambda: L.ChainedScheduler([L.ReduceLROnPlateau(O)]), TypeError, "got ReduceLROnPlateau at position 0"),
    (lambda: L.SequentialLR(O, [L.StepLR(O, 3)], [5]), ValueError, "got 1 for 1"),
    (lambda: L.SequentialLR(O, [L.StepLR(O, 3)] * 3, [5, 4]), ValueError, r"milestones must rise; got \[5, 4\]"),
    (lambda: L.LRScheduler(O), TypeError, "LRScheduler: defines no schedule"),
    (with_one_more_group, ValueError, "was made for 2 parameter groups; got an optimizer with 3"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "message"), REFUSALS, ids=[message[:40] for _, _, message in REFUSALS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
