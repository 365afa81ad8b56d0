"""The time of `python -c "import …"`, whole processes, with compiled bytecode in place."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness.workload import BY_HAND, EAGER, LIBRARIES, Goal, Run, Workload

ROOT = Path(__file__).resolve().parent.parent

workload = Workload(
    "import-time",
    'whole process: python -c "import …" (by hand: numpy alone)',
    tolerance=0.0,
    goals=(Goal(BY_HAND, 1.3, issue=2),),
)


def importing(library: str) -> Run:
    """Return a run that imports `library` in a process of its own and returns its exit status."""
    cache = TemporaryDirectory()
    environment = dict(os.environ, PYTHONPYCACHEPREFIX=cache.name, PYTHONPATH=str(ROOT))
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # the first, untimed run fills the cache
    command = [sys.executable, "-c", f"import {library}"]
    return lambda: subprocess.run(command, env=environment, cwd=cache.name, check=True).returncode


for contender in (BY_HAND, EAGER, "PyTorch eager", "jax.jit", "autograd", "MyGrad"):
    workload.contender(contender)(partial(importing, LIBRARIES[contender]))
