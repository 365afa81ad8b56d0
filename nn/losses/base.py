"""What the losses have in common."""

from __future__ import annotations

from nn.functional.reduction import REDUCTIONS, check_reduction
from nn.module import Module


class Loss(Module):
    """Base of the losses: what to do with the losses of the entries.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        The mean over all entries, weighted by `sample_weight` if it is given; the sum; or neither.

    Raises
    ------
    ValueError
        For another reduction.
    """

    reductions: tuple[str, ...] = REDUCTIONS

    def __init__(self, reduction: str = "mean") -> None:
        self.reduction = check_reduction(type(self).__name__, reduction, self.reductions)

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}"
