"""The network library: modules, layers, losses, and the optimisers on flat buffers."""

import copy
import gc
import itertools
import pickle
import tracemalloc

import numpy as np
import pytest

import autodiff as ad
import nn


def network(*dims, rng=0, dtype=np.float64):
    rng = np.random.default_rng(rng)
    layers = []
    for n_in, n_out in itertools.pairwise(dims):
        layers += [nn.Linear(n_in, n_out, rng=rng, dtype=dtype), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def problem(dims, n_samples=12, dtype=np.float64):
    rng = np.random.default_rng(1)
    return rng.normal(size=(n_samples, dims[0])).astype(dtype), rng.normal(size=(n_samples, dims[-1])).astype(dtype)


def train(model, optimizer, X, y, steps):
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(X), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# --- modules ---------------------------------------------------------------------------------


class Branched(nn.Module):
    def __init__(self):
        self.first = nn.Linear(2, 3, rng=0)
        self.heads = [nn.Linear(3, 1, rng=1), nn.Linear(3, 1, rng=2)]
        self.scales = {"a": nn.Parameter(1.0), "b": nn.Parameter([2.0])}
        self.tied = self.first
        self.note = "no parameter"

    def forward(self, x):
        hidden = np.tanh(self.first(x))
        return self.heads[0](hidden) * self.scales["a"] + self.heads[1](hidden) * self.scales["b"]


def test_parameters_are_the_attributes_and_each_comes_once():
    names = [name for name, _ in Branched().named_parameters()]
    assert names == [
        "scales.a",
        "scales.b",
        "first.weight",
        "first.bias",
        "heads.0.weight",
        "heads.0.bias",
        "heads.1.weight",
        "heads.1.bias",
    ]
    assert sum(1 for _ in Branched().modules()) == 4


def test_sequential_names_its_layers_as_pytorch_does():
    model = network(2, 16, 1)
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert len(model) == 3
    assert model[1] is list(model)[1]
    assert isinstance(model[:2], nn.Sequential)


def test_every_parameter_of_a_branched_model_gets_the_gradient_of_the_transform():
    model = Branched()
    X, y = problem((2, 1))
    nn.functional.mse_loss(model(X), y).backward()
    parameters = list(model.parameters())

    def cost(values):
        a, b, W, c, W0, b0, W1, b1 = values
        hidden = np.tanh(X @ W + c)
        return np.mean(((hidden @ W0 + b0) * a + (hidden @ W1 + b1) * b - y) ** 2)

    expected = ad.grad(cost)([np.array(p.data) for p in parameters])
    for parameter, gradient in zip(parameters, expected, strict=True):
        np.testing.assert_allclose(parameter.grad, gradient, rtol=1e-13, atol=1e-15)


def test_train_and_eval_reach_every_module():
    model = nn.Sequential(Branched(), nn.Tanh())
    assert all(module.training for module in model.modules())
    assert model.eval() is model
    assert not any(module.training for module in model.modules())
    model.train()
    assert all(module.training for module in model.modules())


def test_state_dict_is_a_copy_and_loads_back():
    model, other = network(2, 5, 1, rng=0), network(2, 5, 1, rng=1)
    saved = model.state_dict()
    X, y = problem((2, 1))
    train(model, nn.optim.SGD(model.parameters(), lr=0.1), X, y, 3)
    assert not np.array_equal(model.state_dict()["0.weight"], saved["0.weight"])
    other.load_state_dict(saved)
    for name, value in other.state_dict().items():
        assert np.array_equal(value, saved[name])


def test_load_state_dict_names_every_mismatch_and_changes_nothing():
    model = network(2, 5, 1)
    before = model.state_dict()
    wrong = {"0.weight": np.zeros((2, 5)), "0.bias": np.zeros(4), "2.weight": np.zeros((5, 1)), "3.bias": np.zeros(1)}
    message = r"`2.bias` is missing; `3.bias` is unknown; `0.bias` has shape \(4,\) for \(5,\)"
    with pytest.raises(ValueError, match=message):
        model.load_state_dict(wrong)
    with pytest.raises(ValueError, match=r"`0\.bias` has shape"):
        model.load_state_dict(wrong, strict=False)
    for name, value in model.state_dict().items():
        assert np.array_equal(value, before[name])
    model.load_state_dict({"0.weight": np.ones((2, 5))}, strict=False)
    assert model.state_dict()["0.weight"].sum() == 10.0


def test_repr_is_a_tree_with_counts():
    assert repr(nn.Sequential(nn.Linear(2, 3, bias=False), nn.Sequential(nn.ReLU(), nn.Identity()))) == (
        "Sequential(\n"
        "  (0): Linear(2, 3, bias=False)  # 6 parameters\n"
        "  (1): Sequential(\n"
        "    (0): ReLU()\n"
        "    (1): Identity()\n"
        "  )\n"
        ")  # 6 parameters"
    )
    assert repr(nn.MSELoss("sum")) == "MSELoss(reduction='sum')"


def test_a_copy_of_a_model_is_independent():
    model = network(2, 4, 1)
    X, y = problem((2, 1))
    optimizer = nn.optim.Adam(model.parameters())
    train(model, optimizer, X, y, 2)
    for copied in (copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))):
        twin = copied(model)
        before = twin.state_dict()
        assert np.array_equal(before["0.weight"], model.state_dict()["0.weight"])
        train(model, optimizer, X, y, 1)
        assert np.array_equal(twin.state_dict()["0.weight"], before["0.weight"])
        assert next(twin.parameters()).requires_grad
        train(twin, nn.optim.Adam(twin.parameters()), X, y, 1)
        assert not np.array_equal(twin.state_dict()["0.weight"], before["0.weight"])


