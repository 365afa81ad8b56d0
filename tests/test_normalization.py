"""Batch and layer normalisation: values, statistics, derivatives through the statistics, PyTorch as a witness."""

import numpy as np
import pytest

import autodiff as ad
import nn
from nn import functional

SHAPES = {"(N, C)": (7, 3), "(N, C, L)": (4, 3, 5), "(N, C, H, W)": (4, 3, 2, 5)}


def sample(*shape, seed=0, dtype=np.float64):
    return (np.random.default_rng(seed).normal(size=shape) * 2.0 + 3.0).astype(dtype)


def batch_norm_for(x, **options):
    return (nn.BatchNorm2d if x.ndim == 4 else nn.BatchNorm1d)(x.shape[1], **options)


def filled(layer, seed=5):
    """Return the layer with parameters that are neither 0 nor 1."""
    rng = np.random.default_rng(seed)
    for parameter in layer.parameters():
        parameter.data[...] = rng.normal(size=parameter.shape)
    return layer


# --- values ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_in_training_each_channel_is_standardised_over_samples_and_places(shape, dtype):
    x = sample(*shape, dtype=dtype)
    y = batch_norm_for(x, eps=0.0, dtype=dtype)(x).numpy()
    assert y.dtype == dtype
    tolerance = 20 * np.finfo(dtype).eps
    channels = np.moveaxis(y, 1, 0).reshape(3, -1)
    np.testing.assert_allclose(channels.mean(1), 0.0, atol=tolerance)
    np.testing.assert_allclose((channels**2).mean(1), 1.0, rtol=tolerance)


def test_a_large_mean_costs_no_more_digits_than_it_must():
    rng = np.random.default_rng(0)
    small = rng.normal(size=(50, 2))
    shifted = (small + 1e6) - 1e6  # what of the small numbers survives the sum
    layer = nn.BatchNorm1d(2, eps=0.0)
    np.testing.assert_allclose(layer(shifted + 1e6).numpy(), nn.BatchNorm1d(2, eps=0.0)(shifted).numpy(), atol=1e-9)


def test_in_evaluation_the_layer_is_an_affine_map_with_the_running_statistics():
    layer = filled(nn.BatchNorm1d(3))
    for seed in range(3):
        layer(sample(8, 3, seed=seed))
    before = layer.state_dict()
    layer.eval()
    x = sample(5, 3, seed=9)
    expected = (x - layer.running_mean) / np.sqrt(layer.running_var + layer.eps) * layer.weight.data + layer.bias.data
    np.testing.assert_allclose(layer(x).numpy(), expected, rtol=1e-14)
    np.testing.assert_allclose(layer(x[:1]).numpy(), expected[:1], rtol=1e-14)
    for name, value in layer.state_dict().items():
        assert np.array_equal(value, before[name])


def test_running_statistics_are_averages_of_mean_and_unbiased_variance():
    batches = [sample(6, 3, seed=seed) for seed in range(4)]
    layer, cumulative = nn.BatchNorm1d(3, momentum=0.25), nn.BatchNorm1d(3, momentum=None)
    mean, variance = np.zeros(3), np.ones(3)
    for x in batches:
        layer(x)
        cumulative(x)
        mean = 0.75 * mean + 0.25 * x.mean(0)
        variance = 0.75 * variance + 0.25 * x.var(0, ddof=1)
    np.testing.assert_allclose(layer.running_mean, mean, rtol=1e-13)
    np.testing.assert_allclose(layer.running_var, variance, rtol=1e-13)
    np.testing.assert_allclose(cumulative.running_mean, np.mean([x.mean(0) for x in batches], 0), rtol=1e-13)
    np.testing.assert_allclose(cumulative.running_var, np.mean([x.var(0, ddof=1) for x in batches], 0), rtol=1e-13)
    assert int(layer.num_batches_tracked) == int(cumulative.num_batches_tracked) == 4
    layer.reset_running_stats()
    assert layer.running_mean.tolist() == [0, 0, 0]
    assert layer.running_var.tolist() == [1, 1, 1]
    assert int(layer.num_batches_tracked) == 0


