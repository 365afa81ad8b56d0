"""Gradient clipping, and PyTorch's nn.utils."""

import numpy as np
import pytest

import autodiff as ad
import nn

SHAPES = [(3, 4), (5,), ()]


def with_gradients(dtype=np.float64, scale=1.0, packed=False, rng=0):
    rng = np.random.default_rng(rng)
    params = [nn.Parameter(np.ones(shape, dtype)) for shape in SHAPES]
    grads = [(scale * rng.normal(size=shape)).astype(dtype) for shape in SHAPES]
    optimizer = nn.optim.Adam(params) if packed else None
    sum((p * g).sum() for p, g in zip(params, grads, strict=True)).backward()
    for p, g in zip(params, grads, strict=True):
        np.testing.assert_array_equal(p.grad, g)
    return params, optimizer


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("norm_type", [2.0, 1.0, 3.5, 2, np.inf])
@pytest.mark.parametrize("max_norm", [0.5, 2, 1e3, 0.0])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_norm_and_the_clipped_gradients_are_pytorchs(packed, norm_type, max_norm, dtype):
    torch = pytest.importorskip("torch")
    params, _ = with_gradients(dtype, packed=packed)
    peers = [torch.nn.Parameter(torch.tensor(p.numpy())) for p in params]
    for p, q in zip(params, peers, strict=True):
        q.grad = torch.tensor(p.grad.copy())
    expected = torch.nn.utils.clip_grad_norm_(peers, max_norm, norm_type)
    norm = nn.clip_grad_norm_(iter(params), max_norm, norm_type)
    assert type(norm) is float
    rtol = 1e-14 if dtype == np.float64 else 1e-6
    np.testing.assert_allclose(norm, expected.item(), rtol=rtol)
    for p, q in zip(params, peers, strict=True):
        assert p.grad.dtype == dtype
        np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=rtol)


@pytest.mark.parametrize("packed", [False, True])
def test_values_are_clipped_as_pytorchs(packed):
    torch = pytest.importorskip("torch")
    params, _ = with_gradients(packed=packed)
    peers = [torch.nn.Parameter(torch.tensor(p.numpy())) for p in params]
    for p, q in zip(params, peers, strict=True):
        q.grad = torch.tensor(p.grad.copy())
    torch.nn.utils.clip_grad_value_(peers, 0.3)
    nn.utils.clip_grad_value_(params, 0.3)
    for p, q in zip(params, peers, strict=True):
        np.testing.assert_array_equal(p.grad, q.grad.numpy())
    assert max(np.abs(p.grad).max() for p in params) == 0.3


def test_each_parameter_by_itself():
    params, _ = with_gradients()
    before = [p.grad.copy() for p in params]
    norms = nn.clip_grad_norm_per_parameter_(params, 1.0)
    np.testing.assert_allclose(norms, [np.linalg.norm(g) for g in before], rtol=1e-15)
    for p, g, norm in zip(params, before, norms, strict=True):
        np.testing.assert_allclose(p.grad, g * min(1.0, 1.0 / (norm + 1e-6)), rtol=1e-15)


@pytest.mark.parametrize("clip", [nn.clip_grad_norm_, nn.clip_grad_norm_per_parameter_, nn.clip_grad_value_])
def test_an_optimiser_stands_for_its_parameters_and_uses_what_was_clipped(clip):
    params, optimizer = with_gradients(packed=True)
    others, _ = with_gradients()
    sgd = nn.optim.SGD(others, lr=1.0)
    norms, expected = clip(optimizer, 0.1), clip(others, 0.1)
    assert norms is expected is None or norms == pytest.approx(expected, rel=1e-14)  # sums in another order
    for p, q in zip(params, others, strict=True):
        np.testing.assert_allclose(p.grad, q.grad, rtol=1e-14)
    sgd.step()
    for p, q in zip(params, others, strict=True):
        np.testing.assert_allclose(q.data, 1.0 - p.grad, rtol=1e-14)


