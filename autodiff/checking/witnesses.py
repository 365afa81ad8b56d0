"""Derivatives from values alone: differences at every step, extrapolated, and the complex step.

References
----------
C. Ridders (1982), "Accurate computation of F'(x) and F'(x) F''(x)", Adv. Eng. Software 4, 75.
W. Squire and G. Trapp (1998), "Using complex variables to estimate derivatives of real
functions", SIAM Rev. 40, 110.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autodiff.checking.probe import Probe

EPS = 2.0**-52


class Estimate(NamedTuple):
    """A derivative, how far it can be trusted, and the step it was found with."""

    value: float
    error: float
    step: float


class Slopes(NamedTuple):
    """The derivative along a direction, from both sides and from each."""

    central: Estimate
    left: Estimate
    right: Estimate

    def kink(self, scale: float) -> bool:
        """Tell whether the slopes from the two sides differ by more than their errors."""
        left, right = self.left, self.right
        if np.isinf(left.value) or np.isinf(right.value):
            return True
        if np.isnan(left.value) != np.isnan(right.value):
            return True  # the edge of the domain
        return bool(abs(left.value - right.value) > 20 * (left.error + right.error) + 1e-5 * scale)


def slopes(probe: Probe, x: np.ndarray, v: np.ndarray) -> Slopes:
    """Return the derivatives of ⟨ct, f⟩ at `x` along `v`, from differences at all steps."""
    reach = float(np.max(np.abs(x[v != 0]), initial=0.0)) / max(1.0, float(np.max(np.abs(v), initial=0.0)))
    top, bottom = 0.25 * max(1.0, reach), 1e-6 * min(1.0, reach or 1.0)
    n = min(60, int(np.ceil(np.log2(top / bottom))))
    h = top * 0.5 ** np.arange(n)
    here = probe.scalar(x)
    plus = np.array([probe.scalar(x + step * v) for step in h])
    minus = np.array([probe.scalar(x - step * v) for step in h])
    size = np.fmax(np.fmax(np.abs(plus), np.abs(minus)), probe.magnitude)
    noise = (2 * EPS * size + 3 * roughness(probe, x, 4 * bottom * v)) / h
    with np.errstate(all="ignore"):
        central = _extrapolated(h, (plus - minus) / (2 * h), 4.0, noise)
        right = _one_sided(h, (plus - here) / h, noise)
        left = _one_sided(h, (here - minus) / h, noise)
    return Slopes(central, left, right)


def roughness(probe: Probe, x: np.ndarray, step: np.ndarray) -> float:
    """Return how much rounding scatters ⟨ct, f⟩: a smooth function has no fourth differences over tiny steps.

    R. W. Hamming (1971), "Introduction to applied numerical analysis", ch. 6. On one side of x
    alone: at x itself there may be a kink.
    """
    samples = np.array([probe.scalar(x + k * step) for k in range(1, 9)])
    with np.errstate(all="ignore"):
        scatter = float(np.sqrt(np.mean(np.diff(samples, 4) ** 2) / 70))  # 70 = Σ (4 choose k)²
    return scatter if np.isfinite(scatter) else 0.0


def _extrapolated(h: np.ndarray, quotients: np.ndarray, base: float, noise: np.ndarray) -> Estimate:
    """Return the limit of `quotients`, whose errors fall as powers of `base` when h is halved."""
    columns, errors = [quotients], [np.full(len(h), np.inf)]
    for order in range(1, 6):
        previous = columns[-1]
        column, error = np.full((2, len(h)), np.inf)
        column[order:] = previous[order:] + (previous[order:] - previous[order - 1 : -1]) / (base**order - 1)
        error[order:] = np.fmax(np.abs(column - previous)[order:], np.abs(column[order:] - previous[order - 1 : -1]))
        columns.append(column)
        errors.append(error + noise)
    all_errors = np.array(errors)
    all_errors[~np.isfinite(all_errors)] = np.inf
    for flat in np.argsort(all_errors, axis=None, kind="stable"):
        order, k = divmod(int(flat), len(h))
        value, error_here = float(columns[order][k]), float(all_errors[order, k])
        if not np.isfinite(error_here):
            break
        # Steps across a jump may agree by chance; smaller steps then say something else.
        smaller = quotients[k + 1 : k + 7]
        if np.all(np.abs(smaller - value) <= 2 * abs(quotients[k] - value) + 100 * error_here):
            return Estimate(value, error_here, float(h[k]))
    return Estimate(np.nan, np.inf, np.nan)


def _one_sided(h: np.ndarray, quotients: np.ndarray, noise: np.ndarray) -> Estimate:
    """Return the slope from one side: infinite if it grows steadily as h falls, as at a jump or of a root."""
    tail = quotients[-10:]
    ratios = tail[1:] / tail[:-1]
    if np.all((ratios > 1.15) & (ratios < 2.5)):
        return Estimate(float(np.copysign(np.inf, tail[-1])), 0.0, float(h[-1]))
    return _extrapolated(h, quotients, 2.0, noise)


def complex_step(probe: Probe, x: np.ndarray, v: np.ndarray) -> float | None:
    """Return Im ⟨ct, f(x + ihv)⟩ / h; None if NumPy does not evaluate f at complex arguments."""
    h = 1e-200
    try:
        y = probe.scalar(x + 1j * h * v)
    except Exception:  # whatever a user's function does with complex numbers
        return None
    if np.asarray(y).dtype.kind != "c":
        return None
    return float(np.imag(y) / h) if np.isfinite(y) else None


def second_difference(probe: Probe, x: np.ndarray, v: np.ndarray) -> Estimate:
    """Return vᵀ H v of ⟨ct, f⟩ from three values at each step."""
    h = 0.25 * 0.5 ** np.arange(12)
    here = probe.scalar(x)
    around = np.array([probe.scalar(x + step * v) + probe.scalar(x - step * v) for step in h])
    with np.errstate(all="ignore"):
        return _extrapolated(h, (around - 2 * here) / h**2, 4.0, 8 * EPS * (probe.magnitude + abs(here)) / h**2)


class StepSweep(NamedTuple):
    """The error of the central difference at each step, against the best that is known."""

    steps: np.ndarray
    errors: np.ndarray
    reference: float
    witness: str  # what the reference is
    exact: float  # below this the error is that of the reference
    one_sided: np.ndarray  # the errors of the forward difference

    @property
    def best(self) -> int:
        """The number of the step with the smallest error."""
        return int(np.nanargmin(self.errors))


def step_sweep(probe: Probe, x: np.ndarray, v: np.ndarray, reference: float, witness: str, exact: float) -> StepSweep:
    """Return the errors of plain differences for steps of 1 to 1e-15, two in each decade."""
    steps = 10.0 ** -np.arange(0, 15.5, 0.5)
    here = probe.scalar(x)
    plus = np.array([probe.scalar(x + h * v) for h in steps])
    minus = np.array([probe.scalar(x - h * v) for h in steps])
    with np.errstate(all="ignore"):
        central = np.abs((plus - minus) / (2 * steps) - reference)
        one_sided = np.abs((plus - here) / steps - reference)
    return StepSweep(steps, central, reference, witness, exact, one_sided)