def test_without_running_statistics_evaluation_uses_the_batch():
    layer = nn.BatchNorm1d(3, track_running_stats=False)
    x = sample(6, 3)
    trained = layer(x).numpy()
    assert np.array_equal(layer.eval()(x).numpy(), trained)
    assert list(layer.state_dict()) == ["weight", "bias"]


def test_state_has_pytorchs_names_and_loads_back():
    layer = nn.BatchNorm1d(3)
    layer(sample(6, 3))
    names = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    assert list(layer.state_dict()) == names
    other = nn.BatchNorm1d(3)
    other.load_state_dict(layer.state_dict())
    for name in names[2:]:
        assert np.array_equal(getattr(other, name), getattr(layer, name))
    assert [name for name, _ in nn.BatchNorm1d(3, affine=False).named_parameters()] == []
    assert layer.float()(sample(6, 3, dtype=np.float32)).dtype == np.float32
    assert layer.running_mean.dtype == np.float32
    assert layer.num_batches_tracked.dtype.kind == "i"


@pytest.mark.parametrize("shape", [(5,), (4, 5)])
def test_layer_norm_standardises_each_sample(shape):
    x = sample(3, *shape)
    y = nn.LayerNorm(shape, eps=0.0)(x).numpy().reshape(3, -1)
    np.testing.assert_allclose(y.mean(1), 0.0, atol=1e-14)
    np.testing.assert_allclose((y**2).mean(1), 1.0, rtol=1e-14)
    assert nn.LayerNorm(5, dtype=np.float32)(sample(2, 5, dtype=np.float32)).dtype == np.float32
    assert [name for name, _ in nn.LayerNorm(5, bias=False).named_parameters()] == ["weight"]
    assert [name for name, _ in nn.LayerNorm(5, elementwise_affine=False).named_parameters()] == []


# --- derivatives ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_derivatives_agree_with_differences(shape, training):
    x, rng = sample(*shape), np.random.default_rng(1)
    weight, bias, c = rng.normal(size=3), rng.normal(size=3), rng.normal(size=shape)

    def f(x, weight, bias):
        mean, variance = np.array([1.0, 2.0, 3.0]), np.array([0.5, 1.5, 2.5])
        return np.tanh(functional.batch_norm(x, mean, variance, weight, bias, training)) * c

    ad.check_grads(f, x, weight, bias, order=2)


def test_layer_norm_derivatives_agree_with_differences():
    x, rng = sample(3, 4, 2), np.random.default_rng(1)
    weight, bias, c = rng.normal(size=(4, 2)), rng.normal(size=(4, 2)), rng.normal(size=(3, 4, 2))
    ad.check_grads(lambda x, w, b: np.sin(functional.layer_norm(x, (4, 2), w, b)) * c, x, weight, bias, order=2)


def test_the_statistics_have_derivatives_too_to_third_order():
    """They enter where the rule of x̂ itself is differentiated."""
    from nn.functional.normalization import standardized

    ad.check_grads(lambda x: standardized(x, axes=(0,), eps=0.1), sample(5, 2), order=3, rtol=1e-5, atol=1e-5)


