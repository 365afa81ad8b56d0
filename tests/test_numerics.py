"""The table of boundary cases: kinks, ties, zeros, overflow, empty arrays; value and gradient, both modes.

Each row says what stands at one boundary: the function, its arguments, the value, and the
gradient of the sum of the outputs by each argument. `ANY` is what the conventions leave open.
Tested with `nn`, whose functions they are: relu at 0, leaky_relu, elu, softmax at infinities,
cross-entropy on logits, both forms of BCE, and the Huber loss. Their naive formulas are here.
"""

import numpy as np
import pytest

import autodiff as ad
from autodiff.rules.special import logistic

inf, nan, pi = np.inf, np.nan, np.pi
ANY = object()


class Either:
    """One of several permitted numbers."""

    def __init__(self, *choices):
        self.choices = choices


def zeros(*shape):
    return np.zeros(shape)


def logsumexp(x):
    return np.logaddexp.reduce(x)


def softplus(x):
    return np.logaddexp(0.0, x)


def log_sigmoid(x):
    return -np.logaddexp(0.0, -x)


def softmax_by_hand(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


# name: (function, arguments, value, gradients)
ROWS = {
    "sqrt 0": (np.sqrt, [0.0], 0, [inf]),
    "sqrt -0": (np.sqrt, [-0.0], -0.0, [Either(-inf, inf)]),
    "sqrt -1": (np.sqrt, [-1.0], nan, [nan]),
    "sqrt(x)**2 0": (lambda x: np.sqrt(x) ** 2, [0.0], 0, [nan]),
    "sqrt(x*x) 0": (lambda x: np.sqrt(x * x), [0.0], 0, [nan]),
    "log 0": (np.log, [0.0], -inf, [inf]),
    "log -1": (np.log, [-1.0], nan, [-1]),
    "log1p -1": (np.log1p, [-1.0], -inf, [inf]),
    "x log x 0": (lambda x: x * np.log(x), [0.0], nan, [nan]),
    "1/x 0": (lambda x: 1 / x, [0.0], inf, [-inf]),
    "reciprocal 0": (np.reciprocal, [0.0], inf, [-inf]),
    "abs 0": (np.abs, [0.0], 0, [0]),
    "abs -0": (np.abs, [-0.0], 0, [0]),
    "fabs 0": (np.fabs, [0.0], 0, [0]),
    "sign 0": (np.sign, [0.0], 0, [0]),
    "floor 1": (np.floor, [1.0], 1, [0]),
    "round half": (np.round, [0.5], 0, [0]),
    "arcsin 1": (np.arcsin, [1.0], pi / 2, [inf]),
    "arccos 1": (np.arccos, [1.0], 0, [-inf]),
    "arccosh 1": (np.arccosh, [1.0], 0, [inf]),
    "arctanh 1": (np.arctanh, [1.0], inf, [inf]),
    "tan pi/2": (np.tan, [pi / 2], 1.633123935319537e16, [2.6670937881135714e32]),
    "cbrt 0": (np.cbrt, [0.0], 0, [inf]),
    "x**(1/3) 0": (lambda x: x ** (1 / 3), [0.0], 0, [inf]),
    "sinc 0": (np.sinc, [0.0], 1, [0]),
    "maximum(x, 0.) 0": (lambda x: np.maximum(x, 0.0), [0.0], 0, [0.5]),
    "clip at its bounds": (lambda x: np.clip(x, 0, 1), [np.array([0.0, 1.0])], [0, 1], [[1, 1]]),
    "clip beyond its bounds": (lambda x: np.clip(x, 0, 1), [np.array([-1, 0.5, 2])], [0, 0.5, 1], [[0, 1, 0]]),
    "maximum tie": (np.maximum, [1.0, 1.0], 1, [0.5, 0.5]),
    "minimum tie": (np.minimum, [1.0, 1.0], 1, [0.5, 0.5]),
    "fmax tie": (np.fmax, [1.0, 1.0], 1, [0.5, 0.5]),
    "fmin tie": (np.fmin, [1.0, 1.0], 1, [0.5, 0.5]),
    "maximum nan": (np.maximum, [nan, 1.0], nan, [ANY, ANY]),
    "fmax nan": (np.fmax, [nan, 1.0], 1, [0, 1]),
    "fmin nan": (np.fmin, [1.0, nan], 1, [1, 0]),
    "max tie": (np.max, [np.array([1.0, 1.0, 0.0])], 1, [[0.5, 0.5, 0]]),
    "amax tie": (lambda x: np.amax(x, axis=0), [np.array([1.0, 1.0, 0.0])], 1, [[0.5, 0.5, 0]]),
    "min tie": (np.min, [np.array([1.0, 1.0, 2.0])], 1, [[0.5, 0.5, 0]]),
    "maximum.reduce tie": (np.maximum.reduce, [np.array([1.0, 1.0, 0.0])], 1, [[0.5, 0.5, 0]]),
    "max nan": (np.max, [np.array([nan, 1.0])], nan, [ANY]),
    "nanmax": (np.nanmax, [np.array([nan, 1.0])], 1, [[0, 1]]),
    "nanmin": (np.nanmin, [np.array([nan, 1.0])], 1, [[0, 1]]),
    "median": (np.median, [np.array([1.0, 2, 3, 4])], 2.5, [[0, 0.5, 0.5, 0]]),
    "sort": (lambda x: np.sort(x)[0], [np.array([2.0, 1, 1])], 1, [[0, 1, 0]]),
    "prod one zero": (np.prod, [np.array([0.0, 2, 3])], 0, [[6, 0, 0]]),
    "prod two zeros": (np.prod, [np.array([0.0, 0, 3])], 0, [[0, 0, 0]]),
    "cumprod zero": (np.cumprod, [np.array([2.0, 0, 3])], [2, 0, 0], [[1, 8, 0]]),
    "norm 0": (np.linalg.norm, [zeros(2)], 0, [[0, 0]]),
    "norm 0 squared": (lambda x: np.linalg.norm(x) ** 2, [zeros(2)], 0, [[0, 0]]),
    "norm ord 1 at 0": (lambda x: np.linalg.norm(x, 1), [zeros(2)], 0, [[0, 0]]),
    "norm underflow": (np.linalg.norm, [np.array([1e-200, 1e-200])], 0, [[0, 0]]),
    "std of equals": (np.std, [np.ones(3)], 0, [[0, 0, 0]]),
    "var of equals": (np.var, [np.ones(3)], 0, [[0, 0, 0]]),
    "std of one": (lambda x: np.std(x, ddof=0), [np.array([5.0])], 0, [[0]]),
    "hypot 0 0": (np.hypot, [0.0, 0.0], 0, [0, 0]),
    "arctan2 0 0": (np.arctan2, [0.0, 0.0], 0, [0, 0]),
    "power 0 0": (np.power, [0.0, 0.0], 1, [0, 0]),
    "power 0 1": (np.power, [0.0, 1.0], 0, [1, 0]),
    "power 0 2": (np.power, [0.0, 2.0], 0, [0, 0]),
    "power 0 0.5": (np.power, [0.0, 0.5], 0, [inf, 0]),
    "power 0 -1": (np.power, [0.0, -1.0], inf, [-inf, Either(-inf, nan)]),
    "power -2 2": (np.power, [-2.0, 2.0], 4, [-4, nan]),
    "power -2 0.5": (np.power, [-2.0, 0.5], nan, [nan, nan]),
    "power 1 inf": (np.power, [1.0, inf], 1, [inf, 0]),
    "power 0 3": (np.power, [0.0, 3.0], 0, [0, 0]),
    "x**0 at 0": (lambda x: x**0, [0.0], 1, [0]),
    "x**1 at 0": (lambda x: x**1, [0.0], 0, [1]),
    "x**2 at 0": (lambda x: x**2, [0.0], 0, [0]),
    "x**0.5 at 0": (lambda x: x**0.5, [0.0], 0, [inf]),
    "x**2.0 at -3": (lambda x: x**2.0, [-3.0], 9, [-6]),
    "x**3 at -3": (lambda x: x**3, [-3.0], -27, [27]),
    "2**x at 3": (lambda x: 2**x, [3.0], 8, [8 * np.log(2)]),
    "0**x at 2": (lambda x: 0**x, [2.0], 0, [0]),
    "np.where sqrt -1": (lambda x: np.where(x > 0, np.sqrt(x), 0.0), [-1.0], 0, [nan]),
    "np.where log 0": (lambda x: np.where(x > 0, np.log(x), 0.0), [0.0], 0, [nan]),
    "np.where sin(x)/x 0": (lambda x: np.where(x != 0, np.sin(x) / x, 1.0), [0.0], 1, [nan]),
    "double where": (lambda x: np.where(x > 0, np.sqrt(np.where(x > 0, x, 1.0)), 0.0), [-1.0], 0, [0]),
    "piecewise sqrt -1": (lambda x: ad.piecewise(x, [x > 0], [np.sqrt, 0.0]), [-1.0], 0, [0]),
    "piecewise log 0": (lambda x: ad.piecewise(x, [x > 0], [np.log, 0.0]), [0.0], 0, [0]),
    "piecewise sin(x)/x 0": (lambda x: ad.piecewise(x, [x != 0], [lambda v: np.sin(v) / v, 1.0]), [0.0], 1, [0]),
    "nan_to_num nan": (np.nan_to_num, [nan], 0, [0]),
    "sigmoid 1000": (logistic, [1000.0], 1, [0]),
    "sigmoid -1000": (logistic, [-1000.0], 0, [0]),
    "sigmoid 40": (logistic, [40.0], 1, [np.exp(-40)]),
    "naive sigmoid -1000": (lambda x: 1 / (1 + np.exp(-x)), [-1000.0], 0, [nan]),
    "logsigmoid 1000": (log_sigmoid, [1000.0], 0, [0]),
    "softplus 1000": (softplus, [1000.0], 1000, [1]),
    "logsigmoid -1000": (log_sigmoid, [-1000.0], -1000, [1]),
    "softplus -1000": (softplus, [-1000.0], 0, [0]),
    "tanh 1000": (np.tanh, [1000.0], 1, [0]),
    "exp 1000": (np.exp, [1000.0], inf, [inf]),
    "logsumexp 1000": (logsumexp, [np.array([1000.0, 1000.0])], 1000 + np.log(2), [[0.5, 0.5]]),
    "logsumexp -inf 0": (logsumexp, [np.array([-inf, 0.0])], 0, [[0, 1]]),
    "logsumexp -inf -inf": (logsumexp, [np.array([-inf, -inf])], -inf, [[nan, nan]]),
    "logsumexp inf 0": (logsumexp, [np.array([inf, 0.0])], inf, [[nan, 0]]),
    "logaddexp -inf -inf": (np.logaddexp, [-inf, -inf], -inf, [nan, nan]),
    "logaddexp 1000 -1000": (np.logaddexp, [1000.0, -1000.0], 1000, [1, 0]),
    "softmax by hand 1000": (lambda x: softmax_by_hand(x)[0], [np.array([1000.0, 0.0])], 1, [[0, 0]]),
    "naive cross-entropy": (lambda x: -np.log(softmax_by_hand(x))[1], [np.array([1e4, 0.0])], inf, [[nan, nan]]),
    "naive logsumexp": (lambda x: np.log(np.sum(np.exp(x))), [np.array([1000.0, 1000.0])], inf, [[nan, nan]]),
    "L1 at a zero residual": (lambda p: np.sum(np.abs(p - 2.0)), [np.array([2.0])], 0, [[0]]),
    "mod 5 3": (np.mod, [5.0, 3.0], 2, [1, -1]),
    "mod -5 3": (np.mod, [-5.0, 3.0], 1, [1, 2]),
    "floor_divide": (np.floor_divide, [7.0, 2.0], 3, [0, 0]),
    "sum of nothing": (np.sum, [zeros(0, 3)], 0, [zeros(0, 3)]),
    "mean of nothing": (np.mean, [zeros(0)], nan, [zeros(0)]),
    "prod of nothing": (np.prod, [zeros(0)], 1, [zeros(0)]),
    "matmul over nothing": (np.matmul, [zeros(2, 0), zeros(0, 3)], zeros(2, 3), [zeros(2, 0), zeros(0, 3)]),
    "gather with duplicates": (lambda x: x[[0, 0, 1]], [np.array([1.0, 2, 3])], [1, 1, 2], [[2, 1, 0]]),
    "broadcast": (np.add, [np.ones((3, 1)), np.ones((1, 2))], np.full((3, 2), 2), [[[2]] * 3, [[3, 3]]]),
    "reuse": (lambda x: (lambda y: y * y / 2)(x + x), [np.array([1.0, 2.0])], [2, 8], [[4, 8]]),
    "det of zeros": (np.linalg.det, [zeros(2, 2)], 0, [zeros(2, 2)]),
    "det singular": (np.linalg.det, [np.array([[1.0, 2], [2, 4]])], 0, [[[4, -2], [-2, 1]]]),
    "svdvals repeated": (np.linalg.svdvals, [np.eye(2)], [1, 1], [np.eye(2)]),
    "eigvalsh repeated": (np.linalg.eigvalsh, [np.eye(2)], [1, 1], [np.eye(2)]),
    "eigenvectors repeated": (lambda a: np.linalg.eigh(a)[1], [np.eye(2)], np.eye(2), [np.full((2, 2), nan)]),
}

RIGHT_IN_FORWARD = {"np.where sqrt -1", "np.where log 0", "np.where sin(x)/x 0"}
"""There the tangent of the branch that was not taken is left out; no 0 · NaN is ever formed."""


@pytest.fixture(autouse=True)
def quiet_boundaries():
    """NumPy warns at most of these points, rightly; what is looked at here is what it returns."""
    with np.errstate(all="ignore"):
        yield


def as_numpy(args):
    """Return the arguments so that plain evaluation divides by zero as NumPy does."""
    return [np.float64(x) if isinstance(x, float) else x for x in args]


def reverse_gradients(f, args):
    y, pullback = ad.vjp(f, *args)
    return y, pullback(np.ones(np.shape(y))[()])


def forward_gradients(f, args):
    """Return the gradients entry by entry, each from a sweep along one unit tangent."""
    gradients = []
    for i, x in enumerate(args):
        gradient = np.empty(np.shape(x))
        for index in np.ndindex(gradient.shape):
            x_dot = zeros(*gradient.shape)
            x_dot[index] = 1.0
            y, y_dot = ad.jvp(lambda v, i=i: f(*args[:i], v, *args[i + 1 :]), (x,), (x_dot[()],))
            np.testing.assert_array_equal(y, f(*args), "value is bit for bit NumPy's")
            gradient[index] = np.sum(y_dot)
        gradients.append(gradient[()])
    return f(*args), gradients


def assert_same(actual, expected, what):
    if expected is ANY:
        return
    if isinstance(expected, Either):
        assert any(np.array_equal(actual, c, equal_nan=True) for c in expected.choices), f"{what}: {actual}"
        return
    assert np.shape(actual) == np.shape(expected), what
    np.testing.assert_allclose(actual, expected, rtol=1e-15, atol=0, equal_nan=True, err_msg=what)


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:All-NaN")
@pytest.mark.parametrize("name", ROWS)
def test_reverse(name):
    f, args, value, gradients = ROWS[name]
    args = as_numpy(args)
    y, computed = reverse_gradients(f, args)
    assert_same(y, value, "value")
    np.testing.assert_array_equal(y, f(*args), "value is bit for bit NumPy's")
    for i, (actual, expected) in enumerate(zip(computed, gradients, strict=True)):
        assert_same(actual, expected, f"gradient by argument {i}")


@pytest.mark.parametrize(
    "name", [n for n, (_, args, _, _) in ROWS.items() if len(args) == 1 and isinstance(args[0], float)]
)
def test_grad_and_dual_numbers_at_python_floats(name):
    """Python's own floats raise at 1.0 / 0.0 and 0.0 ** -1; the rules must not."""
    f, (x,), _, (expected,) = ROWS[name]
    assert_same(ad.grad(f)(x), expected, "ad.grad")
    assert_same(f(ad.Dual(x, 1.0)).tangent, 0.0 if name in RIGHT_IN_FORWARD else expected, "ad.Dual")


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (lambda x: x / 0.0, 1.0, inf),
        (lambda x: 0.0 / x, 0.0, nan),
        (lambda x: 1.0 / x, 1e-200, -inf),
        (lambda x: x**1000.0, 1e10, inf),
        (lambda x: x**-2.0, 0.0, -inf),
        (lambda x: 0.0**x, 0.0, 0.0),
    ],
)
def test_python_constants_do_not_raise(f, x, expected):
    assert_same(ad.grad(f)(x), expected, "ad.grad")
    assert_same(f(ad.Dual(x, 1.0)).tangent, expected, "ad.Dual")


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:All-NaN")
@pytest.mark.parametrize("name", ROWS)
def test_forward(name):
    """As in reverse mode, where all is finite; NaN times the 0 of a tangent may spread within one argument."""
    f, args, value, gradients = ROWS[name]
    y, computed = forward_gradients(f, as_numpy(args))
    assert_same(y, value, "value")
    for i, (actual, expected) in enumerate(zip(computed, gradients, strict=True)):
        if name in RIGHT_IN_FORWARD:
            assert_same(actual, 0.0, f"derivative by argument {i}")
        elif expected is ANY or isinstance(expected, Either):
            assert_same(actual, expected, f"gradient by argument {i}")
        elif np.size(expected) > 1 and not np.isfinite(expected).all():
            assert np.isnan(np.asarray(actual)[np.isnan(expected)]).all()
        else:
            assert_same(actual, expected, f"gradient by argument {i}")


