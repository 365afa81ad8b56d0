"""Every example runs by itself, as a user runs it, without a warning."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("[0-9]*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs_and_its_claim_holds(path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    run = subprocess.run(
        [sys.executable, "-W", "error", str(path)], capture_output=True, text=True, env=environment, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout


def test_the_examples_are_a_course():
    assert [path.name[:2] for path in EXAMPLES] == [f"{k:02}" for k in range(1, len(EXAMPLES) + 1)]
    for path in EXAMPLES:
        text = path.read_text(encoding="utf-8")
        assert "Lecture: " in text.split('"""')[1], f"{path.name} names no lecture"
        assert "\nassert " in text, f"{path.name} asserts nothing"
