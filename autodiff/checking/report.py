"""The report of a gradient check: a verdict in one sentence, a table, and what is to be learned from it."""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import Any

import numpy as np

from autodiff.checking.comparison import Row
from autodiff.checking.rules import Fault
from autodiff.checking.witnesses import StepSweep

MOST_ROWS = 12
BAR = 32


class Report:
    """What `gradcheck` found: true in a condition if the derivatives are right; `print` explains.

    Attributes
    ----------
    faults : list of Fault
        What is wrong: `kind`, `text`, `function`, `argnum`, `entry`, `position`.
    rows : list of Row
        The derivative with respect to each entry, by the engine and by each witness.
    worst : Row or None
        The entry that agrees least.
    sweep : StepSweep or None
        The error of the central difference there against its step.
    second : list of Row
        For order 2, the same for the derivatives of the gradient.
    points : dict
        The other arguments that were tried, and the verdict at each.
    notes : list of str
        What is not a fault, but good to know.
    """

    def __init__(self, title: str, order: int, rtol: float) -> None:
        self.title = title
        self.order = order
        self.rtol = rtol
        self.faults: list[Fault] = []
        self.rows: list[Row] = []
        self.second: list[Row] = []
        self.worst: Row | None = None
        self.sweep: StepSweep | None = None
        self.point: str | None = None
        self.points: dict[str, str] = {}
        self.skipped: list[str] = []
        self.notes: list[str] = []
        self.curvature: tuple[float, float] | None = None

    def __bool__(self) -> bool:
        return not self.faults

    def settle(self) -> None:
        """Write the notes that follow from the rows."""
        kinks = [row for row in self.rows if row.verdict == "kink"]
        for row in kinks[:MOST_ROWS]:
            self.notes.append(_kink(row))
        if len(kinks) > MOST_ROWS:
            self.notes.append(f"Not differentiable at {len(kinks) - MOST_ROWS} more entries.")
        unknown = [row.name for row in self.rows if row.verdict == "unknown"]
        if unknown:
            self.notes.append(
                f"No witness can say what the derivative is at {', '.join(unknown[:4])}"
                f"{' …' if len(unknown) > 4 else ''}: the values change too irregularly for differences."
            )
        if any(row.verdict == "symmetric" for row in self.rows):
            self.notes.append(
                "The function reads one triangle of a symmetric matrix; the derivative is the symmetric one, which is "
                "right along all symmetric directions."
            )

    # --- text -------------------------------------------------------------------------

    def __str__(self) -> str:
        parts = [self._verdict(), self._faults(), self._table(self.rows), self._second(), self._sweep(), self._notes()]
        return "\n\n".join(part for part in parts if part)

    def __repr__(self) -> str:
        return f"<gradcheck of {self.title}: {'right' if self else 'WRONG, ' + self.faults[0].kind}>"

    def _verdict(self) -> str:
        if self.faults:
            kinds = ", ".join(dict.fromkeys(fault.kind for fault in self.faults))
            return f"gradcheck of {self.title}: WRONG ({kinds})."
        counts = Counter(row.verdict for row in self.rows)
        checked = counts["right"] + counts["symmetric"]
        parts = []
        if checked:
            digits = [row.digits().get(row.witness, 16.0) for row in self.rows if row.verdict == "right"]
            reach = f", to {int(min(digits))} digits or more" if digits else ""
            parts.append(f"{_count(checked, 'derivative')} agree{'s' * (checked == 1)} with the witnesses{reach}")
        if counts["kink"]:
            where = _count(counts["kink"], "entry") if len(self.rows) > 1 else "this point"
            parts.append(f"not differentiable at {where}, where the engine gives a slope between the two sides'")
        if counts["unknown"]:
            parts.append(f"no witness for {_count(counts['unknown'], 'entry')}")
        what = "; ".join(parts)
        if self.order == 2:
            what += "; second derivatives too"
        return f"gradcheck of {self.title}: right. {what[0].upper()}{what[1:]}."

    def _faults(self) -> str:
        lines = []
        for fault in self.faults:
            lines.append(_wrapped(f"{fault.kind}: {fault.text}."))
            if fault.place:
                lines.append(f"    called at {fault.place}")
        if self.point is not None:
            lines.append(
                f"  It is wrong at other arguments ({self.point}); at those that were given it is right.\n"
                "  (Should f have no meaning there, leave other arguments out: points=0.)"
            )
        return "\n".join(lines)

    def _table(self, rows: list[Row], title: str = "") -> str:
        if not rows:
            return ""
        shown = sorted(rows, key=lambda row: (row.verdict != "wrong", -row.gap))[:MOST_ROWS]
        shown = [row for row in rows if any(row is s for s in shown)]
        witnesses = list(dict.fromkeys(name for row in shown for name in row.digits()))
        columns = ["entry", "at", "reverse", "forward", "differences", "complex step", "SymPy", "digits"]
        cells = [[row.name, _brief(row.x), *map(_number, (row.reverse, row.forward, row.differences)),
                  _number(row.complex_step), _number(row.sympy), _digits(row, witnesses)] for row in shown]  # fmt: skip
        empty = [all(line[k] == "–" for line in cells) for k in range(len(columns))]
        lines = [[cell for cell, drop in zip(line, empty, strict=True) if not drop] for line in [columns, *cells]]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        several = sum(row.verdict == "wrong" for row in shown) > 1
        marks = ["", *[_mark(row, self.worst if several else None) for row in shown]]
        text = ["  " + "  ".join(_placed(c, w, k) for k, (c, w) in enumerate(zip(line, widths, strict=True))) + mark
                for line, mark in zip(lines, marks, strict=True)]  # fmt: skip
        text.insert(1, "  " + "─" * (sum(widths) + 2 * len(widths) - 2))
        if len(rows) > len(shown):
            text.append(f"  … and {len(rows) - len(shown)} more, which agree as well or better")
        head = title or f"Derivatives{f' ({self.point})' if self.point else ''}"
        legend = "digits: to how many reverse mode agrees with " + ", ".join(witnesses)
        return "\n".join([head, *text, f"  ({legend})"])

    def _second(self) -> str:
        if not self.second:
            return ""
        text = self._table(self.second, "Second derivatives: of the gradient (times random numbers, if it has many)")
        if self.curvature is not None:
            got, seen = self.curvature
            text += f"\n  vᵀHv along a random v: {got:.8g} by the engine, {seen:.8g} by second differences of f itself"
        return text

    def _sweep(self) -> str:
        """Return the step sweep: the error of the central difference against its step, drawn with bars."""
        if self.sweep is None or self.worst is None:
            return ""
        sweep = self.sweep
        finite = sweep.errors[np.isfinite(sweep.errors)]
        if not finite.size:
            return ""
        if np.max(finite) == 0:
            return f"Step sweep for {self.worst.name}: the central difference is exact at every step."
        low = np.log10(max(sweep.exact, float(np.min(finite)), 1e-17))
        high = np.log10(max(float(np.max(finite)), 10.0 ** (low + 1)))
        lines = [
            f"Step sweep for {self.worst.name}: |central difference − {sweep.witness}| against the step h",
        ]
        least = 2 * int(np.nanargmin(np.where(np.isfinite(sweep.errors), sweep.errors, np.inf)[::2]))
        for k in range(0, len(sweep.steps), 2):
            error = sweep.errors[k]
            if not np.isfinite(error):
                lines.append(f"  {sweep.steps[k]:.0e}       –   f is not defined there")
                continue
            length = 1 + round(float((np.log10(max(error, 10.0**low)) - low) / (high - low) * (BAR - 1)))
            lines.append(f"  {sweep.steps[k]:.0e}  {error:8.1e}  {'█' * length}{'  ← least' if k == least else ''}")
        best = sweep.best
        lines.append(
            f"  best step {sweep.steps[best]:.1e}, error {sweep.errors[best]:.1e}: above it the error is truncation "
            "(∝ h²), below it round-off (∝ 1/h)"
        )
        return "\n".join(lines)

    def _notes(self) -> str:
        notes = list(self.notes)
        right = [what for what, verdict in self.points.items() if verdict in ("right", "kink")]
        if right and not self.faults:
            notes.append(f"Right at other arguments too: {', '.join(right)}.")
        if self.skipped:
            notes.append(f"Not defined, and not checked, at {', '.join(self.skipped)}.")
        return "\n".join(["Notes", *map(_wrapped, notes)]) if notes else ""

    # --- data and picture -------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the report as numbers, strings, lists and dicts, ready for JSON."""
        return {
            "function": self.title,
            "right": bool(self),
            "order": self.order,
            "rtol": self.rtol,
            "faults": [
                {
                    "kind": fault.kind,
                    "text": fault.text,
                    "function": fault.function,
                    "argnum": fault.argnum,
                    "entry": fault.entry,
                    "line": fault.place or None,
                }
                for fault in self.faults
            ],
            "rows": [_as_dict(row) for row in self.rows],
            "second": [_as_dict(row) for row in self.second],
            "worst": self.worst.name if self.worst is not None else None,
            "sweep": None
            if self.sweep is None
            else {
                "steps": self.sweep.steps.tolist(),
                "errors": [_json(error) for error in self.sweep.errors],
                "reference": self.sweep.reference,
                "witness": self.sweep.witness,
                "best_step": float(self.sweep.steps[self.sweep.best]),
            },
            "points": dict(self.points),
            "notes": list(self.notes),
        }

    def plot(self, axes: Any = None) -> Any:
        """Draw the step sweep, error against step, and return the axes (needs matplotlib)."""
        from autodiff.checking.picture import plot_sweep

        return plot_sweep(self, axes)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 110, initial_indent="  ", subsequent_indent="    ", break_long_words=False)


