"""A layered drawing of a directed graph: boxes in rows by depth, arrows between the rows.

After Sugiyama, Tagawa & Toda (1981), "Methods for Visual Understanding of Hierarchical System
Structures": rows by the longest path; within a row the order of the barycentres of the neighbours,
for few crossings; an arrow that passes a row has a place of its own in it, so that it runs beside
the boxes. Everything is deterministic.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

GAP, LANE, ROW_GAP, MARGIN = 22.0, 10.0, 44.0, 14.0  # pixels
SWEEPS = 12


class Arrow(NamedTuple):
    """The course of an arrow, as an SVG path, and its two ends."""

    path: str
    start: tuple[float, float]
    end: tuple[float, float]


class Drawing(NamedTuple):
    """Where boxes (their left upper corners) and arrows are, in pixels."""

    corners: list[tuple[float, float]]
    arrows: list[Arrow]
    width: float
    height: float


class _Place:
    """A box in its row, or the place at which an arrow (or several from one box) passes the row."""

    def __init__(self, row: int, width: float, is_box: bool) -> None:
        self.row = row
        self.width = width
        self.is_box = is_box
        self.above: list[_Place] = []
        self.below: list[_Place] = []
        self.order = 0
        self.x = 0.0  # of its middle


def layered(widths: Sequence[float], height: float, edges: Sequence[tuple[int, int]]) -> Drawing:
    """Return a drawing in which every arrow points down.

    Parameters
    ----------
    widths : sequence of float
        Of the boxes, in pixels; a box stands after those from which arrows lead to it.
    height : float
        Of all boxes, in pixels.
    edges : sequence of (int, int)
        Tail and head; the same pair may come twice.
    """
    boxes = [_Place(row, width, True) for row, width in zip(_rows(len(widths), edges), widths, strict=True)]
    rows: list[list[_Place]] = [[] for _ in range(1 + max((box.row for box in boxes), default=-1))]
    for box in boxes:
        rows[box.row].append(box)
    courses = _courses(boxes, rows, edges)
    _order(rows)
    _place(rows)
    left = min((place.x - place.width / 2 for place in boxes), default=0.0) - MARGIN
    left = min([left, *(place.x - MARGIN for row in rows for place in row)])
    for row in rows:
        for place in row:
            place.x -= left
    tops = [MARGIN + number * (height + ROW_GAP) for number in range(len(rows))]
    right = max((place.x + place.width / 2 for row in rows for place in row), default=0.0)
    return Drawing(
        [(round(box.x - box.width / 2, 1), tops[box.row]) for box in boxes],
        _arrows(boxes, courses, edges, tops, height),
        round(right + MARGIN, 1),
        len(rows) * (height + ROW_GAP) - ROW_GAP + 2 * MARGIN,
    )


def _rows(number: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Return the row of each box: below all it depends on; what depends on nothing, right above its first use."""
    rows = [0] * number
    for tail, head in sorted(edges, key=lambda edge: edge[1]):
        rows[head] = max(rows[head], rows[tail] + 1)
    heads = {head for _, head in edges}
    for source in set(range(number)) - heads:
        rows[source] = min((rows[head] for tail, head in edges if tail == source), default=1) - 1
    return rows


def _courses(boxes: Sequence[_Place], rows: list[list[_Place]], edges: Sequence[tuple[int, int]]) -> list[list[_Place]]:
    """Return the places each arrow passes, its ends included; arrows from one box share their way while they can."""
    lanes: dict[tuple[int, int], _Place] = {}
    joined = set()
    courses = []
    for tail, head in edges:
        course = [boxes[tail]]
        for row in range(boxes[tail].row + 1, boxes[head].row):
            if (tail, row) not in lanes:
                lanes[tail, row] = _Place(row, LANE, False)
                rows[row].append(lanes[tail, row])
            course.append(lanes[tail, row])
        course.append(boxes[head])
        for upper, lower in pairwise(course):
            if (upper, lower) not in joined:
                joined.add((upper, lower))
                upper.below.append(lower)
                lower.above.append(upper)
        courses.append(course)
    return courses


# --- the order within rows ----------------------------------------------------------------------------


