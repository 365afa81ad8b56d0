"""The tables, for a terminal and for Markdown, and the JSON."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.harness.rounds import Measurement
from benchmarks.harness.workload import DISTRIBUTIONS, LIBRARIES, SUBJECTS, Goal, Limit, Workload

Measurements = dict[str, Measurement]


def machine(threads: int, clock: str = "wall") -> dict[str, Any]:
    """Return what the figures depend on: processor, threads, load, versions."""
    versions = {"Python": platform.python_version()}
    for library in dict.fromkeys(LIBRARIES.values()):
        distribution = DISTRIBUTIONS.get(library, library)
        try:
            versions[distribution] = version(distribution)
        except PackageNotFoundError:
            versions[distribution] = "this source tree" if library == "autodiff" else "missing"
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "kernels": kernels(),
        "threads": threads,
        "clock": clock,
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "versions": versions,
    }


def kernels() -> str:
    """Return which processor the kernels of NumPy's BLAS are for: a wrong guess halves the speed of products."""
    program = "import numpy, threadpoolctl as t; print(*{i.get('architecture') for i in t.threadpool_info()})"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown (pip install threadpoolctl)"


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
        f"{machine['date']}: {machine['processor']}, {machine['cores']} cores, load {machine['load']}; "
        f"NumPy's BLAS kernels: {machine['kernels']}; "
        f"{machine['threads']} thread(s) per library; {machine['clock']} time; {rounds} rounds; medians.\n{versions}"
    )


UNITS = {
    "s": {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9},
    "byte": {"GB": 1e9, "MB": 1e6, "kB": 1e3, "byte": 1.0},
}


def quantity(value: float, unit: str = "s") -> str:
    """Return `value` (in s or byte) with three digits and its unit."""
    units = UNITS[unit]
    name, size = next((item for item in units.items() if value >= item[1]), list(units.items())[-1])
    number = value / size
    return f"{number:.{2 if number < 10 else 1 if number < 100 else 0}f} {name}"


def aim(goal: Goal | Limit) -> str:
    """Return a goal as people write it: ≤ 1.1, or ≤ 1/5, or ≤ 20.0 ms."""
    if isinstance(goal, Limit):
        return f"≤ {quantity(goal.at_most)}"
    inverse = 1 / goal.at_most
    return (
        f"≤ 1/{inverse:.3g}" if inverse > 1 and abs(inverse * 2 - round(inverse * 2)) < 1e-9 else f"≤ {goal.at_most:g}"
    )


def verdict(goal: Goal | Limit, value: float | None) -> str:
    outcome = "not measured" if value is None else "reached" if value <= goal.at_most else "NOT REACHED"
    return f"{aim(goal)} {outcome}"


def measured(workload: Workload, measurements: Measurements) -> Iterator[tuple[Goal | Limit, float | None]]:
    """Return every goal with the ratio, or the seconds, that it is about; None if a contender was not measured."""

    def there(name: str) -> bool:
        return name in measurements and not measurements[name].fault

    for goal in workload.goals:
        both = there(goal.subject) and there(goal.peer)
        yield goal, measurements[goal.subject].ratio(measurements[goal.peer]) if both else None
    for limit in workload.limits:
        yield limit, measurements[limit.subject].median() if there(limit.subject) else None


def table(workload: Workload, measurements: Measurements) -> list[list[str]]:
    """Return the header and a row for each contender."""
    subjects = [name for name in SUBJECTS if name in measurements and not measurements[name].fault]
    rows = [["contender", QUANTITIES[workload.unit], "quartiles", *(f"{name} ÷ this" for name in subjects), "goal"]]
    verdicts: dict[str, list[str]] = {}
    for goal, value in measured(workload, measurements):
        row = goal.subject if isinstance(goal, Limit) else goal.peer
        if value is not None:
            verdicts.setdefault(row, []).append(verdict(goal, value))
    for name, measurement in measurements.items():
        if measurement.fault:
            rows.append([name, measurement.fault] + [""] * (len(rows[0]) - 2))
            continue
        low, high = measurement.quartiles()
        ratios = [f"{measurements[subject].ratio(measurement):.3f}" for subject in subjects]
        median, spread = measurement.median(), (low, high)
        quartiles = " … ".join(quantity(value, workload.unit) for value in spread)
        rows.append([name, quantity(median, workload.unit), quartiles, *ratios, "; ".join(verdicts.get(name, []))])
    return rows


QUANTITIES = {"s": "time", "byte": "memory"}


def overview(results: Sequence[tuple[Workload, Measurements]]) -> list[list[str]]:
    """Return the header and a row of medians for each workload; an empty cell is a contender that was not measured."""
    contenders = [name for name in LIBRARIES if any(name in measurements for _, measurements in results)]
    rows = [["workload", *contenders]]
    for workload, measurements in results:
        cells = []
        for name in contenders:
            there = name in measurements and not measurements[name].fault
            cells.append(quantity(measurements[name].median(), workload.unit) if there else "")
        rows.append([workload.name, *cells])
    return rows


def goals(results: Sequence[tuple[Workload, Measurements]], issue: int | None = None) -> list[list[str]]:
    """Return the header and a row for each figure to reach, as measured; of all issues or of one."""
    rows = [["workload", "ours", "against", "measured", "to reach"]]
    for workload, measurements in results:
        for goal, value in measured(workload, measurements):
            if issue in (None, goal.issue):
                limit = isinstance(goal, Limit)
                against = "the clock" if limit else goal.peer
                figure = "" if value is None else quantity(value) if limit else f"{value:.3g}"
                rows.append([workload.name, goal.subject, against, figure, verdict(goal, value)])
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
    """Return everything measured, for JSON: times in s, memory in byte."""
    contenders = {}
    for name, measurement in measurements.items():
        entry: dict[str, Any] = {"fault": measurement.fault} if measurement.fault else {"values": measurement.values}
        if not measurement.fault:
            entry["median"], entry["quartiles"] = measurement.median(), measurement.quartiles()
            for subject in SUBJECTS:
                if subject in measurements and not measurements[subject].fault:
                    entry[f"{subject} ÷ this"] = measurements[subject].ratio(measurement)
        contenders[name] = entry
    figures = [{**vars(goal), "measured": value} for goal, value in measured(workload, measurements)]
    about = {"name": workload.name, "title": workload.title, "unit": workload.unit}
    return {**about, "goals": figures, "contenders": contenders}
