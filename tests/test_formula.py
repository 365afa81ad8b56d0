"""Operations and local rules as formulas: what a teacher would write, and LaTeX that parses."""

import numpy as np
import pytest

import autodiff as ad
import nn.functional as F
from autodiff.graph import Node
from autodiff.readers.formula import primal, recorded_rule, recorded_tangent, rule_text, unknown_rule
from autodiff.readers.names import accented, in_latex
from autodiff.readers.notation import NOTATIONS, Written, number
from autodiff.readers.sweeps import adjoints
from autodiff.readers.writer import Writer

X = np.array([0.3, -1.2, 2.0])
M = np.arange(6.0).reshape(3, 2) / 7 + 0.1
TRAINED = np.array([[0.5, 2.0], [1.0, -1.0]])

RULES = {  # of the first operation of f at the arguments: its formula, and the rule for each operand
    "sin": (np.sin, (0.4,), "sin(v₀)", ["v̄₁ · cos(v₀)"]),
    "cos": (np.cos, (0.4,), "cos(v₀)", ["−v̄₁ · sin(v₀)"]),
    "tan": (np.tan, (0.4,), "tan(v₀)", ["v̄₁ · (1 + v₁²)"]),
    "arcsin": (np.arcsin, (0.4,), "arcsin(v₀)", ["v̄₁ / √(1 − v₀²)"]),
    "arctan": (np.arctan, (0.4,), "arctan(v₀)", ["v̄₁ / (1 + v₀²)"]),
    "arctanh": (np.arctanh, (0.4,), "arctanh(v₀)", ["v̄₁ / (1 − v₀²)"]),
    "tanh": (np.tanh, (0.4,), "tanh(v₀)", ["v̄₁ · (1 − v₁²)"]),
    "exp": (np.exp, (0.4,), "exp(v₀)", ["v̄₁ · v₁"]),
    "log": (np.log, (0.4,), "ln(v₀)", ["v̄₁ / v₀"]),
    "log2": (np.log2, (0.4,), "log₂(v₀)", ["v̄₁ / (v₀ · ln(2))"]),
    "sqrt": (np.sqrt, (0.4,), "√v₀", ["v̄₁ / (2 · v₁)"]),
    "square": (np.square, (0.4,), "v₀²", ["v̄₁ · 2 · v₀"]),
    "cube": (lambda x: x**3, (0.4,), "v₀³", ["v̄₁ · 3 · v₀²"]),
    "inverse square": (lambda x: x**-2, (0.4,), "v₀⁻²", ["v̄₁ · (−2 · v₀⁻³)"]),
    "root": (lambda x: x**-0.5, (0.4,), "v₀^(−0.5)", ["v̄₁ · (−0.5 · v₀^(−1.5))"]),
    "abs": (np.abs, (0.4,), "|v₀|", ["v̄₁ · sign(v₀)"]),
    "sigmoid": (ad.logistic, (0.4,), "σ(v₀)", ["v̄₁ · v₁ · (1 − v₁)"]),
    "subtract": (np.subtract, (0.4, 1.3), "v₋₁ − v₀", ["v̄₁", "−v̄₁"]),
    "divide": (np.divide, (0.4, 1.3), "v₋₁ / v₀", ["v̄₁ / v₀", "−v̄₁ · v₁ / v₀"]),
    "power": (np.power, (0.4, 1.3), "v₋₁^v₀", ["v̄₁ · v₀ · v₋₁^(v₀ − 1)", "v̄₁ · v₁ · ln(v₋₁)"]),
    "maximum": (np.maximum, (0.4, 1.3), "max(v₋₁, v₀)", ["v̄₁ · [v₋₁ > v₀]", "v̄₁ · [v₀ > v₋₁]"]),
    "fmax": (np.fmax, (0.4, 1.3), "fmax(v₋₁, v₀)", ["v̄₁ · [v₋₁ > v₀]", "v̄₁ · [v₀ > v₋₁]"]),
    "hypot": (np.hypot, (0.4, 1.3), "√(v₋₁² + v₀²)", ["v̄₁ · v₋₁ / v₁", "v̄₁ · v₀ / v₁"]),
    "arctan2": (
        np.arctan2, (0.4, 1.3), "arctan2(v₋₁, v₀)", ["v̄₁ · v₀ / (v₋₁² + v₀²)", "−v̄₁ · v₋₁ / (v₋₁² + v₀²)"],
    ),
    "clip": (lambda x: np.clip(x, -1, 1), (0.4,), "clip(v₀, −1, 1)", ["v̄₁ · [v₀ ≥ −1 and v₀ ≤ 1]"]),
    "relu by maximum": (lambda x: np.maximum(x, 0), (X,), "max(v₀, 0)", ["v̄₁ · [v₀ > 0]"]),
    "relu": (F.relu, (X,), "relu(v₀)", ["v̄₁ · [v₁ > 0]"]),
    "leaky_relu": (F.leaky_relu, (X,), "leaky_relu(v₀)", ["where(v₀ > 0, v̄₁, 0.01 · v̄₁)"]),
    "elu": (F.elu, (X,), "elu(v₀)", ["where(v₀ > 0, v̄₁, v̄₁ · exp(v₀))"]),
    "hardtanh": (F.hardtanh, (X,), "hardtanh(v₀)", ["v̄₁ · [v₀ > −1 and v₀ < 1]"]),
    "matmul": (np.matmul, (M, M.T), "v₋₁ @ v₀", ["v̄₁ @ v₀ᵀ", "v₋₁ᵀ @ v̄₁"]),
    "matrix times vector": (np.matmul, (M, X[:2]), "v₋₁ @ v₀", ["outer(v̄₁, v₀)", "v₋₁ᵀ @ v̄₁"]),
    "dot": (np.dot, (X, X), "v₋₁ @ v₀", ["v̄₁ · v₀", "v̄₁ · v₋₁"]),
    "affine": (ad.affine, (M, M.T, X), "v₋₂ @ v₋₁ + v₀", ["v̄₁ @ v₋₁ᵀ", "v₋₂ᵀ @ v̄₁", "Σ(v̄₁, axis=0)"]),
    "row added": (np.add, (M, X[:2]), "v₋₁ + v₀", ["v̄₁", "Σ(v̄₁, axis=0)"]),
    "column times": (np.multiply, (M, X[:, None]), "v₋₁ · v₀", ["v̄₁ · v₀", "Σ(v̄₁ · v₋₁, axis=1)[:, None]"]),
    "sum": (np.sum, (X,), "Σ v₀", ["v̄₁ · ones(3)"]),
    "sum of rows": (lambda x: np.sum(x, axis=0), (M,), "Σ(v₀, axis=0)", ["v̄₁ · ones(3×2)"]),
    "mean": (np.mean, (M,), "mean(v₀)", ["v̄₁ / 6 · ones(3×2)"]),
    "max": (np.max, (X,), "max(v₀)", ["v̄₁ · [v₀ = v₁]"]),
    "max with ties": (np.max, (np.array([1.0, 1.0]),), "max(v₀)", ["v̄₁ · [v₀ = v₁] / 2"]),
    "norm": (np.linalg.norm, (X,), "norm(v₀)", ["v̄₁ · v₀ / v₁"]),
    "entry": (lambda x: x[0], (X,), "v₀[0]", ["v̄₁ at [0]"]),
    "slice": (lambda x: x[1:], (X,), "v₀[1:]", ["v̄₁ at [1:]"]),
    "transpose": (np.transpose, (M,), "v₀ᵀ", ["v̄₁ᵀ"]),
    "inv": (np.linalg.inv, (TRAINED,), "inv(v₀)", ["−(v₁ᵀ @ v̄₁ @ v₁ᵀ)"]),
    "stack": (lambda x, y: np.stack([x, y]), (1.0, 2.0), "stack(v₋₁, v₀, axis=0)", ["v̄₁[0]", "v̄₁[1]"]),
    "tile": (lambda x: np.tile(x, 2), (X,), "tile(v₀, reps=2)", None),
    "prod": (np.prod, (X,), "prod(v₀)", None),
    "softmax": (F.softmax, (X,), "softmax(v₀, axis=-1)", None),
}  # fmt: skip


