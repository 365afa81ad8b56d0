"""autodiff.scipy: stats, signal, linalg, integrate, optimize, and the functions of special that are no ufuncs."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import autodiff as ad
from autodiff.dispatch import RULES
from tests.witnesses import differences

scipy = pytest.importorskip("scipy")
from scipy import integrate, linalg, optimize, signal, stats  # noqa: E402
from scipy import special as scipys_special  # noqa: E402

import autodiff.scipy as our_scipy  # noqa: E402
from autodiff.scipy import integrate as our_integrate  # noqa: E402
from autodiff.scipy import linalg as our_linalg  # noqa: E402
from autodiff.scipy import signal as our_signal  # noqa: E402
from autodiff.scipy import special as our_special  # noqa: E402
from autodiff.scipy import stats as our_stats  # noqa: E402


def check(f, *primals, tolerance=1e-8, second=1e-7, step=1e-3, order=2):
    """Both modes against differences of f, and the derivative of the gradient against those of the gradient."""
    rng = np.random.default_rng(3)
    v = tuple(rng.uniform(-1, 1, np.shape(x)) for x in primals)
    y, y_dot = ad.jvp(f, primals, v)
    np.testing.assert_array_equal(np.asarray(y), np.asarray(f(*primals)))
    expected = differences(lambda *xs: [f(*xs)], primals, v, step)[0]
    scale = max(np.max(np.abs(expected), initial=0.0), 1e-3)
    np.testing.assert_allclose(y_dot, expected, rtol=tolerance, atol=tolerance * scale)
    ct = rng.uniform(-1, 1, np.shape(y))
    back = ad.vjp(f, *primals)[1](ct)
    for x, g in zip(primals, back, strict=True):
        assert np.shape(g) == np.shape(x)
    np.testing.assert_allclose(
        sum(np.sum(a * b) for a, b in zip(back, v, strict=True)),
        np.sum(ct * expected),
        rtol=tolerance,
        atol=tolerance * scale,
    )
    if order == 2:

        def gradient(*xs):
            return ad.grad(lambda *xs: np.sum(ct * f(*xs)), argnum=tuple(range(len(xs))))(*xs)

        wanted = differences(gradient, primals, v, step)
        scale = max(*(np.max(np.abs(w), initial=0.0) for w in wanted), 1e-3)
        for a, b in zip(ad.jvp(gradient, primals, v)[1], wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=second, atol=second * scale)


# --- the package -------------------------------------------------------------------------------------


def test_the_missing_extra_is_named():
    program = (
        "import sys; sys.modules['scipy'] = None\n"
        "import autodiff\n"
        "try: import autodiff.scipy\n"
        "except ImportError as e: print(e)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.startswith("autodiff.scipy: needs scipy; got none in this environment. Install it: pip install")
    assert "autodiff-nn[scipy]" in done.stdout


def test_every_name_of_scipys_modules_is_there():
    for ours, theirs in [
        (our_special, scipys_special), (our_stats, stats), (our_linalg, linalg), (our_signal, signal),
        (our_integrate, integrate), (our_scipy.optimize, optimize),
    ]:  # fmt: skip
        for name in theirs.__all__:
            assert getattr(ours, name) is not None, name
    assert our_scipy.optimize.minimize is optimize.minimize
    assert our_special.expit is scipys_special.expit
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = our_scipy.nothing
    assert set(dir(our_scipy)) >= {"special", "stats"}


def test_plain_arguments_give_scipys_own_values():
    x = np.array([0.2, 1.0, 3.0])
    assert type(our_stats.norm.pdf(x)) is np.ndarray
    np.testing.assert_array_equal(our_stats.norm.pdf(x, scale=2.0), stats.norm.pdf(x, scale=2.0))
    np.testing.assert_array_equal(our_special.softmax(x), scipys_special.softmax(x))


# --- special -----------------------------------------------------------------------------------------

A23 = np.array([[0.3, -1.2, 2.0], [1.1, 0.4, -0.7]])


@pytest.mark.parametrize("options", [{}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 1)}])
def test_logsumexp(options):
    check(lambda a: our_special.logsumexp(a, **options), A23)
    b = np.array([[1.0, 2.0, 0.9], [0.5, 0.2, -0.3]])
    check(lambda a, b: our_special.logsumexp(a, b=b, **options), A23, b)


def test_logsumexp_is_stable():
    assert ad.grad(our_special.logsumexp)(np.array([1e4, 1e4, -np.inf])).tolist() == [0.5, 0.5, 0.0]
    with np.errstate(invalid="ignore"):
        assert np.isnan(ad.grad(our_special.logsumexp)(np.array([-np.inf, -np.inf]))).all()
    weights = ad.grad(lambda b: our_special.logsumexp(np.array([1e4, 1e4]), b=b))(np.array([1.0, 3.0]))
    assert weights.tolist() == [0.25, 0.25]
    y, sign = our_special.logsumexp(
        ad.tensor([1.0, 2.0], requires_grad=True), b=np.array([1.0, -2.0]), return_sign=True
    )
    assert sign.item() == -1.0 and np.isclose(y.item(), np.log(2 * np.e**2 - np.e))


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax(name, axis):
    check(lambda a: getattr(our_special, name)(a, axis=axis), A23)
    large = ad.jacobian(getattr(our_special, name))(np.array([1e4, 0.0]))
    assert np.isfinite(large).all()


@pytest.mark.parametrize(
    "f",
    [
        lambda x: our_special.polygamma(2, x),
        lambda x: our_special.polygamma(np.array([0, 1, 3]), x),
        lambda x: our_special.multigammaln(x + 2.0, 3),
        lambda x: our_special.factorial(x),
        lambda x: our_special.sinc(x),
        lambda x: scipys_special.zeta(2.5, x),
        lambda x: scipys_special.jvp(1, x),
        lambda x: our_special.spherical_jn(0, x),
        lambda x: our_special.spherical_jn(2, x),
        lambda x: our_special.spherical_jn(2, x, derivative=True),
        lambda x: our_special.spherical_yn(1, x),
        lambda x: our_special.spherical_in(2, x),
        lambda x: our_special.spherical_kn(1, x),
        lambda x: our_special.comb(x + 4.0, x),
        lambda x: our_special.perm(x + 4.0, 2.0 * x),
        lambda x: np.real(scipys_special.lambertw(x)),
    ],
)
def test_functions_around_the_ufuncs(f):
    check(f, np.array([0.4, 1.1, 2.3]), tolerance=3e-8)


@pytest.mark.parametrize("name", sorted(our_special.MADE_OF_UFUNCS))
def test_scipys_functions_made_of_ufuncs(name):
    f = getattr(our_special, name)
    check(lambda z: np.real(f(2.0, z) if name == "zeta" else f(z) if name == "lambertw" else f(1, z)), np.array([0.7]))


def test_spherical_bessel_functions_at_zero():
    assert ad.grad(lambda z: our_special.spherical_jn(1, z))(0.0) == 1 / 3
    assert ad.grad(ad.grad(lambda z: our_special.spherical_jn(0, z)))(0.0) == -1 / 3
    assert our_special.spherical_jn(1, 0.5, True) == scipys_special.spherical_jn(1, 0.5, True)


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (our_stats.uniform.logpdf, r"^scipy\.stats\.uniform\.logpdf: cannot be differentiated; .*of norm, t, gamma"),
        (lambda x: our_stats.uniform(x), r"^scipy\.stats\.uniform: cannot be differentiated"),
        (lambda x: our_stats.norm.interval(x), r"^scipy\.stats\.norm\.interval: cannot be differentiated"),
        (lambda x: our_stats.zscore(x), r"^scipy\.stats\.zscore: cannot be differentiated"),
        (lambda x: our_special.diric(x, 3), r"^scipy\.special\.diric: cannot be differentiated; .*np\.sin"),
        (lambda x: our_integrate.quad(np.sin, 0.0, x), r"^scipy\.integrate\.quad: cannot .*leggauss"),
        (lambda x: our_integrate.simpson(x), r"^scipy\.integrate\.simpson: cannot be differentiated; .*weights"),
    ],
)
def test_what_has_no_rule_says_what_to_write(f, message):
    with pytest.raises(TypeError, match=message):
        ad.grad(lambda x: np.sum(f(x)))(np.array([0.3, 0.4]))


def test_other_distributions_are_scipys():
    assert our_stats.uniform.pdf(0.3) == 1.0 and our_stats.uniform(0.0, 2.0).mean() == 1.0
    assert our_stats.norm.interval(0.9, 0.0, 1.0) == stats.norm.interval(0.9, 0.0, 1.0)
    assert our_stats.rv_continuous is stats.rv_continuous and "ppf" in dir(our_stats.uniform)
    assert pickle.loads(pickle.dumps(our_stats.uniform)).cdf(0.25) == 0.25


COUNTS = [-3.0, -2.5, -1.0, 0.0, 0.5, 2.0, 2.5, 5.0, 7.0, np.nan]


@pytest.mark.parametrize("name", ["comb", "perm"])
def test_counts_out_of_range_are_zero_and_stay_zero(name):
    ours, theirs = getattr(our_special, name), getattr(scipys_special, name)
    definition = RULES[ours].definition
    n, k = np.meshgrid(COUNTS, COUNTS)
    np.testing.assert_allclose(definition(n, k), theirs(n, k), rtol=1e-13)
    if name == "comb":
        np.testing.assert_allclose(definition(n, k, repetition=True), theirs(n, k, repetition=True), rtol=1e-13)
    for outside in ((2.0, 3.0), (-2.0, 1.0), (4.0, -1.0)):
        assert ad.grad(lambda *nk: ours(*nk), (0, 1))(*outside) == (0.0, 0.0)
    assert np.isclose(ad.grad(lambda n: ours([n, n], [1, 2])[0])(5.0), 1.0, rtol=1e-14)


def test_scipys_own_functions_that_are_no_ufuncs_say_where_to_look():
    with pytest.raises(TypeError, match=r"np\.asarray: the result would leave the graph.* in autodiff\.scipy"):
        ad.grad(lambda x: scipys_special.polygamma(1, x))(2.0)


def test_orders_of_functions_are_refused():
    with pytest.raises(TypeError, match=r"polygamma: cannot be differentiated; .*order"):
        ad.grad(lambda n: our_special.polygamma(n, 2.0))(1.0)
    with pytest.raises(TypeError, match=r"^scipy\.special\.zeta: cannot be differentiated; .*ζ"):
        ad.grad(scipys_special.zeta)(2.0)


# --- stats -------------------------------------------------------------------------------------------

X = np.array([0.3, 0.8, 1.4])
P = np.array([0.1, 0.4, 0.85])
VARIABLE = ["pdf", "logpdf", "cdf", "sf", "logcdf", "logsf"]
FAMILIES = {"norm": (), "t": (2.7,), "gamma": (1.8,), "chi2": (3.3,), "beta": (1.6, 2.9)}


@pytest.mark.parametrize("function", VARIABLE)
@pytest.mark.parametrize("family", FAMILIES)
def test_distributions_by_variable_and_location_and_scale(family, function):
    f = getattr(getattr(our_stats, family), function)
    shapes = FAMILIES[family]
    check(lambda x, loc, scale: f(x, *shapes, loc, scale), X, np.array(-0.2), np.array(2.5), tolerance=3e-8)
    check(lambda x, scale: f(x, *shapes, loc=-0.2, scale=scale), X, np.array(2.5), tolerance=3e-8, order=1)


@pytest.mark.parametrize("function", ["pdf", "logpdf"])
@pytest.mark.parametrize("family", [name for name, shapes in FAMILIES.items() if shapes])
def test_densities_by_shape(family, function):
    f = getattr(getattr(our_stats, family), function)
    check(lambda *shapes: f(X, *shapes, scale=2.5), *map(np.array, FAMILIES[family]))


@pytest.mark.parametrize("function", ["ppf", "isf"])
@pytest.mark.parametrize("family", FAMILIES)
def test_quantiles(family, function):
    f = getattr(getattr(our_stats, family), function)
    check(lambda q, loc, scale: f(q, *FAMILIES[family], loc, scale), P, np.array(-0.2), np.array(2.5), tolerance=3e-8)


@pytest.mark.parametrize("family", FAMILIES)
def test_entropies(family):
    f = getattr(our_stats, family).entropy
    check(lambda *args: f(*args[:-1], 0.0, args[-1]), *map(np.array, FAMILIES[family]), np.array(2.5))


@pytest.mark.parametrize("family", ["gamma", "chi2", "beta"])
def test_outside_the_support_nothing_changes(family):
    module = getattr(our_stats, family)
    for function in VARIABLE:
        assert ad.grad(getattr(module, function))(-1.0, *FAMILIES[family]) == 0.0
    if family == "beta":
        assert ad.grad(lambda x: module.pdf(x, 1.6, 2.9))(1.5) == 0.0


def test_shape_parameters_of_distribution_functions_are_refused():
    for call in (lambda a: our_stats.gamma.cdf(1.0, a), lambda a: our_stats.t.cdf(1.0, a)):
        with pytest.raises(TypeError, match="shape parameters has no closed form"):
            ad.grad(call)(2.0)


def test_the_tail_of_the_normal_distribution():
    """d/dx log Φ at -40 is the inverse of Mills' ratio."""
    mp = pytest.importorskip("mpmath")
    mp.mp.dps = 50
    exact = mp.npdf(-40) / mp.ncdf(-40)
    assert abs(ad.grad(our_stats.norm.logcdf)(-40.0) / float(exact) - 1) < 1e-14


