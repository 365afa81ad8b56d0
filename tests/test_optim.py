"""The optimisers: PyTorch's trajectories, the formulas, groups and options, states, refusals."""

import copy
import itertools
import json
import pickle

import numpy as np
import pytest

import autodiff as ad
import nn
from nn.optim import lr_scheduler

# One row per optimiser: options that PyTorch has as well.
OPTIONS = {
    "SGD": [
        {},
        {"lr": 0.05, "weight_decay": 0.01},
        {"lr": 0.02, "momentum": 0.9},
        {"lr": 0.02, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01},
        {"lr": 0.02, "momentum": 0.8, "nesterov": True, "weight_decay": 0.01},
        {"lr": 1e-3, "momentum": 0.5, "maximize": True, "weight_decay": 0.02},
        {"lr": 1e-3, "maximize": True},
    ],
    "Adagrad": [
        {},
        {"lr": 0.1, "lr_decay": 0.01, "initial_accumulator_value": 0.5, "eps": 1e-6, "weight_decay": 0.01},
        {"maximize": True, "weight_decay": 0.1},
    ],
    "Adadelta": [
        {},
        {"lr": 0.5, "rho": 0.95, "eps": 1e-5, "weight_decay": 0.01},
        {"maximize": True},
    ],
    "RMSprop": [
        {},
        {"lr": 0.005, "alpha": 0.9, "eps": 1e-6, "weight_decay": 0.01},
        {"lr": 0.002, "momentum": 0.9},
        {"lr": 0.002, "centered": True},
        {"lr": 0.002, "centered": True, "momentum": 0.5, "weight_decay": 0.01},
        {"lr": 0.001, "maximize": True},
    ],
    "Adam": [
        {},
        {"lr": 0.02, "betas": (0.8, 0.99), "eps": 1e-6, "weight_decay": 0.01},
        {"lr": 0.02, "amsgrad": True},
        {"lr": 0.02, "amsgrad": True, "weight_decay": 0.1, "decoupled_weight_decay": True},
        {"maximize": True, "weight_decay": 0.01},
    ],
    "AdamW": [
        {},
        {"lr": 0.02, "weight_decay": 0.3},
        {"lr": 0.02, "amsgrad": True},
        {"maximize": True},
    ],
    "NAdam": [
        {},
        {"lr": 0.02, "betas": (0.8, 0.99), "momentum_decay": 0.1, "weight_decay": 0.01},
        {"lr": 0.02, "weight_decay": 0.1, "decoupled_weight_decay": True},
        {"maximize": True},
    ],
    "Adamax": [
        {},
        {"lr": 0.02, "betas": (0.8, 0.99), "eps": 1e-6, "weight_decay": 0.01},
        {"maximize": True},
    ],
}
TABLE = [(name, options) for name, rows in OPTIONS.items() for options in rows]
IDS = [f"{name}-{'-'.join(options) or 'defaults'}" for name, options in TABLE]
OURS_ALONE = [("AdagradMomentum", {"lr": 0.05}), ("AMSGrad", {"lr": 0.02})]
EVERY = [*TABLE, *OURS_ALONE]
EVERY_IDS = [*IDS, "AdagradMomentum", "AMSGrad"]


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # NAdam's product of momenta would be a float32
    yield torch
    torch.set_default_dtype(before)


SHAPES = [(3, 4), (4,), (4, 2), ()]
X = np.random.default_rng(0).normal(size=(10, 3))
Y = np.random.default_rng(1).normal(size=(10, 2))


def parameters(dtype=np.float64):
    rng = np.random.default_rng(2)
    return [nn.Parameter(rng.normal(size=shape).astype(dtype)) for shape in SHAPES]


def loss_of(params, data):
    """A small network by hand: the same text for both libraries."""
    W, b, V, c = params
    x, y = data
    hidden = x @ W + b
    hidden = hidden / (1.0 + hidden * hidden)
    return ((hidden @ V + c - y) ** 2).mean()