def _count(n: int, what: str) -> str:
    plural = what[:-1] + "ies" if what.endswith("y") else what + "s"
    return f"{n} {what if n == 1 else plural}"


def _as_dict(row: Row) -> dict[str, Any]:
    values = {
        "x": row.x, "reverse": row.reverse, "forward": row.forward, "differences": row.differences,
        "error": row.error, "step": row.step, "complex_step": row.complex_step, "sympy": row.sympy,
        "left": row.left, "right": row.right,
    }  # fmt: skip
    numbers = {name: _json(value) for name, value in values.items()}
    return {"entry": row.name, **numbers, "digits": row.digits(), "verdict": row.verdict}


def _json(x: float | None) -> float | str | None:
    """Return a number as JSON can hold it: what is not finite, as a word."""
    return None if x is None else float(x) if np.isfinite(x) else str(float(x))


def _number(x: float | None) -> str:
    return "–" if x is None else f"{x:.9g}"


def _brief(x: float) -> str:
    return "–" if np.isnan(x) else f"{x:.4g}"


def _digits(row: Row, witnesses: list[str]) -> str:
    """Return the digits of agreement with each of the witnesses, in columns."""
    if row.verdict == "kink":
        return "kink"
    digits = row.digits()
    return " ".join(f"{int(digits[name]):2}" if name in digits else " –" for name in witnesses)


def _placed(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column == 0 else cell.rjust(width)


def _mark(row: Row, worst: Row | None) -> str:
    if row.verdict == "wrong":
        return "  ← wrong" + (", the worst" if row is worst else "")
    marks = {"unknown": "no witness", "kink": "not differentiable", "symmetric": "right along symmetric directions"}
    return f"  ← {marks[row.verdict]}" if row.verdict in marks else ""


def _kink(row: Row) -> str:
    left, right = (("none" if np.isnan(side) else f"{side:.6g}") for side in (row.left, row.right))
    value = f"{row.reverse:.6g}"
    return (
        f"{row.name} = {row.x:.6g}: not differentiable there: left slope {left}, right slope {right}; "
        f"the engine's convention gives {value}."
    )
