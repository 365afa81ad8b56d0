"""A model as a picture: modules as boxes with their parameters counted, shapes on the arrows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from autodiff.graph import Graph, Node
from autodiff.operands import Spec
from autodiff.readers.diagram import Arrow, Box, Diagram, Line
from autodiff.readers.grouping import Group, depth_of, group
from autodiff.readers.notation import name_of, number
from autodiff.readers.operation_view import full_label, shape_text
from autodiff.readers.repeats import Run, find_runs
from autodiff.rules.call import Call

COMFORTABLE = 40  # boxes; modules are opened as far as this allows


def model_view(graph: Graph, depth: int | None, budget: int) -> Diagram:
    """Return a diagram of `graph` with at most `budget` boxes, modules opened down to `depth`."""
    deepest = depth_of(graph)
    depths = range(deepest, 0, -1) if depth is None else [min(depth, deepest)]
    for chosen in depths or [0]:  # the deepest that is comfortable, else the one that opens least
        folded = _Folded(graph, chosen)
        if len(folded.groups) <= min(COMFORTABLE, budget):
            break
    elided = folded.elide(budget - len(graph.outputs))
    diagram = folded.diagram()
    diagram.caption = _caption(graph, folded, chosen, deepest, elided)
    return diagram


class _Folded:
    """The boxes of a graph at one depth, what is repeated rolled up."""

    def __init__(self, graph: Graph, depth: int) -> None:
        self.graph = graph
        self.results = [output for output in graph.outputs if isinstance(output, Node)]
        groups = self.all = group(graph, depth)
        self.home = {node: each for each in groups for node in each.nodes}
        self.ends = {self.find(result) for result in self.results}
        looks = {each: _look(each) for each in groups}
        self.runs = find_runs(groups, looks, self.ends)
        self.stand_in: dict[Group, Group] = {}  # for a box that is not drawn, the one that is
        for run in self.runs:
            period = len(run.shown)
            self.stand_in.update((each, run.shown[i % period]) for i, each in enumerate(run.left_out))
        self.groups = [each for each in groups if each not in self.stand_in]

    def find(self, node: Node) -> Group:
        """Return the box that a value comes out of."""
        while node not in self.home:  # it only lays out numbers anew
            node = node.operands[0]
        return self.home[node]

    def elide(self, budget: int) -> int:
        """Fold boxes in the middle into one, if there are more than `budget`; return how many."""
        surplus = len(self.groups) - budget
        if surplus <= 0:
            return 0
        head = budget // 2
        middle = self.groups[head : head + surplus + 1]
        rest = Group(None, "folded", (), nodes=[node for each in middle for node in each.nodes], hidden=len(middle))
        for each in middle:
            rest.parameters.update(each.parameters)
            for (source, node), uses in each.sources.items():
                rest.sources[source, node] += uses
            self.stand_in[each] = rest
        self.runs = [run for run in self.runs if not any(each in self.stand_in for each in run.shown)]
        self.groups[head : head + surplus + 1] = [rest]
        return len(middle)

    def drawn(self, each: Group) -> Group:
        """Return the box in the picture that shows a group."""
        while each in self.stand_in:
            each = self.stand_in[each]
        return each

    def diagram(self) -> Diagram:
        diagram = Diagram(self.graph.title)
        rolled, frames = _frames(self.groups, self.runs)
        diagram.frames = frames
        keys = {each: f"b{number}" for number, each in enumerate(self.groups)}
        times = {run.shown[0]: run.times for run in self.runs if len(run.shown) == 1}
        users = Counter(node for each in self.all for node in each.parameters)
        labels = Counter(each.nodes[-1].label for each in self.groups)
        for each in self.groups:
            label = each.nodes[-1].label
            lines = _lines(each, times.get(each, 1), label if label and labels[label] == 1 else "")
            if any(users[node] > 1 for node in each.parameters) and not each.hidden:
                lines.append(Line("shared with other boxes", "quiet"))
            diagram.boxes.append(Box(keys[each], each.role, lines, rolled.get(each, each.scope)))
            arrows: dict[Group, Counter] = {}
            for (source, node), uses in each.sources.items():
                if self.drawn(source) is not each:
                    uses = 1 if each.module or each.hidden else uses
                    arrows.setdefault(self.drawn(source), Counter())[bracketed(node)] += uses
            diagram.arrows += [
                Arrow(keys[source], keys[each], _arrow_label(shapes), straight=source.role != "input")
                for source, shapes in arrows.items()
            ]
        for i, result in enumerate(self.results):
            name = full_label(result) or (f"result {i + 1}" if len(self.results) > 1 else "result")
            diagram.boxes.append(Box(f"r{i}", "result", [Line(name, "title"), Line(_shape_or_value(result))]))
            diagram.arrows.append(Arrow(keys[self.drawn(self.find(result))], f"r{i}", bracketed(result), True))
        return diagram


def bracketed(node: Node) -> str:
    """Return the shape of a value as formulas have it: [16×3]."""
    return f"[{shape_text(node.shape)}]" if node.shape else "scalar"


def _arrow_label(shapes: Counter) -> str:
    return ", ".join(f"{shape} ×{uses}" if uses > 1 else shape for shape, uses in shapes.items())


def _frames(groups: Sequence[Group], runs: Iterable[Run]) -> tuple[dict[Group, tuple], dict[tuple, str]]:
    """Return the frames around the boxes of repetitions, and the titles of all frames."""
    rolled: dict[Group, tuple[str, ...]] = {}
    frames: dict[tuple[str, ...], str] = {}
    for i, run in enumerate(runs):
        if len(run.shown) == 1:
            continue
        scopes = [each.scope for each in [*run.shown, *run.left_out]]
        common = 0
        while all(len(scope) > common for scope in scopes) and len({scope[common] for scope in scopes}) == 1:
            common += 1
        for each in run.shown:
            name = f"repetition {i}"
            rolled[each] = (*each.scope[:common], name, *each.scope[common:])
            frames[rolled[each][: common + 1]] = f"repeated × {run.times:,}"
    for each in groups:
        scope = rolled.get(each, each.scope)
        for n in range(1, len(scope) + 1):
            frames.setdefault(scope[:n], scope[n - 1])
    return rolled, frames


def _look(each: Group) -> Hashable:
    """Return what a reader sees of a box, but for the names."""
    kinds = tuple(name.rpartition(" (")[2] for name in each.scope)
    shapes = tuple((node.shape, uses) for (_, node), uses in each.sources.items())
    parts = Counter(map(_short_name, each.nodes))
    return each.role, kinds, each.module.rpartition(" (")[2], each.size, shapes, tuple(parts.items())


def _lines(each: Group, times: int, label: str) -> list[Line]:
    again = f"  × {times:,}" if times > 1 else ""
    first = each.nodes[0]
    if each.role == "input":
        return [Line(full_label(first) or first.symbol, "title"), Line(_shape_or_value(first))]
    if each.hidden:
        lines = [Line("…", "title"), Line(f"{each.hidden:,} boxes, {len(each.nodes):,} operations")]
    elif each.module:
        name, _, kind = each.module.rpartition(" (")
        lines = [Line(f"{kind.removesuffix(')')}{again}", "title", name)]
    else:
        counts = Counter(_short_name(node) for node in each.nodes)
        text = ", ".join(f"{name} ×{n:,}" if n > 1 else name for name, n in list(counts.items())[:4])
        lines = [Line(f"{text}{', …' if len(counts) > 4 else ''}{again}", "title", label)]
        if len(each.nodes) > 3:
            lines.append(Line(f"{len(each.nodes):,} elementwise operations", "quiet"))
    if each.parameters:
        lines.append(Line(f"{each.size:,} parameters{' each' if times > 1 else ''}"))
        if each.used > 1:
            lines.append(Line(f"each used {each.used:,} times", "quiet"))
    return lines


def _short_name(node: Node) -> str:
    """Return the name of an operation, or of the function that it calls."""
    call = node.parameters.get("call")
    if isinstance(call, Call):
        return getattr(call.function, "__name__", "f").lstrip("_")
    return "part" if node.primitive is None else name_of(node.primitive)


def _shape_or_value(node: Node) -> str:
    if node.shape or node.value is None or isinstance(node.value, Spec):
        return bracketed(node)
    return number(node.value)


def _caption(graph: Graph, folded: _Folded, depth: int, deepest: int, elided: int) -> list[str]:
    """Return what the picture shows, and what it leaves out."""
    weights = {node for each in folded.home.values() for node in each.parameters}
    total = sum(int(np.prod(node.shape)) for node in weights)
    boxes = sum(each.role != "input" for each in folded.groups)
    first = f"{graph.title}: {len(graph.operations):,} operations in {boxes:,} box{'es' if boxes != 1 else ''}"
    lines = [f"{first}, {total:,} parameters" if weights else first]
    lines.append("Folded: constants, reshapes, slices, broadcasts, and elementwise operations in a row")
    if depth < deepest:
        lines.append(f"Modules are opened {depth} of {deepest} levels deep: depth={depth + 1} opens more")
    if elided:
        needed = len(folded.groups) - 1 + elided + len(folded.results)
        lines.append(f"{elided:,} boxes in the middle are drawn as one: max_nodes={needed} shows all")
    return lines
