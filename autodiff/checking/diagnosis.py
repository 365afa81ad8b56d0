"""What kind of mistake a wrong cotangent is: a sign, a factor, a transpose, one entry, …"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.checking.probe import entry, quiet
from autodiff.checking.witnesses import slopes


class Diagnosis:
    """A wrong cotangent beside the right one: what is the mistake?"""

    def __init__(self, local: Any, i: int, got: np.ndarray, right: np.ndarray, rtol: float, floor: float) -> None:
        self.local = local
        self.i = i
        self.operand = np.asarray(local.operands[i])
        known = np.isfinite(right)
        self.got, self.right, self.known = got, right, known
        self.size = float(np.max(np.abs(right[known]), initial=0.0))
        self.allowed = 10 * rtol * np.maximum(np.abs(right), 1e-3 * self.size) + floor
        self.wrong = known & ~(np.abs(got - right) <= self.allowed)

    def found(self) -> tuple[str, str, str | None]:
        """Return the kind of the mistake, the rest of a sentence about it, and the worst entry."""
        if not self.wrong.any():
            return "wrong value", "differs from differences along a random direction, in no single entry", None
        gap = np.where(self.wrong, np.abs(self.got - self.right), -1.0)
        gap[self.wrong & np.isnan(self.got)] = np.inf
        worst = int(np.argmax(gap))
        name = entry(self.operand.shape, worst)
        at = f"at entry {name} " if self.operand.ndim else ""
        numbers = f"{at}it gives {self.got[worst]:.8g} instead of {self.right[worst]:.8g}"
        kind, text = self._kind(name)
        return kind, f"{text}: {numbers}", name or "()"

    def _kind(self, name: str) -> tuple[str, str]:
        if self._for_negative_input_alone():
            return (
                "wrong for negative input",
                f"is wrong where the argument is negative, {self._factor() or 'only there'}",
            )
        factor = self._factor()
        n = int(self.wrong.sum())
        relevant = int(np.sum(self.known & (np.abs(self.right) > 1e-3 * self.size)))
        if n == 1 < relevant:
            return "wrong at one entry", f"is wrong at one entry of {self.known.sum()}, {name}"
        if self._transposed():
            return "transposed", "is the transpose of what it should be"
        if factor and n >= relevant:
            kind = {"zero": "ignored argument", "with the wrong sign": "wrong sign"}.get(factor, "wrong factor")
            text = {"zero": "is zero: the argument is ignored", "with the wrong sign": "has the wrong sign"}
            return kind, text.get(factor, f"is {factor}")
        return "wrong value", f"is wrong at {n} of {self.known.sum()} entries"

    def _factor(self) -> str:
        """Return in words by what one factor the wrong entries are wrong; empty if by several."""
        chosen = self.wrong & (np.abs(self.right) > 1e-3 * self.size)
        if not chosen.any():
            return ""
        ratios = self.got[chosen] / self.right[chosen]
        middle = float(np.median(ratios))
        spread = float(np.max(np.abs(ratios - middle)))
        if not spread <= max(1e-5, 100 * self.local.eps) * max(1.0, abs(middle)):
            return ""
        if abs(middle) <= 1e-12:
            return "zero"
        return "with the wrong sign" if abs(middle + 1) < 1e-5 else f"{middle:.6g} times what it should be"

    def _transposed(self) -> bool:
        shape = self.operand.shape
        if len(shape) < 2 or shape[-1] != shape[-2] or not self.known.all():
            return False
        swapped = np.swapaxes(self.right.reshape(shape), -1, -2).ravel()
        return bool(np.all(np.abs(self.got - swapped) <= self.allowed + 1e-6 * self.size))

    def _for_negative_input_alone(self) -> bool:
        """Tell whether the rule is wrong at the negative entries, and right for their opposites."""
        x = self.local.x
        relevant = self.known & (np.abs(self.right) > 1e-3 * self.size)
        if not np.array_equal(self.wrong & relevant, (x < 0) & relevant) or not (x < 0).any():
            return False
        return self._agrees(np.abs(x)) is True and self._agrees(-np.abs(x)) is False

    def _agrees(self, x: np.ndarray) -> bool | None:
        """Tell whether the rule is right at other operands; None where that cannot be told."""
        with quiet():
            estimate = slopes(self.local, x, np.ones(x.size)).central
            got = float(np.sum(self.local.local_vjp(self.i, x)))
        if not np.isfinite(estimate.error):
            return None
        return bool(
            abs(got - estimate.value) <= 1e-5 * max(abs(estimate.value), 1e-3 * self.size) + 10 * estimate.error
        )