@pytest.mark.parametrize("function", ["logpmf", "pmf", "cdf", "sf", "logcdf", "logsf"])
def test_poisson(function):
    f = getattr(our_stats.poisson, function)
    k = np.array([0, 2, 5])
    check(lambda mu: f(k, mu), np.array([0.7, 1.3, 4.0]))
    check(lambda mu: f(k + 1, mu, loc=1), np.array([0.7, 1.3, 4.0]), order=1)
    with pytest.raises(
        TypeError, match=rf"scipy\.stats\.poisson\.{function}: cannot be differentiated; .*whole numbers"
    ):
        ad.grad(lambda k: f(k, 2.0))(3.0)


def test_poisson_where_there_is_no_count():
    gradient = ad.grad(lambda mu: np.sum(our_stats.poisson.pmf(np.array([-1.0, 1.5, 2.0]), mu)))(2.0)
    assert np.isclose(gradient, (2 / 2.0 - 1) * stats.poisson.pmf(2, 2.0))


def test_dirichlet():
    alpha = np.array([1.3, 0.8, 2.9])
    check(lambda alpha: our_stats.dirichlet.logpdf(np.array([0.2, 0.5, 0.3]), alpha), alpha)
    check(lambda alpha: our_stats.dirichlet.pdf(np.array([0.2, 0.5, 0.3]), alpha), alpha)
    check(lambda x, alpha: our_stats.dirichlet.logpdf(x, alpha), np.array([0.2, 0.5]), alpha)
    check(our_stats.dirichlet.entropy, alpha)
    check(our_stats.dirichlet.mean, alpha)


