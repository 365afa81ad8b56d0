"""Programs written for HIPS autograd run by changing their import lines, and give its numbers.

Each program in `autograd_programs` ends with a list `result`. It is run as it stands, where
autograd is installed, and with `autograd` replaced by `autodiff` in its import lines.
"""

import importlib.util
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

PROGRAMS = sorted(
    path for path in (Path(__file__).parent / "autograd_programs").glob("*.py") if path.name != "conftest.py"
)
HAS_AUTOGRAD = importlib.util.find_spec("autograd") is not None
IMPORT = re.compile(r"^(\s*(?:from|import)\s+)autograd\b", re.MULTILINE)


def run(path, library, **given):
    source = path.read_text(encoding="utf-8")
    assert IMPORT.search(source)
    source = IMPORT.sub(rf"\g<1>{library}", source)
    names = {"__name__": path.stem, **given}
    with warnings.catch_warnings():
        if library == "autograd":
            warnings.simplefilter("ignore")  # what it warns of is not ours to answer for
        exec(compile(source, str(path), "exec"), names)
    assert names["result"]
    return names


def needs_scipy(path):
    if "scipy" in path.read_text(encoding="utf-8"):
        pytest.importorskip("scipy")


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_the_program_runs_by_changing_its_imports(path):
    needs_scipy(path)
    for value in run(path, "autodiff")["result"]:
        assert type(value) in (np.ndarray, np.float64, float)
        assert np.all(np.isfinite(value))


@pytest.mark.skipif(not HAS_AUTOGRAD, reason="autograd is not installed")
@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_the_program_gives_the_numbers_that_autograd_gives(path):
    needs_scipy(path)
    ours, theirs = run(path, "autodiff")["result"], run(path, "autograd")["result"]
    assert len(ours) == len(theirs)
    for k, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        assert np.shape(a) == np.shape(b), k
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11, err_msg=str(k))


def test_the_lecture_network_learns():
    names = run(Path(__file__).parent / "autograd_programs" / "lecture_ffnn.py", "autodiff")
    assert names["regression"][-1] < 0.1 * names["regression"][0]
    assert names["solved"] and names["unsolved"]
    assert names["accuracy"] > 0.9


def test_the_lecture_network_reads_digits():
    datasets = pytest.importorskip("sklearn.datasets")
    digits = datasets.load_digits()
    given = (digits.data[:600] / 16, digits.target[:600])
    names = run(Path(__file__).parent / "autograd_programs" / "lecture_ffnn.py", "autodiff", digits=given)
    assert names["accuracy"] > 0.95