def test_a_parameter_changes_in_place_only_unrecorded():
    w = nn.Parameter([1.0, 2.0])
    with pytest.raises(ValueError, match=r"depend on its own past.*shape \(2,\).*ad.no_grad"):
        w += 1.0
    with pytest.raises(ValueError, match="depend on its own past"):
        w[0] = 1.0
    memory = w.data
    with ad.no_grad():
        w -= 0.5
    assert w.data is memory
    assert w.data.tolist() == [0.5, 1.5]
    assert w.requires_grad


# --- layers and losses ------------------------------------------------------------------------


def test_linear_is_affine_with_pytorchs_bounds():
    layer = nn.Linear(400, 100, rng=3)
    x = np.random.default_rng(0).normal(size=(7, 2, 400))
    assert layer.weight.shape == (400, 100)
    assert np.array_equal(layer(x).numpy(), x @ layer.weight.data + layer.bias.data)
    for parameter in layer.parameters():
        assert np.abs(parameter.data).max() <= 1 / 20
        assert np.abs(parameter.data).max() > 0.9 / 20
    assert nn.Dense is nn.Linear
    assert np.array_equal(nn.Linear(3, 2, rng=5).weight.data, nn.Linear(3, 2, rng=np.random.default_rng(5)).weight.data)


@pytest.mark.parametrize("function", [nn.functional.tanh, nn.functional.relu, nn.functional.sigmoid])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_activations_against_plain_formulas_and_central_differences(function, dtype):
    formula = {"tanh": np.tanh, "relu": lambda x: np.maximum(x, 0), "sigmoid": lambda x: 1 / (1 + np.exp(-x))}
    x = np.array([-3.0, -0.5, 0.25, 2.0], dtype)
    value = function(x)
    assert value.dtype == dtype
    rtol = 4 * np.finfo(dtype).eps
    np.testing.assert_allclose(value, formula[function.__name__](x.astype(float)), rtol=rtol)
    derivative = ad.elementwise_grad(function)(x)
    assert derivative.dtype == dtype
    h = 1e-5
    wide = x.astype(float)
    difference = (formula[function.__name__](wide + h) - formula[function.__name__](wide - h)) / (2 * h)
    np.testing.assert_allclose(derivative, difference, rtol=1e-5 if dtype == np.float32 else 1e-8)


def test_activation_modules_apply_their_functions():
    x = np.linspace(-2, 2, 5)
    pairs = [(nn.Tanh, nn.functional.tanh), (nn.ReLU, nn.functional.relu), (nn.Sigmoid, nn.functional.sigmoid)]
    for module, function in pairs:
        assert np.array_equal(module()(x), function(x))
    assert nn.Identity()(x) is x


