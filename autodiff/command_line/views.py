"""What the readers of the recorded graph make of a formula, laid out for the command line."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import autodiff
from autodiff.command_line.derivatives import entry_names
from autodiff.command_line.mistakes import InputError
from autodiff.command_line.problem import Problem
from autodiff.graph import Graph

MAX_TABLES = 8
MAX_CHECKED = 100
"""Numbers among the variables that are checked, each by many evaluations."""


def tables(problem: Problem, mode: str, layout: str) -> list[str]:
    """Return the evaluation traces: one for each direction forward, one for each entry of the result back."""
    graph = problem.record()
    found = []
    for one in ["forward", "reverse"] if mode == "both" else [mode]:
        seeds = list(_tangents(problem) if one == "forward" else _cotangents(problem))
        for caption, seed in seeds:
            shown = _ask("--table", partial(_table, graph, one, seed, layout))
            shown = f"\\[\n{shown}\n\\]" if layout == "latex" else shown
            found.append(f"{_caption(caption, layout)}\n{shown}" if len(seeds) > 1 or mode == "both" else shown)
    return found


def _table(graph: Graph, mode: str, seed: Any, layout: str) -> str:
    return str(graph.table(mode, seed=seed, format=layout))


def _tangents(problem: Problem) -> Iterator[tuple[str, Any]]:
    """Yield each direction with what is said of it."""
    sizes = [np.size(x) for x in problem.args]
    _check_number(sum(sizes), "variables", "reverse")
    for i, name in enumerate(entry_names(problem)):
        flat = np.zeros(sum(sizes))
        flat[i] = 1.0
        parts = np.split(flat, np.cumsum(sizes)[:-1])
        seed = [np.reshape(part, np.shape(x))[()] for part, x in zip(parts, problem.args, strict=True)]
        yield f"Forward mode in the direction of {name}:", tuple(seed)


def _cotangents(problem: Problem) -> Iterator[tuple[str, Any]]:
    """Yield the adjoint of each entry of the result with what is said of it."""
    shape = np.shape(problem.value)
    _check_number(int(np.prod(shape)), "entries of the result", "forward")
    for index in np.ndindex(shape):
        seed = np.zeros(shape)
        seed[index] = 1.0
        of = f" from f[{', '.join(map(str, index))}]" if index else ""
        yield f"Reverse mode{of}:", seed[()]


def _check_number(number: int, what: str, other: str) -> None:
    if number > MAX_TABLES:
        raise InputError(f"--table: {number} {what} would need as many tables; use --mode {other}, or smaller arrays")


def expressions(problem: Problem, layout: str) -> str:
    """Return value and gradient as SymPy expressions."""
    found = _ask("--sympy", lambda: problem.record().to_sympy())
    if layout == "latex":
        return f"\\[\n{_ask('--sympy', found.latex)}\n\\]"
    return preformatted(_ask("--sympy", lambda: str(found)), layout)


def cost(problem: Problem, layout: str) -> str:
    """Return the counts of operations of both modes."""
    return preformatted(_ask("--cost", lambda: str(problem.record().cost())), layout)


def check(problem: Problem, order: int, layout: str) -> tuple[bool, str]:
    """Return whether the derivatives agree with independent ones, and the report."""
    size = sum(map(np.size, problem.args))
    if size > MAX_CHECKED:
        raise InputError(f"--check: at most {MAX_CHECKED} numbers are checked; got {size}. Use smaller arrays")
    report = _ask("--check", lambda: autodiff.gradcheck(problem.function(), *problem.args, order=min(order, 2)))
    return bool(report), preformatted(str(report), layout)


def draw(problem: Problem, path: str) -> None:
    """Write the picture of the graph to a file."""
    _ask("--draw", lambda: problem.record().draw(path))


def write_page(problem: Problem, mode: str, path: str) -> None:
    """Write the page that goes through the sweeps step by step."""
    if np.ndim(problem.value):
        raise InputError(f"--html: the page is for one number; got shape {np.shape(problem.value)}. Choose one: (…)[0]")
    _ask("--html", lambda: problem.record().to_html(path, mode=mode))


def _ask(option: str, reader: Callable[[], Any]) -> Any:
    """Return what a reader gives, or raise what it says as an error of the option."""
    try:
        return reader()
    except OSError as error:
        raise InputError(f"{option}: {error.filename or 'the file'}: {error.strerror or error}") from error
    except (ValueError, TypeError, ImportError, ArithmeticError, RuntimeError) as error:
        raise InputError(f"{option}: {error}") from error


def preformatted(text: str, layout: str) -> str:
    """Return text whose columns are aligned so that they stay so in a layout."""
    if layout == "markdown":
        return f"```\n{text}\n```"
    if layout == "html":
        return f"<pre>{html.escape(text)}</pre>"
    return f"\\begin{{verbatim}}\n{text}\n\\end{{verbatim}}" if layout == "latex" else text


def _caption(text: str, layout: str) -> str:
    return {"latex": f"% {text}", "html": f"<p>{html.escape(text)}</p>", "markdown": f"{text}\n"}.get(layout, text)
