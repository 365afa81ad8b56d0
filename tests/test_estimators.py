"""The estimators keep scikit-learn's conventions, work in its tools, and learn what its networks learn."""

import copy
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn import neural_network
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, make_moons
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import validation
from sklearn.utils.estimator_checks import check_estimator

import nn
from nn import MLPClassifier, MLPRegressor

ROOT = Path(__file__).resolve().parent.parent
QUICK = {"max_iter": 5, "n_iter_no_change": None, "random_state": 0}


def line(n=60, d=3, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)).astype(dtype)
    return X, (X[:, 0] - 2.0 * X[:, 1] * X[:, 2]).astype(dtype)


def classes(n=60, k=3, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(k, size=n)
    return rng.normal(size=(n, 2)) + 3.0 * np.stack([np.cos(y), np.sin(y)], axis=1), y


# --- scikit-learn's own checks -------------------------------------------------------------


@pytest.mark.parametrize("kind", [MLPRegressor, MLPClassifier])
@pytest.mark.filterwarnings("ignore")  # the checks provoke them; what they forbid they check themselves
def test_scikit_learns_checks_find_no_failure(kind):
    results = check_estimator(kind(max_iter=100), on_fail=None, on_skip=None)
    status = {}
    for result in results:
        status.setdefault(result["status"], []).append((result["check_name"], result["exception"]))
    assert not status.get("failed") and not status.get("xfail")
    assert len(status["passed"]) >= 55
    assert len(results) >= (60 if kind is MLPClassifier else 59)  # 59 is all there are in scikit-learn 1.6


def test_kind():
    assert is_regressor(MLPRegressor()) and is_classifier(MLPClassifier())
    assert repr(MLPRegressor((5,), alpha=0.1)) == "MLPRegressor(alpha=0.1, hidden_layer_sizes=(5,))"


# --- the same numbers as scikit-learn ------------------------------------------------------


def with_weights_of(peer, model):
    """Give the peer the weights of our model."""
    for theirs, ours in zip(peer.coefs_ + peer.intercepts_, model.coefs_ + model.intercepts_, strict=True):
        theirs[...] = ours


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize("kind", ["regressor", "binary", "multiclass"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_step_of_sgd_is_that_of_scikit_learn(kind, activation):
    X, y = line() if kind == "regressor" else classes(k=2 if kind == "binary" else 3)
    name = "MLPRegressor" if kind == "regressor" else "MLPClassifier"
    shared = {"hidden_layer_sizes": (7, 5), "activation": activation, "alpha": 0.3, "batch_size": 25, "shuffle": False,
              "max_iter": 8, "warm_start": True, "random_state": 0}  # fmt: skip
    ours = getattr(nn, name)(
        **shared, optimizer="sgd", optimizer_options={"momentum": 0.9}, learning_rate=0.02, n_iter_no_change=None
    )
    peer = getattr(neural_network, name)(
        **shared, solver="sgd", learning_rate_init=0.02, nesterovs_momentum=False, tol=0.0, n_iter_no_change=100
    )
    ours.fit(X, y)
    peer.fit(X, y)
    with_weights_of(peer, ours)
    before = len(peer.loss_curve_)
    ours.fit(X, y)
    peer.fit(X, y)
    np.testing.assert_allclose(ours.loss_curve_[8:], peer.loss_curve_[before:], rtol=1e-12)
    for mine, theirs in zip(ours.coefs_ + ours.intercepts_, peer.coefs_ + peer.intercepts_, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours.predict(X), peer.predict(X), rtol=0, atol=1e-11)
    if kind != "regressor":
        np.testing.assert_allclose(ours.predict_proba(X), peer.predict_proba(X), rtol=0, atol=1e-12)


QUALITY = {
    "diabetes": (MLPRegressor, neural_network.MLPRegressor, load_diabetes, 0.03),
    "breast cancer": (MLPClassifier, neural_network.MLPClassifier, load_breast_cancer, 0.01),
    "digits": (MLPClassifier, neural_network.MLPClassifier, load_digits, 0.01),
    "moons": (MLPClassifier, neural_network.MLPClassifier, partial(make_moons, 400, noise=0.2, random_state=0), 0.02),
}


@pytest.mark.parametrize("name", QUALITY)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_scores_are_those_of_scikit_learn_within_noise(name):
    ours, theirs, load, noise = QUALITY[name]
    data = load()
    X, y = data if isinstance(data, tuple) else (data.data, data.target)
    X = StandardScaler().fit_transform(X)
    if ours is MLPRegressor:
        y = (y - y.mean()) / y.std()

    def mean_score(kind):
        scores = []
        for seed in range(6):
            X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
            model = kind(hidden_layer_sizes=(20,), max_iter=100, random_state=seed)
            scores.append(model.fit(X_train, y_train).score(X_test, y_test))
        return np.mean(scores)

    assert mean_score(ours) >= mean_score(theirs) - noise


# --- in scikit-learn's tools -----------------------------------------------------------------


def test_pipeline_and_searches():
    X, y = line(90)
    pipeline = make_pipeline(StandardScaler(), MLPRegressor((8,), **QUICK))
    grid = GridSearchCV(pipeline, {"mlpregressor__activation": ["relu", "tanh"]}, cv=3, n_jobs=1).fit(X, y)
    assert grid.best_params_["mlpregressor__activation"] in ("relu", "tanh")
    assert np.isfinite(grid.cv_results_["mean_test_score"]).all()
    labels = (y > 0).astype(int)
    search = RandomizedSearchCV(
        MLPClassifier((8,), **QUICK),
        {"learning_rate": loguniform(1e-3, 1e-1), "optimizer": ["sgd", "adam", nn.optim.RMSprop]},
        n_iter=4,
        cv=3,
        random_state=0,
    ).fit(X, labels)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.predict_proba(X).shape == (90, 2)


def test_processes_give_the_scores_of_one():
    X, y = line()
    model = MLPRegressor((8,), **QUICK)
    alone = cross_val_score(model, X, y, cv=4)
    np.testing.assert_array_equal(cross_val_score(model, X, y, cv=4, n_jobs=2), alone)


@pytest.mark.filterwarnings("ignore")  # of Dask and of the event loop it runs
def test_dask_gives_the_scores_of_one_process():
    distributed = pytest.importorskip("distributed")
    import joblib

    X, y = line()
    model = MLPRegressor((8,), **QUICK)
    alone = cross_val_score(model, X, y, cv=3)
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        joblib.parallel_backend("dask"),
    ):
        np.testing.assert_array_equal(cross_val_score(model, X, y, cv=3), alone)


def test_clone_pickle_and_copy():
    X, y = line()
    model = MLPRegressor((8,), nn.LeakyReLU(0.2), dropout=0.1, batch_norm=True, **QUICK).fit(X, y)
    assert not hasattr(clone(model), "coefs_")
    expected = model.predict(X)
    twins = [pickle.loads(pickle.dumps(model)), copy.deepcopy(model)]
    for twin in twins:
        np.testing.assert_array_equal(twin.predict(X), expected)
    model.partial_fit(X, y)
    assert not np.array_equal(model.predict(X), expected)
    for twin in twins:  # the optimiser, the orders and the dropout went along
        np.testing.assert_array_equal(twin.partial_fit(X, y).predict(X), model.predict(X))


# --- chance ------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [3, np.int64(3), lambda: np.random.default_rng(3), lambda: np.random.RandomState(3)])
def test_random_state_decides_everything(state):
    X, y = line()
    options = {"dropout": 0.2, "early_stopping": True, "max_iter": 5, "n_iter_no_change": None}
    make = state if callable(state) else lambda: state
    first, second = (MLPRegressor((8,), random_state=make(), **options).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(first.predict(X), second.predict(X))
    other = MLPRegressor((8,), random_state=4, **options).fit(X, y)
    assert not np.array_equal(first.predict(X), other.predict(X))


def test_global_random_state_is_neither_read_nor_changed():
    X, y = line()
    np.random.seed(1)  # noqa: NPY002 - that is what is tested
    first, second = (MLPRegressor((8,), max_iter=2, n_iter_no_change=None).fit(X, y) for _ in range(2))
    assert not np.array_equal(first.coefs_[0], second.coefs_[0])
    drawn = np.random.random()  # noqa: NPY002
    assert drawn == np.random.RandomState(1).random()


def test_threads():
    X, y = line(200)
    seeds = list(range(6))

    def learn(seed):
        return (
            MLPRegressor((8,), dropout=0.1, max_iter=5, n_iter_no_change=None, random_state=seed).fit(X, y).predict(X)
        )

    expected = [learn(seed) for seed in seeds]
    with ThreadPoolExecutor(4) as pool:
        np.testing.assert_array_equal(list(pool.map(learn, seeds)), expected)
        model = MLPRegressor((8,), dropout=0.1, batch_norm=True, **QUICK).fit(X, y)
        alone = model.predict(X)
        for output in pool.map(lambda _: model.predict(X), range(20)):
            np.testing.assert_array_equal(output, alone)


# --- fitting in parts ------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"scheduler": "exponential", "scheduler_options": {"gamma": 0.5}}])
def test_epochs_of_partial_fit_are_those_of_fit(options):
    X, y = line()
    shared = {"shuffle": False, "batch_size": 16, "random_state": 0, **options}
    whole = MLPRegressor((8,), max_iter=4, n_iter_no_change=None, **shared).fit(X, y)
    parts = MLPRegressor((8,), **shared)
    for _ in range(4):
        parts.partial_fit(X, y)
    np.testing.assert_array_equal(parts.coefs_[0], whole.coefs_[0])
    assert parts.loss_curve_ == whole.loss_curve_
    assert parts.n_iter_ == whole.n_iter_ == 4
    assert parts.loss_ == parts.loss_curve_[-1] and parts.best_loss_ == min(parts.loss_curve_)


def test_classes_of_partial_fit():
    X, y = classes()
    model = MLPClassifier((8,), random_state=0)
    model.partial_fit(X[y == 0], y[y == 0], classes=[2, 0, 1])
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])
    for _ in range(200):
        model.partial_fit(X, y)
    assert model.score(X, y) > 0.8


def test_warm_start_goes_on():
    X, y = line()
    model = MLPRegressor((8,), warm_start=True, **QUICK).fit(X, y)
    loss = model.loss_
    model.fit(X, y)
    assert len(model.loss_curve_) == 10 and model.n_iter_ == 5
    assert model.loss_curve_[5] < loss
    cold = MLPRegressor((8,), **QUICK).fit(X, y).fit(X, y)
    assert cold.loss_curve_ == model.loss_curve_[:5]


def test_early_stopping_goes_back_to_the_best_epoch():
    X, y = line(60, 3)
    y = y + np.random.default_rng(1).normal(size=60) * 2.0
    model = MLPRegressor(
        (100,), early_stopping=True, validation_fraction=0.3, learning_rate=0.02, tol=0.0, n_iter_no_change=5,
        random_state=0,
    ).fit(X, y)  # fmt: skip
    history = model.history_
    assert history.stopped == "early stopping"
    assert model.n_iter_ == len(history) < 200
    best = int(np.argmin(history["val_loss"]))
    assert history.best_epoch == best == model.n_iter_ - 1 - 6


def test_a_fit_that_still_improves_says_so():
    X, y = line()
    with pytest.warns(
        ConvergenceWarning,
        match=r"the loss had not settled after max_iter=3 epochs \(10 without a fall of tol=0.0001\)",
    ):
        MLPRegressor((8,), max_iter=3).fit(X, y)


# --- weights -------------------------------------------------------------------------------------


def test_weights_are_repetitions():
    X, y = line(40)
    weight = np.random.default_rng(0).integers(0, 4, size=40)
    shared = {"shuffle": False, "batch_size": 1000, "alpha": 0.1, **QUICK}
    weighted = MLPRegressor((8,), **shared).fit(X, y, sample_weight=weight)
    repeated = MLPRegressor((8,), **shared).fit(X.repeat(weight, axis=0), y.repeat(weight))
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=0, atol=1e-12)
    assert weighted.score(X, y, weight) == pytest.approx(
        repeated.score(X.repeat(weight, 0), y.repeat(weight)), abs=1e-12
    )


