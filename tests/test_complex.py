"""Complex numbers: every row of the tables, the convention beside that of the peers, and the transformations."""

import numpy as np
import pytest

import autodiff as ad
from tests.cases_complex import ELEMENTWISE, GENERAL, PRODUCTS
from tests.cases_complex_linalg import LINALG
from tests.complex_checks import check

ROWS = [*ELEMENTWISE, *GENERAL, *PRODUCTS, *LINALG]


@pytest.mark.parametrize("row", ROWS, ids=repr)
def test_row(row):
    check(row.function, *row.arguments(), **row.options)