def test_the_hessian_is_that_of_the_formula_written_out():
    x, c = sample(5, 2), np.random.default_rng(3).normal(size=(5, 2))

    def written_out(x):
        centred = x - np.mean(x, axis=0)
        return np.sum(np.tanh(centred / np.sqrt(np.mean(centred**2, axis=0) + 1e-5)) * c)

    def fused(x):
        return np.sum(np.tanh(functional.batch_norm(x, None, None, training=True)) * c)

    for derivative in (ad.grad, ad.hessian, lambda f: ad.jacobian(ad.jacobian(f, mode="forward"), mode="reverse")):
        np.testing.assert_allclose(derivative(fused)(x), derivative(written_out)(x), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("transform", ["backward", "grad", "jvp"])
def test_running_statistics_move_once_per_call_inside_transforms(transform):
    layer, x = nn.BatchNorm1d(3), sample(6, 3)
    if transform == "backward":
        (layer(x) ** 2).sum().backward()
    elif transform == "grad":
        ad.grad(lambda x: np.sum(layer(x) ** 3))(x)
    else:
        ad.jvp(layer, (x,), (x,))
    assert int(layer.num_batches_tracked) == 1
    np.testing.assert_allclose(layer.running_mean, 0.1 * x.mean(0), rtol=1e-14)


def test_the_gradient_of_a_network_with_batch_norm_keeps_float32():
    model = nn.Sequential(
        nn.Linear(4, 3, dtype=np.float32), nn.BatchNorm1d(3, dtype=np.float32), nn.LayerNorm(3).float()
    )
    (model(sample(8, 4, dtype=np.float32)) ** 2).mean().backward()
    assert all(p.grad.dtype == np.float32 for p in model.parameters())


# --- PyTorch ---------------------------------------------------------------------------------------

PEERS = [
    ("BatchNorm1d", (3,), {}, (7, 3)),
    ("BatchNorm1d", (3,), {"momentum": 0.3, "eps": 1e-2}, (4, 3, 5)),
    ("BatchNorm1d", (3,), {"momentum": None}, (7, 3)),
    ("BatchNorm1d", (3,), {"affine": False}, (7, 3)),
    ("BatchNorm1d", (3,), {"track_running_stats": False}, (1, 3, 5)),
    ("BatchNorm2d", (3,), {}, (4, 3, 2, 5)),
    ("BatchNorm2d", (3,), {"momentum": None, "affine": False}, (4, 3, 2, 5)),
    ("LayerNorm", (5,), {}, (4, 5)),
    ("LayerNorm", ((2, 5),), {"eps": 1e-2}, (4, 3, 2, 5)),
    ("LayerNorm", (5,), {"bias": False}, (4, 5)),
    ("LayerNorm", (5,), {"elementwise_affine": False}, (4, 5)),
]


@pytest.mark.parametrize(("name", "args", "options", "shape"), PEERS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_values_gradients_and_statistics_are_pytorchs(name, args, options, shape, dtype):
    torch = pytest.importorskip("torch")
    ours = filled(getattr(nn, name)(*args, **options, dtype=dtype))
    theirs = getattr(torch.nn, name)(*args, **options).to(torch.float64 if dtype == np.float64 else torch.float32)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        q.data = torch.tensor(p.data.copy())
    rtol, atol = (1e-11, 1e-13) if dtype == np.float64 else (2e-4, 2e-5)
    for seed in range(4):
        if seed == 3:
            ours.eval()
            theirs.eval()
        values, ct = sample(*shape, seed=seed, dtype=dtype), sample(*shape, seed=seed + 10, dtype=dtype)
        x, u = ad.tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)
        ours.zero_grad()
        theirs.zero_grad()
        y, v = ours(x), theirs(u)
        y.backward(ct)
        v.backward(torch.tensor(ct))
        assert y.dtype == x.grad.dtype == dtype
        np.testing.assert_allclose(y.numpy(), v.detach().numpy(), rtol=rtol, atol=atol)
        np.testing.assert_allclose(x.grad, u.grad.numpy(), rtol=rtol, atol=10 * atol)
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=rtol, atol=10 * atol)
        state = theirs.state_dict()
        assert list(state) == list(ours.state_dict())
        for key, value in ours.state_dict().items():
            np.testing.assert_allclose(value, state[key].numpy(), rtol=rtol, atol=atol)


@pytest.mark.parametrize(("name", "shape"), [("BatchNorm1d", (1, 3)), ("BatchNorm2d", (1, 3, 1, 1))])
def test_one_value_per_channel_is_refused_where_pytorch_refuses_it(name, shape):
    torch = pytest.importorskip("torch")
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        getattr(torch.nn, name)(3)(torch.zeros(shape))
    layer = getattr(nn, name)(3)
    with pytest.raises(ValueError, match="each channel needs more than one value"):
        layer(np.zeros(shape))
    assert int(layer.num_batches_tracked) == 0
    assert layer.eval()(np.zeros(shape)).shape == shape


