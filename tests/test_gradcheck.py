"""The gradient check that explains: it names planted faults, knows kinks, and gives no false alarm."""

import json
import math
import re

import numpy as np
import pytest

import autodiff as ad
from autodiff.checking.probe import Probe
from autodiff.checking.witnesses import slopes
from tests.cases import all_cases
from tests.mutants import planted, scaled, wrong_at_one_entry
from tests.problems import problems

RNG = np.random.default_rng(8)
X = np.array([0.5, -1.2, 2.0])
M = np.array([[0.3, -1.1, 0.7], [1.9, 0.4, -0.6], [-0.2, 0.8, 1.3]])
B = np.array([1.0, -2.0, 0.5])


def operation(function, *vjps, jvps=()):
    """Return `function` as an operation with these rules."""
    function.__name__ = function.__qualname__ = "operation"
    result = ad.primitive(function).defvjp(*vjps)
    return result.defjvp(*jvps) if jvps else result


def at_one_entry(ct, _y, x):
    factor = np.ones(x.shape)
    factor[1] = 1.01
    return ct * np.cos(x) * factor


def modifying(ct, _y, x):
    ct *= np.cos(x)
    return ct


def tired():
    """Right at the first call, twice that at the later ones."""
    calls = []

    def vjp(ct, _y, x):
        calls.append(1)
        return ct * np.cos(x) * (1.0 if len(calls) == 1 else 2.0)

    return vjp


def detached(x):
    return x.detach() if hasattr(x, "detach") else x


def through(op):
    return lambda x: np.sum(np.tanh(op(x)) ** 2)


def through_both(op):
    return lambda a, b: np.sum(np.tanh(op(a, b)))


def explained(report):
    """Return the text of the report in one line."""
    return " ".join(str(report).split())


def sine(x):
    return np.sin(x)


PLANTED = [
    # fault, operation, function of it, arguments, what the report must say
    ("sign", operation(lambda x: np.sin(x), lambda ct, _y, x: -ct * np.cos(x)), through, (X,),
     "wrong sign", 0, None),
    ("factor 1.001", operation(lambda x: np.sin(x), lambda ct, _y, x: 1.001 * ct * np.cos(x)), through, (X,),
     "wrong factor", 0, "1.001 times what it should be"),
    ("transposed", operation(lambda x: x @ M, lambda ct, _y, _x: (ct @ M.T).T), through, (M + 0.1,),
     "transposed", 0, "is the transpose of what it should be"),
    ("missing broadcast sum",
     operation(lambda a, b: a + b, lambda ct, _y, _a, _b: ct, lambda ct, _y, _a, _b: ct), through_both, (M, B),
     "missing sum over broadcast axes", 1, "the sum over the broadcast axes is missing"),
    ("wrong at one entry", operation(lambda x: np.sin(x), at_one_entry), through, (X,),
     "wrong at one entry", 0, "at entry [1]"),
    ("cotangent modified in place", operation(lambda x: np.sin(x), modifying), through, (X,),
     "cotangent modified in place", 0, "writes into the cotangent"),
    ("right only on the first call", operation(lambda x: np.sin(x), tired()), through, (X,),
     "right only on the first call", 0, "the first call gives"),
    ("dropped second-order term", operation(lambda x: x**3, lambda ct, _y, x: ct * 3 * detached(x) ** 2), through, (X,),
     "dropped second-order term", 0, "is right, but its own derivative is not"),
    ("wrong dtype", operation(lambda x: np.sin(x), lambda ct, _y, x: ct * np.cos(x).astype(np.float64)), through,
     (X.astype(np.float32),), "wrong dtype", 0, "returns float64 where the argument is float32"),
    ("wrong shape", operation(lambda x: np.sum(x**2, axis=0), lambda ct, _y, x: np.sum(2 * ct * x, axis=0)), through,
     (M,), "wrong shape", 0, "returns shape (3,) where the argument has (3, 3)"),
    ("ignoring one argument", operation(lambda a, b: a * b, lambda ct, _y, _a, b: ct * b, None), through_both,
     (X, B), "ignored argument", 1, "the argument is ignored"),
    ("wrong only for negative input", operation(lambda x: x**2, lambda ct, _y, x: 2 * ct * np.abs(x)), through, (X,),
     "wrong for negative input", 0, "with the wrong sign"),
    ("the same, where no input is negative",
     operation(lambda x: x**2, lambda ct, _y, x: 2 * ct * np.abs(x)), through, (np.array([0.4, 1.2]),),
     "wrong for negative input", 0, "at other arguments"),
    ("transposed shape", operation(lambda x: x @ M, lambda ct, _y, _x: (ct @ M.T).T), through, (M[:2],),
     "wrong shape", 0, "it is transposed"),
    ("zero instead of a rule",
     operation(lambda a, b: a * b, lambda ct, _y, _a, b: ct * b, lambda ct, _y, _a, _b: 0 * ct), through_both,
     (X, B), "ignored argument", 1, "is zero"),
    ("forward mode alone",
     operation(lambda x: np.sin(x), lambda ct, _y, x: ct * np.cos(x), jvps=[lambda t, _y, x: 2 * t * np.cos(x)]),
     through, (X,), "wrong JVP", 0, "is 2 times what it should be"),
    ("a constant added", operation(lambda x: np.sin(x), lambda ct, _y, x: ct * (np.cos(x) + 0.1)), through, (X,),
     "wrong value", 0, "at 3 of 3 entries"),
    ("a rule that raises", operation(lambda x: np.sin(x), lambda ct, _y, x: ct * np.cos(x)[5]), through, (X,),
     "error", 0, "raises IndexError"),
]  # fmt: skip


