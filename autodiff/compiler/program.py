"""One compiled program: its source, the functions that run it, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from autodiff.compiler.emission import Source, build
from autodiff.compiler.scalars import ERRORS, ScalarSource, is_scalar, scalar_function
from autodiff.compiler.steps import STEPS, Program, Step
from autodiff.flop import flop
from autodiff.graph import Graph
from autodiff.operands import map_nested
from autodiff.tree import flatten

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

    def __str__(self) -> str:
        return (
            f"{self.steps} steps, {self.flop:,} FLOP, {self.buffers} buffers of {self.bytes:,} bytes in all, "
            f"{self.fresh_bytes:,} bytes made anew at every call"
        )


class CompiledProgram:
    """One program: its source, and functions that run it, each with memory of its own."""

    def __init__(self, program: Program, name: str, graph: Graph, after: Sequence = ()) -> None:
        self.program = program
        self.graph = graph
        self.structure = graph.structure
        self.is_single = graph.structure == _LEAF  # whether the result is one value, not a container
        self.writer = Source(program, name, after)
        self.source = self.writer.write()
        self.make, self.filename = build(self.writer, self.source)
        self.idle: list[Callable] = [self.make()]
        self.scalar: Callable | None = None
        if not after and is_scalar(program):
            scalar = ScalarSource(program, name, single=self.is_single)
            self.source = scalar.write()
            self.scalar = scalar_function(scalar, self.source)

    def run(self, leaves: Sequence) -> tuple:
        """Return the results, in a tuple. Each thread that runs at the same time has memory of its own."""
        try:
            function = self.idle.pop()
        except IndexError:
            function = self.make()
        try:
            results: tuple = function(*leaves)
        except Exception as error:
            self._explain(error)
            raise
        finally:
            self.idle.append(function)
        return results

    def run_scalar(self, args: Sequence) -> tuple:
        """Return the results for floats; where Python raises, NumPy gives an infinity or NaN."""
        try:
            results = self.scalar(*args)  # type: ignore[misc]
        except ERRORS:
            return self.run([np.float64(arg) for arg in args])
        return (results,) if self.is_single else results

    def _explain(self, error: Exception) -> None:
        """Add to an error the line of the user's program behind the generated one."""
        traceback = error.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self.filename:
                position = self.writer.origin.get(traceback.tb_lineno)
                text = self.source.splitlines()[traceback.tb_lineno - 1].strip()
                error.add_note(f"in the compiled line `{text}`{f', which comes from {position}' if position else ''}")
            traceback = traceback.tb_next

    def cost(self) -> ProgramCost:
        """Return steps, operations and memory."""
        steps = [step for program in self.writer.programs for step in program.steps]
        buffers = self.writer.buffers
        specs = [spec for number, spec in enumerate(buffers.specs) if number not in buffers.homes]
        fresh = [s for s in steps if s.is_array and s not in buffers.of and s.value.base is None]
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