@pytest.mark.parametrize("k", [2, 3])
def test_class_weights_are_sample_weights(k):
    X, y = classes(k=k)
    X, y = X[10:], np.where(np.arange(60) < 25, 0, y)[10:]
    factors = len(y) / (len(np.unique(y)) * np.bincount(y))
    expected = MLPClassifier((8,), **QUICK).fit(X, y, sample_weight=factors[y]).predict_proba(X)
    for class_weight in ("balanced", dict(enumerate(factors))):
        model = MLPClassifier((8,), class_weight=class_weight, **QUICK).fit(X, y)
        np.testing.assert_allclose(model.predict_proba(X), expected, rtol=0, atol=1e-14)


# --- kinds of targets, losses, networks -----------------------------------------------------------


def test_several_outputs():
    X, y = line(100)
    Y = np.stack([y, -y, X[:, 0]], axis=1)
    model = MLPRegressor((30,), "tanh", learning_rate=0.02, max_iter=300, n_iter_no_change=None, random_state=0)
    model.fit(X, Y)
    assert model.predict(X).shape == (100, 3) and model.n_outputs_ == 3
    assert model.score(X, Y) > 0.95


def test_labels_that_do_not_exclude_each_other():
    X, _ = line(200)
    Y = np.stack([X[:, 0] > 0.0, X[:, 1] * X[:, 2] > 0.0, X[:, 0] + X[:, 1] > 1.0, X[:, 2] < 0.5], axis=1).astype(int)
    model = MLPClassifier((30,), learning_rate=0.01, max_iter=200, n_iter_no_change=None, random_state=0).fit(X, Y)
    assert model.predict(X).shape == model.predict_proba(X).shape == (200, 4)
    assert (model.predict(X) == Y).mean() > 0.95
    np.testing.assert_array_equal(model.predict(X), model.predict_proba(X) > 0.5)


