"""Orthogonal polynomials of scipy.special at degrees that are no whole numbers, or negative: against 30 digits."""

import mpmath as mp
import numpy as np
import pytest

import autodiff as ad

special = pytest.importorskip("scipy.special")

DEGREES = [0.5, -0.5, 1.5, -2, -1, 0, 3]


def chebyt(n, x):
    return mp.cos(n * mp.acos(x))


def chebyu(n, x):
    return mp.sin((n + 1) * mp.acos(x)) / mp.sin(mp.acos(x))


EXACT = {
    "eval_legendre": mp.legendre,
    "eval_sh_legendre": lambda n, x: mp.legendre(n, 2 * x - 1),
    "eval_chebyt": chebyt,
    "eval_sh_chebyt": lambda n, x: chebyt(n, 2 * x - 1),
    "eval_chebyu": chebyu,
    "eval_sh_chebyu": lambda n, x: chebyu(n, 2 * x - 1),
    "eval_chebyc": lambda n, x: 2 * chebyt(n, x / 2),
    "eval_chebys": lambda n, x: chebyu(n, x / 2),
    "eval_laguerre": lambda n, x: mp.laguerre(n, 0, x),
    "eval_genlaguerre": lambda n, x: mp.laguerre(n, mp.mpf(0.4), x),
    "eval_gegenbauer": lambda n, x: mp.gegenbauer(n, mp.mpf(0.7), x),
    "eval_jacobi": lambda n, x: mp.jacobi(n, mp.mpf(0.25), mp.mpf(0.5), x),
}
SHAPES = {"eval_genlaguerre": (0.4,), "eval_gegenbauer": (0.7,), "eval_jacobi": (0.25, 0.5)}


@pytest.mark.parametrize("degree", DEGREES)
@pytest.mark.parametrize("name", EXACT)
def test_polynomials_of_any_degree(name, degree):
    f = getattr(special, name)
    shapes = SHAPES.get(name, ())
    slope = ad.grad(lambda x: f(degree, *shapes, x))
    with mp.workdps(30):
        for x in (0.3, 0.8):
            if not np.isfinite(f(degree, *shapes, x)):  # SciPy's Gegenbauer and Jacobi functions at whole n < 0
                continue
            for order, got in ((1, slope(x)), (2, ad.grad(slope)(x))):
                exact = mp.diff(lambda z: EXACT[name](degree, z), mp.mpf(x), order)
                np.testing.assert_allclose(got, float(exact), rtol=1e-11, atol=1e-12)


def test_degrees_of_several_kinds_at_once():
    degrees = np.array([-2.0, -0.5, 0.0, 0.5, 3.0])
    x = np.full(5, 0.3)
    together = ad.grad(lambda x: np.sum(special.eval_legendre(degrees, x)))(x)
    alone = [ad.grad(lambda x, n=n: special.eval_legendre(n, x))(0.3) for n in degrees]
    np.testing.assert_allclose(together, alone, rtol=1e-14)


@pytest.mark.parametrize("name", ["eval_hermite", "eval_hermitenorm"])
def test_hermite_polynomials_of_negative_degree_have_no_value_and_no_derivative(name):
    assert np.isnan(getattr(special, name)(-1, 0.3)) and np.isnan(ad.grad(lambda x: getattr(special, name)(-1, x))(0.3))