def test_a_flat_buffer_with_a_gap_is_not_taken_whole():
    params, optimizer = with_gradients(packed=True)
    optimizer.zero_grad()
    (params[0].sum() + params[2]).backward()  # the second gradient is None; its place holds old numbers
    assert nn.clip_grad_norm_(optimizer, 1.0) == np.sqrt(13.0)
    assert params[1].grad is None
    assert nn.clip_grad_norm_([params[2]], 10.0) == pytest.approx(1 / np.sqrt(13.0), rel=1e-6)


def test_parameters_that_are_listed_twice_count_once():
    w = nn.Parameter([1.0])
    w.grad = [3.0]
    assert nn.clip_grad_norm_([w, w], 1.5) == 3.0
    np.testing.assert_allclose(w.grad, [1.5], rtol=1e-6)


@pytest.mark.parametrize("scale", [1e30, 1e-30, 1e-20, 1e20])
@pytest.mark.parametrize("norm_type", [2.0, 3.0])
def test_no_square_overflows_or_vanishes_in_float32(scale, norm_type):
    params, _ = with_gradients(np.float32, scale)
    flat = np.concatenate([p.grad.reshape(-1) for p in params]).astype(np.float64)
    norm = nn.clip_grad_norm_(params, scale, norm_type)
    np.testing.assert_allclose(norm, np.sum(np.abs(flat) ** norm_type) ** (1 / norm_type), rtol=1e-6)
    clipped = np.concatenate([p.grad.reshape(-1) for p in params]).astype(np.float64)
    factor = min(1.0, scale / (norm + 1e-6))
    np.testing.assert_allclose(clipped, flat * factor, rtol=1e-6, atol=1e-44)  # (below are no float32 numbers)
    if scale > 1.0:
        np.testing.assert_allclose(np.linalg.norm(clipped, norm_type), scale, rtol=1e-6)


def test_gradients_that_are_not_finite():
    w = nn.Parameter([1.0, 2.0])
    w.grad = [np.inf, 1.0]
    with pytest.raises(ValueError, match="clip_grad_norm_: the gradients have no finite norm; got inf"):
        nn.clip_grad_norm_([w], 1.0, error_if_nonfinite=True)
    assert w.grad.tolist() == [np.inf, 1.0]
    assert nn.clip_grad_norm_([w], 1.0) == np.inf
    np.testing.assert_array_equal(w.grad, [np.nan, 0.0])
    assert np.isnan(nn.clip_grad_norm_([w], 1.0))
    np.testing.assert_array_equal(w.grad, [np.nan, np.nan])


def test_without_gradients_there_is_nothing_to_clip():
    assert nn.clip_grad_norm_([nn.Parameter([1.0])], 1.0) == 0.0
    assert nn.clip_grad_norm_(nn.Parameter([1.0]), 1.0) == 0.0
    assert nn.clip_grad_norm_([], 1.0) == 0.0
    assert nn.clip_grad_norm_per_parameter_([], 1.0) == []
    nn.clip_grad_value_([], 1.0)


def test_clipping_holds_an_exploding_descent():
    """w⁴ from w = 10 with η = 0.1 diverges at once; with the norm of the gradient held at 1 it descends."""

    def descend(clip):
        w = nn.Parameter(10.0)
        optimizer = nn.optim.SGD([w], lr=0.1)
        for _ in range(400):
            optimizer.zero_grad()
            (w**4).backward()
            if clip:
                nn.clip_grad_norm_(optimizer, 1.0)
            optimizer.step()
            if abs(w.item()) > 1e6:
                break
        return abs(w.item())

    assert descend(clip=False) > 1e6
    assert descend(clip=True) < 0.2


# --- nn.utils ---------------------------------------------------------------------------------


