"""The benchmarks run and check what they time. Nothing here looks at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import CURVES, WORKLOADS, find
from benchmarks.harness import report, rounds
from benchmarks.harness.rounds import Measurement, Workers, measure
from benchmarks.harness.worker import disagreement, elapsed, last_result, one_line, prepare, total
from benchmarks.harness.workload import (
    BY_HAND,
    CLOCK,
    COMPILED,
    EAGER,
    LIBRARIES,
    OPTIONAL,
    QUICK,
    UNCHECKED,
    Goal,
    Limit,
    Workload,
    sized,
)

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
        if "fault" in measured:
            assert measured["fault"].startswith("left out" if contender in OPTIONAL else "missing (pip install ")
        else:
            assert len(measured["values"]) == 2
            assert all(value > 0 for value in measured["values"])
    assert entry["contenders"][EAGER]["values"]
    assert entry["contenders"][COMPILED]["values"]
    for goal in entry["goals"]:  # a figure against a peer that is missing says so
        assert goal["measured"] > 0 if "fault" not in entry["contenders"][goal["peer"]] else goal["measured"] is None


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


@pytest.mark.parametrize("contender", [EAGER, COMPILED])
@pytest.mark.parametrize(
    "name",
    [
        "scalar-derivative",
        "fifty-sines",
        "rosenbrock-gradient",
        "rosenbrock-hessian",
        "residual-jacobian",
        "logistic-regression",
        "mlp-64-100-30-10",
        "mlp64-2-50-50-1",
        "cnn-28x28",
        "inputs@10",
        "depth@100",
        "batch@4",
    ],
)
def test_ours_agrees_with_the_formula_by_hand(name, contender):
    workload = find(name)
    ours, reference = (last_result(workload.builders[c](), workload.calls) for c in (contender, BY_HAND))
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
    assert rows["PyTorch eager"] == ["2.00 µs", "1.50 µs … 2.50 µs", "1.000", "≤ 1/2 NOT REACHED"]
    assert rows["autograd"][2:] == ["0.100", "≤ 1/4 reached"]
    assert rows["MyGrad"][0] == "missing (pip install mygrad)"


def test_a_limit_is_a_time_and_stands_in_our_row():
    workload = Workload("w", "", 0.0, limits=(Limit(0.020, issue=5),))
    measurements = {BY_HAND: Measurement([1e-3]), COMPILED: Measurement([21e-3])}
    rows = {row[0]: row for row in report.table(workload, measurements)}
    assert rows[COMPILED][-1] == "≤ 20.0 ms NOT REACHED"
    assert rows[BY_HAND][-1] == ""
    figures = report.goals([(workload, measurements)])[1:]
    assert figures == [["w", COMPILED, "the clock", "21.0 ms", "≤ 20.0 ms NOT REACHED"]]


def test_a_figure_that_was_not_measured_says_so():
    goals = (Goal("jax.jit", 2, issue=5, subject=COMPILED), Goal("MyGrad", 2, issue=3))
    results = [(Workload("w", "", 0.0, goals=goals), {COMPILED: Measurement([3.0]), "jax.jit": Measurement([2.0])})]
    reached = ["w", COMPILED, "jax.jit", "1.5", "≤ 2 reached"]
    not_measured = ["w", EAGER, "MyGrad", "", "≤ 2 not measured"]
    assert report.goals(results)[1:] == [reached, not_measured]
    assert report.goals(results, issue=3)[1:] == [not_measured]


def test_overview_has_a_row_of_medians_for_each_workload():
    memory = {EAGER: Measurement([2.5e6]), "jax.jit": Measurement([], "OSError: no")}
    results = [(Workload("m", "", 0.0, unit="byte"), memory), (Workload("t", "", 0.0), {EAGER: Measurement([3e-9])})]
    assert report.overview(results) == [["workload", EAGER, "jax.jit"], ["m", "2.50 MB", ""], ["t", "3.00 ns", ""]]


def test_ratios_are_compared_within_each_round():
    ours, other = Measurement([1.0, 10.0, 3.0]), Measurement([2.0, 20.0, 1.0])
    assert ours.ratio(other) == 0.5


def lying() -> Workload:
    workload = Workload("lying", "", 1e-3, looser={"autograd": 0.5})
    for contender, value in {BY_HAND: 1.0, EAGER: 1.01, "autograd": 1.01, "MyGrad": None}.items():
        workload.contender(contender)(lambda value=value: lambda: value)
    return workload


def test_a_wrong_contender_is_not_timed():
    runs, faults = prepare(lying(), [BY_HAND, EAGER, "autograd", "MyGrad"])
    assert set(runs) == {BY_HAND, "autograd"}
    assert faults[EAGER] == "wrong result: off by 1.0e-02, allowed 1.0e-03"
    assert faults["MyGrad"].startswith("wrong result: off by nan")


def test_what_measures_itself_is_not_compared():
    workload = Workload("self", "", UNCHECKED, unit="byte")
    workload.contender(EAGER)(lambda: lambda: 512)
    runs, faults = prepare(workload, [EAGER])
    assert faults == {EAGER: ""}
    assert total(runs[EAGER], 3) == 1536


def test_an_error_of_a_peer_is_one_short_line():
    assert one_line(ValueError("no\n  compiler")) == "ValueError: no compiler"
    assert len(one_line(ValueError("x" * 1000))) == len("ValueError: ") + 120


def test_a_contender_that_gives_no_answer_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(rounds, "PATIENCE", 0.001)
    monkeypatch.setattr(sys, "path", [str(ROOT), *sys.path])
    measurements = measure(WORKLOADS["scalar-derivative"], 1, 0.0, only=[BY_HAND])
    assert measurements[BY_HAND].fault == "no result within 0.001 s"
    assert measurements[EAGER].fault == "left out"


def test_workers_may_serve_the_next_workload(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT), *sys.path])
    workers = Workers(keep=True)
    for name in ("scalar-derivative", "inputs@1"):
        measured = measure(find(name), 1, 0.0, only=[BY_HAND], workers=workers)
        assert measured[BY_HAND].median() > 0
        worker = workers["numpy"]
    assert workers["numpy"] is worker
    workers.end()
    assert not worker.process.is_alive()


def test_sizes_are_smaller_under_quick(monkeypatch):
    monkeypatch.delenv(QUICK, raising=False)
    assert sized(100, quick=3) == 100
    monkeypatch.setenv(QUICK, "1")
    assert sized(100, quick=3) == 3


def test_a_curve_has_a_workload_for_each_size():
    for curve in CURVES.values():
        workloads = curve.workloads()
        assert [w.name for w in workloads] == [f"{curve.name}@{size}" for size in curve.sizes]
        assert set(curve.largest) <= set(curve.builders) <= set(LIBRARIES)
        assert BY_HAND in workloads[-1].builders
    assert "jax.jit" in find("depth@1000").builders
    assert "jax.jit" not in find("depth@10000").builders
    (header, *rows) = CURVES["depth"].table([{BY_HAND: "1 s"}, *[{}] * 5])
    assert header[1:] == ["10", "100", "1,000", "10,000", "100,000", "1,000,000"]
    assert rows[0] == [BY_HAND, "1 s", "", "", "", "", ""]


def test_plots_are_written(tmp_path):
    pytest.importorskip("matplotlib")
    from benchmarks.harness import plot

    workload = WORKLOADS["scalar-derivative"]
    measured = {BY_HAND: Measurement([1.0, 2.0]), COMPILED: Measurement([2.0, 4.0]), "MyGrad": Measurement([], "no")}
    bars, curves = tmp_path / "bars.svg", tmp_path / "curves.png"
    plot.bars([(workload, measured)], "heading", bars)
    text = bars.read_text()
    assert "scalar-derivative" in text
    assert "MyGrad" not in text
    curve = CURVES["inputs"]
    plot.curves([(curve, [measured] * len(curve.sizes))], "heading", curves)
    assert curves.read_bytes().startswith(b"\x89PNG")


def test_cpu_time_counts_what_is_computed_and_not_what_is_waited_for(monkeypatch):
    pytest.importorskip("resource")

    def sleep_a_little() -> None:
        time.sleep(0.05)

    monkeypatch.setenv(CLOCK, "cpu")
    computed = elapsed(sleep_a_little, 1)
    monkeypatch.setenv(CLOCK, "wall")
    assert computed < 0.05 <= elapsed(sleep_a_little, 1)
