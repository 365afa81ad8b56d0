"""Evaluation traces: the numbers of the textbook, the layouts, and that they are what the engine computes."""

import csv
import io
import xml.etree.ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autodiff as ad
import nn
from autodiff.readers.layouts import brief, width

X = np.array([0.3, -1.2, 2.0])
M = np.arange(6.0).reshape(3, 2) / 7 + 0.1


def assigned(x):
    y = x * 1.0
    y[0] = y[1] * 2.0
    y[[1, 2]] *= 3.0
    return np.sum(y)


OPERATIONS = {
    **{
        function.__name__: (lambda x, function=function: np.sum(function(x) * x), X)
        for function in (
            np.sort, np.cumsum, np.cumprod, np.flip, np.copy, np.sinc, np.floor, np.sign, np.exp2, np.nan_to_num,
            nn.functional.gelu, nn.functional.silu, nn.functional.softplus, nn.functional.softmax,
            nn.functional.log_softmax, nn.functional.softsign, nn.functional.selu, nn.functional.hardtanh,
        )
    },
    **{
        function.__name__: (lambda x, function=function: function(x) * 2.0, X)
        for function in (np.max, np.min, np.prod, np.var, np.std, np.median, np.ptp, np.mean, np.linalg.norm)
    },
    "max along an axis": (lambda m: np.sum(np.max(m, axis=1)), M),
    "mean along an axis": (lambda m: np.sum(np.mean(m, axis=1, keepdims=True) ** 2), M),
    "mask": (lambda x: np.sum(x[x > 0]), X),
    "places": (lambda m: np.sum(m[[0, 0, 2], [1, 0, 1]]), M),
    "take_along_axis": (lambda m: np.sum(np.take_along_axis(m, np.argsort(m, 0), 0) * m), M),
    "new axes": (lambda x: np.sum(x[:, None] * x[None, :]), X),
    "assignment": (assigned, X),
    "concatenate": (lambda m: np.sum(np.concatenate([m, m], axis=1) ** 2), M),
    "tile": (lambda x: np.sum(np.tile(x, 2) ** 2), X),
    "pad": (lambda x: np.sum(np.pad(x, 2) ** 2), X),
    "reshape": (lambda m: np.sum(m.reshape(2, 3) @ X), M),
    "einsum": (lambda a, b: np.sum(np.einsum("ij,kj->ik", a, b)), M, M),
    "solve": (lambda a, b: np.sum(np.linalg.solve(a, b)), M[:2] + np.eye(2), X[:2]),
    "det": (np.linalg.det, M[:2] + np.eye(2)),
    "trace": (np.trace, M[:2]),
    "float32": (lambda x: np.sum(x.astype(np.float32)), X),
    "remainder": (lambda a, b: np.remainder(a, b) * 1.0, 7.5, 2.0),
    "piecewise": (lambda x: np.sum(np.where(x > 0, x**2, -x)), X),
    "losses": (lambda a, b: nn.functional.mse_loss(a, b) + nn.functional.l1_loss(a, b), X, X + 1.0),
    "cross-entropy": (lambda a: nn.functional.cross_entropy(a, np.array([0, 1, 0])), M),
    "convolution": (
        lambda x, w: np.sum(nn.functional.max_pool2d(nn.functional.conv2d(x, w), 2)),
        np.arange(25.0).reshape(1, 1, 5, 5), np.ones((2, 1, 2, 2)),
    ),
    "second derivative": (ad.grad(lambda x: np.sin(x) * x**2), 1.1),
    "gradient of a model": (lambda x: np.sum(ad.grad(lambda x: np.sum(nn.functional.relu(x) ** 2))(x)), X),
}  # fmt: skip