S = np.array([[2.0, 0.3, 0.1], [0.3, 1.5, -0.4], [0.1, -0.4, 1.1]])


@pytest.mark.parametrize("function", ["logpdf", "pdf"])
def test_multivariate_normal(function):
    f = getattr(our_stats.multivariate_normal, function)
    mean = np.array([0.1, -0.3, 0.5])
    for x in (np.array([0.4, 1.0, -0.2]), np.array([[0.4, 1.0, -0.2], [1.0, 0.0, 0.3]])):
        check(lambda x, mean: f(x, mean, S), x, mean)
        check(lambda root, x=x: f(x, mean, root @ root.T), np.linalg.cholesky(S))
        check(lambda variances, x=x: f(x, mean, variances), np.array([0.5, 1.0, 2.0]))
        check(lambda variance, x=x: f(x[..., None], None, variance), np.array(1.7))
    check(lambda variance: f(X, None, variance), np.array(1.7))
    check(lambda x: f(x[None], mean, S), mean + 0.3)  # SciPy drops axes of length 1
    check(lambda x, variance: f(x, 0.5, variance), np.array([0.4, 1.0, -0.2]), np.array(1.7))
    singular = np.outer(mean, mean) + np.diag([1.0, 1.0, 0.0]) * 0.0
    assert np.isfinite(ad.grad(lambda m: f(mean, m, singular, True))(0.5 * mean)).all()
    with pytest.raises(TypeError, match="rank of the covariance"):
        ad.grad(lambda cov: f(mean, mean, cov, True))(S)


