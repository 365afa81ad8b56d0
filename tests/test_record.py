"""Recording: the graph, its names, labels and order, and the sweeps over it."""

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff.graph import Graph, Node
from autodiff.readers.sweeps import adjoints, tangents
from autodiff.tree import flatten


def textbook(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


def functions(graph):
    return [node.function for node in graph.operations]


def test_the_trace_of_the_textbook():
    graph = ad.record(textbook, 2.0, 5.0)
    assert [node.name for node in graph] == ["v-1", "v0", "v1", "v2", "v3", "v4", "v5"]
    assert [node.symbol for node in graph.inputs] == ["v₋₁", "v₀"]
    assert [node.label for node in graph.inputs] == ["x1", "x2"]
    assert functions(graph) == ["np.log", "np.multiply", "np.sin", "np.add", "np.subtract"]  # Baydin et al., Table 2
    assert graph.output is graph.nodes[-1]
    assert graph.output.value == textbook(2.0, 5.0)


def test_both_sweeps_of_the_textbook():
    graph = ad.record(textbook, 2.0, 5.0)
    x1, x2 = graph.inputs
    for seed, expected in ((x1, [0.5, 5, 0, 5.5, 5.5]), (x2, [0, 2, np.cos(5.0), 2, 2 - np.cos(5.0)])):
        dots = tangents(graph, {seed: 1.0})
        np.testing.assert_allclose([dots[node] for node in graph.operations], expected, rtol=1e-15)
    bars, terms = adjoints(graph)
    np.testing.assert_allclose([bars[x1], bars[x2]], [5.5, 2 - np.cos(5.0)], rtol=1e-15)
    assert [t.total for t in terms if t.operand is x2] == [-np.cos(5.0), 2 - np.cos(5.0)]


def test_labels_are_the_users_names():
    def model(w, x):
        z = w * x
        a = np.tanh(z)
        return ad.label(a + 1.0, "out")

    graph = ad.record(model, 2.0, 3.0)
    assert [node.label for node in graph] == ["w", "x", "z", "a", "out"]
    assert graph.operations[0].position.filename == __file__
    assert ad.label(np.ones(2), "plain").tolist() == [1, 1]
    with pytest.raises(TypeError, match=r"label: a name is a string; got a int\. Write ad\.label"):
        ad.label(1.0, 3)


def test_of_a_call_made_of_several_steps_the_last_has_the_name():
    def f(x):
        norm = np.mean((x - 1.0) ** 2)
        g = ad.grad(lambda x: np.sum(x**3))(x)
        return norm + np.sum(g)

    labels = [node.label for node in ad.record(f, np.ones(3))]
    assert labels.count("norm") == labels.count("g") == 1


def test_inputs_in_containers_have_paths_and_other_arguments_stay():
    def f(params, n):
        return n * params["w"][0] + params["b"]

    graph = ad.record(f, {"w": [1.0, 2.0], "b": np.ones(2)}, 3)
    assert [node.label for node in graph.inputs] == ["params['w'][0]", "params['w'][1]", "params['b']"]
    assert [node.symbol for node in graph.inputs] == ["v₋₂", "v₋₁", "v₀"]


def test_parameters_of_a_model_are_inputs_with_their_scope():
    model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Tanh(), nn.Linear(3, 1, rng=0))
    decay = lambda: sum((p**2).sum() for p in model.parameters())  # noqa: E731
    graph = ad.record(lambda x: np.sum(model(x)) + decay(), np.ones((4, 2)))
    assert [node.kind for node in graph.inputs] == ["input"] + ["parameter"] * 4
    assert graph.inputs[1].label == "weight"
    assert graph.inputs[1].scope == ("Sequential", "0 (Linear)")
    tanh = next(node for node in graph if node.function == "np.tanh")
    assert tanh.scope == ("Sequential", "1 (Tanh)")
    bars, _ = adjoints(graph)
    (np.sum(model(np.ones((4, 2)))) + decay()).backward()
    for node, parameter in zip(graph.inputs[1:], model.parameters(), strict=True):
        np.testing.assert_allclose(bars[node], parameter.grad, rtol=1e-14)
    assert all(p.grad is not None for p in model.parameters())


def test_recording_leaves_no_trace_in_tensors():
    w = ad.tensor([1.0, 2.0], requires_grad=True)
    graph = ad.record(lambda x: np.sum(w * x), np.ones(2))
    assert w.grad is None and len(graph.inputs) == 2
    w.data[0] = 100.0
    assert graph.inputs[1].value.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("transform", [ad.grad, ad.hessian, ad.jacobian, ad.elementwise_grad])
