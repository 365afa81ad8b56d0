"""Costs: operations counted on the recorded rules, memory, and which mode wins."""

import ast

import numpy as np
import pytest
import sympy

import autodiff as ad
import nn
from autodiff.readers.cost import BOUND
from autodiff.readers.flop import Counter
from autodiff.readers.modes import ModeComparison, Times
from autodiff.readers.recording import recorded_sweep


def lecture(x):
    return np.sqrt(x**2 + np.exp(x**2))


def with_intermediates(x):
    a = x**2
    b = np.exp(a)
    c = a + b
    d = np.sqrt(c)
    return d, x * (1.0 + b) / d


def printed_operations(expression):
    """Count the operators and calls of the code that SymPy prints, as the lecture does."""
    return sum(isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Call)) for node in ast.walk(ast.parse(str(expression))))


def test_the_count_of_the_lecture():
    x = sympy.Symbol("x")
    value = sympy.sqrt(x * x + sympy.exp(x * x))
    assert printed_operations(value) == 5
    assert printed_operations(sympy.diff(value, x)) == 10
    assert ad.record(with_intermediates, 1.3).cost().function == (7, 7)  # about half of 15


def test_the_sweeps_of_the_lecture():
    cost = ad.record(lambda x: np.sqrt((a := x**2) + np.exp(a)), 1.3).cost()
    assert cost.function == (4, 4)
    # x̄: c̄ = 1 · 0.5 / d, b̄ = c̄, ā = c̄ + b̄ b, x̄ = ā (x + x)
    assert [node.function for node in recorded_sweep(ad.record(lecture, 1.3), "reverse").operations].count(
        "np.add"
    ) == 3
    assert cost.adjoint == (6, 6)
    assert cost.tangent == (6, 6)
    assert cost.kept == 3 * 8  # x, exp(a) and d
    assert cost.forward_ratio == cost.reverse_ratio == 2.5


@pytest.mark.parametrize(
    ("f", "args", "flop"),
    [
        (np.sin, (np.ones((2, 3)),), 6),
        (np.add, (np.ones((2, 1)), np.ones(3)), 6),
        (np.matmul, (np.ones((2, 3)), np.ones((3, 4))), 48),
        (np.matmul, (np.ones((5, 2, 3)), np.ones(3)), 60),
        (np.dot, (np.ones(7), np.ones(7)), 14),
        (lambda a, b: np.tensordot(a, b, 1), (np.ones((2, 3)), np.ones((3, 4))), 48),
        (lambda a, b: np.einsum("...ij,jk->...ik", a, b), (np.ones((5, 2, 3)), np.ones((3, 4))), 240),
        (np.outer, (np.ones(2), np.ones(3)), 6),
        (ad.affine, (np.ones((2, 3)), np.ones((3, 4)), np.ones(4)), 56),
        (np.sum, (np.ones((4, 5)),), 19),
        (lambda x: np.sum(x, axis=0), (np.ones((4, 5)),), 15),
        (np.mean, (np.ones((4, 5)),), 20),
        (lambda x: np.transpose(x).reshape(-1)[2:], (np.ones((4, 5)),), 0),
        (np.linalg.solve, (np.eye(3), np.ones(3)), 36),
        (np.prod, (np.ones(8),), 7),
        (ad.logistic, (np.ones(4),), 12),
        (lambda x: np.where(x > 0, x, 0.0), (np.ones(4),), 8),
    ],
)
def test_operations_from_shapes(f, args, flop):
    counter = Counter()
    assert counter.graph(ad.record(f, *args)).flop == flop
    assert not counter.estimated


def test_a_weight_for_transcendental_functions():
    graph = ad.record(lambda x: np.sum(np.exp(x) * x), np.ones(10))
    assert graph.cost().function.flop == 29
    assert graph.cost(transcendental=20).function.flop == 219


def test_what_has_no_formula_is_named():
    @ad.primitive
    def squares(x):
        return np.array([v * v for v in x.tolist()])

    squares.defvjp(lambda ct, _y, x: 2 * ct * x)
    cost = ad.record(lambda x: np.sum(squares(x)), np.ones(3)).cost()
    assert cost.estimated == ("squares",)
    assert "counted as one operation for each entry of the result: squares" in str(cost)


IMAGES = np.ones((2, 4, 8, 8))
KERNELS = np.ones((6, 4, 3, 3))


