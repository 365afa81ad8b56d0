"""Containers, dropout, embedding, flattening, and the connections that let the input through."""

import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest

import autodiff as ad
import nn
from nn import functional


def linear(a, b, seed=0, dtype=np.float64):
    return nn.Linear(a, b, rng=seed, dtype=dtype)


def sample(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def names(module):
    return [name for name, _ in module.named_parameters()]


# --- Sequential --------------------------------------------------------------------------------


def test_sequential_takes_named_layers():
    torch = pytest.importorskip("torch")
    model = nn.Sequential(OrderedDict([("hidden", linear(2, 3)), ("act", nn.Tanh()), ("out", linear(3, 1))]))
    peer = torch.nn.Sequential(
        OrderedDict([("hidden", torch.nn.Linear(2, 3)), ("act", torch.nn.Tanh()), ("out", torch.nn.Linear(3, 1))])
    )
    assert list(model.state_dict()) == list(peer.state_dict())
    assert model.hidden is model[0]
    assert model.out is model[-1]
    assert repr(model).splitlines()[1] == "  (hidden): Linear(2, 3)  # 9 parameters"
    x = sample(4, 2)
    assert np.array_equal(model(x).numpy(), model.out(np.tanh(model.hidden(x))).numpy())
    assert not hasattr(model, "missing")


def test_sequential_grows_and_shrinks_and_numbers_its_layers_anew():
    a, b, c, d = linear(2, 3), nn.Tanh(), linear(3, 3), linear(3, 1)
    model = nn.Sequential(a)
    assert model.append(b).extend([c, d]) is model
    assert list(model) == [a, b, c, d]
    assert model.insert(1, d) is model
    assert list(model) == [a, d, b, c, d]
    assert model.pop(1) is d
    del model[-1]
    assert list(model) == [a, b, c]
    assert names(model) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    model[-1] = d
    assert model[2] is d
    assert model[1:][0] is b
    assert names(model[1:]) == ["1.weight", "1.bias"]
    assert b in model
    assert c not in model
    model.insert(-1, c)
    assert list(model) == [a, b, c, d]


def test_layers_with_names_keep_them_when_others_come_between():
    model = nn.Sequential({"first": linear(2, 3), "last": linear(3, 1)})
    model.insert(1, nn.Tanh()).append(nn.ReLU())
    assert [name for name, _ in model.named_children()] == ["first", "1", "last", "3"]
    assert [name for name, _ in model[2:].named_children()] == ["last", "1"]


def test_a_slice_shares_the_layers_and_stays_in_evaluation():
    model = nn.Sequential(linear(2, 3), nn.Dropout(0.5)).eval()
    part = model[1:]
    assert isinstance(part, nn.Sequential)
    assert part[0] is model[1]
    assert not part.training


def test_parameters_and_modules_that_a_subclass_adds_are_found():
    class Scaled(nn.Sequential):
        def __init__(self, *layers):
            super().__init__(*layers)
            self.scale = nn.Parameter(2.0)

        def forward(self, x):
            return super().forward(x) * self.scale

    model = Scaled(linear(2, 1))
    assert names(model) == ["scale", "0.weight", "0.bias"]
    (model(np.ones((3, 2)))).sum().backward()
    assert model.scale.grad is not None
    assert isinstance(model[:1], Scaled)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_containers_can_be_copied(copied):
    for model in (
        nn.Sequential({"a": linear(2, 3)}),
        nn.ModuleList([linear(2, 3)]),
        nn.ModuleDict({"a": linear(2, 3)}),
    ):
        twin = copied(model)
        assert list(twin.state_dict()) == list(model.state_dict())
        assert next(twin.parameters()) is not next(model.parameters())


# --- ModuleList, ModuleDict ------------------------------------------------------------------------


def test_module_list_is_a_list_whose_modules_are_found():
    class Net(nn.Module):
        def __init__(self):
            self.blocks = nn.ModuleList([linear(2, 2, seed) for seed in range(2)])

        def forward(self, x):
            for block in self.blocks:
                x = np.tanh(block(x))
            return x

    model = Net()
    model.blocks += [linear(2, 2, 5)]
    assert names(model) == [f"blocks.{i}.{name}" for i in range(3) for name in ("weight", "bias")]
    assert len(model.blocks) == 3
    assert len(model.blocks[1:]) == 2
    model.eval()
    assert not model.blocks[2].training
    (model(sample(4, 2)) ** 2).sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_module_dict_is_a_dict_whose_modules_are_found():
    heads = nn.ModuleDict([("mean", linear(2, 1))])
    heads["width"] = linear(2, 1)
    heads.update({"third": nn.Tanh()})
    assert list(heads) == list(heads.keys()) == ["mean", "width", "third"]
    assert "mean" in heads
    assert len(heads) == 3
    assert heads.mean is heads["mean"]
    assert names(heads) == ["mean.weight", "mean.bias", "width.weight", "width.bias"]
    width = heads["width"]
    assert heads.pop("width") is width
    del heads["third"]
    assert [name for name, _ in heads.items()] == ["mean"]
    assert nn.ModuleDict(heads)["mean"] is heads["mean"]
    heads.clear()
    assert list(heads.values()) == []


# --- flattening ----------------------------------------------------------------------------------


def test_flatten_and_unflatten_are_pytorchs():
    torch = pytest.importorskip("torch")
    x = sample(2, 3, 4, 5)
    for start, end in [(1, -1), (0, -1), (1, 2), (-2, -1), (2, 2)]:
        expected = torch.nn.Flatten(start, end)(torch.tensor(x)).numpy()
        assert np.array_equal(nn.Flatten(start, end)(x), expected)
        assert np.array_equal(functional.flatten(ad.tensor(x), start, end).numpy(), expected)
    for dim, size in [(1, (3, 1)), (-1, (5, 1)), (2, (-1, 2)), (3, (5,))]:
        expected = torch.nn.Unflatten(dim, size)(torch.tensor(x)).numpy()
        assert np.array_equal(nn.Unflatten(dim, size)(x), expected)
    assert functional.flatten(np.float64(3.0)).shape == (1,)
    assert nn.Flatten()(np.ones((0, 3, 2))).shape == (0, 6)
    ad.check_grads(lambda x: nn.Unflatten(1, (2, 6))(nn.Flatten(1, 2)(x)) ** 2, x)


# --- dropout -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_drops_a_share_p_and_scales_the_rest(p, dtype):
    x = sample(400, 500, dtype=dtype)
    y = nn.Dropout(p, rng=1)(x)
    dropped = y == 0
    n = x.size
    assert y.dtype == dtype
    assert abs(dropped.mean() - p) < 4 * np.sqrt(p * (1 - p) / n)
    np.testing.assert_allclose(y[~dropped], x[~dropped] / dtype(1 - p), rtol=2 * np.finfo(dtype).eps)


def test_dropout_at_the_ends_and_in_evaluation():
    x = sample(50)
    assert nn.Dropout(0.0)(x) is x
    assert np.array_equal(nn.Dropout(1.0)(x), np.zeros(50))
    assert nn.Dropout(0.5).eval()(x) is x
    assert functional.dropout(x, training=False) is x
    t = ad.tensor(x, requires_grad=True)
    nn.Dropout(1.0)(t).sum().backward()
    assert np.array_equal(t.grad, np.zeros(50))


def test_every_call_draws_a_new_mask_from_the_generator_given():
    x = np.ones(100)
    layer, same = nn.Dropout(0.5, rng=3), nn.Dropout(0.5, rng=np.random.default_rng(3))
    first, second = layer(x), layer(x)
    assert not np.array_equal(first, second)
    assert np.array_equal(first, same(x))
    assert np.array_equal(second, same(x))
    assert not np.array_equal(nn.Dropout(0.5)(x), nn.Dropout(0.5)(x))
    assert np.array_equal(functional.dropout(x, rng=7), functional.dropout(x, rng=7))


def test_the_backward_pass_uses_the_mask_of_the_forward_pass_each_time():
    x = ad.tensor(sample(200), requires_grad=True)
    y = nn.Dropout(0.25, rng=0)(x)
    mask = np.where(y.numpy() == 0, 0.0, 1 / 0.75)
    y.backward(np.ones(200))
    np.testing.assert_allclose(x.grad, mask, rtol=1e-15)
    y.backward(np.ones(200))
    np.testing.assert_allclose(x.grad, 2 * mask, rtol=1e-15)
    value, tangent = ad.jvp(nn.Dropout(0.25, rng=0), (x.data,), (np.ones(200),))
    np.testing.assert_allclose(tangent, mask, rtol=1e-15)
    np.testing.assert_allclose(value, y.numpy(), rtol=1e-15)
    ad.check_grads(lambda x: functional.dropout(x, 0.5, rng=5) ** 3, sample(6))


# --- embedding -----------------------------------------------------------------------------------


def test_embedding_looks_up_rows_and_adds_up_their_gradients():
    layer = nn.Embedding(5, 3, rng=0)
    ids = np.array([[0, 2], [2, 2], [4, 0]])
    y = layer(ids)
    assert y.shape == (3, 2, 3)
    assert np.array_equal(y.numpy(), layer.weight.data[ids])
    y.backward(np.ones(y.shape))
    assert layer.weight.grad.tolist() == [[2.0] * 3, [0.0] * 3, [3.0] * 3, [0.0] * 3, [1.0] * 3]
    assert layer(4).shape == (3,)
    assert layer(ad.tensor([1, 2])).shape == (2, 3)
    assert layer(np.array([], dtype=int)).shape == (0, 3)
    assert nn.Embedding(5, 3, dtype=np.float32)(ids).dtype == np.float32
    ad.check_grads(lambda w: functional.embedding(ids, w) ** 2, layer.weight.numpy())
    ad.check_grads(lambda w: functional.embedding(ids, w, 2)[0, 0] ** 2, layer.weight.numpy())


@pytest.mark.parametrize("padding", [None, 0, -1])
def test_embedding_is_pytorchs(padding):
    torch = pytest.importorskip("torch")
    ours = nn.Embedding(6, 4, padding_idx=padding, rng=0)
    theirs = torch.nn.Embedding(6, 4, padding_idx=padding).double()
    theirs.weight.data = torch.tensor(ours.weight.numpy())
    ids = np.array([[0, 5, 1], [5, 0, 1]], dtype=np.int32)
    ct = sample(2, 3, 4)
    y, v = ours(ids), theirs(torch.tensor(ids))
    y.backward(ct)
    v.backward(torch.tensor(ct))
    assert np.array_equal(y.numpy(), v.detach().numpy())
    np.testing.assert_allclose(ours.weight.grad, theirs.weight.grad.numpy(), rtol=1e-15)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert ours.padding_idx == theirs.padding_idx
    if padding is not None:
        assert ours.weight.data[padding].tolist() == [0, 0, 0, 0]


def test_the_padding_row_has_no_derivative_in_any_mode():
    w, ids = sample(4, 2), np.array([1, 3, 3])
    for mode in ("forward", "reverse"):
        jacobian = ad.jacobian(lambda w: functional.embedding(ids, w, padding_idx=3), mode=mode)(w)
        assert not jacobian[1:].any()
        assert jacobian[0, :, 1].tolist() == [[1, 0], [0, 1]]


# --- connections ---------------------------------------------------------------------------------


def test_residual_adds_its_input():
    f, shortcut = linear(3, 3), nn.Linear(3, 5, bias=False, rng=1)
    x = sample(4, 3)
    assert np.array_equal(nn.Residual(f)(x).numpy(), x + f(x).numpy())
    block = nn.Residual(nn.Sequential(linear(3, 5), nn.Tanh()), shortcut)
    assert np.array_equal(block(x).numpy(), shortcut(x).numpy() + block.module(x).numpy())
    assert names(block) == ["module.0.weight", "module.0.bias", "shortcut.weight"]
    nn.init.zeros_(f.weight)
    nn.init.zeros_(f.bias)
    t = ad.tensor(x, requires_grad=True)
    nn.Residual(f)(t).backward(np.ones((4, 3)))
    assert np.array_equal(t.grad, np.ones((4, 3)))  # the gradient comes through undiminished


def test_highway_is_the_formula_of_the_paper():
    layer = nn.Highway(3, rng=0)
    x = sample(4, 3)
    gate = 1 / (1 + np.exp(-(x @ layer.gate.weight.data - 2.0)))
    change = np.maximum(x @ layer.module[0].weight.data + layer.module[0].bias.data, 0)
    np.testing.assert_allclose(layer(x).numpy(), gate * change + (1 - gate) * x, rtol=1e-14)
    assert layer.gate.bias.data.tolist() == [-2.0] * 3
    other = nn.Highway(3, nn.Sequential(linear(3, 3), nn.Tanh()), gate_bias=60.0)
    np.testing.assert_allclose(other(x).numpy(), other.module(x).numpy(), rtol=1e-14)
    assert nn.Highway(3, dtype=np.float32)(sample(2, 3, dtype=np.float32)).dtype == np.float32
    assert names(layer) == ["module.0.weight", "module.0.bias", "gate.weight", "gate.bias"]


def test_dense_connections_hand_on_everything_before():
    f, g = linear(3, 2), linear(5, 4)
    x = sample(6, 3)
    y = nn.Sequential(nn.DenseConnection(f), nn.DenseConnection(g))(x).numpy()
    h = np.concatenate([x, f(x).numpy()], 1)
    assert np.array_equal(y, np.concatenate([h, g(h).numpy()], 1))
    images = sample(2, 3, 4, 4)
    assert nn.DenseConnection(nn.Tanh())(images).shape == (2, 6, 4, 4)
    assert nn.DenseConnection(nn.Tanh(), dim=-1)(images).shape == (2, 3, 4, 8)


CONNECTIONS = {
    "residual": lambda: nn.Residual(nn.Sequential(linear(3, 3), nn.Tanh())),
    "projection": lambda: nn.Residual(linear(3, 2), nn.Linear(3, 2, bias=False, rng=2)),
    "highway": lambda: nn.Highway(3, nn.Sequential(linear(3, 3), nn.Tanh()), gate_bias=0.3, rng=1),
    "dense": lambda: nn.DenseConnection(nn.Sequential(linear(3, 2), nn.Tanh())),
}


@pytest.mark.parametrize("build", CONNECTIONS.values(), ids=CONNECTIONS)
def test_derivatives_of_connections_agree_with_differences(build):
    model = build()
    ad.check_grads(lambda x: np.sin(model(x)), sample(4, 3))
    (np.sin(model(sample(4, 3)))).sum().backward()
    for name, parameter in model.named_parameters():
        direction = sample(*parameter.shape, seed=4)
        start, h = parameter.numpy(), 1e-5
        values = []
        for sign in (1, -1):
            parameter.data[...] = start + sign * h * direction
            values.append(np.sin(model(sample(4, 3)).numpy()).sum())
        parameter.data[...] = start
        slope = (values[0] - values[1]) / (2 * h)
        np.testing.assert_allclose(np.sum(parameter.grad * direction), slope, rtol=1e-7, atol=1e-9, err_msg=name)


# --- what a person reads, and refusals -------------------------------------------------------------

REPRS = [
    (nn.Flatten(), "Flatten(start_dim=1, end_dim=-1)"),
    (nn.Unflatten(1, (2, -1)), "Unflatten(dim=1, unflattened_size=(2, -1))"),
    (nn.Dropout(0.2), "Dropout(p=0.2)"),
    (nn.Embedding(4, 2, padding_idx=-1), "Embedding(4, 2, padding_idx=3)  # 8 parameters"),
    (
        nn.BatchNorm1d(3),
        "BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)  # 6 parameters",
    ),
    (nn.LayerNorm((2, 3), bias=False), "LayerNorm((2, 3), eps=1e-05, elementwise_affine=True, bias=False)  # 6 para"),
    (nn.Highway(2), "Highway(2, gate_bias=-2.0\n  (module): Sequential(\n    (0): Linear(2, 2)  # 6 parameters\n"),
    (nn.Residual(linear(2, 2)), "Residual(\n  (module): Linear(2, 2)  # 6 parameters\n)  # 6 parameters"),
    (nn.DenseConnection(nn.Tanh()), "DenseConnection(dim=1\n  (module): Tanh()\n)"),
    (nn.ModuleList([nn.Tanh()]), "ModuleList(\n  (0): Tanh()\n)"),
    (nn.ModuleDict({"a": nn.Tanh()}), "ModuleDict(\n  (a): Tanh()\n)"),
]


@pytest.mark.parametrize(("module", "text"), REPRS, ids=[text[:12] for _, text in REPRS])
def test_repr(module, text):
    assert repr(module).startswith(text)


TANH = nn.Tanh()
REFUSALS = [
    (lambda: nn.Sequential(TANH, 3), TypeError, "Sequential: layer 1 must be a module; got int"),
    (lambda: nn.Sequential([TANH]), TypeError, "Sequential: layer 0 must be a module; got list"),
    (lambda: nn.Sequential({"a.b": TANH}), ValueError, "a name must not be empty or have a dot; got 'a.b'"),
    (lambda: nn.Sequential({"forward": TANH}), ValueError, "belongs to the module's own attribute; got 'forward'"),
    (lambda: nn.Sequential({1: TANH}), TypeError, "names are strings; got int 1"),
    (lambda: nn.Sequential(TANH).append(np.tanh), TypeError, "layer 1 must be a module; got ufunc"),
    (lambda: nn.Sequential(TANH)[1], IndexError, "Sequential: has 1 layers; got index 1"),
    (lambda: nn.Sequential(TANH)[-2], IndexError, "Sequential: has 1 layers; got index -2"),
    (lambda: nn.Sequential(TANH)["0"], TypeError, "Sequential: index must be an integer; got str '0'"),
    (lambda: nn.Sequential().pop(), IndexError, "Sequential: has 0 layers"),
    (lambda: nn.Sequential(TANH).missing, AttributeError, "'Sequential' object has no attribute 'missing'"),
    (lambda: nn.ModuleList(3), TypeError, "ModuleList: takes a list of modules; got one int"),
    (lambda: nn.ModuleList([1]), TypeError, "ModuleList: layer 0 must be a module; got int"),
    (lambda: nn.ModuleList([TANH])(1.0), TypeError, "ModuleList: has no forward function"),
    (lambda: nn.ModuleDict({"a": 1}), TypeError, "ModuleDict: `a` must be a module; got int"),
    (lambda: nn.ModuleDict({"keys": TANH}), ValueError, "belongs to the module's own attribute; got 'keys'"),
    (lambda: nn.ModuleDict({"": TANH}), ValueError, "a name must not be empty"),
    (lambda: nn.ModuleDict([TANH]), TypeError, "ModuleDict: takes a dict from names to modules; got list"),
    (lambda: nn.ModuleDict(3), TypeError, "ModuleDict: takes a dict from names to modules; got int"),
    (lambda: nn.ModuleDict({"a": TANH})["b"], KeyError, "holds no module of this name; got 'b'. It has: 'a'"),
    (lambda: nn.Flatten(1.5), TypeError, "Flatten: start_dim must be an integer; got float 1.5"),
    (lambda: nn.Flatten(2, 1)(np.ones((2, 3, 4))), ValueError, r"axes 2 to 1, in this order; got shape \(2, 3, 4\)"),
    (lambda: nn.Flatten()(np.ones(3)), ValueError, r"axes 1 to -1, in this order; got shape \(3,\)"),
    (lambda: nn.Unflatten(1, (2, 0)), ValueError, "Unflatten: unflattened_size must be at least 1; got 0"),
    (lambda: nn.Unflatten(1, (-1, -1)), ValueError, r"only one size can be computed; got \(-1, -1\)"),
    (lambda: nn.Unflatten(1, (2, 2))(np.ones((3, 5))), ValueError, r"axis 1 must be as long as.*got shape \(3, 5\)"),
    (lambda: nn.Unflatten(1, (2, -1))(np.ones((3, 5))), ValueError, r"axis 1 must be as long as.*got shape \(3, 5\)"),
    (lambda: nn.Unflatten(2, (2, 2))(np.ones((3, 4))), ValueError, r"has no axis 2; got shape \(3, 4\)"),
    (lambda: nn.Dropout(1.5), ValueError, r"Dropout: p must lie in \[0, 1\]; got 1.5"),
    (lambda: nn.Dropout(float("nan")), ValueError, r"Dropout: p must lie in \[0, 1\]; got nan"),
    (lambda: nn.Dropout(True), TypeError, "Dropout: p must be a number; got bool True"),
    (lambda: functional.dropout(np.ones(3), -0.1), ValueError, r"dropout: p must lie in \[0, 1\]; got -0.1"),
    (lambda: nn.Dropout()(np.arange(3)), TypeError, "dropout: the input must be floats; got dtype int64"),
    (lambda: nn.Embedding(0, 3), ValueError, "Embedding: num_embeddings must be at least 1; got 0"),
    (lambda: nn.Embedding(3, "2"), TypeError, "Embedding: embedding_dim must be an integer; got str '2'"),
    (lambda: nn.Embedding(3, 2, padding_idx=3), ValueError, "padding_idx must be one of the 3 rows; got 3"),
    (lambda: nn.Embedding(3, 2)([0, 3]), ValueError, "embedding: the table has rows 0 to 2; got values from 0 to 3"),
    (lambda: nn.Embedding(3, 2)([0, -1]), ValueError, "embedding: the table has rows 0 to 2; got values from -1 to 0"),
    (lambda: nn.Embedding(3, 2)([0.0]), TypeError, "embedding: the input must be integers.*got dtype float64"),
    (lambda: nn.Embedding(3, 2)([True]), TypeError, "embedding: the input must be integers.*got dtype bool"),
    (lambda: nn.Residual(np.tanh), TypeError, "Residual: module must be a module; got ufunc"),
    (lambda: nn.Residual(TANH, 3), TypeError, "Residual: shortcut must be a module; got int"),
    (lambda: nn.Residual(linear(3, 1))(np.ones((2, 3))), ValueError, r"Residual: .*got \(2, 3\) and \(2, 1\).*shortc"),
    (lambda: nn.Highway(0), ValueError, "Highway: features must be at least 1; got 0"),
    (lambda: nn.Highway(2, np.tanh), TypeError, "Highway: module must be a module; got ufunc"),
    (lambda: nn.Highway(2, gate_bias=float("nan")), ValueError, "gate_bias must be finite; got nan"),
    (lambda: nn.Highway(2, linear(2, 3))(np.ones((4, 2))), ValueError, r"keep the shape.*got \(4, 3\) from \(4, 2\)"),
    (lambda: nn.DenseConnection(1), TypeError, "DenseConnection: module must be a module; got int"),
    (
        lambda: nn.DenseConnection(linear(2, 3), dim=0)(np.ones((4, 2))),
        ValueError,
        r"differ along axis 0 alone; got \(4, 2\) and \(4, 3\)",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSALS, ids=[message[:40] for _, _, message in REFUSALS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