def test_probabilities_keep_their_digits_in_the_tails():
    X, y = classes(k=2)
    model = MLPClassifier((), learning_rate=0.1, **QUICK).fit(X, y)
    far = 1e4 * X[:1]
    score = model.decision_function(far)[0]
    assert abs(score) > 800.0
    log_p = model.predict_log_proba(far)[0]
    np.testing.assert_allclose(sorted(log_p), [-abs(score), 0.0], rtol=1e-15)
    assert model.predict_proba(far).sum() == 1.0


@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss(), nn.BCEWithLogitsLoss(), "log_loss"])
def test_two_classes_with_one_output_or_two(loss):
    X, y = classes(k=2)
    names = np.array(["no", "yes"])[y]
    model = MLPClassifier((8,), loss=loss, learning_rate=0.05, max_iter=50, n_iter_no_change=None, random_state=0)
    model.fit(X, names)
    assert model.n_outputs_ == (2 if isinstance(loss, nn.CrossEntropyLoss) else 1)
    p = model.predict_proba(X)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-15)
    score = model.decision_function(X)
    assert score.shape == (60,)
    np.testing.assert_allclose(score, np.log(p[:, 1] / p[:, 0]), rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(model.predict(X), np.where(score > 0, "yes", "no"))
    assert model.score(X, names) > 0.8


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "log_cosh", nn.QuantileLoss(0.5)])
def test_losses_of_regression(loss):
    X, y = line(100)
    model = MLPRegressor(
        (30,), "tanh", loss=loss, learning_rate=0.02, max_iter=200, n_iter_no_change=None, random_state=0
    )
    assert model.fit(X, y).score(X, y) > 0.9