@pytest.mark.parametrize(
    ("f", "args", "function", "sweep"),
    [
        (nn.functional.conv2d, (IMAGES, KERNELS), 2 * (2 * 6 * 36) * 36, 2 * 2 * (2 * 6 * 36) * 36),
        (lambda x: nn.functional.max_pool2d(x, 2), (IMAGES,), 2 * 4 * 16 * 3, 4 * 2 * 4 * 64),
        (lambda z: nn.functional.cross_entropy(z, np.array([1, 0])), (np.ones((2, 3)),), 6 * 6, 6),
    ],
    ids=["convolution", "pooling", "cross-entropy"],
)
def test_operations_that_say_what_they_cost(f, args, function, sweep):
    cost = ad.record(f, *args).cost()
    assert (cost.function.flop, cost.adjoint.flop) == (function, sweep)
    assert not cost.estimated


def test_the_flop_of_each_operation():
    graph = ad.record(lambda x: np.sum(np.exp(x.T)), np.ones((2, 3)))
    assert [(node.function, count) for node, count in graph.flop().items()] == [
        ("np.transpose", 0), ("np.exp", 6), ("np.sum", 5)
    ]  # fmt: skip


def test_a_sort_counts_along_its_axis():
    assert ad.record(lambda x: x[np.argsort(x)], np.ones(8)).cost().function.flop == 8 * 3
    costs = ad.record(lambda x: np.argsort(x, axis=0) * x, np.ones((4, 2))).flop()
    assert next(iter(costs.values())) == 8 * 2


def test_graph_program_and_summary_count_alike():
    layer = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Conv1d(5, 2, 2))
    x = np.ones((2, 5, 3))
    fast = ad.compile(layer)
    fast(x)
    counts = {layer.summary(x).flop, ad.record(layer, x).cost().function.flop, fast.cost().flop}
    assert counts == {2 * 5 * 4 * 7 + 2 * 5 * 4 + 2 * 2 * 3 * (2 * 5 * 2 + 1)}


def network(x, W1, b1, W2, b2):
    return np.mean((np.tanh(x @ W1 + b1) @ W2 + b2) ** 2)


def parameters():
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in ((64, 10), (10, 50), 50, (50, 3), 3)]


def test_the_memory_is_what_the_tape_keeps():
    args = parameters()
    tensors = [ad.tensor(a, requires_grad=True) for a in args]
    assert ad.record(network, *args).cost().kept == sum(a.nbytes for a in ad.retained(network(*tensors)))


def test_the_theory_holds():
    """Value and one sweep cost less than 6 times the value, of polynomials, networks and solutions."""
    rng = np.random.default_rng(0)
    for f, args in (
        (network, parameters()),
        (lecture, [1.3]),
        (lambda x: np.prod(x) * np.sin(x[0]), [rng.normal(size=16)]),
        (lambda a, b: np.sum(np.linalg.solve(a, b) ** 2), [np.eye(8) + 0.1, np.ones(8)]),
        (lambda x: np.log(np.sum(np.exp(x))), [rng.normal(size=20)]),
    ):
        cost = ad.record(f, *args).cost()
        assert 1 < cost.reverse_ratio < BOUND
        assert 1 < cost.forward_ratio < BOUND


def test_the_ledger():
    ledger = ad.compare_modes(network, *parameters(), repeats=2)
    assert (ledger.cost.n, ledger.cost.m, ledger.winner) == (64 * 10 + 500 + 50 + 150 + 3, 1, "reverse")
    assert ledger.reason.startswith("Reverse mode wins, 1 adjoint sweep against 1,343 tangent sweeps: ")
    assert ledger.reason.endswith("times fewer operations, because there are 1,343 inputs and 1 result.")
    assert all(time > 0 for time in ledger.times)
    forward = ad.compare_modes(lambda t: np.sin(t * np.arange(1.0, 30.0)), 0.3, repeats=2)
    assert forward.winner == "forward"
    assert "because there is 1 input and 29 results" in forward.reason
    assert ad.compare_modes(lambda x: x, 2.0, repeats=2).reason.startswith("The modes tie: 1 tangent sweep and 1")
    for words in ("sweeps", "c of one, counted", "c of one, measured", "theory: less than", "byte"):
        assert words in str(ledger)
    with pytest.raises(ValueError, match="compare_modes: the results must depend on the arguments; got a constant"):
        ad.compare_modes(lambda _x: 3.0, 1.0)


def test_the_picture(tmp_path):
    cost = ad.record(lecture, 1.3).cost()
    figure = ModeComparison(cost, Times(1.0, 2.0, 3.0)).plot(tmp_path / "modes.png")
    assert (tmp_path / "modes.png").read_bytes().startswith(b"\x89PNG")
    (axes,) = figure.axes
    assert axes.get_xlabel() == "n, inputs"
    assert [line.get_label() for line in axes.lines] == ["as many: m = 1 n", "lecture: n = 1, m = 1"]
