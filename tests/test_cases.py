"""The generated tests: every row of the tables, each argument and all jointly, × dtype × shape and layout."""

import pytest

from autodiff.dispatch import RULES
from tests.cases import all_cases
from tests.cases_complex import ELEMENTWISE, GENERAL, PRODUCTS
from tests.cases_fft import TRANSFORMS
from tests.checks import check
from tests.problems import Problem, problems

PROBLEMS = [p for case in all_cases() for p in problems(case)]


@pytest.mark.parametrize("problem", PROBLEMS, ids=repr)
def test_case(problem: Problem) -> None:
    check(problem)


def test_there_are_enough() -> None:
    assert len({p.case.function for p in PROBLEMS}) >= 100
    assert len(PROBLEMS) >= 5000


REACHED_ONLY_INSIDE = {
    "np.full": "np.full(shape, t) dispatches with like=t alone, which needs a traced value: tests of the tensor",
    "np.full_like": "has a row as a function of one array",
    "np.intersect1d": "has a row as a function of one array",
    "np.trim_zeros": "has a row as a function of one array",
    "np.ldexp.accumulate": "NumPy has no loop for it",
    "np.ldexp.reduce": "NumPy has no loop for it",
    "np.ldexp.reduceat": "NumPy has no loop for it",
}


def test_every_numpy_function_with_a_rule_has_a_row() -> None:
    known = {id(RULES.get(p.case.function)) for p in PROBLEMS}  # two names may share a rule
    known |= {id(RULES.get(row.function)) for row in [*ELEMENTWISE, *GENERAL, *PRODUCTS, *TRANSFORMS]}
    rules = [rule for rule in RULES.values() if rule.family not in ("constant", "refused")]
    without = {rule.name for rule in rules if rule.name.startswith("np.") and id(rule) not in known}
    assert without <= REACHED_ONLY_INSIDE.keys(), (
        f"no row in the tables: {sorted(without - REACHED_ONLY_INSIDE.keys())}"
    )
