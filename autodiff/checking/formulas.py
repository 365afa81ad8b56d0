"""SymPy as a witness: the value as a formula, and SymPy's own derivative of it."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.checking.probe import Probe
from autodiff.graph import READERS, Graph, Node

MOST_OPERATIONS = 24
MOST_ENTRIES = 8


def by_sympy(graph: Graph, inputs: Sequence[Node], probe: Probe) -> list[float | None] | None:
    """Return the derivative of ⟨ct, f⟩ with respect to each entry; None where the function is too much for formulas.

    The formulas of the *value* alone are taken from the graph; SymPy differentiates them, so that no
    rule of the engine has a part in it.
    """
    small = len(graph.operations) <= MOST_OPERATIONS and probe.x.size <= MOST_ENTRIES
    if not small or "to_sympy" not in READERS or importlib.util.find_spec("sympy") is None:
        return None
    if sum(y.size for y in probe.outputs) > MOST_ENTRIES or len(graph.outputs) != len(probe.outputs):
        return None
    try:
        return _derivatives(graph, inputs, probe)
    except Exception:  # no formula for an operation, or none that has a number: other witnesses do
        return None


def _derivatives(graph: Graph, inputs: Sequence[Node], probe: Probe) -> list[float | None]:
    import sympy

    names = {node: [sympy.Symbol(f"x{k}_{j}", real=True) for j in range(np.size(node.value))]
             for k, node in enumerate(graph.inputs)}  # fmt: skip
    formulas = graph.to_sympy(
        symbols={
            str(node.label): np.array(names[node], object).reshape(node.shape) if node.shape else names[node][0]
            for node in graph.inputs
        }
    )
    value = formulas.value if len(graph.outputs) == 1 else list(formulas.value)
    parts = _entries(value)
    weights = [float(c) for ct in probe.ct for c in np.ravel(ct)]
    total = sum(w * part for w, part in zip(weights, parts, strict=True))
    numbers = {
        symbol: sympy.Float(float(x), 30)
        for node in graph.inputs
        for symbol, x in zip(names[node], np.ravel(node.value), strict=True)
    }
    return [_number(sympy.diff(total, symbol), numbers) for node in inputs for symbol in names[node]]


def _entries(value: Any) -> list:
    """Return the entries of an expression, an array, or a list of them."""
    if isinstance(value, (list, tuple)):
        return [part for item in value for part in _entries(item)]
    return list(np.ravel(np.array(value.tolist(), object))) if hasattr(value, "tolist") else [value]


def _number(expression: Any, numbers: dict) -> float | None:
    result = expression.subs(numbers).evalf(17)
    return float(result) if result.is_number and result.is_real else None
