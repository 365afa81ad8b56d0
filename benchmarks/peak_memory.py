"""How much memory a process that has imported its library needs on top of that, for ten training steps.

A run is a process of its own, and returns byte: the highest resident set during the steps
(data, parameters, buffers, and what a compiler needs) less the resident set after the import.
Linux alone keeps the account that this reads.
"""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

from benchmarks.harness.workload import BY_HAND, COMPILED, EAGER, LIBRARIES, UNCHECKED, Run, Workload
from benchmarks.mlp_step import CONTENDERS, NETWORKS

STEPS = 10
network = NETWORKS[-1]

workload = Workload(
    "peak-memory",
    f"memory of {STEPS} training steps, MLP {network.name}, batch {network.batch}, float32, beyond the imports'",
    tolerance=UNCHECKED,
    unit="byte",
)


def resident(kind: str) -> int:
    """Return the resident set of this process, now ("VmRSS") or at its highest ("VmHWM"), in byte."""
    status = Path("/proc/self/status").read_text()
    found = re.search(rf"{kind}:\s+(\d+) kB", status)
    if found is None:
        raise OSError(f"peak_memory: /proc/self/status has no line {kind}; got {len(status)} characters. Use Linux.")
    return 1024 * int(found[1])


def report(contender: str) -> None:
    """Print how much the steps of a contender add to what the imports of its library left."""
    importlib.import_module("numpy")
    importlib.import_module("nn" if LIBRARIES[contender] == "autodiff" else LIBRARIES[contender])
    before = resident("VmRSS")
    step = CONTENDERS[contender](network)
    for _ in range(STEPS):
        step()
    print(max(0, resident("VmHWM") - before))


def in_a_process(contender: str) -> Run:
    command = [sys.executable, "-m", "benchmarks.peak_memory", contender]
    root = Path(__file__).resolve().parent.parent
    return lambda: int(subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout)


for contender in (BY_HAND, EAGER, COMPILED, "PyTorch eager", "jax.jit", "autograd", "MyGrad", "scikit-learn"):
    workload.contender(contender)(partial(in_a_process, contender))

if __name__ == "__main__":
    report(sys.argv[1])
