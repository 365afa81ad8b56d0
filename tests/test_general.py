"""Reductions, orderings and numerical functions where a formula is easily wrong: ties, zeros, NaN, nothing."""

import warnings

import numpy as np
import pytest

import autodiff as ad
from autodiff.rules.padding import padded_by_values

NAN = np.nan


def both(f, x):
    """Return the gradient of the scalar function `f` by the two modes, checked against each other."""
    x = np.asarray(x, float)
    reverse = ad.grad(f)(x)
    forward = ad.jacobian(f, mode="forward")(x)
    np.testing.assert_allclose(reverse, forward, rtol=1e-14, atol=1e-300)
    return reverse


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        # ties: equal shares
        (np.max, [1, 1, 0], [0.5, 0.5, 0]),
        (np.min, [1, 1, 2], [0.5, 0.5, 0]),
        (lambda x: np.max(x, initial=1.0), [1, 1, 0], [1 / 3, 1 / 3, 0]),
        (lambda x: np.max(x, initial=9.0), [1, 1, 0], [0, 0, 0]),
        (np.ptp, [1, 1, 3], [-0.5, -0.5, 1]),
        (lambda x: np.maximum.reduce(x), [2, 2, 2, 1], [1 / 3, 1 / 3, 1 / 3, 0]),
        (lambda x: np.maximum.accumulate(x)[3], [2, 2, 1, 2], [1 / 3, 1 / 3, 0, 1 / 3]),
        (lambda x: np.maximum.accumulate(x)[2], [2, 2, 1, 3], [0.5, 0.5, 0, 0]),
        (lambda x: np.minimum.accumulate(x)[4], [5, 3, 3, 4, 1], [0, 0, 0, 0, 1]),
        (lambda x: np.sort(x)[0], [2, 1, 1], [0, 1, 0]),
        (lambda x: np.sort(x)[1], [2, 1, 1], [0, 0, 1]),
        (lambda x: np.unique(x)[0], [2, 1, 1], [0, 1, 0]),
        (np.median, [1, 2, 3, 4], [0, 0.5, 0.5, 0]),
        (np.median, [7], [1]),
        # NaN
        (np.max, [NAN, 1], [1, 0]),
        (np.var, [NAN, 1, 3], [NAN, NAN, NAN]),
        (np.std, [NAN, 1, 3], [NAN, NAN, NAN]),
        (np.median, [NAN, 1, 3], [NAN, NAN, NAN]),
        (lambda x: np.percentile(x, 25.0), [1, 3, NAN], [NAN, NAN, NAN]),
        (np.nanmax, [NAN, 1], [0, 1]),
        (np.nanmin, [NAN, 1, 1], [0, 0.5, 0.5]),
        (np.nansum, [NAN, 1], [0, 1]),
        (np.nanprod, [NAN, 2, 3], [0, 3, 2]),
        (np.nanmean, [NAN, 1, 2], [0, 0.5, 0.5]),
        (np.nanvar, [NAN, 1, 3], [0, -1, 1]),
        (np.nanstd, [NAN, 1, 3], [0, -0.5, 0.5]),
        (np.nanstd, [NAN, 1, 1], [0, 0, 0]),
        (np.nanmedian, [NAN, 1, 2, 3, NAN, 4], [0, 0, 0.5, 0.5, 0, 0]),
        (lambda x: np.nanquantile(x, 0.25), [NAN, 1, 2, 4], [0, 0.5, 0.5, 0]),
        (lambda x: np.nancumsum(x)[2], [1, NAN, 2], [1, 0, 1]),
        (lambda x: np.nancumprod(x)[2], [3, NAN, 2], [2, 0, 3]),
        # zeros
        (np.prod, [0, 2, 3], [6, 0, 0]),
        (np.prod, [0, 0, 3], [0, 0, 0]),
        (lambda x: np.sum(np.cumprod(x)), [2, 0, 3], [1, 8, 0]),
        (lambda x: np.cumprod(x)[-1], [0, 2, 3, 4], [24, 0, 0, 0]),
        # equal entries
        (np.std, [1, 1, 1], [0, 0, 0]),
        (np.std, [0.1, 0.1, 0.1], [0, 0, 0]),
        (np.std, [5], [0]),
        (np.var, [0.1, 0.1, 0.1], [0, 0, 0]),
        # overflow and infinity
        (np.logaddexp.reduce, [1000, 1000], [0.5, 0.5]),
        (np.logaddexp.reduce, [-np.inf, 0], [0, 1]),
        (np.logaddexp.reduce, [1e5, 1e5 - 1], [1 / (1 + np.exp(-1)), 1 / (1 + np.e)]),
        # knots: the piece on the right; beyond the ends nothing
        (lambda x: np.interp(x, [0, 1, 2], [0, 1, 3])[0], [1], [2]),
        (lambda x: np.interp(x, [0, 1, 2], [0, 1, 3])[0], [2], [2]),
        (lambda x: np.interp(x, [0, 1, 2], [0, 1, 3])[0], [2.5], [0]),
    ],
)
def test_gradient(f, x, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(both(f, x), expected, rtol=1e-14, atol=1e-300)


@pytest.mark.parametrize(("f", "slopes"), [(np.median, [0.5, 0.5]), (np.var, [-1.0, 1.0]), (np.std, [-0.5, 0.5])])
def test_a_nan_spoils_its_own_row_alone(f, slopes):
    x = np.array([[NAN, 1.0], [2.0, 4.0]])
    np.testing.assert_array_equal(ad.elementwise_grad(lambda x: f(x, axis=1, keepdims=True))(x), [[NAN, NAN], slopes])


@pytest.mark.parametrize("f", [np.logaddexp.reduce])
def test_nothing_to_share_is_nan(f):
    with np.errstate(invalid="ignore"):
        assert np.all(np.isnan(ad.grad(f)(np.array([-np.inf, -np.inf]))))
        np.testing.assert_array_equal(ad.grad(f)(np.array([np.inf, 0.0])), [NAN, 0.0])


@pytest.mark.parametrize("f", [np.prod, lambda x: np.cumprod(x)[-1], np.multiply.reduce, np.nanprod])
def test_third_derivatives_of_a_product_with_zeros(f):
    x = np.array([0.0, 0.0, 0.0, 5.0])
    third = ad.jacobian(ad.hessian(f))(x)
    assert third[0, 1, 2] == third[2, 0, 1] == 5.0
    assert np.count_nonzero(third) == 6
    assert np.count_nonzero(ad.hessian(f)(np.array([0.0, 0.0, 3.0, 5.0]))) == 2
    assert ad.hessian(f)(np.array([0.0, 0.0, 3.0, 5.0]))[0, 1] == 15.0


def test_second_derivative_of_std_at_equal_entries_is_not_nan():
    assert np.array_equal(ad.hessian(np.std)(np.ones(3)), np.zeros((3, 3)))


def test_a_small_spread_around_a_large_mean_keeps_its_digits():
    x = 1e8 + np.array([0.0, 1.0, 2.0, 5.0])
    expected = ad.grad(np.std)(x - 1e8)
    np.testing.assert_allclose(ad.grad(np.std)(x), expected, rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("f", "value"),
    [
        (np.prod, 1), (np.sum, 0), (np.nansum, 0), (np.nanprod, 1), (np.add.reduce, 0), (np.multiply.reduce, 1),
        (lambda x: np.max(x, initial=2.0), 2), (lambda x: np.sum(np.cumprod(x)), 0), (lambda x: np.sum(np.sort(x)), 0),
        (lambda x: np.sum(np.unique(x)), 0), (lambda x: np.sum(np.diff(x)), 0), (lambda x: np.trapezoid(x), 0),
        (np.logaddexp.reduce, -np.inf), (lambda x: np.sum(np.maximum.accumulate(x)), 0),
    ],
)  # fmt: skip
def test_nothing(f, value, dtype):
    x = np.zeros(0, dtype)
    y, gradient = ad.value_and_grad(f)(x)
    assert y == value
    assert gradient.shape == (0,)
    assert gradient.dtype == dtype


def test_max_of_nothing_raises_as_numpy_does():
    with pytest.raises(ValueError, match="zero-size array to reduction operation maximum"):
        ad.grad(np.max)(np.zeros(0))


@pytest.mark.parametrize("f", [np.prod, np.max, np.var, np.std, np.median, np.ptp, np.mean, np.nansum, np.average])
def test_a_single_number(f):
    expected = 0.0 if f in (np.var, np.std, np.ptp) else 1.0
    assert ad.grad(lambda x: f(x))(3.0) == expected
    assert ad.jvp(f, (3.0,), (1.0,))[1] == expected


def test_quantiles_move_with_their_level():
    x = np.array([1.0, 2.0, 4.0, 8.0])
    assert ad.grad(lambda q: np.quantile(x, q))(0.5) == 3 * (4.0 - 2.0)
    assert ad.grad(lambda q: np.percentile(x, q))(50.0) == pytest.approx(0.06, rel=1e-14)
    assert ad.grad(lambda q: np.quantile(x, q, method="weibull"))(0.01) == 0.0  # flat before the first entry
    assert ad.grad(lambda q: np.quantile(x, q, method="lower"))(0.5) == 0.0


def test_unique_with_places():
    t = ad.tensor([2.0, 1.0, 2.0], requires_grad=True)
    values, places, inverse, counts = np.unique(t, return_index=True, return_inverse=True, return_counts=True)
    for got, expected in ((places, [1, 0]), (inverse, [1, 0, 1]), (counts, [1, 2])):
        np.testing.assert_array_equal(got, expected)
    (values * np.array([10.0, 1.0])).sum().backward()
    np.testing.assert_array_equal(t.grad, [1.0, 10.0, 0.0])
    record = np.unique_all(t)
    assert type(record) is type(np.unique_all(np.ones(1)))
    np.testing.assert_array_equal(record.indices, [1, 0])


def test_trim_zeros():
    np.testing.assert_array_equal(both(lambda x: np.sum(np.trim_zeros(x) ** 2), [0, 3, 0, 2, 0]), [0, 6, 0, 4, 0])
    assert np.trim_zeros(ad.tensor([0.0, 3.0, 0.0]), "f").shape == (2,)


def test_polynomials_drop_what_numpy_drops():
    assert np.polymul(ad.tensor([0.0, 2.0]), [1.0, 1.0]).shape == np.polymul([0.0, 2.0], [1.0, 1.0]).shape
    u = np.array([1.0, 3.0, 2.0])
    quotient, rest = np.polydiv(ad.tensor(u, requires_grad=True), [1.0, 1.0])  # (x + 1)(x + 2): no remainder
    np.testing.assert_array_equal(rest.numpy(), np.polydiv(u, [1.0, 1.0])[1])
    quotient.sum().backward()


def test_full_like_and_full():
    np.testing.assert_array_equal(ad.grad(lambda x: np.sum(np.full_like(x, x[1])))(X), [0.0, 3.0, 0.0])
    assert ad.grad(lambda x: np.sum(np.full((2, 2), x, like=x)))(2.0) == 4.0


@pytest.mark.parametrize("data", [[1, 2, 7], [True, False, True], [1.0, np.inf, -np.inf]])
@pytest.mark.parametrize("bounds", [(None, 5), (2, None), (None, 1.5), (1, 2), (None, True)])
def test_clip_keeps_the_dtype(data, bounds):
    got, expected = np.clip(ad.tensor(data), *bounds).numpy(), np.clip(data, *bounds)
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)


