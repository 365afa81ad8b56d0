"""The command `autodiff`: what it prints, how it fails, and that nothing typed is ever run."""

import math
import re
import shlex
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import autodiff as ad
from autodiff.command_line.derivatives import quantities
from autodiff.command_line.evaluation import Evaluation
from autodiff.command_line.functions import FUNCTIONS, Function
from autodiff.command_line.main import main
from autodiff.command_line.mistakes import InputError
from autodiff.command_line.parsing import parse
from autodiff.command_line.problem import read

ROOT = Path(__file__).parent.parent
LECTURE = ["sqrt(x**2 + exp(x**2))", "x=1.3"]
BAYDIN = ["log(x1) + x1*x2 - sin(x2)", "x1=2", "x2=5"]


def run(capsys, *arguments):
    """Return the exit status, the output, and the messages."""
    try:
        status = main(arguments)
    except SystemExit as leaving:  # argparse's
        status = leaving.code
    return status, *capsys.readouterr()


def shown(capsys, *arguments):
    status, output, messages = run(capsys, *arguments)
    assert (status, messages) == (0, "")
    return output


def refused(capsys, *arguments):
    status, output, messages = run(capsys, *arguments)
    assert (status, output) == (2, "")
    assert messages.startswith(("autodiff: error: ", "usage: "))
    return messages.removeprefix("autodiff: error: ")


# --- what is printed --------------------------------------------------------------------------------


def test_the_formula_of_the_lecture(capsys):
    assert shown(capsys, *LECTURE) == (
        "f(x) = sqrt(x**2 + exp(x**2))\nx    = 1.3\n\nf     = 2.66636094802\ndf/dx = 3.12985566446\n"
    )


def test_several_variables_and_their_hessian(capsys):
    assert shown(capsys, "x**2*y + y**3", "x=2", "y=3", "--order", "2") == (
        "f(x, y) = x**2*y + y**3\nx       = 2\ny       = 3\n\n"
        "f     = 39\n∂f/∂x = 12\n∂f/∂y = 31\n\n"
        "∇²f  x   y\nx    6   4\ny    4  18\n"
    )


def test_both_modes(capsys):
    output = shown(capsys, "x*y", "x=2", "y=3", "--mode", "both")
    for line in ("∂f/∂x (forward) = 3", "∂f/∂y (forward) = 2", "∂f/∂x (reverse) = 3", "∂f/∂y (reverse) = 2"):
        assert line in output.splitlines()


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_derivatives_of_any_order(capsys, mode):
    output = shown(capsys, "x**5", "x=2", "--order", "6", "--mode", mode)
    found = re.findall(r"^d.*= (.*)$", output, re.MULTILINE)
    assert found == ["80", "160", "240", "240", "120", "0"]


def test_arrays(capsys):
    output = shown(capsys, "sum(tanh(w @ x))", "w=[[1, 2], [3, 4]]", "x=[0.1, -0.2]")
    w, x = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.1, -0.2])
    gradient = ad.grad(lambda w, x: np.sum(np.tanh(w @ x)), (0, 1))(w, x)
    printed = [float(entry) for entry in re.findall(r"-?\d+\.?\d*(?:e[+-]\d+)?", output.partition("∂f/∂w")[2])]
    np.testing.assert_allclose(printed, np.concatenate([np.ravel(part) for part in gradient]), rtol=1e-11)


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("markdown", "|  | `x*y` |\n|---|---:|\n| x | 1e-07 |\n| y | [1, -2] |\n"),
        (
            "latex",
            "% f = x*y\n\\begin{align*}\nx &= 1 \\cdot 10^{-7} \\\\\ny &= \\begin{bmatrix} 1 & -2 \\end{bmatrix}",
        ),
        ("html", "<table>\n<caption><code>x*y</code></caption>\n<tr><th>x</th><td>1e-07</td></tr>\n"),
    ],
)
def test_layouts(capsys, layout, expected):
    assert shown(capsys, "x*y", "x=1e-7", "y=[1,-2]", "--format", layout).startswith(expected)


def test_what_is_typed_is_escaped_in_html(capsys):
    output = shown(capsys, "where(x < 1, x, 2*x)", "x=3", "--format", "html", "--table")
    assert "where(x &lt; 1, x, 2*x)" in output
    assert "x < 1" not in output


def test_the_textbooks_table(capsys):
    output = shown(capsys, *BAYDIN, "--table")
    assert str(ad.record(lambda x1, x2: np.log(x1) + x1 * x2 - np.sin(x2), 2.0, 5.0).table("reverse")) in output