@pytest.mark.parametrize("row", PLANTED, ids=lambda row: row[0])
def test_every_planted_fault_is_named(row):
    name, op, build, args, kind, argnum, words = row
    report = ad.gradcheck(build(op), *args, order=2 if "second-order" in name else 1)
    assert not report
    text = explained(report)
    assert [fault.kind for fault in report.faults] == [kind]
    assert report.faults[0].function == "operation" and report.faults[0].argnum == argnum
    assert text.startswith("gradcheck of f: WRONG (") and kind in str(report).splitlines()[0]
    assert f"of operation for argument {argnum}" in text
    assert "test_gradcheck.py:" in text and "np.tanh(op(" in text  # the line on which it was called
    assert words is None or words in text


def test_a_right_rule_is_right():
    op = operation(lambda x: np.sin(x), lambda ct, _y, x: ct * np.cos(x))
    assert ad.gradcheck(through(op), X, order=2)


def test_a_wrong_rule_of_the_library_is_named_too():
    with planted(np.exp, scaled(np.exp, 1.001)):
        report = ad.gradcheck(lambda x: np.sum(np.exp(np.sin(x)) * x), X)
    assert [fault.kind for fault in report.faults] == ["wrong factor"]
    assert report.faults[0].function == "np.exp"
    with planted(np.tanh, wrong_at_one_entry(np.tanh)):
        report = ad.gradcheck(lambda x: np.sum(np.tanh(x) * B), X)
    assert "the VJP of np.tanh for argument 0 is wrong at one entry of 3" in explained(report)


def test_the_first_wrong_rule_is_named_not_those_after_it():
    good = operation(lambda x: np.sin(x), lambda ct, _y, x: ct * np.cos(x))
    bad = ad.primitive(lambda x: x**2).defvjp(lambda ct, _y, x: ct * x)
    report = ad.gradcheck(lambda x: np.sum(good(bad(good(x)))), X)
    assert [fault.kind for fault in report.faults] == ["wrong factor"]
    assert "0.5 times what it should be" in report.faults[0].text


def test_what_leaves_the_graph_is_told_from_a_wrong_rule():
    report = ad.gradcheck(lambda x: np.sum(x * detached(np.sin(x))), X)
    assert [fault.kind for fault in report.faults] == ["wrong value"]
    assert "each recorded operation is right by itself" in explained(report) and ".detach()" in explained(report)


def test_a_function_that_the_engine_refuses_is_reported():
    report = ad.gradcheck(lambda x: math.sin(x), 0.5)
    assert [fault.kind for fault in report.faults] == ["error"]
    assert "reverse mode raises TypeError" in explained(report)


# --- witnesses ---------------------------------------------------------------------------


