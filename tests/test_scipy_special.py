"""scipy.special: every ufunc is supported or refused; derivatives against differences and 50-digit arithmetic."""

import subprocess
import sys

import mpmath as mp
import numpy as np
import pytest

import autodiff as ad
from autodiff.dispatch import RULES, bind
from autodiff.primitives import Refused
from tests.cases_scipy import POINTS, points
from tests.witnesses import differences

special = pytest.importorskip("scipy.special")
import autodiff.rules.scipy_special  # noqa: E402 - fills RULES, as the first use would

UFUNCS = {name: getattr(special, name) for name in dir(special) if isinstance(getattr(special, name), np.ufunc)}
PLAIN = {"gammasgn", "round"}
"""Derivative 0 wherever there is one."""
HIGHER_REFUSED = {"zetac"}
"""The only operand is refused."""
STEPS = {"it2struve0": 1e-2, "itstruve0": 1e-2, "itmodstruve0": 1e-2, "itairy": 1e-2, "itj0y0": 1e-2, "iti0k0": 1e-2}
"""SciPy computes these to fewer digits: a larger step."""
TOLERANCE = {"wofz": 1e-7, "bdtri": 1e-6, "itairy": 1e-4, "itj0y0": 1e-5, "iti0k0": 1e-5, "it2struve0": 1e-5}


def supported(name):
    return not isinstance(RULES[UFUNCS[name]], Refused)


# --- every ufunc -----------------------------------------------------------------------------------


def test_every_ufunc_is_supported_or_refused_with_a_reason():
    unknown = [name for name, ufunc in UFUNCS.items() if ufunc not in RULES]
    assert not unknown, f"SciPy has functions that are neither rule nor refused: {unknown}"
    assert sum(map(supported, UFUNCS)) >= 160


def test_every_supported_ufunc_has_a_row():
    assert {name for name in UFUNCS if supported(name)} - PLAIN <= POINTS.keys()


@pytest.mark.parametrize("name", [name for name in UFUNCS if not supported(name)])
def test_a_refusal_names_the_function_and_the_reason(name):
    ufunc = UFUNCS[name]
    t = ad.tensor(0.5, requires_grad=True)
    message = rf"^scipy\.special\.{name}: cannot be differentiated; got a traced value\. .*\."
    with pytest.raises(TypeError, match=message):
        ufunc(*[t] * ufunc.nin)


def flat(y):
    return list(y) if isinstance(y, tuple) else [y]


def as_function(name):
    """Return the function of the differentiated operands, a list of outputs, and these operands."""
    operands, chosen = points(name)

    def f(*xs):
        values = list(operands)
        for i, x in zip(chosen, xs, strict=True):
            values[i] = x
        return flat(UFUNCS[name](*values))

    return f, [operands[i] for i in chosen]


ROWS = [name for name in POINTS if name in UFUNCS and name not in HIGHER_REFUSED and "log_wright" not in name]


def close(got, expected, tolerance):
    for a, b in zip(got, expected, strict=True):
        assert np.all(np.isfinite(b))
        np.testing.assert_allclose(np.asarray(a), b, rtol=tolerance, atol=tolerance * max(1e-3, np.max(np.abs(b))))


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_derivatives_in_both_modes(name):
    """Values bit for bit SciPy's; the tangent against differences; the cotangent against the tangent."""
    rng = np.random.default_rng(len(name))
    f, xs = as_function(name)
    tolerance, step = TOLERANCE.get(name, 3e-8), STEPS.get(name, 1e-3) * (0.05 if name in ("fdtri", "gdtria") else 1)
    tolerance = {"powm1": 1e-6}.get(name, tolerance)
    for i in range(len(xs)):

        def along(x, i=i):
            return f(*xs[:i], x, *xs[i + 1 :])

        x = xs[i]
        y, y_dot = ad.jvp(along, (x,), (np.ones_like(x),))
        for a, b in zip(y, along(x), strict=True):
            assert np.asarray(a).tobytes() == np.asarray(b).tobytes()
        expected = differences(along, (x,), (np.ones(x.shape),), step)
        close(y_dot, expected, tolerance)
        if np.iscomplexobj(y[0]):
            continue  # the transpose is complex too; the modes are compared in test_complex
        cts = [rng.uniform(-1, 1, np.shape(v)) for v in y]
        (back,) = ad.vjp(along, x)[1](cts)
        close([back], [sum(ct * v for ct, v in zip(cts, y_dot, strict=True))], 1e-13)


