"""`python -m benchmarks`: measure, print one table per workload, and then the figures to reach."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks import CURVES, WORKLOADS
from benchmarks.harness import report
from benchmarks.harness.report import Measurements
from benchmarks.harness.rounds import Workers, measure, pin
from benchmarks.harness.workload import LIBRARIES, OPTIONAL, Workload

ROUNDS, SLOT = 31, 0.03
QUICK_ROUNDS, QUICK_SLOT = 2, 0.0001


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Compare autodiff with NumPy by hand and with its peers: the ratios are the result.",
    )
    parser.add_argument("--only", metavar="NAME", action="append", help="this workload, or curve, alone (repeatable)")
    parser.add_argument("--list", action="store_true", help="print the names of the workloads, and stop")
    parser.add_argument("--quick", action="store_true", help="a few short rounds: shows that it works, measures little")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"default {ROUNDS}; with --quick {QUICK_ROUNDS}")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads of every library; default 1")
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu: the time that the threads compute, which a busy machine distorts less",
    )
    parser.add_argument("--curves", action="store_true", help="measure cost against size instead")
    parser.add_argument("--markdown", action="store_true", help="print the tables of the README: all medians, figures")
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write everything measured to a file")
    parser.add_argument("--plot", type=Path, metavar="PATH", help="also draw it (PNG, SVG or PDF; needs Matplotlib)")
    options = parser.parse_args(argv)
    known = CURVES if options.curves else WORKLOADS
    for name in options.only or ():
        if name not in known:
            parser.error(f"--only: no such workload; got {name!r}. Choose from {', '.join(known)}.")
    for name in ("rounds", "threads"):
        if getattr(options, name) is not None and getattr(options, name) < 1:
            parser.error(f"--{name}: must be at least 1; got {getattr(options, name)}.")
    return options


class Session:
    """One run of the program: measures what it is asked for, and counts what failed."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
        self.slot = QUICK_SLOT if options.quick else SLOT
        self.contenders = [name for name in LIBRARIES if not (options.quick and name in OPTIONAL)]
        self.workers = Workers(keep=options.quick)
        self.faults = 0

    def measure(self, workload: Workload) -> Measurements:
        measurements = measure(workload, self.rounds, self.slot, self.contenders, self.workers)
        self.faults += sum(bool(m.fault) and not m.missing for m in measurements.values())
        return measurements


def run_workloads(session: Session, options: argparse.Namespace, heading: str) -> list[Any]:
    """Print the tables of the workloads and return everything measured."""
    results = []
    form = report.markdown if options.markdown else report.aligned
    for name in options.only or WORKLOADS:
        workload = WORKLOADS[name]
        measurements = session.measure(workload)
        results.append((workload, measurements))
        if not options.markdown:
            print(f"\n{workload.name}: {workload.title}\n\n{report.aligned(report.table(*results[-1]))}", flush=True)
    if options.markdown:
        print(f"\n{form(report.overview(results))}")
    print(f"\nFigures to reach (the ratio of ours to another, or a time):\n\n{form(report.goals(results))}")
    if options.plot:
        from benchmarks.harness import plot

        plot.bars(results, heading, options.plot)
    return [report.as_data(*result) for result in results]


def run_curves(session: Session, options: argparse.Namespace, heading: str) -> list[Any]:
    """Print a table for each curve and return everything measured."""
    results = []
    for name in options.only or CURVES:
        curve = CURVES[name]
        points = [session.measure(workload) for workload in curve.workloads()]
        results.append((curve, points))
        rows = curve.table([dict(cells(point)) for point in points])
        print(f"\n{curve.name}: {curve.title}\n\n{(report.markdown if options.markdown else report.aligned)(rows)}")
        for size, point in zip(curve.sizes, points, strict=True):
            for contender, measurement in point.items():
                if measurement.fault and not measurement.missing:
                    print(f"{contender}, {size:,}: {measurement.fault}")
        sys.stdout.flush()
    if options.plot:
        from benchmarks.harness import plot

        plot.curves(results, heading, options.plot)
    return [
        report.as_data(workload, point)
        for curve, points in results
        for workload, point in zip(curve.workloads(), points, strict=True)
    ]


def cells(measurements: Measurements) -> Iterable[tuple[str, str]]:
    """Return the median of each contender as text; "missing", or "failed", where there is none."""
    for name, measurement in measurements.items():
        lacking = "missing" if measurement.missing else "failed"
        yield name, lacking if measurement.fault else report.quantity(measurement.median())


def main() -> int:
    """Return 0, or 1 if a contender that is installed failed or computed something wrong."""
    options = arguments()
    if options.list:
        items = [(item.name, item.title) for item in (CURVES if options.curves else WORKLOADS).values()]
        print(report.aligned(items))
        return 0
    pin(options.threads, options.quick, options.clock)
    session = Session(options)
    machine = report.machine(options.threads, options.clock)
    heading = report.heading(machine, session.rounds)
    print(heading, flush=True)
    data = (run_curves if options.curves else run_workloads)(session, options, heading)
    session.workers.end()
    if options.json:
        contents = {"machine": machine, "rounds": session.rounds, "workloads": data}
        options.json.write_text(json.dumps(contents, indent=1))
    return 1 if session.faults else 0


if __name__ == "__main__":
    sys.exit(main())
