"""The process of one library: builds its contenders, checks what they compute, times them when asked."""

from __future__ import annotations

import gc
import os
from itertools import repeat
from multiprocessing.connection import Connection
from time import perf_counter, process_time
from typing import Any

from benchmarks import find
from benchmarks.harness.workload import BY_HAND, CLOCK, UNCHECKED, Run, Workload


def serve(pipe: Connection) -> None:
    """Answer requests until one is None.

    ("prepare", name of a workload, contenders) is answered with {contender: what is wrong with it, or ""};
    ("run", contender, n) with the seconds that n runs take, or the sum of what they measure themselves.
    """
    workload = None
    runs: dict[str, Run] = {}
    while (request := pipe.recv()) is not None:
        match request:
            case "prepare", name, contenders:
                workload = find(name)
                runs, faults = prepare(workload, contenders)
                pipe.send(faults)
            case "run", contender, n:
                assert workload is not None
                pipe.send((elapsed if workload.unit == "s" else total)(runs[contender], n))


def prepare(workload: Workload, contenders: list[str]) -> tuple[dict[str, Run], dict[str, str]]:
    """Return the contenders that compute what they should, ready to run, and what is wrong with each."""
    if workload.tolerance != UNCHECKED:
        reference = last_result(workload.builders[BY_HAND](), workload.calls)
    runs: dict[str, Run] = {}
    faults = {}
    for contender in contenders:
        try:
            run = workload.builders[contender]()
            result = last_result(run, workload.calls)
            tolerance = workload.looser.get(contender, workload.tolerance)
            wrong = "" if tolerance == UNCHECKED else disagreement(result, reference, tolerance)
        except Exception as error:  # whatever a peer raises is its entry in the table
            wrong = one_line(error)
        if not wrong:
            runs[contender] = run
        faults[contender] = wrong
    gc.freeze()  # what the library itself consists of is nobody's garbage
    return runs, faults


def one_line(error: Exception) -> str:
    """Return the kind of an error and the beginning of what it says."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text if len(text) <= 120 else text[:119] + '…'}"


def elapsed(run: Run, n: int) -> float:
    """Return the seconds that `n` runs take together."""
    clock = cpu_seconds if os.environ.get(CLOCK) == "cpu" else perf_counter
    gc.collect()  # each slot pays for its own garbage only
    start = clock()
    for _ in repeat(None, n):
        run()
    return clock() - start


def cpu_seconds() -> float:
    """Return the seconds that all threads of this process, and the processes it waited for, have computed."""
    import resource  # here: Windows lacks it

    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() + children.ru_utime + children.ru_stime


def total(run: Run, n: int) -> float:
    """Return the sum of what `n` runs measure themselves."""
    return float(sum(run() for _ in range(n)))


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