SECOND = [name for name in ROWS if name not in ("wofz", "hankel1", "hankel2")]


@pytest.mark.parametrize("name", SECOND)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_second_order(name):
    """The derivative of the sum of all first derivatives, reverse over reverse and forward over reverse."""
    f, xs = as_function(name)

    def slopes(*xs):
        return ad.grad(lambda *xs: sum(np.sum(y) for y in f(*xs)), argnum=tuple(range(len(xs))))(*xs)

    ones = tuple(np.ones_like(x) for x in xs)
    expected = differences(slopes, xs, ones, STEPS.get(name, 1e-3) * (0.05 if name in ("fdtri", "gdtria") else 1))
    close(ad.jvp(slopes, tuple(xs), ones)[1], expected, 3e-7)
    twice = ad.grad(lambda *xs: sum(map(np.sum, slopes(*xs))), argnum=tuple(range(len(xs))))(*xs)
    close(twice, expected, 3e-7)


@pytest.mark.parametrize("name", [name for name in SECOND if "airy" not in name])
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_pythons_own_floats_are_taken(name):
    operands, chosen = points(name)
    at = [np.ravel(operands[i])[0] for i in chosen]
    argnums = tuple(range(len(at)))
    whole = [operand if i in chosen else np.ravel(operand)[0] for i, operand in enumerate(operands)]

    def at_one_point(*values):
        for i, value in zip(chosen, values, strict=True):
            whole[i] = value
        return sum(map(np.real, flat(UFUNCS[name](*whole))))

    slopes = ad.grad(at_one_point, argnums)
    for function in (slopes, ad.grad(lambda *xs: sum(slopes(*xs)), argnums)):
        np.testing.assert_array_equal(function(*map(float, at)), function(*at))


@pytest.mark.parametrize("name", ["expit", "jv", "gammainc", "betainc", "ive", "log_ndtr", "erfcx", "xlogy", "ellipk"])
def test_float32_stays(name):
    f, xs = as_function(name)
    narrow = [x.astype(np.float32) for x in xs]
    operands, _ = points(name)
    given = [np.float32(x) if isinstance(x, float) else x for x in operands]
    y, pullback = (
        ad.vjp(lambda *xs: UFUNCS[name](*[xs[0] if isinstance(g, np.ndarray) else g for g in given]), narrow[-1])
        if len(xs) == 1
        else ad.vjp(lambda *xs: f(*xs)[0], *narrow)
    )
    assert y.dtype == np.float32
    assert all(ct.dtype == np.float32 for ct in pullback(np.ones_like(y)))


def test_broadcasting_sums():
    a, b = np.array([[1.0], [2.5]]), np.array([0.5, 2.0, 3.0])
    ga, gb = ad.grad(lambda a, b: np.sum(special.betaln(a, b)), argnum=(0, 1))(a, b)
    full = [np.array(g) for g in ad.grad(lambda a, b: np.sum(special.betaln(a, b)), argnum=(0, 1))(
        np.broadcast_to(a, (2, 3)).copy(), np.broadcast_to(b, (2, 3)).copy())]  # fmt: skip
    np.testing.assert_allclose(ga, full[0].sum(1, keepdims=True), rtol=1e-14)
    np.testing.assert_allclose(gb, full[1].sum(0), rtol=1e-14)


def test_jacobians_and_recording():
    x = np.array([0.3, 1.2, 2.0])

    def f(x):
        return special.jv(1, x) * special.log_ndtr(-x) + special.fresnel(x)[0]

    forward, reverse = ad.jacobian(f, mode="forward")(x), ad.jacobian(f, mode="reverse")(x)
    np.testing.assert_allclose(forward, reverse, rtol=1e-14)
    fast = ad.compile(lambda x: ad.grad(lambda x: np.sum(special.erfcx(x) * special.gammaln(x)))(x))
    np.testing.assert_allclose(fast(x), ad.grad(lambda x: np.sum(special.erfcx(x) * special.gammaln(x)))(x), rtol=1e-15)


# --- 50 digits -------------------------------------------------------------------------------------

mp.mp.dps = 50
TAILS = [10.0**k for k in range(-8, 4)]
BOTH = [*[-x for x in TAILS], *TAILS]


def normal_density(x):
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def hazard(x):
    return normal_density(x) / mp.ncdf(x)


def reg_beta(a, b, x):
    return mp.power(x, a - 1) * mp.power(1 - x, b - 1) / mp.beta(a, b)