def test_entropy_of_the_multivariate_normal():
    check(lambda root: our_stats.multivariate_normal.entropy(np.zeros(3), root @ root.T), np.linalg.cholesky(S))


# --- signal ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["full", "valid", "same"])
@pytest.mark.parametrize("shapes", [((5,), (3,)), ((4, 5), (2, 3)), ((3,), (3,)), ((6,), (2,))])
def test_convolve_is_scipys(mode, shapes):
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=shape) for shape in shapes)
    np.testing.assert_allclose(our_signal.convolve(a, b, mode=mode), signal.convolve(a, b, mode), atol=1e-14)
    check(lambda a, b: our_signal.convolve(a, b, mode=mode), a, b)


@pytest.mark.parametrize("mode", ["full", "valid"])
def test_convolve_with_the_smaller_array_first(mode):
    a, b = np.array([1.0, -2.0]), np.array([0.5, 1.5, 2.0, 3.0])
    np.testing.assert_allclose(our_signal.convolve(a, b, mode=mode), np.convolve(a, b, mode), atol=1e-14)
    check(lambda a, b: our_signal.convolve(a, b, mode=mode), a, b)


AXES = [
    ((4, 5, 2), (3, 2, 6), ([1], [0]), ((), ())),
    ((4, 5, 2), (2, 2, 6), ([1], [0]), ([2], [1])),
    ((4, 5, 6), (2, 3, 6), ([0, 1], [0, 1]), ([2], [2])),
    ((4, 5), (2, 3), ([0], [1]), ((), ())),
]


@pytest.mark.parametrize("mode", ["full", "valid", "same"])
@pytest.mark.parametrize("case", AXES, ids=str)
def test_convolve_axes_as_autograd(mode, case):
    peer = pytest.importorskip("autograd.scipy.signal")
    shape_a, shape_b, axes, dot_axes = case
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=shape_a), rng.normal(size=shape_b)
    ours = our_signal.convolve(a, b, axes=axes, dot_axes=dot_axes, mode=mode)
    theirs = peer.convolve(a, b, axes=[list(x) for x in axes], dot_axes=[list(x) for x in dot_axes], mode=mode)
    np.testing.assert_allclose(ours, theirs, atol=1e-13)
    check(lambda a, b: our_signal.convolve(a, b, axes=axes, dot_axes=dot_axes, mode=mode), a, b)