@pytest.mark.parametrize("loss", ["poisson", nn.PoissonNLLLoss()])
def test_poisson_regression_predicts_rates(loss):
    rng = np.random.default_rng(0)
    X = rng.uniform(-1.0, 1.0, (400, 1))
    rate = np.exp(1.0 + X[:, 0])
    model = MLPRegressor(
        (), loss=loss, learning_rate=0.05, alpha=0.0, max_iter=100, n_iter_no_change=None, random_state=0
    )
    model.fit(X, rng.poisson(rate))
    np.testing.assert_allclose(model.predict(X), rate, rtol=0.15)


def test_a_loss_of_ones_own():
    X, y = line()

    def quartic(output, target, sample_weight=None):
        assert output.shape == target.shape == (len(target), 1)
        weight = np.ones(len(target)) if sample_weight is None else sample_weight
        return np.sum(weight[:, None] * (output - target) ** 4) / weight.sum()

    model = MLPRegressor((20,), "tanh", loss=quartic, learning_rate=0.01, **QUICK | {"max_iter": 100}).fit(X, y)
    assert model.loss_ < 0.1 * model.loss_curve_[0]
    weighted = clone(model).fit(X, y, sample_weight=np.full(60, 2.0))
    assert weighted.loss_ < 0.1 * weighted.loss_curve_[0]


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "adamw", "rmsprop", "adagrad", "nadam", nn.optim.Adam])
def test_optimizers(optimizer):
    X, y = line()
    model = MLPRegressor(
        (8,), optimizer=optimizer, learning_rate=0.01, max_iter=20, n_iter_no_change=None, random_state=0
    )
    model.fit(X, y)
    assert model.loss_ < model.loss_curve_[0]
    assert model.history_["lr"][-1] == 0.01


