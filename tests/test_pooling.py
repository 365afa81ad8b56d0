"""Pooling against its definition and PyTorch; ties are shared equally."""

import itertools

import numpy as np
import pytest

import autodiff as ad
import nn
from nn import functional as F

rng = np.random.default_rng(0)


def normal(*shape, dtype=np.float64):
    return rng.normal(size=shape).astype(dtype)


def with_gradient(torch, f, reference, x):
    """Return value and cotangent of our function and of PyTorch's, for the same random seed."""
    t = torch.tensor(x, requires_grad=True)
    expected = reference(t)
    ct = normal(*expected.shape)
    y, pullback = ad.vjp(f, x)
    return (y, *pullback(ct)), (expected.detach(), *torch.autograd.grad(expected, t, torch.tensor(ct)))


def assert_same(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-14)


# --- PyTorch ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dilation", [1, (2, 1)])
@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("padding", [0, 1, (0, 1)])
@pytest.mark.parametrize("stride", [None, 1, (3, 2)])
@pytest.mark.parametrize("kernel_size", [2, (3, 2)])
def test_maxima_of_images_as_in_pytorch(kernel_size, stride, padding, dilation, ceil_mode):
    torch = pytest.importorskip("torch")
    options = (kernel_size, stride, padding, dilation, ceil_mode)
    for shape in [(2, 3, 8, 9), (3, 7, 6)]:
        ours, theirs = with_gradient(
            torch,
            lambda x: F.max_pool2d(x, *options),
            lambda t: torch.nn.functional.max_pool2d(t, *options),
            normal(*shape),
        )
        assert_same(ours, theirs)


@pytest.mark.parametrize("count_include_pad", [False, True])
@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("stride", [None, 1, (3, 2)])
@pytest.mark.parametrize("kernel_size", [2, (3, 2), 4])
def test_means_of_images_as_in_pytorch(kernel_size, stride, padding, ceil_mode, count_include_pad):
    torch = pytest.importorskip("torch")
    options = (kernel_size, stride, padding, ceil_mode, count_include_pad)
    for shape in [(2, 3, 8, 9), (3, 7, 6)]:
        ours, theirs = with_gradient(
            torch,
            lambda x: F.avg_pool2d(x, *options),
            lambda t: torch.nn.functional.avg_pool2d(t, *options),
            normal(*shape),
        )
        assert_same(ours, theirs)


@pytest.mark.parametrize("options", list(itertools.product([2, 5], [None, 1, 3], [0, 1], [False, True])), ids=str)
def test_sequences_as_in_pytorch(options):
    torch = pytest.importorskip("torch")
    kernel_size, stride, padding, ceil_mode = options
    arguments = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    x = normal(2, 3, 11)
    for name in ("max_pool1d", "avg_pool1d"):
        ours, theirs = with_gradient(
            torch,
            lambda x, name=name: getattr(F, name)(x, **arguments),
            lambda t, name=name: getattr(torch.nn.functional, name)(t, **arguments),
            x,
        )
        assert_same(ours, theirs)


@pytest.mark.parametrize("output_size", [1, 2, 3, (4, 5), (None, 2), (9, 12)])
def test_adaptive_means_as_in_pytorch(output_size):
    torch = pytest.importorskip("torch")
    ours, theirs = with_gradient(
        torch,
        lambda x: F.adaptive_avg_pool2d(x, output_size),
        lambda t: torch.nn.functional.adaptive_avg_pool2d(t, output_size),
        normal(2, 3, 7, 8),
    )
    assert_same(ours, theirs)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("MaxPool1d", (3, 2, 1, 3)),
        ("MaxPool2d", ((3, 2), (2, 1), (1, 0), 2)),
        ("AvgPool1d", (3, 2, 1, True, False)),
        ("AvgPool2d", ((3, 2), None, (1, 0), True, False)),
        ("AdaptiveAvgPool2d", ((2, 3),)),
    ],
)
def test_layers_take_the_arguments_of_pytorch(name, arguments):
    torch = pytest.importorskip("torch")
    x = normal(2, 3, 10) if name.endswith("1d") else normal(2, 3, 10, 9)
    expected = getattr(torch.nn, name)(*arguments)(torch.tensor(x))
    np.testing.assert_allclose(getattr(nn, name)(*arguments)(x), expected, rtol=1e-13, atol=1e-14)