# --- refusals ----------------------------------------------------------------------------------------

REFUSALS = [
    (lambda: nn.BatchNorm1d(0), ValueError, "BatchNorm1d: num_features must be at least 1; got 0"),
    (lambda: nn.BatchNorm2d(2.0), TypeError, "BatchNorm2d: num_features must be an integer; got float 2.0"),
    (lambda: nn.BatchNorm1d(True), TypeError, "num_features must be an integer; got bool True"),
    (lambda: nn.BatchNorm1d(2, eps=-1.0), ValueError, r"BatchNorm1d: eps must not be negative; got -1.0"),
    (lambda: nn.BatchNorm1d(2, eps=float("nan")), ValueError, "eps must be finite; got nan"),
    (lambda: nn.BatchNorm1d(2, momentum=1.5), ValueError, r"momentum must lie in \[0, 1\]; got 1.5"),
    (lambda: nn.BatchNorm1d(2, momentum="0.1"), TypeError, "momentum must be a number; got str"),
    (lambda: nn.BatchNorm1d(2)(np.ones((4, 3))), ValueError, r"shape \(N, C\) or \(N, C, L\) with C = 2.*\(4, 3\)"),
    (lambda: nn.BatchNorm1d(2)(np.ones(2)), ValueError, r"BatchNorm1d: the input must have shape.*got \(2,\)"),
    (lambda: nn.BatchNorm1d(2)(np.ones((3, 2, 4, 4))), ValueError, "BatchNorm1d: the input must have shape"),
    (lambda: nn.BatchNorm2d(2)(np.ones((3, 2))), ValueError, r"BatchNorm2d: .*\(N, C, H, W\) with C = 2"),
    (lambda: nn.BatchNorm1d(2)(np.ones((0, 2))), ValueError, r"more than one value; got an input of shape \(0, 2\)"),
    (lambda: functional.batch_norm(np.ones(3), None, None), ValueError, r"batch_norm: .*\(N, C, ...\); got \(3,\)"),
    (lambda: functional.batch_norm(np.ones((3, 2)), None, None), ValueError, "outside training the running statist"),
    (
        lambda: functional.batch_norm(np.ones((3, 2)), None, None, weight=np.ones(3), training=True),
        ValueError,
        r"weight must have one entry for each of the 2 channels .*got shape \(3,\)",
    ),
    (lambda: nn.LayerNorm(()), ValueError, r"LayerNorm: normalized_shape must have at least one axis; got \(\)"),
    (lambda: nn.BatchNorm1d(1)(np.array([["a"], ["b"]])), TypeError, "batch_norm: the input must hold real numbers"),
    (
        lambda: nn.LayerNorm(1)(np.array([["a"]])),
        TypeError,
        "layer_norm: the input must hold real numbers; got dtype <U1",
    ),
    (lambda: nn.LayerNorm((3, 0)), ValueError, "LayerNorm: normalized_shape must be at least 1; got 0"),
    (lambda: nn.LayerNorm("3"), TypeError, "normalized_shape must be an integer; got str"),
    (lambda: nn.LayerNorm(3)(np.ones((3, 4))), ValueError, r"layer_norm: the last axes .*\(3,\); got shape \(3, 4\)"),
    (
        lambda: functional.layer_norm(np.ones((2, 3)), 3, weight=np.ones(2)),
        ValueError,
        r"layer_norm: weight must have the shape \(3,\); got \(2,\)",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSALS, ids=[message[:40] for _, _, message in REFUSALS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_training_is_recorded_and_the_running_statistics_move_by_numbers():
    layer, other = nn.BatchNorm1d(3), nn.BatchNorm1d(3)
    x = np.random.default_rng(0).normal(size=(8, 3))
    graph = ad.record(layer, x)
    assert np.array_equal(graph.output.value, other(x).numpy())
    assert np.array_equal(layer.running_var, other.running_var)
