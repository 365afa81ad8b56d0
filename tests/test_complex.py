"""Complex numbers: every row of the tables, the convention beside that of the peers, and the transformations."""

import re

import mpmath
import numpy as np
import pytest

import autodiff as ad
from tests.cases_complex import ELEMENTWISE, GENERAL, PRODUCTS
from tests.cases_complex_linalg import LINALG
from tests.cases_fft import TRANSFORMS
from tests.complex_checks import check, outputs_of
from tests.mutants import changed, each, planted

ROWS = [*ELEMENTWISE, *GENERAL, *PRODUCTS, *LINALG]
Z = np.array([1 + 2j, -0.5 + 0.3j, 0.7 - 1.1j])
A = np.array([[2 + 1j, 0.5j, 0.1], [0.3, -1.0 + 0.2j, 0.4 - 0.6j], [0.2 - 0.1j, 0.7, 0.9j]])


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_row(row):
    check(row.function, *row.arguments(), **row.options)


# --- the convention ------------------------------------------------------------------------------


def size(z):
    return abs(z) ** 2


def test_the_gradient_of_the_squared_size():
    assert ad.grad(size)(1 + 2j) == 2 - 4j
    assert ad.grad(lambda z: np.real(z * np.conj(z)))(1 + 2j) == 2 - 4j


def test_the_convention_is_that_of_autograd():
    autograd = pytest.importorskip("autograd")
    assert ad.grad(size)(1 + 2j) == autograd.grad(size)(1 + 2j)


def test_the_convention_is_that_of_jax():
    jax = pytest.importorskip("jax")
    assert ad.grad(size)(1 + 2j) == complex(jax.grad(lambda z: jax.numpy.abs(z) ** 2)(1 + 2j))


def test_the_convention_is_the_conjugate_of_pytorchs():
    torch = pytest.importorskip("torch")
    z = torch.tensor(1 + 2j, requires_grad=True)
    (z.abs() ** 2).backward()
    assert ad.grad(size)(1 + 2j) == np.conj(z.grad.item())


def test_steepest_descent_goes_down_with_the_conjugate():
    z = 1 + 2j
    assert size(z - 0.1 * np.conj(ad.grad(size)(z))) < size(z) < size(z + 0.1 * np.conj(ad.grad(size)(z)))


# The same operation under the names of each peer: pulled back by the same cotangents.
PULLED_BACK = {
    "abs": lambda np, z: np.abs(z),
    "angle": lambda np, z: np.angle(z),
    "real": lambda np, z: np.real(z),
    "imag": lambda np, z: np.imag(z),
    "conj": lambda np, z: np.conj(z),
    "sqrt": lambda np, z: np.sqrt(z),
    "power": lambda np, z: np.power(z, 2.5),
    "tanh": lambda np, z: np.tanh(z),
    "divide": lambda np, z: np.array([1.0, 2.0, 3.0]) / z,
    "prod": lambda np, z: np.prod(z),
    "var": lambda np, z: np.var(z),
    "norm": lambda np, z: np.linalg.norm(z),
    "vdot": lambda np, z: np.sum(np.conj(z) * np.array([1.0, 2.0, 3.0])),
    "fft": lambda np, z: np.fft.fft(z),
    "ifft": lambda np, z: np.fft.ifft(z),
    "fftshift": lambda np, z: np.fft.fftshift(z),
    "real signal": lambda np, z: np.abs(np.fft.fft(np.real(z))),
    "matmul": lambda np, z: np.matmul(np.array(A), z),
    "solve": lambda np, z: np.linalg.solve(np.array(A), z),
    "inv": lambda np, z: np.linalg.inv(np.outer(z, z) + np.array(A)),
    "det": lambda np, z: np.linalg.det(np.outer(z, z) + np.array(A)),
    "eigenvalues": lambda np, z: np.linalg.eigh(np.outer(z, np.conj(z)) + np.diag(np.array([0.0, 1.0, 3.0])))[0],
    "singular values": lambda np, z: np.linalg.svd(np.outer(z, z) + np.array(A), compute_uv=False),
}


def random_like(y, seed=4):
    rng = np.random.default_rng(seed)
    ct = rng.uniform(-1, 1, np.shape(y))
    return ct + 1j * rng.uniform(-1, 1, np.shape(y)) if np.asarray(y).dtype.kind == "c" else ct


@pytest.mark.parametrize("name", PULLED_BACK)
def test_cotangents_are_jaxs(name):
    jax = pytest.importorskip("jax")
    f = PULLED_BACK[name]
    y, pullback = ad.vjp(lambda z: f(np, z), Z)
    ct = random_like(y)
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        y_there, pullback_there = jax.vjp(lambda z: f(jax.numpy, z), jax.numpy.array(Z))
        there = np.asarray(pullback_there(jax.numpy.asarray(ct, y_there.dtype))[0])
    np.testing.assert_allclose(pullback(ct)[0], there, rtol=1e-10, atol=1e-12)


