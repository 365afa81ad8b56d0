"""SymPy: programs as expressions, the proof of the rules, and expressions as programs."""

import operator
import subprocess
import sys

import numpy as np
import pytest
import sympy

import autodiff as ad
from autodiff.dispatch import RULES
from autodiff.readers.sweeps import adjoints
from autodiff.readers.sympy_forms import exact
from autodiff.rules import special as own
from autodiff.tree import flatten
from tests.cases import CASES, A, Case, all_cases

POSITIVE = {"positive", "above_one", "zero_to_one"}


def entries(x):
    """Return SymPy's array or expression as an array of expressions."""
    return np.array(list(sympy.flatten(x)) if hasattr(x, "shape") else [x], object)


def at(expression, symbols, values, digits=40):
    """Return expressions evaluated with `digits` digits at `values` of the symbols."""
    numbers = {}
    for symbol, value in zip(symbols, values, strict=True):
        numbers.update(zip(entries(symbol), [sympy.Float(v, digits) for v in np.ravel(value).tolist()], strict=True))
    return [sympy.N(e.xreplace(numbers), digits) for e in entries(expression)]


# --- the expressions ------------------------------------------------------------------------------


def textbook(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


def test_the_textbook():
    formulas = ad.record(textbook, 2.0, 5.0).to_sympy()
    x1, x2 = formulas.symbols["x1"], formulas.symbols["x2"]
    assert formulas.value == sympy.log(x1) + x1 * x2 - sympy.sin(x2)
    assert formulas.gradient == {"x1": 1 / x1 + x2, "x2": x1 - sympy.cos(x2)}
    assert str(formulas).splitlines() == [
        "textbook = x1*x2 + log(x1) - sin(x2)",
        "∂textbook/∂x1 = x2 + 1/x1",
        "∂textbook/∂x2 = x1 - cos(x2)",
    ]
    assert r"\frac{\partial textbook}{\partial x_{1}} &= x_{2} + \frac{1}{x_{1}}" in formulas.latex()
    assert formulas._repr_latex_().startswith(r"$\displaystyle \begin{aligned}")


def nested(x):
    a = x**2
    b = np.exp(a)
    c = a + b
    return np.sqrt(c)


def test_every_adjoint_in_the_names_of_the_program():
    formulas = ad.record(nested, 1.3).to_sympy()
    x = formulas.symbols["x"]
    root = sympy.sqrt(x**2 + sympy.exp(x**2))
    assert formulas.adjoints["c"] == 1 / (2 * root)
    assert formulas.adjoints["b"] == 1 / (2 * root)
    assert sympy.simplify(formulas.adjoints["a"] - (1 + sympy.exp(x**2)) / (2 * root)) == 0
    assert sympy.simplify(formulas.gradient["x"] - sympy.diff(root, x)) == 0


def test_shared_steps_are_the_tape():
    formulas = ad.record(nested, 1.3).to_sympy(shared=True)
    gradient = formulas.gradient["x"]
    assert [str(symbol) for symbol, _ in formulas.steps] == ["a", "b", "c", "v4", "cbar", "abar"]
    assert str(gradient) == "2*abar*x"
    for symbol, expression in reversed(formulas.steps):
        gradient = gradient.subs(symbol, expression)
    x = formulas.symbols["x"]
    assert sympy.simplify(gradient - sympy.diff(sympy.sqrt(x**2 + sympy.exp(x**2)), x)) == 0


def test_arrays_are_arrays_of_symbols():
    def network(W, x, b):
        return np.sum(np.tanh(W @ x + b) ** 2)

    rng = np.random.default_rng(0)
    graph = ad.record(network, rng.normal(size=(2, 3)), rng.normal(size=3), rng.normal(size=2))
    formulas = graph.to_sympy()
    assert [str(s) for s in entries(formulas.symbols["W"])] == ["W_0_0", "W_0_1", "W_0_2", "W_1_0", "W_1_1", "W_1_2"]
    assert formulas.gradient["W"].shape == (2, 3)
    for name, derivative in formulas.gradient.items():
        for symbol, entry in zip(entries(formulas.symbols[name]), entries(derivative), strict=True):
            assert sympy.expand(entry - sympy.diff(formulas.value, symbol)) == 0


def test_choices_become_piecewise():
    x = sympy.Symbol("x", real=True)
    for f, value in (
        (lambda x: np.where(x > 0, np.sin(x), x**3), sympy.Piecewise((sympy.sin(x), x > 0), (x**3, True))),
        (lambda x: np.maximum(x, 2.0), sympy.Max(x, 2)),
        (lambda x: np.clip(x, -1.0, 1.0), sympy.Min(sympy.Max(x, -1), 1)),
        (np.absolute, sympy.Abs(x)),
        (np.sign, sympy.sign(x)),
    ):
        formulas = ad.record(lambda x, f=f: f(x), 0.5).to_sympy()
        assert formulas.value == value
    formulas = ad.record(lambda x, y: np.maximum(x, y), 1.0, 1.0).to_sympy()
    x, y = formulas.symbols.values()
    assert formulas.gradient["x"] == sympy.Piecewise((1, x > y), (sympy.Rational(1, 2), sympy.Eq(x, y)), (0, True))


def test_symbols_of_your_own():
    x, y = sympy.symbols("x y", positive=True)
    formulas = ad.record(lambda x, y: np.hypot(x, y), 3.0, 4.0).to_sympy(symbols={"x": x, "y": y})
    assert formulas.gradient["x"] == x / sympy.sqrt(x**2 + y**2)
    with pytest.raises(ValueError, match=r"to_sympy: one symbol is needed for each entry; got shape \(\) for a of"):
        ad.record(np.sum, np.ones(3)).to_sympy(symbols={"a": x, "x": x})


def test_names_never_stand_for_two_things():
    def f(x, x_0):
        x_0 = x_0 * 2.0
        x_0 = x_0 + np.sum(x)
        return x_0 * x_0

    formulas = ad.record(f, np.ones(2), 3.0).to_sympy()
    assert len({str(s) for given in formulas.symbols.values() for s in entries(given)}) == 3
    assert len(formulas.adjoints) == 6
    (two,) = at(formulas.value, formulas.symbols.values(), [np.array([1.0, 2.0]), 3.0])
    assert abs(two - 81) < 1e-30


def test_numbers_of_the_program_stay_exact():
    assert exact(0.5) == sympy.Rational(1, 2)
    assert exact(np.pi / 180) == sympy.pi / 180
    assert exact(np.log(2.0)) == sympy.log(2)
    assert exact(-0.1) == -sympy.Rational(1, 10)
    assert exact(np.float32(0.1)) == sympy.Rational(1, 10)
    assert exact(1.2345678912345) == sympy.Float(1.2345678912345)
    assert exact(1e-300) == sympy.Float(1e-300)
    assert exact(np.inf) == sympy.oo
    assert exact(float("nan")) is sympy.nan


def test_what_has_no_formula_is_refused():
    for f, message in (
        (lambda x: np.sort(x)[0], r"to_sympy: np\.sort has no formula in SymPy"),
        (lambda x: np.linalg.eigvalsh(np.diag(x))[0], r"to_sympy: np\.linalg\.eigvalsh has no formula"),
        (lambda x: x[np.argmax(x)], r"to_sympy: "),
    ):
        with pytest.raises(TypeError, match=message):
            ad.record(f, np.array([1.0, 2.0])).to_sympy()
    with pytest.raises(ValueError, match=r"to_sympy: formulas are for small arrays; got x of shape \(200,\), 200"):
        ad.record(lambda x: np.sum(x), np.ones(200)).to_sympy()
    with pytest.raises(ValueError, match=r"to_sympy: the symbols are real; got x of dtype complex128"):
        ad.record(lambda x: np.sum(x), np.ones(2) * 1j).to_sympy()
    with pytest.raises(ValueError, match=r"to_sympy: a gradient needs a scalar result; got shape \(2,\)"):
        _ = ad.record(np.sin, np.ones(2)).to_sympy().gradient


@pytest.mark.parametrize("call", ["ad.record(np.sin, 1.0).to_sympy()", "ad.from_sympy(1)"])
def test_without_sympy_one_error_names_the_extra(call):
    code = f"import sys; sys.modules['sympy'] = None\nimport numpy as np, autodiff as ad\n{call}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    message = run.stderr.strip().splitlines()[-1]
    assert message.startswith("ModuleNotFoundError: ")
    assert (
        "sympy: needs sympy; got none in this environment. Install it: pip install 'autodiff-nn[symbolic]'" in message
    )


# --- every rule -------------------------------------------------------------------------------------

NOT_SMOOTH = {
    f"np.{name}"
    for name in (
        "floor_divide", "remainder", "fmod", "maximum", "minimum", "fmax", "fmin", "copysign", "nextafter", "heaviside",
        "sign", "floor", "ceil", "trunc", "rint", "fix", "spacing", "angle", "round", "ldexp", "unwrap",
    )
} | {"clamp", "fraction", "mantissa"}  # fmt: skip
BY_NUMBERS = {"np.cbrt", "np.hypot", "np.arctan2", "np.sinc", "sinc_derivative"}
"""Where SymPy cannot simplify the difference to 0 (it has cases for single points): compared in 50 digits instead."""


def smooth_cases():
    found = {}
    for case in CASES:
        rule = RULES.get(case.function)
        if rule is not None and rule.family == "elementwise" and all(a.shape is None for a in case.arrays):
            found.setdefault(rule.name, case)
    found["sech_squared"] = Case(lambda x: own.sech_squared(x, np.tanh(x)), A())
    found["power"] = Case(operator.pow, A(domain="positive"), -1.5)
    for exponent in (0, 1, 2, 3, -2):
        found[f"power {exponent}"] = Case(operator.pow, A(domain="nonzero"), exponent)
    return {name: case for name, case in found.items() if name not in NOT_SMOOTH}


SMOOTH = smooth_cases()


def test_every_elementwise_rule_is_proven_or_not_smooth():
    rules = [rule for rule in RULES.values() if rule.family == "elementwise"]
    names = {rule.name for rule in rules if "scipy" not in f"{rule.name}{getattr(rule.function, '__module__', '')}"}
    assert names <= SMOOTH.keys() | NOT_SMOOTH
    assert len(SMOOTH) >= 55


@pytest.mark.parametrize("name", SMOOTH)
def test_the_rule_is_the_derivative_that_sympy_finds(name):
    case = SMOOTH[name]
    rng = np.random.default_rng(7)
    points = [float(a.draw(rng, ())) for a in case.arrays]
    graph = ad.record(case.call, *points)
    own_symbols = {
        node.label: sympy.Symbol(f"x{i}", positive=True)
        for i, (node, a) in enumerate(zip(graph.inputs, case.arrays, strict=True))
        if a.domain in POSITIVE
    }
    formulas = graph.to_sympy(symbols=own_symbols)
    for label, derivative in formulas.gradient.items():
        difference = derivative - sympy.diff(formulas.value, formulas.symbols[label])
        if name not in BY_NUMBERS:
            assert sympy.simplify(difference) == 0
            continue
        for _ in range(5):
            values = [float(a.draw(rng, ())) for a in case.arrays]
            (number,) = at(difference, formulas.symbols.values(), values, digits=50)
            assert abs(number) < 1e-45


def rows():
    """Yield the rows of the tables whose arrays are small."""
    rng = np.random.default_rng(1)
    slow = {"cond 1", "cond -1", "cond inf", "cond -inf", "np.polyfit"}  # inverses of matrices, entry by entry
    for case in all_cases():
        arrays = [a.draw(rng, (2,) if a.shape is None else a.shape) for a in case.arrays]
        if case.name not in slow and 0 < sum(a.size for a in arrays) <= 9 and all(a.size for a in arrays):
            yield pytest.param(case, arrays, id=case.name)


@pytest.mark.parametrize(("case", "arrays"), list(rows()))
def test_every_operation_is_right_or_refused(case, arrays):
    """Value and gradient in 30 digits are those of the engine; it may refuse, but never be wrong."""

    def scalar(*xs):
        parts = [part for part in flatten(case.call(*xs))[0] if part.dtype.kind == "f"]
        return sum(np.sum(np.sin(part) + 2 * part) for part in parts)

    try:
        graph = ad.record(scalar, *arrays)
        bars, _ = adjoints(graph)
    except (TypeError, ValueError, AttributeError, RecursionError):
        pytest.skip("is not recorded as a real function")
    try:
        formulas = graph.to_sympy(limit=400)
        gradient = formulas.gradient
    except TypeError as error:
        if not str(error).startswith("to_sympy: "):
            raise
        return  # refused
    values = [node.value for node in graph.inputs]
    (value,) = at(formulas.value, formulas.symbols.values(), values, digits=30)
    assert abs(complex(value) - graph.output.value) < 1e-9 * (1 + abs(graph.output.value))
    for node, derivative in zip(graph.inputs, gradient.values(), strict=True):
        found = np.array(at(derivative, formulas.symbols.values(), values, digits=30), complex)
        np.testing.assert_allclose(found, np.ravel(bars.get(node, np.zeros(node.shape))), rtol=1e-9, atol=1e-10)


# --- expressions as programs ------------------------------------------------------------------------

x, y = sympy.symbols("x y")
EXPRESSIONS = [
    sympy.sqrt(x**2 + sympy.exp(x**2)),
    sympy.Max(x, y, 1) / (2 * x * y**2),
    2**x + x ** sympy.Rational(1, 3) + 1 / sympy.sqrt(y) - sympy.cot(x),
    sympy.log(x, 2) * sympy.tanh(y) + sympy.pi * sympy.sec(x) - sympy.E,
    x**y / sympy.cosh(x) + sympy.atan2(y, x) * sympy.sinc(x) - sympy.besseli(0, x),
    sympy.Piecewise((x * y, sympy.And(x > 0, y > 1)), (y, True)),
    sympy.Min(x, y) * sympy.Abs(x - y) + sympy.Mod(x, sympy.Rational(3, 2)) * sympy.sign(x - 1),
]


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_from_sympy_is_the_expression_and_differentiates(expression):
    symbols = sorted(expression.free_symbols, key=str)
    f = ad.from_sympy(expression, symbols)
    points = [np.array([0.3, 1.7]), np.array([1.2, 0.4])][: len(symbols)]
    values = f(*points)
    gradients = ad.elementwise_grad(f, argnum=tuple(range(len(symbols))))(*points)
    for i in range(2):
        here = [p[i] for p in points]
        expected = complex(at(expression, symbols, here)[0])
        assert abs(values[i] - expected) < 1e-13 * (1 + abs(expected))
        for symbol, gradient in zip(symbols, gradients, strict=True):
            step = sympy.Rational(1, 10**15)
            up, down = [
                at(expression.xreplace({symbol: symbol + s}), symbols, here, digits=60)[0] for s in (step, -step)
            ]
            assert abs(gradient[i] - complex((up - down) / (2 * step))) < 1e-12 * (1 + abs(gradient[i]))


def test_from_sympy_round_trip():
    f = ad.from_sympy(EXPRESSIONS[0], x)
    graph = ad.record(f, 1.3)
    assert [node.label for node in graph.inputs] == ["x"]
    assert graph.to_sympy(symbols={"x": x}).value == EXPRESSIONS[0]
    piece = sympy.Piecewise((sympy.sqrt(x), x > 0), (0, True))
    assert ad.record(ad.from_sympy(piece, x), 1.3).to_sympy(symbols={"x": x}).value == piece


def test_from_sympy_keeps_pieces_apart():
    f = ad.from_sympy(sympy.Piecewise((sympy.sqrt(x), x > 0), (0, x > -2)), x)
    points = np.array([-1.0, 0.0, 4.0])
    np.testing.assert_array_equal(f(points), [0, 0, 2])
    np.testing.assert_array_equal(ad.elementwise_grad(f)(points), [0, 0, 0.25])
    assert np.isnan(f(-3.0))
    assert f(np.array([4.0], np.float32)).dtype == np.float32


def test_from_sympy_of_a_matrix():
    f = ad.from_sympy(sympy.Matrix([[x * y, sympy.sin(x)], [1, y]]), [x, y])
    np.testing.assert_allclose(f(2.0, 3.0), [[6, np.sin(2)], [1, 3]])
    assert f(np.ones(5), 1.0).shape == (2, 2, 5)
    jacobian = ad.jacobian(f, argnum=0)(2.0, 3.0)
    np.testing.assert_allclose(jacobian, [[3, np.cos(2)], [0, 0]])


def test_from_sympy_refuses():
    with pytest.raises(TypeError, match=r"from_sympy: gamma has no NumPy function; got gamma\(x\)\. Write it with"):
        ad.from_sympy(sympy.gamma(x), x)
    with pytest.raises(TypeError, match="from_sympy: ImaginaryUnit has no NumPy function"):
        ad.from_sympy(sympy.I * x, x)
    with pytest.raises(TypeError, match="from_sympy: Integral has no NumPy function"):
        ad.from_sympy(sympy.Integral(sympy.exp(-(x**2)), x), x)
    with pytest.raises(ValueError, match="from_sympy: every symbol must be an argument; got y besides x"):
        ad.from_sympy(x * y, x)
    with pytest.raises(TypeError, match="too many positional arguments"):
        ad.from_sympy(x, x)(1.0, 2.0)