# --- values and derivatives --------------------------------------------------------------------------


def test_windows_by_hand():
    x = np.arange(20.0).reshape(1, 4, 5)
    assert np.array_equal(F.max_pool2d(x, 2), [[[6, 8], [16, 18]]])
    assert np.array_equal(F.max_pool2d(x, 2, ceil_mode=True), [[[6, 8, 9], [16, 18, 19]]])
    assert np.array_equal(F.max_pool2d(x, 6, 5, 1, ceil_mode=True), [[[19, 19]]])  # the last: one column
    assert np.array_equal(F.max_pool2d(-x, 3, 2, 1), [[[0, -1, -3], [-5, -6, -8]]])
    assert np.array_equal(F.max_pool2d(x, 2, 1, 0, (3, 4)), [[[19]]])
    assert np.array_equal(F.avg_pool2d(x, 2), [[[3, 5], [13, 15]]])
    padded = F.avg_pool2d(x, (2, 1), 2, (1, 0))  # a row of zeros above and below
    assert np.array_equal(padded, [[[0, 1, 2], [7.5, 9.5, 11.5], [7.5, 8.5, 9.5]]])


def test_ties_share_the_cotangent_equally():
    x = np.array([[[1.0, 1.0, 2.0, 0.0], [1.0, 0.0, 2.0, 1.0]]])
    _, pullback = ad.vjp(lambda x: F.max_pool2d(x, 2), x)
    (ct,) = pullback(np.array([[[3.0, 4.0]]]))
    assert np.array_equal(ct, [[[1, 1, 2, 0], [1, 0, 2, 0]]])
    x_dot = np.array([[[1.0, 2.0, 3.0, 9.0], [6.0, 9.0, 5.0, 9.0]]])
    assert np.array_equal(ad.jvp(lambda x: F.max_pool2d(x, 2), (x,), (x_dot,))[1], [[[3, 4]]])
    overlapping = ad.grad(lambda x: F.max_pool1d(x, 2, 1).sum())(np.array([[0.0, 1.0, 1.0, 0.0]]))
    assert np.array_equal(overlapping, [[0, 1.5, 1.5, 0]])
    flat = ad.grad(lambda x: F.max_pool2d(x, 20).sum())(np.zeros((1, 20, 20)))  # more ties than a byte can count
    np.testing.assert_allclose(flat, 1 / 400, rtol=1e-15)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: F.max_pool2d(x, 2),
        lambda x: F.max_pool2d(x, 3, 2, 1, 1, True),
        lambda x: F.max_pool2d(x, 2, 1, 0, 2),
        lambda x: F.avg_pool2d(x, 3, 2, 1, True, False),
        lambda x: F.avg_pool2d(x, (1, 2)),
        lambda x: F.adaptive_avg_pool2d(x, (2, 3)),
        lambda x: F.adaptive_avg_pool1d(x[:, 0], 3),
        lambda x: F.max_pool1d(x[:, 0], 2),
    ],
)
def test_derivatives_to_third_order_in_both_modes(f):
    ad.check_grads(lambda x: np.sin(f(x)), normal(2, 2, 5, 5), order=3)