def textbook(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


@pytest.fixture
def graph():
    return ad.record(textbook, 2.0, 5.0)


def rounded(lines):
    return [round(float(line.value), 3) for line in lines if line is not None]


def test_primal_trace(graph):
    assert str(graph.table()) == (
        "primal trace ↓\n"
        "──────────────────────────────────────────────\n"
        "v₋₁  = x1                             = 2\n"
        "v₀   = x2                             = 5\n"
        "v₁   = ln(v₋₁)   = ln(2)              = 0.693\n"
        "v₂   = v₋₁ · v₀  = 2 · 5              = 10\n"
        "v₃   = sin(v₀)   = sin(5)             = −0.959\n"
        "v₄   = v₁ + v₂   = 0.693 + 10         = 10.693\n"
        "v₅   = v₄ − v₃   = 10.693 − (−0.959)  = 11.652\n"
        "y    = v₅                             = 11.652"
    )


@pytest.mark.parametrize(
    ("seed", "expected"),
    [((1, 0), [1, 0, 0.5, 5, 0, 5.5, 5.5, 5.5]), ({"x2": 1}, [0, 1, 0, 2, 0.284, 2, 1.716, 1.716])],
)
def test_tangent_trace_has_the_numbers_of_the_textbook(graph, seed, expected):
    rows = graph.table("forward", seed=seed).rows
    assert rounded([row.derivative for row in rows]) == expected
    assert rounded([row.primal for row in rows])[-1] == 11.652


def test_adjoint_trace_has_the_numbers_of_the_textbook(graph):
    table = graph.table("reverse")
    lines = [(row.derivative.name, row.derivative.formula, round(float(row.derivative.value), 3)) for row in table]
    assert lines == [
        ("x̄1", "v̄₋₁", 5.5),
        ("x̄2", "v̄₀", 1.716),
        ("v̄₋₁", "v̄₋₁ + v̄₁ / v₋₁", 5.5),
        ("v̄₀", "v̄₀ + v̄₂ · v₋₁", 1.716),
        ("v̄₋₁", "v̄₂ · v₀", 5.0),
        ("v̄₀", "v̄₃ · cos(v₀)", -0.284),
        ("v̄₂", "v̄₄", 1.0),
        ("v̄₁", "v̄₄", 1.0),
        ("v̄₃", "−v̄₅", -1.0),
        ("v̄₄", "v̄₅", 1.0),
        ("v̄₅", "ȳ", 1.0),
    ]
    assert [row.primal.name if row.primal else "" for row in table] == (
        ["v₋₁", "v₀", "v₁", "v₂", "", "v₃", "v₄", "", "v₅", "", "y"]
    )
    assert "│ v̄₀   = v̄₀ + v̄₂ · v₋₁   = −0.284 + 1 · 2  = 1.716" in str(table)


def test_every_column_is_aligned(graph):
    for mode, seed in (("forward", (1, 0)), ("reverse", None)):
        lines = str(graph.table(mode, seed=seed)).splitlines()
        assert {width(line.partition("│")[0]) for line in lines if "│" in line} == {width(lines[1].partition("┼")[0])}


def test_markdown():
    lines = ad.record(lambda x: np.abs(x) * 2.0, -3.0).table("reverse", format="markdown").to_markdown().splitlines()
    assert lines[0] == (
        "| primal trace ↓ | formula | with numbers | value | adjoint trace ↑ | formula | with numbers | value |"
    )
    assert lines[3] == r"| v₁ | \|v₀\| | \|−3\| | 3 | v̄₀ | v̄₁ · sign(v₀) | 2 · sign(−3) | −2 |"
    assert len({line.replace(r"\|", "").count("|") for line in lines}) == 1


def test_latex(graph):
    lines = graph.table("reverse", format="latex").to_latex().splitlines()
    assert lines[0] == r"\begin{array}{llll|llll}"
    assert lines[1] == (
        r"\multicolumn{4}{l|}{\text{primal trace $\downarrow$}} & "
        r"\multicolumn{4}{l}{\text{adjoint trace $\uparrow$}} \\ \hline"
    )
    assert lines[4] == (
        r"v_{1} & = \ln\left(v_{-1}\right) & = \ln\left(2\right) & = 0.693 & "
        r"\bar{v}_{-1} & = \bar{v}_{-1} + \frac{\bar{v}_{1}}{v_{-1}} & = 5 + \frac{1}{2} & = 5.5 \\"
    )
    assert lines[-1] == r"\end{array}"
    assert {line.count("&") for line in lines[2:-1]} == {7}


def test_every_cell_of_the_latex_parses():
    parser = pytest.importorskip("matplotlib.mathtext").MathTextParser("path")
    model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.ReLU(), nn.Linear(3, 1, rng=0))
    graph = ad.record(lambda x, t_0: np.mean((model(x) - t_0) ** 2), np.ones((4, 2)), np.zeros((4, 1)))
    for line in graph.table("reverse", format="latex").to_latex().splitlines()[2:-1]:
        for cell in line.removesuffix(r"\\").split("&"):
            if cell.strip():
                parser.parse(f"${cell.strip()}$")


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_format_of_every_kind_of_operation(name):
    f, *args = OPERATIONS[name]
    graph = ad.record(f, *args)
    parser = pytest.importorskip("matplotlib.mathtext").MathTextParser("path")
    directions = tuple(np.ones(node.shape) for node in graph.inputs)
    for table in (graph.table("reverse"), graph.table("forward", seed=directions)):
        for line in table.to_latex().splitlines()[2:-1]:
            for cell in line.removesuffix(r"\\").split("&"):
                if cell.strip():
                    parser.parse(f"${cell.strip()}$")
        lines = table.to_text().splitlines()
        assert len(lines) == 2 + len(table)
        xml.etree.ElementTree.fromstring(table.to_html())
        assert len(table.to_markdown().splitlines()) == 2 + len(table)
        assert len(list(csv.reader(io.StringIO(table.to_csv())))) == 1 + len(table)


