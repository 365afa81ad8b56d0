"""`python -m benchmarks`: measure, and print one table per workload."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks import WORKLOADS
from benchmarks.harness import report
from benchmarks.harness.rounds import measure, pin

ROUNDS, SLOT = 31, 0.03
QUICK_ROUNDS, QUICK_SLOT = 2, 0.0001


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Compare autodiff with NumPy by hand and with its peers: the ratios are the result.",
    )
    parser.add_argument("--only", metavar="NAME", action="append", help="this workload alone (may be repeated)")
    parser.add_argument("--list", action="store_true", help="print the names of the workloads, and stop")
    parser.add_argument("--quick", action="store_true", help="a few short rounds: shows that it works, measures little")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"default {ROUNDS}; with --quick {QUICK_ROUNDS}")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads of every library; default 1")
    parser.add_argument("--markdown", action="store_true", help="print Markdown tables")
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write every measured time to a file")
    options = parser.parse_args(argv)
    for name in options.only or ():
        if name not in WORKLOADS:
            parser.error(f"--only: no such workload; got {name!r}. Choose from {', '.join(WORKLOADS)}.")
    for name in ("rounds", "threads"):
        if getattr(options, name) is not None and getattr(options, name) < 1:
            parser.error(f"--{name}: must be at least 1; got {getattr(options, name)}.")
    return options


def main() -> int:
    """Return 0, or 1 if a contender that is installed failed or computed something wrong."""
    options = arguments()
    if options.list:
        for workload in WORKLOADS.values():
            print(f"{workload.name:22}{workload.title}")
        return 0
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    slot = QUICK_SLOT if options.quick else SLOT
    pin(options.threads)
    machine = report.machine(options.threads)
    print(report.heading(machine, rounds))
    faults = 0
    data = []
    for name in options.only or WORKLOADS:
        workload = WORKLOADS[name]
        measurements = measure(workload, rounds, slot)
        rows = report.table(workload, measurements)
        text = report.markdown(rows) if options.markdown else report.aligned(rows)
        print(f"\n{workload.name}: {workload.title}\n\n{text}", flush=True)
        faults += sum(bool(m.fault) and not m.missing for m in measurements.values())
        data.append(report.as_data(workload, measurements))
    if options.json:
        options.json.write_text(json.dumps({"machine": machine, "rounds": rounds, "workloads": data}, indent=1))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
