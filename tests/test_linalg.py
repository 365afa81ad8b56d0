"""Linear algebra where the table of cases does not reach: degenerate matrices, high precision, batches."""

import itertools
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
from autodiff.dispatch import RULES
from autodiff.primitives import Primitive
from autodiff.rules.einsum import contracted, parse
from autodiff.rules.linalg import cofactors, cofactors_change
from autodiff.rules.products import chain
from tests.witnesses import complex_step, differences

inf, nan = np.inf, np.nan
EYE = np.eye(2)


def gradient(f, *args):
    return ad.grad(f)(*args)


def forward_gradient(f, x):
    return ad.jacobian(f, mode="forward")(x)


# --- determinants: exact minors as the witness -------------------------------------------------------


def minor(a, rows, columns):
    """The determinant of a without some rows and columns, in exact arithmetic."""
    keep_rows = [i for i in range(len(a)) if i not in rows]
    keep = [j for j in range(len(a)) if j not in columns]
    return float(exact_det([[Fraction(float(a[i][j])) for j in keep] for i in keep_rows]))


def exact_det(a):
    if not a:
        return Fraction(1)
    return sum((-1) ** j * a[0][j] * exact_det([row[:j] + row[j + 1 :] for row in a[1:]]) for j in range(len(a)))


def sign_of(*indices):
    """The sign with which a minor stands in the Laplace expansion by two rows and columns."""
    i, k = indices
    return -1.0 if i > k else 1.0


SINGULAR = {
    "zero": np.zeros((3, 3)),
    "rank 1": np.outer([1.0, 2.0, 3.0], [4.0, -5.0, 6.0]),
    "rank 2": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]),
    "rank 2 of 4": np.array([[1.0, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]]),
    "rank 3 of 4": np.array([[1.0, 2, 0, 0], [2, 4, 0, 0], [0, 0, 3, 1], [0, 0, 1, -2]]),
    "regular": np.array([[2.0, 1.0, 0.0], [-1.0, 3.0, 1.0], [0.5, 0.0, -4.0]]),
    "scalar zero": np.zeros((1, 1)),
    "2 by 2": np.array([[1.0, 2.0], [2.0, 4.0]]),
    "negative": np.diag([-1.0, 2.0, 0.0]),
}


@pytest.mark.parametrize("a", SINGULAR.values(), ids=SINGULAR)
def test_gradient_of_det_is_the_matrix_of_exact_minors(a):
    n = len(a)
    expected = np.array([[(-1) ** (i + j) * minor(a, [i], [j]) for j in range(n)] for i in range(n)])
    scale = max(np.abs(a).max(), 1.0) ** (n - 1)
    for got in (gradient(np.linalg.det, a), forward_gradient(np.linalg.det, a)):
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-14 * scale)


@pytest.mark.parametrize("a", SINGULAR.values(), ids=SINGULAR)
def test_hessian_of_det_is_made_of_exact_minors(a):
    n = len(a)
    expected = np.zeros((n, n, n, n))
    for i, j, k, m in itertools.product(range(n), repeat=4):
        if i != k and j != m:
            sign = (-1.0) ** (i + j + k + m) * sign_of(i, k) * sign_of(j, m)
            expected[i, j, k, m] = sign * minor(a, [i, k], [j, m])
    scale = max(np.abs(a).max(), 1.0) ** max(n - 2, 0)
    reverse_twice = ad.jacobian(ad.grad(np.linalg.det), mode="reverse")
    forward_twice = ad.jacobian(ad.jacobian(np.linalg.det, mode="forward"), mode="forward")
    for got in (ad.hessian(np.linalg.det)(a), reverse_twice(a), forward_twice(a)):
        np.testing.assert_allclose(got, expected, rtol=0, atol=2e-14 * scale)


def test_det_keeps_the_digits_next_to_a_singular_matrix():
    a = np.array([[1.0, 2.0], [2.0, 4.0 + 1e-13]])
    np.testing.assert_allclose(gradient(np.linalg.det, a), [[a[1, 1], -2.0], [-2.0, 1.0]], rtol=1e-15)