def rules_of(node, bar):
    argnums = node.active([i for i, operand in enumerate(node.operands) if isinstance(operand, Node)])
    return [recorded_rule(node, argnum, bar) for argnum in argnums]


def first_step(f, args):
    graph = ad.record(f, *args)
    node = graph.operations[0]
    assert node is graph.output
    return graph, node


@pytest.mark.parametrize("name", RULES)
def test_operations_and_their_rules_are_written_as_in_textbooks(name):
    f, args, formula, rules = RULES[name]
    _, node = first_step(f, args)
    assert primal(node) == formula
    if rules is not None:
        assert [rule_text(rule) for rule in rules_of(node, np.ones(node.shape)[()])] == rules


@pytest.mark.parametrize("name", RULES)
def test_what_is_written_down_is_what_the_engine_computes(name):
    f, args, _, _ = RULES[name]
    graph, node = first_step(f, args)
    bar = np.random.default_rng(1).normal(size=node.shape)[()]
    _, terms = adjoints(graph, bar)
    for rule, term in zip(rules_of(node, bar), terms, strict=True):
        if rule is not None:
            output = rule.graph.outputs[0]
            np.testing.assert_array_equal(output.value if isinstance(output, Node) else output, term.term)


def evaluated(text, values):
    """Return the number that a formula says, given those of the names in it."""
    for name in sorted(values, key=len, reverse=True):
        text = text.replace(name, f"({float(values[name])!r})")
    for written, python in (
        ("−", "-"), ("·", "*"), ("^", "**"), ("⁻²", "**-2"), ("⁻³", "**-3"), ("²", "**2"), ("³", "**3"),
        ("√", "sqrt"), ("ln(", "log("), ("log₂(", "log2("), ("σ(", "logistic("), ("≥", ">="), ("≤", "<="),
        ("[", "1.0 * ("), ("]", ")"),
    ):  # fmt: skip
        text = text.replace(written, python)
    if text.startswith("|"):
        text = f"abs({text.strip('|')})"
    return eval(text, {**vars(np), "logistic": ad.logistic, "max": np.maximum})


