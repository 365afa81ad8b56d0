"""The engine's derivative beside those of the witnesses: entry by entry, and along directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from autodiff.checking.probe import Probe
from autodiff.checking.witnesses import Estimate, complex_step, slopes


@dataclass
class Row:
    """The derivative with respect to one entry (or along one direction), by every witness.

    Attributes
    ----------
    name : str
        The entry as a user writes it: `W[0, 2]`.
    x : float
        Its value; NaN for a direction.
    reverse, forward : float
        By the engine.
    differences, error, step : float
        By central differences extrapolated to step 0; the estimate of its error; the best step.
    complex_step, sympy : float or None
        None where the function is not analytic, or too much for formulas.
    left, right : float
        The slopes from the two sides.
    verdict : {"right", "wrong", "kink", "unknown"}
        "kink": not differentiable there, and the engine's value is a slope between the two.
        "unknown": no witness has a value there.
    """

    name: str
    x: float
    reverse: float
    forward: float
    differences: float
    error: float
    step: float
    complex_step: float | None
    left: float
    right: float
    scale: float = 0.0
    verdict: str = "right"
    sympy: float | None = None
    at_kink: bool = False
    direction: np.ndarray = field(default_factory=lambda: np.zeros(0), repr=False)

    @property
    def truth(self) -> float:
        """The derivative by the best of the witnesses."""
        return self.differences if self.complex_step is None else self.complex_step

    @property
    def uncertainty(self) -> float:
        """The error of that witness, as far as it is known."""
        return self.error if self.complex_step is None else 0.0

    @property
    def witness(self) -> str:
        """The name of that witness."""
        return "differences" if self.complex_step is None else "complex step"

    def digits(self) -> dict[str, float]:
        """Return to how many digits each of the others agrees with reverse mode."""
        others = {
            "forward": self.forward,
            "differences": self.differences,
            "complex step": self.complex_step,
            "SymPy": self.sympy,
        }
        return {name: agreement(self.reverse, other) for name, other in others.items() if other is not None}

    @property
    def gap(self) -> float:
        """How far the engine is from the witness, relative; infinite for NaN."""
        gaps = [abs(value - self.truth) for value in (self.reverse, self.forward)]
        gap = max(gaps) / (self.scale or 1.0)
        return np.inf if np.isnan(gap) else gap

    def judge(self, rtol: float, floor: float, scale: float) -> None:
        """Decide the verdict, `scale` being the size of the whole gradient."""
        self.scale = max(abs(self.truth), 1e-3 * scale) if np.isfinite(self.truth) else scale
        allowed = rtol * self.scale + 10 * self.uncertainty + floor
        agree = all(abs(value - self.truth) <= allowed for value in (self.reverse, self.forward))
        if self.at_kink:
            sides = [side for side in (self.left, self.right) if not np.isnan(side)]
            low, high = min(sides, default=np.nan), max(sides, default=np.nan)
            slack = 1e-4 * max([abs(side) for side in sides if np.isfinite(side)], default=1.0) + floor
            between = all(low - slack <= value <= high + slack for value in (self.reverse, self.forward))
            self.verdict = "kink" if between else "wrong"
        elif not np.isfinite(self.truth) or self.uncertainty > 1e-2 * self.scale + 1e6 * floor:
            self.verdict = "unknown"
        else:
            self.verdict = "right" if agree else "wrong"


def agreement(a: float, b: float) -> float:
    """Return to how many digits two numbers agree, 16 at most."""
    if a == b:
        return 16.0
    if not np.isfinite(a - b):
        return 0.0
    gap = abs(a - b) / max(abs(a), abs(b))
    return float(np.clip(-np.log10(gap), 0.0, 16.0)) + 0.0 if np.isfinite(gap) else 0.0  # no -0.0


def floor_of(probe: Probe) -> float:
    """Return what rounding alone may do to a derivative of ⟨ct, f⟩."""
    return 50 * probe.eps * probe.magnitude


def measured(probe: Probe, x: np.ndarray, v: np.ndarray, name: str, reverse: float) -> Row:
    """Return the row for the derivative at `x` along `v`, not yet judged."""
    seen = slopes(probe, x, v)
    central = seen.central
    exact = complex_step(probe, x, v)
    if exact is not None and not abs(exact - central.value) <= 20 * central.error + 1e-6 * abs(central.value):
        exact = None  # not analytic: abs, max, comparisons and conj are not
    if abs(central.value) > 1e-3 * probe.largest:  # a float32 can not hold it
        central, exact = Estimate(np.nan, np.inf, np.nan), None
    at = float(x[v != 0][0]) if np.count_nonzero(v) == 1 else np.nan
    row = Row(name, at, reverse, probe.forward(x, v), *central, exact, seen.left.value, seen.right.value, direction=v)
    one_sided = seen.left.error + seen.right.error
    kink_size = max(abs(reverse), abs(central.value) if np.isfinite(central.value) else 0.0)
    row.at_kink = exact is None and seen.kink(kink_size) and bool(np.isfinite(one_sided) or np.isinf(one_sided))
    return row


def rows_of_entries(probe: Probe, x: np.ndarray, gradient: np.ndarray, chosen: Sequence[int], rtol: float) -> list[Row]:
    """Return one judged row for each of the entries `chosen`."""
    rows = []
    for k in chosen:
        unit = np.zeros(x.size)
        unit[k] = 1.0
        rows.append(measured(probe, x, unit, probe.entry_name(k), float(gradient[k])))
    scale = max([abs(row.truth) for row in rows if np.isfinite(row.truth)], default=0.0)
    for row in rows:
        row.judge(rtol, floor_of(probe), scale)
    _forgive_triangles(probe, rows, chosen, rtol, scale)
    return rows


def _forgive_triangles(probe: Probe, rows: list[Row], chosen: Sequence[int], rtol: float, scale: float) -> None:
    """Judge the entries of symmetric matrices along symmetric directions, where entry by entry they disagree."""
    if all(row.verdict != "wrong" for row in rows) or len(chosen) < probe.x.size:
        return
    truth = np.array([row.truth for row in rows])
    symmetric = probe.symmetric(truth)
    engine = np.array([row.reverse for row in rows])
    allowed = rtol * np.maximum(np.abs(symmetric), 1e-3 * scale) + floor_of(probe)
    allowed += 10 * probe.symmetric(np.array([row.uncertainty for row in rows]))
    for k, row in enumerate(rows):
        if truth[k] != symmetric[k] and abs(engine[k] - symmetric[k]) <= allowed[k]:
            row.verdict = "symmetric"


def along(probe: Probe, x: np.ndarray, v: np.ndarray, rtol: float, name: str) -> Row:
    """Return the judged row for the derivative along one direction."""
    gradient = probe.reverse(x)
    row = measured(probe, x, v, name, float(np.sum((gradient * v)[v != 0])))
    row.judge(rtol, floor_of(probe), float(np.max(np.abs((gradient * v)[v != 0]), initial=0.0)))
    return row


def worst_entry(probe: Probe, x: np.ndarray, gradient: np.ndarray, rtol: float, rng: np.random.Generator) -> int:
    """Return an entry that is wrong, found by halving: directions with ever fewer entries."""
    entries = np.arange(x.size)
    while entries.size > 1:
        half = entries[: entries.size // 2]
        v = np.zeros(x.size)
        v[half] = rng.choice([-1.0, 1.0], half.size)
        row = measured(probe, x, v, "", float(gradient @ v))
        row.judge(rtol, floor_of(probe), float(np.max(np.abs(gradient), initial=0.0)))
        entries = half if row.verdict == "wrong" else entries[half.size :]
    return int(entries[0])