def test_det_keeps_the_digits_of_badly_scaled_matrices():
    """Each entry of the gradient has its digits, whatever the scale of its row and column."""
    rng = np.random.default_rng(8)
    for _ in range(20):
        a = rng.integers(1, 9, (4, 4)) * 2.0 ** rng.integers(-60, 60, (4, 1)) * 2.0 ** rng.integers(-60, 60, (1, 4))
        expected = np.array([[(-1) ** (i + j) * minor(a, [i], [j]) for j in range(4)] for i in range(4)])
        error = np.abs(gradient(np.linalg.det, a) - expected)
        assert np.all(error <= 1e-14 * permanents(a)), error / permanents(a)


def permanents(a):
    """The minors with all signs positive: what rounding is relative to."""
    n = len(a)
    result = np.empty((n, n))
    for i, j in itertools.product(range(n), repeat=2):
        rest = np.delete(np.delete(a, i, 0), j, 1)
        orders = itertools.permutations(range(n - 1))
        result[i, j] = sum(np.prod([abs(rest[k, order[k]]) for k in range(n - 1)]) for order in orders)
    return result


def test_third_derivative_of_det():
    """At a regular matrix against differences of the second; of 3 x 3 matrices it is the same everywhere."""
    rng = np.random.default_rng(0)
    u, v, w = rng.uniform(-1, 1, (3, 3, 3))
    a = SINGULAR["regular"]

    def second(x):
        return ad.jvp(lambda y: ad.jvp(np.linalg.det, (y,), (u,))[1], (x,), (v,))[1]

    third = ad.jvp(second, (a,), (w,))[1]
    np.testing.assert_allclose(third, differences(lambda x: [second(x)], [a], [w])[0], rtol=1e-9)
    np.testing.assert_allclose(np.sum(gradient(second, a) * w), third, rtol=1e-12)
    for singular in (SINGULAR["rank 2"], np.zeros((3, 3)), np.ones((3, 3))):
        np.testing.assert_allclose(ad.jvp(second, (singular,), (w,))[1], third, rtol=1e-12)
        np.testing.assert_allclose(np.sum(gradient(second, singular) * w), third, rtol=1e-12)
    all_thirds = ad.jacobian(ad.hessian(np.linalg.det))(np.diag([2.0, 0.0, 0.0, 0.0]))
    assert all_thirds[0, 0, 1, 1, 2, 2] == 0.0 and all_thirds[1, 1, 2, 2, 3, 3] == 2.0


def test_qr_of_dependent_columns_is_refused():
    a = np.array([[1.0, 2.0, 3.0], [0.5, 1.0, 1.5], [2.0, 1.0, 3.0], [1.0, 0.0, 1.0]])
    for mode in ("reduced", "complete"):
        for f in (lambda x, mode=mode: np.sum(np.linalg.qr(x, mode)[0]),):
            with pytest.raises(ValueError, match=r"np\.linalg\.qr: the factors jump where the columns depend"):
                ad.grad(f)(a)
            with pytest.raises(ValueError, match=r"np\.linalg\.qr: the factors jump where the columns depend"):
                ad.jvp(f, (a,), (a,))


def test_svd_with_full_matrices_where_the_thin_part_is_used():
    a = np.random.default_rng(4).normal(size=(5, 2))

    def f(full):
        def of(x):
            u, s, vt = np.linalg.svd(x, full_matrices=full)
            return np.sum(np.abs(u[:, :2]) ** 3) + np.sum(s * np.abs(vt[0]))

        return of

    np.testing.assert_allclose(gradient(f(True), a), gradient(f(False), a), rtol=1e-12)
    np.testing.assert_allclose(forward_gradient(f(True), a), gradient(f(False), a), rtol=1e-12)
    np.testing.assert_allclose(ad.hessian(f(True))(a), ad.hessian(f(False))(a), rtol=1e-12, atol=1e-13)
    for used in (lambda x: np.sum(np.linalg.svd(x)[0]), lambda x: np.sum(np.linalg.svd(x)[0][:, 3])):
        with pytest.raises(ValueError, match="several vectors that complete a basis"):
            gradient(used, a)


