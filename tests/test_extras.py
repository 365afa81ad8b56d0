"""What is not installed, too old or broken: one message, with the extra and the command."""

import sys

import numpy as np
import pytest

import autodiff as ad


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Write a package `newcomer` of the given text, and forget it afterwards."""

    def write(text):
        (tmp_path / "newcomer.py").write_text(text, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "newcomer", raising=False)

    yield write
    sys.modules.pop("newcomer", None)


def test_a_module_or_what_stands_in_it():
    assert ad.required("numpy.linalg", "viz", "f") is np.linalg
    assert ad.required("numpy.linalg:norm", "viz", "f") is np.linalg.norm


@pytest.mark.parametrize("name", ["no_such", "no_such.part:Name"])
def test_what_is_not_there(name):
    message = r"^f: needs no_such; got none in this environment\. Install it: pip install 'autodiff-nn\[viz\]'\.$"
    with pytest.raises(ModuleNotFoundError, match=message):
        ad.required(name, "viz", "f")


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ("", "module 'newcomer' has no attribute 'Name'"),
        ("import no_such", "No module named 'no_such'"),
        ("raise ImportError('libnew.so.1: cannot open')", r"libnew\.so\.1: cannot open"),
    ],
)
def test_what_is_too_old_or_broken_is_not_said_to_be_absent(package, text, got):
    package(text)
    message = rf"^f: needs newcomer 2; got one that will not do: {got}\. Install it: .*\[train\]', or wait\.$"
    with pytest.raises(ImportError, match=message) as caught:
        ad.required("newcomer:Name", "train", "f", needs="newcomer 2", instead="wait")
    assert type(caught.value) is ImportError


def test_a_sweep_and_the_plane_of_modes_without_matplotlib(monkeypatch):
    report, modes = ad.gradcheck(np.sin, 1.0), ad.compare_modes(np.sin, 1.0)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ModuleNotFoundError, match=r"^plot: needs matplotlib; got none .*\[viz\]', or print\(report\)"):
        report.plot()
    with pytest.raises(ModuleNotFoundError, match=r"^compare_modes\.plot: needs matplotlib; got none .*\[viz\]'"):
        modes.plot()