def test_a_forward_table_for_each_direction(capsys):
    output = shown(capsys, *BAYDIN, "--table", "--mode", "forward")
    first, second = output.split("Forward mode in the direction of ")[1:]
    assert first.startswith("x1:") and "= 5.5\n" in first
    assert second.startswith("x2:") and "= 1.716\n" in second


@pytest.mark.parametrize("layout", ["text", "markdown", "latex", "html"])
@pytest.mark.parametrize("option", ["--table", "--sympy", "--cost", "--check"])
def test_every_view_in_every_layout(capsys, layout, option):
    if option == "--sympy":
        pytest.importorskip("sympy")
    plain = shown(capsys, *BAYDIN, "--format", layout)
    output = shown(capsys, *BAYDIN, "--format", layout, option)
    assert output.startswith(plain.rstrip("\n") + "\n\n")
    assert len(output) > len(plain) + 40


def test_sympy(capsys):
    sympy = pytest.importorskip("sympy")
    output = shown(capsys, *BAYDIN, "--sympy")
    x1, x2 = sympy.symbols("x1 x2", real=True)
    found = dict(re.findall(r"^(f|∂f/∂x\d) = (.*[a-z].*)$", output, re.MULTILINE))
    expected = sympy.log(x1) + x1 * x2 - sympy.sin(x2)
    for name, expression in (("f", expected), ("∂f/∂x1", expected.diff(x1)), ("∂f/∂x2", expected.diff(x2))):
        assert sympy.simplify(sympy.sympify(found[name], {"x1": x1, "x2": x2}) - expression) == 0


def test_a_check_that_fails_is_exit_status_1(capsys, monkeypatch):
    assert run(capsys, *BAYDIN, "--check")[0] == 0
    assert run(capsys, "log(x)", "x=-1", "--check")[0] == 1
    crooked = ad.primitive(np.sin)
    crooked.defvjp(lambda ct, _y, x: ct * 1.001 * np.cos(x))
    monkeypatch.setitem(FUNCTIONS, "sin", Function(crooked))
    status, output, _ = run(capsys, *BAYDIN, "--check")
    assert status == 1
    assert "WRONG" in output


def test_files_are_written_and_named(capsys, tmp_path):
    page, picture = tmp_path / "trace.html", tmp_path / "graph.dot"
    status, _, messages = run(capsys, *BAYDIN, "--html", str(page), "--draw", str(picture))
    assert status == 0
    assert messages == f"autodiff: wrote {picture}\nautodiff: wrote {page}\n"
    assert picture.read_text(encoding="utf-8").startswith("digraph")
    assert "<html" in page.read_text(encoding="utf-8")


def test_operations_know_their_place_in_the_formula():
    problem = read(BAYDIN)
    places = {node.function: node.position for node in problem.record().operations}
    text = BAYDIN[0]
    found = {name: text[place.column : place.end_column] for name, place in places.items()}
    assert found == {
        "np.log": "log(x1)", "np.multiply": "x1*x2", "np.sin": "sin(x2)", "np.add": "log(x1) + x1*x2",
        "np.subtract": text,
    }  # fmt: skip


# --- values that are not finite -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "note"),
    [
        (["y*log(x)", "x=-1", "y=2"], "In the forward pass, np.log makes nan here:\n  y*log(x)\n    ^^^^^^\n"),
        (["log(x)", "x=[1, -2]"], "np.log makes nan at index [1] here:\n  log(x)\n  ^^^^^^\n"),
        (["1 + sqrt(x)", "x=0"], "df/dx is not finite. In the backward pass, np.sqrt makes inf here:\n  1 + sqrt(x)\n"),
        (["exp(x)", "x=1000"], "f, df/dx are not finite. In the forward pass, np.exp makes inf here:\n"),
        (["x**1.5", "x=0", "--order", "2"], "d²f/dx² is not finite. In the backward pass, power makes inf\n"),
        (["x*2", "x=inf"], "f is not finite; what was put in is not\n"),
    ],
)
def test_a_note_says_where_a_value_comes_from_that_is_not_finite(capsys, arguments, note):
    status, output, messages = run(capsys, *arguments)
    assert status == 0
    assert "nan" in output or "inf" in output
    assert messages.startswith("autodiff: note: ") and note in messages


# --- the language of formulas ---------------------------------------------------------------------------

