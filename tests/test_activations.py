"""Activations: values and derivatives against mpmath over the whole domain, against PyTorch, and at boundaries."""

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

import autodiff as ad
import nn
import nn.functional as F
from nn.functional.normal import normal_cdf, normal_pdf

inf, nan = np.inf, np.nan
SMALLEST = np.finfo(float).tiny
MODERATE = np.concatenate([np.linspace(-40, 40, 161), np.linspace(-3, 3, 41), [-1e-8, 1e-8, 1e-20]])
TAILS = np.array([-700.0, -300.0, -100.0, -37.5, 37.5, 100.0, 300.0, 700.0])


@pytest.fixture(autouse=True)
def many_digits():
    with mp.workdps(60):
        yield


def s(x):
    return 1 / (1 + mpmath.exp(-x))


def cdf(x):
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def pdf(x):
    return mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mp.pi)


def gelu_gate(x):
    return s(2 * mpmath.sqrt(2 / mp.pi) * (x + mpf("0.044715") * x**3))


def tanh_softplus(x):
    e = mpmath.exp(x)
    return e * (e + 2) / (e * (e + 2) + 2)


def split(above, below):
    return lambda x: above(x) if x > 0 else below(x)


A, L = mpf("1.6732632423543772848170429916717"), mpf("1.0507009873554804934193349852946")

# name: (function, formula); the witness of the derivative is mpmath's, 60 digits
SMOOTH = {
    "sigmoid": (F.sigmoid, s),
    "tanh": (F.tanh, mpmath.tanh),
    "elu": (F.elu, split(lambda x: x, mpmath.expm1)),
    "elu 0.3": (lambda x: F.elu(x, 0.3), split(lambda x: x, lambda x: mpf(0.3) * mpmath.expm1(x))),
    "selu": (F.selu, split(lambda x: L * x, lambda x: L * A * mpmath.expm1(x))),
    "leaky_relu": (F.leaky_relu, split(lambda x: x, lambda x: mpf(0.01) * x)),
    "softplus": (F.softplus, lambda x: mpmath.log1p(mpmath.exp(x))),
    "softplus 2": (lambda x: F.softplus(x, 2.0), lambda x: mpmath.log1p(mpmath.exp(2 * x)) / 2),
    "logsigmoid": (F.logsigmoid, lambda x: -mpmath.log1p(mpmath.exp(-x))),
    "softsign": (F.softsign, lambda x: x / (1 + abs(x))),
    "gelu": (F.gelu, lambda x: x * cdf(x)),
    "gelu tanh": (lambda x: F.gelu(x, approximate="tanh"), lambda x: x * gelu_gate(x)),
    "silu": (F.silu, lambda x: x * s(x)),
    "mish": (F.mish, lambda x: x * tanh_softplus(x)),
    "normal_cdf": (normal_cdf, cdf),
    "normal_pdf": (normal_pdf, pdf),
}


def derivative(f, x):
    """Return f′(x) by a central difference of 60-digit arithmetic, whose error is 1e-40 of f‴."""
    x = mpf(float(x))
    with mp.workdps(400):
        h = mpf(10) ** -40 * max(1, abs(x))
        return (f(x + h) - f(x - h)) / (2 * h)


def assert_digits(found, wanted, points, rtol=1e-12):
    for x, a, b in zip(points, found, wanted, strict=True):
        if abs(b) > SMALLEST:
            assert abs(mpf(float(a)) - b) <= rtol * abs(b), f"at {x}: {a} for {mpmath.nstr(b, 17)}"
        else:
            assert abs(a) <= SMALLEST, f"at {x}: {a} for {mpmath.nstr(b, 17)}"


@pytest.mark.parametrize("name", SMOOTH)
def test_values_and_derivatives_keep_their_digits(name):
    function, formula = SMOOTH[name]
    x = np.concatenate([MODERATE, TAILS])
    x = x[x != 0]
    with mp.workdps(400):
        values = [formula(mpf(float(v))) for v in x]
    assert_digits(function(x), values, x)
    wanted = [derivative(formula, v) for v in x]
    assert_digits(ad.elementwise_grad(function)(x), wanted, x)
    assert_digits(ad.jvp(function, (x,), (np.ones_like(x),))[1], wanted, x)


SMOOTH_POINTS = np.array([-2.7, -1.4, -0.3, 0.4, 1.1, 2.6])


