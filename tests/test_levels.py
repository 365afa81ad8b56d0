"""Levels: any nesting of transformations differentiates the variable it was asked for and no other."""

import itertools
import math

import numpy as np
import pytest

import autodiff as ad

# --- one derivative operator for each mode, for scalar functions -------------------------------


def reverse(f):
    return ad.grad(f)


def forward(f):
    return lambda x: ad.jvp(f, (x,), (1.0,))[1]


def by_pullback(f):
    return lambda x: ad.vjp(f, x)[1](1.0)[0]


MODES = {"reverse": reverse, "forward": forward}


def pairs_of(*items):
    return list(itertools.product(items, repeat=2))


def nestings(order):
    return [pytest.param(c, id="-over-".join(c)) for c in itertools.product(MODES, repeat=order)]


# --- perturbation confusion ----------------------------------------------------------------------


@pytest.mark.parametrize(("outer", "inner"), pairs_of(reverse, forward, by_pullback))
def test_an_inner_derivative_does_not_see_the_outer_variable(outer, inner):
    """d/dx [x · d/dy (x + y)] at 1 is 1; without levels, forward mode says 2 (Siskind & Pearlmutter 2005)."""
    assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(1.0) == 1.0


@pytest.mark.parametrize(("outer", "inner"), pairs_of(reverse, forward, by_pullback))
def test_an_inner_derivative_depends_on_the_outer_variable(outer, inner):
    """d/dx [x · d/dy (x y²) at y = x] = d/dx [2 x³] = 6 x², at x = √2: 12."""
    derivative = outer(lambda x: x * inner(lambda y: x * y * y)(x))(math.sqrt(2.0))
    assert derivative == pytest.approx(12.0, rel=1e-15)


@pytest.mark.parametrize(("outer", "inner"), pairs_of(reverse, forward))
def test_closures_over_outer_variables(outer, inner):
    """∂/∂y [sin(x) y + x y³] at y = x² is sin x + 3 x⁵, of which the derivative is cos x + 15 x⁴."""
    g = lambda x: inner(lambda y: np.sin(x) * y + x * y**3)(x**2)  # noqa: E731 - a formula
    x = 0.7
    assert outer(g)(x) == pytest.approx(math.cos(x) + 15 * x**4, rel=1e-14)


def test_a_dual_number_by_hand_inside_a_transformation():
    """A person's dual number is outermost: the gradient taken inside it carries its tangent."""
    x = ad.Dual(1.5, 1.0)
    y = ad.grad(lambda v: v**3)(x)
    assert (y.primal, y.tangent) == pytest.approx((3 * 1.5**2, 6 * 1.5), rel=1e-15)


def test_a_dual_number_captured_by_a_function():
    a = ad.Dual(2.0, 1.0)
    y = ad.grad(lambda x: a * x**2)(3.0)
    assert (y.primal, y.tangent) == (12.0, 6.0)


def test_a_dual_number_of_dual_numbers():
    x = ad.Dual(ad.Dual(0.5, 1.0), ad.Dual(1.0, 0.0))
    y = np.exp(2.0 * x)
    assert y.tangent.tangent == pytest.approx(4 * math.exp(1.0), rel=1e-15)


def test_a_dual_tensor_is_both():
    t = ad.tensor(3.0, requires_grad=True)
    y = np.sin(ad.Dual(t, 1.0))
    y.tangent.backward()
    assert t.grad == pytest.approx(-math.sin(3.0), rel=1e-15)


@pytest.mark.parametrize(("outer", "inner"), pairs_of(reverse, forward))
def test_a_dual_number_by_hand_between_two_transformations(outer, inner):
    """d/dx of the tangent of d/dv (x + ε)² v is d/dx 2x = 2: the dual number has a level of its own."""

    def slope(x):
        d = ad.Dual(x, 1.0)
        return inner(lambda v: d * d * v)(2.0).tangent

    assert outer(slope)(3.0) == 2.0


@pytest.mark.parametrize("modes", [*nestings(1), *nestings(2), *nestings(3)])
def test_derivatives_of_a_dual_number(modes):
    f, derivative = FUNCTIONS["sin(2x)"]
    y = tower(f, modes)(ad.Dual(0.8, 1.0))
    assert y.primal == pytest.approx(derivative(0.8, len(modes)), rel=1e-13)
    assert y.tangent == pytest.approx(derivative(0.8, len(modes) + 1), rel=1e-13)


