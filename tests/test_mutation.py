"""Wrong rules are planted, one at a time; the generated checks must notice every one.

A row: what is wrong, the function whose rule it is, the rule, the check that must fail, and
whose rows of the tables are run (by default the function's own).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from autodiff.arraylike import getitem
from autodiff.assignment import index_update
from autodiff.operands import value_of
from autodiff.rules.elementwise import elementwise
from autodiff.rules.general import composite, general, reduction
from autodiff.rules.indexing import select
from autodiff.rules.joining import joined
from autodiff.rules.linear import linear
from autodiff.rules.rearranging import rearranged
from tests import checks
from tests.cases import Case, all_cases
from tests.mutants import (
    changed,
    each,
    in_float64,
    keeping,
    mutating,
    planted,
    reversed_batch,
    scaled,
    scaled_backward,
    scaled_forward,
    stale,
    tired,
    unsummed,
    valued,
    written,
    wrong_at_one_entry,
)
from tests.problems import Problem, problems


class Mutant(NamedTuple):
    what: str
    function: Callable
    rule: Callable[[Callable], Any]
    check: Callable[[Problem], None]
    rows: Callable | None = None


def is_wrong(define: Callable, *args: Any, **kwargs: Any) -> Callable:
    """Return the mutation that writes the rule out (wrong)."""
    return lambda function: written(function, define, *args, **kwargs)


def by(factor: float, mutation: Callable = scaled) -> Callable:
    return lambda function: mutation(function, factor)


def _ulp_up(x: Any) -> Any:
    return np.nextafter(np.exp(x), np.asarray(np.inf, np.asarray(x).dtype))


MUTANTS = [
    # sign and factor, alike in both modes: only a witness from outside can tell
    Mutant("sign", np.cos, is_wrong(elementwise, lambda c, _y, x: c * np.sin(x)), checks.check_derivative),
    Mutant("sign of one operand", np.subtract, is_wrong(elementwise, 1, 1), checks.check_derivative),
    Mutant("factor 1.001", np.exp, by(1.001), checks.check_derivative),
    Mutant("factor 1 + 1e-7", np.tanh, by(1 + 1e-7), checks.check_derivative),
    Mutant("factor 1.001 of a quotient", np.hypot, by(1.001), checks.check_derivative),
    Mutant("factor 1.001 of a sum", np.sum, by(1.001), checks.check_derivative),
    Mutant("factor 1.001 of a product", np.matmul, by(1.001), checks.check_derivative),
    Mutant("sign of an extremum", np.max, by(-1.0), checks.check_derivative),
    Mutant("degrees for radians", np.degrees, is_wrong(elementwise, np.pi / 180), checks.check_derivative),
    # in one mode alone
    Mutant("factor, backward", np.log, by(1.001, scaled_backward), checks.check_adjoint),
    Mutant("factor 1 + 1e-9, backward", np.sinh, by(1 + 1e-9, scaled_backward), checks.check_adjoint),
    Mutant("factor, forward", np.arctan, by(1.001, scaled_forward), checks.check_adjoint),
    Mutant("factor, backward, of a joint", joined, by(1.001, scaled_backward), checks.check_adjoint, np.concatenate),
    # terms and operands
    Mutant("term", np.tan, is_wrong(elementwise, lambda c, y, _x: c * (y * y)), checks.check_derivative),
    Mutant("operand ignored", np.arctan2, is_wrong(elementwise, lambda c, _y, a, b: c * b / (a * a + b * b), 0),
           checks.check_derivative),
    Mutant("logarithm left out", np.power, is_wrong(
        elementwise, lambda c, _y, a, b: c * b * a ** (b - 1), lambda c, y, _a, _b: c * y), checks.check_derivative),
    Mutant("operands exchanged", np.divide, is_wrong(
        elementwise, lambda c, y, _a, b: -c * (y / b), lambda c, _y, _a, b: c / b), checks.check_derivative),
    Mutant("share of the other", np.maximum, is_wrong(
        elementwise, lambda c, _y, a, b: np.where(a < b, c, 0.0), lambda c, _y, a, b: np.where(a > b, c, 0.0)),
        checks.check_derivative),
    Mutant("inner derivative", np.log2, is_wrong(elementwise, lambda c, _y, x: c / x), checks.check_derivative),
    # right for some values
    Mutant("for negative values", np.square, is_wrong(elementwise, lambda c, _y, x: c * (2 * abs(x))),
           checks.check_derivative),
    Mutant("for negative values", np.absolute, is_wrong(elementwise, 1), checks.check_derivative),
    Mutant("at one entry", np.sin, wrong_at_one_entry, checks.check_derivative),
    Mutant("beyond 1", np.arctan, is_wrong(elementwise, lambda c, _y, x: np.where(x < 1, c / (1 + x * x), 0.5 * c)),
           checks.check_derivative),
    # broadcasting, dtype, state, ownership
    Mutant("sum over broadcast axes", np.add, unsummed, checks.check_shapes_and_dtypes),
    Mutant("sum over broadcast axes", np.multiply, unsummed, checks.check_shapes_and_dtypes),
    Mutant("float64 for float32", np.exp2, in_float64, checks.check_shapes_and_dtypes),
    Mutant("float64 for float32, forward", np.cbrt, lambda f: changed(f, jvp=each(lambda c: c.astype(np.float64))),
           checks.check_shapes_and_dtypes),
    Mutant("a NumPy scalar as a factor", np.radians, is_wrong(
        elementwise, lambda c, _y, _x: c * np.float64(np.pi / 180)), checks.check_shapes_and_dtypes),
    Mutant("cotangent mutated", np.negative, mutating, checks.check_purity),
    Mutant("cotangent mutated", np.sum, mutating, checks.check_purity),
    Mutant("second call", np.sqrt, tired, checks.check_purity),
    Mutant("second call", np.matmul, tired, checks.check_purity),
    Mutant("residuals of an earlier call", np.log1p, stale, checks.check_adjoint),
    # the second derivative
    Mutant("second order lost", np.sin, is_wrong(elementwise, lambda c, _y, x: c * np.cos(value_of(x))),
           checks.check_second_derivative),
    Mutant("second order lost", np.expm1, is_wrong(elementwise, lambda c, y, _x: c * (value_of(y) + 1)),
           checks.check_second_derivative),
    Mutant("second order lost in one operand", np.multiply, is_wrong(
        elementwise, lambda c, _y, _a, b: c * b, lambda c, _y, a, _b: c * value_of(a)), checks.check_second_derivative),
    # the value
    Mutant("last bit of the value", np.exp, lambda f: valued(f, _ulp_up), checks.check_values),
    Mutant("dtype of the value", np.tanh, lambda f: valued(f, lambda x: np.tanh(x * np.float64(1.0))),
           checks.check_values),
    # many directions at once
    Mutant("order of the columns", np.sum, reversed_batch, checks.check_jacobian),
    Mutant("order of the columns", np.matmul, reversed_batch, checks.check_jacobian),
    Mutant("order of the columns, second order", np.multiply, reversed_batch, checks.check_second_derivative),
    # linear: the transpose
    Mutant("not divided", np.mean, lambda f: changed(f, vjp=each(lambda c: 2 * c)), checks.check_adjoint),
    Mutant("not from the back", np.cumsum, is_wrong(
        linear, lambda ct, x, axis=None: np.reshape(np.cumsum(ct, axis), x.shape), 1, ["axis", "dtype"]),
        checks.check_adjoint),
    Mutant("axes not inverted", np.transpose, is_wrong(
        linear, lambda ct, x, axes=None: np.reshape(np.transpose(ct, axes), x.shape), 1, ["axes"]),
        checks.check_adjoint),
    Mutant("repeated entries counted once", getitem, is_wrong(
        linear, lambda ct, x, index: index_update(np.zeros(x.shape, ct.dtype), ct, index=index), internal=True),
        checks.check_adjoint),
    Mutant("replaced entries kept", index_update, is_wrong(
        linear, lambda ct, _x, value, index: (ct, np.sum(getitem(ct, index=index)) if value.shape == () else
                                              getitem(ct, index=index)), 2, internal=True), checks.check_adjoint),
    Mutant("branches exchanged", select, lambda f: changed(f, vjp=lambda original, argnums, ct, *rest: original(
        argnums, -ct, *rest)), checks.check_adjoint, np.where),
    Mutant("a value is kept", np.reshape, keeping, checks.check_linearity),
    Mutant("declared linear", np.square, is_wrong(linear, lambda ct, _x: ct), checks.check_linearity),
    Mutant("pieces rolled", rearranged, lambda f: changed(f, vjp=each(lambda c: np.roll(c, 1))),
           checks.check_adjoint, np.pad),
    # multilinear
    Mutant("not transposed", np.matmul, lambda f: changed(f, vjp=each(lambda c: np.reshape(c.T, c.shape))),
           checks.check_adjoint),
    # general, reductions, composites
    Mutant("factor in the weights", np.max, is_wrong(
        reduction, lambda x, y, **_axis: 0.999 * (value_of(x) == value_of(y)), ["axis", "keepdims"]),
        checks.check_derivative),
    Mutant("ddof ignored", np.var, is_wrong(
        composite, lambda a, axis=None, keepdims=False, **_ddof: np.mean(
            (a - np.mean(a, axis=axis, keepdims=True)) ** 2, axis=axis, keepdims=keepdims)), checks.check_derivative),
    Mutant("one factor left out", np.prod, is_wrong(
        composite, lambda a, axis=None, **_options: np.sum(a, axis=axis)), checks.check_derivative),
    Mutant("not sorted", np.sort, is_wrong(composite, lambda a, **_axis: +a), checks.check_derivative),
    # linear algebra
    Mutant("sign", np.linalg.inv, by(-1.0), checks.check_derivative),
    Mutant("not transposed", np.linalg.inv, is_wrong(general, lambda ct, y, _a: -(y @ ct @ y)),
           checks.check_derivative),
    Mutant("second order lost", np.linalg.inv, is_wrong(
        general, lambda ct, y, _a: -(value_of(y).swapaxes(-1, -2) @ ct @ value_of(y).swapaxes(-1, -2))),
        checks.check_second_derivative),
    Mutant("factor 1.001", np.linalg.det, by(1.001), checks.check_derivative),
    Mutant("factor 1 + 1e-7", np.linalg.solve, by(1 + 1e-7), checks.check_derivative),
    Mutant("factor, backward", np.linalg.cholesky, by(1.001, scaled_backward), checks.check_adjoint),
    Mutant("half of it", np.linalg.cholesky, by(0.5), checks.check_derivative),
    Mutant("float64 for float32", np.linalg.eigvalsh, in_float64, checks.check_shapes_and_dtypes),
    Mutant("cotangent mutated", np.linalg.det, mutating, checks.check_purity),
    Mutant("sign", np.convolve, by(-1.0), checks.check_derivative),
    Mutant("order of the columns", np.linalg.solve, reversed_batch, checks.check_jacobian),
]  # fmt: skip

ROWS = all_cases()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m.function.__name__}: {m.what}")
def test_mutant_is_caught(mutant: Mutant) -> None:
    rows = [case for case in ROWS if case.function is (mutant.rows or mutant.function)]
    assert rows, "no row of the tables runs this function"
    with planted(mutant.function, mutant.rule(mutant.function)):
        assert is_caught(rows, mutant.check), f"{mutant.check.__name__} notices nothing"


@pytest.mark.parametrize(
    ("name", "wrong", "check"),
    [
        ("own", lambda ct, _primal: ct, checks.check_ownership),
        ("frozen", lambda x: x, checks.check_ownership),
        ("same_kind", lambda _value, _y: True, checks.check_shapes_and_dtypes),
    ],
)
def test_engine_mutant_is_caught(name: str, wrong: Callable, check: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the engine does for every rule: results of one's own, snapshots of inputs, sums over broadcast axes."""
    rows = [case for case in ROWS if case.function in (np.add, np.positive, np.reshape, np.sin)]
    for module in [module for title, module in sys.modules.items() if title.startswith("autodiff.")]:
        if hasattr(module, name):
            monkeypatch.setattr(module, name, wrong)
    assert is_caught(rows, check)


def is_caught(rows: list[Case], check: Callable[[Problem], None]) -> bool:
    """Tell whether `check` fails on any problem that the rows give."""
    for case in rows:
        for problem in problems(case):
            try:
                if problem.refusal is None and problem.values:
                    check(problem)
            except AssertionError:
                return True
    return False


def test_unspoiled_rules_are_not_caught() -> None:
    """What is caught is the mutation, not the machinery that plants it."""
    for function in (np.sin, np.multiply, np.sqrt):
        rows = [case for case in ROWS if case.function is function]
        for spare in (by(1.0), changed):
            with planted(function, spare(function)):
                for check in checks.FIRST_ORDER:
                    assert not is_caught(rows, check), f"{check.__name__} fails on a right rule of {function}"


def test_there_are_enough() -> None:
    assert len(MUTANTS) >= 30