def test_pinv_by_the_cutoff_that_is_given():
    a = np.array([[1.0, 0.05], [0.02, 0.1]])
    u, v = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    for b in (a, np.outer(u, v)):  # the second has rank 1, and what is cut off is noise
        default = gradient(lambda x: np.sum(np.linalg.pinv(x) ** 2), b)
        np.testing.assert_array_equal(gradient(lambda x: np.sum(np.linalg.pinv(x, rcond=1e-6) ** 2), b), default)
    with pytest.raises(ValueError, match=r"np\.linalg\.pinv: .*got 0\.0988454 beside 1\.00156"):
        ad.jvp(lambda x: np.linalg.pinv(x, rtol=0.5), (a,), (a,))


def test_logdet_in_closed_form():
    """∇ log |det A| = A⁻ᵀ, and its derivative along M is −(X M X)ᵀ."""
    rng = np.random.default_rng(1)
    a = np.eye(4) + 0.3 * rng.uniform(-1, 1, (4, 4))
    x = np.linalg.inv(a)

    def logdet(a):
        return np.linalg.slogdet(a).logabsdet

    np.testing.assert_allclose(gradient(logdet, a), x.T, rtol=1e-13)
    m = rng.uniform(-1, 1, (4, 4))
    np.testing.assert_allclose(ad.hvp(logdet)(a, m), -(x @ m @ x).T, rtol=1e-12)
    np.testing.assert_allclose(ad.hessian(logdet)(a), -np.einsum("jk,li->ijkl", x, x), rtol=1e-12, atol=1e-14)
    assert gradient(lambda a: np.linalg.slogdet(a).sign, a).tolist() == np.zeros((4, 4)).tolist()


# --- norms at kinks: the subgradient of least norm -------------------------------------------------------

ORDS = [None, 0, 1, 2, 3, 2.5, 0.5, -1, -2, inf, -inf]