X, Y = 0.7, np.array([0.3, -1.2])


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("-x**2", -(X**2)),
        ("2**-x", 2**-X),
        ("x if x > 1 else -x", -X),
        ("where(0 < x < 1, x, 0)", X),
        ("where(x > 0 and not x > 1, 3, 4)", 3.0),
        ("where((x < 0) | ~(x > 1), 3, 4)", 3.0),
        ("(x > 0) * x", X),
        ("np.sin(x) + numpy.cos(x) * np.pi", math.sin(X) + math.cos(X) * math.pi),
        ("y.T @ y", Y @ Y),
        ("y[0] + y[-1] + sum(y[1:])", Y[0] + 2 * Y[1]),
        ("sum(y[:, None] * y)", np.sum(Y) ** 2),
        ("[x, x**2]", np.array([X, X**2])),
        ("sum([x, 1] * y)", X * Y[0] + Y[1]),
        ("concatenate([y, [x]])", np.append(Y, X)),
        ("norm(y)", np.linalg.norm(Y)),
        ("std(y, ddof=1)", np.std(Y, ddof=1)),
        ("mean(outer(y, y), axis=0)", Y * np.mean(Y)),
        ("mean(outer(y, y), 0, True)", (Y * np.mean(Y))[None]),
        ("sum(reshape(y, (2, 1)))", np.sum(Y)),
        ("maximum(y, x) - clip(y, -1, 1)", np.maximum(Y, X) - np.clip(Y, -1, 1)),
        ("det([[x, 2], [3, 4]])", X * 4 - 6),
        ("x + 7 // 2 + 7 % 4 + 1e-3 + 2*3 - 10/4", X + 3 + 3 + 1e-3 + 6 - 2.5),
        ("  x\n + 1", X + 1),
    ],
)
def test_formulas_mean_what_they_mean_in_numpy(formula, expected):
    value = Evaluation(parse(formula), {"x": np.float64(X), "y": Y}).run()
    np.testing.assert_allclose(value, expected, rtol=1e-15)
    assert np.shape(value) == np.shape(expected)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_is_differentiated(name):
    function = FUNCTIONS[name]
    matrix = "x=[[0.35, 0.2], [0.1, 0.6]]"
    operand = {"concatenate": "[x]", "stack": "[x]", "diag": "x[0]", "cross": "[x[0, 0], x[1, 1], 1]"}.get(name, "x")
    shift = " + 1" if name in ("arccosh", "acosh") else ""
    options = ", (4, 1)" if name == "reshape" else ""
    if name == "where":
        call = "where(x > 0.3, x, 2)"
    elif name.startswith("logical"):
        call = f"{name}({', '.join(['x > 0.3'] * function.operands)})"
    else:
        call = f"{name}({', '.join([operand + shift] * function.operands)}{options})"
    forward, reverse = [
        quantities(read([f"sum({call} * 1.0)", matrix]), mode)[1].value for mode in ("forward", "reverse")
    ]
    np.testing.assert_allclose(forward, reverse, rtol=1e-12, atol=1e-14)
    assert np.all(np.isfinite(forward))


@pytest.mark.parametrize(
    ("text", "value"),
    [("-1e-3", -1e-3), ("pi/4", math.pi / 4), ("sqrt(2)", math.sqrt(2)), ("[1, -2e3]", [1, -2000]),
     ("[[1],[2]]", [[1], [2]]),
     (" 3 ", 3), ("-inf", -math.inf), ("1_000", 1000), ("0x10", 16), ("[1, 2] * 3", [3, 6])],
)  # fmt: skip
def test_values(text, value):
    found = read(["x", f"x={text}"]).variables["x"]
    np.testing.assert_array_equal(found, value)
    assert found.dtype == np.float64


def test_arguments_stand_in_any_order(capsys):
    expected = shown(capsys, "-x*y", "x=1", "y=2", "--table")
    assert shown(capsys, "x=1", "--table", "-x*y", "y=2") == expected


def test_letters_of_other_alphabets_are_names(capsys):
    assert "df/dθ = 6" in shown(capsys, "θ**2", "θ=3")