def test_relu_at_special_values():
    x = np.array([-np.inf, -1.0, -0.0, 0.0, 1.0, np.inf, np.nan])
    assert np.array_equal(nn.functional.relu(x), np.maximum(x, 0), equal_nan=True)
    assert ad.elementwise_grad(nn.functional.relu)(x[:-1]).tolist() == [0, 0, 0, 0, 1, 1]


def test_sigmoid_keeps_its_digits_in_the_tails():
    x = np.array([-1000.0, -700.0, -40.0, 40.0, 1000.0])
    e = np.exp(-np.abs(x))
    np.testing.assert_allclose(nn.functional.sigmoid(x), np.where(x > 0, 1, e) / (1 + e), rtol=1e-15)
    np.testing.assert_allclose(ad.elementwise_grad(nn.functional.sigmoid)(x), e / (1 + e) ** 2, rtol=1e-15)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_mse_loss(reduction):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 6, 3))
    squares = (a - b) ** 2
    expected = {"mean": squares.mean(), "sum": squares.sum(), "none": squares}[reduction]
    np.testing.assert_allclose(nn.functional.mse_loss(a, b, reduction), expected, rtol=1e-15)
    np.testing.assert_allclose(nn.MSELoss(reduction)(a, b), expected, rtol=1e-15)
    scale = {"mean": 1 / a.size, "sum": 1.0, "none": 1.0}[reduction]
    gradient = ad.grad(lambda x: np.sum(nn.functional.mse_loss(x, b, reduction)))(a)
    np.testing.assert_allclose(gradient, 2 * (a - b) * scale, rtol=1e-14)


# --- optimisers -------------------------------------------------------------------------------


def reference_adam(theta, gradient, steps, alpha, beta1, beta2, eps):
    """Algorithm 1 of Kingma & Ba, written with whole arrays, one parameter vector."""
    m = v = np.zeros_like(theta)
    for t in range(1, steps + 1):
        g = gradient(theta)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        theta = theta - alpha * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return theta


def test_adam_is_algorithm_1():
    target = np.array([1.0, -2.0, 0.5])
    w = nn.Parameter([3.0, 0.0, 0.5])
    optimizer = nn.optim.Adam([w], lr=0.05, betas=(0.8, 0.95), eps=1e-6)
    start = w.numpy()
    for _ in range(60):
        optimizer.zero_grad()
        ((w - target) ** 2).sum().backward()
        optimizer.step()
    expected = reference_adam(start, lambda x: 2 * (x - target), 60, 0.05, 0.8, 0.95, 1e-6)
    np.testing.assert_allclose(w.data, expected, rtol=1e-12)