@pytest.mark.parametrize(
    ("scheduler", "options", "last"),
    [
        ("step", {"step_size": 2}, 0.01 * 0.1**2),
        ("exponential", {"gamma": 0.5}, 0.01 * 0.5**4),
        ("cosine", None, 0.005 * (1 + np.cos(np.pi * 4 / 5))),
        (lambda optimizer: nn.optim.lr_scheduler.StepLR(optimizer, 1, 0.1), None, 0.01 * 0.1**4),
        (partial(nn.optim.lr_scheduler.StepLR, step_size=1), {"gamma": 0.1}, 0.01 * 0.1**4),
    ],
)
def test_schedules(scheduler, options, last):
    X, y = line()
    model = MLPRegressor((8,), learning_rate=0.01, scheduler=scheduler, scheduler_options=options, **QUICK).fit(X, y)
    assert model.history_["lr"][-1] == pytest.approx(last, rel=1e-12)


def test_network():
    X, y = line(61)
    model = MLPRegressor([6, 4], ["tanh", nn.LeakyReLU(0.2)], dropout=0.25, batch_norm=True, batch_size=20, **QUICK)
    model.fit(X, y)  # the last batch would have one sample only, which has no variance
    assert [type(layer).__name__ for layer in model.model_] == [
        "Linear", "BatchNorm1d", "Tanh", "Dropout", "Linear", "BatchNorm1d", "LeakyReLU", "Dropout", "Linear",
    ]  # fmt: skip
    assert [W.shape for W in model.coefs_] == [(3, 6), (6, 4), (4, 1)]
    assert [b.shape for b in model.intercepts_] == [(6,), (4,), (1,)]
    assert model.n_layers_ == 4 and model.n_features_in_ == 3
    assert not model.model_.training
    np.testing.assert_array_equal(model.predict(X), model.predict(X))
    linear = MLPRegressor((), alpha=0.0, learning_rate=0.1, max_iter=300, n_iter_no_change=None, random_state=0)
    np.testing.assert_allclose(linear.fit(X, 2.0 * X[:, 0] + 1.0).predict(X), 2.0 * X[:, 0] + 1.0, atol=1e-3)