# --- mistakes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["1 + sine(x)", "x=1"], "unknown function sine; did you mean sin?\n  1 + sine(x)\n      ^^^^\n"),
        (["sin*x", "x=1"], "sin is a function; write sin(…)\n  sin*x\n  ^^^\n"),
        (["x + y", "x=1"], "y has no value; give it behind the formula: y=1.3\n  x + y\n      ^\n"),
        (["rate*2", "rte=1"], "rate has no value; did you mean rte?\n  rate*2\n  ^^^^\n"),
        (["x", "x=1", "why=2"], "why has a value, but is not in the formula\n  why=2\n  ^^^\n"),
        (["x", "x=1", "x=2"], "x has two values; give it one\n  x=2\n  ^\n"),
        (["x + y", "x=[1,2]", "y=[1,2,3]"], "shapes (2,) and (3,) do not fit together\n  x + y\n  ^^^^^\n"),
        (["x", "x=[[1,2],[3]]"],
         "the entries of an array have one shape; got (1,) and (2,)\n  x=[[1,2],[3]]\n    ^^^^^^^"),
        (["x", "x=[1, 2"], "not a formula: '[' was never closed\n  x=[1, 2\n    ^\n"),
        (["x", "x=y+1"], "a value is made of numbers; got y\n  x=y+1\n    ^\n"),
        (["x", "x="], "the expression is empty; write a formula such as x**2\n"),
        (["x", "sum=3"], "sum is the name of a function; choose another\n  sum=3\n  ^^^\n"),
        (["x", "lambda=3"], "not a formula: invalid syntax"),
        (["2x + 1", "x=1"], "write the sign of the product: 2*x\n  2x + 1\n   ^\n"),
        (["2(x)", "x=1"], "only functions known by name are called; for a product write *\n  2(x)\n  ^^^^\n"),
        (["x(2)", "x=1"], "x is a number, not a function; for a product write x*(…)\n  x(2)\n  ^\n"),
        (["x^2", "x=1"], "write ** for ^\n  x^2\n   ^\n"),
        (["x² + 1", "x=1"], "write **2 for ²\n  x² + 1\n   ^\n"),
        (["x = 3"], "no formula is given; write it first, in quotation marks"),
        ([], "no formula is given; write it first, in quotation marks"),
        (["x", "=", "1"],
         "one formula is expected, and values as name=value without spaces; got 3 formulas: `x`, `=`, `1`\n"),
        (["", "x=1"], "the expression is empty"),
        (["θθ + sin(", "θθ=1"], "not a formula: '(' was never closed\n  θθ + sin(\n          ^\n"),
        (["θ*q", "θ=1"], "q has no value; give it behind the formula: q=1.3\n  θ*q\n    ^\n"),
        (["x > 0", "x=1"], "true or false has no derivative; choose between numbers"),
        (["x if x else 2", "x=1"], "a condition is a comparison, as in x > 0\n  x if x else 2\n       ^\n"),
        (["x if x > 0 else 2", "x=[1,2]"], "this is true for some entries only; choose with where(condition, a, b)"),
        (["x and 2", "x=1"], "`and`, `or`, `not`, `&`, `|` and `~` join comparisons, as in x > 0\n  x and 2\n  ^\n"),
        (["x + True", "x=1"], "True is no number; compare with something"),
        (["x + 2j", "x=1"], "complex numbers have no place here; formulas are real\n  x + 2j\n      ^^\n"),
        (["(x, 2)", "x=1"], "write arrays in square brackets: [1, 2, 3]\n"),
        (["x[2]", "x=[1,2]"], "index 2 is out of bounds for axis 0 with size 2\n  x[2]\n  ^^^^\n"),
        (["x[0]", "x=1"], "a number has no entries to choose from\n"),
        (["x[0.5]", "x=[1,2]"], "a whole number stands here\n  x[0.5]\n    ^^^\n"),
        (["inv(x)", "x=[[1,2],[2,4]]"], "Singular matrix\n  inv(x)\n  ^^^^^^\n"),
        (["sum(x, axis=3)", "x=[1,2]"], "axis 3 is out of bounds for array of dimension 1\n"),
        (["sum(x, axes=0)", "x=[1,2]"],
         "sum has no option axes; it has axis, keepdims\n  sum(x, axes=0)\n         ^^^^^^\n"),
        (["maximum(x)", "x=1"], "maximum takes 2 arguments; got 1\n  maximum(x)\n  ^^^^^^^^^^\n"),
        (["2*x[1:]", "x=[1]"], "this has no entries; got shape (0,)\n  2*x[1:]\n  ^^^^^^^\n"),
        (["reshape(x)", "x=[1]"], "reshape also takes shape\n  reshape(x)\n  ^^^^^^^^^^\n"),
        (["x @ 2", "x=[1]"], "@ is the product of vectors and matrices; for numbers write *\n  x @ 2\n  ^^^^^\n"),
        (["1/0 + x", "x=1"], "this constant is inf, not a number that float64 holds\n  1/0 + x\n  ^^^\n"),
        (["x", "x=1e999"], "too large for a float64, which ends at 1.8e308\n  x=1e999\n    ^^^^^\n"),
        (["x", "x=[]"], "an empty array has no derivative; write its entries, as in [1, 2, 3]\n"),
        (["2 + 3", "--table"], "there is nothing to differentiate; use a variable, and give its value behind: x=1.3\n"),
        (["x", "x=1", "--order", "0"], "--order is a whole number from 1 to 8; got 0\n"),
        (["x*y", "x=1", "y=2", "--order", "3"],
         "--order above 2 is for a formula of one number; got 3 with more of them\n"),
        (["x", "x=[1,2]", "--order", "2"], "--order 2 is for a formula that gives one number; got shape (2,). Sum its"),
        (["+".join(["x"] * 90), "x=1", "--order", "8"], "--order 8 takes too long for a formula of this size"),
        (["sum(x)", f"x=[{','.join('1' * 5000)}]", "--mode", "forward"],
         "too large for a command: derivatives of 1 by 5000"),
        (["sum(x)", f"x=[{','.join('1' * 50)}]", "--table", "--mode", "forward"],
         "--table: 50 variables would need as many"),
        (["x", "x=1", "--draw", "no/such/folder/graph.svg"],
         "--draw: no/such/folder/graph.svg: No such file or directory\n"),
        (["[x, 1]", "x=1", "--html", "page.html"],
         "--html: the page is for one number; got shape (2,). Choose one: (…)[0]\n"),
        (["x", "x=1", "--draw", "graph.tiff"], "--draw: "),
        (["x", "x=1", "--html", "no/such/folder/page.html"],
         "--html: no/such/folder/page.html: No such file or directory\n"),
    ],
)  # fmt: skip
def test_mistakes_are_named_and_their_place_is_marked(capsys, arguments, message):
    status, _, messages = run(capsys, *arguments)
    assert status == 2
    *_, error = messages.split("autodiff: error: ")
    assert error.startswith(message)