@pytest.mark.parametrize("mode", ["full", "valid", "same"])
def test_convolve_in_pieces_is_the_same(mode, monkeypatch):
    rng = np.random.default_rng(4)
    a, b = rng.standard_normal((3, 2, 9, 8)), rng.standard_normal((2, 4, 3, 5))
    f = lambda a, b: our_signal.convolve(a, b, axes=([2, 3], [-2, 3]), dot_axes=([1], [0]), mode=mode)  # noqa: E731
    loss = lambda a, b: np.sum(np.sin(f(a, b)))  # noqa: E731
    whole, gradients = f(a, b), ad.grad(loss, (0, 1))(a, b)
    compiled = ad.compile(ad.grad(loss, (0, 1)))
    for one, other in zip(gradients, compiled(a, b), strict=True):
        np.testing.assert_array_equal(one, other)
    monkeypatch.setattr(our_signal, "MOST_COPIED", 100)
    np.testing.assert_allclose(f(a, b), whole, rtol=1e-13, atol=1e-13)
    for one, other in zip(gradients, ad.grad(loss, (0, 1))(a, b), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_convolve_keeps_dtypes_and_takes_what_is_not_contiguous():
    rng = np.random.default_rng(5)
    a, b = rng.standard_normal((7, 6)), rng.standard_normal((3, 2))
    expected = signal.convolve(a, b)
    np.testing.assert_allclose(
        our_signal.convolve(a.T.copy().T, b[::-1, ::-1].copy()[::-1, ::-1]), expected, atol=1e-14
    )
    assert our_signal.convolve(a.astype("f4"), b.astype("f4")).dtype == np.float32
    g = ad.grad(lambda a: np.sum(our_signal.convolve(a, b.astype("f4"), mode="valid")))(a.astype("f4"))
    assert g.dtype == np.float32 and g.shape == a.shape
    z = a + 1j * a[::-1]
    np.testing.assert_allclose(our_signal.convolve(z, b * 1j), signal.convolve(z, b * 1j), atol=1e-14)
    ad.check_grads(lambda z: our_signal.convolve(z, b * (1 + 2j), mode="same"), z)
    assert our_signal.convolve(2.0, 3.0) == 6.0 and ad.grad(our_signal.convolve)(2.0, 3.0) == 3.0
    assert our_signal.convolve(np.arange(3), [1, 2]).tolist() == [0, 1, 4, 4]


def test_convolve_refuses():
    with pytest.raises(ValueError, match=r"convolve: mode must be one of full, valid, same; got 'some'\."):
        our_signal.convolve(np.ones(2), np.ones(2), mode="some")
    with pytest.raises(ValueError, match=r"convolve: for 'valid' one array must be at least as large"):
        our_signal.convolve(np.ones((2, 5)), np.ones((3, 3)), mode="valid")


# --- linalg ------------------------------------------------------------------------------------------

RNG = np.random.default_rng(7)
M = RNG.normal(size=(3, 3)) * 0.4 + 2 * np.eye(3)
B = RNG.normal(size=(3, 2))


@pytest.mark.parametrize("trans", [0, 1, "T", "C"])
@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("unit_diagonal", [False, True])
def test_solve_triangular(trans, lower, unit_diagonal):
    for b in (B, B[:, 0]):
        check(lambda a, b: our_linalg.solve_triangular(a, b, trans, lower, unit_diagonal=unit_diagonal), M, b)


def test_solve_triangular_of_a_stack():
    with pytest.raises(ValueError, match=r"solve_triangular: is differentiated for one matrix; got shape \(2, 3, 3\)"):
        our_linalg.solve_triangular(np.stack([M, M]), B)


@pytest.mark.parametrize("bands", [(1, 1), (2, 1), (0, 2), (1, 0)])
def test_solve_banded(bands):
    lower, upper = bands
    n = 5
    ab = RNG.normal(size=(lower + upper + 1, n))
    ab[upper] += 5.0
    dense = sum(np.diag(ab[upper - k, max(k, 0) : n + min(k, 0)], k) for k in range(-lower, upper + 1))
    b = RNG.normal(size=(n, 2))
    np.testing.assert_allclose(our_linalg.solve_banded(bands, ab, b), np.linalg.solve(dense, b), rtol=1e-12)
    for right in (b, b[:, 0]):
        check(lambda ab, b: our_linalg.solve_banded(bands, ab, b), ab, right)


@pytest.mark.parametrize(
    ("f", "primals"),
    [
        (our_linalg.sqrtm, (M,)),
        (our_linalg.expm, (M,)),
        (lambda a: our_linalg.expm(np.stack([a, a @ a])), (0.3 * M,)),
        (our_linalg.solve_sylvester, (M, M.T + 1.0, B @ B.T)),
        (our_linalg.inv, (M,)),
        (our_linalg.det, (M,)),
        (our_linalg.solve, (M, B)),
    ],
)
def test_matrix_functions(f, primals):
    check(f, *primals)


def test_expm_of_a_defective_and_a_rotation_matrix():
    """exp of [[0, -t], [t, 0]] is a rotation; of a nilpotent matrix it is 1 + A."""
    j = np.array([[0.0, -1.0], [1.0, 0.0]])
    turned = ad.jacobian(lambda t: our_linalg.expm(t * j))(0.7)
    np.testing.assert_allclose(turned, [[-np.sin(0.7), -np.cos(0.7)], [np.cos(0.7), -np.sin(0.7)]], atol=1e-15)
    nilpotent = np.array([[0.0, 1.0], [0.0, 0.0]])
    np.testing.assert_allclose(ad.jacobian(lambda t: our_linalg.expm(t * nilpotent))(3.0), nilpotent, atol=1e-15)


def test_complex_matrices():
    a = M + 0.3j * M.T
    for f in (our_linalg.expm, our_linalg.sqrtm, lambda a: our_linalg.solve_triangular(a, B, trans="C")):
        assert ad.gradcheck(lambda a, f=f: np.sum(np.real(f(a)) ** 2), a)


# --- odeint ------------------------------------------------------------------------------------------


def pendulum(y, t, length, forces):
    return np.stack([y[1], -np.sin(y[0]) / length + forces["a"] * np.cos(t) - forces["b"][0] * y[1]])


TIGHT = {"rtol": 1e-11, "atol": 1e-11}
Y0, TIMES, ARGS = np.array([1.0, 0.2]), np.array([0.1, 0.5, 1.3]), (1.7, {"a": 0.3, "b": np.array([0.2])})


def test_odeint_by_state_times_and_parameters():
    def f(y0, t, length, a, b):
        return our_integrate.odeint(pendulum, y0, t, (length, {"a": a, "b": b}), **TIGHT)

    primals = (Y0, TIMES, np.array(1.7), np.array(0.3), np.array([0.2]))
    check(f, *primals, tolerance=1e-7, second=1e-6, step=1e-2)
    np.testing.assert_array_equal(f(*primals), integrate.odeint(pendulum, Y0, TIMES, ARGS, **TIGHT))


def test_odeint_where_the_answer_is_known():
    """y′ = -k y: ∂y/∂k = -t y."""

    def f(k):
        return our_integrate.odeint(lambda y, _t, k: -k * y, np.array([2.0]), np.array([0.0, 3.0]), (k,), **TIGHT)[1, 0]

    k = 0.4
    np.testing.assert_allclose(ad.grad(f)(k), -6 * np.exp(-1.2), rtol=1e-9)
    np.testing.assert_allclose(ad.grad(ad.grad(f))(k), 18 * np.exp(-1.2), rtol=1e-9)
    np.testing.assert_allclose(ad.jvp(f, (k,), (1.0,))[1], -6 * np.exp(-1.2), rtol=1e-9)


def test_odeint_at_default_tolerances_is_as_good_as_the_solution():
    def f(k):
        return our_integrate.odeint(lambda y, _t, k: -k * y, np.array([2.0]), np.array([0.0, 3.0]), (k,))[1, 0]

    np.testing.assert_allclose(ad.grad(f)(0.4), -6 * np.exp(-1.2), rtol=1e-6)


def test_odeint_jacobians_and_constant_equations():
    def end(y0):
        return our_integrate.odeint(pendulum, y0, TIMES, ARGS, **TIGHT)[-1]

    np.testing.assert_allclose(ad.jacobian(end, mode="forward")(Y0), ad.jacobian(end, mode="reverse")(Y0), rtol=1e-8)
    moved = ad.jacobian(lambda y0: our_integrate.odeint(lambda _y, _t: np.ones(2), y0, TIMES)[-1])(Y0)
    np.testing.assert_allclose(moved, np.eye(2), atol=1e-12)


def test_odeint_as_autograd():
    peer = pytest.importorskip("autograd.scipy.integrate")
    autograd = pytest.importorskip("autograd")
    anp = pytest.importorskip("autograd.numpy")
    pair = pytest.importorskip("autograd.builtins").tuple

    def slope(xp):
        return lambda y, t, k: xp.array([y[1], -k * xp.sin(y[0]) * t])

    theirs = autograd.grad(lambda k: anp.sum(peer.odeint(slope(anp), Y0, TIMES, pair((k,)), **TIGHT) ** 2))(1.7)
    import autodiff.numpy as dnp

    ours = ad.grad(lambda k: dnp.sum(our_integrate.odeint(slope(dnp), Y0, TIMES, (k,), **TIGHT) ** 2))(1.7)
    np.testing.assert_allclose(ours, theirs, rtol=1e-8)


def test_odeint_of_a_number():
    end = ad.grad(lambda y0: our_integrate.odeint(lambda y, _t: -y, y0, np.array([0, 1]), **TIGHT)[-1, 0])(2.0)
    np.testing.assert_allclose(end, np.exp(-1), rtol=1e-9)


def test_odeint_by_a_complex_parameter():
    def f(k):
        slope = lambda y, t, k: -np.real(k * k) * y + np.abs(k) * t  # noqa: E731
        return our_integrate.odeint(slope, np.array([2.0]), np.array([0.0, 1.0]), (k,), **TIGHT)[-1, 0]

    k, h = 0.4 + 0.7j, 1e-3
    by_real, by_imag = [(8 * (f(k + d) - f(k - d)) - (f(k + 2 * d) - f(k - 2 * d))) / (12 * h) for d in (h, h * 1j)]
    np.testing.assert_allclose(ad.jvp(f, (k,), (1.0 + 0j,))[1], by_real, rtol=1e-7)
    np.testing.assert_allclose(ad.jvp(f, (k,), (1j,))[1], by_imag, rtol=1e-7)
    np.testing.assert_allclose(ad.grad(f)(k), by_real - 1j * by_imag, rtol=1e-7)


def test_odeint_with_arguments_that_are_no_numbers():
    def slope(y, _t, k, f, mode):
        return -k * f(y) if mode == "down" else k * f(y)

    times = np.array([0.0, 1.0])
    expected = integrate.odeint(slope, [1.0], times, (1.2, np.sin, "down"))
    np.testing.assert_array_equal(our_integrate.odeint(slope, [1.0], times, (1.2, np.sin, "down")), expected)
    ours = lambda k: our_integrate.odeint(slope, [1.0], times, (k, np.sin, "down"), **TIGHT)[-1, 0]  # noqa: E731
    exact = lambda k: 2 * np.arctan(np.tan(0.5) * np.exp(-k))  # noqa: E731
    np.testing.assert_allclose([ours(1.2), ad.grad(ours)(1.2)], [exact(1.2), ad.grad(exact)(1.2)], rtol=1e-9)
    all_of_it = our_integrate.odeint(lambda _t, y: -y, [1.0], times, tfirst=True, full_output=True)
    assert all_of_it[1]["message"] == "Integration successful."
    assert our_integrate.odeint(lambda y, _t, k: -k * y, 1.0, times, 2.0).shape == (2, 1)


def test_odeint_refuses():
    with pytest.raises(
        TypeError, match=r"odeint: the equation depends on a traced value that is not among its arguments"
    ):
        ad.grad(lambda k: our_integrate.odeint(lambda y, _t: -k * y, Y0, TIMES)[-1, 0])(1.0)
    with pytest.raises(TypeError, match=r"odeint: the derivative rule does not know the argument full_output"):
        ad.grad(lambda y0: our_integrate.odeint(pendulum, y0, TIMES, ARGS, full_output=True)[0][-1, 0])(Y0)


# --- recording ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(our_stats.norm.logpdf(x, 0.3, 2.0)) + our_special.logsumexp(x),
        lambda x: np.sum(our_special.softmax(x) * our_stats.t.pdf(x, 3.0)),
        lambda x: np.sum(our_signal.convolve(x, x)),
        lambda x: np.sum(our_linalg.expm(np.outer(x, x) * 0.1)),
        lambda x: our_stats.multivariate_normal.logpdf(x, 0.5 * x, S),
    ],
)
def test_compiled_gradients(f):
    x = np.array([0.4, 1.0, -0.2])
    gradient = ad.grad(f)
    fast = ad.compile(lambda x: ad.grad(f)(x))
    for point in (x, x + 0.5):
        np.testing.assert_allclose(fast(point), gradient(point), rtol=1e-13, atol=1e-15)