@pytest.mark.parametrize("ord", ORDS, ids=str)
def test_norm_of_zero(ord):
    with np.errstate(divide="ignore"):  # NumPy's value divides by zero where ord < 0
        for mode in (gradient, forward_gradient):
            assert mode(lambda x: np.linalg.norm(x, ord), np.zeros(3)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("ord", [None, "fro", "nuc", 1, 2, -2, inf, -1, -inf], ids=str)
def test_matrix_norm_of_zero(ord):
    f = lambda x: np.linalg.norm(x, ord, axis=(-2, -1)).sum()  # noqa: E731
    assert not gradient(f, np.zeros((2, 3, 2))).any()
    assert not forward_gradient(f, np.zeros((2, 3, 2))).any()


def test_norm_that_underflows():
    x = np.array([1e-200, 1e-200])
    assert np.linalg.norm(x) == 0
    assert gradient(np.linalg.norm, x).tolist() == [0, 0]
    assert gradient(lambda x: np.linalg.norm(x) ** 2, np.zeros(2)).tolist() == [0, 0]


NORM_KINKS = {
    "largest entries tie": (inf, [3.0, -3.0, 1.0], [0.5, -0.5, 0]),
    "smallest entries tie": (-inf, [3.0, -1.0, 1.0], [0, -0.5, 0.5]),
    "1-norm with a zero": (1, [2.0, 0.0, -1.0], [1, 0, -1]),
    "2-norm with a zero": (2, [3.0, 0.0, 4.0], [0.6, 0, 0.8]),
    "3-norm with a zero": (3, [0.0, -2.0], [0, -1]),
    "number of entries": (0, [2.0, 0.0], [0, 0]),
    "2-norm of large numbers": (None, [3e153, 4e153], [0.6, 0.8]),
    "4-norm of small numbers": (4, [1e-60, 1e-60], [2**-0.75, 2**-0.75]),
    "spectral norm of eye": (2, EYE, 0.5 * EYE),
    "smallest singular value of eye": (-2, EYE, 0.5 * EYE),
    "nuclear norm of eye": ("nuc", EYE, EYE),
    "nuclear norm of rank 1": ("nuc", [[2.0, 0.0], [0.0, 0.0]], [[1, 0], [0, 0]]),
    "equal columns": (1, [[1.0, -1.0], [2.0, 2.0]], [[0.5, -0.5], [0.5, 0.5]]),
    "equal rows": (inf, [[1.0, -2.0], [2.0, 1.0]], [[0.5, -0.5], [0.5, 0.5]]),
}


@pytest.mark.parametrize(("ord", "x", "expected"), NORM_KINKS.values(), ids=NORM_KINKS)
def test_norm_at_kinks(ord, x, expected):
    f = lambda x: np.linalg.norm(x, ord)  # noqa: E731
    x = np.array(x)
    np.testing.assert_allclose(gradient(f, x), expected, rtol=1e-14, atol=0)
    np.testing.assert_allclose(forward_gradient(f, x), expected, rtol=1e-14, atol=0)


# --- repeated eigenvalues and singular values ------------------------------------------------------------


def test_values_of_a_repeated_eigenvalue_have_a_derivative_in_sum():
    for f in (
        lambda a: np.linalg.eigvalsh(a).sum(),
        lambda a: np.linalg.eigh(a).eigenvalues.sum(),
        lambda a: np.linalg.svdvals(a).sum(),
        lambda a: np.linalg.svd(a).S.sum(),
        lambda a: np.linalg.svd(a, compute_uv=False).sum(),
        lambda a: np.linalg.eigvals(a).sum(),
        lambda a: np.linalg.eig(a).eigenvalues.sum(),
    ):
        assert gradient(f, EYE).tolist() == EYE.tolist()
        assert forward_gradient(f, EYE).tolist() == EYE.tolist()


def test_vectors_of_a_repeated_eigenvalue_have_none():
    for f in (
        lambda a: np.linalg.eigh(a).eigenvectors.sum(),
        lambda a: np.linalg.eig(a).eigenvectors.sum(),
        lambda a: np.linalg.svd(a).U.sum(),
        lambda a: np.linalg.svd(a).Vh.sum(),
    ):
        assert np.isnan(gradient(f, EYE)).all()
        assert np.isnan(forward_gradient(f, EYE)).all()


def test_the_vector_of_a_simple_eigenvalue_beside_a_repeated_one():
    """Forward mode: columns do not touch each other. The eigenvector of 3 turns by Ȧ₂ / (3 − 1)."""
    a_dot = np.array([[1.0, 2.0, 0.4], [2.0, -1.0, 0.6], [0.4, 0.6, 5.0]])
    w_dot, v_dot = ad.jvp(lambda a: tuple(np.linalg.eigh(a)), (np.diag([1.0, 1.0, 3.0]),), (a_dot,))[1]
    assert w_dot.tolist() == [1, -1, 5]
    assert np.isnan(v_dot[:, :2]).any(axis=0).all()
    np.testing.assert_allclose(v_dot[:, 2], [0.2, 0.3, 0], rtol=1e-15)


def test_singular_value_at_zero():
    """Like |·| at 0."""
    a = np.diag([2.0, 0.0])
    jacobian = ad.jacobian(np.linalg.svdvals, mode="reverse")(a)
    assert np.abs(jacobian).tolist() == [[[1, 0], [0, 0]], [[0, 0], [0, 0]]]
    assert gradient(lambda a: np.linalg.svdvals(a).sum(), np.zeros((2, 3))).tolist() == np.zeros((2, 3)).tolist()


def test_symmetric_functions_have_symmetric_cotangents():
    a = np.array([[2.0, 0.5, 0.1], [0.5, 1.0, 0.3], [0.1, 0.3, 3.0]])
    for f in (
        lambda a: np.linalg.cholesky(a)[1, 0],
        lambda a: np.linalg.eigh(a).eigenvectors[0, 1],
        lambda a: np.linalg.eigvalsh(a, UPLO="U")[1],
        lambda a: np.linalg.pinv(a, hermitian=True)[0, 1],
        lambda a: np.linalg.svd(a, hermitian=True).U[0, 1],
    ):
        g = gradient(f, a)
        np.testing.assert_array_equal(g, g.T)
        skew = np.array([[0.0, 1.0, 2.0], [-1.0, 0.0, 3.0], [-2.0, -3.0, 0.0]])
        np.testing.assert_allclose(ad.jvp(f, (a,), (skew,))[1], 0, atol=1e-15)


# --- 50 digits --------------------------------------------------------------------------------------------


def precise_derivative(f, a, direction):
    """Central difference in 60-digit arithmetic, right to some 38 digits."""
    with mpmath.workdps(60):
        h = mpmath.mpf(10) ** -20
        a, direction = mpmath.matrix(a.tolist()), mpmath.matrix(direction.tolist())
        plus, minus = f(a + h * direction), f(a - h * direction)
        return np.array((plus - minus) / (2 * h), dtype=float).reshape(plus.rows, plus.cols)


def symmetric_matrix(gap):
    """Eigenvalues 1, 1 + gap and 3."""
    rng = np.random.default_rng(5)
    q = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    a = (q * [1.0, 1.0 + gap, 3.0]) @ q.T
    direction = rng.uniform(-1, 1, (3, 3))
    return 0.5 * (a + a.T), direction + direction.T


@pytest.mark.parametrize("gap", [0.7, 1e-3, 1e-6])
def test_eigenvalues_against_mpmath(gap):
    a, direction = symmetric_matrix(gap)
    expected = precise_derivative(lambda a: mpmath.eigsy(a, eigvals_only=True), a, direction).ravel()
    got = ad.jvp(np.linalg.eigvalsh, (a,), (direction,))[1]
    np.testing.assert_allclose(got, expected, rtol=1e-14 / gap)  # the condition number of the vectors is 1 / gap


@pytest.mark.parametrize("gap", [0.7, 1e-3])
def test_eigenvectors_against_mpmath(gap):
    """As projectors v vᵀ, which do not know the sign of v."""
    a, direction = symmetric_matrix(gap)

    def projector(a):
        v = mpmath.eigsy(a)[1][:, 0]
        return v * v.T

    got = ad.jvp(lambda a: np.outer(*[np.linalg.eigh(a)[1][:, 0]] * 2), (a,), (direction,))[1]
    expected = precise_derivative(projector, a, direction)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-14 / gap * np.abs(expected).max())


