"""Fourier transforms: every row of the table, and what the rows do not say."""

import numpy as np
import pytest

import autodiff as ad
from tests.cases_fft import TRANSFORMS
from tests.complex_checks import check


@pytest.mark.parametrize("row", TRANSFORMS, ids=repr)
def test_row(row):
    check(row.function, *row.arguments(), **row.options)
