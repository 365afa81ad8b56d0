"""The generated tests: every row of the tables, each argument and all jointly, × dtype × shape and layout."""

import pytest

from tests.cases import all_cases
from tests.checks import check
from tests.problems import Problem, problems

PROBLEMS = [p for case in all_cases() for p in problems(case)]


@pytest.mark.parametrize("problem", PROBLEMS, ids=repr)
def test_case(problem: Problem) -> None:
    check(problem)


def test_there_are_enough() -> None:
    assert len({p.case.function for p in PROBLEMS}) >= 100
    assert len(PROBLEMS) >= 5000