def test_max_of_nothing_raises_as_numpy_does():
    for transform in (reverse_gradients, forward_gradients):
        with pytest.raises(ValueError, match="zero-size array to reduction operation maximum"):
            transform(np.max, [zeros(0)])


@pytest.mark.parametrize(
    ("f", "x", "named"),
    [
        (lambda x: np.where(x > 0, np.sqrt(x), 0.0), -1.0, "np.sqrt: the forward pass"),
        (lambda x: np.where(x > 0, np.sqrt(x), 0.0), 0.0, "np.sqrt: the backward pass"),
        (lambda x: np.where(x > 0, np.log(x), 0.0), 0.0, "np.log: the forward pass"),
        (lambda x: np.where(x != 0, np.sin(x) / x, 1.0), 0.0, "np.divide: the forward pass"),
    ],
)
def test_the_anomaly_mode_names_the_branch_that_was_not_taken(f, x, named):
    with (
        ad.detect_anomaly(),
        pytest.raises(FloatingPointError, match=rf"{named} .*test_numerics.py:\d+.*ad\.piecewise"),
    ):
        ad.grad(f)(x)


TIES = [np.array([1.0, 3.0, 3.0, 3.0]), np.array([[2.0, 2.0], [2.0, 1.0]])]


@pytest.mark.parametrize("x", TIES, ids=["three", "matrix"])
@pytest.mark.parametrize(
    "f",
    [np.max, np.amax, np.nanmax, np.fmax.reduce, np.maximum.reduce],
    ids=["max", "amax", "nanmax", "fmax.reduce", "maximum.reduce"],
)
def test_the_shares_of_ties_sum_to_one(f, x):
    if "reduce" in getattr(f, "__name__", ""):  # which reduces the first axis alone, unless told
        x = x.ravel()
    for _, (gradient,) in (reverse_gradients(f, [x]), forward_gradients(f, [x])):
        expected = (x == x.max()) / np.sum(x == x.max())
        np.testing.assert_allclose(gradient, expected, rtol=1e-15)


