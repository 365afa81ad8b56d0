"""Tables in text files."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, TextIO

import numpy as np

from nn.arguments import integer

Column = str | int


def load_csv(
    path: Any,
    *,
    columns: Sequence[Column] | None = None,
    target: Column | None = None,
    delimiter: str = ",",
    header: bool | str = "auto",
    dtype: Any = np.float64,
    target_dtype: Any = None,
    missing: float | None = None,
    encoding: str = "utf-8",
    skip_rows: int = 0,
) -> Any:
    r"""Return the numbers in a table, and with `target` one of its columns apart.

    Parameters
    ----------
    path : str or path
        A text file with one sample in each row, read by the standard `csv` module (quotes as there).
    columns : sequence of str or int, optional
        Which columns, by name or number (from 0), in this order; by default all but the target.
    target : str or int, optional
        The column to predict.
    delimiter : str
        What stands between the columns.
    header : bool or "auto"
        Whether the first row has names; "auto": it has if none of its cells is a number.
    dtype, target_dtype : dtype
        Of the columns and of the target (by default the same); str keeps the text, such as names of classes.
    missing : float, optional
        What an empty cell stands for, such as `np.nan`; by default it is an error.
    encoding : str
        How the text is stored; a byte-order mark at the beginning is skipped.
    skip_rows : int
        Lines before the table.

    Returns
    -------
    X : ndarray
        Shape (n_samples, n_columns).
    y : ndarray
        Shape (n_samples,); only with `target`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        Naming file, row and column: for a cell that is no number, a row that is longer or shorter
        than the first, text in another encoding, an empty file, a column that is not there.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False) as file:
    ...     n = file.write("length,width,kind\n5.1,3.5,setosa\n6.2,2.9,virginica\n")
    >>> X, y = load_csv(file.name, target="kind", target_dtype=str)
    >>> X
    array([[5.1, 3.5],
           [6.2, 2.9]])
    >>> y.tolist()
    ['setosa', 'virginica']
    >>> os.unlink(file.name)
    """
    if header not in (True, False, "auto"):
        raise ValueError(f'load_csv: header is one of "auto", True, False; got {header!r}. Choose one of them.')
    if not isinstance(delimiter, str) or len(delimiter) != 1:
        raise ValueError(f"load_csv: delimiter must be one character; got {delimiter!r}. Pass ',' or ';' or '\\t'.")
    if skip_rows:
        integer("load_csv", "skip_rows", skip_rows, 1)
    reader = _Table(path, delimiter, encoding, skip_rows)
    names, numbers, rows = reader.read(header)
    chosen, goal = _choose(path, names, len(rows[0]), columns, target)
    table = np.column_stack([reader.convert(rows, numbers, names, j, dtype, missing) for j in chosen])
    if goal is None:
        return table
    return table, reader.convert(rows, numbers, names, goal, dtype if target_dtype is None else target_dtype, missing)


class _Table:
    """A file that is read; it knows where everything stood."""

    def __init__(self, path: Any, delimiter: str, encoding: str, skip_rows: int) -> None:
        self.path, self.delimiter, self.skip_rows = Path(path), delimiter, skip_rows
        self.encoding = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding

    def read(self, header: bool | str) -> tuple[list[str] | None, list[int], list[list[str]]]:
        """Return the names (or None), and of each row its line in the file and its cells."""
        if not self.path.exists():
            raise FileNotFoundError(
                f"load_csv: there is no such file; got {os.fspath(self.path)!r}, looked for in {os.getcwd()}. "
                "Check the path."
            )
        numbers, rows = [], []
        try:
            with open(self.path, encoding=self.encoding, newline="") as file:
                for number, row in self._rows(file):
                    numbers.append(number)
                    rows.append(row)
        except UnicodeDecodeError as error:
            raise ValueError(
                f"load_csv: {self.path} is not {self.encoding} text; got byte 0x{error.object[error.start]:02x} at "
                "which it cannot be decoded. Pass encoding='latin-1' or 'cp1252' or 'utf-16'."
            ) from None
        except csv.Error as error:
            raise ValueError(f"load_csv: {self.path} is no table of text; got: {error}. Open it and look.") from None
        names = None
        if rows and (header is True or (header == "auto" and not any(_is_number(cell) for cell in rows[0]))):
            names = [cell.strip() for cell in rows.pop(0)]
            numbers.pop(0)
        if not rows:
            what = "nothing in it" if names is None else f"only the header {','.join(names)}"
            raise ValueError(f"load_csv: {self.path} has no rows of data; got {what}. Check the file, and skip_rows.")
        return names, numbers, rows

    def _rows(self, file: TextIO) -> Iterator[tuple[int, list[str]]]:
        for _ in range(self.skip_rows):
            file.readline()
        reader = csv.reader(file, delimiter=self.delimiter, strict=True)
        width = 0
        for row in reader:
            if not row:
                continue  # an empty line
            width = width or len(row)
            number = reader.line_num + self.skip_rows
            if len(row) != width:
                raise ValueError(
                    f"load_csv: {self.path}, row {number} must have {width} cells, as the first row; got {len(row)}. "
                    f"Look for a missing or extra {self.delimiter!r} there."
                )
            yield number, row

    def convert(
        self, rows: list[list[str]], numbers: list[int], names: list[str] | None, j: int, dtype: Any, missing: Any
    ) -> np.ndarray:
        """Return column j as an array."""
        kind = np.dtype(dtype).kind
        cells = [row[j] for row in rows]
        if kind == "U":
            return np.array([cell.strip() for cell in cells])
        parse: Any = int if kind in "iu" else float
        try:
            return np.array([parse(cell) for cell in cells], dtype)
        except (ValueError, OverflowError):
            values = [
                self._cell(cell, number, j, names, parse, missing) for cell, number in zip(cells, numbers, strict=True)
            ]
            return np.array(values, dtype)

    def _cell(self, cell: str, number: int, j: int, names: list[str] | None, parse: Any, missing: Any) -> Any:
        """Return the number in a cell, or say where it stands and what is wrong with it."""
        if not cell.strip() and missing is not None:
            return missing
        try:
            return parse(cell)
        except ValueError:
            self._refuse(cell, f"row {number}, column {j}" + (f" ({names[j]})" if names else ""), parse)

    def _refuse(self, cell: str, place: str, parse: Any) -> NoReturn:
        if not cell.strip():
            advice = "Fill it, or pass missing=np.nan and decide then."
        elif cell.count(",") == 1 and _is_number(cell.replace(",", ".")):
            advice = "Write decimal commas as points."
        elif cell.count(self.delimiter) == 0 and any(mark in cell for mark in ";\t|"):
            advice = "Pass the delimiter of this file, such as delimiter=';'."
        else:
            advice = (
                "Leave the column out with columns=[…], or read it as text (target_dtype=str); header=True for names."
            )
        what = "an empty cell" if not cell.strip() else repr(cell[:40])
        kind = "an integer" if parse is int else "a number"
        raise ValueError(f"load_csv: {self.path}, {place} must be {kind}; got {what}. {advice}")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _choose(
    path: Any, names: list[str] | None, width: int, columns: Sequence[Column] | None, target: Column | None
) -> tuple[list[int], int | None]:
    """Return the numbers of the columns and of the target."""
    goal = None if target is None else _position(path, names, width, target)
    if columns is None:
        chosen = [j for j in range(width) if j != goal]
    else:
        if isinstance(columns, str) or not isinstance(columns, Sequence):
            raise TypeError(f"load_csv: columns must be a list of names or numbers; got {columns!r}. Pass ['x', 'y'].")
        chosen = [_position(path, names, width, column) for column in columns]
    if not chosen:
        raise ValueError(f"load_csv: no column of {path} is left for X; got target={target!r} alone. Choose columns.")
    return chosen, goal


def _position(path: Any, names: list[str] | None, width: int, column: Column) -> int:
    if isinstance(column, str):
        if names is None or column not in names:
            known = f"its columns are {', '.join(names)}" if names else "it has no header"
            raise ValueError(f"load_csv: {path} has no column of this name; got {column!r}, and {known}. Check it.")
        if names.count(column) > 1:
            raise ValueError(f"load_csv: {path} has several columns of one name; got {column!r}. Pass their numbers.")
        return names.index(column)
    if isinstance(column, bool) or not isinstance(column, (int, np.integer)):
        raise TypeError(f"load_csv: a column is a name or a number; got {column!r}. Pass one of these.")
    if not -width <= column < width:
        raise ValueError(f"load_csv: {path} has {width} columns; got number {column}. Count from 0.")
    return int(column) % width
