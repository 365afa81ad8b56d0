"""Which operations share a box: those of a module, and those that are not worth a box for each.

Arrows between the boxes never form a circle, however often a module is called and whatever
happens in between (see `_by_module`).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np

from autodiff.arraylike import getitem
from autodiff.assignment import astype
from autodiff.dispatch import RULES
from autodiff.graph import Graph, Node
from autodiff.rules.linear import filled

BACKWARD = "backward sweep"
_LAYING_OUT = (np.reshape, np.ravel, np.squeeze, np.expand_dims, np.broadcast_to, filled, np.copy, astype, getitem)
REARRANGED = {RULES[function] for function in _LAYING_OUT if function in RULES}
"""Operations that lay out the same numbers anew, or take some of them: in the model view they are part of the arrow."""

CALLS_LIMIT = 1500  # boxes, above which the parts of one call are not looked for
SINGLE_INPUTS = 8  # of more inputs, those that are entries of a container are counted in the boxes


@dataclass(eq=False)
class Group:
    """Operations (or one input) that are drawn as one box."""

    key: Any
    role: str
    scope: tuple[str, ...]  # the modules around it
    module: str = ""  # if it is a module, its name and type: "fc1 (Linear)"
    nodes: list[Node] = field(default_factory=list)
    parameters: Counter = field(default_factory=Counter)  # the parameters that it uses, and how often
    sources: Counter = field(default_factory=Counter)  # what comes in, (group, value), and how often it is used
    hidden: int = 0  # how many boxes are folded in it, for want of room

    @property
    def size(self) -> int:
        """The number of entries of its parameters."""
        return sum(int(np.prod(node.shape)) for node in self.parameters)

    @property
    def used(self) -> int:
        """How often each parameter is used, if that is the same for all; else 1."""
        uses = set(self.parameters.values())
        return uses.pop() if len(uses) == 1 else 1


def scope_of(node: Node) -> tuple[str, ...]:
    """Return the modules around an operation; what belongs to a recorded sweep back stands apart."""
    return (BACKWARD, *node.scope) if node.phase == "backward" else node.scope


def depth_of(graph: Graph) -> int:
    """Return how deep the modules of a graph are nested."""
    return max([len(scope_of(node)) for node in graph.operations], default=0)


def group(graph: Graph, depth: int) -> list[Group]:
    """Return the boxes of a graph, modules opened down to `depth`, each after those whose values it reads."""
    within, levels = _by_module(graph, depth)
    origins = _origins(graph, within)
    _merge_expressions(graph, within, origins)
    weights = _weights(graph)
    groups = _groups(graph, within, origins)
    _connect(groups, within, origins, weights)
    if _merge_calls(groups, levels, within):
        groups = _groups(graph, within, origins)
        _connect(groups, within, origins, weights)
    inputs = [within[node] for node in graph.inputs if node not in weights]
    return in_order([*inputs, *groups])


def _by_module(graph: Graph, depth: int) -> tuple[dict[Node, Group], dict[Group, int]]:
    """Return a group for each node, and the level of each group.

    The level of an operation is how many borders between modules (or free operations) a path to
    it crosses at most. Operations of one module and one level form a group: every arrow between
    groups leads to a higher level, so that there is no circle.
    """
    scopes = {scope_of(node) for node in graph.operations}
    containers = {scope[:n] for scope in scopes for n in range(len(scope))}
    within = {node: Group(node, node.kind, (), nodes=[node]) for node in graph.inputs}
    levels: dict[Group, int] = {}
    at: dict[tuple, Group] = {}
    for node in graph.operations:
        scope = scope_of(node)
        module = scope[:depth] if scope and depth and (len(scope) >= depth or scope not in containers) else ()
        key = module or node
        parents = [within[parent] for parent in node.parents if not parent.is_input]
        level = max([levels[each] + (each.key != key) for each in parents], default=0)
        if (key, level) not in at:
            role = "backward" if node.phase == "backward" else "module" if module else "operation"
            at[key, level] = Group(key, role, module[:-1] if module else scope, module[-1] if module else "")
            levels[at[key, level]] = level
        within[node] = at[key, level]
        within[node].nodes.append(node)
    return within, levels


def _origins(graph: Graph, within: Mapping[Node, Group]) -> dict[Node, Node]:
    """Return for each node the one whose box its arrows start from: itself, unless it only lays out numbers anew."""
    origins: dict[Node, Node] = {}
    for node in graph:
        passes = node.kind == "output" or node.primitive in REARRANGED
        if passes and not within[node].module and isinstance(node.operands[0], Node):
            origins[node] = origins[node.operands[0]]
        else:
            origins[node] = node
    return origins


def _merge_expressions(graph: Graph, within: dict[Node, Group], origins: Mapping[Node, Node]) -> None:
    """Let elementwise operations join the one that alone reads their results."""
    readers: dict[Node, set[Node | None]] = {node: set() for node in graph}
    for node in graph:
        if origins[node] is node:
            for parent in node.parents:
                readers[origins[parent]].add(node)
    for output in graph.outputs:
        if isinstance(output, Node):
            readers[origins[output]].add(None)
    for node in graph.operations:
        if origins[node] is not node or not _is_elementwise(node, within):
            continue
        for parent in dict.fromkeys(origins[parent] for parent in node.parents):
            mine, theirs = within[node], within[parent]
            if (
                not parent.is_input
                and _is_elementwise(parent, within)
                and readers[parent] == {node}
                and (mine.scope, mine.role) == (theirs.scope, theirs.role)
            ):
                small, large = sorted((mine, theirs), key=lambda each: len(each.nodes))
                for moved in small.nodes:
                    within[moved] = large
                large.nodes += small.nodes


def _is_elementwise(node: Node, within: Mapping[Node, Group]) -> bool:
    family = getattr(node.primitive, "family", None)
    return family in ("elementwise", "constant") and not within[node].module


def _weights(graph: Graph) -> set[Node]:
    """Return the inputs that are not drawn, but counted in the boxes that use them."""
    inputs = [node for node in graph.inputs if node.kind == "input"]
    parts = {node for node in inputs if "[" in (node.label or "")} if len(inputs) > SINGLE_INPUTS else set()
    return parts | {node for node in graph.inputs if node.kind == "parameter"}


def _groups(graph: Graph, within: Mapping[Node, Group], origins: Mapping[Node, Node]) -> list[Group]:
    return list(dict.fromkeys(within[node] for node in graph.operations if origins[node] is node))


def _connect(
    groups: Iterable[Group], within: Mapping[Node, Group], origins: Mapping[Node, Node], weights: set[Node]
) -> None:
    """Write down what comes into each box."""
    for each in groups:
        each.nodes.sort(key=lambda node: node.index)
        each.parameters.clear()
        each.sources.clear()
        for node in each.nodes:
            for parent in node.parents:
                source = origins[parent]
                if source in weights:
                    each.parameters[source] += 1
                elif within[source] is not each:
                    each.sources[within[source], parent] += 1


def _merge_calls(groups: list[Group], levels: Mapping[Group, int], within: dict[Node, Group]) -> bool:
    """Join the groups of one module that no path through other boxes connects; tell whether there were any.

    Such are the parts of one call that read different values, one of which comes later.
    """
    by_module: dict[Any, list[Group]] = {}
    for each in groups:
        if each.module:
            by_module.setdefault(each.key, []).append(each)
    if len(groups) > CALLS_LIMIT:
        return False
    merged = False
    readers = _readers(groups)
    for parts in by_module.values():
        parts.sort(key=levels.__getitem__)
        first = parts[0]
        for part in parts[1:]:
            if _connected(first, part, readers):
                first = part
                continue
            merged = True
            first.nodes += part.nodes
            for node in part.nodes:
                within[node] = first
            readers[first] |= readers.pop(part) - {first}
            for others in readers.values():
                if part in others:
                    others.remove(part)
                    others.add(first)
            readers[first].discard(first)
    return merged


def _readers(groups: Iterable[Group]) -> dict[Group, set[Group]]:
    readers: dict[Group, set[Group]] = {each: set() for each in groups}
    for each in groups:
        for source, _ in each.sources:
            readers.setdefault(source, set()).add(each)
    return readers


def _connected(first: Group, last: Group, readers: Mapping[Group, set[Group]]) -> bool:
    """Tell whether a path leads from one group to another through a third."""
    waiting = deque(readers[first] - {last})
    seen = set(waiting)
    while waiting:
        for reader in readers[waiting.popleft()]:
            if reader is last:
                return True
            if reader not in seen:
                seen.add(reader)
                waiting.append(reader)
    return False


def in_order(groups: list[Group]) -> list[Group]:
    """Return groups so that each stands after those whose values it reads, else in the order of the program."""
    place = {each: number for number, each in enumerate(sorted(groups, key=lambda each: each.nodes[0].index))}
    by_place = list(place)
    missing = {each: len({source for source, _ in each.sources if source in place}) for each in groups}
    readers = _readers(groups)
    ready = [place[each] for each in groups if not missing[each]]
    heapify(ready)
    ordered = []
    while ready:
        each = by_place[heappop(ready)]
        ordered.append(each)
        for reader in readers[each]:
            missing[reader] -= 1
            if not missing[reader]:
                heappush(ready, place[reader])
    return ordered