X = np.array([1.0, 2.0, 3.0])


# --- piecewise ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("piecewise", [ad.piecewise, np.piecewise])
def test_a_branch_sees_its_own_entries_alone(piecewise):
    seen = []

    def root(x):
        seen.append(np.shape(x))
        return np.sqrt(x)

    x = np.array([[-1.0, 4.0], [0.0, 9.0]])
    gradient = ad.elementwise_grad(lambda x: piecewise(x, [x > 0, x < -5], [root, np.log, lambda x: 2 * x]))(x)
    np.testing.assert_array_equal(gradient, [[2.0, 0.25], [2.0, 1 / 6]])
    assert seen == [(2,)]


def test_piecewise_is_numpys_on_plain_arrays():
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    for conditions, functions in [
        ([x > 0], [1.0]),
        ([x > 0, x > 1], [np.sin, np.cos, np.exp]),  # where both hold the later one counts
        (x > 0, [np.sin, -1.0]),
        ([True, False, False, False, True], [5.0]),
        ([x > 9], [np.log]),
    ]:
        np.testing.assert_array_equal(ad.piecewise(x, conditions, functions), np.piecewise(x, conditions, functions))
    assert ad.piecewise(2.0, [True], [np.square]) == 4.0
    got = ad.piecewise(x, [x > 0], [lambda x, a, b: a * x + b, 0.0], 2.0, b=1.0)
    np.testing.assert_array_equal(got, [0, 0, 0, 3, 5])


