"""The layouts of an evaluation trace: aligned characters, Markdown, LaTeX, HTML, comma-separated values."""

from __future__ import annotations

import csv as comma_separated
import io
import json
import re
import unicodedata
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.graph import Node
from autodiff.operands import shape_of
from autodiff.readers.names import in_latex
from autodiff.readers.notation import number

if TYPE_CHECKING:
    from autodiff.readers.table import Line, Row, Table

TITLES = {None: ("primal trace ↓",), "forward": ("primal trace ↓", "tangent trace ↓"),
          "reverse": ("primal trace ↓", "adjoint trace ↑")}  # fmt: skip
CELLS = 4  # name, formula, numbers, value


def brief(value: Any, latex: bool = False) -> str:
    """Return a value in short: of an array with many entries the first two and the last.

    Examples
    --------
    >>> print(brief(np.arange(12.0)), brief(np.arange(12.0).reshape(3, 4)))
    [0, 1, …, 11] [[0, 1, …, 11]]
    """
    if isinstance(value, (tuple, list)):
        return r"\ldots" if latex else "…"
    array = np.asarray(value)
    if array.ndim == 0 or array.size == 0:
        return number(array, latex=latex)
    left, right = (r"\left[", r"\right]") if latex else ("[", "]")
    if array.size <= 4:
        parts = [brief(part, latex) for part in array]
        return left + ", ".join(parts) + right
    flat = array.ravel()
    ends = [number(flat[i], latex=latex) for i in (0, 1, -1)]
    inside = ", ".join([*ends[:2], r"\ldots" if latex else "…", ends[2]])
    return left * array.ndim + inside + right * array.ndim


def width(text: str) -> int:
    """Return how many columns a text takes: accents take none, wide characters two.

    Examples
    --------
    >>> width("v̄₋₁"), len("v̄₋₁")
    (3, 4)
    """
    return sum([_width(character) for character in text])


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))


# --- what all layouts share: a table of strings ---------------------------------------------------------


class _Grid:
    """The rows of a table as cells: labels and shapes only where there are any."""

    def __init__(self, table: Table, latex: bool = False) -> None:
        total, limit = len(table), table.limit
        cut = limit is not None and total > limit
        head, tail = ((limit + 1) // 2, total - limit // 2) if cut and limit is not None else (total, total)
        self.left_out = tail - head
        shown = table.lines(latex, 0, head), table.lines(latex, tail) if cut else []
        everything = [*shown[0], *shown[1]]
        self.sides = len(TITLES[table.mode])
        self.has_labels = any(_label(row) for row in everything)
        self.has_shapes = any(row.primal is not None and shape_of(row.primal.value) for row in everything)
        self.head, self.tail = [[self._cells(row, latex) for row in part] for part in shown]

    def _cells(self, row: Row, latex: bool) -> list[str]:
        """Return label, then name, formula, numbers and value, then the shape; then the other side."""
        cells = _four(row.primal, latex)
        if self.has_labels:
            label = _label(row) if row.primal is not None else ""
            cells.insert(0, in_latex(label) if latex and label else label)
        if self.has_shapes:
            cells.append(_shape(row.primal, latex))
        return cells + (_four(row.derivative, latex) if self.sides == 2 else [])

    @property
    def first_side(self) -> int:
        """The number of cells on the left."""
        return CELLS + self.has_labels + self.has_shapes

    @property
    def titles(self) -> list[str]:
        names = ["name"] * self.has_labels + ["v", "formula", "with numbers", "value"] + ["shape"] * self.has_shapes
        return names + (["v", "formula", "with numbers", "value"] if self.sides == 2 else [])


def _label(row: Row) -> str:
    """Return the user's name of an operation's result; those of inputs stand as formulas."""
    node = row.node
    if not isinstance(node, Node) or node.is_input or row.primal is None or row.is_result:
        return ""
    return node.label or ""


def _four(line: Line | None, latex: bool) -> list[str]:
    return ["", "", "", ""] if line is None else [line.name, line.formula, line.numbers, brief(line.value, latex)]


def _shape(line: Line | None, latex: bool = False) -> str:
    if line is None or isinstance(line.value, (tuple, list)):
        return ""
    return (r" \times " if latex else "×").join(map(str, shape_of(line.value)))


# --- the layouts ---------------------------------------------------------------------------------------


def text(table: Table) -> str:
    """Return the table in characters, its columns aligned."""
    grid = _Grid(table)
    second = grid.first_side
    signs = {first + i: "= " for first in (int(grid.has_labels), second) for i in range(1, CELLS)}
    rows = [
        [signs[i] + cell if cell and i in signs else cell for i, cell in enumerate(cells)]
        for cells in [*grid.head, *grid.tail]
    ]
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]

    lines = []
    left_width = 0
    for row in rows:
        left = _joined(row[:second], widths[:second])
        left_width = max(left_width, width(left))
        lines.append((left, _joined(row[second:], widths[second:])))
    titles = TITLES[table.mode]
    left_width = max(left_width, width(titles[0]))
    right_width = max([width(right) for _, right in lines] + [width(titles[-1])])
    rule = "─" * left_width + ("─┼─" + "─" * right_width if grid.sides == 2 else "")
    shown = [_beside(titles[0], titles[-1], left_width, grid.sides), rule]
    shown += [_beside(left, right, left_width, grid.sides) for left, right in lines]
    if grid.left_out:
        shown.insert(2 + len(grid.head), f"⋮ {_left_out(grid)}")
    return "\n".join(shown)