def test_html_is_well_formed_and_escapes_names():
    table = ad.record(lambda x: ad.label(np.sin(x), '<b>&"') + 1.0, 1.0).table("reverse")
    root = xml.etree.ElementTree.fromstring(table.to_html())
    assert root.find("table") is not None
    cells = ["".join(cell.itertext()) for cell in root.iter("td")]
    assert '<b>&"' in cells and "= v̄1 · cos(v0)" in cells
    assert table._repr_html_() == table.to_html()
    assert "http" not in table.to_html()


def test_csv_has_all_rows_and_all_digits():
    def f(x):
        for _ in range(100):
            x = np.sin(x)
        return x

    table = ad.record(f, np.ones(())).table("reverse", format="csv", rows=4)
    rows = list(csv.DictReader(io.StringIO(str(table))))
    assert len(rows) == 102
    assert float(rows[0]["adjoint value"]) == ad.grad(f)(1.0)
    assert rows[1]["operation"] == "np.sin" and rows[1]["v"] == "v1"
    matrix = ad.record(lambda x: np.sum(x), np.ones((2, 3))).table("reverse", format="csv")
    assert next(csv.DictReader(io.StringIO(str(matrix))))["value"] == "[[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]"


def test_a_long_trace_is_cut_in_the_middle():
    def f(x):
        for _ in range(3000):
            x = x * 0.999
        return x

    table = ad.record(f, 1.0).table("reverse", rows=6)
    lines = str(table).splitlines()
    assert lines[5] == "⋮ 2996 rows left out (rows=None shows all)"
    assert len(lines) == 9 and len(table) == 3002
    assert "2996 rows left out" in table.to_markdown() and "2996 rows left out" in table.to_latex()
    assert "2996 rows left out" in table.to_html()
    assert "left out" not in str(ad.record(f, 1.0).table(rows=None))


def test_arrays_have_their_shapes_and_labels_stand_in_front():
    def f(x, w):
        z = x @ w
        return np.sum(z)

    lines = str(ad.record(f, np.ones((5, 2)), np.ones((2, 3))).table("reverse")).splitlines()
    assert lines[2].startswith("   v₋₁  = x ") and "= [[1, 1, …, 1]]  5×2" in lines[2]
    assert lines[4].startswith("z  v₁   = v₋₁ @ v₀  = [5×2] @ [2×3]  = [[2, 2, …, 2]]  5×3")
    assert brief(np.zeros((2, 0))) == "[2×0]"
    assert brief(np.ones((1, 2))) == "[[1, 1]]"


def test_several_results():
    graph = ad.record(lambda a, b: (a * b, a + b, 7.0), 2.0, 3.0)
    rows = graph.table("reverse", seed=(1.0, 10.0, 0.0)).rows
    assert [row.primal.name for row in rows[-3:]] == ["y₁", "y₂", "y₃"]
    assert rounded([row.derivative for row in rows[:2]]) == [13.0, 12.0]
    rows = graph.table("forward", seed=(1.0, 0.0)).rows
    assert rounded([row.derivative for row in rows[-3:]]) == [3.0, 1.0, 0.0]
    both = ad.record(lambda a: (a, a), 2.0).table("reverse", seed=(1.0, 10.0)).rows
    assert [(row.derivative.formula, row.derivative.value) for row in both] == [
        ("v̄₀", 11.0), ("ȳ₁", 1.0), ("v̄₀ + ȳ₂", 11.0),
    ]  # fmt: skip


