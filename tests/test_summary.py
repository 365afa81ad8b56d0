"""The summary of a model: shapes, parameters, FLOP counted by hand, and the memory that is really kept."""

import gc
import json
import tracemalloc

import numpy as np
import pytest

import autodiff as ad
import nn
import nn.summary


def sample(*shape, dtype=np.float64):
    return np.random.default_rng(0).normal(size=shape).astype(dtype)


def network():
    return nn.Sequential(
        nn.Linear(6, 20, rng=0), nn.BatchNorm1d(20), nn.Tanh(), nn.Dropout(0.5, rng=0), nn.Linear(20, 3)
    )


class Branched(nn.Module):
    """Uses one layer three times, has a parameter and operations of its own, and a layer that is not used."""

    def __init__(self):
        self.fc = nn.Linear(3, 3, rng=0)
        self.scale = nn.Parameter(np.ones(3))
        self.unused = nn.Linear(2, 2)
        self.steps = nn.ModuleList([nn.Linear(3, 3, rng=1)])

    def forward(self, x):
        h = np.tanh(x * self.scale)
        for _ in range(3):
            h = self.fc(h)
        return {"out": self.steps[0](h), "hidden": h}


# --- the table -----------------------------------------------------------------------------------


def test_a_summary_is_a_table_with_aligned_columns():
    model = nn.Sequential({"hidden": nn.Linear(4, 1000), "act": nn.ReLU(), "out": nn.Linear(1000, 1)})
    model.out.requires_grad_(False)
    lines = str(model.summary(sample(32, 4))).splitlines()
    assert lines[0].split("  ")[0] == "layer"
    assert [line.split()[:2] for line in lines[2:5]] == [["hidden", "Linear"], ["act", "ReLU"], ["out", "Linear"]]
    table = lines[:7]
    for column in ("parameters", "FLOP", "kept / B"):  # right-aligned: nothing but blanks follows each number
        end = lines[0].index(column) + len(column)
        assert all(len(line) <= end or line[end] in " ─" for line in table)
        assert all(line[end - 1] != " " for line in table)
    assert lines[6].split()[:3] == ["total", "6,001", f"{32 * 1000 * 9 + 32 * 1000 + 32 * 2001:,}"]
    assert "parameters  5,000 trainable, 1,001 frozen" in lines
    assert len(set(map(len, table))) == 1


def test_rows_are_data():
    summary = network().summary(sample(8, 6))
    assert [row.path for row in summary.rows] == ["0", "1", "2", "3", "4"]
    assert [row.kind for row in summary.rows] == ["Linear", "BatchNorm1d", "Tanh", "Dropout", "Linear"]
    assert [row.output_shape for row in summary.rows] == [(8, 20)] * 4 + [(8, 3)]
    assert [row.parameters for row in summary.rows] == [140, 40, 0, 0, 63]
    assert summary.parameters == summary.trainable == 243
    assert summary.frozen == 0
    data = summary.to_dict()
    assert json.loads(json.dumps(data))["kept"] == sum(row["kept"] for row in data["rows"]) == summary.kept
    assert data["flop"] == sum(row["flop"] for row in data["rows"])
    assert data["flop_is_complete"] is True
    assert repr(summary) == str(summary)


def test_layers_that_are_shared_unused_or_of_ones_own():
    summary = Branched().summary(sample(5, 3))
    rows = {row.path: row for row in summary.rows}
    assert list(rows) == ["", "fc", "unused", "steps.0"]
    assert rows[""].output_shape == ((5, 3), (5, 3))
    assert rows[""].parameters == 3
    assert rows[""].flop == 2 * 5 * 3
    assert rows["fc"].calls == 3
    assert rows["fc"].parameters == 12
    assert rows["fc"].flop == 3 * 5 * 3 * 7
    assert rows["unused"].output_shape is None
    assert rows["unused"].calls == rows["unused"].flop == rows["unused"].kept == 0
    assert summary.flop_is_complete
    text = str(summary)
    for part in ("(model)", "fc ×3", "not called", "450"):
        assert part in text
    assert summary.kept == sum(array.nbytes for array in kept_by(Branched(), sample(5, 3)))


