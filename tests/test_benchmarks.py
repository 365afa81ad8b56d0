"""The benchmarks run and check what they time. Nothing here looks at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import WORKLOADS
from benchmarks.harness import report
from benchmarks.harness.rounds import Measurement
from benchmarks.harness.worker import disagreement, last_result
from benchmarks.harness.workload import BY_HAND, EAGER, Goal, Workload

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments: str) -> subprocess.CompletedProcess:
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["rosenbrock-gradient", "mlp-2-16-16-1"])
def test_quick_run_measures_every_contender_or_says_it_is_missing(name, tmp_path):
    path = tmp_path / "result.json"
    result = run("--quick", "--only", name, "--json", str(path))
    assert result.returncode == 0, result.stdout + result.stderr
    (entry,) = json.loads(path.read_text())["workloads"]
    assert list(entry["contenders"]) == [c for c in report.LIBRARIES if c in WORKLOADS[name].builders]
    for contender, measured in entry["contenders"].items():
        assert contender in result.stdout
        assert all(s > 0 for s in measured["seconds"]) if "seconds" in measured else "missing" in measured["fault"]
    assert entry["contenders"][EAGER]["seconds"]


def test_list_names_every_workload():
    result = run("--list")
    assert [line.split()[0] for line in result.stdout.splitlines()] == list(WORKLOADS)


def test_unknown_workload_is_refused():
    result = run("--only", "no-such")
    assert result.returncode == 2
    assert "--only: no such workload; got 'no-such'. Choose from scalar-derivative," in result.stderr


def test_every_workload_has_a_reference_and_is_ours():
    for workload in WORKLOADS.values():
        assert {BY_HAND, EAGER} <= set(workload.builders)
        assert all(goal.peer in workload.builders for goal in workload.goals)


@pytest.mark.parametrize("name", ["scalar-derivative", "fifty-sines", "rosenbrock-gradient", "rosenbrock-hessian"])
def test_ours_agrees_with_the_formula_by_hand(name):
    workload = WORKLOADS[name]
    ours, reference = (last_result(workload.builders[c](), workload.calls) for c in (EAGER, BY_HAND))
    assert disagreement(ours, reference, workload.tolerance) == ""


def test_wrong_results_are_told():
    right = np.array([1.0, 2.0])
    assert disagreement(right, right, 0.0) == ""
    assert disagreement(right + 1e-3, right, 1e-4).startswith("wrong result: off by 1.0e-03, allowed 2.0e-04")
    assert disagreement(right * np.nan, right, 1e-4).startswith("wrong result")
    assert disagreement(right[:1], right, 1e-4) == "wrong shape: (1,) instead of (2,)"


def test_table_shows_ratios_goals_and_what_is_missing():
    workload = Workload("w", "", 0.0, goals=(Goal("autograd", 1 / 4, issue=2), Goal("PyTorch eager", 1 / 2, issue=2)))
    measurements = {
        EAGER: Measurement([1e-6, 2e-6, 3e-6]),
        "PyTorch eager": Measurement([1e-6, 2e-6, 3e-6]),
        "autograd": Measurement([10e-6, 20e-6, 30e-6]),
        "MyGrad": Measurement([], "missing (pip install mygrad)", missing=True),
    }
    rows = {row[0]: row[1:] for row in report.table(workload, measurements)}
    assert rows["contender"] == ["time", "quartiles", "autodiff eager ÷ this", "goal"]
    assert rows["PyTorch eager"] == ["2.00 µs", "1.50 µs … 2.50 µs", "1.000", "≤ 0.5 NOT REACHED"]
    assert rows["autograd"][2:] == ["0.100", "≤ 0.25 reached"]
    assert rows["MyGrad"][0] == "missing (pip install mygrad)"