def test_inverse_of_an_ill_conditioned_matrix_against_mpmath():
    """Hilbert's matrix of order 6, condition 1.5e7: what is lost is what A⁻¹ itself loses."""
    a = 1.0 / (1.0 + np.arange(6)[:, None] + np.arange(6))
    direction = np.random.default_rng(6).uniform(-1, 1, (6, 6))
    expected = precise_derivative(lambda a: a**-1, a, direction)
    got = ad.jvp(np.linalg.inv, (a,), (direction,))[1]
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-16 * np.linalg.cond(a) * np.abs(expected).max())


def test_cholesky_against_mpmath():
    a, direction = symmetric_matrix(0.5)
    expected = precise_derivative(mpmath.cholesky, a, direction)
    np.testing.assert_allclose(ad.jvp(np.linalg.cholesky, (a,), (direction,))[1], expected, atol=1e-15)


# --- what is refused ------------------------------------------------------------------------------------------


def refusals():
    tall = np.arange(8.0).reshape(4, 2) ** 2
    yield "svd", lambda: gradient(lambda a: np.linalg.svd(a).U.sum(), tall), ValueError, "full_matrices=False"
    yield "svd wide", lambda: gradient(lambda a: np.linalg.svd(a).Vh.sum(), tall.T), ValueError, "not unique"
    yield "qr raw", lambda: gradient(lambda a: np.linalg.qr(a, mode="raw")[1].sum(), tall), ValueError, "got mode='raw'"
    flat = np.ones((3, 2))
    yield "lstsq", lambda: gradient(lambda a: np.linalg.lstsq(a, np.ones(3))[0].sum(), flat), ValueError, "got rank 1"
    yield "inv", lambda: gradient(lambda a: np.linalg.inv(a).sum(), np.ones((2, 2))), np.linalg.LinAlgError, "Singular"
    yield "out", lambda: gradient(lambda a: np.einsum("ij->", a, out=np.zeros(())), tall), TypeError, "`out`"
    yield "dtype", lambda: gradient(lambda a: np.einsum("ij->", a, dtype=np.float32), tall), TypeError, "`dtype`"