@pytest.mark.parametrize(
    "name", [n for n, (_, args, _, rules) in RULES.items() if rules and not np.ndim(args[0]) and n != "stack"]
)
def test_what_is_written_is_right(name):
    f, args, formula, rules = RULES[name]
    graph, node = first_step(f, args)
    bar = -1.7
    _, terms = adjoints(graph, bar)
    values = {operand.symbol: operand.value for operand in graph.inputs}
    assert evaluated(formula, values) == pytest.approx(float(node.value), rel=1e-14)
    values |= {node.symbol: node.value, "v̄₁": bar}
    for text, term in zip(rules, terms, strict=True):
        assert evaluated(text, values) == pytest.approx(float(term.term), rel=1e-14)


def test_signs_are_bracketed_after_operators():
    graph = ad.record(lambda x: (x - np.sin(x)) * x * x, -1.0)
    minus, times, again = graph.operations[1:]
    assert primal(minus, values=True) == "−1 − (−0.841)"
    assert primal(times, values=True) == "−0.159 · (−1)"
    assert primal(again, values=True) == "0.159 · (−1)"
    assert primal(ad.record(lambda x: x**2, -1.0).output, values=True) == "(−1)²"
    assert primal(ad.record(lambda x: -x, -1.0).output, values=True) == "−(−1)"


def test_tangents_of_all_operands_stand_in_one_formula():
    node = ad.record(lambda a, b: a * b, 2.0, 3.0).output
    assert rule_text(recorded_tangent(node, {0: np.float64(1.0), 1: np.float64(4.0)})) == "v̇₋₁ · v₀ + v̇₀ · v₋₁"
    node = ad.record(lambda a, b: a - b, 2.0, 3.0).output
    rule = recorded_tangent(node, {0: np.float64(1.0), 1: np.float64(4.0)})
    assert rule_text(rule) == "v̇₋₁ − v̇₀"
    assert rule_text(rule, numbers=True) == "1 − 4"


def test_masks_and_places_that_were_computed_have_their_names():
    graph = ad.record(lambda x: np.sum(np.where(x > 0, x**2, -x)), X)
    greater, square, minus, where, _ = graph.operations
    assert primal(greater) == "v₀ > 0"
    assert primal(where) == f"where({greater.symbol}, {square.symbol}, {minus.symbol})"
    rules = [rule_text(recorded_rule(where, i, np.ones(3))) for i in (0, 1)]
    assert rules == [f"v̄₄ · [{greater.symbol}]", f"v̄₄ · [not {greater.symbol}]"]
    graph = ad.record(lambda x: np.sum(x[x > 0]), X)
    assert primal(graph.operations[1]) == "v₀[v₁]"


