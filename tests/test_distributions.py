"""Distributions of autodiff.scipy.stats: edges, tails, missing values, and how they are called."""

import inspect
import itertools
import pickle

import mpmath as mp
import numpy as np
import pytest

import autodiff as ad
from autodiff.dispatch import RULES

scipy_stats = pytest.importorskip("scipy.stats")
from autodiff.scipy import stats as our_stats  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

SHAPES = {
    "norm": [()],
    "t": [(3.0,), (-1.0,), (np.inf,)],
    "gamma": [(2.0,), (0.7,), (-1.0,), (0.0,)],
    "chi2": [(3.0,), (2.0,), (-1.0,)],
    "beta": [(2.0, 3.0), (0.5, 1.0), (-1.0, 2.0)],
}
OF_VARIABLE = ["pdf", "logpdf", "cdf", "sf", "logcdf", "logsf"]
NUMBERS = [-np.inf, -2.0, 0.0, 0.3, 1.0, 2.0, np.inf, np.nan]
PLACES = [(0.0, 1.0), (0.5, 2.0), (0.0, -1.0), (0.0, 0.0), (0.0, np.nan)]


def same(got, expected):
    np.testing.assert_array_equal(np.isnan(got), np.isnan(expected))
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("function", OF_VARIABLE)
@pytest.mark.parametrize("family", SHAPES)
def test_values_are_scipys_everywhere_and_slopes_are_nan_where_there_is_none(family, function):
    ours, theirs = (getattr(getattr(module, family), function) for module in (our_stats, scipy_stats))
    for shapes, (loc, scale) in itertools.product(SHAPES[family], PLACES):
        for x in [*NUMBERS, np.array(NUMBERS), np.array([0.2, 0.7])]:
            value, pullback = ad.vjp(lambda x, scale: ours(x, *shapes, loc, scale), x, scale)  # noqa: B023
            expected = theirs(x, *shapes, loc, scale)
            same(value, expected)
            by_x, by_scale = pullback(np.ones_like(value))
            by_x_forward = ad.jvp(lambda x: ours(x, *shapes, loc, scale), (x,), (np.ones_like(x),))[1]  # noqa: B023
            same(by_x, by_x_forward)
            missing = np.isnan(expected) & ~np.isinf(x)  # SciPy's gamma.logpdf(inf, 2.0) is ∞ - ∞
            assert np.all(np.isnan(by_x) >= missing)
            assert np.isnan(by_scale) or not np.any(missing)
            assert not np.any(np.isnan(by_x) & np.isfinite(expected) & ~np.isinf(x))


@pytest.mark.parametrize("function", ["ppf", "isf", "entropy"])
@pytest.mark.parametrize("family", SHAPES)
def test_definitions_equal_what_they_define(family, function):
    ours, theirs = (getattr(getattr(module, family), function) for module in (our_stats, scipy_stats))
    definition = RULES[ours].definition
    for shapes, (loc, scale) in itertools.product(SHAPES[family], PLACES):
        q = [-0.5, 0.2, 0.9, 1.5, np.nan] + ([] if family == "t" else [0.0, 1.0])  # SciPy's stdtrit(3.0, 0.0) is +∞
        if function == "entropy" and shapes == (np.inf,):
            continue
        variable = () if function == "entropy" else (np.array(q),)
        got = definition(*variable, *shapes, loc=loc, scale=scale)
        expected = theirs(*variable, *shapes, loc=loc, scale=scale)
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("function", ["pmf", "logpmf", "cdf", "sf", "logcdf", "logsf"])
def test_poisson_everywhere(function):
    ours, theirs = (getattr(module.poisson, function) for module in (our_stats, scipy_stats))
    for k, mu in itertools.product([-1.0, 0.0, 2.0, 2.5, 2000.0, np.nan], [-1.0, 0.0, 0.5, 3.0, np.nan]):
        value, pullback = ad.vjp(lambda mu: ours(k, mu), mu)  # noqa: B023
        expected = theirs(k, mu)
        same(value, expected)
        if mu != 0:
            assert np.isnan(pullback(1.0)[0]) == np.isnan(expected), (k, mu)


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (lambda x: our_stats.gamma.pdf(x, 2.5), 0.0, 0.0),
        (lambda x: our_stats.gamma.pdf(x, 2.0), 0.0, 1.0),
        (lambda x: our_stats.gamma.pdf(x, 1.5), 0.0, np.inf),
        (lambda x: our_stats.gamma.pdf(x, 1.0, scale=2.0), 0.0, -0.25),
        (lambda x: our_stats.gamma.pdf(x, 0.5), 0.0, -np.inf),
        (lambda x: our_stats.chi2.pdf(x, 2.0), 0.0, -0.25),
        (lambda x: our_stats.chi2.pdf(x, 4.0), 0.0, 0.25),
        (lambda x: our_stats.beta.pdf(x, 1.0, 1.0), 0.0, 0.0),
        (lambda x: our_stats.beta.pdf(x, 2.0, 3.0), 0.0, 12.0),
        (lambda x: our_stats.beta.pdf(x, 2.0, 3.0), 1.0, 0.0),
        (lambda x: our_stats.beta.pdf(x, 1.0, 3.0), 0.0, -6.0),
        (lambda x: our_stats.beta.pdf(x, 3.0, 2.0), 1.0, -12.0),
        (lambda x: our_stats.gamma.logpdf(x, 1.0), 0.0, -1.0),
        (lambda x: our_stats.gamma.logcdf(x, 2.0), 0.0, np.inf),
        (lambda x: our_stats.chi2.logcdf(x, 2.0), 0.0, np.inf),
        (lambda x: our_stats.beta.logcdf(x, 2.0, 3.0), 0.0, np.inf),
    ],
)
def test_slopes_at_the_edges(f, x, expected):
    np.testing.assert_allclose(ad.grad(f)(x), expected, rtol=1e-15)
    np.testing.assert_allclose(ad.jvp(f, (x,), (1.0,))[1], expected, rtol=1e-15)


