"""What is wrong with the input, and where: a sentence, the line, and a caret under the place."""

from __future__ import annotations

WIDTH = 76
"""Characters of a long line that are shown around the place."""


class InputError(Exception):
    """Something on the command line that cannot be used.

    Parameters
    ----------
    message : str
        What is wrong, and what to write instead.
    line : str, optional
        The argument it stands in.
    start, end : int
        The place in `line`, in characters from 0.
    """

    def __init__(self, message: str, line: str | None = None, start: int = 0, end: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.start = start
        self.end = start + 1 if end is None else end

    def __str__(self) -> str:
        return self.message if self.line is None else f"{self.message}\n{marked(self.line, self.start, self.end)}"


def marked(line: str, start: int, end: int) -> str:
    """Return `line`, and below it carets from `start` up to `end`.

    Examples
    --------
    >>> print(marked("sin(y)", 4, 5))
      sin(y)
          ^
    """
    shown = "".join([character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line])
    start = min(start, len(shown))
    end = max(start + 1, min(end, len(shown)))
    first = max(0, start - WIDTH // 2) if len(shown) > WIDTH else 0
    last = first + WIDTH
    before, after = "…" * (first > 0), "…" * (last < len(shown))
    indent = " " * (2 + len(before) + start - first)
    return f"  {before}{shown[first:last]}{after}\n{indent}{'^' * (min(end, last) - start)}"