@pytest.mark.parametrize(("call", "error", "message"), [pytest.param(*r[1:], id=r[0]) for r in refusals()])
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_vectors_that_complete_a_basis():
    """Forward mode: they alone are NaN. The others are those of the thin factorisation."""
    rng = np.random.default_rng(2)
    a, a_dot = rng.uniform(-1, 1, (2, 4, 2))
    full = ad.jvp(lambda a: tuple(np.linalg.svd(a)), (a,), (a_dot,))[1]
    thin = ad.jvp(lambda a: tuple(np.linalg.svd(a, full_matrices=False)), (a,), (a_dot,))[1]
    assert np.isnan(full[0][:, 2:]).all()
    for x, y in zip((full[0][:, :2], *full[1:]), thin, strict=True):
        np.testing.assert_array_equal(x, y)


def test_results_keep_their_names():
    a = ad.tensor(EYE + np.diag([0.0, 1.0]), requires_grad=True)
    for function in (np.linalg.eigh, np.linalg.eig, np.linalg.svd, np.linalg.slogdet, np.linalg.qr):
        got, expected = function(a), function(a.numpy())
        assert type(got) is type(expected)
        assert all(isinstance(part, ad.Tensor) for part in got)


@pytest.mark.parametrize("function", [np.linalg.eigh, np.linalg.svd, np.linalg.qr, np.linalg.eig])
def test_factors_that_the_caller_overwrites(function):
    """The rule has its own copy of the factors."""
    a = np.array([[2.0, 0.5], [0.5, 1.0]])
    y, pullback = ad.vjp(lambda a: tuple(function(a)), a)
    cts = tuple([np.ones_like(part) for part in y])
    before = pullback(cts)[0]
    for part in y:
        part[...] = 7.0
    np.testing.assert_array_equal(pullback(cts)[0], before)


def test_rank_is_a_constant():
    assert np.linalg.matrix_rank(ad.tensor(EYE, requires_grad=True)) == 2


# --- closed forms -----------------------------------------------------------------------------------------------


def test_solve_in_closed_form():
    rng = np.random.default_rng(3)
    a, b, c = np.eye(3) + 0.3 * rng.uniform(-1, 1, (3, 3)), rng.uniform(-1, 1, 3), rng.uniform(-1, 1, 3)
    x, z = np.linalg.solve(a, b), np.linalg.solve(a.T, c)
    got_a, got_b = ad.grad(lambda a, b: c @ np.linalg.solve(a, b), (0, 1))(a, b)
    np.testing.assert_allclose(got_a, -np.outer(z, x), rtol=1e-13)
    np.testing.assert_allclose(got_b, z, rtol=1e-13)
    columns = ad.jacobian(np.linalg.solve, 1, mode="forward")(a, b)
    np.testing.assert_allclose(columns, np.linalg.inv(a), rtol=1e-13)