# --- the normal density is a step of its own ----------------------------------------------------------


@pytest.mark.parametrize("function", ["pdf", "logpdf"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.filterwarnings("ignore::RuntimeWarning:scipy")
def test_normal_densities_of_traced_values_have_scipys_bits(function, dtype):
    ours, theirs = getattr(our_stats.norm, function), getattr(stats.norm, function)
    many = np.concatenate([np.random.default_rng(0).standard_normal(200) * 8, [0.0, np.inf, -np.inf, np.nan]])
    for x in (many.astype(dtype), dtype(0.3), 0.7):
        for loc in (0, 0.3, dtype(1.1)):
            for scale in (1, 2.5, dtype(0.3), 0.0, -1.0):
                value, expected = ad.vjp(lambda x: ours(x, loc, scale), x)[0], theirs(x, loc, scale)  # noqa: B023
                assert value.dtype == expected.dtype and np.shape(value) == np.shape(expected)
                number = ~np.isnan(expected)
                np.testing.assert_array_equal(np.isnan(value), ~number)
                assert np.asarray(value)[number].tobytes() == np.asarray(expected)[number].tobytes()


def test_normal_densities_broadcast_and_are_compiled():
    x, loc, scale = np.array([[0.3], [1.2]]), np.array([0.1, -0.4, 2.0]), 1.7
    for f in (our_stats.norm.pdf, our_stats.norm.logpdf):
        check(f, x, loc, np.array(scale))
        loss = lambda x, loc, scale, f=f: np.sum(f(x, loc=loc, scale=scale))  # noqa: E731
        gradients = ad.grad(loss, (0, 1, 2))
        assert [np.shape(g) for g in gradients(x, loc, scale)] == [(2, 1), (3,), ()]
        for ours, eager in zip(ad.compile(gradients)(x, loc, scale), gradients(x, loc, scale), strict=True):
            np.testing.assert_array_equal(ours, eager)


# --- further functions of scipy.linalg and scipy.signal -------------------------------------------------

SQUARE = np.random.default_rng(5).normal(size=(3, 3))
DEFINITE = SQUARE @ SQUARE.T + np.eye(3)
TALL = np.random.default_rng(6).normal(size=(5, 2))
COLUMN = np.random.default_rng(7).normal(size=5)


def symmetric(a):
    return 0.5 * (a + a.T)


@pytest.mark.parametrize(
    ("f", "primals"),
    [
        (lambda a: our_linalg.cholesky(symmetric(a)), (DEFINITE,)),
        (lambda a: our_linalg.cholesky(symmetric(a), lower=True), (DEFINITE,)),
        (lambda a: our_linalg.eigh(symmetric(a))[0], (DEFINITE,)),
        (lambda a: np.abs(our_linalg.eigh(symmetric(a))[1]), (DEFINITE,)),
        (lambda a: our_linalg.eigh(symmetric(a), lower=False, eigvals_only=True), (DEFINITE,)),
        (lambda a: our_linalg.svd(a, full_matrices=False)[0], (TALL,)),
        (lambda a: np.abs(our_linalg.svd(a)[0][:, :2]), (TALL,)),
        (lambda a: np.abs(our_linalg.svd(a)[2]), (TALL[:3].T,)),
        (lambda a: our_linalg.svd(a, compute_uv=False), (TALL,)),
        (lambda a: our_linalg.norm(a, 4, check_finite=False), (COLUMN,)),
        (lambda a: our_linalg.norm(a, 2), (TALL,)),
        (lambda a, b: our_linalg.block_diag(a, 3.0, b), (TALL, COLUMN)),
        (lambda a, b: our_linalg.lstsq(a, b)[0], (TALL, COLUMN)),
        (lambda a, b: our_linalg.lstsq(a, b)[1], (TALL, COLUMN)),
        (lambda a, b: our_linalg.lstsq(a, b)[1], (TALL, TALL[::-1])),
        (lambda a: our_linalg.lstsq(a, COLUMN)[3], (TALL,)),
        (lambda a, b: our_linalg.solve(symmetric(a), b, assume_a="pos", lower=True), (DEFINITE, SQUARE)),
        (lambda a, b: our_linalg.solve(symmetric(a), b, assume_a="sym"), (DEFINITE, SQUARE)),
        (lambda a, b: our_linalg.solve(a, b, assume_a="gen", transposed=True), (DEFINITE, SQUARE)),
        (lambda a, b: our_linalg.solve(np.tril(a), b, assume_a="lower triangular"), (DEFINITE, SQUARE)),
        *[
            (lambda a, b, mode=mode: our_signal.fftconvolve(a, b, mode), shapes)
            for mode in ("full", "same", "valid")
            for shapes in [(COLUMN, COLUMN[:2]), (COLUMN[:2], COLUMN), (TALL, TALL[:2, :1])]
        ],
        (lambda a, b: our_signal.fftconvolve(a, b, axes=0), (TALL, TALL[:2, :1])),
    ],
)
def test_further_functions(f, primals):
    check(f, *primals)


def test_solve_reads_the_triangle_it_is_told_and_its_derivative_is_symmetric():
    half = np.triu(DEFINITE)
    np.testing.assert_allclose(
        our_linalg.solve(half, COLUMN[:3], assume_a="pos"), np.linalg.solve(DEFINITE, COLUMN[:3]), rtol=1e-12
    )
    gradient = ad.grad(lambda a: np.sum(our_linalg.solve(a, COLUMN[:3], assume_a="pos") ** 2))(DEFINITE)
    np.testing.assert_array_equal(gradient, gradient.T)


def test_without_traced_values_they_are_scipys():
    for got, expected in zip(our_linalg.lstsq(TALL, COLUMN), linalg.lstsq(TALL, COLUMN), strict=True):
        np.testing.assert_array_equal(got, expected)
    for got, expected in zip(our_linalg.svd(TALL), linalg.svd(TALL), strict=True):
        np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(our_linalg.eigh(DEFINITE, np.eye(3))[0], linalg.eigh(DEFINITE, np.eye(3))[0])
    np.testing.assert_array_equal(our_linalg.toeplitz([1.0, 2.0]), linalg.toeplitz([1.0, 2.0]))
    np.testing.assert_array_equal(our_signal.correlate(COLUMN, [1.0, 2.0]), signal.correlate(COLUMN, [1.0, 2.0]))
    assert our_linalg.LinAlgError is linalg.LinAlgError


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda a: our_linalg.lu(a), r"scipy\.linalg\.lu: cannot be differentiated; .*np\.linalg"),
        (lambda a: our_linalg.eigh(a, DEFINITE), r"scipy\.linalg\.eigh: .*without b: for b, l = np\.linalg\.inv"),
        (lambda a: our_linalg.hankel(a[0]), r"scipy\.linalg\.hankel: .*NumPy's functions"),
        (lambda a: our_signal.convolve2d(a, a), r"scipy\.signal\.convolve2d: .*Use convolve"),
        (lambda a: our_signal.hilbert(a), r"scipy\.signal\.hilbert: .*np\.fft\.ifft"),
    ],
)
def test_the_others_say_what_to_write(f, message):
    with pytest.raises(TypeError, match=message):
        ad.grad(f)(DEFINITE)


ONES = np.ones


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            (ONES((3, 2)), ONES((3, 4)), ([0], [0]), ([1], [1])),
            ValueError,
            "axes of one length; got 2 and 4",
        ),
        ((ONES((3, 2)), ONES(2)), ValueError, "as many axes of A as of B; got 2 and 1"),
        ((ONES(3), ONES(2), ([5], [0])), ValueError, r"A has 1 axes; got \(5,\)"),
        ((ONES((3, 2)), ONES((3, 4)), ([0, 0], [0, 1])), ValueError, r"an axis of A is named twice; got \(0, 0\)"),
        (([], [1.0, 1.0]), ValueError, r"must have entries; got shapes \(0,\) and \(2,\)"),
        ((ONES(3), ONES(2), "same"), TypeError, "axes is a pair of sequences .*got 'same'.*mode=\"same\""),
    ],
)
def test_convolve_refuses_axes_that_do_not_fit(arguments, error, message):
    with pytest.raises(error, match=message):
        our_signal.convolve(*arguments)