def lecture(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


def test_all_witnesses_agree_to_the_digits_they_have():
    report = ad.gradcheck(lecture, 2.0, 5.0)
    assert report
    for row, exact in zip(report.rows, (5.5, 2 - np.cos(5.0)), strict=True):
        np.testing.assert_allclose([row.reverse, row.forward, row.complex_step, row.sympy], exact, rtol=1e-14)
        np.testing.assert_allclose(row.differences, exact, rtol=1e-10)
        assert abs(row.differences - exact) <= 10 * row.error
        digits = row.digits()
        assert min(digits["forward"], digits["complex step"], digits["SymPy"]) > 14 and digits["differences"] > 10
    verdict = r"gradcheck of lecture: right\. 2 derivatives agree with the witnesses, to 1[456] digits or more"
    assert re.match(verdict, explained(report))


def test_without_formulas_sympy_has_no_column():
    report = ad.gradcheck(lambda x: np.sum(np.sort(x) ** 2), X)
    assert report and all(row.sympy is None for row in report.rows) and "SymPy" not in explained(report)


def test_where_the_function_is_not_analytic_the_complex_step_is_no_witness():
    report = ad.gradcheck(lambda x: np.sum(np.abs(x) ** 3 + np.maximum(x, 0.1)), X)
    assert report and all(row.complex_step is None for row in report.rows)


def test_the_step_sweep_has_the_shape_of_a_v():
    sweep = ad.gradcheck(np.exp, 1.0).sweep
    assert 1e-7 < sweep.steps[sweep.best] < 1e-4
    truncation = sweep.errors[(sweep.steps < 0.2) & (sweep.steps > 2e-4)]
    np.testing.assert_allclose(truncation[:-1] / truncation[1:], 10, rtol=0.05)  # ∝ h², two steps in each decade
    assert sweep.errors[-1] > 1e3 * sweep.errors[sweep.best]  # round-off
    assert sweep.one_sided[sweep.best] > 1e3 * sweep.errors[sweep.best]


@pytest.mark.parametrize(
    ("f", "x", "derivative"),
    [
        (np.exp, 30.0, np.exp(30.0)),
        (np.log, 1e-8, 1e8),
        (lambda x: np.sin(1e3 * x), 0.3, 1e3 * np.cos(300.0)),
        (np.tanh, 1e-12, 1.0),
        (lambda x: x * 1e-20, 2.0, 1e-20),
        (lambda x: np.sin(x), 1e6, np.cos(1e6)),
        (lambda x: np.maximum(x, 0.0), 1e-6, 1.0),
        (lambda x: np.floor(1000 * x) + x, 0.50003, 1.0),
    ],
)
def test_differences_find_their_step_at_every_scale(f, x, derivative):
    probe = Probe(f, (x,), None, RNG)
    central = slopes(probe, probe.x, np.ones(1)).central
    np.testing.assert_allclose(central.value, derivative, rtol=1e-7)
    assert abs(central.value - derivative) <= 10 * central.error


def test_rounding_inside_the_function_widens_the_error():
    probe = Probe(lambda x: np.float64(np.float32(np.exp(x))), (1.0,), None, RNG)
    central = slopes(probe, probe.x, np.ones(1)).central
    assert 1e-8 < abs(central.value - np.e) < 10 * central.error < 1e-2


# --- kinks and edges -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "x", "words"),
    [
        (np.abs, 0.0, "left slope -1, right slope 1; the engine's convention gives 0"),
        (lambda x: np.maximum(x, 0.0), 0.0, "left slope 0, right slope 1; the engine's convention gives 0.5"),
        (np.sqrt, 0.0, "left slope none, right slope inf; the engine's convention gives inf"),
        (np.cbrt, 0.0, "left slope inf, right slope inf; the engine's convention gives inf"),
        (np.floor, 1.0, "left slope inf, right slope 0; the engine's convention gives 0"),
        (lambda x: np.clip(x, 0.0, 1.0), 1.0, "left slope 1, right slope 0; the engine's convention gives 1"),
        (np.linalg.norm, np.zeros(2), "left slope -1, right slope 1; the engine's convention gives 0"),
        (np.max, np.array([1.0, 1.0, 0.0]), "left slope 0, right slope 1; the engine's convention gives 0.5"),
    ],
)
def test_kinks_are_explained_and_no_fault(f, x, words):
    report = ad.gradcheck(f, x)
    assert report and report.rows[0].verdict == "kink"
    assert words in explained(report) and "not differentiable there" in explained(report)


def test_at_a_kink_a_value_outside_the_slopes_is_a_fault():
    bent = ad.primitive(lambda x: np.abs(x)).defvjp(lambda ct, _y, x: ct * np.where(x == 0, 2.0, np.sign(x)))
    assert not ad.gradcheck(lambda x: bent(x), 0.0)
    assert ad.gradcheck(lambda x: bent(x), 0.5, points=0)


# --- functions that misbehave, and what is passed to them ----------------------------------


def test_functions_with_chance_in_them_are_reported():
    rng = np.random.default_rng(0)
    report = ad.gradcheck(lambda x: np.sum(x * rng.uniform(size=3)), X)
    assert [fault.kind for fault in report.faults] == ["not deterministic"]
    assert "Fix its random numbers" in explained(report)


