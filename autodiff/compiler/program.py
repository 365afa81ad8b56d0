"""One compiled program: its source, the functions that run it, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from autodiff.anomaly import is_anomaly_on
from autodiff.compiler.checked import checked
from autodiff.compiler.emission import Source
from autodiff.compiler.listing import Listing
from autodiff.compiler.scalars import ERRORS, ScalarSource, is_scalar
from autodiff.compiler.steps import STEPS, Program, Step
from autodiff.dispatch import MODE
from autodiff.flop import flop
from autodiff.graph import Graph, released
from autodiff.operands import map_nested
from autodiff.tree import Structure, flatten

_LEAF = flatten(0.0)[1]


@dataclass(frozen=True)
class ProgramCost:
    """What one call of a program costs.

    Attributes
    ----------
    steps : int
        Calls.
    flop : int
        Operations on single numbers (see `autodiff.flop`).
    buffers, bytes : int
        How many arrays it keeps between calls, and their memory.
    fresh_bytes : int
        Memory of the arrays that each call makes anew, results included.
    """

    steps: int
    flop: int
    buffers: int
    bytes: int
    fresh_bytes: int

    @property
    def peak_bytes(self) -> int:
        """The most memory that it holds at once: what a call makes anew is there until it returns."""
        return self.bytes + self.fresh_bytes

    def __str__(self) -> str:
        return (
            f"{self.steps} steps, {self.flop:,} FLOP, {self.buffers} buffers of {self.bytes:,} bytes in all, "
            f"{self.fresh_bytes:,} bytes made anew at every call, {self.peak_bytes:,} bytes at most"
        )


NO_COST = ProgramCost(0, 0, 0, 0, 0)


class CompiledProgram:
    """One program: its source, and functions that run it, each with memory of its own.

    Parameters
    ----------
    listing : Listing
        In NumPy.
    scalar : Listing or None
        The same in plain Python, if it computes with single floats alone.
    structure : Structure
        How the results are put together.
    source, graph
        What it was written down by, and made from, without its numbers. A pickle does not carry them.
    cost : ProgramCost
    """

    def __init__(
        self,
        listing: Listing,
        scalar: Listing | None,
        structure: Structure,
        source: Source | None = None,
        graph: Graph | None = None,
        cost: ProgramCost = NO_COST,
    ) -> None:
        self.listing = listing
        self.scalar_listing = scalar
        self.structure = structure
        self.is_single = structure == _LEAF  # whether the result is one value, not a container
        self.source = (scalar or listing).text
        self.scalar: Callable | None = scalar.make() if scalar is not None else None
        self.program: Any = source.program if source is not None else None
        self._is_bound = bool(source and (source.program.fixed or source.program.stores or source.after))
        self._graph = graph
        self._cost = cost
        self._idle: list[Callable] = [listing.make()]
        self._idle_checked: list[Callable] = []

    @classmethod
    def of(cls, program: Program, name: str, graph: Graph, after: Sequence = ()) -> CompiledProgram:
        """Return the program written down; `after` is what runs at its end (see `Source`)."""
        source = Source(program, name, after, single=graph.structure == _LEAF)
        scalar = None
        if not after and is_scalar(program):
            scalar = ScalarSource(program, name, single=graph.structure == _LEAF).listing()
        compiled = cls(source.listing(), scalar, graph.structure, source, graph, _cost_of(source))
        for part in source.programs:
            for step in part.everything:
                step.value = released(step.value)
        graph.release()
        return compiled

    def __reduce__(self) -> tuple:
        if self._is_bound:
            raise TypeError(
                f"{self.listing.name}: a program that reads and changes certain arrays belongs to them; got a copy or "
                "a pickle of it. Copy what these arrays belong to, and compile that."
            )
        return CompiledProgram, (self.listing, self.scalar_listing, self.structure, None, None, self.cost())

    def run(self, leaves: Sequence) -> tuple:
        """Return the results, in a tuple. Each thread that runs at the same time has memory of its own."""
        idle = self._idle if MODE.get() is None or not is_anomaly_on() else self._idle_checked
        try:
            function = idle.pop()
        except IndexError:
            function = checked(self.listing) if idle is self._idle_checked else self.listing.make()
        try:
            results = function(*leaves)
        except Exception as error:
            self._explain(error)
            raise
        finally:
            idle.append(function)
        return (results,) if self.is_single else results

    def run_scalar(self, args: Sequence) -> tuple:
        """Return the results for floats; where Python raises, NumPy gives an infinity or NaN."""
        if is_anomaly_on():
            return self._run_in_numpy(args)
        try:
            results = self.scalar(*args)  # type: ignore[misc]
        except ERRORS:
            return self._run_in_numpy(args)
        return (results,) if self.is_single else results

    def _run_in_numpy(self, args: Sequence) -> tuple:
        results = self.run([np.float64(arg) for arg in args])
        return tuple([x.item() if isinstance(x, np.generic) else x for x in results])

    def _explain(self, error: Exception) -> None:
        """Add to an error the line of the user's program behind the generated one, if it does not name it."""
        traceback = error.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self.listing.filename:
                place = self.listing.place(traceback.tb_lineno)
                if place not in str(error):
                    error.add_note(f"in {place}")
            traceback = traceback.tb_next

    @property
    def graph(self) -> Graph:
        """The recorded graph."""
        if self._graph is None:
            raise ValueError(
                f"{self.listing.name}: a pickle has the source of a program, not its recording; got a copy made from "
                "one. Read the graph of the original, or record it anew: ad.record(f, x)."
            )
        return self._graph

    def cost(self) -> ProgramCost:
        """Return steps, operations and memory."""
        return self._cost


def _cost_of(source: Source) -> ProgramCost:
    buffers = source.buffers
    steps = [step for program in source.programs for step in program.steps]
    specs = [spec for number, spec in enumerate(buffers.specs) if number not in buffers.homes]
    fresh = [s for s in steps if s.is_array and s not in buffers.of and s.value.base is None]
    fresh = [s for s in fresh if s not in buffers.heirs]  # another step goes on with the same array
    return ProgramCost(
        steps=len(steps),
        flop=round(sum(map(_flop, steps))),
        buffers=len(specs),
        bytes=sum(prod(spec.shape) * spec.dtype.itemsize for spec in specs),
        fresh_bytes=sum(step.value.nbytes for step in fresh),
    )


def _flop(step: Step) -> float:
    """Return the operations of one step; none where there is no formula, as of what only moves numbers."""
    operands, parameters = map_nested(lambda used: used.value, (step.operands, step.parameters), STEPS)
    return flop(step.function, step.value, operands, parameters) or 0