def test_piecewise_of_a_number():
    f = lambda x: ad.piecewise(x, [x > 0], [np.sqrt, 0.0])  # noqa: E731
    assert ad.grad(f)(4.0) == 0.25
    assert ad.grad(f)(-1.0) == 0.0
    assert ad.grad(ad.grad(f))(4.0) == -1 / 32
    assert ad.jvp(f, (-1.0,), (1.0,)) == (0.0, 0.0)


def test_piecewise_by_its_constants_and_by_what_its_functions_close_over():
    x = np.array([-1.0, 2.0, 3.0])
    f = lambda a, b: np.sum(ad.piecewise(x, [x > 0], [lambda x: a * x, b]))  # noqa: E731
    assert ad.grad(f, (0, 1))(2.0, 7.0) == (5.0, 1.0)


@pytest.mark.parametrize(
    ("x", "conditions", "functions", "error", "message"),
    [
        (np.array([1, 2]), [[True, False]], [1.0], TypeError, r"piecewise: x must hold floats; got dtype int64\. "),
        (X, [X > 0], [1.0, 2.0, 3.0], ValueError, r"piecewise: there must be one function .*got 3 functions and 1"),
        (X, [X > 0, X > 1], [1.0], ValueError, r"piecewise: there must be one function .*got 1 functions and 2"),
        (X, [[True, False]], [1.0], ValueError, r"piecewise: each condition must have the shape .*\(3,\); got \(2,\)"),
    ],
)
def test_piecewise_refuses(x, conditions, functions, error, message):
    with pytest.raises(error, match=message):
        ad.piecewise(x, conditions, functions)