def _order(rows: list[list[_Place]]) -> None:
    """Sort each row, in place, so that few arrows cross."""
    _number(rows)
    best, fewest = [list(row) for row in rows], _crossings(rows)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            row.sort(key=lambda place: _barycentre(place.above if down else place.below, place.order))
            for order, place in enumerate(row):
                place.order = order
        crossings = _crossings(rows)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    rows[:] = best
    _number(rows)


def _number(rows: list[list[_Place]]) -> None:
    for row in rows:
        for order, place in enumerate(row):
            place.order = order


def _barycentre(neighbours: Sequence[_Place], otherwise: int) -> float:
    return sum(place.order for place in neighbours) / len(neighbours) if neighbours else float(otherwise)


def _crossings(rows: list[list[_Place]]) -> int:
    """Return how many pairs of arrows cross."""
    total = 0
    for row in rows:
        ends: list[int] = []  # of the arrows from further left
        for place in row:
            heads = sorted(below.order for below in place.below)
            total += sum(len(ends) - bisect_right(ends, head) for head in heads)
            for head in heads:
                insort(ends, head)
    return total


# --- where in the row -----------------------------------------------------------------------------------


def _place(rows: list[list[_Place]]) -> None:
    """Place boxes near the middle of their neighbours, without overlap, long arrows straight."""
    for row in rows:
        x = 0.0
        for place in row:
            place.x = x + place.width / 2
            x += place.width + GAP
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            wishes, weights = [], []
            for place in row:
                sides = place.above + place.below if sweep >= SWEEPS - 2 else place.above if down else place.below
                pulls = [(_pull(place, other), other.x) for other in sides]
                weight = sum(pull for pull, _ in pulls)
                wishes.append(sum(pull * x for pull, x in pulls) / weight if pulls else place.x)
                weights.append(weight or 0.1)
            for place, x in zip(row, _apart(row, wishes, weights), strict=True):
                place.x = x


def _pull(place: _Place, other: _Place) -> float:
    """Return how strongly a neighbour pulls: long arrows stay straight, inputs make way for operations."""
    if not (place.is_box or other.is_box):
        return 8.0
    return 1.0 if place.above and other.above else 0.05


def _apart(row: Sequence[_Place], wishes: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Return the places nearest to the wishes, in weighted least squares, in order and apart.

    Pool adjacent violators: neighbours that would overlap move together.
    """
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + (left.width + right.width) / 2 + GAP)
    blocks: list[tuple[float, float, int]] = []  # mean, weight, length
    for wish, weight, offset in zip(wishes, weights, offsets, strict=True):
        block = (wish - offset, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            mean, others, length = blocks.pop()
            together = others + block[1]
            block = ((mean * others + block[0] * block[1]) / together, together, length + block[2])
        blocks.append(block)
    means = [mean for mean, _, length in blocks for _ in range(length)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


# --- arrows -------------------------------------------------------------------------------------------------


def _arrows(
    boxes: Sequence[_Place],
    courses: Sequence[list[_Place]],
    edges: Sequence[tuple[int, int]],
    tops: Sequence[float],
    height: float,
) -> list[Arrow]:
    """Return the courses as curves; those into one box end side by side, in the order in which they come."""
    into: dict[int, list[int]] = {}
    for number, (_, head) in enumerate(edges):
        into.setdefault(head, []).append(number)
    ends: dict[int, float] = {}
    for head, numbers in into.items():
        numbers.sort(key=lambda number: courses[number][-2].x)
        spacing = min(24.0, boxes[head].width / (len(numbers) + 1))
        for k, number in enumerate(numbers):
            ends[number] = boxes[head].x + (k - (len(numbers) - 1) / 2) * spacing
    arrows = []
    for number, course in enumerate(courses):
        xs = [place.x for place in course[:-1]] + [ends[number]]
        x, y = xs[0], tops[course[0].row] + height
        start = (round(x, 1), y)
        path = [f"M{x:.1f} {y:.1f}"]
        for place, to in zip(course[1:], xs[1:], strict=True):
            top = tops[place.row]
            middle = (y + top) / 2
            path.append(f"C{x:.1f} {middle:.1f} {to:.1f} {middle:.1f} {to:.1f} {top:.1f}")
            x, y = to, top
            if not place.is_box:
                y += height
                path.append(f"V{y:.1f}")
        arrows.append(Arrow("".join(path), start, (round(x, 1), y)))
    return arrows