RUNNING = [np.maximum.accumulate, np.minimum.accumulate, np.fmax.accumulate, np.fmin.accumulate]


@pytest.mark.parametrize("f", RUNNING, ids=["maximum", "minimum", "fmax", "fmin"])
def test_the_shares_of_ties_so_far_sum_to_one(f):
    x = np.array([2.0, 3.0, 3.0, 1.0, 1.0, 3.0, 1.0, 4.0])
    expected = np.array([(x[: k + 1] == y) / np.sum(x[: k + 1] == y) @ np.eye(k + 1, 8) for k, y in enumerate(f(x))])
    for mode in ("forward", "reverse"):
        np.testing.assert_allclose(ad.jacobian(f, mode=mode)(x), expected, rtol=1e-15)


@pytest.mark.parametrize("n_zeros", [0, 1, 2, 3])
def test_products_are_exact_at_zeros(n_zeros):
    """∂/∂xᵢ is the product of the others, and the second derivative the product of the others but two."""
    x = np.array([2.0, -3.0, 5.0, 7.0])
    x[:n_zeros] = 0.0
    others = [np.prod(np.delete(x, i)) for i in range(4)]
    pairs = [[np.prod(np.delete(x, [i, j])) if i != j else 0.0 for j in range(4)] for i in range(4)]
    for mode in ("forward", "reverse"):
        np.testing.assert_allclose(ad.jacobian(np.prod, mode=mode)(x), others, rtol=1e-15)
    np.testing.assert_allclose(ad.hessian(np.prod)(x), pairs, rtol=1e-15, atol=0)


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_the_gradient_of_det_is_the_adjugate(rank):
    rng = np.random.default_rng(rank)
    a = (rng.integers(-3, 4, (3, rank)) @ rng.integers(-3, 4, (rank, 3))).astype(float)
    cofactors = [
        [(-1) ** (i + j) * np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) for j in range(3)] for i in range(3)
    ]
    for mode in ("forward", "reverse"):
        np.testing.assert_allclose(ad.jacobian(np.linalg.det, mode=mode)(a), cofactors, rtol=1e-12, atol=1e-11)