def test_layers_share_no_activation():
    X, y = line()
    given = nn.LeakyReLU(0.2)
    model = MLPRegressor((4, 4), given, **QUICK).fit(X, y)
    mine = [layer for layer in model.model_ if isinstance(layer, nn.LeakyReLU)]
    assert len(mine) == 2 and mine[0] is not mine[1] and given not in mine
    assert clone(model).fit(X, y).score(X, y) == model.score(X, y)


def test_float32_stays_float32():
    X, y = line(dtype=np.float32)
    model = MLPRegressor((8,), "tanh", dropout=0.1, batch_norm=True, **QUICK).fit(X, y, sample_weight=np.ones(60))
    assert {W.dtype for W in model.coefs_ + model.intercepts_} == {np.dtype(np.float32)}
    assert model.predict(X).dtype == model.predict(X.astype(float)).dtype == np.float32
    classifier = MLPClassifier((8,), class_weight="balanced", **QUICK).fit(X, y > 0)
    assert classifier.predict_proba(X).dtype == np.float32
    assert MLPRegressor((8,), **QUICK).fit(X.astype(np.int64), y).predict(X).dtype == np.float64


def test_names_of_features(monkeypatch):
    names = iter([["a", "b", "c"], ["a", "b", "c"], ["a", "c", "b"]])
    monkeypatch.setattr(validation, "_get_feature_names", lambda _: np.array(next(names), dtype=object))
    X, y = line()
    model = MLPRegressor((8,), **QUICK).fit(X, y)
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]
    model.predict(X)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(X)


# --- refusals ---------------------------------------------------------------------------------------

X, Y = line()
NAN = np.where(np.arange(60)[:, None] == 3, np.nan, X)
REFUSED = [
    ({"hidden_layer_sizes": (5, -3)}, ValueError, r"each of hidden_layer_sizes must be at least 1; got -3"),
    ({"hidden_layer_sizes": (5, 2.5)}, TypeError, r"each of hidden_layer_sizes must be an integer; got float 2.5"),
    ({"hidden_layer_sizes": True}, TypeError, r"each of hidden_layer_sizes must be an integer; got bool True"),
    ({"activation": "rellu"}, ValueError, r'unknown activation; got \'rellu\'. Choose one of "identity", "relu"'),
    ({"activation": ["relu", "relu"]}, ValueError, r".*got 2 for 1. Make hidden_layer_sizes and activation of one"),
    ({"activation": 3}, TypeError, r"activation must be a name, a module or a class of modules; got 3"),
    ({"dropout": 1.5}, ValueError, r"dropout must lie in \[0, 1\]; got 1.5"),
    ({"batch_norm": 1}, TypeError, r"batch_norm must be True or False; got int 1"),
    ({"loss": "mse"}, ValueError, r'unknown loss; got \'mse\'. Choose one of "squared_error"'),
    ({"loss": 3}, TypeError, r"loss must be a name, a module or a function of \(output, target\); got 3"),
    ({"loss": nn.MSELoss}, TypeError, r"loss must be a name, a module or a function"),
    ({"optimizer": "adman"}, ValueError, r"unknown optimizer; got 'adman'. Choose one of .*\"adam\""),
    ({"optimizer": 3}, TypeError, r"optimizer must be a name, a class of optimisers or a function"),
    ({"optimizer_options": {"momentun": 0.9}}, ValueError, r"unknown option in optimizer_options; got 'momentun'"),
    ({"optimizer_options": 0.9}, TypeError, r"optimizer_options must be a dict; got float 0.9"),
    ({"learning_rate": -0.1}, ValueError, r"learning_rate must not be negative; got -0.1"),
    ({"learning_rate": np.nan}, ValueError, r"learning_rate must be finite; got nan"),
    ({"learning_rate": "constant"}, TypeError, r"learning_rate must be a number; got str 'constant'"),
    ({"scheduler": "cosin"}, ValueError, r"unknown scheduler; got 'cosin'. Choose one of \"step\""),
    ({"scheduler": 3}, TypeError, r"scheduler must be a name, a class of schedules or a function of the optimiser"),
    ({"scheduler_options": {"gamma": 0.1}}, ValueError, r"scheduler_options are for a scheduler; got .* and none"),
    ({"alpha": -1.0}, ValueError, r"alpha must not be negative"),
    ({"batch_size": 0}, ValueError, r"batch_size must be at least 1; got 0"),
    ({"batch_size": "all"}, ValueError, r'batch_size must be a positive integer or "auto"; got \'all\''),
    ({"max_iter": 0}, ValueError, r"max_iter must be at least 1; got 0"),
    ({"max_iter": 2.5}, TypeError, r"max_iter must be an integer; got float 2.5"),
    ({"clip_norm": 0.0}, ValueError, r"clip_norm must be positive; got 0.0"),
    ({"validation_fraction": 1.0}, ValueError, r"validation_fraction must lie between 0 and 1; got 1.0"),
    ({"n_iter_no_change": 0}, ValueError, r"n_iter_no_change must be at least 1; got 0"),
    ({"tol": -1e-4}, ValueError, r"tol must not be negative"),
    ({"warm_start": None}, TypeError, r"warm_start must be True or False"),
    ({"random_state": "seed"}, TypeError, r"random_state must be an int, a Generator, a RandomState or None; got str"),
    ({"random_state": -1}, ValueError, r"random_state must not be negative; got -1"),
    (
        {"batch_norm": True, "batch_size": 1},
        ValueError,
        r"batch_norm needs batches of two samples or more; got one sample",
    ),
]