def test_a_single_layer_and_tied_layers():
    assert [row.path for row in nn.Linear(2, 3).summary(np.ones((4, 2))).rows] == [""]
    shared = nn.Linear(3, 3)
    summary = nn.Sequential(shared, nn.Tanh(), shared).summary(np.ones((4, 3)))
    assert summary.parameters == 12
    assert [row.calls for row in summary.rows] == [2, 1]


def test_the_model_is_left_as_it_was():
    model, twin = network(), network()
    twin.load_state_dict(model.state_dict())
    before = model.state_dict()
    running = model[1].running_mean
    model.summary(sample(8, 6))
    for name, value in model.state_dict().items():
        assert np.array_equal(value, before[name])
    assert model[1].running_mean is running
    assert np.array_equal(model(sample(8, 6)).numpy(), twin(sample(8, 6)).numpy())  # the same mask comes next
    assert not any(module._forward_hooks for module in model.modules())
    assert all(p.grad is None for p in model.parameters())
    with pytest.raises(ValueError, match="BatchNorm1d"):
        nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(5)).summary(sample(8, 6))
    failing = nn.Sequential(nn.BatchNorm1d(6), nn.Linear(5, 1))
    with pytest.raises(ValueError, match="Linear"):
        failing.summary(sample(8, 6))
    assert not any(module._forward_hooks for module in failing.modules())
    assert not failing[0].running_mean.any()


# --- memory ----------------------------------------------------------------------------------------


def kept_by(model, x):
    output = model(x)
    return ad.retained(*output.values()) if isinstance(output, dict) else ad.retained(output)


def test_kept_memory_is_what_python_holds():
    model = nn.Sequential(nn.Linear(50, 300, rng=0), nn.BatchNorm1d(300), nn.Tanh(), nn.Residual(nn.Linear(300, 300)))
    X = sample(200, 50)
    summary = model.summary(X)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        y = model(X)
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert abs(held - y.nbytes - summary.kept) < 12_000  # byte: nodes and array headers; y itself is no residual
    assert summary.kept > 1_000_000


def test_kept_memory_belongs_to_the_layer_whose_rule_reads_it():
    rows = nn.Sequential(nn.Linear(6, 20), nn.Sigmoid(), nn.Linear(20, 3)).summary(sample(8, 6)).rows
    assert rows[0].kept == 8 * 6 * 8  # the copy of X; the weight is not read, since X needs no gradient
    assert rows[2].kept >= 20 * 3 * 8  # the copy of the weight
    tracked = nn.Linear(6, 20).summary(ad.tensor(sample(8, 6), requires_grad=True))
    assert tracked.kept == (8 * 6 + 6 * 20) * 8


def test_nothing_is_kept_where_nothing_is_learned():
    model = network().requires_grad_(False).eval()
    summary = model.summary(sample(8, 6))
    assert summary.kept == 0
    assert summary.frozen == 243
    with ad.no_grad():
        assert network().summary(sample(8, 6)).kept == 0


def test_float32_keeps_half():
    def summary(dtype):
        model = nn.Sequential(nn.Linear(6, 20, dtype=dtype), nn.Sigmoid(), nn.Linear(20, 3, dtype=dtype))
        return model.summary(sample(8, 6, dtype=dtype))

    assert summary(np.float64).kept == 2 * summary(np.float32).kept


# --- FLOP --------------------------------------------------------------------------------------------

