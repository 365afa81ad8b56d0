"""The process of one library: builds its contenders, checks what they compute, times them when asked."""

from __future__ import annotations

import gc
from itertools import repeat
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any

from benchmarks import WORKLOADS
from benchmarks.harness.workload import BY_HAND, Run


def serve(pipe: Connection, name: str, contenders: list[str]) -> None:
    """Send {contender: what is wrong with it, or ""}; then answer (contender, n) with the seconds that n runs take.

    A request of None ends the process.
    """
    workload = WORKLOADS[name]
    reference = last_result(workload.builders[BY_HAND](), workload.calls)
    runs: dict[str, Run] = {}
    faults = {}
    for contender in contenders:
        try:
            run = workload.builders[contender]()
            faults[contender] = disagreement(last_result(run, workload.calls), reference, workload.tolerance)
            runs[contender] = run
        except Exception as error:  # whatever a peer raises is its entry in the table
            faults[contender] = f"{type(error).__name__}: {error}"
    gc.freeze()  # what the library itself consists of is nobody's garbage
    pipe.send(faults)
    while (request := pipe.recv()) is not None:
        contender, n = request
        pipe.send(elapsed(runs[contender], n))


def elapsed(run: Run, n: int) -> float:
    """Return the seconds that `n` runs take together."""
    gc.collect()  # each slot pays for its own garbage only
    start = perf_counter()
    for _ in repeat(None, n):
        run()
    return perf_counter() - start


def last_result(run: Run, calls: int) -> Any:
    """Return what the last of `calls` runs computes, as a float64 array."""
    import numpy as np  # here, so that the process that starts the workers loads no library

    for _ in repeat(None, calls):
        result = run()
    result = result.detach() if hasattr(result, "detach") else result
    return np.array(result, float)


def disagreement(result: Any, reference: Any, tolerance: float) -> str:
    """Return "" if `result` is `reference` to within `tolerance`, else a sentence that says how it differs."""
    if result.shape != reference.shape:
        return f"wrong shape: {result.shape} instead of {reference.shape}"
    error, allowed = abs(result - reference).max(), tolerance * abs(reference).max()
    return "" if error <= allowed else f"wrong result: off by {error:.1e}, allowed {allowed:.1e}"