# --- what is kept for the backward pass -----------------------------------------------------------------

MATRIX = np.arange(12.0).reshape(3, 4)
WEIGHTS = np.array([1.0, 2.0, 4.0, 8.0])


@pytest.mark.parametrize(
    "f",
    [
        lambda t: np.einsum("ij->ji", t), lambda t: np.einsum("ij,j->i", t, WEIGHTS), np.trace, np.linalg.trace,
        lambda t: np.linalg.multi_dot([MATRIX.T, t, WEIGHTS]), lambda t: np.trapezoid(t, dx=0.5), np.gradient,
        lambda t: np.trapezoid(t, WEIGHTS), lambda t: np.linspace(t, MATRIX, 3), lambda t: np.average(t, 1, WEIGHTS),
        lambda t: np.ediff1d(t, t[0]), np.diff, lambda t: np.vstack([t, t]), lambda t: np.split(t, 3), np.tril,
    ],
)  # fmt: skip
def test_of_a_linear_function_the_operand_is_not_kept(f):
    t = ad.tensor(MATRIX, requires_grad=True)
    y = f(t)
    for part in y if isinstance(y, (tuple, list)) else [y]:
        node = getattr(part.node, "parent", part.node)
        assert not any(np.shares_memory(np.asarray(a), t.numpy()) for a in node.args if isinstance(a, np.ndarray))
        assert not any(np.array_equal(a, MATRIX) for a in node.args if isinstance(a, np.ndarray))
        assert not isinstance(node.y, np.ndarray)


@pytest.mark.parametrize(("f", "y_is_kept"), [(np.var, True), (np.nanvar, False), (np.nanstd, False), (np.max, True)])
def test_a_reduction_keeps_what_its_weights_read(f, y_is_kept):
    node = f(ad.tensor(MATRIX, requires_grad=True), axis=0).node
    assert isinstance(node.y, np.ndarray) == y_is_kept
    assert isinstance(node.args[0], np.ndarray)


def test_functions_with_traced_spacing_are_not_taken_for_linear():
    x = np.array([0.0, 1.0, 3.0, 4.5])
    for f in (lambda s: np.sum(WEIGHTS * np.gradient(WEIGHTS, s)), lambda s: np.trapezoid(WEIGHTS, s)):
        got = ad.grad(f)(x)
        expected = [(f(x + d) - f(x - d)) / 2e-6 for d in 1e-6 * np.eye(4)]
        np.testing.assert_allclose(got, expected, rtol=1e-7)