COUNTS = [
    (nn.Linear(100, 30), (64, 100), 2 * 64 * 100 * 30 + 64 * 30),
    (nn.Linear(100, 30, bias=False), (5, 64, 100), 5 * 2 * 64 * 100 * 30),
    (nn.Conv1d(4, 6, 3), (8, 4, 10), 8 * 6 * 8 * (2 * 4 * 3 + 1)),
    (nn.Conv2d(4, 6, 3, padding=1, groups=2, bias=False), (8, 4, 10, 10), 8 * 6 * 100 * 2 * 2 * 9),
    (nn.MaxPool2d(2), (8, 4, 10, 10), 8 * 4 * 25 * 3),
    (nn.AvgPool1d(3, stride=1), (8, 4, 10), 8 * 4 * 8 * 3),
    (nn.AdaptiveAvgPool2d(1), (8, 4, 7, 5), 8 * 4 * (35 + 5)),  # the mean of each column, and of these
    (nn.AdaptiveAvgPool2d((2, 2)), (1, 1, 5, 4), (3 + 3) * 4 + 2 * (2 + 2)),
    (nn.ReLU(), (8, 5), 40),
    (nn.Sigmoid(), (8, 5), 3 * 40),  # 1 / (1 + exp(−x)), −x being free
    (nn.GELU(), (8, 5), 3 * 40),
    (nn.Identity(), (8, 5), 0),
    (nn.Softmax(-1), (8, 5), 5 * 40),
    (nn.LogSoftmax(-1), (8, 5), 5 * 40),
    (nn.BatchNorm1d(5), (8, 5), 7 * 40 + 3 * 5),  # for each channel v + ε, its root, the inverse
    (nn.BatchNorm1d(5).eval(), (8, 5), 4 * 40),
    (nn.BatchNorm1d(5, affine=False, track_running_stats=False).eval(), (8, 5), 5 * 40 + 3 * 5),
    (nn.LayerNorm(5, bias=False), (8, 5), 6 * 40 + 3 * 8),
    (nn.Dropout(0.5), (8, 5), 40),
    (nn.Dropout(0.5).eval(), (8, 5), 0),
    (nn.Flatten(), (8, 5, 2), 0),
]


@pytest.mark.parametrize(("layer", "shape", "count"), COUNTS, ids=lambda x: type(x).__name__)
def test_flop_by_hand(layer, shape, count):
    summary = layer.summary(sample(*shape))
    assert summary.flop == count
    assert summary.flop_is_complete


def test_flop_of_connections_are_their_own_and_those_inside():
    summary = nn.Residual(nn.Linear(4, 4)).summary(sample(8, 4))
    assert [(row.kind, row.flop) for row in summary.rows] == [("Residual", 32), ("Linear", 32 * 9)]
    assert nn.DenseConnection(nn.Linear(4, 2)).summary(sample(8, 4)).flop == 16 * 9
    assert nn.Highway(4).summary(sample(8, 4)).flop == 2 * 32 * 9 + 32 + 3 * 32 + 4 * 32
    assert nn.Embedding(5, 3).summary(np.array([1, 2])).flop == 0


def test_flop_are_those_of_the_graph():
    model = Branched()
    x = sample(5, 3)
    assert model.summary(x).flop == ad.record(model, x).cost().function.flop


def test_a_layer_is_unknown_until_its_operation_says_what_it_costs():
    @ad.primitive
    def cubed(x):
        return np.array([v**3 for v in x.ravel().tolist()]).reshape(x.shape)

    class Cube(nn.Module):
        def forward(self, x):
            return cubed(x)

    cubed.defvjp(lambda ct, _y, x: ct * 3 * x * x)
    model = nn.Sequential(nn.Linear(3, 3), Cube())
    summary = model.summary(np.ones((4, 3)))
    assert [row.flop for row in summary.rows] == [4 * 3 * 7, None]
    for part in ("?", "≥ 84", "and what is done in the layers with ?"):
        assert part in str(summary)
    cubed.defflop(lambda y, _x: 2 * y.size)
    assert [row.flop for row in model.summary(np.ones((4, 3))).rows] == [4 * 3 * 7, 24]


def test_what_only_plain_arrays_can_do_is_not_counted():
    class Looked(nn.Module):
        def forward(self, x):
            return np.asarray(x) * 2.0

    summary = Looked().summary(np.ones(3))
    assert [row.flop for row in summary.rows] == [None]
    assert not summary.flop_is_complete


def test_hooks_of_ones_own_see_the_one_call():
    model = network()
    seen = []
    model[0].register_forward_hook(lambda _module, _args, output: seen.append(type(output)))
    model.summary(sample(8, 6))
    assert seen == [ad.Tensor]
    assert len(model[0]._forward_hooks) == 1
    assert model[1]._forward_hooks == ()


REFUSALS = [
    (lambda: nn.Linear(2, 3).summary(), TypeError, "summary: the shapes follow from an input; got none"),
    (lambda: nn.summary.summarize(np.tanh, 1.0), TypeError, "summary: describes a module; got a ufunc"),
    (lambda: nn.Linear(2, 3).summary(np.ones((2, 5))), ValueError, r"in_features=2 long; got shape \(2, 5\)"),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSALS, ids=[message[:40] for _, _, message in REFUSALS])
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
