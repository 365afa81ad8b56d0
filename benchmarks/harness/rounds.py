"""Starts one worker per library and lets them run in turn, round by round."""

from __future__ import annotations

import math
import multiprocessing
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from statistics import median, quantiles
from typing import Any

from benchmarks.harness.worker import serve
from benchmarks.harness.workload import CLOCK, DISTRIBUTIONS, LIBRARIES, OPTIONAL, QUICK, Workload

PATIENCE = 240.0  # s; a compiler that takes longer is not waited for


@dataclass
class Measurement:
    """What one contender took per run in each round (s or byte); or why there is nothing.

    `missing` says that having nothing is no failure.
    """

    values: list[float]
    fault: str = ""
    missing: bool = False

    def median(self) -> float:
        return median(self.values)

    def quartiles(self) -> tuple[float, float]:
        if len(self.values) < 2:
            return self.values[0], self.values[0]
        low, _, high = quantiles(self.values, n=4, method="inclusive")
        return low, high

    def ratio(self, other: Measurement) -> float:
        """Return the median over the rounds of this ÷ the other: noise that both see cancels."""
        return median(a / b for a, b in zip(self.values, other.values, strict=True))


def pin(threads: int, quick: bool = False, clock: str = "wall") -> None:
    """Limit the threads of every numerical library in the processes started from now on, and tell them the rest."""
    os.environ[QUICK] = "1" if quick else ""
    os.environ[CLOCK] = clock
    for pool in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR", "BLIS"):
        os.environ[f"{pool}_NUM_THREADS"] = str(threads)
    eigen = "true" if threads > 1 else "false"
    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={eigen}"
    os.environ["NPROC"] = str(threads)  # XLA's own pool
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["JAX_ENABLE_X64"] = "1"  # so that float64 stays float64; float32 data stay float32


class Worker:
    """A process that serves one library's contenders."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()  # so that the end of the worker is the end of the pipe

    def send(self, *request: object) -> None:
        self.pipe.send(request)

    def answer(self) -> Any:
        """Return the answer to the last request.

        Raises
        ------
        Silence
            If there is none within `PATIENCE`, or the process has ended.
        """
        if not self.pipe.poll(PATIENCE):
            self.process.terminate()
            raise Silence(f"no result within {PATIENCE} s")
        try:
            return self.pipe.recv()
        except EOFError:
            raise Silence("the process ended before its result") from None

    def end(self) -> None:
        with suppress(OSError):  # it ended before; its fault says so
            self.pipe.send(None)
        self.process.join()


class Silence(Exception):
    """A worker gave no answer."""


class Workers:
    """The processes, one for each library, started when first needed.

    Parameters
    ----------
    keep : bool
        Let them serve the next workload too: importing the libraries anew for each takes longer
        than a quick run, but nothing that one workload leaves behind can slow the next.
    """

    def __init__(self, keep: bool = False) -> None:
        self.keep = keep
        self._running: dict[str, Worker] = {}

    def __getitem__(self, name: str) -> Worker:
        if name not in self._running or not self._running[name].process.is_alive():
            self._running[name] = Worker()
        return self._running[name]

    def workload_done(self) -> None:
        if not self.keep:
            self.end()

    def end(self) -> None:
        for worker in self._running.values():
            worker.end()
        self._running.clear()


def measure(
    workload: Workload, rounds: int, slot: float, only: Iterable[str] = LIBRARIES, workers: Workers | None = None
) -> dict[str, Measurement]:
    """Return the measurement of each contender of `workload`.

    Parameters
    ----------
    rounds : int
        In each, every contender has one slot; their order rotates from round to round.
    slot : float
        Length of a slot, s: every contender runs as often as fits in, at least once.
    only : iterable of str
        The contenders to measure.
    workers : Workers, optional
    """
    workers = Workers() if workers is None else workers
    measurements: dict[str, Measurement] = {}
    by_process: dict[str, list[str]] = {}
    for contender, library in LIBRARIES.items():
        if contender not in workload.builders:
            continue
        if contender not in only:
            measurements[contender] = Measurement([], "left out", missing=True)
        elif find_spec(library) is None:
            hint = f"pip install {DISTRIBUTIONS.get(library, library)}"
            measurements[contender] = Measurement([], f"missing ({hint})", missing=True)
        else:
            measurements[contender] = Measurement([], missing=contender in OPTIONAL)
            by_process.setdefault(contender if contender in OPTIONAL else library, []).append(contender)

    of = {contender: workers[name] for name, contenders in by_process.items() for contender in contenders}
    for contenders in by_process.values():
        of[contenders[0]].send("prepare", workload.name, contenders)
    for contenders in by_process.values():
        try:
            faults = of[contenders[0]].answer()
        except Silence as silence:
            faults = dict.fromkeys(contenders, str(silence))
        for contender, fault in faults.items():
            measurements[contender].fault = fault

    def per_run(contender: str, n: int) -> float:
        """Return the seconds (or bytes) of a run, over `n` of them; NaN and a fault if there is no answer."""
        try:
            of[contender].send("run", contender, n)
            return of[contender].answer() / n
        except (Silence, OSError) as error:
            measurements[contender].fault = str(error) or type(error).__name__
            return math.nan

    repetitions = {}
    for contender in of:
        if not measurements[contender].fault:
            repetitions[contender] = calibrate(partial(per_run, contender), slot) if workload.unit == "s" else 1
    for r in range(rounds):
        ready = [contender for contender in repetitions if not measurements[contender].fault]
        shift = r % max(len(ready), 1)
        for contender in ready[shift:] + ready[:shift]:
            measurements[contender].values.append(per_run(contender, repetitions[contender]))
    workers.workload_done()
    return measurements


def calibrate(per_run: Callable[[int], float], slot: float) -> int:
    """Return how many runs of a contender fill a slot."""
    n = 1
    while (seconds := n * per_run(n)) < slot / 4:
        n *= 4
    return max(1, round(n * slot / seconds)) if seconds > 0 else 1