def gamma_pdf(a, x):
    return mp.exp((a - 1) * mp.log(x) - x - mp.loggamma(a))


EXACT = {
    # name: (function of one variable, its derivative in mpmath, points)
    "expit": (special.expit, lambda x: 1 / (2 + mp.exp(x) + mp.exp(-x)), [x for x in BOTH if abs(x) < 700]),
    "log_expit": (special.log_expit, lambda x: 1 / (1 + mp.exp(x)), [x for x in BOTH if x < 700]),
    "erf": (special.erf, lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x), [1e-8, 0.5, 5.0, 20.0, -26.0]),
    "erfc": (special.erfc, lambda x: -2 / mp.sqrt(mp.pi) * mp.exp(-x * x), [1e-8, 0.5, 5.0, 20.0, -26.0]),
    "erfcx": (
        special.erfcx,
        lambda x: 2 * x * mp.exp(x * x) * mp.erfc(x) - 2 / mp.sqrt(mp.pi),
        [-26.0, -8.0, -6.9, -1.0, -1e-8, 0.0, 1e-8, 0.7, 1.0, 3.0, 5.0, 6.9, 7.1, 30.0, 90.0],
    ),
    "dawsn": (
        special.dawsn,
        lambda x: 1 - mp.sqrt(mp.pi) * x * mp.exp(-x * x) * mp.erfi(x),
        [1e-8, 0.5, 2.0, 5.0, 6.9, 7.1, -15.0],
    ),
    "log_ndtr": (
        special.log_ndtr,
        lambda x: normal_density(x) / mp.ncdf(x),
        [-1000.0, -100.0, -37.0, -20.0, -5.0, -1.0, 0.0, 1.0, 5.0, 20.0, 37.0],
    ),
    "ndtr": (special.ndtr, normal_density, [-37.0, -20.0, -1.0, 0.0, 5.0, 37.0]),
    "exprel": (special.exprel, lambda x: ((x - 1) * mp.exp(x) + 1) / x**2, [*BOTH[:-1]]),
    "i0e": (
        special.i0e,
        lambda x: mp.exp(-x) * (mp.besseli(1, x) - mp.besseli(0, x)),
        [0.1, 5.0, 39.0, 41.0, 1e3, 1e5],
    ),
    "i1e": (special.i1e, lambda x: mp.exp(-x) * (mp.besseli(1, x, 1) - mp.besseli(1, x)), [0.1, 39.0, 42.0, 1e3, 1e5]),
    "k0e": (special.k0e, lambda x: mp.exp(x) * (mp.besselk(0, x) - mp.besselk(1, x)), [0.1, 5.0, 39.0, 41.0, 1e3, 1e5]),
    "ellipk": (
        special.ellipk,
        lambda m: (mp.ellipe(m) / (1 - m) - mp.ellipk(m)) / (2 * m),
        [-1e6, -2.0, -1e-9, 1e-12, 0.5, 0.999],
    ),
    "ellipe": (
        special.ellipe,
        lambda m: (mp.ellipe(m) - mp.ellipk(m)) / (2 * m),
        [-1e6, -2.0, -1e-9, 1e-12, 0.5, 0.999],
    ),
    "spence": (special.spence, lambda z: mp.log(z) / (1 - z), [1e-9, 0.4, 0.6, 1 - 1e-9, 1 + 1e-12, 1.6, 1e8]),
    "kl_div by x": (
        lambda x: special.kl_div(x, 2.0),
        lambda x: mp.log(x / 2),
        [1e-300, 0.5, 2 - 1e-9, 2 + 1e-9, 1e300],
    ),
    "gammainc large": (
        lambda x: special.gammainc(1e5, x),
        lambda x: gamma_pdf(mp.mpf(1e5), x),
        [9.9e4, 1e5 - 300.0, 1e5, 1e5 + 1.0, 1.01e5],
    ),
    "gammainc": (
        lambda x: special.gammainc(0.3, x),
        lambda x: gamma_pdf(mp.mpf(0.3), x),
        [1e-300, 1e-8, 1.0, 30.0, 600.0],
    ),
    "betainc": (
        lambda x: special.betainc(0.5, 300.0, x),
        lambda x: reg_beta(mp.mpf(0.5), 300, x),
        [1e-300, 1e-8, 1e-3, 0.1, 0.5],
    ),
    "betainc large": (
        lambda x: special.betainc(2e4, 3e4, x),
        lambda x: reg_beta(mp.mpf(2e4), 3e4, x),
        [0.39, 0.4, 0.405],
    ),
    "stdtr": (
        lambda t: special.stdtr(1e6, t),
        lambda t: (
            mp.gamma(500000.5) / mp.gamma(500000) / mp.sqrt(1e6 * mp.pi) * mp.power(1 + t * t / mp.mpf(1e6), -500000.5)
        ),
        [0.0, 1.0, 10.0, 30.0],
    ),
    "stdtr 1": (lambda t: special.stdtr(1.0, t), lambda t: 1 / (mp.pi * (1 + t * t)), [0.0, 3.0, 1e10, 1e150]),
    "betaln": (
        lambda b: special.betaln(1e8, b),
        lambda b: mp.psi(0, b) - mp.psi(0, b + mp.mpf(1e8)),
        [0.5, 3.0, 1e8, 1e12],
    ),
    "poch": (
        lambda z: special.poch(z, 0.5),
        lambda z: mp.rf(z, 0.5) * (mp.psi(0, z + 0.5) - mp.psi(0, z)),
        [0.1, 5.0, 1e3],
    ),
    "rgamma": (special.rgamma, lambda x: mp.diff(mp.rgamma, x), [-5.0, -4.7, -1.0, 0.0, 0.49, 0.51, 3.0, 60.0]),
    "pseudo_huber": (
        lambda d: special.pseudo_huber(d, 1e-3),
        lambda d: (
            2 * d * (mp.sqrt(1 + (mp.mpf(1e-3) / d) ** 2) - 1)
            - mp.mpf(1e-3) ** 2 / d / mp.sqrt(1 + (mp.mpf(1e-3) / d) ** 2)
        ),
        [1e-6, 1.0, 1e4],
    ),
    "boxcox": (
        lambda p: special.boxcox(3.0, p),
        lambda p: mp.diff(lambda q: (3**q - 1) / q, p),
        [1e-9, 1e-4, 0.5, -3.0],
    ),
    "inv_boxcox": (
        lambda p: special.inv_boxcox(0.8, p),
        lambda p: (
            (1 + mp.mpf(0.8) * p) ** (1 / p)
            * (mp.mpf(0.8) / (p * (1 + mp.mpf(0.8) * p)) - mp.log(1 + mp.mpf(0.8) * p) / p**2)
        ),
        [1e-9, 1e-4, 0.5, 3.0],
    ),
}


