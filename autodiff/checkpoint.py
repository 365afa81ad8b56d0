"""Recompute in the backward pass instead of keeping residuals.

`checkpoint(f)` records one node for the whole of `f`. The node keeps the arguments and
nothing of the inside; the backward pass runs `f` again and differentiates that. Traced
values that `f` reads from around it (the parameters of a layer, say) are found by walking
the first run's graph back to the nodes that are older than the run.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.dispatch import MODE, NOTHING_PAUSED, Operation
from autodiff.operands import TRACED, value_of
from autodiff.primitives import Primitive
from autodiff.residuals import frozen
from autodiff.tape import Leaf, Node, Output, backpropagate, next_order
from autodiff.tensor import TENSORS, Tensor
from autodiff.tree import Structure, flatten


def checkpoint(f: Callable) -> Callable:
    """Return `f`, trading time for memory: its inside is computed twice and never kept.

    Parameters
    ----------
    f : callable
        Deterministic; of arrays or containers, returning the same.

    Returns
    -------
    callable
        With the values and derivatives of `f`. In forward mode it is `f` itself.

    Raises
    ------
    ValueError
        In the backward pass, if running `f` again gives another value.

    Examples
    --------
    >>> import autodiff as ad
    >>> print(ad.grad(checkpoint(lambda x: np.sin(x) * x))(0.0))
    0.0
    """

    @functools.wraps(f)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        leaves, structure = flatten((args, kwargs))
        traced = [leaf for leaf in leaves if leaf.__class__ in TRACED]
        top = max(traced, key=lambda t: t.level, default=None)
        if top is None or top.__class__ not in TENSORS:
            return f(*args, **kwargs)
        return _Segment(f, leaves, structure, top.level).record()

    return checkpointed


class _Segment:
    """One call of a checkpointed function: its arguments, and how to run it again."""

    def __init__(self, f: Callable, leaves: Sequence, structure: Structure, level: int) -> None:
        self.f = f
        self.structure = structure
        self.level = level
        self.inputs = [i for i, x in enumerate(leaves) if x.__class__ in TENSORS and x.level == level]
        self.parents = [leaves[i].node for i in self.inputs]
        self.leaves = [frozen(x.data) if i in self.inputs else frozen(x) for i, x in enumerate(leaves)]

    def run(self) -> tuple[list, Structure, list]:
        """Return the outputs of `f`, their structure, and the leaves that stand for its arguments."""
        full = list(self.leaves)
        own: list = []  # a leaf, or None for a constant
        for i, parent in zip(self.inputs, self.parents, strict=True):
            leaf = Leaf() if parent is not None else None
            full[i] = Tensor(full[i], leaf, self.level)
            own.append(leaf)
        args, kwargs = self.structure.unflatten(full)
        outputs, structure = flatten(self.f(*args, **kwargs))
        return outputs, structure, own

    def record(self) -> Any:
        start = next_order()
        outputs, structure, _ = self.run()
        ours = [k for k, y in enumerate(outputs) if y.__class__ in TENSORS and y.level == self.level and y.node]
        around = _older_nodes([outputs[k].node for k in ours], start)
        parents = [p for p in self.parents if p is not None] + around
        self.around = around
        self.values = [frozen(outputs[k].data) for k in ours]
        self.ours = ours
        if parents and ours:
            node = Node(_RULE, tuple(range(len(parents))), parents, None, (), {"segment": self})
            for number, k in enumerate(ours):
                outputs[k] = Tensor(self.values[number], Output(node, number, len(ours)), self.level)
        return structure.unflatten(outputs)

    def pull(self, cts: Sequence) -> list:
        """Run again, and return the cotangents of the arguments and of the values around."""
        mode = MODE.get()
        token = MODE.set(mode and mode._replace(paused=NOTHING_PAUSED))
        try:
            outputs, _, own = self.run()
        finally:
            MODE.reset(token)
        again = [outputs[k] for k in self.ours]
        for y, value in zip(again, self.values, strict=True):
            if not np.array_equal(value_of(y), value_of(value), equal_nan=True):
                raise ValueError(
                    f"checkpoint: the function must give the same value when it is run again; got another from "
                    f"{getattr(self.f, '__name__', self.f)}. Make its random generator inside, from a fixed seed."
                )
        pairs = [(y.node, ct) for y, ct in zip(again, cts, strict=True) if ct is not None]
        found = backpropagate([n for n, _ in pairs], [ct for _, ct in pairs], frozenset(self.around))
        return [found.get(node) for node in [*filter(None, own), *self.around]]


def _older_nodes(roots: Sequence, start: int) -> list:
    """Return the nodes below `roots` that were made before `start` (numbers fall), oldest first."""
    older = set()
    seen = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if node.order > start:
            older.add(node)
        elif node.__class__ is Node:
            stack.extend(node.parents)
        elif node.__class__ is Output:
            stack.append(node.parent)
    return sorted(older, key=lambda node: -node.order)


class _Rerun(Primitive):
    """The rule of a checkpointed call."""

    family = "checkpoint"

    def vjp(self, argnums: tuple[int, ...], ct: Any, y: Any, args: Sequence, kwargs: Mapping) -> Sequence:
        return kwargs["segment"].pull(ct)


_RULE = _Rerun(Operation(checkpoint), None, ["segment"])
