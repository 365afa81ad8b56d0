"""The recorded operations, and the pass back through them.

A `Node` is one operation: the primitive, the nodes of its operands, and the residuals that
its rule will read. The pass applies the chain rule x̄ᵢ += Jᵢᵀ ȳ from the youngest node to
the oldest. Creation order is a topological order, so a heap of creation numbers is all the
sorting there is; nothing recurses, and the adjoints of interior nodes live in the pass
alone, which is why it may be made twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from itertools import count
from typing import Any
from weakref import ref

import numpy as np

from autodiff import anomaly
from autodiff.dispatch import MODE
from autodiff.operands import PLAIN, TRACED
from autodiff.primitives import Primitive

next_order = count(0, -1).__next__  # falling, so that the youngest node is a heap's smallest


class Node:
    """One recorded operation: what the backward pass needs of it, and numbers (no arrays) for pictures.

    `origin`, the user's line, is there only if the operation ran inside `detect_anomaly`;
    `label` only if the user gave its result a name.
    """

    origin: str
    recorded: Any
    label: str | None
    __slots__ = (
        "__weakref__", "argnums", "args", "kwargs", "label", "order", "origin", "parents", "primitive", "recorded", "y",
    )  # fmt: skip

    def __init__(
        self,
        primitive: Primitive,
        argnums: tuple[int, ...],
        parents: Sequence,
        y: Any,
        args: Sequence,
        kwargs: Mapping,
    ) -> None:
        self.order = next_order()
        self.primitive = primitive
        self.argnums = argnums  # which operands the parents are
        self.parents = parents
        self.y = y  # residuals: the value, the operands, and the parameters
        self.args = args
        self.kwargs = kwargs


class Leaf:
    """A differentiable input. `grad` is filled by `Tensor.backward` alone."""

    __slots__ = ("__weakref__", "buffer", "grad", "label", "order", "recorded", "tensor")
    recorded: Any

    @classmethod
    def of(cls, x: Any) -> Leaf:
        """Return the leaf of an input `x`; of a record it knows which value of the graph that is."""
        leaf = cls()
        if x.__class__ in TRACED and not x.differentiates:
            leaf.recorded = x.node
        return leaf

    def __init__(self, tensor: Any = None) -> None:
        self.order = next_order()
        self.tensor = ref(tensor) if tensor is not None else None  # for pictures
        self.label: str | None = None
        self.grad: Any = None
        self.buffer: np.ndarray | None = None  # where an optimiser wants the gradient put

    def accumulate(self, ct: Any) -> None:
        """Add `ct` to the gradient, which stays this leaf's own array."""
        if ct.__class__ in TRACED:
            raise TypeError(
                "backward: gradients are plain numbers; got a tensor, since `t.data` of an input was set to a "
                "tensor. Set it to an array: t.data = t.data - lr * t.grad."
            )
        if self.grad is not None:
            self.grad += ct
        elif self.buffer is not None:
            self.buffer[...] = ct
            self.grad = self.buffer
        else:
            self.grad = np.array(ct)


class Output:
    """One output of an operation that has several."""

    label: str | None
    __slots__ = ("__weakref__", "index", "label", "number", "order", "parent")

    def __init__(self, parent: Node, index: int, number: int) -> None:
        self.order = next_order()
        self.parent = parent
        self.index = index
        self.number = number


def backpropagate(roots: list, seeds: Sequence, stops: frozenset = frozenset()) -> dict[Any, Any]:
    """Return the cotangents of the leaves (and of the nodes in `stops`), given those of the root nodes.

    The list `roots` is emptied: the heap alone then holds the graph, and what has been read
    is freed as the pass goes on (unless somebody else holds it).
    """
    cts: dict[Any, Any] = {}  # of the nodes that wait in the heap
    heap: list[tuple[int, Any]] = []
    found: dict[Any, Any] = {}
    owned: set = set()  # see `_add_at`
    mode = MODE.get()
    check = mode is not None and mode.anomaly
    recorder = mode.recorder if mode is not None else None
    looked_at = check or bool(stops) or recorder is not None  # somebody wants to see every step
    if recorder is not None:
        recorder.phase = "backward"
    for seed in reversed(seeds):
        _arrive(roots.pop(), seed, cts, heap)
    while heap:
        node = heappop(heap)[1]
        ct = cts.pop(node)
        if recorder is not None:
            recorder.note_adjoint(node, ct)
        while not heap and node.__class__ is Node and node.primitive.pull is not None and not looked_at:
            # A chain of operations with one operand: nothing waits, so that there is nothing to sort.
            kwargs = node.kwargs
            pull = node.primitive.pull
            ct = pull(ct, node.y, node.args[0], **kwargs) if kwargs else pull(ct, node.y, node.args[0])
            node = node.parents[0]
        if node.__class__ is Leaf or (stops and node in stops):
            found[node] = found[node] + ct if node in found else ct
        elif node.__class__ is Output:
            _arrive_at_output(node, ct, cts, heap)
        elif node.primitive.adds_at is not None and not check:
            _add_at(node, ct, cts, heap, owned)
        else:
            pull = node.primitive.pull
            if pull is not None and not node.kwargs:
                contributions = (pull(ct, node.y, node.args[0]),)
            else:
                contributions = node.primitive.vjp(node.argnums, ct, node.y, node.args, node.kwargs)
            if check:
                anomaly.check_cotangents(node, ct, contributions)
            for parent, contribution in zip(node.parents, contributions):  # noqa: B905 - the innermost loop
                if contribution is None:
                    continue
                if parent.__class__ is Leaf:  # nothing further back: it need not wait
                    found[parent] = found[parent] + contribution if parent in found else contribution
                elif parent in cts:
                    cts[parent] = cts[parent] + contribution
                else:
                    cts[parent] = contribution
                    heappush(heap, (parent.order, parent))
            del contributions, contribution, parent, ct  # what has been read is freed
    if recorder is not None:
        recorder.pulled_back = None
        for leaf, ct in found.items():
            recorder.note_adjoint(leaf, ct)
    return found


def _arrive(node: Any, ct: Any, cts: dict, heap: list) -> None:
    """Add `ct` to the cotangent of `node`, which then waits in the heap."""
    if node in cts:
        cts[node] = cts[node] + ct
    else:
        cts[node] = ct
        heappush(heap, (node.order, node))


def _arrive_at_output(output: Output, ct: Any, cts: dict, heap: list) -> None:
    """Put `ct` into the cotangent of an operation with several outputs: a list of theirs, None where unused."""
    if output.parent not in cts:
        _arrive(output.parent, [None] * output.number, cts, heap)
    cts[output.parent][output.index] = ct


def _add_at(node: Any, ct: Any, cts: dict, heap: list, owned: set) -> None:
    """Add the cotangent of x[i] into one array for x, instead of summing many that are mostly zero.

    `owned` tells which cotangents are such arrays, held by nobody else, so that they may be written to.
    """
    parent = node.parents[0]
    total = cts.get(parent)
    if parent in owned:
        if total.__class__ is np.ndarray and ct.__class__ in PLAIN:
            node.primitive.adds_at(total, ct, **node.kwargs)
        else:  # traced: the same sum, as an operation
            cts[parent] = node.primitive.added_at(total, ct, **node.kwargs)
        return
    contribution = node.primitive.pull(ct, node.y, node.args[0], **node.kwargs)  # a new array
    owned.add(parent)
    if total is None:
        cts[parent] = contribution
        heappush(heap, (parent.order, parent))
    else:
        cts[parent] = total + contribution