@pytest.mark.parametrize("name", [*SMOOTH, "relu", "relu6", "hardtanh", "hardsigmoid", "hardswish"])
def test_derivatives_of_both_orders_agree_with_differences(name):
    function = SMOOTH[name][0] if name in SMOOTH else getattr(F, name)
    ad.check_grads(function, SMOOTH_POINTS)
    ad.check_grads(function, 0.4)
    hessian = ad.hessian(lambda x: np.sum(function(x)))(SMOOTH_POINTS)
    second = ad.elementwise_grad(ad.elementwise_grad(function))(SMOOTH_POINTS)
    np.testing.assert_allclose(hessian, np.diag(second), rtol=1e-12, atol=1e-300)


# (function, x, value, derivative): NUMERICS, and the limits at ±∞
BOUNDARIES = [
    (F.relu, [-inf, -1, -0.0, 0, 1, inf], [0, 0, 0, 0, 1, inf], [0, 0, 0, 0, 1, 1]),
    (F.leaky_relu, [-inf, 0, inf], [-inf, 0, inf], [0.01, 0.01, 1]),
    (F.elu, [-inf, 0, 800, inf], [-1, 0, 800, inf], [0, 1, 1, 1]),
    (F.sigmoid, [-1000, 40, 1000], [0, 1, 1], [0, 4.248354255291589e-18, 0]),
    (F.tanh, [-inf, 1000], [-1, 1], [0, 0]),
    (F.softplus, [-inf, -1000, 1000, inf], [0, 0, 1000, inf], [0, 0, 1, 1]),
    (F.logsigmoid, [-inf, -1000, 1000, inf], [-inf, -1000, 0, 0], [1, 1, 0, 0]),
    (F.softsign, [-inf, -1e300, 0, 1e300, inf], [-1, -1, 0, 1, 1], [0, 0, 1, 0, 0]),
    (F.hardtanh, [-inf, -1, 0, 1, inf], [-1, -1, 0, 1, 1], [0, 0, 1, 0, 0]),
    (F.relu6, [-1, 0, 3, 6, inf], [0, 0, 3, 6, 6], [0, 0, 1, 0, 0]),
    (F.hardsigmoid, [-inf, -3, 0, 3, inf], [0, 0, 0.5, 1, 1], [0, 0, 1 / 6, 0, 0]),
    (F.hardswish, [-inf, -3, 0, 3, inf], [0, 0, 0, 3, inf], [0, 0, 0.5, 1, 1]),
    (F.gelu, [-inf, -1e300, 0, 1e300, inf], [0, 0, 0, 1e300, inf], [0, 0, 0.5, 1, 1]),
    (lambda x: F.gelu(x, "tanh"), [-inf, -1e300, 0, 1e300, inf], [0, 0, 0, 1e300, inf], [0, 0, 0.5, 1, 1]),
    (F.silu, [-inf, -1e300, 0, 1e300, inf], [0, 0, 0, 1e300, inf], [0, 0, 0.5, 1, 1]),
    (F.mish, [-inf, -1e300, 0, 1e300, inf], [0, 0, 0, 1e300, inf], [0, 0, 0.6, 1, 1]),
    (lambda x: F.softplus(x, 1.0, 20.0), [19.0, 21.0], [19 + np.log1p(np.exp(-19)), 21], [1 - 5.6e-9, 1]),
]


@pytest.mark.parametrize("row", BOUNDARIES)
def test_boundaries_without_a_warning(row):
    function, x, value, slope = row
    x = np.array(x, float)
    np.testing.assert_allclose(function(x), value, rtol=1e-14)
    np.testing.assert_allclose(ad.elementwise_grad(function)(x), slope, rtol=1e-8, atol=1e-300)
    np.testing.assert_allclose(ad.jvp(function, (x,), (np.ones_like(x),))[1], slope, rtol=1e-8, atol=1e-300)


ELEMENTWISE = [
    F.identity, F.sigmoid, F.tanh, F.relu, F.leaky_relu, F.elu, F.selu, F.softplus, F.gelu, F.silu, F.mish,
    F.logsigmoid, F.hardtanh, F.hardsigmoid, F.hardswish, F.relu6, F.softsign,
]  # fmt: skip


@pytest.mark.parametrize("function", [*ELEMENTWISE, F.softmax, F.log_softmax])
def test_nan_stays_and_float32_stays(function):
    with np.errstate(invalid="ignore"):  # np.logaddexp warns of a NaN
        assert np.isnan(function(np.array([nan, nan]))).all()
    x = np.array([-200.0, -1.0, 0.0, 1.0, 200.0], np.float32)
    y, pullback = ad.vjp(function, x)
    assert y.dtype == np.float32
    assert pullback(np.ones_like(y))[0].dtype == np.float32
    assert ad.jvp(function, (x,), (np.ones_like(x),))[1].dtype == np.float32
    np.testing.assert_allclose(y, function(x.astype(float)), rtol=1e-5, atol=1e-30)