def _joined(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join([_padded(cell, columns) for cell, columns in zip(cells, widths, strict=True) if columns]).rstrip()


def _beside(left: str, right: str, columns: int, sides: int) -> str:
    return f"{_padded(left, columns)} │ {right}".rstrip() if sides == 2 else left.rstrip()


def _left_out(grid: _Grid) -> str:
    return f"{grid.left_out} rows left out (rows=None shows all)"


def markdown(table: Table) -> str:
    """Return the table in GitHub's Markdown."""
    grid = _Grid(table)
    titles = _with_directions(grid, table.mode)
    lines = [_bars(titles), _bars(["---"] * len(titles))]
    lines += [_bars(map(_escaped_for_markdown, cells)) for cells in grid.head]
    if grid.left_out:
        lines.append(_bars([f"⋮ {_left_out(grid)}", *[""] * (len(titles) - 1)]))
    lines += [_bars(map(_escaped_for_markdown, cells)) for cells in grid.tail]
    return "\n".join(lines)


def _bars(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped_for_markdown(cell: str) -> str:
    return "".join([f"\\{character}" if character in "\\|*_<>[]`#~" else character for character in cell])


def _with_directions(grid: _Grid, mode: str | None) -> list[str]:
    """Return the titles of the columns; those of the names say what the side is."""
    titles = grid.titles
    titles[grid.has_labels] = TITLES[mode][0]
    if grid.sides == 2:
        titles[grid.first_side] = TITLES[mode][1]
    return titles


def latex(table: Table) -> str:
    """Return the table as an array of LaTeX's mathematics, for the inside of a displayed equation."""
    grid = _Grid(table, latex=True)
    left = "l" * grid.has_labels + "l" * CELLS + "l" * grid.has_shapes
    columns = len(left) + CELLS * (grid.sides - 1)
    directions = {"↓": r"$\downarrow$", "↑": r"$\uparrow$"}
    titles: list[str] = []
    for title, span in zip(TITLES[table.mode], (len(left), CELLS), strict=False):
        words, _, arrow = title.rpartition(" ")
        bar = "|" if grid.sides == 2 and not titles else ""
        titles.append(rf"\multicolumn{{{span}}}{{l{bar}}}{{\text{{{words} {directions[arrow]}}}}}")
    lines = [
        rf"\begin{{array}}{{{left}{'|' + 'l' * CELLS if grid.sides == 2 else ''}}}",
        " & ".join(titles) + r" \\ \hline",
    ]
    lines += [_ampersands(cells, grid) for cells in grid.head]
    if grid.left_out:
        lines.append(rf"\multicolumn{{{columns}}}{{l}}{{\vdots\quad \text{{{grid.left_out} rows left out}}}} \\")
    lines += [_ampersands(cells, grid) for cells in grid.tail]
    return "\n".join([*lines, r"\end{array}"])


def _ampersands(cells: Sequence[str], grid: _Grid) -> str:
    equals = {first + i for first in (int(grid.has_labels), grid.first_side) for i in range(1, CELLS)}
    return " & ".join([f"= {cell}" if cell and i in equals else cell for i, cell in enumerate(cells)]) + r" \\"


def html(table: Table) -> str:
    """Return the table as an element of a page."""
    grid = _Grid(table)
    spans = [grid.first_side, CELLS][: grid.sides]
    equals = {first + i for first in (int(grid.has_labels), grid.first_side) for i in range(1, CELLS)}
    titles = "".join(
        [
            f'<th colspan="{span}" scope="colgroup" style="{_style(beside=i > 0)}">{escape(title)}</th>'
            for i, (title, span) in enumerate(zip(TITLES[table.mode], spans, strict=True))
        ]
    )

    def row(cells: Sequence[str]) -> str:
        shown = []
        for i, cell in enumerate(cells):
            inside = _subscripted(f"= {cell}" if cell and i in equals else cell)
            shown.append(f'<td style="{_style(beside=grid.sides == 2 and i == grid.first_side)}">{inside}</td>')
        return f"<tr>{''.join(shown)}</tr>"

    rows: list[str] = list(map(row, grid.head))
    if grid.left_out:
        rows.append(f'<tr><td colspan="{sum(spans)}" style="{_style()}">⋮ {escape(_left_out(grid))}</td></tr>')
    rows += map(row, grid.tail)
    body = "\n".join(rows)
    return (
        '<div class="autodiff-trace" style="overflow-x:auto"><table style="border-collapse:collapse">\n'
        f"<thead><tr>{titles}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>"
    )


def _style(beside: bool = False) -> str:
    """Return the style of a cell; of the first one on the right with the line between the sides."""
    line = ";border-left:1px solid" if beside else ""
    return f"text-align:left;white-space:nowrap;padding:.15em .5em{line}"


def _subscripted(cell: str) -> str:
    """Return a cell with its subscripts as HTML has them: few fonts have good characters for them."""
    return re.sub(
        "[₋₀-₉]+", lambda match: f'<sub style="line-height:0">{match[0].translate(_DIGITS)}</sub>', escape(cell)
    )


_DIGITS = str.maketrans("₋₀₁₂₃₄₅₆₇₈₉", "−0123456789")


def csv(table: Table) -> str:
    """Return all rows as comma-separated values, with all digits of the numbers."""
    target = io.StringIO()
    writer = comma_separated.writer(target, lineterminator="\n")
    side = {None: "", "forward": "tangent", "reverse": "adjoint"}[table.mode]
    titles = ["v", "label", "operation", "formula", "with numbers", "value", "shape"]
    writer.writerow(titles + ([side, f"{side} formula", f"{side} with numbers", f"{side} value"] if side else []))
    for row in table.lines():
        node, line = row.node, row.primal
        cells = ["", "", "", "", "", "", ""]
        if line is not None:
            label, function = (node.label, node.function) if isinstance(node, Node) else ("", "")
            name = node.name if isinstance(node, Node) and line.name == node.symbol else line.name
            cells = [
                name,
                label or "",
                function or "",
                line.formula,
                line.numbers,
                _full(line.value),
                _shape(line),
            ]
        if side:
            other = row.derivative
            cells += (
                ["", "", "", ""] if other is None else [other.name, other.formula, other.numbers, _full(other.value)]
            )
        writer.writerow(cells)
    return target.getvalue().rstrip("\n")


def _full(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(_full, value))}]"
    array = np.asarray(value)
    if array.ndim == 0:
        return repr(array.item())
    return json.dumps(array.tolist(), default=str)