def gamma_upper(a, x):
    return -mp.exp((a - 1) * mp.log(x) - x) / mp.gammainc(a, x)


def gamma_lower(a, x):
    return mp.exp((a - 1) * mp.log(x) - x) / mp.gammainc(a, 0, x)


def beta_lower(a, b, x):
    return x ** (a - 1) * (1 - x) ** (b - 1) / mp.betainc(a, b, 0, x)


def t_lower(df, z):
    u = df / (df + z * z)
    return beta_lower(df / 2, mp.mpf(0.5), u) * (-2 * z / df) * u * u


TAILS = {
    "gamma.logsf": (lambda x: our_stats.gamma.logsf(x, 2.0), lambda x: gamma_upper(2, x), [0.3, 30.0, 2000.0, 1e5]),
    "gamma.logsf 50": (lambda x: our_stats.gamma.logsf(x, 50.3), lambda x: gamma_upper(mp.mpf(50.3), x), [900.0, 2e3]),
    "gamma.logcdf": (
        lambda x: our_stats.gamma.logcdf(x, 300.0), lambda x: gamma_lower(300, x), [1e-3, 1.0, 250.0, 320.0],
    ),
    "chi2.logsf": (lambda x: our_stats.chi2.logsf(x, 5.0), lambda x: gamma_upper(2.5, x / 2) / 2, [1.0, 5000.0]),
    "beta.logcdf": (
        lambda x: our_stats.beta.logcdf(x, 400.0, 3.0), lambda x: beta_lower(400, 3, x), [1e-3, 0.05, 0.9],
    ),
    "beta.logsf": (
        lambda x: our_stats.beta.logsf(x, 3.0, 400.0), lambda x: -beta_lower(400, 3, 1 - x), [0.25, 0.99609375],
    ),
    "t.logcdf": (lambda x: our_stats.t.logcdf(x, 1e4), lambda x: t_lower(mp.mpf(1e4), x), [-60.0, -30.0, -2.0]),
    "t.logsf": (lambda x: our_stats.t.logsf(x, 1e4), lambda x: -t_lower(mp.mpf(1e4), -x), [60.0, 30.0, 2.0]),
    "poisson.logcdf": (lambda m: our_stats.poisson.logcdf(1, m), lambda m: gamma_upper(2, m), [0.5, 1000.0]),
    "poisson.logsf": (lambda m: our_stats.poisson.logsf(200, m), lambda m: gamma_lower(201, m), [0.01, 150.0]),
}  # fmt: skip


@pytest.mark.parametrize("name", TAILS)
def test_logarithms_of_distribution_functions_in_the_tails(name):
    """Also where the function itself is 0, or SciPy's logarithm of it -∞: the slope is finite there."""
    f, exact, points = TAILS[name]
    with mp.workdps(60):
        for x in points:
            np.testing.assert_allclose(ad.grad(f)(x), float(exact(mp.mpf(x))), rtol=2e-12, err_msg=f"{name} at {x}")


def test_second_derivatives_of_the_logarithms():
    for f, exact, x in (
        (lambda x: our_stats.gamma.logsf(x, 2.0), lambda x: gamma_upper(2, x), 3.0),
        (lambda x: our_stats.gamma.logcdf(x, 2.0), lambda x: gamma_lower(2, x), 3.0),
        (lambda x: our_stats.beta.logcdf(x, 2.0, 3.0), lambda x: beta_lower(2, 3, x), 0.3),
    ):
        np.testing.assert_allclose(ad.grad(ad.grad(f))(x), float(mp.diff(exact, x)), rtol=1e-11)


