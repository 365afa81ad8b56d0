"""Initialisers: the moments of what is drawn, exact structures, and PyTorch's formulas."""

import numpy as np
import pytest

import autodiff as ad
import nn
from nn import init

SHAPES = {"linear": (300, 200), "convolution": (60, 40, 5, 5)}
FANS = {"linear": (300, 200), "convolution": (40 * 25, 60 * 25)}


def assert_moments(values, variance, kurtosis, standard_errors=5.0):
    """Check mean and variance of independent draws; their kurtosis E[x⁴]/E[x²]² gives the standard error."""
    n = values.size
    assert abs(values.mean()) < standard_errors * np.sqrt(variance / n)
    assert abs(values.var() / variance - 1) < standard_errors * np.sqrt((kurtosis - 1) / n)


SCALED = {
    # name, options: the variance as a function of fan_in and fan_out
    ("xavier", ()): lambda i, o: 2 / (i + o),
    ("xavier", (("gain", 5 / 3),)): lambda i, o: 25 / 9 * 2 / (i + o),
    ("kaiming", ()): lambda i, _o: 2 / i,
    ("kaiming", (("mode", "fan_out"), ("nonlinearity", "relu"))): lambda _i, o: 2 / o,
    ("kaiming", (("a", 0.5),)): lambda i, _o: 2 / (1.25 * i),
    ("kaiming", (("nonlinearity", "tanh"),)): lambda i, _o: 25 / 9 / i,
    ("lecun", ()): lambda i, _o: 1 / i,
    ("glorot_he", ()): lambda i, o: 4 / (i + o),
}


@pytest.mark.parametrize("layer", SHAPES)
@pytest.mark.parametrize(("name", "options"), SCALED)
@pytest.mark.parametrize("kind", ["normal", "uniform"])
def test_variances(layer, name, options, kind):
    variance = SCALED[name, options](*FANS[layer])
    function = getattr(init, f"{name}_{kind}_")
    w = nn.Parameter(np.empty(SHAPES[layer]))
    assert function(w, **dict(options), rng=3) is w
    assert_moments(w.data, variance, 3.0 if kind == "normal" else 1.8)
    if kind == "uniform":
        assert np.abs(w.data).max() <= np.sqrt(3 * variance)
        assert np.abs(w.data).max() > 0.99 * np.sqrt(3 * variance)
    else:
        assert np.mean(np.abs(w.data) > np.sqrt(variance)) == pytest.approx(0.3173, abs=0.01)


@pytest.mark.parametrize("layer", ["Linear", "Conv2d"])
@pytest.mark.parametrize(
    ("name", "options"),
    [("xavier_uniform_", {"gain": 2.0}), ("kaiming_uniform_", {"a": 0.3}), ("kaiming_uniform_", {"mode": "fan_out"})],
)
def test_bounds_are_pytorchs_for_their_shapes(layer, name, options):
    """The same bound for a Linear of theirs, shape (out, in), as for ours, shape (in, out)."""
    torch = pytest.importorskip("torch")
    shape = (50, 400) if layer == "Linear" else (50, 30, 5, 5)
    theirs = getattr(torch.nn.init, name)(torch.empty(shape), **options).numpy()
    ours = getattr(init, name)(np.empty(shape[::-1] if layer == "Linear" else shape), **options, rng=0)
    assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=1e-3)


def test_gains_are_pytorchs():
    torch = pytest.importorskip("torch")
    for name in ["linear", "conv1d", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]:
        assert init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name), rel=1e-15)
    assert init.calculate_gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain("leaky_relu", 0.3)


def test_the_variance_of_the_lecture_is_twice_glorots_and_hes_for_square_weights():
    wide, square = np.empty((30, 10)), np.empty((30, 30))
    lecture = init.glorot_he_normal_(np.empty_like(wide), rng=1)
    np.testing.assert_allclose(lecture, np.sqrt(2) * init.xavier_normal_(np.empty_like(wide), rng=1), rtol=1e-14)
    np.testing.assert_allclose(
        init.glorot_he_normal_(np.empty_like(square), rng=1), init.kaiming_normal_(square, rng=1), rtol=1e-14
    )