def test_dual_numbers_of_arrays_broadcast():
    y = ad.Dual(np.ones((2, 1)), np.full((2, 1), 2.0)) * ad.Dual(np.arange(3.0), np.ones(3))
    np.testing.assert_array_equal(y.primal, np.tile(np.arange(3.0), (2, 1)))
    np.testing.assert_array_equal(y.tangent, np.tile(2 * np.arange(3.0) + 1, (2, 1)))


# --- all nestings to order 4 ---------------------------------------------------------------------


def tower(f, modes):
    for mode in reversed(modes):
        f = MODES[mode](f)
    return f


def rational(x):
    return 1.0 / (1.0 + 2.0 * x)


FUNCTIONS = {
    "sin(2x)": (lambda x: np.sin(2 * x), lambda x, n: 2**n * math.sin(2 * x + n * math.pi / 2)),
    "exp(-x)": (lambda x: np.exp(-x), lambda x, n: (-1) ** n * math.exp(-x)),
    "1/(1+2x)": (rational, lambda x, n: (-2) ** n * math.factorial(n) / (1 + 2 * x) ** (n + 1)),
    "log": (np.log, lambda x, n: (-1) ** (n - 1) * math.factorial(n - 1) / x**n),
    "x^5": (lambda x: x**5, lambda x, n: math.perm(5, n) * x ** (5 - n)),
    "sqrt": (np.sqrt, lambda x, n: math.prod(0.5 - k for k in range(n)) * x ** (0.5 - n)),
    "sum of dot": (
        lambda x: np.sum(np.stack([x, x**2]) @ np.array([[1.0, 2.0], [3.0, 4.0]])),
        lambda x, n: {1: 3.0 + 14 * x, 2: 14.0}.get(n, 0.0),
    ),
    "by index": (
        lambda x: np.concatenate([np.reshape(x, 1), np.reshape(np.cos(x), 1)])[1],
        lambda x, n: math.cos(x + n * math.pi / 2),
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("modes", [*nestings(1), *nestings(2), *nestings(3), *nestings(4)])
def test_mixed_modes_to_order_four(modes, name):
    f, derivative = FUNCTIONS[name]
    x = 0.8
    assert float(tower(f, modes)(x)) == pytest.approx(derivative(x, len(modes)), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("modes", nestings(4))
def test_mixed_partial_derivatives(modes):
    """∂⁴/∂a∂b∂a∂b of sin(a) exp(2b), each by another mode."""

    def f(a, b):
        return np.sin(a) * np.exp(2.0 * b)

    def partial(mode, g, argnum):
        def derivative(a, b):
            of_one = (lambda v: g(v, b)) if argnum == 0 else (lambda v: g(a, v))
            return MODES[mode](of_one)((a, b)[argnum])

        return derivative

    for k, mode in enumerate(modes):
        f = partial(mode, f, k % 2)
    assert f(0.4, 0.3) == pytest.approx(-4 * math.sin(0.4) * math.exp(0.6), rel=1e-12)


def test_jvp_inside_grad_inside_jvp():
    """f = x²y³z: forward by x of reverse by y of forward by z is ∂³f/∂x∂y∂z = 6 x y²."""
    x, y, z = 1.3, 0.7, 2.1

    def by_z(u, v):
        return ad.jvp(lambda w: u**2 * v**3 * w, (z,), (1.0,))[1]

    def by_y(u):
        return ad.grad(lambda v: by_z(u, v))(y)

    assert ad.jvp(by_y, (x,), (1.0,))[1] == pytest.approx(6 * x * y**2, rel=1e-15)


# --- Hessian-vector products three ways -----------------------------------------------------------


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def network(w):
    a = np.reshape(w[:6], (2, 3))
    return np.sum(np.tanh(np.array([[0.3, -0.2], [0.1, 0.9]]) @ a) @ w[6:]) ** 2


def log_sum(x):
    return np.log(np.sum(np.exp(x)))


@pytest.mark.parametrize("f", [rosenbrock, network, log_sum], ids=lambda f: f.__name__)
def test_hessian_vector_products_three_ways(f):
    rng = np.random.default_rng(3)
    x, v = rng.normal(size=9), rng.normal(size=9)
    forward_over_reverse = ad.jvp(ad.grad(f), (x,), (v,))[1]
    reverse_over_forward = ad.grad(lambda u: ad.jvp(f, (u,), (v,))[1])(x)
    reverse_over_reverse = ad.grad(lambda u: np.sum(ad.grad(f)(u) * v))(x)
    size = np.abs(forward_over_reverse).max()
    np.testing.assert_allclose(reverse_over_forward, forward_over_reverse, rtol=0, atol=1e-14 * size)
    np.testing.assert_allclose(reverse_over_reverse, forward_over_reverse, rtol=0, atol=1e-14 * size)
    np.testing.assert_allclose(ad.hvp(f)(x, v), forward_over_reverse, rtol=0, atol=1e-14 * size)
    np.testing.assert_allclose(ad.hessian(f)(x) @ v, forward_over_reverse, rtol=0, atol=1e-13 * size)


def test_the_hessian_of_rosenbrock_is_the_textbook_one():
    x = np.array([0.4, -1.2, 0.9])
    expected = np.diag([1200 * x[0] ** 2 - 400 * x[1] + 2, 202 + 1200 * x[1] ** 2 - 400 * x[2], 200])
    expected[[0, 1, 1, 2], [1, 0, 2, 1]] = np.repeat(-400 * x[:2], 2)
    np.testing.assert_allclose(ad.hessian(rosenbrock)(x), expected, rtol=1e-14)
    for outer, inner in pairs_of(*MODES):
        np.testing.assert_allclose(
            ad.jacobian(ad.jacobian(rosenbrock, mode=inner), mode=outer)(x), expected, rtol=1e-13
        )


# --- every spelling reaches the engine --------------------------------------------------------------

A = np.array([[1.0, 2.0], [3.0, 4.0]])
MIXED = {
    "ndarray @ t": (lambda t: A @ t, A),
    "t @ ndarray": (lambda t: t @ A, A.T),
    "np.float64 * t": (lambda t: np.float64(2) * t, 2 * np.eye(2)),
    "np.float64 / t": (lambda t: np.float64(2) / t, np.diag([-2.0, -0.5])),
    "np.float64 ** t": (lambda t: np.float64(2) ** t, np.diag([2.0, 4.0]) * math.log(2)),
    "2.0 - t": (lambda t: 2.0 - t, -np.eye(2)),
    "2 / t": (lambda t: 2 / t, np.diag([-2.0, -0.5])),
    "2 ** t": (lambda t: 2**t, np.diag([2.0, 4.0]) * math.log(2)),
    "t ** 2": (lambda t: t**2, np.diag([2.0, 4.0])),
    "ndarray + t": (lambda t: A + t, np.stack([np.eye(2)] * 2)),
    "ndarray - t": (lambda t: A[0] - t, -np.eye(2)),
    "ndarray * t": (lambda t: A[0] * t, np.diag(A[0])),
    "ndarray / t": (lambda t: A[0] / t, np.diag([-1.0, -0.5])),
    "ndarray ** t": (lambda t: A[0] ** t, np.diag([0.0, 4 * math.log(2)])),
    "list + t": (lambda t: [1.0, 2.0] + t, np.eye(2)),  # noqa: RUF005 - an operator, not a concatenation
    "t % 1.5": (lambda t: t % 1.5, np.eye(2)),
    "7.0 % t": (lambda t: 7.0 % t, np.diag([-7.0, -3.0])),
    "divmod": (lambda t: divmod(t, 0.75)[1], np.eye(2)),
    "-t": (lambda t: -t, -np.eye(2)),
    "+t": (lambda t: +t, np.eye(2)),
    "abs(t)": (lambda t: abs(t), np.eye(2)),
    "sum(t)": (lambda t: sum(t), np.ones(2)),
    "np.int64 * t": (lambda t: np.int64(3) * t, 3 * np.eye(2)),
    "bool array * t": (lambda t: np.array([True, False]) * t, np.diag([1.0, 0.0])),
    "np.add(ndarray, t)": (lambda t: np.add(A[0], t), np.eye(2)),
    "t += ndarray": (lambda t: t.__iadd__(A[0]), np.eye(2)),
}


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("name", MIXED)
def test_operands_that_are_not_traced(name, mode):
    f, expected = MIXED[name]
    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(ad.jacobian(f, mode=mode)(x), expected, rtol=1e-15, atol=1e-15)
    y = f(ad.tensor(x, requires_grad=True))
    assert isinstance(y, ad.Tensor) and y.requires_grad


# --- functions that depend on nothing, and values that escape -----------------------------------------


def test_functions_that_return_constants_have_zero_derivatives():
    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(ad.grad(lambda _v: 3.0)(x), [0.0, 0.0])
    np.testing.assert_array_equal(ad.grad(lambda v: np.sum(np.floor(v)))(x), [0.0, 0.0])
    np.testing.assert_array_equal(ad.jacobian(lambda _v: A, mode="reverse")(x), np.zeros((2, 2, 2)))
    np.testing.assert_array_equal(ad.jacobian(lambda _v: A, mode="forward")(x), np.zeros((2, 2, 2)))
    np.testing.assert_array_equal(ad.jvp(lambda _v: A, (x,), (x,))[1], np.zeros((2, 2)))
    np.testing.assert_array_equal(ad.vjp(lambda _v: A, x)[1](A)[0], [0.0, 0.0])
    np.testing.assert_array_equal(ad.hessian(lambda v: np.sum(v))(x), np.zeros((2, 2)))
    np.testing.assert_array_equal(ad.hvp(lambda v: np.sum(v))(x, x), np.zeros(2))
    assert ad.grad(lambda v: v[0])(x).dtype == np.float64
    assert ad.grad(lambda _v: 1.0)(np.float32(2)).dtype == np.float32


def test_the_identity():
    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(ad.jacobian(lambda v: v, mode="forward")(x), np.eye(2))
    np.testing.assert_array_equal(ad.jacobian(lambda v: v, mode="reverse")(x), np.eye(2))
    gradient = ad.vjp(lambda v: v, x)[1](x)[0]
    gradient[0] = 9.0
    assert x[0] == 1.0  # a gradient is the caller's own


@pytest.mark.parametrize("outer", [reverse, forward])
def test_a_value_that_escaped_is_a_constant_to_the_next_transformation(outer):
    """A value kept from a finished transformation has the number it had, and no part in the next derivative."""
    kept = []
    outer(lambda x: kept.append(x * x) or x)(3.0)
    y, gradient = ad.value_and_grad(lambda x: x * kept[0])(2.0)
    assert (y.item(), gradient.item()) == (18.0, 9.0)


@pytest.mark.parametrize("mode", MODES)
def test_no_grad_outside_leaves_transformations_alone(mode):
    with ad.no_grad():
        assert MODES[mode](lambda x: x**3)(2.0) == 12.0
        assert MODES[mode](MODES[mode](lambda x: x**3))(2.0) == 12.0


@pytest.mark.parametrize("mode", MODES)
def test_no_grad_inside_makes_constants(mode):
    def f(x):
        with ad.no_grad():
            y = x * x
        return x * y

    assert MODES[mode](f)(3.0) == 9.0


@pytest.mark.parametrize(("outer", "inner"), pairs_of(*MODES))
def test_no_grad_between_two_transformations_stops_the_outer_one_alone(outer, inner):
    def f(x):
        with ad.no_grad():
            slope = MODES[inner](lambda y: y**3 + x)(x)  # 3 x², a constant to the outer one
        return slope * x

    assert MODES[outer](f)(2.0) == 12.0


def test_no_grad_as_a_decorator():
    @ad.no_grad()
    def frozen(x):
        return x * x

    assert ad.grad(lambda x: x * frozen(x))(3.0) == 9.0
    assert ad.grad(lambda x: x * frozen(x))(3.0) == 9.0  # and a second time


def test_no_grad_ends_with_an_exception():
    with pytest.raises(ZeroDivisionError), ad.no_grad():
        1 / 0  # noqa: B018 - the exception is what is wanted
    assert (ad.tensor(1.0, requires_grad=True) * 2.0).requires_grad


def test_pullbacks_can_be_called_again_and_inside_other_transformations():
    y, pullback = ad.vjp(lambda a, b: np.sin(a) * b, 0.5, 2.0)
    first, second = pullback(1.0), pullback(3.0)
    np.testing.assert_allclose(second, 3 * np.array(first), rtol=1e-15)
    assert ad.grad(lambda c: pullback(c * c)[1])(2.0) == pytest.approx(4 * math.sin(0.5), rel=1e-15)
    assert float(y) == math.sin(0.5) * 2.0


def test_loops_branches_and_recursion_are_differentiated_as_run():
    def power(x, n):
        return x * power(x, n - 1) if n > 0 else 1.0

    def bisected(x):
        y = x
        while y < 100.0:
            y = y * y
        return y

    for mode in MODES.values():
        assert mode(lambda x: power(x, 5))(2.0) == 80.0
        assert mode(bisected)(3.0) == 8 * 3.0**7
