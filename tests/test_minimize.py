"""nn.minimize: SciPy's methods on real problems, with the engine's derivatives."""

import copy
import itertools
import sys

import numpy as np
import pytest

import autodiff as ad
import nn
from nn.optim.objective import Objective
from nn.optim.substitution import substituted

pytest.importorskip("scipy")

METHODS = ["BFGS", "L-BFGS-B", "CG", "Newton-CG", "trust-ncg", "lm"]
SMOOTH = METHODS[:-1]


def network(*dims, rng=0, dtype=np.float64):
    layers = []
    for n_in, n_out in itertools.pairwise(dims):
        layers += [nn.Linear(n_in, n_out, rng=rng, dtype=dtype), nn.Tanh()]
        rng += 1
    return nn.Sequential(*layers[:-1])


def regression(n=30, dtype=np.float64):
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(n, 2))
    return X.astype(dtype), (np.sin(2 * X[:, :1]) + X[:, 1:] ** 2 + 0.05 * rng.normal(size=(n, 1))).astype(dtype)


def gradient_norm(model, loss, X, y, **weights):
    model.zero_grad()
    loss(model(X), y, **weights).backward()
    norm = nn.clip_grad_norm_(model.parameters(), np.inf)
    model.zero_grad()
    return norm


class Decay(nn.Module):
    """y = a exp(−b t) + c, a nonlinear fit with three parameters."""

    def __init__(self, a=1.0, b=1.0, c=0.0):
        self.a, self.b, self.c = nn.Parameter(a), nn.Parameter(b), nn.Parameter(c)

    def forward(self, t):
        return self.a * np.exp(-self.b * t) + self.c


# --- convergence ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", SMOOTH)
def test_a_small_network_with_a_penalty_reaches_a_gradient_norm_of_1e_6(method):
    X, y = regression()
    model = network(2, 4, 1)

    def loss(prediction, target):
        return ((prediction - target) ** 2).mean() + 1e-3 * sum((p**2).sum() for p in model.parameters())

    before = loss(model(X), y).item()
    result = nn.minimize(model, loss, X, y, method, tol=1e-7, maxiter=2000, options=PRECISE.get(method))
    assert gradient_norm(model, loss, X, y) < 1e-6
    assert result.loss < 0.1 * before
    np.testing.assert_allclose(result.loss, loss(model(X), y).item(), rtol=1e-14)
    np.testing.assert_array_equal(nn.utils.parameters_to_vector(model.parameters()).numpy(), result.x)


PRECISE = {"L-BFGS-B": {"ftol": 1e-16}, "Newton-CG": {"xtol": 1e-10}}


def test_levenberg_marquardt_solves_a_nonlinear_fit_to_1e_10():
    t = np.linspace(0, 4, 25)
    model = Decay()
    result = nn.minimize(model, nn.MSELoss(), t, 2.5 * np.exp(-1.3 * t) + 0.5, "lm", tol=1e-15)
    assert result.success
    np.testing.assert_allclose([model.a.item(), model.b.item(), model.c.item()], [2.5, 1.3, 0.5], rtol=1e-10)
    assert result.loss < 1e-25


def logistic_problem():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(80, 3))
    y = (X @ [1.0, -2.0, 0.5] + 0.3 + rng.logistic(size=80) > 0).astype(float)[:, None]

    def loss(z, y, sample_weight=1.0):
        return (sample_weight * (np.logaddexp(0.0, z) - y * z)).mean()

    return X, y, loss


@pytest.mark.parametrize("method", SMOOTH)
def test_logistic_regression_has_one_minimum_that_all_methods_find(method):
    X, y, loss = logistic_problem()
    model = nn.Linear(3, 1, rng=1)
    result = nn.minimize(model, loss, X, y, method, tol=1e-9)
    assert gradient_norm(model, loss, X, y) < 1e-6
    # Newton's method by hand, to the last digits
    A = np.column_stack([X, np.ones(80)])
    w = np.zeros(4)
    for _ in range(30):
        p = 1 / (1 + np.exp(-A @ w))
        w += np.linalg.solve((A.T * (p * (1 - p))) @ A, A.T @ (y[:, 0] - p))
    np.testing.assert_allclose(result.x, w, rtol=1e-4)
    if method == "Newton-CG":
        np.testing.assert_allclose(result.x, w, rtol=1e-6)
        assert result.nhev > 0


