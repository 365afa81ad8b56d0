"""Convolution against its definition, PyTorch, SciPy, and the lecture's polynomial product and Toeplitz matrix."""

import itertools

import numpy as np
import pytest

import autodiff as ad
import nn
from nn import functional as F
from nn.functional import correlation

rng = np.random.default_rng(0)


def normal(*shape, dtype=np.float64):
    return rng.normal(size=shape).astype(dtype)


def by_definition(x, weight, bias, stride, padding, dilation, groups):
    """Return the sum of the formula, one output at a time, for images."""
    (s, t), (p, q), (d, e) = stride, padding, dilation
    x = np.pad(x, [(0, 0), (0, 0), (p, p), (q, q)])
    outputs, channels, k, m = weight.shape
    rows, columns = (x.shape[2] - d * (k - 1) - 1) // s + 1, (x.shape[3] - e * (m - 1) - 1) // t + 1
    z = np.zeros((len(x), outputs, rows, columns))
    for n, o, i, j in np.ndindex(z.shape):
        first = o // (outputs // groups) * channels
        seen = x[n, first : first + channels, i * s : i * s + d * (k - 1) + 1 : d, j * t : j * t + e * (m - 1) + 1 : e]
        z[n, o, i, j] = np.sum(seen * weight[o]) + bias[o]
    return z


# --- values and gradients ----------------------------------------------------------------------

