"""The gradient check that explains: it names planted faults, knows kinks, and gives no false alarm."""

import json
import warnings

import numpy as np
import pytest

import autodiff as ad
from tests.cases import all_cases
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
    ("zero instead of a rule", operation(lambda a, b: a * b, lambda ct, _y, _a, b: ct * b, lambda ct, _y, _a, b: 0 * ct),
     through_both, (X, B), "ignored argument", 1, "is zero"),
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
    text = str(report)
    assert [fault.kind for fault in report.faults] == [kind]
    assert report.faults[0].function == "operation" and report.faults[0].argnum == argnum
    assert text.startswith("gradcheck of <lambda>: WRONG (") and kind in text.splitlines()[0]
    assert f"of operation for argument {argnum}" in text
    assert "test_gradcheck.py:" in text and "np.tanh(op(" in text  # the line on which it was called
    assert words is None or words in text


def test_a_right_rule_is_right():
    op = operation(lambda x: np.sin(x), lambda ct, _y, x: ct * np.cos(x))
    assert ad.gradcheck(through(op), X, order=2)