def test_jacobian_and_hessian_are_those_of_the_chosen_pixels():
    x = normal(1, 2, 4, 4)
    forward, reverse = (ad.jacobian(lambda x: F.max_pool2d(x, 2), mode=mode)(x) for mode in ("forward", "reverse"))
    assert np.array_equal(forward, reverse)
    assert np.array_equal(np.sort(forward.reshape(8, 32), axis=1)[:, -2:], [[0.0, 1.0]] * 8)
    np.testing.assert_array_equal(forward.reshape(8, 32) @ x.ravel(), F.max_pool2d(x, 2).ravel())
    H = ad.hessian(lambda x: np.sum(F.max_pool2d(x, 2) ** 3))(x).reshape(32, 32)
    chosen = forward.reshape(8, 32).sum(0)
    np.testing.assert_allclose(H, np.diag(6 * x.ravel() * chosen), rtol=1e-14, atol=0)


def test_inner_levels_see_the_maxima_of_traced_images():
    f = lambda x, a: np.sum(F.max_pool1d(a * x, 2) ** 2)  # noqa: E731
    x = normal(1, 6)
    mixed = ad.grad(lambda a: np.sum(ad.grad(f)(x, a)))(1.5)
    largest = np.max(x.reshape(3, 2), axis=1)
    np.testing.assert_allclose(mixed, np.sum(4 * 1.5 * largest), rtol=1e-13)


@pytest.mark.parametrize("f", [F.max_pool2d, F.avg_pool2d, F.adaptive_avg_pool2d])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_are_kept_and_batches_may_be_empty(f, dtype):
    y, pullback = ad.vjp(lambda x: f(x, 3), normal(2, 3, 7, 8, dtype=dtype))
    assert y.dtype == pullback(y)[0].dtype == dtype
    assert ad.jvp(lambda x: f(x, 3), (normal(2, 7, 8, dtype=dtype),), (np.ones((2, 7, 8), dtype),))[1].dtype == dtype
    empty, pullback = ad.vjp(lambda x: f(x, 3), np.zeros((0, 3, 9, 9), dtype))
    assert empty.shape == (0, 3, 3, 3) and pullback(empty)[0].shape == (0, 3, 9, 9)
    assert f(np.ones((1, 7, 7), int), 2).dtype == np.float64


def test_a_window_of_one_pixel_copies():
    x = normal(1, 3, 4)
    for y in (F.max_pool2d(x, 1), F.max_pool2d(x, 1, 2)):
        kept = x.copy()
        y[...] = 0.0
        assert np.array_equal(x, kept)


def test_infinite_and_undefined_pixels():
    x = np.array([[1.0, np.nan, 2.0, -np.inf, np.inf, 3.0]])
    assert np.array_equal(F.max_pool1d(x, 2), [[np.nan, 2.0, np.inf]], equal_nan=True)
    assert np.array_equal(F.avg_pool1d(x, 2), [[np.nan, -np.inf, np.inf]], equal_nan=True)
    assert np.array_equal(F.adaptive_avg_pool1d(x, 3), [[np.nan, -np.inf, np.inf]], equal_nan=True)


def test_repr_names_what_is_not_the_default():
    assert repr(nn.MaxPool2d(3, 2, 1, 2, ceil_mode=True)) == (
        "MaxPool2d((3, 3), stride=(2, 2), padding=(1, 1), dilation=(2, 2), ceil_mode=True)"
    )
    assert repr(nn.AvgPool1d(3, count_include_pad=False)) == "AvgPool1d((3,), count_include_pad=False)"
    assert repr(nn.AdaptiveAvgPool2d((None, 2))) == "AdaptiveAvgPool2d((None, 2))"


# --- refusals ----------------------------------------------------------------------------------------