FACTORISATIONS = {
    "eigh": lambda np, a: np.linalg.eigh(a + np.conj(a).T),
    "svd": lambda np, a: np.linalg.svd(a, full_matrices=False),
    "svd of a tall matrix": lambda np, a: np.linalg.svd(a[:, :2], full_matrices=False),
    "qr": lambda np, a: np.linalg.qr(a),
    "cholesky": lambda np, a: (np.linalg.cholesky(a @ np.conj(a).T),),
    "slogdet": lambda np, a: np.linalg.slogdet(a),
    "pinv": lambda np, a: (np.linalg.pinv(a[:, :2]),),
}


@pytest.mark.parametrize("name", FACTORISATIONS)
def test_tangents_of_factorisations_are_jaxs_phases_included(name):
    jax = pytest.importorskip("jax")
    f = FACTORISATIONS[name]
    v = random_like(A)
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        there = jax.jvp(lambda a: tuple(f(jax.numpy, a)), (jax.numpy.array(A),), (jax.numpy.array(v),))
        y_there, dots_there = [[np.asarray(part) for part in parts] for parts in there]
    y, dots = ad.jvp(lambda a: tuple(f(np, a)), (A,), (v,))
    if not all(np.allclose(a, b) for a, b in zip(y, y_there, strict=True)):
        pytest.skip("JAX's LAPACK returns other phases")
    for a, b in zip(dots, dots_there, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


@pytest.mark.parametrize("name", PULLED_BACK)
def test_cotangents_are_autograds(name):
    pytest.importorskip("autograd")
    import autograd.numpy as anp
    from autograd import make_vjp

    f = PULLED_BACK[name]
    y, pullback = ad.vjp(lambda z: f(np, z), Z)
    ct = random_like(y)
    there = make_vjp(lambda z: f(anp, z))(Z)[0](ct)
    np.testing.assert_allclose(pullback(ct)[0], there, rtol=1e-10, atol=1e-12)


# --- transformations -----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["forward", "reverse", "auto"])
def test_jacobians(mode):
    def jacobian(f, x):
        return ad.jacobian(f, mode=mode)(x)

    np.testing.assert_allclose(jacobian(np.exp, Z), np.diag(np.exp(Z)), atol=1e-15)
    np.testing.assert_allclose(jacobian(lambda z: abs(z) ** 2, Z), np.diag(2 * np.conj(Z)), atol=1e-15)
    x = np.array([0.5, 2.0])
    np.testing.assert_allclose(jacobian(lambda x: np.exp(1j * x), x), np.diag(1j * np.exp(1j * x)), atol=1e-15)
    np.testing.assert_allclose(jacobian(lambda x: abs(1j * x), x), np.eye(2), atol=1e-15)
    assert jacobian(np.exp, Z.astype(np.complex64)).dtype == np.complex64


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_jacobians_of_containers(mode):
    def f(p):
        return {"c": p["z"] * p["x"], "r": np.imag(p["z"]) * p["x"]}

    z, x = 1 + 2j, 3.0
    found = ad.jacobian(f, mode=mode)({"z": z, "x": x})
    assert found == {"c": {"z": 3, "x": 1 + 2j}, "r": {"z": -3j, "x": 2}}


NOT_HOLOMORPHIC = [np.conj, np.sign, lambda z: z * abs(z), lambda z: np.real(z) + 2j * np.imag(z)]


@pytest.mark.parametrize("f", NOT_HOLOMORPHIC)
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_a_function_that_is_not_holomorphic_has_no_complex_jacobian(f, mode):
    with pytest.raises(ValueError, match=r"jacobian, hessian: no complex number .* not holomorphic; got .*jvp"):
        ad.jacobian(f, mode=mode)(Z)
    with pytest.raises(ValueError, match=r"holomorphic_grad: no complex number .* not holomorphic; got"):
        ad.holomorphic_grad(f)(Z[0])


def test_second_derivatives():
    np.testing.assert_allclose(ad.hessian(lambda z: np.real(np.sum(z**3)))(Z), np.diag(6 * Z), atol=1e-14)
    with pytest.raises(ValueError, match=r"not holomorphic"):
        ad.hessian(lambda z: np.sum(abs(z) ** 2))(Z)
    v = np.array([1j, 2.0, 1 - 1j])
    np.testing.assert_allclose(ad.hvp(lambda z: np.sum(abs(z) ** 2))(Z, v), 2 * np.conj(v), atol=1e-15)
    np.testing.assert_allclose(ad.holomorphic_grad(ad.holomorphic_grad(lambda z: z**4))(1 + 1j), 12 * (1 + 1j) ** 2)


def test_holomorphic_grad():
    np.testing.assert_allclose(ad.holomorphic_grad(lambda z: np.sum(np.sin(z)))(Z), np.cos(Z), rtol=1e-15)
    assert ad.holomorphic_grad(lambda a, b: a * b, argnum=(0, 1))(1j, 2 + 0j) == (2, 1j)
    found = ad.holomorphic_grad(lambda p: p["a"] * p["b"] ** 2)({"a": 1j, "b": 3 + 0j})
    assert found == {"a": 9, "b": 6j}
    assert ad.holomorphic_grad(lambda x: np.exp(1j * x))(0.0) == 1j  # a real argument is taken as complex


@pytest.mark.parametrize(
    ("f", "z", "error", "words"),
    [
        (np.exp, Z, ValueError, "holomorphic_grad: the function must return a scalar; got shape (3,)"),
        (lambda z: (z, z), 1j, TypeError, "holomorphic_grad: the function must return one number; got a tuple"),
        (np.exp, 2, TypeError, "holomorphic_grad: integers have no derivative; got 2"),
        (abs, 1j, ValueError, "holomorphic_grad: no complex number"),
    ],
)
def test_what_holomorphic_grad_refuses(f, z, error, words):
    with pytest.raises(error, match=re.escape(words)):
        ad.holomorphic_grad(f)(z)


def test_gradients_need_real_results():
    with pytest.raises(TypeError, match=r"grad: .* real numbers; got dtype complex128.*ad\.holomorphic_grad"):
        ad.grad(np.exp)(1j)
    t = ad.tensor(Z, requires_grad=True)
    with pytest.raises(TypeError, match=r"backward: a gradient needs a real number; got dtype complex128"):
        np.sum(t).backward()
    np.sum(abs(t) ** 2).backward()
    np.testing.assert_allclose(t.grad, 2 * np.conj(Z))


def test_check_grads_moves_both_parts():
    ad.check_grads(lambda z: abs(z) ** 2 * z, Z)
    ad.check_grads(lambda a, x: np.linalg.inv(a) @ (x * a.conj()), A, np.ones(3))
    wrong = ad.primitive(np.conj)
    wrong.defvjp(lambda ct, _y, _z: ct)
    with pytest.raises(AssertionError, match="in reverse mode"):
        ad.check_grads(wrong, Z, order=1, modes=["reverse"])


# --- values with the answer written down ----------------------------------------------------------


def test_kinks_have_the_subgradient_of_least_norm():
    assert ad.grad(abs)(0j) == 0
    assert ad.grad(np.angle)(0j) == 0
    assert ad.vjp(np.sign, 0j)[1](1 + 1j)[0] == 0
    np.testing.assert_array_equal(ad.grad(np.linalg.norm)(np.zeros(2, complex)), [0, 0])
    np.testing.assert_array_equal(ad.grad(np.std)(np.full(3, 1 + 2j)), [0, 0, 0])


def test_products_and_determinants_are_exact_at_zeros():
    np.testing.assert_array_equal(ad.jacobian(np.prod)(np.array([0j, 2j, 3])), [6j, 0, 0])
    a = np.array([[1j, 2], [2j, 4]])
    np.testing.assert_allclose(ad.holomorphic_grad(np.linalg.det)(a), [[4, -2j], [-2, 1j]], atol=1e-14)
    tiny = np.array([[1e-200, 1e-200j], [3.0, 1j]])
    np.testing.assert_allclose(ad.holomorphic_grad(np.linalg.det)(tiny), [[1j, -3], [-1e-200j, 1e-200]], rtol=1e-14)


def test_repeated_eigenvalues_and_singular_values():
    identity = np.eye(2, dtype=complex)
    for f in (np.linalg.eigvalsh, np.linalg.svdvals):
        np.testing.assert_allclose(ad.grad(lambda a, f=f: np.sum(f(a)))(identity), identity, atol=1e-15)
    assert np.isnan(ad.vjp(lambda a: np.linalg.eigh(a)[1], identity)[1](identity)[0]).any()


def test_eigenvalues_with_equal_real_parts_keep_their_places():
    """LAPACK orders the eigenvalues with and without vectors in its own way; here only the imaginary parts differ."""
    rng = np.random.default_rng(3)
    vectors = np.eye(5) + 0.3 * rng.normal(size=(5, 5))
    a = vectors * (1j * np.arange(1.0, 6.0)) @ np.linalg.inv(vectors)
    check(np.linalg.eigvals, a, tolerance=1e-7)


@pytest.mark.parametrize("z", [2 + 0j, complex(2, -0.0), -2 + 0j, complex(-2, -0.0)])
@pytest.mark.parametrize("f", [np.arcsin, np.arccos, np.arctanh])
def test_on_a_branch_cut_the_derivative_is_that_of_its_side(f, z):
    side = complex(z.real, np.copysign(1e-9, z.imag))
    expected = (f(side + 1e-5) - f(side - 1e-5)) / 2e-5
    assert abs(f(z) - f(side)) < 1e-8
    assert abs(ad.holomorphic_grad(f)(z) - expected) < 1e-8


@pytest.mark.parametrize("z", [0.3 + 0.2j, 30 + 1j, -30 + 1j, 2 + 1.5j, 1e-3 + 25j, 0.7 - 40j, 1 + 1e-9j])
@pytest.mark.parametrize("f", ["sin", "tan", "tanh", "arcsin", "arctan", "arcsinh", "expm1", "log1p", "sqrt"])
def test_derivatives_keep_their_digits(f, z):
    precise = {"arcsin": mpmath.asin, "arctan": mpmath.atan, "arcsinh": mpmath.asinh}.get(f) or getattr(mpmath, f)
    with mpmath.workdps(60):
        expected = complex(mpmath.diff(precise, mpmath.mpc(z), h=mpmath.mpf(10) ** -20))
    assert abs(ad.holomorphic_grad(getattr(np, f))(z) - expected) <= 1e-12 * abs(expected)


def test_nan_to_num_takes_the_parts_for_themselves():
    z = np.array([complex(np.nan, 1.0), complex(2.0, np.inf), 1 + 1j])
    found = ad.vjp(np.nan_to_num, z)[1](np.full(3, 3 + 4j))[0]
    np.testing.assert_array_equal(found, [4j, 3, 3 + 4j])


# --- the suite notices wrong rules -------------------------------------------------------------------

MUTANTS = {
    "abs without conjugate": (np.absolute, changed(np.absolute, vjp=each(np.conj)), np.abs),
    "imag with the other sign": (np.imag, changed(np.imag, vjp=each(np.negative)), np.imag),
    "conj of nothing": (np.conjugate, changed(np.conjugate, vjp=each(np.conj)), np.conj),
    "conjugated product": (np.multiply, changed(np.multiply, vjp=each(np.conj)), lambda z: z * z),
    "angle by forward mode": (np.angle, changed(np.angle, jvp=each(np.negative)), np.angle),
    "inverse transform": (np.fft.fft, changed(np.fft.fft, vjp=each(np.conj)), np.fft.fft),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_wrong_rules_are_noticed(name):
    function, mutant, f = MUTANTS[name]
    check(f, Z)
    with planted(function, mutant), pytest.raises(AssertionError):
        check(f, Z)


# --- recorded and compiled -------------------------------------------------------------------------

PROGRAMS = {
    "polar": (lambda r, a: np.sum(np.abs(r * np.exp(1j * a) - 1.0) ** 2), np.array([1.0, 2.0]), np.array([0.3, 2.0])),
    "spectrum": (lambda x: np.sum(np.abs(np.fft.rfft(x)) ** 2 * np.arange(3.0)), np.array([0.1, 0.5, -1.0, 2.0])),
    "angles": (lambda z: np.sum(np.angle(z) * np.real(z) * np.imag(np.conj(z))), Z),
    "matrices": (lambda a: np.real(np.linalg.det(a)) + np.linalg.norm(np.linalg.inv(a)), A),
    "one number": (lambda z: np.abs(np.exp(z) * z), 1 + 2j),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_compiled_is_eager_bit_for_bit(name):
    f, *args = PROGRAMS[name]
    fast = ad.compile(ad.value_and_grad(f))
    for inputs in (args, [2.0 * x for x in args]):
        for a, b in zip(fast(*inputs), ad.value_and_grad(f)(*inputs), strict=True):
            np.testing.assert_array_equal(a, b)
    assert len(ad.record(f, *args).operations) > 2


BRANCHING = ("real_if_close", "emath.", "interp", "polyfit", "polymul", "lstsq", "eigvals")
"""What these do depends on the numbers: whether the result is real, where a point lies, the rank, an order."""


@pytest.mark.parametrize("row", [*ROWS, *TRANSFORMS[::5]], ids=repr)
def test_pullbacks_compile(row):
    f, args = outputs_of(row.function), row.arguments()
    cts = tuple([random_like(y) for y in f(*args)])

    def pulled_back(*x):
        return ad.vjp(f, *x)[1](cts)

    fast = ad.compile(pulled_back)
    if row.name.startswith(BRANCHING) and row.name not in ("eigvalsh", "real_if_close of real numbers"):
        with pytest.raises(TypeError, match=r"would depend on the numbers|would see the numbers"):
            fast(*args)
        return
    for a, b in zip(fast(*args), pulled_back(*args), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-13)
