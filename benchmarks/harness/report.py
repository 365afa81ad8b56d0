"""The tables, for a terminal and for Markdown, and the JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.harness.rounds import Measurement
from benchmarks.harness.workload import DISTRIBUTIONS, LIBRARIES, SUBJECTS, Goal, Workload

Measurements = dict[str, Measurement]


def machine(threads: int) -> dict[str, Any]:
    """Return what the figures depend on: processor, threads, load, versions."""
    versions = {"Python": platform.python_version()}
    for library in dict.fromkeys(LIBRARIES.values()):
        distribution = DISTRIBUTIONS.get(library, library)
        try:
            versions[distribution] = version(distribution)
        except PackageNotFoundError:
            versions[distribution] = "this source tree" if library == "autodiff" else "missing"
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "versions": versions,
    }


def processor() -> str:
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def heading(machine: dict[str, Any], rounds: int) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    return (
        f"{machine['processor']}, {machine['cores']} cores, load {machine['load']}; "
        f"{machine['threads']} thread(s) per library; {rounds} rounds; medians.\n{versions}"
    )


def duration(seconds: float) -> str:
    """Return `seconds` with three digits and its unit."""
    units = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}
    unit = next((unit for unit, size in units.items() if seconds >= size), "ns")
    value = seconds / units[unit]
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f} {unit}"


def verdict(goal: Goal, ratio: float) -> str:
    return f"≤ {goal.at_most:.3g} {'reached' if ratio <= goal.at_most else 'NOT REACHED'}"


def table(workload: Workload, measurements: Measurements) -> list[list[str]]:
    """Return the header and a row for each contender."""
    subjects = [name for name in SUBJECTS if name in measurements and not measurements[name].fault]
    rows = [["contender", "time", "quartiles", *(f"{subject} ÷ this" for subject in subjects), "goal"]]
    for name, measurement in measurements.items():
        if measurement.fault:
            rows.append([name, measurement.fault] + [""] * (len(rows[0]) - 2))
            continue
        low, high = measurement.quartiles()
        ratios = {subject: measurements[subject].ratio(measurement) for subject in subjects}
        verdicts = [
            verdict(goal, ratios[goal.subject])
            for goal in workload.goals
            if goal.peer == name and goal.subject in ratios
        ]
        rows.append(
            [name, duration(measurement.median()), f"{duration(low)} … {duration(high)}"]
            + [f"{ratio:.3f}" for ratio in ratios.values()]
            + ["; ".join(verdicts)]
        )
    return rows


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return the rows as columns; an entry with nothing to its right may run over them."""
    widths = [max(len(row[i]) for row in rows if any(row[i + 1 :]) or i == 0) for i in range(len(rows[0]) - 1)]
    lines = []
    for row in rows:
        *cells, last = row
        lines.append("  ".join([*(cell.ljust(w) for cell, w in zip(cells, widths, strict=True)), last]).rstrip())
    return "\n".join(lines)


def markdown(rows: Iterable[Sequence[str]]) -> str:
    header, *body = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *body])


def as_data(workload: Workload, measurements: Measurements) -> dict[str, Any]:
    """Return everything measured, for JSON: times in s."""
    contenders = {}
    for name, measurement in measurements.items():
        entry: dict[str, Any] = {"fault": measurement.fault} if measurement.fault else {"seconds": measurement.seconds}
        if not measurement.fault:
            entry["median"], entry["quartiles"] = measurement.median(), measurement.quartiles()
            for subject in SUBJECTS:
                if subject in measurements and not measurements[subject].fault:
                    entry[f"{subject} ÷ this"] = measurements[subject].ratio(measurement)
        contenders[name] = entry
    goals = [vars(goal) for goal in workload.goals]
    return {"name": workload.name, "title": workload.title, "goals": goals, "contenders": contenders}