def test_operations_of_several_results():
    def f(a):
        w, v = np.linalg.eigh(a + a.T)
        return np.sum(w**3) + v[0, 0] ** 2

    a = np.array([[2.0, 1.0], [0.5, 3.0]])
    table = ad.record(f, a).table("reverse")
    names = [row.derivative.name for row in table if row.derivative]
    assert "v̄₃[0]" in names and "v̄₃[1]" in names
    np.testing.assert_allclose(table.rows[0].derivative.value, ad.grad(f)(a), rtol=1e-12)


def test_a_result_is_not_named_like_an_argument():
    assert [row.primal.name for row in ad.record(lambda x, y: x * y, 1.0, 2.0).table()][-1] == "z"
    assert [row.primal.name for row in ad.record(lambda y, z: y * z, 1.0, 2.0).table()][-1] == "f"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "backward"}, r'table: mode is None, "forward" or "reverse"; got \'backward\''),
        ({"format": "pdf"}, r"table: knows the formats text, markdown, latex, html, csv; got 'pdf'"),
        ({"rows": 1}, r"table: shows at least two rows, the head and the tail; got rows=1"),
        ({"mode": "forward"}, r"table: the tangent trace needs a direction; got 2 inputs \(x1, x2\) and no seed"),
        ({"mode": "forward", "seed": {"x3": 1}}, r"table: the seed names arguments; got 'x3', which is none of x1, x2"),
        ({"mode": "forward", "seed": (1, 2, 3)}, r"table: the seed is a tangent for each input \(x1, x2\); got \(1, 2"),
    ],
)
def test_refusals(graph, arguments, message):
    with pytest.raises(ValueError, match=message):
        graph.table(**arguments)


def test_adjoints_of_several_results_need_as_many_seeds():
    graph = ad.record(lambda a: (a, 2.0 * a), 2.0)
    with pytest.raises(ValueError, match=r"adjoints: 2 results need an adjoint each; got 1\.0"):
        graph.table("reverse", seed=1.0)


def test_the_same_graph_gives_the_same_table(graph):
    again = ad.record(textbook, 2.0, 5.0)
    for format in ("text", "markdown", "latex", "html", "csv"):
        assert str(graph.table("reverse", format=format)) == str(again.table("reverse", format=format))


# --- any program ---------------------------------------------------------------------------------------------

UNARY = [np.sin, np.exp, np.tanh, np.arctan, np.negative, lambda x: x**2, lambda x: np.maximum(x, 0.1), ad.logistic]
BINARY = [np.add, np.subtract, np.multiply, lambda a, b: a / (2.0 + b * b), np.hypot]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_numbers_are_those_of_the_engine(data):
    steps = data.draw(
        st.lists(st.tuples(st.integers(0, 12), st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=9)
    )
    shape = data.draw(st.sampled_from([(), (3,), (2, 3)]))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    x, y, x_dot, y_dot = rng.normal(size=(4, *shape))

    def f(x, y):
        values = [x, y]
        for which, i, j in steps:
            a, b = values[i % len(values)], values[j % len(values)]
            values.append(UNARY[which](a) if which < len(UNARY) else BINARY[which - len(UNARY)](a, b))
        return np.sum(values[-1]) + np.sum(x * y)

    graph = ad.record(f, x, y)
    reverse, forward = graph.table("reverse"), graph.table("forward", seed=(x_dot, y_dot))
    for row, gradient in zip(reverse.rows[:2], ad.grad(f, (0, 1))(x, y), strict=True):
        np.testing.assert_allclose(row.derivative.value, gradient, rtol=1e-12, atol=1e-12)
    value, tangent = ad.jvp(f, (x, y), (x_dot, y_dot))
    assert forward.rows[-1].primal.value == value
    np.testing.assert_allclose(forward.rows[-1].derivative.value, tangent, rtol=1e-12, atol=1e-12)
    for format in ("text", "markdown", "latex", "html", "csv"):
        assert getattr(reverse, f"to_{format}")()