OPTIMISERS = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.05, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.02, "momentum": 0.9}),
    ("SGD", {"lr": 0.02, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("Adam", {}),
    ("Adam", {"lr": 0.02, "betas": (0.8, 0.99), "eps": 1e-6, "weight_decay": 0.01}),
]


@pytest.mark.parametrize(("name", "options"), OPTIMISERS)
def test_trajectories_equal_pytorchs(name, options):
    torch = pytest.importorskip("torch")
    dims = (3, 8, 8, 2)
    model = network(*dims)
    X, y = problem(dims)
    peer = torch.nn.Sequential(
        *[torch.nn.Tanh() if isinstance(m, nn.Tanh) else torch.nn.Linear(m.in_features, m.out_features) for m in model]
    ).double()
    for theirs, ours in zip(peer.parameters(), model.parameters(), strict=True):
        theirs.data = torch.tensor(ours.data.T.copy())
    theirs = getattr(torch.optim, name)(peer.parameters(), **options)
    ours = getattr(nn.optim, name)(model.parameters(), **options)
    inputs, targets = torch.tensor(X), torch.tensor(y)
    for _ in range(100):
        theirs.zero_grad()
        torch.nn.functional.mse_loss(peer(inputs), targets).backward()
        theirs.step()
        train(model, ours, X, y, 1)
        for b, a in zip(peer.parameters(), model.parameters(), strict=True):
            np.testing.assert_allclose(a.data, b.detach().numpy().T, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("name", "options"), OPTIMISERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_optimisers_lower_the_loss_in_the_dtype_of_the_parameters(name, options, dtype):
    model = network(2, 8, 1, dtype=dtype)
    X, y = problem((2, 1), dtype=dtype)
    losses = train(model, getattr(nn.optim, name)(model.parameters(), **options), X, y, 200)
    assert losses[-1] < 0.9 * losses[0]
    for parameter in model.parameters():
        assert parameter.data.dtype == parameter.grad.dtype == dtype


def test_parameters_and_gradients_are_views_of_one_array_each():
    model = network(2, 8, 1)
    X, y = problem((2, 1))
    train(model, nn.optim.Adam(model.parameters()), X, y, 2)
    parameters = list(model.parameters())
    for arrays in ([p.data for p in parameters], [p.grad for p in parameters]):
        base = arrays[0].base
        assert base.size == sum(a.size for a in arrays)
        assert all(a.base is base for a in arrays)


def test_mixed_dtypes_are_packed_apart():
    a, b, c = nn.Parameter([1.0, 2.0]), nn.Parameter(np.float32([3.0])), nn.Parameter(4.0)
    optimizer = nn.optim.SGD([a, b, c], lr=0.5)
    (a.sum() + b.sum() + c).backward()
    optimizer.step()
    assert [p.data.dtype for p in (a, b, c)] == [np.float64, np.float32, np.float64]
    assert [p.data.tolist() for p in (a, b, c)] == [[0.5, 1.5], [2.5], 3.5]


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_a_parameter_without_gradient_is_left_alone_and_counts_its_own_steps(name):
    torch = pytest.importorskip("torch")
    options = {"lr": 0.1, "weight_decay": 0.1}
    ours = [nn.Parameter([1.0, 2.0]), nn.Parameter([3.0])]
    theirs = [torch.tensor(p.numpy(), requires_grad=True) for p in ours]
    mine, peer = getattr(nn.optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)
    for step in range(12):
        for (a, b), optimizer in ((ours, mine), (theirs, peer)):
            optimizer.zero_grad()
            loss = (a * a).sum()
            if step % 3 == 1:
                loss = loss + (b**3).sum()
            loss.backward()
            optimizer.step()
        for p, q in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-12)


def test_replaced_data_and_gradients_are_what_the_step_uses():
    w, u = nn.Parameter([1.0, 2.0]), nn.Parameter([5.0])
    optimizer = nn.optim.SGD([w, u], lr=1.0)
    w.data = np.array([10.0, 20.0])
    w.grad = np.array([1.0, 2.0])
    u.grad = np.array([0.5])
    optimizer.step()
    assert w.data.tolist() == [9.0, 18.0]
    assert u.data.tolist() == [4.5]
    assert w.data.base is u.data.base
    optimizer.zero_grad()
    (w * w).sum().backward()
    assert w.grad.tolist() == [18.0, 36.0]


def test_replaced_data_of_another_shape_is_refused():
    w = nn.Parameter([1.0, 2.0])
    optimizer = nn.optim.SGD([w], lr=1.0)
    w.grad = np.array([1.0, 2.0])
    w.data = np.zeros(3)
    with pytest.raises(ValueError, match=r"parameter 0 had shape \(2,\).*got \(3,\)"):
        optimizer.step()


def test_two_optimisers_may_share_parameters():
    w = nn.Parameter([1.0, 2.0])
    first, second = nn.optim.SGD([w], lr=0.1), nn.optim.SGD([w], lr=0.2)
    for optimizer, expected in ((first, [0.8, 1.6]), (second, [0.48, 0.96]), (first, [0.384, 0.768])):
        optimizer.zero_grad()
        (w * w).sum().backward()
        optimizer.step()
        np.testing.assert_allclose(w.data, expected, rtol=1e-14)


def test_freezing_and_thawing_a_parameter():
    w, u = nn.Parameter([1.0]), nn.Parameter([1.0])
    optimizer = nn.optim.SGD([w, u], lr=0.1)
    for frozen, expected in ((False, 0.8), (True, 0.8), (False, 0.64)):
        w.requires_grad = not frozen
        optimizer.zero_grad()
        (w * w + u * u).sum().backward()
        optimizer.step()
        np.testing.assert_allclose(w.data, expected, rtol=1e-14)
    np.testing.assert_allclose(u.data, 0.512, rtol=1e-14)


def test_groups_have_their_own_options_which_may_change():
    w, u = nn.Parameter([1.0]), nn.Parameter([1.0])
    optimizer = nn.optim.SGD([{"params": [w], "lr": 0.5}, {"params": u}], lr=0.1)
    for expected in ((0.5, 0.9), (0.5, 0.8)):
        optimizer.zero_grad()
        (w + u).sum().backward()
        optimizer.step()
        optimizer.param_groups[0]["lr"] = 0.0
        np.testing.assert_allclose([w.item(), u.item()], expected, rtol=1e-14)
    assert repr(optimizer) == (
        "SGD(1 parameters, lr=0.0, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False; "
        "1 parameters, lr=0.1, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False)"
    )


def test_a_step_between_forward_and_backward_does_not_change_the_gradient():
    """The rules kept the parameters as they were: the optimiser writes to memory the graph does not read."""
    model = network(2, 4, 1)
    X, y = problem((2, 1))
    optimizer = nn.optim.SGD(model.parameters(), lr=0.5)
    nn.functional.mse_loss(model(X), y).backward()
    expected = [p.grad.copy() for p in model.parameters()]
    loss = nn.functional.mse_loss(model(X), y)
    optimizer.step()
    optimizer.zero_grad()
    loss.backward()
    for parameter, gradient in zip(model.parameters(), expected, strict=True):
        np.testing.assert_allclose(parameter.grad, gradient, rtol=1e-14, atol=1e-16)


def test_gradients_accumulate_until_they_are_forgotten():
    model = network(2, 4, 1)
    X, y = problem((2, 1))
    optimizer = nn.optim.SGD(model.parameters(), lr=0.0)
    for times in (1, 2):
        nn.functional.mse_loss(model(X), y).backward()
        if times == 1:
            once = [p.grad.copy() for p in model.parameters()]
    for parameter, gradient in zip(model.parameters(), once, strict=True):
        np.testing.assert_allclose(parameter.grad, 2 * gradient, rtol=1e-14)
    optimizer.zero_grad()
    assert all(p.grad is None for p in model.parameters())
    model.zero_grad()


def test_training_frees_its_memory_without_the_garbage_collector():
    model = network(2, 8, 1)
    X, y = problem((2, 1))
    optimizer = nn.optim.Adam(model.parameters())
    gc.collect()
    gc.disable()
    try:
        train(model, optimizer, X, y, 50)
        tracemalloc.start()
        train(model, optimizer, X, y, 50)
        before = tracemalloc.get_traced_memory()[0]
        train(model, optimizer, X, y, 500)
        growth = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        gc.enable()
    assert growth < 10_000  # byte, for 500 steps; a graph that stayed would hold as much at every step


# --- refusals ---------------------------------------------------------------------------------

W = nn.Parameter([1.0])
REFUSALS = [
    (lambda: nn.Linear(0, 2), ValueError, "Linear: in_features must be at least 1; got 0"),
    (lambda: nn.Linear(2, -1), ValueError, "Linear: out_features must be at least 1; got -1"),
    (lambda: nn.Linear(2.5, 1), TypeError, "Linear: in_features must be an integer; got float 2.5"),
    (lambda: nn.Linear(2, 3)([["a", "b"]]), TypeError, "Linear: the input must hold real numbers; got dtype <U1"),
    (lambda: nn.Linear(2, 3)(None), TypeError, "Linear: the input must hold real numbers; got dtype object"),
    (lambda: nn.Linear(2, 3).to(int), TypeError, "Module.to: dtype must be one of floats; got <class 'int'>"),
    (lambda: nn.Linear(2, 3).train("yes"), TypeError, "Module.train: mode must be True or False; got str 'yes'"),
    (lambda: nn.Linear(2, 3).requires_grad_(0), TypeError, "requires_grad must be True or False; got int 0"),
    (lambda: nn.Linear(2, 3).apply(3), TypeError, "Module.apply: takes a function of the module; got int 3"),
    (
        lambda: nn.ReLU().register_forward_hook(None),
        TypeError,
        "register_forward_hook: takes a function of .*; got NoneType None",
    ),
    (lambda: nn.ReLU().register_buffer(3, 1.0), TypeError, "ReLU.register_buffer: a name is a string; got int"),
    (lambda: nn.Linear(2, 3)(np.ones((4, 5))), ValueError, r"in_features=2 long; got shape \(4, 5\)"),
    (lambda: nn.Linear(2, 3)(ad.tensor(np.ones(3))), ValueError, r"in_features=2 long; got shape \(3,\)"),
    (lambda: nn.Sequential(nn.Tanh), TypeError, "layer 0 must be a module; got type"),
    (lambda: nn.Sequential(nn.Tanh(), np.tanh), TypeError, "layer 1 must be a module; got ufunc"),
    (lambda: nn.Module()(1.0), TypeError, "Module: has no forward function"),
    (lambda: nn.Parameter([1, 2]), TypeError, "integers have no derivative"),
    (lambda: nn.Parameter("abc"), TypeError, "must be numbers"),
    (lambda: setattr(nn.Linear(1, 1), "weight", np.ones((1, 1))), TypeError, "`weight` is a parameter.*got a ndarray"),
    (
        lambda: nn.functional.mse_loss(np.ones((5, 1)), np.ones(5)),
        ValueError,
        r"mse_loss: .*got \(5, 1\) and \(5,\). Write target.reshape\(\(5, 1\)\)",
    ),
    (
        lambda: nn.MSELoss()(np.ones((5, 1)), np.ones((4, 1))),
        ValueError,
        r"got \(5, 1\) and \(4, 1\).*different numbers",
    ),
    (lambda: nn.MSELoss("max")(np.ones(2), np.ones(2)), ValueError, "got 'max'"),
    (lambda: nn.optim.Adam([]), ValueError, "Adam: there is nothing to learn"),
    (lambda: nn.optim.Adam(W), TypeError, "params must be a sequence of parameters; got a Parameter"),
    (lambda: nn.optim.Adam(3), TypeError, "params must be a sequence of parameters; got a int"),
    (lambda: nn.optim.SGD([np.ones(2)]), TypeError, "only inputs that require a gradient.*got a ndarray"),
    (lambda: nn.optim.SGD([W * 2.0]), TypeError, "only inputs that require a gradient.*got a Tensor"),
    (lambda: nn.optim.SGD([W, W]), ValueError, "listed more than once"),
    (lambda: nn.optim.SGD([W], lr=-0.1), ValueError, "SGD: lr must not be negative; got -0.1"),
    (lambda: nn.optim.SGD([W], lr=float("nan")), ValueError, "SGD: lr must be finite; got nan"),
    (lambda: nn.optim.SGD([W], nesterov=True), ValueError, "momentum=0"),
    (lambda: nn.optim.SGD([{"params": [W], "rate": 1}]), ValueError, "unknown option; got 'rate'"),
    (lambda: nn.optim.Adam([W], betas=(0.9, 1.0)), ValueError, r"betas must lie in \[0, 1\)"),
    (lambda: nn.optim.Optimizer([W]).update(None, {}), TypeError, "defines no update"),
    (lambda: setattr(W * 2.0, "grad_buffer", np.zeros(1)), ValueError, "grad_buffer: only tensors made with"),
    (lambda: setattr(W, "grad_buffer", np.zeros(2)), ValueError, r"grad_buffer: must have the shape \(1,\)"),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSALS, ids=[message[:40] for _, _, message in REFUSALS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_load_state_dict_takes_parameters_and_refuses_other_kinds():
    first, second = nn.Linear(2, 1, rng=0), nn.Linear(2, 1, rng=1)
    first.load_state_dict(dict(second.named_parameters()))
    np.testing.assert_array_equal(first.weight.data, second.weight.data)
    state = second.state_dict()
    with pytest.raises(ValueError, match="`weight` has dtype complex128 for float64"):
        first.load_state_dict({**state, "weight": state["weight"] + 1j})
    with pytest.raises(TypeError, match="takes a mapping from names to arrays; got str"):
        first.load_state_dict("weights")


def test_zero_grad_gives_none_or_zeros():
    layer = nn.Linear(2, 1, rng=0)
    layer(np.ones((3, 2))).sum().backward()
    layer.zero_grad(set_to_none=False)
    np.testing.assert_array_equal(layer.weight.grad, np.zeros((2, 1)))
    layer.zero_grad()
    assert layer.weight.grad is None