def run(params, optimizer, steps, *, skip=False, each=lambda _t: None):
    """Train for some steps, yielding the parameters after each; with `skip`, now and then without some of them."""
    data = (X, Y) if isinstance(params[0], nn.Parameter) else tuple(map(type(params[0].data), (X, Y)))
    for t in range(steps):
        optimizer.zero_grad()
        used = [p.detach() if skip and k in (t % 4, t // 2 % 4) else p for k, p in enumerate(params)]
        loss_of(used, data).backward()
        optimizer.step()
        each(t)
        yield [np.array(p.detach().numpy()) for p in params]


def peers(torch, params):
    return [torch.nn.Parameter(torch.tensor(np.array(p.data))) for p in params]


def assert_same(ours, theirs):
    count = 0
    for a, b in itertools.zip_longest(ours, theirs):
        for x, y in zip(a, b, strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-10, atol=1e-12)
        count += 1
    assert count == 100


def kind(library, name):
    return getattr(library, "Adam" if name == "AMSGrad" else name)


@pytest.mark.parametrize(("name", "options"), [*TABLE, ("AMSGrad", {"lr": 0.02})], ids=[*IDS, "AMSGrad"])
@pytest.mark.parametrize("skip", [False, True], ids=["all", "skipped gradients"])
def test_a_hundred_steps_equal_pytorchs(torch, name, options, skip):
    ours = parameters()
    theirs = peers(torch, ours)
    peer_options = {**options, "amsgrad": True} if name == "AMSGrad" else options
    peer = kind(torch.optim, name)(theirs, **peer_options)
    assert_same(
        run(ours, getattr(nn.optim, name)(ours, **options), 100, skip=skip),
        run(theirs, peer, 100, skip=skip),
    )


@pytest.mark.parametrize(("name", "options"), TABLE, ids=IDS)
def test_groups_with_schedules_equal_pytorchs(torch, name, options):
    ours = parameters()
    theirs = peers(torch, ours)
    found = []
    for library, params, schedules in (
        (nn.optim, ours, lr_scheduler),
        (torch.optim, theirs, torch.optim.lr_scheduler),
    ):
        groups = [{"params": params[:2], "lr": 0.003}, {"params": params[2:], "weight_decay": 0.05}]
        optimizer = getattr(library, name)(groups, **options)
        schedule = schedules.CosineAnnealingLR(optimizer, 30, eta_min=1e-4)

        def each(t, optimizer=optimizer, schedule=schedule):
            schedule.step()
            if t == 50 and optimizer.defaults.get("momentum"):
                optimizer.param_groups[1]["momentum"] = 0.6
            if t == 60 and "betas" in optimizer.defaults:
                optimizer.param_groups[0]["betas"] = (0.5, 0.9)

        found.append(run(params, optimizer, 100, each=each))
    assert_same(*found)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_one_cycle_of_rate_and_momentum_equals_pytorchs(torch, name):
    ours = parameters()
    theirs = peers(torch, ours)
    found = []
    for library, params, schedules in (
        (nn.optim, ours, lr_scheduler),
        (torch.optim, theirs, torch.optim.lr_scheduler),
    ):
        optimizer = getattr(library, name)(params)
        schedule = schedules.OneCycleLR(optimizer, 0.05, total_steps=101)
        found.append(run(params, optimizer, 100, each=lambda _t, schedule=schedule: schedule.step()))
    assert_same(*found)


def test_momentum_that_is_switched_on_later_begins_with_the_gradient(torch):
    ours = parameters()
    theirs = peers(torch, ours)
    found = []
    for library, params in ((nn.optim, ours), (torch.optim, theirs)):
        optimizer = library.SGD(params, lr=0.02, dampening=0.5)

        def each(t, optimizer=optimizer):
            optimizer.param_groups[0]["momentum"] = 0.9 if 10 <= t < 40 or t > 60 else 0.0

        found.append(run(params, optimizer, 100, each=each))
    assert_same(*found)


# --- formulas that PyTorch does not have ------------------------------------------------------------


def quadratic(optimizer, w, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        ((w - 1.0) ** 2).sum().backward()
        optimizer.step()
    return w.data


def test_adagrad_with_momentum_is_the_lectures():
    eta, mu, delta = 0.3, 0.8, 1e-6
    theta, total, change = np.array([3.0, -2.0, 0.5]), 0.0, 0.0
    w = nn.Parameter(theta)
    for _ in range(50):
        gradient = 2 * (theta - 1.0)
        total = total + gradient**2
        change = change * mu + eta * gradient / (delta + np.sqrt(total))
        theta = theta - change
    found = quadratic(nn.optim.AdagradMomentum([w], lr=eta, momentum=mu, eps=delta), w, 50)
    np.testing.assert_allclose(found, theta, rtol=1e-12)
    w, v = nn.Parameter([3.0, 0.1]), nn.Parameter([3.0, 0.1])
    without = quadratic(nn.optim.AdagradMomentum([w], lr=0.1, momentum=0.0), w, 20)
    np.testing.assert_allclose(without, quadratic(nn.optim.Adagrad([v], lr=0.1), v, 20), rtol=1e-14)


def test_the_lectures_momentum_is_sgd_with_momentum():
    eta, mu = 0.05, 0.9
    theta, change = np.array([3.0, -2.0]), 0.0
    w = nn.Parameter(theta)
    for _ in range(50):
        change = mu * change + eta * 2 * (theta - 1.0)
        theta = theta - change
    np.testing.assert_allclose(quadratic(nn.optim.SGD([w], lr=eta, momentum=mu), w, 50), theta, rtol=1e-12)


def test_the_lectures_rmsprop_and_adam():
    eta, rho, rho2, delta = 0.05, 0.9, 0.999, 1e-8
    theta, second = np.array([3.0, -2.0]), 0.0
    w = nn.Parameter(theta)
    for _ in range(50):
        gradient = 2 * (theta - 1.0)
        second = rho * second + (1 - rho) * gradient**2
        theta = theta - eta * gradient / (np.sqrt(second) + delta)
    found = quadratic(nn.optim.RMSprop([w], lr=eta, alpha=rho, eps=delta), w, 50)
    np.testing.assert_allclose(found, theta, rtol=1e-12)

    theta, moment, second = np.array([3.0, -2.0]), 0.0, 0.0
    w = nn.Parameter(theta)
    for t in range(1, 51):
        gradient = 2 * (theta - 1.0)
        moment = rho * moment + (1 - rho) * gradient
        second = rho2 * second + (1 - rho2) * gradient**2
        theta = theta - eta * (moment / (1 - rho**t)) / (np.sqrt(second / (1 - rho2**t)) + delta)
    found = quadratic(nn.optim.Adam([w], lr=eta, betas=(rho, rho2), eps=delta), w, 50)
    np.testing.assert_allclose(found, theta, rtol=1e-12)


def test_the_variance_of_a_constant_gradient_is_never_negative():
    w = nn.Parameter(np.linspace(0.1, 3.0, 1000))
    optimizer = nn.optim.RMSprop([w], lr=1e-9, alpha=0.5, centered=True)
    gradient = np.linspace(0.1, 3.0, 1000)
    for _ in range(200):
        w.grad = gradient
        optimizer.step()
    assert np.isfinite(w.data).all()
    v, mean_g = (optimizer.state_dict()["state"][0][name] for name in ("square_avg", "grad_avg"))
    assert (v - mean_g * mean_g < 0).any()  # rounding did what the optimiser must bear


# --- dtypes, frozen parameters, closures, copies ------------------------------------------------------


@pytest.mark.parametrize(("name", "options"), EVERY, ids=EVERY_IDS)
def test_float32_stays_float32_and_follows_float64(name, options):
    wide, narrow = parameters(), parameters(np.float32)
    data = X.astype(np.float32), Y.astype(np.float32)
    big, small = (getattr(nn.optim, name)(p, **options) for p in (wide, narrow))
    for _ in range(20):
        for params, optimizer, (x, y) in ((wide, big, (X, Y)), (narrow, small, data)):
            optimizer.zero_grad()
            loss_of(params, (x, y)).backward()
            optimizer.step()
    for p, q in zip(narrow, wide, strict=True):
        assert p.data.dtype == p.grad.dtype == np.float32
        np.testing.assert_allclose(p.data, q.data, rtol=2e-3, atol=2e-4)
    saved = small.state_dict()["state"]
    arrays = [a for state in saved for a in state.values() if isinstance(a, np.ndarray)]
    assert all(a.dtype == np.float32 for a in arrays)
    assert arrays or name == "SGD"


@pytest.mark.parametrize("lr", [np.float64(0.1), np.float32(0.1), np.int64(1), 1])
def test_numpy_numbers_are_plain_options(lr):
    w = nn.Parameter(np.float32([1.0]))
    optimizer = nn.optim.SGD([w], lr=lr)
    w.grad = np.float32([1.0])
    optimizer.step()
    assert type(optimizer.param_groups[0]["lr"]) is float
    assert w.data.dtype == np.float32
    np.testing.assert_allclose(w.data, 1.0 - float(lr), rtol=1e-7)


@pytest.mark.parametrize(("name", "options"), EVERY, ids=EVERY_IDS)
def test_frozen_parameters_are_skipped_and_may_be_thawed(name, options):
    frozen, ours = nn.Parameter([5.0, 6.0], requires_grad=False), nn.Parameter([1.0, 2.0])
    twin = nn.Parameter([1.0, 2.0])
    optimizer = getattr(nn.optim, name)([frozen, ours], **options)
    alone = getattr(nn.optim, name)([twin], **options)

    def step(*pairs):
        for opt, params in pairs:
            opt.zero_grad()
            sum((p**3).sum() for p in params).backward()
            opt.step()

    for _ in range(5):
        step((optimizer, [frozen, ours]), (alone, [twin]))
    assert frozen.data.tolist() == [5.0, 6.0]
    np.testing.assert_array_equal(ours.data, twin.data)
    frozen.requires_grad = True
    late = nn.Parameter([5.0, 6.0])
    late_optimizer = getattr(nn.optim, name)([late], **options)
    for _ in range(5):
        step((optimizer, [frozen, ours]), (alone, [twin]), (late_optimizer, [late]))
    np.testing.assert_array_equal(ours.data, twin.data)
    np.testing.assert_array_equal(frozen.data, late.data)
    assert frozen.data.tolist() != [5.0, 6.0]


def test_an_optimiser_of_frozen_parameters_alone_does_nothing():
    w = nn.Parameter([1.0], requires_grad=False)
    optimizer = nn.optim.Adam([w])
    optimizer.step()
    optimizer.zero_grad()
    assert w.data.tolist() == [1.0]


def test_neighbours_with_gradients_are_updated_in_one_piece():
    params = [nn.Parameter(np.ones(3)) for _ in range(6)]
    optimizer = nn.optim.Adam(params)
    calls = []
    original = optimizer.update
    optimizer.update = lambda segment, options: (calls.append(segment.theta.size), original(segment, options))
    for used in (range(6), range(2, 6), [0, 1, 4], range(6), range(6)):
        optimizer.zero_grad()
        sum((params[k] ** 2).sum() for k in used).backward()
        optimizer.step()
        calls.append("|")
    assert calls == [18, "|", 12, "|", 6, 3, "|", 12, 3, 3, "|", 12, 3, 3, "|"]  # four of them had two updates each


def test_closures_are_called_and_their_loss_returned():
    w = nn.Parameter([3.0])
    optimizer = nn.optim.SGD([w], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 9.0
    assert optimizer.step(closure).item() == 2.25
    assert optimizer.step() is None


def test_zero_grad_can_set_to_zeros():
    w, u = nn.Parameter([3.0]), nn.Parameter([1.0])
    optimizer = nn.optim.SGD([w, u], lr=0.25)
    (w * w).sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert w.grad.tolist() == [0.0]
    assert u.grad is None


def test_groups_may_be_added():
    w, u = nn.Parameter([1.0]), nn.Parameter([1.0])
    optimizer = nn.optim.SGD([w], lr=0.5)
    optimizer.add_param_group({"params": [u], "lr": 0.25})
    (w + u).sum().backward()
    optimizer.step()
    assert (w.item(), u.item()) == (0.5, 0.75)
    assert [g["lr"] for g in optimizer.param_groups] == [0.5, 0.25]
    with pytest.raises(ValueError, match="listed more than once"):
        optimizer.add_param_group({"params": [w]})
    assert len(optimizer.param_groups) == 2


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
@pytest.mark.parametrize(("name", "options"), EVERY, ids=EVERY_IDS)
def test_a_model_and_its_optimiser_are_copied_together(name, options, copied):
    params = parameters()
    optimizer = getattr(nn.optim, name)(params, **options)
    *_, _ = run(params, optimizer, 5)
    twins, twin = copied((params, optimizer))
    assert all(a is b for a, b in zip(twin.parameters(), twins, strict=True))
    before = [np.array(p.data) for p in params]
    others = list(run(twins, twin, 5))
    for p, value in zip(params, before, strict=True):
        np.testing.assert_array_equal(p.data, value)
    for mine, other in zip(run(params, optimizer, 5), others, strict=True):
        for a, b in zip(mine, other, strict=True):
            np.testing.assert_array_equal(a, b)


# --- states -------------------------------------------------------------------------------------------


def as_saved(state):
    """Send everything but arrays through JSON."""
    text = json.dumps(state, default=lambda a: {"array": a.tolist(), "dtype": str(a.dtype)})
    return json.loads(text, object_hook=lambda d: np.array(d["array"], d["dtype"]) if "array" in d else d)


@pytest.mark.parametrize(("name", "options"), EVERY, ids=EVERY_IDS)
@pytest.mark.parametrize("skip", [False, True], ids=["all", "skipped gradients"])
def test_a_state_moves_to_another_optimiser_bit_for_bit(name, options, skip):
    params = parameters()
    optimizer = getattr(nn.optim, name)(params, **options)
    *_, values = run(params, optimizer, 13, skip=skip)
    twins = parameters()
    twin = getattr(nn.optim, name)(twins, lr=123.0)  # options come with the state
    for p, value in zip(twins, values, strict=True):
        p.data[...] = value
    twin.load_state_dict(as_saved(optimizer.state_dict()))
    assert repr(twin) == repr(optimizer)
    for mine, others in zip(run(params, optimizer, 13, skip=skip), run(twins, twin, 13, skip=skip), strict=True):
        for a, b in zip(mine, others, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_step_without_gradients_does_nothing_also_after_a_state_was_loaded():
    params = parameters()
    optimizer = nn.optim.Adam(params)
    *_, values = run(params, optimizer, 3)
    optimizer.zero_grad()
    optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())
    optimizer.step()
    for p, value in zip(params, values, strict=True):
        np.testing.assert_array_equal(p.data, value)
    assert [state["step"] for state in optimizer.state_dict()["state"]] == [3] * 4


def test_the_state_of_what_is_switched_off_is_kept_if_it_was_in_use():
    params = parameters()
    optimizer = nn.optim.Adam(params)
    *_, _ = run(params, optimizer, 3)
    assert set(optimizer.state_dict()["state"][0]) == {"step", "exp_avg", "exp_avg_sq"}
    optimizer.param_groups[0]["amsgrad"] = True
    *_, _ = run(params, optimizer, 3)
    optimizer.param_groups[0]["amsgrad"] = False
    state = optimizer.state_dict()["state"][0]
    assert set(state) == {"step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"}
    assert state["step"] == 6
    assert state["exp_avg"].shape == (3, 4)


def test_a_state_is_a_copy():
    params = parameters()
    optimizer = nn.optim.Adam(params)
    *_, _ = run(params, optimizer, 3)
    state = optimizer.state_dict()
    before = state["state"][0]["exp_avg"].copy()
    *_, _ = run(params, optimizer, 3)
    np.testing.assert_array_equal(state["state"][0]["exp_avg"], before)


def test_load_state_dict_names_every_mismatch_and_changes_nothing():
    params = parameters()
    optimizer = nn.optim.Adam(params)
    *_, _ = run(params, optimizer, 3)
    good = optimizer.state_dict()
    bad = copy.deepcopy(good)
    bad["param_groups"][0]["lr"] = -1.0
    bad["param_groups"][0]["rate"] = 1.0
    del bad["param_groups"][0]["eps"]
    bad["state"][0]["exp_avg"] = np.zeros((4, 3))
    bad["state"][1]["other"] = 1
    bad["state"][2]["exp_avg_sq"] = bad["state"][2]["exp_avg_sq"] + 1j
    bad["state"][3]["step"] = "three"
    del bad["state"][3]["exp_avg"]
    message = (
        r"Adam.load_state_dict: .*group 0: option 'eps' is missing; group 0: lr must not be negative; got -1.0. "
        r"Pass a number ≥ 0; group 0: option 'rate' is unknown; "
        r"parameter 0: `exp_avg` has shape \(4, 3\) for \(3, 4\); parameter 1: `other` is unknown; "
        r"parameter 2: `exp_avg_sq` has dtype complex128 for float64; "
        r"parameter 3: `exp_avg` is missing; parameter 3: `step` is 'three'"
    )
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(bad)
    after = optimizer.state_dict()
    assert after["param_groups"] == good["param_groups"]
    for a, b in zip(after["state"], good["state"], strict=True):
        np.testing.assert_array_equal(a["exp_avg"], b["exp_avg"])


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (lambda _: nn.optim.SGD(parameters()).state_dict(), ValueError, "it is of SGD"),
        (lambda s: [s], TypeError, "takes a mapping with optimizer, param_groups and state; got list"),
        (lambda s: {"state": s["state"]}, TypeError, "got the keys 'state'"),
        (lambda s: {**s, "param_groups": []}, ValueError, "it has 0 parameter groups for 1"),
        (lambda s: {**s, "state": s["state"][:2]}, ValueError, "it remembers 2 parameters of 4"),
        (lambda _: nn.optim.Adam(parameters()[:3]).state_dict(), ValueError, "group 0 has 3 parameters for 4"),
    ],
)
def test_states_of_something_else_are_refused(change, kind, message):
    optimizer = nn.optim.Adam(parameters())
    with pytest.raises(kind, match=f"Adam.load_state_dict: .*{message}"):
        optimizer.load_state_dict(change(optimizer.state_dict()))


def test_options_that_do_not_go_together_are_a_mismatch_too():
    optimizer = nn.optim.SGD(parameters(), lr=0.1)
    state = optimizer.state_dict()
    state["param_groups"][0]["nesterov"] = True
    with pytest.raises(ValueError, match=r"SGD.load_state_dict: .*nesterov looks ahead"):
        optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["nesterov"] is False


# --- refusals -----------------------------------------------------------------------------------------

W = nn.Parameter([1.0])


def assigned(optimizer, **options):
    optimizer.param_groups[0].update(options)


def set_item(optimizer, name, value):
    optimizer.param_groups[0][name] = value


O = nn.optim  # noqa: E741
REFUSALS = [
    (lambda: O.SGD([W], lr="0.1"), TypeError, "SGD: lr must be a number; got str '0.1'. Pass a float"),
    (lambda: O.SGD([W], lr=True), TypeError, "SGD: lr must be a number; got bool True"),
    (lambda: O.SGD([W], lr=np.True_), TypeError, "SGD: lr must be a number; got bool"),
    (lambda: O.SGD([W], lr=None), TypeError, "SGD: lr must be a number; got NoneType None"),
    (lambda: O.SGD([W], lr=0.1j), TypeError, "SGD: lr must be a number; got complex"),
    (lambda: O.SGD([W], lr=float("inf")), ValueError, "SGD: lr must be finite; got inf"),
    (lambda: O.Adam([W], lr=float("nan")), ValueError, "Adam: lr must be finite; got nan"),
    (lambda: O.SGD([W], momentum=-0.1), ValueError, "SGD: momentum must not be negative; got -0.1"),
    (lambda: O.SGD([W], dampening="x"), TypeError, "SGD: dampening must be a number"),
    (lambda: O.SGD([W], nesterov=1), TypeError, "SGD: nesterov must be True or False; got int 1"),
    (lambda: O.SGD([W], momentum=0.9, dampening=0.1, nesterov=True), ValueError, "no dampening; got dampening=0.1"),
    (lambda: O.Adagrad([W], lr_decay=-1), ValueError, "Adagrad: lr_decay must not be negative; got -1"),
    (lambda: O.Adagrad([W], initial_accumulator_value=-1), ValueError, "initial_accumulator_value must not be neg"),
    (lambda: O.AdagradMomentum([W], momentum="0"), TypeError, "AdagradMomentum: momentum must be a number"),
    (lambda: O.Adadelta([W], rho=1.5), ValueError, r"Adadelta: rho must lie in \[0, 1\]; got 1.5"),
    (lambda: O.RMSprop([W], alpha=-0.5), ValueError, r"RMSprop: alpha must lie in \[0, 1\]; got -0.5"),
    (lambda: O.RMSprop([W], centered="yes"), TypeError, "RMSprop: centered must be True or False; got str 'yes'"),
    (lambda: O.Adam([W], betas=0.9), TypeError, "Adam: betas must be a pair of numbers; got 0.9"),
    (lambda: O.Adam([W], betas=(0.9, "a")), TypeError, "Adam: betas must be a number; got str 'a'"),
    (lambda: O.Adam([W], eps=-1e-8), ValueError, "Adam: eps must not be negative"),
    (lambda: O.AdamW([W], weight_decay=-1), ValueError, "AdamW: weight_decay must not be negative; got -1"),
    (lambda: O.NAdam([W], momentum_decay=-1), ValueError, "NAdam: momentum_decay must not be negative"),
    (lambda: O.Adamax([W], betas=(-0.1, 0.9)), ValueError, "Adamax: both betas must lie in"),
    (lambda: O.Adam({"params": [W]}), TypeError, "params must be a sequence of parameters; got a dict"),
    (lambda: O.Adam([{"lr": 0.1}]), TypeError, "a group of parameters is a dict with 'params'"),
    (lambda: O.Adam([{"params": [W]}, W]), TypeError, "a group of parameters is a dict with 'params'"),
    (lambda: O.Adam([{"params": []}]), ValueError, "got a group without parameters"),
    (lambda: O.Adam([W, None]), TypeError, "got a NoneType"),
    (lambda: O.Adam([ad.tensor([1, 2])]), TypeError, "only inputs that require a gradient can be learned"),
    (lambda: set_item(O.SGD([W]), "lr", "0.1"), TypeError, "SGD: lr must be a number; got str"),
    (lambda: set_item(O.SGD([W]), "rate", 0.1), ValueError, "SGD: unknown option; got 'rate' .* Use: lr, momentum"),
    (lambda: set_item(O.SGD([W]), "params", [W]), ValueError, "the parameters of a group stay"),
    (lambda: set_item(O.SGD([W]), "nesterov", True), ValueError, "got momentum=0"),
    (lambda: set_item(O.Adam([W]), "betas", (0.9, 1.0)), ValueError, r"both betas must lie in \[0, 1\)"),
    (lambda: assigned(O.Adam([W]), lr=0.1, eps=-1), ValueError, "Adam: eps must not be negative"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "message"), REFUSALS, ids=[message[:40] for _, _, message in REFUSALS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_a_refused_assignment_changes_nothing():
    optimizer = nn.optim.Adam([W])
    before = dict(optimizer.param_groups[0])
    with pytest.raises(ValueError, match="eps"):
        optimizer.param_groups[0].update(lr=0.5, eps=-1.0)
    with pytest.raises(ValueError, match="lr"):
        optimizer.param_groups[0] |= {"lr": -1.0}
    assert dict(optimizer.param_groups[0]) == before
    assert optimizer.param_groups[0].setdefault("lr", 7.0) == 1e-3
