"""Every example runs by itself, as a user runs it, without a warning, and leaves its picture."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("[0-9]*.py"))
TABLE = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs_and_its_claim_holds(path):
    picture = path.parent / "out" / f"{path.stem}.png"
    picture.unlink(missing_ok=True)
    run = _run(path)
    assert run.returncode == 0, run.stderr
    assert "picture: " in run.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_everything_but_the_picture_is_there(tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError", encoding="utf-8")
    run = _run(ROOT / "examples" / "01_scalar_perceptron.py", tmp_path)
    assert run.returncode == 0, run.stderr
    assert "no picture: matplotlib is not installed; pip install -e '.[viz]'" in run.stdout


def _run(path, *first_on_the_path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [*first_on_the_path, ROOT]))}
    command = [sys.executable, "-W", "error", str(path)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_the_examples_are_a_course():
    numbers = sorted({path.name[:2] for path in EXAMPLES})
    assert numbers == [f"{k:02}" for k in range(1, len(numbers) + 1)]
    for path in EXAMPLES:
        text = path.read_text(encoding="utf-8")
        assert "Lecture: " in text.split('"""')[1], f"{path.name} names no lecture"
        assert "\nassert " in text, f"{path.name} asserts nothing"


def test_the_table_of_the_course_lists_every_example():
    assert re.findall(r"^\| \[\w+\]\((\d\w+\.py)\)", TABLE, flags=re.MULTILINE) == [path.name for path in EXAMPLES]
