"""Starts one worker per library and lets them run in turn, round by round."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing.connection import Connection
from statistics import median, quantiles

from benchmarks.harness.worker import serve
from benchmarks.harness.workload import DISTRIBUTIONS, LIBRARIES, Workload


@dataclass
class Measurement:
    """The seconds per run of one contender in each round; or why there are none."""

    seconds: list[float]
    fault: str = ""
    missing: bool = False

    def median(self) -> float:
        return median(self.seconds)

    def quartiles(self) -> tuple[float, float]:
        if len(self.seconds) < 2:
            return self.seconds[0], self.seconds[0]
        low, _, high = quantiles(self.seconds, n=4, method="inclusive")
        return low, high

    def ratio(self, other: Measurement) -> float:
        """Return the median over the rounds of this time ÷ the other's: noise that both see cancels."""
        return median(a / b for a, b in zip(self.seconds, other.seconds, strict=True))


def pin(threads: int) -> None:
    """Limit the threads of every numerical library in the processes started from now on."""
    for pool in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR", "BLIS"):
        os.environ[f"{pool}_NUM_THREADS"] = str(threads)
    eigen = "true" if threads > 1 else "false"
    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={eigen}"
    os.environ["NPROC"] = str(threads)  # XLA's own pool
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["JAX_ENABLE_X64"] = "1"  # so that float64 stays float64; float32 data stay float32


def measure(workload: Workload, rounds: int, slot: float, only: Iterable[str] = LIBRARIES) -> dict[str, Measurement]:
    """Return the measurement of each contender of `workload`.

    Parameters
    ----------
    rounds : int
        In each, every contender has one slot; their order rotates from round to round.
    slot : float
        Length of a slot, s: every contender runs as often as fits in, at least once.
    only : iterable of str
        The contenders to measure.
    """
    measurements: dict[str, Measurement] = {}
    by_library: dict[str, list[str]] = {}
    for contender, library in LIBRARIES.items():
        if contender in workload.builders and contender in only:
            measurements[contender] = Measurement([])
            if find_spec(library) is None:
                hint = f"pip install {DISTRIBUTIONS.get(library, library)}"
                measurements[contender] = Measurement([], f"missing ({hint})", missing=True)
            else:
                by_library.setdefault(library, []).append(contender)

    context = multiprocessing.get_context("spawn")
    workers = []
    pipes: dict[str, Connection] = {}
    for contenders in by_library.values():
        ours, theirs = context.Pipe()
        worker = context.Process(target=serve, args=(theirs, workload.name, contenders), daemon=True)
        worker.start()
        theirs.close()  # so that the end of the worker is the end of the pipe
        workers.append(worker)
        pipes.update(dict.fromkeys(contenders, ours))
    for contenders in by_library.values():
        try:
            faults = pipes[contenders[0]].recv()
        except EOFError:
            faults = dict.fromkeys(contenders, "the process ended before its first result")
        for contender, fault in faults.items():
            measurements[contender].fault = fault

    ready = [contender for contender, m in measurements.items() if not m.fault]
    repetitions = {contender: calibrate(pipes[contender], contender, slot) for contender in ready}
    for r in range(rounds):
        shift = r % max(len(ready), 1)
        for contender in ready[shift:] + ready[:shift]:
            n = repetitions[contender]
            measurements[contender].seconds.append(timed(pipes[contender], contender, n) / n)
    for pipe in {id(pipe): pipe for pipe in pipes.values()}.values():
        try:
            pipe.send(None)
        except OSError:  # that worker ended before; its fault says so
            continue
    for worker in workers:
        worker.join()
    return measurements


def timed(pipe: Connection, contender: str, n: int) -> float:
    """Return the seconds that `n` runs of a contender take."""
    pipe.send((contender, n))
    return pipe.recv()


def calibrate(pipe: Connection, contender: str, slot: float) -> int:
    """Return how many runs of a contender fill a slot."""
    n = 1
    while (seconds := timed(pipe, contender, n)) < slot / 4:
        n *= 4
    return max(1, round(n * slot / seconds))