def test_a_vector_and_back():
    model, other = nn.Linear(3, 2, rng=0), nn.Linear(3, 2, rng=1)
    vector = nn.utils.parameters_to_vector(model.parameters())
    assert vector.shape == (8,)
    nn.utils.vector_to_parameters(vector, other.parameters())
    for p, q in zip(model.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data)
    (vector * vector).sum().backward()
    np.testing.assert_array_equal(model.weight.grad, 2 * model.weight.data)
    assert nn.utils.clip_grad_norm_ is nn.clip_grad_norm_


def test_a_vector_set_while_an_optimiser_runs_stays_in_its_memory():
    layer = nn.Linear(1, 1, rng=0)
    optimizer = nn.optim.SGD(layer.parameters(), lr=1.0)
    nn.utils.vector_to_parameters(np.array([2.0, 1.0]), layer.parameters())
    layer(np.ones((1, 1))).sum().backward()
    optimizer.step()
    assert (layer.weight.item(), layer.bias.item()) == (1.0, 0.0)


# --- refusals -----------------------------------------------------------------------------------

W = nn.Parameter([1.0])
REFUSALS = [
    (lambda: nn.clip_grad_norm_(3, 1.0), TypeError, "clip_grad_norm_: takes parameters; got a int"),
    (lambda: nn.clip_grad_norm_("model", 1.0), TypeError, "clip_grad_norm_: takes parameters; got a str"),
    (lambda: nn.clip_grad_norm_([np.ones(2)], 1.0), TypeError, "got a ndarray among them"),
    (lambda: nn.clip_grad_value_(nn.Linear(1, 1), 1.0), TypeError, "clip_grad_value_: takes parameters; got a Linear"),
    (lambda: nn.clip_grad_norm_([W], -1.0), ValueError, "clip_grad_norm_: max_norm must not be negative; got -1.0"),
    (lambda: nn.clip_grad_norm_([W], np.nan), ValueError, "max_norm must be finite; got nan"),
    (lambda: nn.clip_grad_norm_([W], "1"), TypeError, "max_norm must be a number; got str '1'"),
    (lambda: nn.clip_grad_norm_([W], True), TypeError, "max_norm must be a number; got bool True"),
    (lambda: nn.clip_grad_norm_([W], 1.0, "two"), ValueError, "norm_type must be a positive number; got 'two'"),
    (lambda: nn.clip_grad_norm_([W], 1.0, 0), ValueError, "norm_type must be a positive number; got 0"),
    (lambda: nn.clip_grad_value_([W], -1), ValueError, "clip_grad_value_: clip_value must not be negative; got -1"),
    (lambda: nn.clip_grad_norm_per_parameter_([W], None), TypeError, "per_parameter_: max_norm must be a number"),
    (lambda: nn.utils.parameters_to_vector([]), ValueError, "parameters_to_vector: there is nothing to join"),
    (lambda: nn.utils.vector_to_parameters([1.0, 2.0], [W]), ValueError, r"the shape \(1,\) .* got \(2,\)"),
    (lambda: nn.utils.vector_to_parameters(ad.tensor([[1.0]]), [W]), ValueError, r"the shape \(1,\) .* got \(1, 1\)"),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSALS, ids=[message[:40] for _, _, message in REFUSALS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize("how", ["thawed", "given"])
def test_gradients_that_come_from_elsewhere_join_the_flat_array_and_stay_clipped(how):
    a, b = nn.Parameter([3.0]), nn.Parameter([4.0])
    a.requires_grad = how != "thawed"
    optimizer = nn.optim.SGD([a, b], lr=1.0)
    a.requires_grad = True
    if how == "given":
        a.grad, b.grad = [3.0], [4.0]
    else:
        (0.5 * (a * a + b * b)).sum().backward()
    assert len(optimizer.gradients()) == 1
    nn.clip_grad_norm_(optimizer, 1.0)
    optimizer.step()
    np.testing.assert_allclose([a.data[0], b.data[0]], [3.0 - 0.6, 4.0 - 0.8], rtol=1e-6)