@pytest.mark.parametrize("name", EXACT)
def test_digits(name):
    """Relative error of the derivative at most 1e-12, tails included."""
    f, slope, xs = EXACT[name]
    derivative = ad.grad(f)
    for x in xs:
        exact = slope(mp.mpf(x))
        assert abs((mp.mpf(float(derivative(x))) - exact) / exact) < 1e-12, f"{name} at {x}"


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (special.log_ndtr, -1e3, lambda x: -hazard(x) * (x + hazard(x))),
        (special.log_ndtr, 36.0, lambda x: -hazard(x) * (x + hazard(x))),
        (special.erfcx, 1e4, lambda x: (4 * x**2 + 2) * mp.exp(x * x) * mp.erfc(x) - 4 * x / mp.sqrt(mp.pi)),
        (special.dawsn, 30.0, lambda x: mp.diff(lambda x: mp.exp(-x * x) * mp.erfi(x) * mp.sqrt(mp.pi) / 2, x, 2)),
        (special.i0e, 1e3, lambda x: mp.diff(lambda x: mp.exp(-x) * mp.besseli(0, x), x, 2)),
        (special.rgamma, -1.0, lambda x: mp.diff(mp.rgamma, x, 2)),
        (special.ellipk, 1e-9, lambda m: mp.diff(mp.ellipk, m, 2)),
    ],
)
def test_second_derivatives_in_the_tails(f, x, expected):
    mp.mp.dps = 50
    np.testing.assert_allclose(ad.grad(ad.grad(f))(x), float(expected(mp.mpf(x))), rtol=1e-12)


# --- poles, zeros and large arguments ---------------------------------------------------------------


def binomial(n, k):
    return mp.gamma(n + 1) * mp.rgamma(k + 1) * mp.rgamma(n - k + 1)


def rising(z, m):
    return mp.gamma(z + m) * mp.rgamma(z)


