"""`scipy.optimize`, unchanged: it wants functions and gradients of plain arrays, as `ad.value_and_grad` gives them."""

from typing import Any

from scipy import optimize as _optimize

__all__ = list(_optimize.__all__)


def __getattr__(name: str) -> Any:
    return getattr(_optimize, name)
