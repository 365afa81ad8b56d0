"""Repetition among boxes: a stretch that follows k times alike is drawn once, in a frame that says ×k.

Boxes are alike if they look alike and read what stands as far before them; so that layers with
connections around them, or a cell that also reads an input at each step, are found, too.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

from autodiff.readers.grouping import Group

LONGEST = 24  # boxes that are repeated together


class Run(NamedTuple):
    """`times` alike stretches of boxes after one another, of which `shown` is the first."""

    shown: list[Group]
    left_out: list[Group]
    times: int


def find_runs(groups: Sequence[Group], looks: Mapping[Group, Hashable], ends: set[Group]) -> list[Run]:
    """Return the repetitions among `groups`.

    Parameters
    ----------
    groups : sequence of Group
        Each after those whose values it reads.
    looks : mapping
        What a reader would see of each by itself.
    ends : set of Group
        Those whose values are results: they can only be in the last repetition.
    """
    boxes = [each for each in groups if each.role != "input"]
    place = {each: number for number, each in enumerate(boxes)}
    seen = [(looks[each], *_distances(each, place)) for each in boxes]
    last_reader = [len(boxes) if each in ends else 0 for each in boxes]
    for each in boxes:
        for source, _ in each.sources:
            if source in place:
                last_reader[place[source]] = max(last_reader[place[source]], place[each])
    runs = []
    start = 0
    while start < len(boxes):
        period, times = _best_period(seen, last_reader, start)
        end = start + period * times
        if times > 1:
            runs.append(Run(boxes[start : start + period], boxes[start + period : end], times))
        start = end
    return runs


def _distances(each: Group, place: Mapping[Group, int]) -> list[Any]:
    """Return how far before a box the ones stand that it reads; inputs as they are."""
    distances: list[Any] = [place[each] - place[source] if source in place else source for source, _ in each.sources]
    return (
        [1] if len(distances) == 1 and distances[0].__class__ is Group else distances
    )  # a loop may begin with an input


def _best_period(seen: Sequence[Any], last_reader: Sequence[int], start: int) -> tuple[int, int]:
    """Return length and number of the repetition at `start` that leaves out most; (1, 1) if there is none."""
    best = (1, 1)
    for period in range(1, min(LONGEST, (len(seen) - start) // 2) + 1):
        times = _times(seen, last_reader, start, period)
        enough = times >= 3 or (times == 2 and period > 1)
        if enough and period * (times - 1) > best[0] * (best[1] - 1):
            best = (period, times)
    return best


def _times(seen: Sequence[Any], last_reader: Sequence[int], start: int, period: int) -> int:
    """Return how often a stretch is repeated, of which what comes later reads the last repetition alone."""
    times = 0
    read = -1  # the last box that reads what the repetitions before this one give
    number = 1
    while True:
        begin, end = start + (number - 1) * period, start + number * period
        if seen[begin:end] != seen[start : start + period]:
            return times
        if read < end:
            times = number
        read = max(read, *last_reader[begin:end])
        number += 1