@pytest.mark.parametrize(("options", "error", "message"), REFUSED, ids=lambda value: str(value)[:40])
def test_refused_options(options, error, message):
    model = MLPRegressor(**{"hidden_layer_sizes": (5,), "max_iter": 2} | options)  # constructors only take them down
    with pytest.raises(error, match="MLPRegressor: " + message):
        model.fit(X, Y)
    assert not hasattr(model, "coefs_") and not hasattr(model, "n_features_in_")


@pytest.mark.parametrize(
    ("X", "y", "weight", "error", "message"),
    [
        (NAN, Y, None, ValueError, "Input X contains NaN"),
        (np.where(np.isnan(NAN), np.inf, NAN), Y, None, ValueError, "Input X contains infinity"),
        (X, np.where(np.arange(60) == 3, np.nan, Y), None, ValueError, "Input y contains NaN"),
        (X, np.where(np.arange(60) == 3, np.inf, Y), None, ValueError, "Input y contains infinity"),
        (X[:0], Y[:0], None, ValueError, "Found array with 0 sample"),
        (X[0], Y[:3], None, ValueError, "Expected 2D array, got 1D array"),
        (X, Y[:-1], None, ValueError, "inconsistent numbers of samples"),
        (X + 1j, Y, None, ValueError, "Complex data not supported"),
        (X, Y, np.ones(59), ValueError, "sample_weight.shape"),
        (X, Y, -np.ones(60), ValueError, "Negative values in data passed to `sample_weight`"),
        (X, Y, np.full(60, np.nan), ValueError, "Input sample_weight contains NaN"),
        (X, Y, np.zeros(60), ValueError, "[Ss]ample.weight"),
    ],
)
def test_refused_samples(X, y, weight, error, message):
    with pytest.raises(error, match=message):
        MLPRegressor((5,), max_iter=2).fit(X, y, sample_weight=weight)


