"""What runs after a backward pass: procedures that change arrays in place, such as an optimiser's update, and calls.

A procedure is recorded like a function, on records that stand for its arrays and numbers. What it
assigns to them (`m *= 0.9`, `np.multiply(g, g, out=s)`, `progress["step"] = t`) ends in the same places.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from autodiff.compiler.passes import optimize
from autodiff.compiler.steps import Place, Program, program_of
from autodiff.graph import Graph, Node
from autodiff.recorder import Record, Recorder
from autodiff.residuals import frozen
from autodiff.tree import flatten

log = logging.getLogger("autodiff.compile")


class Call(NamedTuple):
    """A line of source as it is: "{clip}({optimizer}, 1.0)", with what its names in braces stand for."""

    text: str
    names: Mapping[str, Any]
    title: str = ""


class Procedure(NamedTuple):
    """A function that changes arrays and numbers in place, and returns nothing.

    Attributes
    ----------
    run : callable
        Of two dicts by name, the arrays and the numbers; what changes of the numbers is assigned there.
    arrays : mapping
        The arrays by name. They share no memory.
    scratch : mapping
        Further ones, of which nobody needs what is in them before and after.
    numbers : mapping
        The Python numbers by name: in which mapping each is found and kept, by which keys, and that mapping's name.
    literals : mapping
        Numbers by name that stay as they are, and stand in the source.
    otherwise : Call
        What is done if it cannot be recorded, because what it does depends on the numbers.
    title : str
        For the source.
    """

    run: Callable[[dict[str, Any], dict[str, Any]], None]
    arrays: Mapping[str, np.ndarray]
    scratch: Mapping[str, np.ndarray]
    numbers: Mapping[str, tuple[Any, tuple, str]]
    literals: Mapping[str, float]
    otherwise: Call
    title: str = ""


def record_procedure(procedure: Procedure, level: int) -> Program | Call:
    """Return the program of a procedure, or the call that stands for it if it cannot be recorded."""
    try:
        return _recorded(procedure, level)
    except (TypeError, ValueError) as reason:
        log.info("%s runs as it is: %s", procedure.title, reason)
        return procedure.otherwise


def _recorded(procedure: Procedure, level: int) -> Program:
    recorder = Recorder(strict=True, level=level, python_numbers=True, libraries={"autodiff", "numpy"})

    def stand_in(value: Any, name: str, kind: str = "parameter") -> Record:
        return recorder.add(Node(kind, frozen(value), label=name))

    held = {**procedure.arrays, **procedure.scratch}
    arrays = {name: stand_in(array, name) for name, array in held.items()}
    places = {name: Place(*where) for name, where in procedure.numbers.items()}
    numbers: dict[str, Any] = {name: stand_in(place.read(), name) for name, place in places.items()}
    first = {name: record.node for name, record in (arrays | numbers).items()}
    literals = {name: stand_in(value, name, "literal") for name, value in procedure.literals.items()}
    numbers |= literals
    procedure.run(arrays, numbers)
    graph = Graph(recorder.nodes, [], flatten([])[1], procedure.title, textbook=False)
    program, steps = program_of(graph)
    program.inputs = []
    program.fixed = {steps[first[name]]: array for name, array in held.items()}
    program.literals = {steps[record.node] for record in literals.values()}
    program.numbers = {steps[first[name]]: place for name, place in places.items()}
    program.title = procedure.title
    for name, array in procedure.arrays.items():
        if arrays[name].node is not first[name]:
            program.stores.append((steps[arrays[name].node], array, name))
    for name, place in places.items():
        number = numbers[name]
        if number.__class__ is not Record:
            program.number_stores.append((number, place))
        elif number.node is not first[name]:
            program.number_stores.append((steps[number.node], place))
    return optimize(program)