def test_pad_is_differentiated_by_what_it_puts_in():
    def f(x, constants, ends):
        return np.concatenate(
            [
                np.ravel(np.pad(x, ((1, 0), (2, 1)), constant_values=constants)),
                np.ravel(np.pad(x, 2, "constant", constant_values=((constants[0, 0], 1.0), (2.0, ends[1] ** 2)))),
                np.ravel(np.pad(x, ((0, 3), (2, 2)), "linear_ramp", end_values=ends**2)),
            ]
        )

    args = (np.array([[1.0, 2.0, 4.0], [0.5, -1.0, 3.0]]), np.array([[1.0, 2.0], [3.0, 0.5]]), np.array([0.5, 1.5]))
    ad.check_grads(f, *args, order=2)


@pytest.mark.parametrize("width", [1, 4, (0, 7), (9, 2)])
@pytest.mark.parametrize("shape", [(1,), (2,), (5,), (3, 1)])
@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("reflect", {"reflect_type": "odd"}),
        ("symmetric", {"reflect_type": "odd"}),
        ("linear_ramp", {"end_values": (1.0, -2.0)}),
        ("mean", {"stat_length": (1, 3)}),
        ("median", {}),
    ],
)
def test_what_pad_is_differentiated_as_is_what_numpy_pads(mode, options, shape, width):
    x = np.random.default_rng(1).normal(size=shape)
    np.testing.assert_allclose(
        padded_by_values(x, width, mode, **options), np.pad(x, width, mode, **options), rtol=1e-13
    )


MASK = np.array([[True, True, False, True], [True, False, True, True], [True, True, True, True]])
DATA = np.random.default_rng(2).normal(size=(3, 4))


@pytest.mark.parametrize("f", [np.var, np.std])
def test_spreads_of_chosen_entries_and_about_a_given_mean(f):
    ad.check_grads(lambda x: f(x, axis=0, where=MASK, ddof=1), DATA)
    ad.check_grads(lambda x, m: f(x, axis=1, keepdims=True, mean=m), DATA, DATA.mean(1, keepdims=True) + 0.1)
    ad.check_grads(lambda x: f(x, axis=0, mean=np.mean(x, 0, keepdims=True, where=MASK), where=MASK), DATA)
    np.testing.assert_array_equal(both(lambda x: f(x, mean=np.mean(x, keepdims=True)), [3.0, 3.0]), [0.0, 0.0])
    assert both(lambda x: f(x, where=MASK[0, :3]), [1.0, 2.0, 9.0])[2] == 0.0


@pytest.mark.parametrize(("axis", "q", "keepdims"), [(None, 0.3, False), (0, [0.2, 0.7], True), ((0, 1), 0.5, False)])
def test_quantiles_of_entries_with_weights(axis, q, keepdims):
    weights = np.random.default_rng(3).uniform(size=DATA.shape)
    options = {"axis": axis, "keepdims": keepdims, "method": "inverted_cdf", "weights": weights}
    ad.check_grads(lambda x: np.quantile(x, q, **options), DATA)
    ad.check_grads(lambda x: np.percentile(x, np.multiply(q, 100.0), **options), DATA)


def test_products_have_exact_derivatives_of_every_order():
    for x in ([2.0, 3.0, 4.0], [0.0, 3.0, 4.0], [0.0, 0.0, 4.0]):
        a, b, c = x
        np.testing.assert_array_equal(both(np.prod, x), [b * c, a * c, a * b])
        np.testing.assert_array_equal(ad.hessian(np.prod)(np.array(x)), [[0, c, b], [c, 0, a], [b, a, 0]])
    np.testing.assert_array_equal(both(np.prod, [1e-200, 1e-200, 1e200, 1e200]), [1e200, 1e200, 1e-200, 1e-200])


def test_norms_keep_their_digits_at_the_ends_of_the_range():
    for ord in (None, 2, 3):
        unit = ad.grad(lambda x, ord=ord: np.linalg.norm(x, ord))(np.array([1.0, 2.0]))
        for size in (1e200, 1e-100):
            with np.errstate(over="ignore"):
                found = ad.grad(lambda x, ord=ord: np.linalg.norm(x, ord))(np.array([1.0, 2.0]) * size)
            np.testing.assert_allclose(found, unit, rtol=1e-14)
    with np.errstate(over="ignore"):
        second = ad.hessian(np.linalg.norm)(np.array([1e200, 1e200]))
    np.testing.assert_allclose(second * 1e200, ad.hessian(np.linalg.norm)(np.ones(2)), rtol=1e-14)