def test_least_squares_by_the_normal_equations():
    rng = np.random.default_rng(4)
    a, b = rng.uniform(-1, 1, (5, 2)), rng.uniform(-1, 1, 5)
    normal = lambda a, b: np.linalg.solve(a.T @ a, a.T @ b)  # noqa: E731
    fitted = lambda a, b: np.linalg.lstsq(a, b)[0]  # noqa: E731
    for argnum in (0, 1):
        expected = ad.jacobian(normal, argnum)(a, b)
        np.testing.assert_allclose(ad.jacobian(fitted, argnum)(a, b), expected, rtol=1e-12, atol=1e-13)
        witness = differences(lambda x, k=argnum: [fitted(*[x if i == k else v for i, v in enumerate((a, b))])],
                              [(a, b)[argnum]], [np.ones_like((a, b)[argnum])])[0]  # fmt: skip
        np.testing.assert_allclose(expected.reshape(2, -1).sum(1), witness, rtol=1e-9)
    residual = gradient(lambda b: np.linalg.lstsq(a, b)[1][0], b)
    np.testing.assert_allclose(residual, 2 * (b - a @ normal(a, b)), rtol=1e-12)


def test_pinv_where_the_rank_is_not_full_but_constant():
    """A = t u vᵀ has A⁺ = v uᵀ / (t |u|² |v|²)."""
    u, v = np.array([1.0, 2.0, -1.0]), np.array([0.5, 3.0])
    got = ad.jvp(lambda t: np.linalg.pinv(t * np.outer(u, v)), (2.0,), (1.0,))[1]
    np.testing.assert_allclose(got, -np.outer(v, u) / (4.0 * (u @ u) * (v @ v)), rtol=1e-13)


def test_cotangent_of_a_diagonal_stays_on_it():
    _, pullback = ad.vjp(lambda a: np.einsum("ii->i", a), EYE)
    assert pullback(np.array([inf, 1.0]))[0].tolist() == [[inf, 0], [0, 1]]


@pytest.mark.parametrize(
    ("subscripts", "ndims", "expected"),
    [
        ("ij,jk", (2, 2), (("ij", "jk"), "ik")),
        ("ba", (2,), (("ba",), "ab")),
        ("ii", (2,), (("ii",), "")),
        ("... i -> i ...", (3,), (("abi",), "iab")),
        ("...a,a...->...", (3, 2), (("bca", "ac"), "bc")),
        ("Ba,aC", (2, 2), (("Ba", "aC"), "BC")),
        ("...,...", (1, 2), (("b", "ab"), "ab")),
    ],
)
def test_parse(subscripts, ndims, expected):
    assert parse(subscripts, ndims) == expected


@given(seed=st.integers(0, 2**32 - 1))
def test_random_einsums(seed):
    """Any letters, repeated and broadcast, with and without an ellipsis, against the complex step."""
    rng = np.random.default_rng(seed)
    lengths = dict(zip("abc", rng.integers(1, 4, 3).tolist(), strict=True))
    terms, arrays = [], []
    for _ in range(rng.integers(1, 4)):
        term = "".join(rng.choice(list("abc"), rng.integers(0, 4)))
        shrunk = rng.choice(list("abc ")) if len(set(term)) == len(term) else " "  # a diagonal has one length
        shape = [1 if c == shrunk else lengths[c] for c in term]
        if rng.random() < 0.3:
            place = int(rng.integers(0, len(term) + 1))
            term = term[:place] + "..." + term[place:]
            shape[place:place] = [2, 3][rng.integers(0, 3) :]
        terms.append(term)
        arrays.append(rng.uniform(-1, 1, shape))
    letters = sorted(set("".join(terms)) - {"."})
    output = "".join(rng.permutation(letters)[: rng.integers(0, len(letters) + 1)])
    subscripts = ",".join(terms) + ("->..." + output if rng.random() < 0.8 else "")
    f = lambda *x: (np.einsum(subscripts, *x),)  # noqa: E731
    v = [rng.uniform(-1, 1, a.shape) for a in arrays]
    (y,), pullback = ad.vjp(f, *arrays)
    ct = rng.uniform(-1, 1, np.shape(y))
    expected = complex_step(f, arrays, v)[0]
    np.testing.assert_allclose(ad.jvp(f, arrays, v)[1][0], expected, rtol=1e-12, atol=1e-13)
    got = sum(np.sum(g * x_dot) for g, x_dot in zip(pullback((ct,)), v, strict=True))
    np.testing.assert_allclose(got, np.sum(ct * expected), rtol=1e-11, atol=1e-12)


