"""Nodes of micrograd: the functions it leaves out, written as its own are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def value(x: float) -> Any:
    """Return a leaf of micrograd's graph."""
    from micrograd.engine import Value

    return Value(x)


def unary(f: Callable[[float], float], slope: Callable[[float, float], float]) -> Callable[[Any], Any]:
    """Return y = f(x) as a function of nodes; its derivative is slope(x, y)."""
    from micrograd.engine import Value

    def node(x: Any) -> Any:
        y = Value(f(x.data), (x,), f.__name__)

        def backward() -> None:
            x.grad += slope(x.data, y.data) * y.grad

        y._backward = backward
        return y

    return node
