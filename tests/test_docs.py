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
        mixed = autograd.hessian_vector_product(lambda y, x: anp.sum(y * x**3), -1)
        np.testing.assert_array_equal(mixed(np.array([1.0, 2.0]), np.ones(2), np.ones(2)), [3.0, 6.0])
        with pytest.raises(ZeroDivisionError):
            autograd.grad(anp.sqrt)(0.0)


def test_what_is_said_to_need_our_scipy_is_there_and_no_ufunc():
    pytest.importorskip("scipy")
    from importlib import import_module

    from scipy import special

    import autodiff.scipy.special as ours

    names = re.search(r"must come from here: (.*?) from\s", PAGE, flags=re.DOTALL)
    assert names
    for name in re.findall(r"`(\w+)`", names[1]):
        assert not isinstance(getattr(special, name), np.ufunc), name
        assert getattr(ours, name) is not getattr(special, name), name
    more = re.search(r"\*\*More of SciPy:\*\* (.*?)\. A function", PAGE, flags=re.DOTALL)
    assert more
    module = ""
    for name in re.findall(r"`([\w.]+)", more[1]):
        module, _, name = name.rpartition(".") if "." in name else (module, "", name)
        assert getattr(import_module(f"autodiff.scipy.{module}"), name) is not None


def test_what_is_said_to_differ_does():
    import autodiff as ad

    def stored(x):
        a = np.zeros(2)
        a[0] = x[0]
        return np.sum(a)

    def stored_in_a_tensor(x):
        a = ad.tensor(np.zeros(2))
        a[0] = x[0]
        return np.sum(a)

    with pytest.raises(ValueError, match="setting an array element") as caught:
        ad.grad(stored)(np.ones(2))
    assert "make the target a tensor" in str(caught.value.__cause__)
    np.testing.assert_array_equal(ad.grad(stored_in_a_tensor)(np.ones(2)), [1.0, 0.0])
    with pytest.raises(TypeError, match="X @ t"):
        ad.grad(lambda w: np.sum(np.eye(2).dot(w)))(np.ones(2))
    for f in (np.max, np.median):
        with pytest.raises(TypeError, match="complex numbers have no order"):
            ad.grad(lambda z, f=f: np.abs(f(z)))(np.ones(3) + 0j)
