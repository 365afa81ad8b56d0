"""Derivatives accurate to the last digits: every smooth elementwise function against 60-digit arithmetic.

The witness is mpmath with the textbook formula of the derivative, evaluated at the very
float64 numbers that the engine gets. First derivatives, in both modes, are right to a relative
1e-12 over the whole domain: smallest normal numbers, tiny, moderate, huge, and down to the
last float beside each singular point. Left out are only the points where

- the true derivative is below the smallest normal number or overflows,
- the function's own value overflows (NumPy's value, on which the formula rests, is inf).

`sinc` alone has derivatives with zeros at irrational points, where no float64 formula has
relative accuracy; there the error is measured against the amplitude of the oscillation.
"""

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

import autodiff as ad
from autodiff.rules.special import logistic

SMALLEST = np.finfo(float).tiny
LARGEST = np.finfo(float).max
FIRST = 1e-12
SECOND = 1e-11  # two formulas on top of each other, each with its own roundings


@pytest.fixture(autouse=True)
def sixty_digits():
    with mp.workdps(60), np.errstate(all="ignore"):
        yield


def points(low=-np.inf, high=np.inf, near=(), outside=()):
    """Return 200 or more floats between `low` and `high`, thick near the points `near`, never `outside`."""
    rng = np.random.default_rng(0)
    sizes = np.concatenate([10.0 ** np.linspace(-307.6, 308.2, 130), [SMALLEST, LARGEST, 1e-8, 1.0, 2.0, 700.0]])
    offsets = np.concatenate([2.0 ** -np.arange(1.0, 53.0), [1e-300]])
    x = [sizes, -sizes, rng.uniform(-3, 3, 90), rng.uniform(-30, 30, 40), rng.uniform(-740, 740, 60)]
    for p in near:
        x += [p + offsets, p - offsets, [np.nextafter(p, np.inf), np.nextafter(p, -np.inf)]]
    x = np.unique(np.concatenate(x))
    x = x[(x > low) & (x < high) & ~np.isin(x, [0.0, *near, *outside])]
    if np.isfinite(low) and np.isfinite(high):
        x = np.concatenate([x, rng.uniform(low, high, 100)])
    assert len(x) >= 200
    return x


def sech(x):
    return mpmath.sech(x)


def i1_over(x):
    return mpmath.besseli(1, x) / x


ln2 = mpmath.mp.ln2
PI_HALVES = [k * np.pi / 2 for k in (-3, -2, -1, 1, 2, 3)]

# function: (points, f', f'')
UNARY = {
    np.sqrt: (points(0), lambda x: 1 / (2 * mpmath.sqrt(x)), lambda x: -1 / (4 * x * mpmath.sqrt(x))),
    np.cbrt: (
        points(),
        lambda x: 1 / (3 * mpmath.cbrt(abs(x)) ** 2),
        lambda x: -2 * mpmath.sign(x) / (9 * mpmath.cbrt(abs(x)) ** 5),
    ),
    np.square: (points(), lambda x: 2 * x, lambda _x: mpf(2)),
    np.reciprocal: (points(), lambda x: -1 / x**2, lambda x: 2 / x**3),
    np.absolute: (points(), mpmath.sign, None),
    np.fabs: (points(), mpmath.sign, None),
    np.exp: (points(), mpmath.exp, mpmath.exp),
    np.exp2: (points(), lambda x: ln2 * mpf(2) ** x, lambda x: ln2**2 * mpf(2) ** x),
    np.expm1: (points(), mpmath.exp, mpmath.exp),
    np.log: (points(0), lambda x: 1 / x, lambda x: -1 / x**2),
    np.log2: (points(0), lambda x: 1 / (x * ln2), lambda x: -1 / (x**2 * ln2)),
    np.log10: (points(0), lambda x: 1 / (x * mp.ln10), lambda x: -1 / (x**2 * mp.ln10)),
    np.log1p: (points(-1, near=[-1.0]), lambda x: 1 / (1 + x), lambda x: -1 / (1 + x) ** 2),
    np.sin: (points(near=PI_HALVES), mpmath.cos, lambda x: -mpmath.sin(x)),
    np.cos: (points(near=PI_HALVES), lambda x: -mpmath.sin(x), lambda x: -mpmath.cos(x)),
    np.tan: (
        points(near=PI_HALVES),
        lambda x: mpmath.sec(x) ** 2,
        lambda x: 2 * mpmath.tan(x) * mpmath.sec(x) ** 2,
    ),
    np.arcsin: (
        points(-1, 1, near=[-1.0, 1.0]),
        lambda x: 1 / mpmath.sqrt((1 - x) * (1 + x)),
        lambda x: x / mpmath.sqrt((1 - x) * (1 + x)) ** 3,
    ),
    np.arccos: (
        points(-1, 1, near=[-1.0, 1.0]),
        lambda x: -1 / mpmath.sqrt((1 - x) * (1 + x)),
        lambda x: -x / mpmath.sqrt((1 - x) * (1 + x)) ** 3,
    ),
    np.arctan: (points(), lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2),
    np.sinh: (points(), mpmath.cosh, mpmath.sinh),
    np.cosh: (points(), mpmath.sinh, mpmath.cosh),
    np.tanh: (points(), lambda x: sech(x) ** 2, lambda x: -2 * mpmath.tanh(x) * sech(x) ** 2),
    np.arcsinh: (
        points(),
        lambda x: 1 / mpmath.sqrt(1 + x * x),
        lambda x: -x / mpmath.sqrt(1 + x * x) ** 3,
    ),
    np.arccosh: (
        points(1, near=[1.0]),
        lambda x: 1 / mpmath.sqrt((x - 1) * (x + 1)),
        lambda x: -x / mpmath.sqrt((x - 1) * (x + 1)) ** 3,
    ),
    np.arctanh: (
        points(-1, 1, near=[-1.0, 1.0]),
        lambda x: 1 / ((1 - x) * (1 + x)),
        lambda x: 2 * x / ((1 - x) * (1 + x)) ** 2,
    ),
    logistic: (
        points(),
        lambda x: sech(x / 2) ** 2 / 4,
        lambda x: -mpmath.tanh(x / 2) * sech(x / 2) ** 2 / 4,
    ),
    np.i0: (
        points(-714, 714, near=[20.0, -20.0]),
        lambda x: mpmath.besseli(1, x),
        lambda x: mpmath.besseli(0, x) - mpmath.besseli(1, x) / x,
    ),
    np.degrees: (points(), lambda _x: 180 / mp.pi, None),
    np.radians: (points(), lambda _x: mp.pi / 180, None),
    np.rad2deg: (points(), lambda _x: 180 / mp.pi, None),
    np.deg2rad: (points(), lambda _x: mp.pi / 180, None),
    np.negative: (points(), lambda _x: mpf(-1), None),
    np.positive: (points(), lambda _x: mpf(1), None),
}