@pytest.mark.parametrize("method", METHODS)
def test_every_method_solves_least_squares(method):
    rng = np.random.default_rng(4)
    X, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    model = nn.Linear(3, 2, rng=0)
    result = nn.minimize(model, nn.functional.mse_loss, X, y, method, tol=1e-10)
    A = np.column_stack([X, np.ones(40)])
    expected, *_ = np.linalg.lstsq(A, y, rcond=None)
    np.testing.assert_allclose(np.vstack([model.weight.data, model.bias.data]), expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(result.loss, np.mean((A @ expected - y) ** 2), rtol=1e-10)


def test_newton_on_three_classes():
    rng = np.random.default_rng(7)
    X = rng.normal(size=(90, 2))
    y = rng.integers(0, 3, 90)
    model = nn.Linear(2, 3, rng=0)
    nn.minimize(model, nn.CrossEntropyLoss(), X, y, "trust-ncg", tol=1e-9)
    scores = X @ model.weight.data + model.bias.data
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    residual = p - np.eye(3)[y]
    np.testing.assert_allclose(X.T @ residual / 90, 0.0, atol=1e-8)  # the normal equations of logistic regression
    np.testing.assert_allclose(residual.mean(axis=0), 0.0, atol=1e-8)


@pytest.mark.parametrize("method", ["BFGS", "Newton-CG", "lm"])
def test_convolutions_and_normalisations_have_the_derivatives_too(method):
    rng = np.random.default_rng(8)
    X = rng.normal(size=(30, 1, 5, 5))
    y = np.tanh(X.mean(axis=(1, 2, 3)))[:, None]
    model = nn.Sequential(nn.Conv2d(1, 2, 3, rng=0), nn.Tanh(), nn.AvgPool2d(3), nn.Flatten(), nn.Linear(2, 1, rng=1))
    loss = nn.MSELoss()
    before = loss(model(X), y).item()
    result = nn.minimize(model, loss, X, y, method, maxiter=30)
    assert result.loss == pytest.approx(loss(model(X), y).item(), rel=1e-12)
    assert result.loss < 0.1 * before


# --- derivatives --------------------------------------------------------------------------------


def test_the_derivatives_against_differences():
    X, y = regression()
    objective = Objective(network(2, 3, 1), nn.MSELoss(), X, y)
    x, v = np.random.default_rng(5).normal(size=(2, objective.start.size))
    h = 1e-5
    value, gradient = objective.value_and_grad(x)
    assert value == objective.value(x)
    difference = (objective.value(x + h * v) - objective.value(x - h * v)) / (2 * h)
    np.testing.assert_allclose(gradient @ v, difference, rtol=1e-8)
    differences = (objective.value_and_grad(x + h * v)[1] - objective.value_and_grad(x - h * v)[1]) / (2 * h)
    np.testing.assert_allclose(objective.hessian_product(x, v), differences, rtol=1e-6, atol=1e-9)
    r, J = objective.residuals(x), objective.residual_jacobian(x)
    assert J.shape == (30, 13)
    np.testing.assert_allclose(r @ r, value, rtol=1e-14)
    np.testing.assert_allclose(2 * J.T @ r, gradient, rtol=1e-12)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("shape", [(12, 1), (12, 3), (12,)])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_squares_of_the_residuals_sum_to_the_loss(reduction, shape, weighted):
    rng = np.random.default_rng(6)

    class Constant(nn.Module):
        def __init__(self):
            self.value = nn.Parameter(rng.normal(size=shape))

        def forward(self, _x):
            return self.value * 1.0

    weights = rng.uniform(0.5, 2.0, size=12) if weighted else None
    y = rng.normal(size=shape)
    objective = Objective(Constant(), nn.MSELoss(reduction=reduction), np.zeros(12), y, weights)
    r = objective.residuals(objective.start)
    np.testing.assert_allclose(r @ r, objective.value(objective.start), rtol=1e-14)


@pytest.mark.parametrize("method", METHODS)
def test_weights_are_the_same_as_repeated_samples(method):
    X, y = regression(20)
    times = np.arange(20) % 3 + 1
    weighted, repeated = nn.Linear(2, 1, rng=0), nn.Linear(2, 1, rng=0)
    nn.minimize(weighted, nn.MSELoss(), X, y, method, tol=1e-10, sample_weight=times.astype(float))
    nn.minimize(repeated, nn.MSELoss(), np.repeat(X, times, axis=0), np.repeat(y, times, axis=0), method, tol=1e-10)
    np.testing.assert_allclose(weighted.weight.data, repeated.weight.data, rtol=1e-5)


# --- what happens to the model ----------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_frozen_parameters_and_gradients_are_left_alone(method):
    X, y = regression()
    model, loss = network(2, 3, 1), nn.MSELoss()
    model[0].requires_grad_(False)
    frozen = model[0].state_dict()
    start = model[2].state_dict()
    model[2].bias.grad = np.array([7.0])
    result = nn.minimize(model, loss, X, y, method)
    assert result.x.shape == (4,)
    for name, value in model[0].state_dict().items():
        np.testing.assert_array_equal(value, frozen[name])
    assert not np.array_equal(model[2].weight.data, start["weight"])
    assert model[2].bias.grad.tolist() == [7.0]
    assert model[0].weight.requires_grad is False and model[2].weight.requires_grad is True
    assert all(isinstance(p, nn.Parameter) for p in model.parameters())


@pytest.mark.parametrize("method", METHODS)
def test_float32_models_stay_float32(method):
    X, y = regression(dtype=np.float32)
    model, loss = network(2, 3, 1, dtype=np.float32), nn.MSELoss()
    before = loss(model(X), y).item()
    result = nn.minimize(model, loss, X, y, method, maxiter=200)
    assert result.x.dtype == np.float64
    assert all(p.data.dtype == np.float32 for p in model.parameters())
    assert model(X).dtype == np.float32
    assert result.loss < 0.3 * before
    np.testing.assert_allclose(loss(model(X), y).item(), result.loss, rtol=1e-5)


def test_an_optimiser_of_the_same_model_goes_on_from_there():
    X, y = regression()
    model, loss = network(2, 3, 1), nn.MSELoss()
    optimizer = nn.optim.SGD(model.parameters(), lr=1e-3)
    result = nn.minimize(model, loss, X, y, maxiter=20)
    optimizer.zero_grad()
    loss(model(X), y).backward()
    gradient = np.concatenate([p.grad.reshape(-1) for p in model.parameters()])
    optimizer.step()
    vector = nn.utils.parameters_to_vector(model.parameters()).numpy()
    np.testing.assert_allclose(vector, result.x - 1e-3 * gradient, rtol=1e-12, atol=1e-14)


def test_tied_parameters_are_one_variable():
    class Tied(nn.Module):
        def __init__(self):
            self.first = nn.Linear(2, 2, rng=0)
            self.again = self.first
            self.scales = {"out": [nn.Parameter(1.0)]}

        def forward(self, x):
            return self.again(np.tanh(self.first(x))) * self.scales["out"][0]

    X, _ = regression()
    model = Tied()
    result = nn.minimize(model, nn.MSELoss(), X, X**2, tol=1e-4)
    assert result.x.size == 7
    assert model.first is model.again
    assert gradient_norm(model, nn.MSELoss(), X, X**2) < 1e-3


def test_substitution_reaches_every_container_and_is_undone():
    class Holder(nn.Module):
        def __init__(self):
            self.p = nn.Parameter(1.0)
            self.inside = [(nn.Parameter(2.0), "text"), {"k": nn.Parameter(3.0)}]
            self.plain = [1, 2]

        def forward(self):
            return self.p + self.inside[0][0] + self.inside[1]["k"]

    holder = Holder()
    before = dict(vars(holder))
    with substituted(holder, {id(p): 10.0 * p.data for p in holder.parameters()}):
        assert holder() == 60.0
        assert vars(holder)["plain"] is before["plain"]
    assert all(vars(holder)[name] is value for name, value in before.items())
    assert holder().item() == 6.0


# --- callbacks, interrupts, failures -----------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_the_callback_sees_the_model_at_each_iteration(method):
    X, y = regression()
    model, loss = network(2, 3, 1), nn.MSELoss()
    seen = []

    def callback(progress):
        np.testing.assert_array_equal(nn.utils.parameters_to_vector(model.parameters()).numpy(), progress.x)
        seen.append(loss(model(X), y).item())

    nn.minimize(model, loss, X, y, method, callback=callback, maxiter=20)
    assert len(seen) > 3
    assert seen[-1] < seen[0]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("stop", [KeyboardInterrupt, StopIteration])
def test_an_interrupt_leaves_the_best_point_found(method, stop):
    X, y = regression()
    model, loss = network(2, 3, 1), nn.MSELoss()
    seen = [loss(model(X), y).item()]

    def callback(_progress):
        seen.append(loss(model(X), y).item())
        if len(seen) == 6:
            raise stop

    result = nn.minimize(model, loss, X, y, method, callback=callback)
    assert not result.success
    if stop is KeyboardInterrupt:
        assert result.message == "interrupted; x is the best point found"
    assert result.loss == pytest.approx(loss(model(X), y).item(), rel=1e-14)
    assert result.loss <= min(seen)
    assert len(seen) == 6


def test_an_interrupt_in_the_model_leaves_the_best_point_found():
    X, y = regression()
    model, loss = network(2, 3, 1), nn.MSELoss()
    calls = []

    def interrupted(prediction, target):
        calls.append(1)
        if len(calls) == 15:
            raise KeyboardInterrupt
        return loss(prediction, target)

    before = loss(model(X), y).item()
    result = nn.minimize(model, interrupted, X, y)
    assert result.message.startswith("interrupted")
    assert result.loss == loss(model(X), y).item() < before


@pytest.mark.parametrize("method", METHODS)
def test_any_other_error_leaves_the_model_as_it_was(method):
    X, y = regression()
    model = network(2, 3, 1)
    before = model.state_dict()

    def callback(_progress):
        raise RuntimeError("my own")

    with pytest.raises(RuntimeError, match="my own"):
        nn.minimize(model, nn.MSELoss(), X, y, method, callback=callback)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


class Rosenbrock(nn.Module):
    def __init__(self):
        self.w = nn.Parameter([-1.2, 1.0])

    def forward(self, _x):
        return 100.0 * (self.w[1] - self.w[0] ** 2) ** 2 + (1.0 - self.w[0]) ** 2


@pytest.mark.parametrize("method", SMOOTH)
@pytest.mark.parametrize("maxiter", [1, 3, 7, 12])
def test_a_fit_that_is_cut_off_returns_the_best_point_seen(method, maxiter):
    model, seen = Rosenbrock(), []

    def loss(value, _y):
        seen.append(float(value.item()) if np.ndim(value) == 0 and not isinstance(value, ad.Dual) else np.inf)
        return value

    result = nn.minimize(model, loss, None, None, method, maxiter=maxiter)
    assert not result.success
    np.testing.assert_allclose(result.loss, min(seen), rtol=1e-14)
    assert result.fun == result.loss == model(None).item()
    np.testing.assert_array_equal(model.w.data, result.x)


# --- refusals -------------------------------------------------------------------------------------------

X2, Y2 = regression(5)


class Random(nn.Module):
    def __init__(self):
        self.w = nn.Parameter(np.ones((2, 1)))
        self.rng = np.random.default_rng(0)

    def forward(self, x):
        return x @ self.w * self.rng.normal()


ELSEWHERE = [nn.Parameter(1.0)]


def penalised_elsewhere(prediction, target):
    return ((prediction - target) ** 2).mean() + sum(p**2 for p in ELSEWHERE)


def frozen():
    return nn.Linear(2, 1, rng=0).requires_grad_(False)


def call(model=None, loss=None, X=X2, y=Y2, *args, **kwargs):
    return nn.minimize(model or nn.Linear(2, 1, rng=0), loss or nn.MSELoss(), X, y, *args, **kwargs)


REFUSALS = [
    (lambda: call(method="Powell"), ValueError, "method is one of \"BFGS\", .*; got 'Powell'"),
    (lambda: call(method=None), ValueError, "got None"),
    (lambda: call(model=np.tanh), TypeError, "minimize: model must be a Module; got ufunc"),
    (lambda: call(loss="mse"), TypeError, r"loss must be a function of \(prediction, target\); got str"),
    (lambda: call(loss=nn.MSELoss), TypeError, "loss must be a function of .*; got the class MSELoss"),
    (lambda: call(model=frozen()), ValueError, "all held fixed"),
    (lambda: call(model=Random()), ValueError, r"function of the parameters alone; got .* model.eval\(\)"),
    (lambda: call(X=np.full((5, 2), np.nan)), ValueError, "the loss at the start must be finite; got nan"),
    (lambda: call(maxiter=0), ValueError, "maxiter must be at least 1; got 0"),
    (lambda: call(maxiter=1.5), TypeError, "maxiter must be an integer; got float 1.5"),
    (lambda: call(tol="1e-6"), TypeError, "tol must be a number; got str"),
    (lambda: call(tol=np.nan), ValueError, "tol must be finite; got nan"),
    (lambda: call(callback=3), TypeError, "callback must be a function; got int"),
    (lambda: call(method="lm", loss=nn.L1Loss()), ValueError, 'method "lm" minimises a sum of squares; got the loss'),
    (lambda: call(method="lm", loss=lambda a, b: ((a - b) ** 2).sum()), ValueError, "got the loss <lambda>"),
    (lambda: call(model=network(2, 3, 1), method="lm"), ValueError, "as many residuals as parameters; got 5 for 13"),
    (lambda: call(loss=penalised_elsewhere), ValueError, "the loss must read the parameters from the model"),
    (lambda: call(loss=nn.MSELoss(reduction="none")), ValueError, r"the loss must be one number; got shape \(5, 1\)"),
]


@pytest.mark.parametrize(("attempt", "kind", "message"), REFUSALS, ids=[message[:40] for _, _, message in REFUSALS])
def test_refusals(attempt, kind, message):
    with pytest.raises(kind, match=message):
        attempt()


def test_without_scipy_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(ImportError, match=r"minimize: needs scipy; got none .* pip install 'autodiff-nn\[scipy\]'"):
        call()


def test_a_copied_model_is_fitted_alone():
    model = nn.Linear(2, 1, rng=0)
    other = copy.deepcopy(model)
    nn.minimize(other, nn.MSELoss(), X2, Y2)
    assert not np.array_equal(model.weight.data, other.weight.data)