@pytest.mark.parametrize("initialiser", [init.kaiming_normal_, init.glorot_he_normal_, init.glorot_he_uniform_])
def test_signals_keep_their_size_through_relu_layers(initialiser):
    rng = np.random.default_rng(0)
    a = rng.normal(size=(200, 256))
    before = np.mean(a**2)
    for _ in range(12):
        a = np.maximum(a @ initialiser(np.empty((256, 256)), rng=rng), 0)
    assert 0.5 < np.mean(a**2) / before < 2.0
    small = rng.normal(size=(200, 256))
    for _ in range(12):
        small = np.maximum(small @ init.xavier_normal_(np.empty((256, 256)), rng=rng), 0)
    assert np.mean(small**2) / before < 2e-3  # Glorot's variance halves the mean square in each ReLU: 2⁻¹² in all


# --- plain distributions -------------------------------------------------------------------------


def test_plain_distributions():
    w = np.empty((400, 300))
    init.normal_(w, 2.0, 3.0, rng=1)
    assert_moments(w - 2.0, 9.0, 3.0)
    init.uniform_(w, -1.0, 3.0, rng=1)
    assert_moments(w - 1.0, 16 / 12, 1.8)
    assert w.min() >= -1.0
    assert w.max() < 3.0
    assert init.zeros_(w).sum() == 0
    assert init.ones_(w).sum() == w.size
    assert init.constant_(w, 0.25).sum() == w.size / 4
    assert np.array_equal(init.eye_(np.empty((2, 3))), [[1, 0, 0], [0, 1, 0]])


def test_the_truncated_normal_distribution_has_its_moments():
    w = init.trunc_normal_(np.empty((500, 400)), rng=2)
    assert np.abs(w).max() <= 2.0
    phi, inside = np.exp(-2) / np.sqrt(2 * np.pi), 0.954499736103642
    assert_moments(w, 1 - 4 * phi / inside, 3.0)
    shifted = init.trunc_normal_(np.empty(1000), mean=1.0, std=0.1, a=1.0, b=1.05, rng=2)
    assert shifted.min() >= 1.0
    assert shifted.max() <= 1.05
    assert init.trunc_normal_(np.empty(()), rng=1, a=0.5).item() >= 0.5


# --- orthogonal ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(40, 40), (60, 20), (20, 60), (8, 3, 3, 3)])
def test_orthogonal_matrices_are_orthogonal(shape):
    q = init.orthogonal_(np.empty(shape), gain=2.0, rng=0).reshape(shape[0], -1)
    gram = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
    np.testing.assert_allclose(gram, 4.0 * np.eye(len(gram)), atol=1e-12)


def test_orthogonal_matrices_are_uniform():
    """Q and a fixed rotation of it have one distribution; without the fix of the signs, Q[0, 0] ≤ 0 always."""
    rng = np.random.default_rng(0)
    draws = np.array([init.orthogonal_(np.empty((3, 3)), rng=rng) for _ in range(4000)])
    assert np.all(np.abs(draws.mean(0)) < 5 * np.sqrt(1 / 3 / 4000))
    assert np.all(np.abs((draws**2).mean(0) - 1 / 3) < 5 * np.sqrt(4 / 45 / 4000))  # E[q⁴] = 1/5
    assert abs(np.mean(np.linalg.det(draws))) < 5 / np.sqrt(4000)
    assert abs(np.mean(np.trace(draws, axis1=1, axis2=2) ** 2) - 1) < 0.15  # exactly 1 for the Haar measure


# --- in place ----------------------------------------------------------------------------------------


FUNCTIONS = {
    name: getattr(init, name)
    for name in dir(init)
    if name.endswith("_") and not name.startswith("_") and name != "constant_"
} | {"constant_": lambda w, **_: init.constant_(w, 0.5)}
DRAWN = {name for name in FUNCTIONS if name not in ("zeros_", "ones_", "eye_", "constant_")}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_parameters_are_filled_where_they_are(name, dtype):
    layer = nn.Linear(4, 3, dtype=dtype)
    optimizer = nn.optim.SGD(layer.parameters(), lr=0.1)
    memory = layer.weight.data
    options = {"rng": 1} if name in DRAWN else {}
    assert FUNCTIONS[name](layer.weight, **options) is layer.weight
    assert layer.weight.data is memory
    assert layer.weight.dtype == dtype
    assert layer.weight.requires_grad
    assert layer.weight.leaf is not None
    layer(np.ones((2, 4), dtype)).sum().backward()
    optimizer.step()
    if name in DRAWN:
        first, second = (FUNCTIONS[name](np.empty((4, 3), dtype), rng=7) for _ in range(2))
        assert np.array_equal(first, second)
        other = FUNCTIONS[name](np.empty((4, 3), dtype), rng=np.random.default_rng(8))
        assert not np.array_equal(first, other)
        assert not np.array_equal(*(FUNCTIONS[name](np.empty((4, 3), dtype)) for _ in range(2)))