def pairs(a, b):
    """Return 600 pairs from the two ranges, shuffled, and all pairs of a few chosen ones."""
    rng = np.random.default_rng(1)
    a_few, b_few = np.meshgrid(a[:: len(a) // 12], b[:: len(b) // 12])
    return (
        np.concatenate([rng.choice(a, 600), a_few.ravel()]),
        np.concatenate([rng.choice(b, 600), b_few.ravel()]),
    )


def beside_each_other(a):
    """Return pairs of nearly equal numbers, where differences cancel."""
    rng = np.random.default_rng(2)
    with np.errstate(over="ignore"):
        return a, a * (1 + rng.choice([0.0, 1e-15, -1e-12, 1e-9, 1e-4], len(a)))


MODERATE = np.concatenate([np.linspace(-900.3, 900.7, 150), np.linspace(-2.01, 2.03, 60)])
POSITIVE = points(0)
AROUND_ONE = np.concatenate(
    [1 + 2.0 ** -np.arange(1.0, 53.0), 1 - 2.0 ** -np.arange(2.0, 53.0), np.linspace(0.1, 9, 60)]
)
BETWEEN = np.concatenate([points(-1e3, 1e3), np.linspace(-3.3, 3.1, 80)])


def joined(*several):
    return tuple(map(np.concatenate, zip(*several, strict=True)))


def share(x, y, base=mp.e):
    """Return eˣ / (eˣ + eʸ), in the base."""
    return 1 / (1 + base ** (y - x))


def quotient(a, b, rounding):
    with mp.workdps(700):  # a / b may have 616 digits before the point
        return rounding(a / b)


# function: (operand pairs, ∂f/∂a, ∂f/∂b)
BINARY = {
    np.add: (pairs(points(), points()), lambda _a, _b: mpf(1), lambda _a, _b: mpf(1)),
    np.subtract: (pairs(points(), points()), lambda _a, _b: mpf(1), lambda _a, _b: mpf(-1)),
    np.multiply: (pairs(points(), points()), lambda _a, b: b, lambda a, _b: a),
    np.divide: (pairs(points(), points()), lambda _a, b: 1 / b, lambda a, b: -a / b**2),
    np.hypot: (
        joined(pairs(points(), points()), beside_each_other(points())),
        lambda a, b: a / mpmath.hypot(a, b),
        lambda a, b: b / mpmath.hypot(a, b),
    ),
    np.arctan2: (
        joined(pairs(points(), points()), beside_each_other(points())),
        lambda a, b: b / (a**2 + b**2),
        lambda a, b: -a / (a**2 + b**2),
    ),
    np.logaddexp: (
        joined(pairs(MODERATE, MODERATE), beside_each_other(points(-1e300, 1e300))),
        lambda a, b: share(a, b),
        lambda a, b: share(b, a),
    ),
    np.logaddexp2: (
        joined(pairs(MODERATE, MODERATE), beside_each_other(points(-1e300, 1e300))),
        lambda a, b: share(a, b, mpf(2)),
        lambda a, b: share(b, a, mpf(2)),
    ),
    np.power: (
        joined(pairs(POSITIVE, BETWEEN), pairs(AROUND_ONE, points(-1e15, 1e15)), pairs(AROUND_ONE, MODERATE)),
        lambda a, b: b * a ** (b - 1),
        lambda a, b: a**b * mpmath.log(a),
    ),
    np.remainder: (
        joined(pairs(points(), points()), (np.nextafter(0.3 * np.arange(1, 99), 0), np.full(98, 0.3))),
        lambda _a, _b: mpf(1),
        lambda a, b: -quotient(a, b, mpmath.floor),
    ),
    np.fmod: (
        joined(pairs(points(), points()), (np.nextafter(0.3 * np.arange(1, 99), 0), np.full(98, 0.3))),
        lambda _a, _b: mpf(1),
        lambda a, b: -quotient(a, b, lambda q: mpmath.sign(q) * mpmath.floor(abs(q))),
    ),
}
BINARY[np.float_power] = BINARY[np.power]


def assert_accurate(derivative, true, where, tolerance, scale=None):
    """Compare floats with mpmath numbers, relatively, where the truth is a normal number."""
    worst = mpf(0)
    counted = 0
    for i, (d, t) in enumerate(zip(derivative, true, strict=True)):
        if t != 0 and not SMALLEST <= abs(t) <= LARGEST:
            continue
        counted += 1
        assert np.isfinite(d), f"{d} instead of {mpmath.nstr(t, 17)} at {where(i)}"
        if t == 0:
            assert d == 0, f"{d} instead of 0 at {where(i)}"
            continue
        error = abs(mpf(float(d)) - t) / (abs(t) if scale is None else scale[i])
        assert error <= tolerance, f"relative error {mpmath.nstr(error, 3)} at {where(i)}: {d!r}, {mpmath.nstr(t, 17)}"
        worst = max(worst, error)
    assert counted >= 60  # the tails that under- and overflow may be most of the points, never all


def by_reverse(f, x):
    _, pullback = ad.vjp(f, x)
    return pullback(np.ones(x.shape))[0]


def by_forward(f, x):
    return ad.jvp(f, (x,), (np.ones(x.shape),))[1]


MODES = {"reverse": by_reverse, "forward": by_forward}


def name_of(f):
    return f.__name__ if callable(f) else None


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("f", UNARY, ids=name_of)
def test_first_derivative(f, mode):
    x, first, _ = UNARY[f]
    x = x[np.isfinite(f(x))]
    assert_accurate(MODES[mode](f, x), [first(mpf(float(v))) for v in x], lambda i: repr(float(x[i])), FIRST)


@pytest.mark.parametrize("outer", MODES)
@pytest.mark.parametrize("f", [f for f in UNARY if UNARY[f][2] is not None], ids=name_of)
def test_second_derivative(f, outer):
    """Where the first derivative is itself a finite normal number.

    Near 0, where f'' of these four vanishes as the difference of two equal terms, the error
    is measured against f'.
    """
    x, first, second = UNARY[f]
    x = x[np.isfinite(f(x))]
    size = [abs(first(mpf(float(v)))) for v in x]
    x = x[[bool(SMALLEST <= s <= LARGEST) for s in size]]
    derivative = MODES[outer](lambda v: by_reverse(f, v), x)
    true = [second(mpf(float(v))) for v in x]
    cancels = f in (np.arcsin, np.arccos, np.arctanh, logistic)
    scale = [abs(first(mpf(float(v)))) if cancels and abs(v) < 0.1 else abs(t) for v, t in zip(x, true, strict=True)]
    assert_accurate(derivative, true, lambda i: repr(float(x[i])), SECOND, scale)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("argnum", [0, 1])
@pytest.mark.parametrize("f", BINARY, ids=name_of)
def test_first_derivative_of_two_operands(f, argnum, mode):
    (a, b), *partials = BINARY[f]
    finite = np.isfinite(f(a, b))
    a, b = a[finite], b[finite]
    of_one = (lambda v: f(v, b)) if argnum == 0 else (lambda v: f(a, v))
    true = [partials[argnum](mpf(float(u)), mpf(float(v))) for u, v in zip(a, b, strict=True)]
    derivative = MODES[mode](of_one, (a, b)[argnum])
    assert_accurate(derivative, true, lambda i: (float(a[i]), float(b[i])), FIRST)


# function: (a, b) -> [∂²f/∂a², ∂²f/∂a∂b, ∂²f/∂b²]
SECOND_PARTIALS = {
    np.multiply: lambda _a, _b: [mpf(0), mpf(1), mpf(0)],
    np.divide: lambda a, b: [mpf(0), -1 / b**2, 2 * a / b**3],
    np.hypot: lambda a, b: [
        b**2 / mpmath.hypot(a, b) ** 3,
        -a * b / mpmath.hypot(a, b) ** 3,
        a**2 / mpmath.hypot(a, b) ** 3,
    ],
    np.arctan2: lambda a, b: [
        -2 * a * b / (a**2 + b**2) ** 2,
        (a**2 - b**2) / (a**2 + b**2) ** 2,
        2 * a * b / (a**2 + b**2) ** 2,
    ],
    np.logaddexp: lambda a, b: [share(a, b) * share(b, a) * sign for sign in (1, -1, 1)],
    np.power: lambda a, b: [
        b * (b - 1) * a ** (b - 2),
        a ** (b - 1) * (1 + b * mpmath.log(a)),
        a**b * mpmath.log(a) ** 2,
    ],
}


@pytest.mark.parametrize("outer", MODES)
@pytest.mark.parametrize("argnums", [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("f", SECOND_PARTIALS, ids=name_of)
def test_second_derivative_of_two_operands(f, argnums, outer):
    """At moderate operands, relative to the largest of the three: each may vanish on a curve."""
    rng = np.random.default_rng(5)
    a, b = 10.0 ** rng.uniform(-3, 2, (2, 100))
    b *= 1.0 if f is np.power else rng.choice([-1.0, 1.0], 100)

    def of_one(argnum, g):
        return lambda u, v: by_reverse((lambda w: g(w, v)) if argnum == 0 else (lambda w: g(u, w)), (u, v)[argnum])

    first = of_one(argnums[0], f)
    second = MODES[outer]((lambda w: first(w, b)) if argnums[1] == 0 else (lambda w: first(a, w)), (a, b)[argnums[1]])
    partials = [SECOND_PARTIALS[f](mpf(float(u)), mpf(float(v))) for u, v in zip(a, b, strict=True)]
    true = [each[sum(argnums)] for each in partials]
    scale = [max(map(abs, each)) for each in partials]
    assert_accurate(second, true, lambda i: (float(a[i]), float(b[i])), SECOND, scale)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_sinc(order, mode):
    """Relative to the amplitude πⁿ⁻¹ / |x| beyond |x| = 2, to the derivative itself near 0 for order 1."""
    x = points(near=[1.0, -1.0, 2.0, 3.0])
    g = np.sinc
    for _ in range(order - 1):
        g = (lambda h: lambda v: by_reverse(h, v))(g)
    derivative = MODES[mode](g, x)
    true = [sinc_derivative(mpf(float(v)), order) for v in x]
    scale = [
        mp.pi ** (order - 1) / abs(mpf(float(v))) if abs(v) > 0.5 else abs(t) for v, t in zip(x, true, strict=True)
    ]
    if order == 3:  # the third derivative has a zero at 0.66, and is measured like the others beyond
        keep = np.abs(x) < 1e200
        x, derivative = x[keep], derivative[keep]
        true, scale = [[t for t, k in zip(ts, keep, strict=True) if k] for ts in (true, scale)]
    assert_accurate(derivative, true, lambda i: repr(float(x[i])), 1e-12 if order == 1 else 1e-11, scale)


def sinc_derivative(x, order):
    """Return the derivative of sin(πx)/(πx) by Leibniz' rule, or near 0 by its integral form's series."""
    if abs(x) < 0.5:
        total = mpf(0)
        for k in range(order // 2 + order % 2, 60):
            total += (-1) ** k * (mp.pi * x) ** (2 * k - order) / mpmath.factorial(2 * k - order) / (2 * k + 1)
        return total * mp.pi**order
    with mp.workdps(80):
        return mpmath.fsum(
            mpmath.binomial(order, j)
            * mp.pi ** (order - j - 1)
            * wave(x, order - j)
            * (-1) ** j
            * mpmath.factorial(j)
            / x ** (j + 1)
            for j in range(order + 1)
        )


def wave(x, quarter_turns):
    """Return sin(πx + kπ/2)."""
    return (mpmath.sinpi(x), mpmath.cospi(x), -mpmath.sinpi(x), -mpmath.cospi(x))[quarter_turns % 4]


def test_ldexp_is_exact():
    x = np.array([1.5, -2.25])
    np.testing.assert_array_equal(by_reverse(lambda v: np.ldexp(v, 7), x), [128.0, 128.0])
    np.testing.assert_array_equal(by_forward(lambda v: np.ldexp(v, -1000), x), [2.0**-1000] * 2)
