"""The results as text, Markdown, LaTeX and HTML."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.command_line.derivatives import Quantity, latex_name
from autodiff.command_line.problem import Problem

DIGITS = 12
SHOWN = 8
"""Rows and columns of an array that are shown; of larger ones, half of these from either end."""


def number(x: Any) -> str:
    """Return a number in 12 digits."""
    return f"{float(x) + 0.0:.{DIGITS}g}"  # + 0.0: no −0


def latex_number(x: Any) -> str:
    """Return a number in 12 digits, as LaTeX writes it."""
    mantissa, e, exponent = number(x).partition("e")
    named = mantissa.replace("inf", r"\infty").replace("nan", r"\mathrm{NaN}")
    return rf"{named} \cdot 10^{{{int(exponent)}}}" if e else named


def _grid(x: Any, write: Callable[[Any], str], gap: str) -> list[list[str]]:
    """Return the entries of a vector (as one row) or a matrix, those in the middle left out if there are many."""
    return [_ends([write(entry) for entry in row], gap) for row in _ends(list(np.atleast_2d(x)), None)]


def _ends(items: list, gap: Any) -> list:
    """Return all items, or some from either end with `gap` between them (None: the item there stays)."""
    if len(items) <= SHOWN:
        return items
    half = SHOWN // 2
    return [*items[:half], *([] if gap is None else [gap]), *items[-half:]]


def array_text(x: Any) -> str:
    """Return an array in square brackets, its columns aligned.

    Examples
    --------
    >>> print(array_text([[1.0, 10.0], [0.5, 2.0]]))
    [[  1,  10],
     [0.5,   2]]
    """
    x = np.asarray(x, float)
    width = max(len(number(entry)) for entry in x.flat)
    shown = np.array2string(
        x, separator=", ", max_line_width=100, threshold=SHOWN * SHOWN, edgeitems=SHOWN // 2,
        formatter={"float_kind": lambda entry: number(entry).rjust(width if x.ndim > 1 else 0)},
    )  # fmt: skip
    return "\n".join([line for line in shown.splitlines() if line.strip()])


def value_text(x: Any) -> str:
    """Return a number or an array."""
    return array_text(x) if np.ndim(x) else number(x)


def _one_line(x: Any) -> str:
    return " ".join(value_text(x).split()).replace("[ ", "[")


def latex_value(x: Any) -> str:
    """Return a number, or a vector or matrix in brackets, as LaTeX writes it."""
    if np.ndim(x) == 0:
        return latex_number(x)
    if np.ndim(x) > 2:
        return rf"\texttt{{{_one_line(x)}}}"
    rows = r" \\ ".join([" & ".join(row) for row in _grid(x, latex_number, r"\cdots")])
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


def _aligned(rows: Sequence[tuple[str, str]]) -> str:
    """Return `name = value` lines, the signs below one another."""
    width = max(len(name) for name, _ in rows)
    indent = "\n" + " " * (width + 3)
    return "\n".join([f"{name:<{width}} = {indent.join(value.splitlines())}" for name, value in rows])


def _labelled(quantity: Quantity) -> list[list[str]]:
    """Return a Hessian as a table with the names of its rows and columns."""
    if len(quantity.rows) > SHOWN:
        return []
    body = [[number(entry) for entry in row] for row in quantity.value]
    return [[quantity.text, *quantity.rows], *([name, *row] for name, row in zip(quantity.rows, body, strict=True))]


def _columns(table: list[list[str]]) -> str:
    """Return a table, its first column on the left, the numbers on the right."""
    first, *widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join([
        "  ".join([name.ljust(first), *[cell.rjust(w) for cell, w in zip(cells, widths, strict=True)]])
        for name, *cells in table
    ])  # fmt: skip


def text(problem: Problem, found: Sequence[Quantity]) -> str:
    """Return the results as lines of text."""
    names = ", ".join(problem.names)
    given = [(name, value_text(value)) for name, value in problem.variables.items()]
    head = _aligned([(f"f({names})" if names else "f", problem.expression.text), *given])
    blocks = [head]
    lines: list[tuple[str, str]] = []
    for quantity in found:
        table = _labelled(quantity) if quantity.rows else []
        if not table:
            lines.append((quantity.text, value_text(quantity.value)))
            continue
        if lines:
            blocks.append(_aligned(lines))
        lines = []
        blocks.append(_columns(table))
    return "\n\n".join([*blocks, *([_aligned(lines)] if lines else [])])


def markdown(problem: Problem, found: Sequence[Quantity]) -> str:
    """Return the results as tables in GitHub's Markdown."""
    formula = f"`{problem.expression.text}`"
    given = [(name, _one_line(value)) for name, value in problem.variables.items()]
    rows = [*given, *((q.text, _one_line(q.value)) for q in found if not (q.rows and _labelled(q)))]
    tables = [[["", formula], *map(list, rows)], *(_labelled(q) for q in found if q.rows and _labelled(q))]
    return "\n\n".join("\n".join(_markdown_rows(table)) for table in tables)


def _markdown_rows(table: list[list[str]]) -> list[str]:
    rows = [f"| {' | '.join(_in_cell(cell) for cell in row)} |" for row in table]
    return [rows[0], "|---" + "|---:" * (len(table[0]) - 1) + "|", *rows[1:]]


def _in_cell(text: str) -> str:
    return text.replace("|", r"\|")


def latex(problem: Problem, found: Sequence[Quantity]) -> str:
    """Return the results as aligned equations."""
    lines = [f"{latex_name(name)} &= {latex_value(value)}" for name, value in problem.variables.items()]
    lines += [f"{quantity.latex} &= {latex_value(quantity.value)}" for quantity in found]
    body = " \\\\\n".join(lines)
    return f"% f = {problem.expression.text}\n\\begin{{align*}}\n{body}\n\\end{{align*}}"


def as_html(problem: Problem, found: Sequence[Quantity]) -> str:
    """Return the results as HTML tables."""
    given = [(name, _one_line(value)) for name, value in problem.variables.items()]
    rows = [*given, *((q.text, _one_line(q.value)) for q in found if not (q.rows and _labelled(q)))]
    lines = ["<table>", f"<caption><code>{html.escape(problem.expression.text)}</code></caption>"]
    lines += [*(_html_row(row, heads=1) for row in rows), "</table>"]
    for head, *body in [_labelled(q) for q in found if q.rows and _labelled(q)]:
        lines += ["<table>", _html_row(head, heads=len(head)), *(_html_row(row, heads=1) for row in body), "</table>"]
    return "\n".join(lines)


def _html_row(row: Sequence[str], heads: int) -> str:
    names = [f"<th>{html.escape(cell)}</th>" for cell in row[:heads]]
    return f"<tr>{''.join([*names, *[f'<td>{html.escape(cell)}</td>' for cell in row[heads:]]])}</tr>"


LAYOUTS: dict[str, Callable[[Problem, Sequence[Quantity]], str]] = {
    "text": text, "markdown": markdown, "latex": latex, "html": as_html,
}  # fmt: skip