def test_operations_of_several_results():
    def f(a):
        w, _ = np.linalg.eigh(a)
        return np.sum(w)

    eigh, first, *_ = ad.record(f, np.array([[2.0, 1.0], [1.0, 3.0]])).operations
    assert (primal(eigh), primal(first)) == ("eigh(v₀)", "v₁[0]")


def test_a_rule_that_is_too_long_or_looks_at_numbers_stands_as_a_derivative():
    graph = ad.record(lambda x: np.sum(F.softmax(x)), X)
    node = graph.operations[0]
    assert rule_text(recorded_rule(node, 0, X)) is None
    assert unknown_rule(node, graph.inputs[0], bar=True) == "(∂v₁/∂v₀)ᵀ v̄₁"
    assert unknown_rule(node, graph.inputs[0], bar=False) == "∂v₁/∂v₀ v̇₀"

    @ad.primitive
    def mine(x):
        return x * 2.0

    mine.defvjp(lambda ct, _y, x: ct * (2.0 if float(x) > 0 else 3.0))
    graph = ad.record(mine, 1.0)
    assert recorded_rule(graph.output, 0, np.float64(1.0)) is None
    assert unknown_rule(graph.output, graph.inputs[0], bar=True) == "v̄₁ · ∂v₁/∂v₀"
    assert unknown_rule(graph.output, graph.inputs[0], bar=False) == "∂v₁/∂v₀ · v̇₀"


def test_numbers():
    shown = {
        0.0: "0", 2.0: "2", -0.5: "−0.5", 11.652071: "11.652", 0.28366: "0.284", 0.0123456: "0.0123",
        0.00123456: "0.00123", 1.234e-7: "1.234e−7", 123456.0: "123456", 123456.7: "1.235e5", np.inf: "∞",
        -np.inf: "−∞", 1 + 2j: "1+2i", True: "True", 3: "3",
    }  # fmt: skip
    assert {x: number(x) for x in shown} == shown
    assert number(np.nan) == "nan"
    assert number(X) == "[0.3, −1.2, 2]"
    assert number(M) == "[3×2]"
    assert number(1.5e-7, latex=True) == r"1.5 \cdot 10^{-7}"
    assert number(-np.inf, latex=True) == r"-\infty"


def test_names_of_the_user():
    assert accented("weight", "bar") == "weight_bar"
    assert in_latex("x_1", "dot") == r"\dot{x}_{1}"
    assert in_latex("a%b{c}") == r"\mathtt{a\%b\{c\}}"


# --- LaTeX -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def parse():
    parser = pytest.importorskip("matplotlib.mathtext").MathTextParser("path")
    return lambda formula: parser.parse(f"${formula}$")


@pytest.mark.parametrize("rule", NOTATIONS, ids=lambda rule: rule.name)
def test_every_notation_is_latex(rule, parse):
    notation = NOTATIONS[rule]
    for operand in (Written("v_{1}"), Written("-1", 6), Written("a + b", 3)):
        writer = Writer(lambda x: x, latex=True)
        parse(writer.filled(notation, [operand] * len(notation.operands)).text)


@pytest.mark.parametrize("name", RULES)
def test_every_rule_is_latex(name, parse):
    f, args, _, _ = RULES[name]
    graph, node = first_step(f, args)
    parse(primal(node, latex=True))
    parse(primal(node, latex=True, values=True))
    for rule, operand in zip(rules_of(node, np.ones(node.shape)[()]), node.parents, strict=False):
        for numbers in (None, True):
            parse(rule_text(rule, latex=True, numbers=numbers) or unknown_rule(node, operand, bar=True, latex=True))
    assert "__" not in primal(node, latex=True)
    assert graph.output is node


def test_latex_of_the_textbook():
    graph = ad.record(lambda a, b: np.log(a) / (b - a) ** 2, 2.0, 5.0)
    assert [primal(node, latex=True) for node in graph.operations] == [
        r"\ln\left(v_{-1}\right)", r"v_{0} - v_{-1}", r"v_{2}^{2}", r"\frac{v_{1}}{v_{3}}",
    ]  # fmt: skip
    assert primal(ad.record(lambda x: F.log_softmax(x), X).output, latex=True) == (
        r"\operatorname{log\_softmax}\left(v_{0}, \mathrm{axis}=-1\right)"
    )