# --- softmax -------------------------------------------------------------------------------------


def exact_softmax_jacobian(x):
    e = [mpmath.exp(mpf(float(v))) for v in x]
    p = [v / sum(e) for v in e]
    rest = [sum(e[:i] + e[i + 1 :]) / sum(e) for i in range(len(e))]
    n = len(p)
    return p, [[p[i] * rest[i] if i == j else -p[i] * p[j] for j in range(n)] for i in range(n)], rest


@pytest.mark.parametrize("x", [[40.0, 0.0, -5.0], [0.3, 0.1, -0.2], [700.0, 0.0, 650.0], [0.0, 0.0, 60.0]])
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_softmax_keeps_the_digits_where_one_probability_is_nearly_one(x, mode):
    p, J, rest = exact_softmax_jacobian(x)
    x = np.array(x)
    assert_digits(F.softmax(x), p, x)
    assert_digits(np.ravel(ad.jacobian(F.softmax, mode=mode)(x)), [v for row in J for v in row], range(9))
    assert_digits(F.log_softmax(x), [mpmath.log(v) for v in p], x)
    log_J = [rest[i] if i == j else -p[j] for i in range(3) for j in range(3)]
    assert_digits(np.ravel(ad.jacobian(F.log_softmax, mode=mode)(x)), log_J, range(9))


@pytest.mark.parametrize("function", [F.softmax, F.log_softmax])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax_along_each_axis(function, axis):
    x = np.random.default_rng(0).normal(size=(3, 4))
    y = function(x, axis)
    p = np.exp(y) if function is F.log_softmax else y
    np.testing.assert_allclose(p.sum(axis), 1, rtol=1e-14)
    assert np.array_equal(function(x, dim=axis), y)
    ad.check_grads(lambda x: function(x, axis), x)


def test_softmax_at_infinities():
    assert F.softmax(np.array([1000.0, 0.0])).tolist() == [1, 0]
    assert ad.grad(lambda x: F.softmax(x)[0])(np.array([1000.0, 0.0])).tolist() == [0, 0]
    x = np.array([-inf, 0.0])
    assert F.softmax(x).tolist() == [0, 1]
    assert ad.grad(lambda x: F.softmax(x)[1])(x).tolist() == [0, 0]
    with np.errstate(invalid="ignore"):
        assert np.isnan(F.softmax(np.array([-inf, -inf]))).all()
        assert np.isnan(ad.grad(lambda x: F.softmax(x)[0])(np.array([-inf, -inf]))).all()


# --- modules and peers ---------------------------------------------------------------------------

MODULES = [
    (nn.Identity(), lambda t: t.nn.Identity()),
    (nn.Sigmoid(), lambda t: t.nn.Sigmoid()),
    (nn.Tanh(), lambda t: t.nn.Tanh()),
    (nn.ReLU(), lambda t: t.nn.ReLU()),
    (nn.ReLU6(), lambda t: t.nn.ReLU6()),
    (nn.LeakyReLU(), lambda t: t.nn.LeakyReLU()),
    (nn.LeakyReLU(0.3), lambda t: t.nn.LeakyReLU(0.3)),
    (nn.ELU(), lambda t: t.nn.ELU()),
    (nn.ELU(0.7), lambda t: t.nn.ELU(0.7)),
    (nn.SELU(), lambda t: t.nn.SELU()),
    (nn.Softplus(), lambda t: t.nn.Softplus(threshold=1e3)),
    (nn.Softplus(2.0, 20.0), lambda t: t.nn.Softplus(2.0, 20.0)),
    (nn.GELU(), lambda t: t.nn.GELU()),
    (nn.GELU("tanh"), lambda t: t.nn.GELU("tanh")),
    (nn.SiLU(), lambda t: t.nn.SiLU()),
    (nn.Mish(), lambda t: t.nn.Mish()),
    (nn.Softmax(), lambda t: t.nn.Softmax(dim=-1)),
    (nn.Softmax(0), lambda t: t.nn.Softmax(dim=0)),
    (nn.LogSoftmax(dim=1), lambda t: t.nn.LogSoftmax(dim=1)),
    (nn.LogSigmoid(), lambda t: t.nn.LogSigmoid()),
    (nn.Hardtanh(), lambda t: t.nn.Hardtanh()),
    (nn.Hardtanh(-2.0, 0.5), lambda t: t.nn.Hardtanh(-2.0, 0.5)),
    (nn.Hardsigmoid(), lambda t: t.nn.Hardsigmoid()),
    (nn.Hardswish(), lambda t: t.nn.Hardswish()),
    (nn.Softsign(), lambda t: t.nn.Softsign()),
]