def test_a_function_that_writes_into_its_argument_is_told_and_the_argument_kept():
    def f(x):
        x[0] = x[1] * 2.0
        return np.sum(x**2)

    x = X.copy()
    report = ad.gradcheck(f, x)
    assert report and "f modifies its argument x in place" in explained(report)
    np.testing.assert_array_equal(x, X)


def test_values_that_are_not_finite():
    report = ad.gradcheck(np.log, -1.0)
    assert [fault.kind for fault in report.faults] == ["not finite"]


def test_integers_stay_and_containers_are_opened():
    def f(params, n, flag):
        return {"y": params["w"] @ params["b"] ** n, "z": [params["w"][0] * 2.0 if flag else 0.0, n]}

    report = ad.gradcheck(f, {"w": X, "b": B}, 3, True, order=2)
    assert report
    assert [row.name for row in report.rows] == [
        *[f"params['w'][{k}]" for k in range(3)], *[f"params['b'][{k}]" for k in range(3)],
    ]  # fmt: skip


def test_argnum_chooses_arguments():
    assert [row.name for row in ad.gradcheck(lambda a, b: a * b, 2.0, 3.0, argnum=1).rows] == ["b"]
    assert len(ad.gradcheck(lambda a, b: a * b, 2.0, 3.0, argnum=(0, -1)).rows) == 2


@pytest.mark.parametrize(
    ("args", "options", "error", "words"),
    [
        ((3,), {}, TypeError, "gradcheck: needs a float"),
        ((), {}, TypeError, "gradcheck: needs a float"),
        ((2.0, 3), {"argnum": 1}, TypeError, "gradcheck: integers have no derivative; got 3 as argument 1"),
        ((2.0,), {"argnum": 1}, ValueError, "gradcheck: argnum counts the arguments from 0; got 1 of 1"),
        ((2.0,), {"order": 3}, ValueError, "gradcheck: order is 1 or 2; got 3"),
    ],
)
def test_what_cannot_be_checked_is_refused(args, options, error, words):
    with pytest.raises(error, match=re.escape(words)):
        ad.gradcheck(lambda *x: x[0] * 2.0, *args, **options)


def test_results_that_cannot_be_checked_are_refused():
    with pytest.raises(TypeError, match="gradcheck: f must return floats; got 1 results without any"):
        ad.gradcheck(np.argmax, X)


def test_complex_numbers_are_checked_part_by_part():
    z = X + 0.5j
    assert [row.name for row in ad.gradcheck(np.fft.fft, X).rows] == ["a[0]", "a[1]", "a[2]"][: len(X)]
    report = ad.gradcheck(lambda z: np.sum(np.abs(z) ** 2), z, order=2)
    assert report and {row.name for row in report.rows} >= {"z.re[0]", "z.im[0]"}


def test_a_rule_that_is_wrong_for_complex_numbers_is_named():
    size = ad.primitive(lambda z: z * np.conj(z))
    size.defvjp(lambda ct, _y, z: ct * np.conj(z))
    report = ad.gradcheck(lambda z: np.real(size(z)), X + 0.5j)
    assert not report and "along a random direction" in report.faults[0].text


def test_float32_is_checked_against_differences_in_float64():
    x = X.astype(np.float32)
    report = ad.gradcheck(lambda x: np.sum(np.tanh(x) * x), x)
    assert report and all(row.digits()["differences"] > 5 for row in report.rows)
    assert not ad.gradcheck(through(operation(sine, lambda ct, _y, x: ct * np.cos(x) * 1.001)), x)


def test_of_many_entries_some_are_looked_at_and_a_wrong_one_is_found_by_halving():
    def at_4321(ct, _y, x):
        factor = np.ones(x.shape, x.dtype)
        factor[4321] = 1.5
        return ct * np.cos(x) * factor

    x = np.random.default_rng(2).uniform(0.1, 1.2, 10_000)
    right = ad.gradcheck(lambda x: np.sum(np.sin(x)), x)
    assert right and len(right.rows) == 64 + 3
    report = ad.gradcheck(through(operation(sine, at_4321)), x, entries=16)
    assert report.faults[0].function == "operation"
    assert [row.name for row in report.rows if row.verdict == "wrong" and "direction" not in row.name] == ["x[4321]"]


