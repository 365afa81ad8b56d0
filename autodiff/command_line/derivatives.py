"""Values and derivatives of a formula, by forward mode, by reverse mode, of any order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from autodiff.command_line.mistakes import InputError, marked
from autodiff.command_line.problem import Problem
from autodiff.jacobians import hessian, jacobian
from autodiff.switches import detect_anomaly

MAX_WORK = 2_000_000
"""Entries that all directions of a sweep have together."""

MAX_ORDER = 8
MAX_STEPS = 300_000
"""Operations of a nested derivative, which grow threefold with the order."""


class Quantity(NamedTuple):
    """A value with its names, in characters and in LaTeX; `rows` are the names of the rows and columns of a Hessian."""

    text: str
    latex: str
    value: Any
    rows: tuple[str, ...] = ()


def quantities(problem: Problem, mode: str = "reverse", order: int = 1) -> list[Quantity]:
    """Return the value of the formula, and its derivatives up to `order`.

    Parameters
    ----------
    problem : Problem
    mode : {"forward", "reverse", "both"}
    order : int
        With several variables, or an array, 2 is the highest: the Hessian.
    """
    found = [Quantity("f", "f", problem.value)]
    if not problem.variables:
        return found
    _check_order(problem, order)
    for one in ["forward", "reverse"] if mode == "both" else [mode]:
        note = f" ({one})" if mode == "both" else ""
        for quantity in _derivatives(problem, one, order):
            latex = rf"{quantity.latex}\ \text{{{note.strip()}}}" if note else quantity.latex
            found.append(quantity._replace(text=quantity.text + note, latex=latex))
    return found


def _derivatives(problem: Problem, mode: str, order: int) -> Iterator[Quantity]:
    f, args = problem.function(), problem.args
    argnum = tuple(range(len(args)))
    _check_work(problem, mode, 1)
    for name, value in zip(problem.names, jacobian(f, argnum, mode)(*args), strict=True):
        yield Quantity(*_ratio(problem, 1, name), value)
    if order == 1:
        return
    if _is_simple(problem):
        derivative = jacobian(f, mode=mode)
        for k in range(2, order + 1):
            derivative = jacobian(derivative, mode=mode)
            yield Quantity(*_ratio(problem, k, problem.names[0]), derivative(*args))
        return
    _check_work(problem, mode, 2)
    inner = hessian(f, argnum) if mode == "reverse" else jacobian(jacobian(f, argnum, mode), argnum, mode)
    sizes = [np.size(x) for x in args]
    rows = [
        np.concatenate([np.reshape(block, (n, m)) for block, m in zip(blocks, sizes, strict=True)], axis=1)
        for blocks, n in zip(inner(*args), sizes, strict=True)
    ]
    yield Quantity("∇²f", r"\nabla^2 f", np.concatenate(rows), tuple(entry_names(problem)))


def _is_simple(problem: Problem) -> bool:
    """Tell whether the formula is a function of one number."""
    return len(problem.args) == 1 and np.ndim(problem.args[0]) == 0


def entry_names(problem: Problem) -> Iterator[str]:
    """Yield the names of all numbers among the variables: x, y[0], y[1], …"""
    for name, value in problem.variables.items():
        for index in product(*map(range, np.shape(value))):
            yield f"{name}[{', '.join(map(str, index))}]" if index else name


SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def _ratio(problem: Problem, order: int, name: str) -> tuple[str, str]:
    """Return df/dx, d²f/dx² or ∂f/∂x, in characters and in LaTeX."""
    one = len(problem.args) == 1
    d, latex_d = ("d", "d") if one else ("∂", r"\partial ")
    if order == 1:
        return f"{d}f/{d}{name}", rf"\frac{{{latex_d}f}}{{{latex_d}{latex_name(name)}}}"
    power = str(order).translate(SUPERSCRIPTS)
    return f"{d}{power}f/{d}{name}{power}", rf"\frac{{d^{{{order}}} f}}{{d{latex_name(name)}^{{{order}}}}}"


def latex_name(name: str) -> str:
    r"""Return a variable as LaTeX writes it: x1 is x₁, others of several letters upright.

    Examples
    --------
    >>> latex_name("x"), latex_name("x1"), latex_name("rate_of")
    ('x', 'x_{1}', '\\mathrm{rate\\_of}')
    """
    match = re.fullmatch(r"([^\W\d_])_?(\d+)", name)
    if match:
        return f"{match[1]}_{{{match[2]}}}"
    return name if len(name) == 1 else rf"\mathrm{{{name.replace('_', chr(92) + '_')}}}"


def _check_order(problem: Problem, order: int) -> None:
    if not 1 <= order <= MAX_ORDER:
        raise InputError(f"--order is a whole number from 1 to {MAX_ORDER}; got {order}")
    if order == 1:
        return
    if not _is_simple(problem):
        if order > 2:
            raise InputError(f"--order above 2 is for a formula of one number; got {order} with more of them")
        if np.ndim(problem.value):
            raise InputError(
                f"--order 2 is for a formula that gives one number; got shape {np.shape(problem.value)}. "
                "Sum its entries, or choose one: sum(…), (…)[0]"
            )
    elif problem.entries * 3**order > MAX_STEPS:
        raise InputError(f"--order {order} takes too long for a formula of this size; choose a smaller one")


def _check_work(problem: Problem, mode: str, order: int) -> None:
    """Raise if the sweeps would need more memory than a command should."""
    inputs = sum(map(np.size, problem.args))
    directions = inputs if mode == "forward" else np.size(problem.value)
    directions = max(directions, 1) * (inputs if order == 2 else 1)
    if directions * (problem.entries + inputs) > MAX_WORK:
        raise InputError(
            f"too large for a command: derivatives of {np.size(problem.value)} by {inputs} numbers in {mode} mode"
            f"{', twice' * (order == 2)}. Use the library, or smaller arrays"
        )


def explanation(problem: Problem, found: list[Quantity], mode: str, order: int) -> str | None:
    """Return where a value comes from that is not finite; None if all are."""
    bad = [quantity.text for quantity in found if not np.all(np.isfinite(quantity.value))]
    if not bad:
        return None
    are = f"{', '.join(bad)} {'is' if len(bad) == 1 else 'are'} not finite"
    try:
        with detect_anomaly():
            quantities(Problem(problem.expression, problem.variables, watched=True), mode, order)
    except FloatingPointError as error:
        return f"{are}. {_told(problem, str(error))}"
    return f"{are}; what was put in is not"


def _told(problem: Problem, message: str) -> str:
    """Return what `detect_anomaly` found, with the place in the formula instead of that in a file."""
    match = re.match(
        r"(.+?): the (\w+) pass makes a value that is not finite; got (.+?)( at index .+?)?, from ", message
    )
    if match is None:
        return message
    index = match[4] or "" if match[2] == "forward" else ""  # the backward pass has an axis more: the directions
    what = f"In the {match[2]} pass, {match[1]} makes {match[3]}{index}"
    place = re.search(r" in (?:.* / )?column (\d+) to (\d+)\. ", message)
    if place is None:
        return what
    return f"{what} here:\n{marked(problem.expression.source.text, int(place[1]), int(place[2]))}"