def test_shape_parameters_by_name():
    x = np.array([0.2, 0.6])
    for ours, by_name, by_position in (
        (our_stats.beta.logpdf, {"a": 3.0, "b": 2.0}, (3.0, 2.0)),
        (our_stats.t.cdf, {"df": 3.0, "scale": 2.0}, (3.0, 0.0, 2.0)),
        (our_stats.gamma.pdf, {"a": 3.0, "loc": -1.0}, (3.0, -1.0)),
        (our_stats.chi2.ppf, {"df": 3.0}, (3.0,)),
    ):
        np.testing.assert_array_equal(
            ad.grad(lambda x: np.sum(ours(x, **by_name)))(x),  # noqa: B023
            ad.grad(lambda x: np.sum(ours(x, *by_position)))(x),  # noqa: B023
        )
    assert ad.grad(lambda mu: our_stats.poisson.pmf(k=2, mu=mu))(2.0) == 0.0
    assert ad.grad(lambda a: our_stats.gamma.entropy(a=a))(2.0) == ad.grad(our_stats.gamma.entropy)(2.0)
    by_a = ad.grad(lambda a: np.sum(our_stats.gamma.logpdf([0.3, 0.4], a)))(2.0)
    assert by_a == ad.grad(lambda a: np.sum(our_stats.gamma.logpdf(np.array([0.3, 0.4]), a)))(2.0)


def test_wrong_arguments_are_named():
    with pytest.raises(
        TypeError, match=r"^scipy\.stats\.gamma\.pdf: has no such argument; got df\. It takes x, a, loc"
    ):
        ad.grad(lambda x: our_stats.gamma.pdf(x, df=3.0))(1.0)
    with pytest.raises(TypeError, match=r"^scipy\.stats\.beta\.logpdf: an argument is missing; got no b\. Pass b\."):
        ad.grad(lambda x: our_stats.beta.logpdf(x, 3.0))(0.5)
    with pytest.raises(TypeError, match=r"^scipy\.stats\.gamma\.pdf: an argument is given twice; got a\."):
        ad.grad(lambda x: our_stats.gamma.pdf(x, 2.0, a=3.0))(1.0)
    with pytest.raises(TypeError, match=r"^scipy\.stats\.norm\.pdf: takes x, loc, scale; got 4 arguments\."):
        ad.grad(lambda x: our_stats.norm.pdf(x, 2.0, 3.0, 4.0))(1.0)


@pytest.mark.parametrize("family", [*SHAPES, "poisson", "dirichlet", "multivariate_normal"])
def test_what_has_no_derivative_here_is_scipys(family):
    ours, theirs = getattr(our_stats, family), getattr(scipy_stats, family)
    for name in ("rvs", "mean", "var", "std", "interval", "fit", "freeze"):
        if hasattr(theirs, name):
            assert getattr(ours, name) is not None, name
    if not inspect.ismodule(theirs) and hasattr(theirs, "std"):
        assert our_stats.norm.std(0.0, 2.0) == 2.0
    with pytest.raises(AttributeError, match="nothing"):
        _ = ours.nothing


@pytest.mark.parametrize("family", [*SHAPES, "poisson"])
def test_functions_and_their_steps_are_pickled_by_name(family):
    function = our_stats.poisson.logpmf if family == "poisson" else getattr(our_stats, family).logpdf
    assert pickle.loads(pickle.dumps(function)) is function
    assert pickle.loads(pickle.dumps(function.step)) is function.step
    x = np.array([1.0, 2.0]) if family == "poisson" else np.array([0.3, 0.4])
    shapes = () if family == "norm" else (2.0, 3.0) if family == "beta" else (2.0,)

    def loss(scale, x):
        by_scale = (scale,) if family == "poisson" else (*shapes, 0.0, scale)
        return np.sum(function(x, *by_scale)) ** 2

    fast = ad.compile(ad.value_and_grad(loss))
    np.testing.assert_array_equal(fast(1.3, x), ad.value_and_grad(loss)(1.3, x))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fast))(1.3, x), fast(1.3, x))


def test_singular_covariances_have_no_slope_off_their_support():
    f = our_stats.multivariate_normal.logpdf
    cov = np.diag([1.0, 0.0])
    on = ad.grad(lambda x: f(x, np.zeros(2), cov, True))(np.array([0.5, 0.0]))
    np.testing.assert_allclose(on, [-0.5, 0.0])
    off, slope = ad.value_and_grad(lambda x: f(x, np.zeros(2), cov, True))(np.array([0.5, 1.0]))
    assert off == -np.inf and np.isnan(slope).all()
