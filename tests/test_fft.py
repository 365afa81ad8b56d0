"""Fourier transforms: every row of the table, and what the rows do not say."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.dispatch import RULES
from autodiff.primitives import Rewrite
from autodiff.rules.linear import Linear
from tests.cases_fft import TRANSFORMS
from tests.complex_checks import check

X = np.array([0.3, -1.2, 2.0, 0.7, -0.4])
Z = X + 1j * X[::-1] ** 2
OF_ONE_AXIS = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
OF_SEVERAL = ("fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn", "irfftn")


@pytest.mark.parametrize("row", TRANSFORMS, ids=repr)
def test_row(row):
    check(row.function, *row.arguments(), **row.options)


def test_four_transforms_are_linear_and_the_others_are_made_of_them():
    for name in (*OF_ONE_AXIS, *OF_SEVERAL):
        kind = Linear if name in ("fft", "ifft", "rfft", "irfft") else Rewrite
        assert isinstance(RULES[getattr(np.fft, name)], kind)


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
@pytest.mark.parametrize("n", [None, 1, 2, 4, 5, 8])
@pytest.mark.parametrize("norm", [None, "backward", "ortho", "forward"])
def test_the_pullback_is_the_transpose_of_the_matrix(name, n, norm):
    """The matrix column by column, from the plain function: real and imaginary directions apart."""
    function = getattr(np.fft, name)
    x = X if name in ("rfft", "ihfft") else Z
    columns = [function(e, n, norm=norm) for e in np.eye(len(x))]
    more = [function(1j * e, n, norm=norm) for e in np.eye(len(x))] if x.dtype.kind == "c" else []
    y, pullback = ad.vjp(lambda x: function(x, n, norm=norm), x)
    rng = np.random.default_rng(1)
    ct = rng.normal(size=y.shape).astype(y.dtype) + (1j * rng.normal(size=y.shape) if y.dtype.kind == "c" else 0)
    found = pullback(ct)[0]
    np.testing.assert_allclose(np.real(found), [np.real(np.sum(ct * c)) for c in columns], atol=1e-13)
    if more:  # Re(x̄ · i) = −Im x̄
        np.testing.assert_allclose(-np.imag(found), [np.real(np.sum(ct * c)) for c in more], atol=1e-13)


def test_the_energy_of_a_spectrum_is_that_of_the_signal():
    """Parseval: Σ |Xₖ|² / n = Σ x², whose gradient is 2x."""
    for transform in (np.fft.fft, np.fft.ifft):
        gradient = ad.grad(lambda x, f=transform: np.sum(np.abs(f(x, norm="ortho")) ** 2))(X)
        np.testing.assert_allclose(gradient, 2 * X, rtol=1e-13)


def test_a_convolution_by_transforms_has_the_derivatives_of_the_convolution():
    kernel = np.array([0.5, -1.0, 0.25])

    def by_transforms(x, k):
        return np.fft.irfft(np.fft.rfft(x, 7) * np.fft.rfft(k, 7), 7)

    for argnum in (0, 1):
        np.testing.assert_allclose(
            ad.jacobian(by_transforms, argnum)(X, kernel), ad.jacobian(np.convolve, argnum)(X, kernel), atol=1e-14
        )


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_whole_matrices_in_one_sweep(mode):
    matrix = np.exp(-2j * np.pi * np.outer(np.arange(5), np.arange(5)) / 5)
    np.testing.assert_allclose(ad.jacobian(np.fft.fft, mode=mode)(Z), matrix, atol=1e-14)
    np.testing.assert_allclose(ad.jacobian(np.fft.fft, mode=mode)(X), matrix, atol=1e-14)
    np.testing.assert_allclose(ad.jacobian(np.fft.rfft, mode=mode)(X), matrix[:3], atol=1e-14)


def test_single_precision_stays_single():
    x = X.astype(np.float32)
    assert np.fft.rfft(x).dtype == np.complex64  # NumPy ≥ 2.0
    gradient = ad.grad(lambda x: np.sum(np.abs(np.fft.fftn(x)) ** 2))(x)
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, 10 * X, rtol=1e-5)
    assert ad.vjp(np.fft.irfft, Z.astype(np.complex64))[1](np.ones(8, np.float32))[0].dtype == np.complex64


def test_lengths_without_axes_mean_the_last_axes():
    x = np.arange(12.0).reshape(2, 2, 3)
    with pytest.warns(DeprecationWarning, match="axes"):
        expected = np.fft.rfftn(x, (2, 4))
    np.testing.assert_array_equal(np.fft.rfftn(ad.tensor(x), (2, 4)).numpy(), expected)


def test_what_is_refused():
    t = ad.tensor(Z, requires_grad=True)
    with pytest.raises(TypeError, match=r"np\.fft\.fft: writing into `out`"):
        np.fft.fft(t, out=np.empty(5, complex))
    with pytest.raises(TypeError, match=r"np\.fft\.fftn: writing into `out`"):
        np.fft.fftn(t, out=np.empty(5, complex))
    with pytest.raises(ValueError, match=r"np\.fft: needs a length for each axis; got s=\(2, 3\) and axes=\[0\]"):
        np.fft.fftn(t, (2, 3), (0,))
    with pytest.raises(ValueError, match="Invalid norm value"):
        np.fft.fft(t, norm="other")
    with pytest.raises(ValueError, match=r"np\.fft\.hfft: norm is .*got 'other'"):
        np.fft.hfft(t, norm="other")


def test_grids_of_frequencies_are_constants():
    x = ad.tensor(X, requires_grad=True)
    derivative = np.real(np.fft.ifft(np.fft.fft(x) * 2j * np.pi * np.fft.fftfreq(len(x))))
    np.sum(derivative * X).backward()
    np.testing.assert_allclose(x.grad + 1.0, 1.0 - np.asarray(derivative.data), atol=1e-14)  # antisymmetric


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "fft2", "rfft2", "irfft2", "fftn", "rfftn", "irfftn"])
@pytest.mark.parametrize("length", [5, 6])
def test_cotangents_are_jaxs(name, length):
    jax = pytest.importorskip("jax")
    rng = np.random.default_rng(2)
    x = rng.normal(size=(3, length)) + (0 if name.startswith("r") else 1j * rng.normal(size=(3, length)))
    y, pullback = ad.vjp(getattr(np.fft, name), x)
    ct = rng.normal(size=y.shape) + (1j * rng.normal(size=y.shape) if y.dtype.kind == "c" else 0)
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        there = jax.vjp(getattr(jax.numpy.fft, name), jax.numpy.array(x))[1](jax.numpy.array(ct))[0]
    np.testing.assert_allclose(pullback(ct)[0], np.asarray(there), atol=1e-13)