# --- batches: the default, slice by slice, is the witness ------------------------------------------------------


def batches():
    rng = np.random.default_rng(7)
    products = [
        (np.matmul, [(2, 3), (3, 2)], {}), (np.matmul, [(3,), (3,)], {}), (np.matmul, [(3,), (2, 3, 2)], {}),
        (np.matmul, [(4, 2, 3), (3,)], {}), (np.matmul, [(4, 2, 3), (3, 2)], {}),
        (np.dot, [(2, 3), (3, 2)], {}), (np.dot, [(2, 2, 3), (4, 3, 2)], {}), (np.dot, [(), (2, 3)], {}),
        (np.dot, [(2, 3), ()], {}), (np.dot, [(3,), (3,)], {}),
        (np.inner, [(2, 3), (4, 3)], {}), (np.inner, [(3,), (2, 3)], {}),
        (np.tensordot, [(2, 3, 4), (4, 5, 2)], {"axes": ((0, 2), (2, 0))}),
        (np.tensordot, [(2, 3), (3, 2)], {"axes": 1}), (np.tensordot, [(2,), (3,)], {"axes": 0}),
        (np.vdot, [(2, 3), (3, 2)], {}), (np.outer, [(2, 3), (3,)], {}),
        (contracted, [(2, 3), (3, 2)], {"subscripts": "ij,jk", "optimize": False}),
        (contracted, [(2, 1, 3), (4, 3)], {"subscripts": "...i,...i->...", "optimize": True}),
        (contracted, [(2, 2), (2,)], {"subscripts": "ii,j->j", "optimize": False}),
        (chain, [(2, 3), (3, 2), (2, 2)], {}), (chain, [(3,), (3, 2), (2,)], {}),
        (np.linalg.solve, [(3, 3), (3,)], {}), (np.linalg.solve, [(3, 3), (3, 2)], {}),
        (np.linalg.solve, [(2, 3, 3), (3, 2)], {}), (np.linalg.solve, [(2, 3, 3), (3,)], {}),
        (cofactors_change, [(3, 3), (3, 3)], {}), (cofactors_change, [(2, 3, 3), (2, 3, 3)], {}),
    ]  # fmt: skip
    for function, shapes, kwargs in products:
        for batched in itertools.product([False, True], repeat=len(shapes)):
            if any(batched):
                arrays = [rng.uniform(-1, 1, (5, *s) if b else s) for s, b in zip(shapes, batched, strict=True)]
                name = f"{getattr(function, '__name__', '')} {shapes} {''.join('.k'[b] for b in batched)}"
                yield pytest.param(function, batched, arrays, kwargs, id=name)


@pytest.mark.parametrize(("function", "batched", "arrays", "kwargs"), list(batches()))
def test_batch_is_slice_by_slice(function, batched, arrays, kwargs):
    rule = RULES[function]
    got = rule.batch(batched, arrays, kwargs)
    expected = Primitive.batch(rule, batched, arrays, kwargs)
    np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("function", [np.matmul, np.dot, np.inner, np.outer, np.linalg.solve])
def test_all_columns_in_one_call(function, monkeypatch):
    """The number of evaluations in a forward Jacobian does not grow with the number of columns."""
    calls = []
    rule = RULES[function]
    monkeypatch.setattr(rule, "function", lambda *a, **k: calls.append(1) or function(*a, **k))

    def evaluations(n):
        calls.clear()
        a = np.eye(n) + np.arange(n * n).reshape(n, n) / (2 * n * n)
        ad.jacobian(function, 1, mode="forward")(a, a)
        return len(calls)

    assert evaluations(2) == evaluations(6)


def test_cofactors_of_an_empty_matrix():
    assert cofactors(np.zeros((0, 0))).shape == (0, 0)
    assert gradient(np.linalg.det, np.zeros((0, 0))).shape == (0, 0)
