"""What is to be differentiated: a formula, and the values of its variables."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, Signature
from typing import Any

import numpy as np

from autodiff.command_line.evaluation import Evaluation, is_truth, unknown
from autodiff.command_line.functions import CONSTANTS, FUNCTIONS
from autodiff.command_line.mistakes import InputError
from autodiff.command_line.parsing import MODULES, VALUE, Expression, parse
from autodiff.graph import Graph
from autodiff.record import record
from autodiff.recorder import Record
from autodiff.source import Position

FILENAME = "<formula>"
_ASSIGNMENT = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)(.*)", re.DOTALL)


class Problem:
    """A formula and the values of its variables.

    Parameters
    ----------
    expression : Expression
    variables : mapping of str to float64 or ndarray
        In the order in which they were given.
    watched : bool
        Whether what `ad.detect_anomaly` says names the column.

    Attributes
    ----------
    value : float or ndarray
        Of the formula.
    entries : int
        Of all arrays that an evaluation makes.
    """

    def __init__(self, expression: Expression, variables: Mapping[str, Any], watched: bool = False) -> None:
        self.expression = expression
        self.watched = watched
        self.variables = dict(variables)
        evaluation = Evaluation(expression, self.variables)
        self.value = evaluation.run()
        self.entries = evaluation.entries
        if is_truth(self.value):
            raise expression.source.error_at(
                "true or false has no derivative; choose between numbers, as in where(x > 0, x, 0)", expression.tree
            )

        if np.size(self.value) == 0:
            raise expression.source.error_at(f"this has no entries; got shape {np.shape(self.value)}", expression.tree)

    @property
    def names(self) -> list[str]:
        return list(self.variables)

    @property
    def args(self) -> list[Any]:
        return list(self.variables.values())

    def function(self, made: list | None = None) -> Callable:
        """Return the formula as a function of its variables, in their order.

        The results of all operations are put into the list `made`.
        """

        def f(*values: Any) -> Any:
            values = tuple([np.float64(x) if type(x) is float else x for x in values])
            evaluation = Evaluation(self.expression, dict(zip(self.names, values, strict=True)), self.watched)
            result = evaluation.run()
            if made is not None:
                made[:] = evaluation.made
            return result

        parameters = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in self.names]
        vars(f)["__signature__"] = Signature(parameters)
        return f

    def record(self) -> Graph:
        """Return the graph of the formula; its operations know where in the formula they stand."""
        made: list[tuple[ast.AST, Any]] = []
        graph = record(self.function(made), *self.args)
        places = {result.node: node for node, result in made if isinstance(result, Record)}
        for node in graph.operations:
            node.label = None
            place = places.get(node)
            node.position = None
            if place is not None:
                start, end = self.expression.source.span(place)
                node.position = Position(FILENAME, 1, 1, start, end)
        return graph


def read(arguments: Sequence[str]) -> Problem:
    """Return the problem of the arguments `formula name=value …`.

    Raises
    ------
    InputError
        If there is not exactly one formula, or not exactly one value for each variable.
    """
    found = [(argument, _ASSIGNMENT.fullmatch(argument)) for argument in arguments]
    formulas = [argument for argument, match in found if match is None]
    if not formulas:
        raise InputError('no formula is given; write it first, in quotation marks: autodiff "x**2" x=3')
    if len(formulas) > 1:
        raise InputError(
            f"one formula is expected, and values as name=value without spaces; got {len(formulas)} formulas: "
            f"{', '.join([_short(formula) for formula in formulas])}"
        )
    expression = parse(formulas[0])
    variables: dict[str, Any] = {}
    for argument, match in found:
        if match is not None:
            name = _variable(match[1], argument)
            if name in variables:
                raise InputError(f"{name} has two values; give it one", argument, 0, match.end(1))
            variables[name] = _value(match[2], argument)
    _check_names(expression, {match[1]: argument for argument, match in found if match is not None})
    return Problem(expression, variables)


def _variable(name: str, argument: str) -> str:
    """Return the name of a variable, checked."""
    tree = parse(name).tree
    if not isinstance(tree, ast.Name):
        raise InputError(f"{name} cannot be the name of a variable", argument, 0, len(name))
    if name in FUNCTIONS or name in MODULES:
        raise InputError(f"{name} is the name of a function; choose another", argument, 0, len(name))
    return name


def _value(text: str, argument: str) -> Any:
    """Return the value of a variable: a float, or an array of floats."""
    expression = parse(text, VALUE, argument)
    for name, node in expression.names().items():
        if name not in (*CONSTANTS, *MODULES):
            raise expression.source.error_at(f"a value is made of numbers; got {name}", node)
    value = Evaluation(expression, {}).run()
    if is_truth(value):
        raise expression.source.error_at("a value is a number or an array of numbers", expression.tree)
    return np.asarray(value, float) if np.ndim(value) else np.float64(value)


def _check_names(expression: Expression, variables: Mapping[str, str]) -> None:
    """Raise unless the formula uses each variable, and each has a value: `variables` has the arguments by name."""
    used = expression.names()
    for name, node in used.items():
        if name in variables or name in CONSTANTS:
            continue
        if name in FUNCTIONS or name.startswith("_"):
            raise expression.source.error_at(unknown(name, []), node)
        spare = [other for other in variables if other not in used]
        hint = f"did you mean {spare[0]}?" if len(spare) == 1 else f"give it behind the formula: {name}=1.3"
        raise expression.source.error_at(f"{name} has no value; {hint}", node)
    for name, argument in variables.items():
        if name not in expression.names(called=True):
            raise InputError(f"{name} has a value, but is not in the formula", argument, 0, len(name))


def _short(text: str) -> str:
    return f"`{text if len(text) <= 30 else text[:29] + '…'}`"