@pytest.mark.parametrize("pair", MODULES, ids=lambda pair: repr(pair[0]))
def test_modules_agree_with_pytorch(pair):
    torch = pytest.importorskip("torch")
    module, peer = pair[0], pair[1](torch)
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 3, 30), [-6, -3, -2, -1, 0, 0.5, 1, 3, 6, 30]]).reshape(8, 5)
    ct = rng.normal(size=x.shape)
    t = torch.tensor(x, requires_grad=True)
    y = peer(t)
    y.backward(torch.tensor(ct))
    tensor = ad.tensor(x, requires_grad=True)
    ours = module(tensor)
    ours.backward(ct)
    np.testing.assert_allclose(ours.data, y.detach().numpy(), rtol=1e-10, atol=1e-14)
    rtol = 1e-7 if isinstance(module, nn.Hardsigmoid) else 1e-9  # PyTorch multiplies by 1/6 in float32
    np.testing.assert_allclose(tensor.grad, t.grad.numpy(), rtol=rtol, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_relu_passes_on_what_comes_back_or_0(dtype):
    x = np.array([[-1.0, 2.0, np.nan], [0.0, -3.0, 1.0]], dtype)
    for ct in (
        np.array([[inf, inf, 5.0], [nan, -inf, -0.0]], dtype),
        np.asfortranarray(np.array([[1.0, -2.0, 3.0], [4.0, -5.0, 6.0]], dtype)),
        np.broadcast_to(dtype(-2.0), (2, 3)),
    ):
        (result,) = ad.vjp(F.relu, x)[1](ct)
        expected = np.where(x <= 0, dtype(0), ct)
        assert result.dtype == dtype
        np.testing.assert_array_equal(result, expected)
        np.testing.assert_array_equal(np.signbit(result), np.signbit(expected))


def test_repr_shows_the_options():
    assert repr(nn.LeakyReLU()) == "LeakyReLU(negative_slope=0.01)"
    assert repr(nn.Softplus(2.0, 20.0)) == "Softplus(beta=2.0, threshold=20.0)"
    assert repr(nn.Hardtanh()) == "Hardtanh(min_val=-1.0, max_val=1.0)"
    assert repr(nn.ELU()) == "ELU(alpha=1.0)"
    assert repr(nn.GELU()) == "GELU(approximate='none')"
    assert repr(nn.LogSoftmax(1)) == "LogSoftmax(dim=1)"
    assert repr(nn.Mish()) == "Mish()"


REFUSALS = [
    (lambda: nn.LeakyReLU(True), TypeError, "LeakyReLU: negative_slope must be a number; got bool True"),
    (lambda: nn.LeakyReLU(nan), ValueError, "LeakyReLU: negative_slope must be finite; got nan"),
    (lambda: nn.ELU("1"), TypeError, "ELU: alpha must be a number; got str '1'"),
    (lambda: nn.Softplus(0.0), ValueError, "Softplus: beta must be positive; got 0.0"),
    (lambda: nn.Softplus(1.0, "20"), TypeError, "Softplus: threshold must be a number"),
    (lambda: nn.GELU("erf"), ValueError, 'GELU: approximate is "none" or "tanh"; got \'erf\''),
    (lambda: F.gelu(1.0, approximate=True), ValueError, "gelu: approximate is"),
    (lambda: nn.Hardtanh(1.0, -1.0), ValueError, "Hardtanh: min_val must be less than max_val; got 1.0 and -1.0"),
    (lambda: nn.Softmax(2)(np.ones((2, 3))), ValueError, r"softmax: dim must be an axis .*; got 2 for shape \(2, 3\)"),
    (lambda: nn.LogSoftmax()(np.ones((2, 0))), ValueError, r"log_softmax: dim .* not empty; got -1 for shape \(2, 0\)"),
    (lambda: nn.Softmax(0.5), TypeError, "Softmax: dim must be an integer; got float 0.5"),
    (lambda: nn.LogSoftmax(True), TypeError, "LogSoftmax: dim must be an integer; got bool True"),
    (lambda: ad.grad(lambda a: F.leaky_relu(1.0, a))(0.1), TypeError, "no derivative with respect to"),
]


@pytest.mark.parametrize("row", REFUSALS)
def test_refusals(row):
    call, kind, message = row
    with pytest.raises(kind, match=message):
        call()