AT_POLES = [
    # function, the same in mpmath, the arguments, which one is differentiated, how often
    (special.binom, binomial, (2.0, 3.0), 0, 2), (special.binom, binomial, (5.0, 7.0), 1, 2),
    (special.binom, binomial, (5.0, -2.0), 0, 2), (special.binom, binomial, (5.0, -2.0), 1, 2),
    (special.binom, binomial, (2.0, 200.0), 0, 2), (special.binom, binomial, (-0.5, 1.5), 0, 2),
    (special.poch, rising, (-3.0, 2.0), 0, 1), (special.poch, rising, (0.0, 3.0), 0, 2),
    (special.poch, rising, (-2.0, 4.5), 0, 2), (special.poch, rising, (-1.0, 0.5), 0, 2),
    (special.beta, mp.beta, (-3.0, 2.0), 0, 1), (special.beta, mp.beta, (-3.5, 2.0), 0, 2),
    (special.betaln, lambda a, b: mp.log(abs(mp.beta(a, b))), (-3.0, 2.0), 0, 1),
]  # fmt: skip


@pytest.mark.parametrize(("f", "exact", "args", "argnum", "most"), AT_POLES)
def test_gamma_and_beta_functions_where_poles_cancel(f, exact, args, argnum, most):
    def along(g, number):
        return lambda x: g(*[x if i == argnum else number(a) for i, a in enumerate(args)])

    slope = ad.grad(along(f, float))
    x = args[argnum]
    with mp.workdps(50):  # differences: the functions have no value at the pole itself
        h, g = mp.mpf(10) ** -10, along(exact, mp.mpf)
        first = (8 * (g(x + h) - g(x - h)) - (g(x + 2 * h) - g(x - 2 * h))) / (12 * h)
        second = (g(x + 3 * h) + g(x - 3 * h) - g(x + h) - g(x - h)) / (8 * h * h)
    np.testing.assert_allclose(slope(x), float(first), rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(ad.jvp(along(f, float), (x,), (1.0,))[1], float(first), rtol=1e-13, atol=1e-16)
    if most == 2:
        np.testing.assert_allclose(ad.grad(slope)(x), float(second), rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("x", [0.3, -3.3, np.sqrt(2.0), 100.1, 1e6 + 0.3, 1e9 + 0.7, 1e150])
@pytest.mark.parametrize("output", [0, 1])
def test_fresnel_integrals_of_large_numbers(output, x):
    with mp.workdps(700):
        angle = mp.pi / 2 * mp.mpf(x) ** 2
        first, second = (mp.sin(angle), mp.cos(angle)) if output == 0 else (mp.cos(angle), -mp.sin(angle))
        second *= mp.pi * mp.mpf(x)
    slope = ad.grad(lambda x: special.fresnel(x)[output])
    np.testing.assert_allclose(slope(x), float(first), rtol=1e-14, atol=1e-200)
    np.testing.assert_allclose(ad.grad(slope)(x), float(second), rtol=1e-14, atol=1e-200)


AT_ZERO = {
    "berp": (special.berp, 0.0), "beip": (special.beip, 0.5), "y0": (special.y0, np.inf), "y1": (special.y1, np.inf),
    "yn": (lambda x: special.yn(2, x), np.inf), "keip": (special.keip, np.inf),
    "it2struve0": (special.it2struve0, -2 / np.pi), "expn 1": (lambda x: special.expn(1, x), -np.inf),
    "expn 2": (lambda x: special.expn(2, x), -np.inf), "expn 3": (lambda x: special.expn(3, x), -1.0),
    "rel_entr": (lambda y: special.rel_entr(1.0, y), -np.inf), "kl_div": (lambda y: special.kl_div(1.0, y), -np.inf),
    "gammainc 1": (lambda x: special.gammainc(1.0, x), 1.0), "betainc": (lambda x: special.betainc(1.0, 3.0, x), 3.0),
}  # fmt: skip


@pytest.mark.parametrize("name", AT_ZERO)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_slopes_at_zero(name):
    f, expected = AT_ZERO[name]
    for zero in (0.0, np.array(0.0)):
        for got in (ad.grad(f)(zero), ad.jvp(f, (zero,), (1.0,))[1]):
            np.testing.assert_allclose(got, expected, rtol=1e-14)


def test_higher_derivatives_at_zero():
    for f, exact in ((special.berp, lambda x: mp.ber(0, x)), (special.beip, lambda x: mp.bei(0, x))):
        third = ad.grad(ad.grad(ad.grad(f)))
        for x in (0.0, 0.7):
            np.testing.assert_allclose(third(x), float(mp.diff(exact, x, 4)), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(ad.grad(ad.grad(ad.grad(special.it2struve0)))(0.0), 4 / (9 * np.pi), rtol=1e-13)


@pytest.mark.parametrize("name", [name for name in ROWS if len(POINTS[name]) == 1])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_python_zero_and_float32_everywhere(name):
    """No operand stops a rule: Python's 0.0 gives what the array does; float32 has a float32 cotangent and tangent."""

    def f(x):
        return flat(UFUNCS[name](x))[-1]

    if name != "wofz":
        np.testing.assert_array_equal(ad.grad(f)(0.0), ad.grad(f)(np.array(0.0)))
        np.testing.assert_array_equal(ad.grad(ad.grad(f))(0.0), ad.grad(ad.grad(f))(np.array(0.0)))
        x = np.abs(points(name)[0][0]).astype(np.float32)
        for at in (x, x[0]):
            y, pullback = ad.vjp(f, at)
            assert pullback(np.ones_like(y))[0].dtype == np.float32
            assert ad.jvp(f, (at,), (np.ones_like(at),))[1].dtype == y.dtype


@pytest.mark.parametrize("z", [0.7 + 0.4j, -2.3 + 0.01j, -2.5 - 3j, 30 + 5j, 0.1 + 90j, -40.2 + 130j, 0.5 + 0j])
def test_the_gamma_family_of_complex_numbers(z):
    """Derivatives of any order, against 30 digits."""
    point, f = mp.mpc(z), special.psi
    for order in (1, 2, 3):
        f = ad.holomorphic_grad(f)
        with mp.workdps(30):
            exact = complex(mp.psi(order, point))
        np.testing.assert_allclose(f(z), exact, rtol=1e-12)
    with mp.workdps(30):
        np.testing.assert_allclose(
            ad.holomorphic_grad(ad.holomorphic_grad(special.loggamma))(z), complex(mp.psi(1, point)), rtol=1e-12
        )
        if abs(z) < 5:
            for f, exact in ((special.gamma, mp.gamma), (special.rgamma, mp.rgamma)):
                second = ad.holomorphic_grad(ad.holomorphic_grad(f))(z)
                np.testing.assert_allclose(second, complex(mp.diff(exact, point, 2)), rtol=1e-11)
    np.testing.assert_allclose(ad.jvp(special.psi, (z,), (1j,))[1], 1j * ad.holomorphic_grad(special.psi)(z))


# --- lazy, and what is said -------------------------------------------------------------------------


def test_import_autodiff_loads_no_scipy():
    program = "import sys, autodiff; assert not [m for m in sys.modules if m.split('.')[0] == 'scipy']"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_rules_are_read_at_the_first_use():
    program = (
        "import sys, autodiff as ad, scipy.special\n"
        "assert 'autodiff.rules.scipy_special' not in sys.modules\n"
        "assert ad.grad(scipy.special.expit)(0.0) == 0.25\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_an_order_is_refused_in_both_modes():
    message = r"scipy\.special\.jv: cannot be differentiated; got a traced value"
    with pytest.raises(TypeError, match=message):
        special.jv(ad.tensor(1.0, requires_grad=True), 2.0)
    with pytest.raises(TypeError, match=message):
        ad.jvp(lambda v: special.jv(v, 2.0), (1.0,), (1.0,))
    assert special.jv(ad.tensor(1.0), ad.tensor(2.0)).item() == special.jv(1.0, 2.0)  # constants


def test_an_unknown_function_names_the_nearest():
    def expitt(x):
        return x

    expitt.__qualname__ = "expitt"
    with pytest.raises(TypeError, match=r"expitt: has no derivative rule; .*expit"):
        bind(expitt, (ad.tensor(1.0, requires_grad=True),))


@pytest.mark.parametrize("name", ["expit", "gammaln", "erf", "j0", "i1", "ndtri", "logit", "digamma", "rgamma"])
def test_as_autograd(name):
    peer = pytest.importorskip("autograd.scipy.special")
    autograd = pytest.importorskip("autograd")
    if not hasattr(peer, name):
        pytest.skip("autograd has no such function")
    for x in (0.2, 0.7):
        expected = autograd.grad(getattr(peer, name))(x)
        np.testing.assert_allclose(ad.grad(UFUNCS[name])(x), expected, rtol=1e-12)