TO_INTEGERS = {
    "astype": lambda x: x.astype(int),
    "np.sum": lambda x: np.sum(x, dtype=int),
    "np.cumsum": lambda x: np.cumsum(x, dtype=int),
    "np.prod": lambda x: np.prod(x, dtype=int),
    "np.concatenate": lambda x: np.concatenate([x, x], dtype=int, casting="unsafe"),
    "np.floor_divide": lambda x: x // 1.0,
    "np.trunc": np.trunc,
    "np.argsort": np.argsort,
}


@pytest.mark.parametrize("name", TO_INTEGERS)
def test_what_is_cut_to_integers_is_flat(name):
    """Its derivative is 0 between the jumps, not the 1 that a conversion of floats has."""
    x = np.array([1.5, 2.5])
    for mode in ("forward", "reverse"):
        jacobian = ad.jacobian(lambda v: TO_INTEGERS[name](v) * 1.0, mode=mode)(x)
        np.testing.assert_array_equal(jacobian, np.zeros_like(jacobian))


NOT_FLOAT32 = {"tan pi/2", "norm underflow", "sigmoid 40"}  # other numbers in float32


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:All-NaN")
@pytest.mark.parametrize("name", [n for n in ROWS if n not in NOT_FLOAT32])
def test_float32_stays_float32_and_keeps_the_conventions(name):
    f, args, _, gradients = ROWS[name]
    args = [np.float32(x) for x in args]
    y, pullback = ad.vjp(f, *args)
    assert np.asarray(y).dtype == np.float32
    computed = pullback(np.ones(np.shape(y), np.float32)[()])
    for actual, expected in zip(computed, gradients, strict=True):
        assert np.asarray(actual).dtype == np.float32
        if expected is not ANY and not isinstance(expected, Either):
            np.testing.assert_allclose(actual, np.float32(expected), rtol=1e-6, equal_nan=True)