def test_a_frozen_parameter_and_a_scalar_can_be_filled():
    frozen = nn.Parameter([1.0, 2.0], requires_grad=False)
    init.constant_(frozen, 3.0)
    assert frozen.data.tolist() == [3.0, 3.0]
    scalar = nn.Parameter(1.0)
    init.zeros_(scalar)
    assert scalar.item() == 0.0


def test_a_whole_model_can_be_initialised():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))

    def initialise(module):
        if isinstance(module, nn.Linear):
            init.zeros_(module.weight)
            init.ones_(module.bias)

    model.apply(initialise)
    assert model(np.ones((2, 4))).numpy().tolist() == [[1.0], [1.0]]


COMPUTED = nn.Parameter([[1.0]]) * 2.0
W = np.empty((3, 2))
REFUSALS = [
    (lambda: init.xavier_uniform_(np.empty(3)), ValueError, r"two axes or more; got shape \(3,\)"),
    (lambda: init.kaiming_normal_(nn.Parameter(1.0)), ValueError, r"two axes or more; got shape \(\)"),
    (lambda: init.orthogonal_(np.empty(3)), ValueError, r"two axes or more; got shape \(3,\)"),
    (lambda: init.lecun_normal_(np.empty((0, 3))), ValueError, r"lecun_normal_: the weight has no entries; .*\(0, 3\)"),
    (lambda: init.eye_(np.empty((2, 2, 2))), ValueError, r"eye_: the tensor must be a matrix; got shape \(2, 2, 2\)"),
    (lambda: init.zeros_([1.0]), TypeError, "zeros_: takes a parameter or an array of floats; got list"),
    (lambda: init.normal_(np.empty(3, int)), TypeError, "normal_: takes a parameter .*; got dtype int64"),
    (lambda: init.ones_(COMPUTED), TypeError, "ones_: only inputs can be filled; got a tensor that was computed"),
    (lambda: init.ones_(ad.tensor([1.0])), ValueError, r"ones_: the array is read-only; got shape \(1,\)"),
    (lambda: init.kaiming_uniform_(W, mode="fan"), ValueError, "kaiming_uniform_: unknown mode; got 'fan'"),
    (lambda: init.kaiming_uniform_(W, nonlinearity="gelu"), ValueError, "got 'gelu'. Choose one of \"linear\""),
    (lambda: init.calculate_gain("leaky_relu", "x"), TypeError, "calculate_gain: param must be a number; got str"),
    (lambda: init.calculate_gain("leaky_relu", True), TypeError, "param must be a number; got bool"),
    (lambda: init.xavier_normal_(W, gain=-1.0), ValueError, "xavier_normal_: gain must not be negative; got -1.0"),
    (lambda: init.xavier_normal_(W, gain=float("nan")), ValueError, "gain must be finite; got nan"),
    (lambda: init.normal_(W, std=-1.0), ValueError, "normal_: std must not be negative; got -1.0"),
    (lambda: init.uniform_(W, 1.0, 0.0), ValueError, "uniform_: a must not exceed b; got a=1.0, b=0.0"),
    (lambda: init.constant_(W, "1"), TypeError, "constant_: val must be a number; got str"),
    (lambda: init.trunc_normal_(W, a=5.0, b=6.0), ValueError, "trunc_normal_: .*got a=5.0, b=6.0"),
    (lambda: init.trunc_normal_(W, a=1.0, b=-1.0), ValueError, "trunc_normal_: .*got a=1.0, b=-1.0"),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSALS, ids=[message[:40] for _, _, message in REFUSALS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