@pytest.mark.parametrize(
    "arguments", [["x", "x=1", "--nonsense"], ["x", "x=1", "--mode", "sideways"], ["x", "--order", "a"]]
)
def test_unknown_options_are_exit_status_2(capsys, arguments):
    assert "usage: autodiff" in refused(capsys, *arguments)


def test_the_place_in_a_long_line_is_shown_with_its_surroundings(capsys):
    message = refused(capsys, "+".join(["x"] * 40) + "+oops+" + "+".join(["x"] * 40), "x=1")
    _, line, carets = message.rstrip("\n").split("\n")
    assert len(line) < 90
    assert line[carets.index("^") : carets.rindex("^") + 1] == "oops"


def test_what_nobody_thought_of_is_no_traceback(capsys, monkeypatch):
    monkeypatch.setattr("autodiff.command_line.main.quantities", lambda *_: {}["missing"])
    status, _, messages = run(capsys, "x", "x=1")
    assert status == 3
    assert messages == "autodiff: error of autodiff itself, please report it: KeyError: 'missing'\n"


# --- the process ------------------------------------------------------------------------------------------


def command(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "autodiff", *arguments], cwd=ROOT, capture_output=True, timeout=120, **options
    )  # fmt: skip


def test_the_script_is_the_command():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    module, _, name = scripts["autodiff"].partition(":")
    assert getattr(import_module(module), name) is main


def test_the_module_is_the_command():
    done = command("x**2", "x=3")
    assert (done.returncode, done.stderr) == (0, b"")
    assert "df/dx = 6" in done.stdout.decode()
    assert command("sine(x)", "x=3").returncode == 2


def test_help_shows_examples_that_run(capsys):
    status, output, _ = run(capsys, "--help")
    assert status == 0
    examples = [shlex.split(line) for line in re.findall(r"^  autodiff (.*)$", output, re.MULTILINE)]
    assert len(examples) == 8
    for arguments in examples:
        assert main([argument for argument in arguments if re.match(r"\w+=|[^-]*\(", argument)]) == 0
    capsys.readouterr()
    assert run(capsys, "--version")[1] == f"autodiff {ad.__version__}\n"


def test_a_closed_pipe_is_no_traceback():
    code = (
        "import os, sys; from autodiff.command_line.main import main\n"
        "read, write = os.pipe(); os.close(read); os.dup2(write, 1)\n"
        "status = main(['x**2', 'x=3', '--table'])\n"
        "os._exit(status if status else 99)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=120)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_terminal_without_our_letters_shows_question_marks():
    import os

    done = command("x*y", "x=3", "y=4", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"?f/?x = 4" in done.stdout


def test_errors_are_one_type():
    with pytest.raises(InputError, match="unknown function"):
        Evaluation(parse("nothing(1)"), {}).run()
