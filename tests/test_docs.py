"""The pages in docs are true: their Python runs and prints what they say."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from tests.test_readme import assert_true

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "migration.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["migration.md", "compile.md"])
def test_every_python_block_prints_what_follows_it(name):
    with np.errstate(divide="ignore"):
        assert assert_true((DOCS / name).read_text(encoding="utf-8"), name) >= 4


def test_every_named_transformation_exists():
    import autodiff as ad

    names = re.search(r"All of (.*?) take the same", PAGE, flags=re.DOTALL)
    assert names
    for name in re.findall(r"`(\w+)`", names[1]):
        assert callable(getattr(ad, name)), name


def test_what_is_said_to_be_wrong_in_autograd_is():
    autograd = pytest.importorskip("autograd")
    import autograd.numpy as anp

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x = np.array([0.0, 2.0, 5.0])
        np.testing.assert_array_equal(
            autograd.grad(lambda x: anp.sum(x, where=np.array([True, True, False])))(x), np.ones(3)
        )
        assert np.isnan(autograd.grad(anp.prod)(x)[0])
        assert np.isnan(autograd.grad(anp.linalg.norm)(np.zeros(2))).all()
        assert np.isnan(autograd.grad(anp.std)(np.ones(2))).all()
        assert np.isnan(autograd.grad(anp.sinc)(0.0))
        with pytest.raises(ZeroDivisionError):
            autograd.grad(anp.sqrt)(0.0)