def test_symmetric_matrices_are_meant_along_symmetric_directions():
    a = M @ M.T + np.eye(3)
    report = ad.gradcheck(lambda a: np.linalg.eigvalsh(a), a)
    assert report and "one triangle of a symmetric matrix" in explained(report)


def test_a_derivative_of_zero_needs_no_step():
    report = ad.gradcheck(lambda x: np.sum(np.sign(x)), 4 * X)
    assert report and "the central difference is exact at every step" in explained(report)


# --- order 2 -------------------------------------------------------------------------------


def test_second_derivatives_have_witnesses_of_their_own():
    report = ad.gradcheck(lecture, 2.0, 5.0, order=2)
    assert report and len(report.second) == 2
    got, seen = report.curvature
    np.testing.assert_allclose(got, seen, rtol=1e-7)
    assert "second differences of f itself" in explained(report) and "; second derivatives too" in explained(report)


def test_a_rule_that_cannot_be_differentiated_is_named():
    plain = operation(lambda x: np.exp(x), lambda ct, _y, x: ct * math.exp(x))
    report = ad.gradcheck(lambda x: np.tanh(plain(x)), 0.5, order=2)
    assert report.faults[0].function == "operation" and "TypeError" in explained(report)
    assert ad.gradcheck(lambda x: np.tanh(plain(x)), 0.5)


# --- the report ----------------------------------------------------------------------------


def test_the_report_as_data():
    bad = operation(sine, lambda ct, _y, x: -ct * np.cos(x))
    for report in (ad.gradcheck(through(bad), X), ad.gradcheck(np.sqrt, 0.0), ad.gradcheck(lecture, 2.0, 5.0)):
        data = json.loads(json.dumps(report.to_dict(), allow_nan=False))
        assert data["right"] is bool(report)
        assert [row["entry"] for row in data["rows"]] == [row.name for row in report.rows]
    assert repr(ad.gradcheck(through(bad), X)) == "<gradcheck of f: WRONG, wrong sign>"
    assert ad.gradcheck(through(bad), X).to_dict()["faults"][0]["function"] == "operation"


def test_the_picture_shows_the_sweep():
    report = ad.gradcheck(through(operation(sine, lambda ct, _y, x: 1.001 * ct * np.cos(x))), X)
    axes = report.plot()
    assert [line.get_label() for line in axes.get_lines()][:2] == ["forward difference", "central difference"]
    np.testing.assert_array_equal(axes.get_lines()[1].get_xdata(), report.sweep.steps)
    assert "reverse mode: wrong by this much" in [line.get_label() for line in axes.get_lines()]
    assert ad.gradcheck(lecture, 2.0, 5.0).plot(axes) is axes
    with pytest.raises(ValueError, match="plot: there is no step sweep to draw"):
        ad.gradcheck(np.log, -1.0).plot()


# --- no false alarms -----------------------------------------------------------------------

ROWS = [problem for case in all_cases() for problem in problems(case)]
INTERPOLATED = [problem for problem in ROWS if "interp" in problem.case.name]  # of ascending points alone


@pytest.mark.parametrize("problem", ROWS[::47] + INTERPOLATED[::9], ids=repr)
def test_no_false_alarm_on_the_table_of_operations(problem):
    if problem.refusal is not None or not sum(map(np.size, problem.values)) or not sum(map(np.size, problem.primals)):
        pytest.skip("nothing to differentiate")
    if any(np.asarray(y).dtype.kind == "c" for y in problem.values):
        pytest.skip("complex")
    report = ad.gradcheck(problem.f, *problem.primals)
    assert report, str(report)


def test_a_function_of_autograds_convention_is_named():
    from autodiff.extend import defvjp, primitive

    @primitive
    def cubed(x):
        return x**3

    defvjp(cubed, lambda _y, x: lambda ct: 2 * ct * x**2)
    assert "the VJP of cubed for argument 0" in str(ad.gradcheck(cubed, 2.0))


def test_check_grads_takes_one_mode_and_names_the_argument():
    from autodiff.test_util import check_grads

    ad.check_grads(np.sin, 0.5, modes="forward")
    check_grads(np.sin, modes="fwd")(0.5)
    with pytest.raises(ValueError, match=r"got \['forwards'\]"):
        ad.check_grads(np.sin, 0.5, modes="forwards")
    with pytest.raises(TypeError, match=r"got 2 as argument 0\."):
        check_grads(np.sin)(2)
    with pytest.raises(TypeError, match=r"got 3 as argument 1\['w'\]\."):
        ad.check_grads(lambda a, b: a * b["w"], 2.0, {"w": 3})