WINDOWS = [
    {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1},
    {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 2), "groups": 2},
    {"stride": (3, 2), "padding": (2, 3), "dilation": (2, 1), "groups": 1},
    {"stride": (2, 5), "padding": (0, 4), "dilation": (1, 3), "groups": 4},
]


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("chunk", [1, 1 << 20])
def test_it_is_the_sum_of_the_formula(window, chunk, monkeypatch):
    monkeypatch.setattr(correlation, "CHUNK", chunk)  # pieces of the least size, and all at once
    x, weight, bias = normal(7, 4, 9, 8), normal(8, 4 // window["groups"], 3, 2), normal(8)
    np.testing.assert_allclose(
        F.conv2d(x, weight, bias, **window), by_definition(x, weight, bias, **window), rtol=1e-13, atol=1e-14
    )


@pytest.mark.parametrize("window", WINDOWS)
def test_derivatives_to_third_order_in_every_operand_and_both_modes(window):
    x, weight, bias = normal(2, 4, 5, 6), normal(4, 4 // window["groups"], 2, 2), normal(4)
    ad.check_grads(lambda *operands: np.tanh(F.conv2d(*operands, **window)), x, weight, bias, order=3)


def test_derivatives_of_sequences():
    x, weight = normal(2, 2, 9), normal(4, 1, 3)
    ad.check_grads(lambda x, w: np.tanh(F.conv1d(x, w, None, 2, 1, 2, 2)), x, weight, order=3)


@pytest.mark.parametrize("window", WINDOWS)
def test_the_three_contractions_are_one_trilinear_form(window):
    padding = tuple((p, p) for p in window["padding"])
    window = {**window, "padding": padding}
    x, weight = normal(3, 4, 9, 8), normal(8, 4 // window["groups"], 3, 2)
    y = correlation.cross_correlation(x, weight, **window)
    ct = normal(*y.shape)
    value = np.vdot(ct, y)
    x_ct = correlation.input_cotangent(ct, weight, shape=(9, 8), **window)
    weight_ct = correlation.weight_cotangent(x, ct, kernel_size=(3, 2), **window)
    assert x_ct.shape == x.shape and weight_ct.shape == weight.shape
    np.testing.assert_allclose([np.vdot(x_ct, x), np.vdot(weight_ct, weight)], value, rtol=1e-12)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_the_jacobian_is_the_toeplitz_matrix(mode):
    kernel, x = normal(3), normal(1, 6)
    J = ad.jacobian(lambda x: F.conv1d(x, np.flip(kernel)[None, None], padding=2), mode=mode)(x)
    np.testing.assert_allclose(J[0, :, 0, :], F.convolution_matrix(kernel, 6), rtol=0, atol=1e-15)


def test_the_hessian_is_that_of_the_matrix_product():
    x, kernel = normal(6), normal(3)
    H = ad.hessian(lambda x: np.sum(np.tanh(F.convolve(x, kernel))))(x)
    T = F.convolution_matrix(kernel, 6)
    t = np.tanh(T @ x)
    np.testing.assert_allclose(H, T.T @ np.diag(-2 * t * (1 - t * t)) @ T, rtol=1e-12, atol=1e-14)


def test_mixed_second_derivative_by_forward_over_reverse():
    x, kernel, v = normal(6), normal(3), normal(3)
    f = lambda x, k: np.sum(np.sin(F.convolve(x, k)))  # noqa: E731
    _, mixed = ad.jvp(lambda k: ad.grad(f)(x, k), (kernel,), (v,))
    z = np.convolve(x, kernel)
    T, T_dot = F.convolution_matrix(kernel, 6), F.convolution_matrix(v, 6)
    np.testing.assert_allclose(
        mixed, T_dot.T @ np.cos(z) - T.T @ (np.sin(z) * np.convolve(x, v)), rtol=1e-12, atol=1e-13
    )


def test_no_cotangent_of_an_input_that_needs_none(monkeypatch):
    def unwanted(*_args, **_kwargs):
        raise AssertionError("the cotangent of the input was computed")

    monkeypatch.setattr(correlation, "input_cotangent", unwanted)
    layer = nn.Conv2d(2, 3, 3, rng=0)
    layer(normal(2, 2, 5, 5)).sum().backward()
    np.testing.assert_allclose(layer.bias.grad, [18.0, 18.0, 18.0])
    with pytest.raises(AssertionError, match="was computed"):
        layer(ad.tensor(normal(2, 2, 5, 5), requires_grad=True)).sum().backward()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_are_kept(dtype):
    x, weight, bias = normal(2, 2, 5, 5, dtype=dtype), normal(4, 2, 3, 3, dtype=dtype), normal(4, dtype=dtype)
    y, pullback = ad.vjp(lambda *operands: F.conv2d(*operands, stride=2, padding=1), x, weight, bias)
    assert [y.dtype, *[ct.dtype for ct in pullback(y)]] == [dtype] * 4
    assert ad.jvp(lambda x: F.conv2d(x, weight, bias), (x,), (x,))[1].dtype == dtype
    assert F.conv2d(np.ones((2, 5, 5), int), weight, bias).dtype == np.float64
    assert F.convolve(x[0, 0], weight[0, 0]).dtype == dtype
    assert F.convolution_matrix(bias, 3).dtype == dtype


def test_an_empty_batch_and_a_single_image():
    weight, bias = normal(4, 2, 3, 3), normal(4)
    y, pullback = ad.vjp(lambda x, w, b: F.conv2d(x, w, b, 2, 1), np.zeros((0, 2, 6, 5)), weight, bias)
    assert y.shape == (0, 4, 3, 3)
    x_ct, weight_ct, bias_ct = pullback(y)
    assert x_ct.shape == (0, 2, 6, 5) and not weight_ct.any() and not bias_ct.any()
    x = normal(2, 6, 5)
    assert np.array_equal(F.conv2d(x, weight, bias), F.conv2d(x[None], weight, bias)[0])
    assert F.conv1d(x[0], normal(4, 6, 3)).shape == (4, 3)


def test_inputs_of_any_layout_are_read_and_the_result_is_the_callers_own():
    x, weight = normal(3, 2, 6, 7), normal(4, 2, 3, 3)
    expected = F.conv2d(x, weight)
    assert np.array_equal(F.conv2d(np.asfortranarray(x), np.asfortranarray(weight)), expected)
    assert np.array_equal(F.conv2d(np.ascontiguousarray(x[:, :, ::-1])[:, :, ::-1], weight), expected)
    assert np.array_equal(F.conv2d(x.tolist(), weight.tolist()), expected)
    before = x.copy()
    for kernel in (weight, np.ones((2, 2, 1, 1))):  # a kernel of one pixel as well
        y = F.conv2d(x, kernel)
        y[...] = 0.0
        assert y.base is None and np.array_equal(x, before)


def test_infinite_pixels_stay_in_their_windows():
    x = np.zeros((1, 1, 5, 5))
    x[0, 0, 2, 4], x[0, 0, 3, 0] = np.inf, -np.inf  # the end of a row, and the beginning of the next one
    y = F.conv2d(x, np.ones((1, 1, 1, 2)))
    expected = np.zeros((5, 4))
    expected[2, 3], expected[3, 0] = np.inf, -np.inf
    assert np.array_equal(y[0, 0], expected)


# --- PyTorch ---------------------------------------------------------------------------------------

OPTIONS = [
    {"stride": s, "padding": p, "dilation": d, "groups": g}
    for s, p, d, g in itertools.product([1, 2, (3, 1)], [0, (2, 1), "same"], [1, (2, 1)], [1, 2])
    if p != "same" or s == 1
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("kernel_size", [(3, 3), (1, 5)])
def test_images_as_in_pytorch(options, kernel_size):
    torch = pytest.importorskip("torch")
    operands = [normal(3, 4, 9, 8), normal(6, 4 // options["groups"], *kernel_size), normal(6)]
    tensors = [torch.tensor(a, requires_grad=True) for a in operands]
    expected = torch.nn.functional.conv2d(*tensors, **options)
    y, pullback = ad.vjp(lambda *operands: F.conv2d(*operands, **options), *operands)
    np.testing.assert_allclose(y, expected.detach(), rtol=1e-12, atol=1e-13)
    ct = normal(*y.shape)
    for ours, theirs in zip(pullback(ct), torch.autograd.grad(expected, tensors, torch.tensor(ct)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("padding", [0, 3, "same", "valid"])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
def test_sequences_as_in_pytorch(padding, dilation):
    torch = pytest.importorskip("torch")
    x, weight = normal(3, 2, 11), normal(5, 2, 4)  # an even kernel: the odd zero of "same" goes to the end
    expected = torch.nn.functional.conv1d(*map(torch.tensor, (x, weight)), None, 1, padding, dilation)
    np.testing.assert_allclose(F.conv1d(x, weight, None, 1, padding, dilation), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [(1, 2), "same"])
def test_layers_as_in_pytorch(mode, padding):
    torch = pytest.importorskip("torch")
    options = {"padding": padding, "padding_mode": mode, "groups": 2}
    layer = nn.Conv2d(4, 6, (3, 5), rng=0, **options)
    theirs = torch.nn.Conv2d(4, 6, (3, 5), dtype=torch.float64, **options)
    theirs.load_state_dict({name: torch.tensor(value) for name, value in layer.state_dict().items()})
    x = ad.tensor(normal(2, 4, 6, 7), requires_grad=True)
    t = torch.tensor(x.numpy(), requires_grad=True)
    expected = theirs(t)
    y = layer(x)
    np.testing.assert_allclose(y.numpy(), expected.detach(), rtol=1e-12, atol=1e-13)
    (y * y).sum().backward()
    (expected * expected).sum().backward()
    np.testing.assert_allclose(x.grad, t.grad, rtol=1e-12, atol=1e-12)
    for ours, other in zip(layer.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(ours.grad, other.grad, rtol=1e-12, atol=1e-12)


# --- true convolution --------------------------------------------------------------------------------


def test_the_lectures_polynomial_product():
    a, b = normal(3), normal(4)
    delta = F.convolve(a, b)
    by_hand = [
        a[0] * b[0],
        a[1] * b[0] + a[0] * b[1],
        a[2] * b[0] + a[1] * b[1] + a[0] * b[2],
        a[2] * b[1] + a[1] * b[2] + a[0] * b[3],
        a[2] * b[2] + a[1] * b[3],
        a[2] * b[3],
    ]
    for other in (by_hand, F.convolution_matrix(a, 4) @ b, F.convolution_matrix(b, 3) @ a, F.convolve(b, a)):
        np.testing.assert_allclose(delta, other, rtol=1e-14, atol=1e-15)
    t = normal(20)
    polyval = np.polynomial.polynomial.polyval
    np.testing.assert_allclose(polyval(t, delta), polyval(t, a) * polyval(t, b), rtol=1e-12, atol=1e-13)


def test_the_toeplitz_matrix_is_the_lectures():
    expected = [[1, 0, 0, 0], [2, 1, 0, 0], [3, 2, 1, 0], [0, 3, 2, 1], [0, 0, 3, 2], [0, 0, 0, 3]]
    assert np.array_equal(F.convolution_matrix([1, 2, 3], 4), expected)
    ad.check_grads(lambda v: F.convolution_matrix(v, 4) @ F.convolution_matrix(v, 2), normal(3))


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_convolution_and_correlation_as_in_numpy_and_scipy(mode):
    signal = pytest.importorskip("scipy.signal")
    a, v, A, V = normal(7), normal(4), normal(6, 7), normal(3, 2)
    np.testing.assert_allclose(F.convolve(a, v, mode), np.convolve(a, v, mode), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(F.convolve(v, a, mode), signal.convolve(v, a, mode, "direct"), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(F.convolve(A, V, mode), signal.convolve2d(A, V, mode), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(F.convolve(V, A, mode), signal.convolve2d(V, A, mode), rtol=1e-13, atol=1e-14)
    cube, small = normal(3, 4, 5), normal(2, 2, 3)
    np.testing.assert_allclose(
        F.convolve(cube, small, mode), signal.convolve(cube, small, mode, "direct"), rtol=1e-13, atol=1e-14
    )


def test_the_layers_correlate_and_do_not_flip():
    signal = pytest.importorskip("scipy.signal")
    image, kernel = normal(6, 7), normal(3, 2)
    correlated = F.conv2d(image[None], kernel[None, None])[0]
    np.testing.assert_allclose(correlated, signal.correlate2d(image, kernel, "valid"), rtol=1e-13, atol=1e-14)
    flipped = F.convolve(image, np.flip(kernel), "valid")
    np.testing.assert_allclose(correlated, flipped, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_derivatives_of_true_convolution(mode):
    ad.check_grads(lambda a, v: np.tanh(F.convolve(a, v, mode)), normal(4, 5), normal(2, 3), order=3)
    ad.check_grads(lambda a, v: np.tanh(F.convolve(a, v, mode)), normal(3), normal(5))


# --- layers ----------------------------------------------------------------------------------------


def test_initial_values_fill_the_bounds_of_pytorch_and_follow_the_seed():
    layer = nn.Conv2d(8, 64, (3, 5), groups=2, rng=3)
    bound = (4 * 15) ** -0.5
    for parameter in layer.parameters():
        assert 0.9 * bound < np.abs(parameter.data).max() <= bound
    assert layer.weight.shape == (64, 4, 3, 5) and layer.bias.shape == (64,)
    again = nn.Conv2d(8, 64, (3, 5), groups=2, rng=3)
    assert np.array_equal(again.weight.data, layer.weight.data)
    assert nn.Conv1d(2, 3, 2, bias=False, dtype=np.float32).weight.dtype == np.float32


def test_repr_names_what_is_not_the_default():
    layer = nn.Conv2d(2, 4, 3, 2, 1, dilation=2, groups=2, bias=False, padding_mode="reflect")
    assert repr(layer) == (
        "Conv2d(2, 4, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), dilation=(2, 2), groups=2, bias=False, "
        "padding_mode='reflect')  # 36 parameters"
    )
    assert repr(nn.Conv1d(2, 4, 3, padding="same")) == "Conv1d(2, 4, kernel_size=(3,), padding='same')  # 28 parameters"
    assert repr(nn.Conv1d(2, 4, 3, padding="valid")).startswith("Conv1d(2, 4, kernel_size=(3,), padding='valid')")


# --- refusals ----------------------------------------------------------------------------------------

X, W = np.ones((2, 4, 6, 5)), np.ones((6, 4, 3, 3))
REFUSALS = [
    (lambda: F.conv2d(np.ones((6, 5)), W), ValueError, r"conv2d: input must have shape \(N, C, H, W\) or .*\(6, 5\)"),
    (lambda: F.conv1d(X, W), ValueError, r"conv1d: input must have shape \(N, C, L\) or \(C, L\); got \(2, 4, 6, 5\)"),
    (lambda: F.conv2d(np.full((1, 1, 4, 4), "a"), W), TypeError, "conv2d: input must hold numbers; got dtype <U1"),
    (lambda: F.conv2d(X, W[0]), ValueError, r"conv2d: weight must have shape \(out_channels, .*got \(4, 3, 3\)"),
    (lambda: F.conv2d(X, W[:, :, :0]), ValueError, r"conv2d: weight must have shape .*got \(6, 4, 0, 3\)"),
    (lambda: F.conv2d(X[:, :3], W), ValueError, r"here for 4 channels of the input; got input of shape \(2, 3, 6, 5\)"),
    (lambda: F.conv2d(X, W, groups=2), ValueError, "here for 8 channels of the input; got .*groups=2"),
    (lambda: F.conv2d(X, W, groups=3), ValueError, "groups must divide the channels; got groups=3 for 4 channels"),
    (lambda: F.conv2d(X, W, groups=0), ValueError, "conv2d: groups must be at least 1; got 0"),
    (lambda: F.conv2d(X, W, np.ones(5)), ValueError, r"bias must have one entry for each .*\(6,\); got \(5,\)"),
    (lambda: F.conv2d(X, W, np.ones((6, 1))), ValueError, r"shape \(6,\); got \(6, 1\)"),
    (lambda: F.conv2d(X, W, stride=0), ValueError, "conv2d: stride must be at least 1; got 0"),
    (lambda: F.conv2d(X, W, stride=1.5), TypeError, "conv2d: stride must be an integer; got float 1.5"),
    (lambda: F.conv2d(X, W, stride=True), TypeError, "conv2d: stride must be an integer; got bool True"),
    (lambda: F.conv2d(X, W, stride=(1, 1, 1)), ValueError, r"stride must be an integer or 2 of them; got 3, \(1, 1, 1"),
    (lambda: F.conv2d(X, W, padding=-1), ValueError, "conv2d: padding must be at least 0; got -1"),
    (lambda: F.conv2d(X, W, padding="full"), ValueError, 'padding is "same", "valid" or a number .*got \'full\''),
    (lambda: F.conv2d(X, W, stride=2, padding="same"), ValueError, r"a stride does not; got stride=\(2, 2\)"),
    (lambda: F.conv2d(X, W, dilation=(1, 0)), ValueError, "conv2d: dilation must be at least 1; got 0"),
    (lambda: F.conv2d(X, W, dilation=3), ValueError, r"reaches over \(7, 7\) for an image of \(6, 5\), \(6, 5\) with"),
    (lambda: F.conv1d(X[:, :, :0, 0], W[:, :, 0]), ValueError, r"must fit into the image; got .*\(3,\) for an image"),
    (lambda: F.convolve([1.0], [[1.0]]), ValueError, r"same number of axes.*got shapes \(1,\) and \(1, 1\)"),
    (lambda: F.convolve([], [1.0]), ValueError, r"no empty one; got shapes \(0,\) and \(1,\)"),
    (lambda: F.convolve(1.0, 2.0), ValueError, r"at least one.*got shapes \(\) and \(\)"),
    (lambda: F.convolve([1.0], [1.0], "all"), ValueError, "mode is one of \"full\", \"same\", \"valid\"; got 'all'"),
    (lambda: F.convolve(X[0, 0], X[0, 0].T, "valid"), ValueError, r"one that contains the other.*\(6, 5\) and \(5, 6"),
    (lambda: F.convolution_matrix(X, 3), ValueError, r"v must be a sequence; got shape \(2, 4, 6, 5\)"),
    (lambda: F.convolution_matrix([], 3), ValueError, r"v must be a sequence; got shape \(0,\)"),
    (lambda: F.convolution_matrix([1.0], 0), ValueError, "convolution_matrix: n must be at least 1; got 0"),
    (lambda: nn.Conv2d(0, 1, 3), ValueError, "Conv2d: in_channels must be at least 1; got 0"),
    (lambda: nn.Conv2d(1, -1, 3), ValueError, "Conv2d: out_channels must be at least 1; got -1"),
    (lambda: nn.Conv2d(1, 1.0, 3), TypeError, "Conv2d: out_channels must be an integer; got float 1.0"),
    (lambda: nn.Conv1d(1, 1, (3, 3)), ValueError, "Conv1d: kernel_size must be an integer or 1 of them; got 2"),
    (lambda: nn.Conv2d(1, 1, 0), ValueError, "Conv2d: kernel_size must be at least 1; got 0"),
    (lambda: nn.Conv2d(4, 6, 3, groups=4), ValueError, "Conv2d: groups must divide the channels; got groups=4 for in"),
    (lambda: nn.Conv2d(1, 1, 3, padding="same", stride=2), ValueError, "Conv2d: padding=\"same\" keeps the size"),
    (lambda: nn.Conv2d(1, 1, 3, padding_mode="mirror"), ValueError, "padding_mode is one of 'zeros', .*got 'mirror'"),
    (lambda: nn.Conv2d(1, 1, 3)(np.ones((2, 3, 6, 5))), ValueError, "conv2d: weight has shape .*for 1 channels"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), REFUSALS, ids=[message[:60] for _, _, message in REFUSALS])
def test_bad_calls_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