def test_a_derivative_is_recorded_as_the_operations_it_is(transform):
    f = (lambda x: np.tanh(x) * x) if transform is ad.elementwise_grad else (lambda x: np.sum(np.tanh(x) * x**3))
    x = np.array([0.3, -1.2, 2.0])
    graph = ad.record(transform(f), x)
    assert graph.inputs[0].label == "x"
    np.testing.assert_array_equal(graph.output.value, transform(f)(x))
    v = np.array([1.0, 2.0, -1.0])
    dot = tangents(graph, {graph.inputs[0]: v})[graph.output]
    np.testing.assert_array_equal(dot, ad.jvp(transform(f), (x,), (v,))[1])


def test_several_outputs_and_their_adjoints():
    def f(a):
        w, v = np.linalg.eigh(a + a.T)
        return np.sum(w**3) + v[0, 0] ** 2

    a = np.random.default_rng(0).normal(size=(3, 3))
    graph = ad.record(f, a)
    assert [node.kind for node in graph].count("output") == 2
    bars, _ = adjoints(graph)
    np.testing.assert_allclose(bars[graph.inputs[0]], ad.grad(f)(a), rtol=1e-12)
    v = np.ones((3, 3))
    np.testing.assert_allclose(
        tangents(graph, {graph.inputs[0]: v})[graph.output], ad.jvp(f, (a,), (v,))[1], rtol=1e-12
    )


def test_assignment_and_views_are_recorded():
    def f(x):
        y = x * 1.0
        y[:2] = 2.0 * y[1:]
        v = y[1:]
        v *= 3.0
        return np.sum(y**2)

    x = np.array([1.0, 2.0, 3.0])
    graph = ad.record(f, x)
    assert graph.output.value == f(x)
    np.testing.assert_allclose(adjoints(graph)[0][graph.inputs[0]], ad.grad(f)(x), rtol=1e-15)


def test_results_in_containers_and_constants():
    graph = ad.record(lambda x: {"a": x, "b": (2.0 * x, 7.0)}, 3.0)
    values = [o.value if isinstance(o, Node) else o for o in graph.outputs]
    assert graph.structure.unflatten(values) == {"a": 3.0, "b": (6.0, 7.0)}
    assert flatten({"a": 0.0, "b": (0.0, 0.0)})[1] == graph.structure
    with pytest.raises(ValueError, match=r"Graph: one result that depends on the inputs is needed; got 2 of 3"):
        _ = graph.output


def test_a_captured_array_that_changes_later_does_not_change_the_graph():
    c = np.array([1.0, 2.0])
    graph = ad.record(lambda x: np.sum(c * x), np.ones(2))
    c[:] = 0.0
    assert graph.operations[0].operands[0].tolist() == [1.0, 2.0]


def test_the_checker_notices_a_graph_out_of_order():
    graph = ad.record(textbook, 2.0, 5.0)
    a, b = graph.operations[0], graph.operations[3]
    a.operands = (b,)
    with pytest.raises(ValueError, match=r"Graph: an operand must stand before its use; got v₄ of v₁"):
        graph.check()


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: ad.record(lambda x: float(x), 1.0), TypeError, r"float: the result would leave the graph"),
        (lambda: ad.record(lambda x: np.asarray(x), 1.0), TypeError, r"np\.asarray: the result would leave the graph"),
        (
            lambda: ad.grad(lambda y: ad.record(lambda x: x * y, 1.0).output.value)(2.0),
            TypeError,
            r"record: a value of another transformation came in; got a Tensor\. Record the outermost",
        ),
        (lambda: ad.record(textbook, 2.0, 5.0).tabel, AttributeError, r"Graph: has no 'tabel'\. It has"),
        (
            lambda: adjoints(ad.record(lambda x: x * 2.0, np.ones(2))),
            ValueError,
            r"adjoints: a gradient needs a scalar",
        ),
    ],
)
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_the_order_within_a_line_is_a_topological_one():
    rng = np.random.default_rng(0)
    for _ in range(20):
        c = rng.normal(size=5)
        f = lambda x: np.sum(np.sin(x * c[0]) * (np.cos(x) + c[1]) / (c[2] + x**2) - x * np.tanh(x * c[3]))  # noqa: B023, E731
        x = rng.normal(size=3)
        graph = ad.record(f, x)
        assert isinstance(graph, Graph)  # `check` ran
        np.testing.assert_allclose(adjoints(graph)[0][graph.inputs[0]], ad.grad(f)(x), rtol=1e-13)
