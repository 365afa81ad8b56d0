"""What `gradcheck` does, in order: the function, its first derivatives, other points, the second, the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from autodiff.checking.comparison import Row, along, floor_of, rows_of_entries, worst_entry
from autodiff.checking.formulas import by_sympy
from autodiff.checking.probe import Probe
from autodiff.checking.report import Report
from autodiff.checking.rules import Fault, Rules
from autodiff.checking.witnesses import second_difference, step_sweep
from autodiff.graph import Graph, Node
from autodiff.operands import shape_of, value_of
from autodiff.record import record

RTOL = {"float64": 1e-6, "float32": 2e-4, "float16": 5e-2}
"""What counts as equal, in the coarsest dtype of the arguments."""


class Examination:
    """One check, and what it has found so far."""

    def __init__(self, probe: Probe, order: int, rtol: float, entries: int, points: int, rng: np.random.Generator):
        self.probe = probe
        self.order = order
        self.rtol = rtol
        self.entries = entries
        self.points = points
        self.rng = rng
        self.report = Report(_title(probe.f), order, rtol)

    def run(self) -> Report:
        """Return the report."""
        report, probe = self.report, self.probe
        if probe.modified:
            report.notes.append(
                f"f modifies its argument {', '.join(probe.modified)} in place. The derivative is that of the "
                "values it was called with; it was called with copies."
            )
        if not self._is_deterministic():
            return report
        rows = self._guarded(lambda: self._first_derivatives(probe, "reverse mode"), "reverse mode")
        report.rows = rows or []
        self._promises()
        if not report.faults and not self._has_wrong(report.rows):
            self._other_points()
        wrong = self._has_wrong(report.rows)
        if wrong:
            self._explain(report.rows)
        elif self.order == 2 and not report.faults:
            self._second_order()
        self._finish()
        return report

    # --- the function itself ----------------------------------------------------------

    def _is_deterministic(self) -> bool:
        x = self.probe.x
        first, second = self.probe.values(x), self.probe.values(x)
        if first.shape == second.shape and np.array_equal(first, second, equal_nan=True):
            if not np.isfinite(first).any():
                self._add("not finite", f"f is {first[:3]} at these arguments: there is nothing to differentiate")
                return False
            return True
        size = float(np.max(np.abs(first - second))) if first.shape == second.shape else np.nan
        self._add(
            "not deterministic",
            f"f gives another value each time it is called with the same arguments (they differ by {size:.3g}): "
            "differences say nothing of its derivative. Fix its random numbers (a generator made inside f from a seed)",
        )
        return False

    def _add(self, kind: str, text: str) -> None:
        self.report.faults.append(Fault(kind, text))

    def _guarded(self, check: Callable, what: str) -> list[Row] | None:
        """Return what `check` returns; that the engine raises, where f does not, is a fault."""
        try:
            return check()
        except Exception as error:  # whatever a user's function or rule raises
            self._add("error", f"{what} raises {type(error).__name__}: {str(error).rstrip('.')}")
            return None

    # --- first derivatives ------------------------------------------------------------

    def _first_derivatives(self, probe: Probe, what: str) -> list[Row]:
        """Return the rows at the given arguments; note whether the pullback is always the same."""
        x = probe.x
        y, gradient_of = probe.pullback(x)
        first = gradient_of()
        later = [gradient_of(), probe.reverse(x)]
        plain = np.concatenate([np.ravel(a).astype(np.float64) for a in probe.outputs])
        traced = np.concatenate([np.ravel(np.asarray(value_of(v), np.float64)) for v in y])
        if plain.shape != traced.shape or not np.allclose(plain, traced, rtol=1e3 * probe.eps, equal_nan=True):
            self._add(
                "another value", f"f returns other values when it is differentiated ({what}) than when it is called"
            )
        chosen = self._chosen(x.size)
        rows = rows_of_entries(probe, x, first, chosen, self.rtol)
        different = [g for g in later if not np.allclose(g, first, rtol=1e3 * probe.eps, atol=0, equal_nan=True)]
        if different:
            self._unstable(rows, first, different[0], chosen)
        if len(chosen) < x.size:
            rows += self._directions(probe, x, first)
        return rows

    def _chosen(self, size: int) -> list[int]:
        """Return the entries that are looked at one by one."""
        if size <= self.entries:
            return list(range(size))
        return sorted(int(k) for k in self.rng.choice(size, self.entries, replace=False))

    def _directions(self, probe: Probe, x: np.ndarray, gradient: np.ndarray) -> list[Row]:
        """Return rows along directions that have all entries, and one for an entry found wrong that way."""
        rows = [along(probe, x, self._direction(probe), self.rtol, f"direction {k + 1}") for k in range(3)]
        if any(row.verdict == "wrong" for row in rows):
            worst = worst_entry(probe, x, gradient, self.rtol, self.rng)
            rows += rows_of_entries(probe, x, gradient, [worst], self.rtol)
        return rows

    def _direction(self, probe: Probe) -> np.ndarray:
        v = self.rng.uniform(0.5, 1.5, probe.x.size) * self.rng.choice([-1.0, 1.0], probe.x.size)
        return probe.symmetric(v)

    def _unstable(self, rows: list[Row], first: np.ndarray, later: np.ndarray, chosen: Sequence[int]) -> None:
        """Say how the derivative changes from call to call."""
        gap = np.abs(first - later)
        k = int(np.argmax(np.where(np.isnan(gap), np.inf, gap)))
        row = next((row for row, j in zip(rows, chosen, strict=True) if j == k), None)
        first_is_right = row is None or abs(first[k] - row.truth) <= 1e-3 * max(abs(row.truth), abs(first[k]))
        kind = "right only on the first call" if first_is_right else "another result at each call"
        found = f"{self.probe.entry_name(k)}: the first call gives {first[k]:.8g}, a later one {later[k]:.8g}"
        rule = self._rules()
        fault = rule.wrong_numbers() if rule is not None else None
        where = f"the VJP of {fault.function} for argument {fault.argnum}" if fault else "the pullback"
        text = f"{where} keeps something from call to call and is {kind}; {found}"
        self.report.faults.append(
            Fault(kind, text, fault and fault.function, fault.argnum if fault else None,
                  self.probe.entry_name(k), fault.position if fault else None)
        )  # fmt: skip

    # --- other points -----------------------------------------------------------------

    def _other_points(self) -> None:
        """Check along a random direction at other arguments: other signs, other magnitudes."""
        for what, x in self._points():
            if not np.all(np.isfinite(self.probe.symmetric(x) - x)):
                continue
            probe = self._moved(x)
            if probe is None:
                self.report.skipped.append(what)
                continue
            row = self._guarded(lambda p=probe, w=what: [along(p, p.x, self._direction(p), self.rtol, w)], what)
            if row is None:
                return
            self.report.points[what] = row[0].verdict
            if row[0].verdict != "wrong":
                continue
            chosen = self._chosen(x.size)
            rows = rows_of_entries(probe, x, probe.reverse(x), chosen, self.rtol)
            if not self._has_wrong(rows) and len(chosen) == x.size:
                self.report.points[what] = "right"  # only the direction met a jump, or a kink
                continue
            self.report.point = what
            self.probe = probe
            self.report.rows = rows if self._has_wrong(rows) else row
            return

    def _points(self) -> Iterator[tuple[str, np.ndarray]]:
        x = self.probe.x

        def noise() -> np.ndarray:
            return self.probe.symmetric(self.rng.standard_normal(x.size))

        candidates = [
            ("all signs flipped", lambda: 0.0 - x),
            ("a tenth of the arguments", lambda: 0.1 * x),
            ("three times the arguments", lambda: 3.0 * x),
            ("the arguments moved a little", lambda: x * (1.0 + 0.1 * noise()) + 0.01 * noise()),
            ("some signs flipped", lambda: x * np.sign(noise())),
            ("random arguments", noise),
        ]
        for what, make in candidates[: self.points]:
            yield what, self.probe.ascending(make()) + 0.0  # no -0.0

    def _moved(self, x: np.ndarray) -> Probe | None:
        """Return the probe at other arguments; None where f is not defined, or other than it was."""
        probe = self.probe
        try:
            moved = Probe(probe.f, probe.arguments(x, as_given=True), probe.argnum, np.random.default_rng(5))
        except Exception:  # outside of its domain f may raise anything
            return None
        return moved if all(np.all(np.isfinite(y)) for y in moved.outputs) else None

    # --- explanations -----------------------------------------------------------------

    @staticmethod
    def _has_wrong(rows: Sequence[Row]) -> bool:
        return any(row.verdict == "wrong" for row in rows)

    def _recorded(self) -> tuple[Graph, list[Node]] | None:
        try:
            graph = record(self.probe.f, *self.probe.arguments(self.probe.x, as_given=True))
        except Exception:  # then there is nothing to look at
            return None
        inputs = [node for node in graph.inputs if node.kind == "input"]
        floats = [place for place, leaf in enumerate(self.probe.leaves) if np.asarray(leaf).dtype.kind in "fc"]
        if len(inputs) != len(floats):
            return graph, inputs
        return graph, [node for node, place in zip(inputs, floats, strict=True) if place in self.probe.places]

    def _rules(self) -> Rules | None:
        recorded = self._recorded()
        return None if recorded is None else Rules(*recorded, self.rtol)

    def _promises(self) -> None:
        """Name shapes, dtypes and cotangents that the user's rules got wrong, whatever the numbers are."""
        rules = self._rules()
        if rules is None:
            return
        known = {(fault.function, fault.argnum) for fault in self.report.faults}
        found = [fault for fault in rules.promises() if (fault.function, fault.argnum) not in known]
        if found:  # what was raised on the way is their consequence
            self.report.faults = [fault for fault in self.report.faults if fault.kind != "error"] + found

    def _explain(self, rows: Sequence[Row]) -> None:
        """Name the first rule that is wrong."""
        if any(fault.function for fault in self.report.faults):
            return
        rules = self._rules()
        fault = rules.wrong_numbers() if rules is not None else None
        if fault is not None:
            self.report.faults.append(fault)
            return
        worst = max((row for row in rows if row.verdict == "wrong"), key=lambda row: row.gap)
        text = f"the derivative with respect to {worst.name} is {worst.reverse:.8g} by reverse mode"
        text += f" and {worst.forward:.8g} by forward mode, {worst.truth:.8g} by {worst.witness}"
        reason = (
            "; each recorded operation is right by itself, so that part of the value leaves the graph "
            "(.detach(), .numpy(), no_grad, a number taken out with float() or .item())"
            if rules is not None
            else "; f cannot be recorded, so that the operation is not known"
        )
        self._add("wrong value", text + reason)

    # --- second derivatives -----------------------------------------------------------

    def _second_order(self) -> None:
        """Check the gradient as a function: both modes over reverse mode, against differences of gradients."""
        try:
            second = self.probe.gradient_probe()
            rows = self._first_derivatives(second, "second order")
        except Exception as error:  # whatever a user's rule raises
            self._blame_second(f"differentiating the gradient raises {type(error).__name__}: {error}")
            return
        self.report.second = rows
        if self._has_wrong(rows):
            worst = max((row for row in rows if row.verdict == "wrong"), key=lambda row: row.gap)
            self._blame_second(
                f"the derivative of the gradient with respect to {worst.name} is {worst.reverse:.8g} by reverse mode, "
                f"{worst.truth:.8g} by differences of the gradient"
            )
        self._curvature(second)

    def _blame_second(self, text: str) -> None:
        rules = self._rules()
        fault = rules.wrong_second_derivative() if rules is not None else None
        self.report.faults.append(fault or Fault("wrong second derivative", text))

    def _curvature(self, second: Probe) -> None:
        """Hold vᵀ H v against second differences of the values: a witness that needs no first derivative."""
        probe, v = self.probe, self._direction(self.probe)
        seen = second_difference(probe, probe.x, v)
        step = [c * 0 + part for c, part in zip(second.ct, _split(v, second.ct), strict=True)]
        second.ct = [np.asarray(part, c.dtype) for part, c in zip(step, second.ct, strict=True)]
        got = second.forward(probe.x, v)
        size = float(np.sum(np.abs(v))) * max([abs(row.truth) for row in self.report.second], default=0.0)
        if not np.isfinite(seen.error) or seen.error > 1e-2 * max(abs(got), 1e-3 * size):
            return
        self.report.curvature = (got, seen.value)
        allowed = max(100 * self.rtol, 1e-4) * max(abs(got), 1e-3 * size) + 10 * seen.error + floor_of(probe)
        if abs(got - seen.value) > allowed and not self.report.faults:
            self._blame_second(
                f"vᵀHv is {got:.8g} by forward over reverse mode, {seen.value:.8g} by second differences"
            )

    # --- what the report shows --------------------------------------------------------

    def _finish(self) -> None:
        report, probe = self.report, self.probe
        rows = report.rows
        if not rows:
            return
        order = {"wrong": 3, "right": 2, "symmetric": 1, "kink": 1, "unknown": 0}
        report.worst = max(rows, key=lambda row: (order[row.verdict], row.gap))
        worst = report.worst
        if np.isfinite(worst.truth) and worst.verdict in ("right", "wrong"):
            exact = max(worst.uncertainty, 2.0**-52 * abs(worst.truth))
            report.sweep = step_sweep(probe, probe.x, worst.direction, worst.truth, worst.witness, exact)
        if report.point is None and len(rows) == probe.x.size:
            recorded = self._recorded()
            found = by_sympy(recorded[0], recorded[1], probe) if recorded is not None else None
            for row, value in zip(rows, found if found is not None else [], strict=False):
                row.sympy = value
        report.settle()


def _title(f: Callable) -> str:
    name = getattr(f, "__name__", type(f).__name__)
    return "f" if name == "<lambda>" else name


def _split(v: np.ndarray, like: Sequence[np.ndarray]) -> list[np.ndarray]:
    parts, start = [], 0
    for a in like:
        parts.append(v[start : start + a.size].reshape(shape_of(a)))
        start += a.size
    return parts


def examine(
    f: Callable,
    args: Sequence,
    order: int,
    argnum: int | Sequence[int] | None,
    rtol: float | None,
    entries: int,
    points: int,
    rng: np.random.Generator,
) -> Report:
    """Return the report of `autodiff.gradcheck`."""
    probe = Probe(f, args, argnum, rng)
    coarsest = max(probe.arrays, key=lambda a: float(np.finfo(a.dtype).eps)).dtype.name
    return Examination(probe, order, RTOL.get(coarsest, 1e-6) if rtol is None else rtol, entries, points, rng).run()