def test_refused_after_fit():
    model = MLPRegressor((5,), **QUICK)
    for method in (model.predict, lambda X: model.score(X, Y)):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            method(X)
    with pytest.raises(AttributeError, match="there is no network yet\\. Call fit first"):
        _ = model.coefs_
    model.fit(X, Y)
    with pytest.raises(ValueError, match="X has 2 features, but MLPRegressor is expecting 3"):
        model.predict(X[:, :2])
    with pytest.raises(ValueError, match="Input X contains NaN"):
        model.predict(NAN)
    with pytest.raises(ValueError, match=r"with hidden layers \(5,\); got hidden_layer_sizes=\(6,\)"):
        model.set_params(hidden_layer_sizes=(6,)).partial_fit(X, Y)
    model.set_params(hidden_layer_sizes=(5,), early_stopping=True)
    with pytest.raises(ValueError, match="one epoch can not stop early; got early_stopping=True"):
        model.partial_fit(X, Y)
    model.set_params(early_stopping=False, warm_start=True)
    with pytest.raises(ValueError, match="as many columns as at first; got 2 for 1"):
        model.fit(X, np.stack([Y, Y], axis=1))
    with pytest.raises(ValueError, match='targets of the loss "poisson" are counts; got -'):
        MLPRegressor(loss="poisson").fit(X, Y)
    with pytest.raises(nn.DivergenceError, match="Lower the learning rate"):
        MLPRegressor(optimizer="sgd", learning_rate=1e30, max_iter=5).fit(X, Y)
    with pytest.raises(TypeError, match=r"the loss must take a `sample_weight` .*; got one of \(output, target\)"):
        MLPRegressor(loss=lambda output, target: np.sum(output - target)).fit(X, Y, sample_weight=np.ones(60))


def test_refused_classes():
    X, y = classes()
    with pytest.raises(ValueError, match="Unknown label type"):
        MLPClassifier().fit(X, X[:, 0])
    with pytest.raises(ValueError, match="the first call must say which classes there are; got none"):
        MLPClassifier().partial_fit(X, y)
    model = MLPClassifier((5,), **QUICK).fit(X[y < 2], y[y < 2])
    with pytest.raises(ValueError, match=r"y must hold classes seen at first, \[0 1\]; got .*2"):
        model.partial_fit(X, y)
    with pytest.raises(ValueError, match="classes must stay those of the first call"):
        model.partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"y must be of the kind of the first; got shape \(60, 2\)"):
        model.partial_fit(X, np.stack([y, 1 - y], axis=1) % 2)
    for loss in (nn.NLLLoss(), nn.BCELoss()):
        with pytest.raises(
            ValueError, match=r"the loss must take scores, as the network gives them; got (NLL|BCE)Loss"
        ):
            MLPClassifier(loss=loss).fit(X, y)
    with pytest.raises(ValueError, match="unknown loss; got 'hinge'\\. Choose one of \"log_loss\""):
        MLPClassifier(loss="hinge").fit(X, y)
    with pytest.raises(
        ValueError, match=r"validation_fraction=0.1 of 6 samples can not be set aside; got: .* Pass more"
    ):
        MLPClassifier(early_stopping=True).fit(X[:6], y[:6])
    with pytest.raises(ValueError, match="class_weight='balanced' needs all samples; got some of them"):
        MLPClassifier(class_weight="balanced").partial_fit(X, y, classes=[0, 1, 2])


# --- an extra ----------------------------------------------------------------------------------------


def run(code):
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


def test_nn_alone_does_not_load_scikit_learn():
    result = run(
        "import nn, sys; print('sklearn' in sys.modules, 'MLPRegressor' in dir(nn), nn.MLPClassifier.__name__)"
    )
    assert result.stdout.split() == ["False", "True", "MLPClassifier"], result.stderr


def test_without_scikit_learn_the_error_names_the_extra():
    result = run("import sys; sys.modules['sklearn'] = None; import nn; nn.Linear(2, 1); nn.MLPRegressor")
    assert "ModuleNotFoundError: nn.estimators: needs scikit-learn 1.6 or newer; got none" in result.stderr
    assert "pip install 'autodiff-nn[train]'" in result.stderr