X = np.ones((2, 3, 6, 5))
REFUSALS = [
    (lambda: F.max_pool2d(X[0, 0], 2), ValueError, r"max_pool2d: input must have shape \(N, C, H, W\).*got \(6, 5\)"),
    (lambda: F.avg_pool1d(X, 2), ValueError, r"avg_pool1d: input must have shape \(N, C, L\).*got \(2, 3, 6, 5\)"),
    (lambda: F.max_pool2d(np.full((1, 4, 4), "a"), 2), TypeError, "max_pool2d: input must hold numbers; got dtype <U1"),
    (lambda: F.max_pool2d(X * 1j, 2), TypeError, "max_pool2d: complex numbers have no largest; got dtype complex128"),
    (lambda: F.max_pool2d(X, 0), ValueError, "max_pool2d: kernel_size must be at least 1; got 0"),
    (lambda: F.max_pool2d(X, 2.0), TypeError, "max_pool2d: kernel_size must be an integer; got float 2.0"),
    (lambda: F.max_pool2d(X, (2, 2, 2)), ValueError, "kernel_size must be an integer or 2 of them; got 3"),
    (lambda: F.max_pool2d(X, 2, 0), ValueError, "max_pool2d: stride must be at least 1; got 0"),
    (lambda: F.max_pool2d(X, 2, 2, -1), ValueError, "max_pool2d: padding must be at least 0; got -1"),
    (
        lambda: F.max_pool2d(X, 2, 2, 2),
        ValueError,
        r"at most half of the window.*got padding=\(2, 2\) for windows of \(2",
    ),
    (lambda: F.max_pool2d(X, 2, 2, 0, 0), ValueError, "max_pool2d: dilation must be at least 1; got 0"),
    (lambda: F.max_pool2d(X[:, :, :1], 2, 1, 1, 2), ValueError, r"must hold a pixel .*dilation=\(2, 2\).* of \(1, 5\)"),
    (lambda: F.max_pool1d(X[0, :, :, :0], 2, ceil_mode=True), ValueError, r"must fit into the image; got .* of \(0,\)"),
    (lambda: F.max_pool2d(X, 9, 1, ceil_mode=True), ValueError, r"must fit into the image; got .*\(9, 9\) for an"),
    (lambda: F.max_pool2d(X, 6), ValueError, r"max_pool2d: the kernel must fit into the image; got .*\(6, 6\) for an"),
    (lambda: F.max_pool2d(X, 2, ceil_mode=1), TypeError, "max_pool2d: ceil_mode must be True or False; got int 1"),
    (lambda: F.avg_pool2d(X, 2, 2, "same"), TypeError, "avg_pool2d: padding must be an integer; got str 'same'"),
    (lambda: F.avg_pool2d(X, 3, 2, 2), ValueError, "avg_pool2d: padding must be at most half of the window"),
    (
        lambda: F.avg_pool2d(X, 2, count_include_pad=None),
        TypeError,
        "count_include_pad must be True or False; got NoneType None",
    ),
    (lambda: F.avg_pool2d(X[:, :, :0], 1), ValueError, r"the kernel must fit into the image; got .* of \(0, 5\)"),
    (lambda: F.adaptive_avg_pool2d(X, 0), ValueError, "adaptive_avg_pool2d: output_size must be at least 1; got 0"),
    (lambda: F.adaptive_avg_pool2d(X, (1, 2, 3)), ValueError, "output_size must be an integer or 2 of them; got 3"),
    (lambda: F.adaptive_avg_pool2d(X[:, :, :0], 1), ValueError, r"must fit into the image; got .* of \(0, 5\)"),
    (lambda: nn.MaxPool2d(-1), ValueError, "MaxPool2d: kernel_size must be at least 1; got -1"),
    (lambda: nn.MaxPool2d(2, padding=2), ValueError, "MaxPool2d: padding must be at most half of the window"),
    (lambda: nn.MaxPool1d(2, ceil_mode="no"), TypeError, "MaxPool1d: ceil_mode must be True or False; got str 'no'"),
    (lambda: nn.AvgPool2d(2, stride=0), ValueError, "AvgPool2d: stride must be at least 1; got 0"),
    (lambda: nn.AvgPool1d((2, 2)), ValueError, "AvgPool1d: kernel_size must be an integer or 1 of them; got 2"),
    (lambda: nn.AdaptiveAvgPool2d(0.5), TypeError, "AdaptiveAvgPool2d: output_size must be an integer; got float"),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSALS, ids=[message[:60] for _, _, message in REFUSALS])
def test_bad_calls_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
