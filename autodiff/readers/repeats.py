"""Repetition in a row of boxes: what follows one another k times alike is drawn once, in a frame that says ×k."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

from autodiff.readers.grouping import Group

LONGEST = 12  # boxes that are repeated together


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
        What a reader would see of each; boxes are alike if these are equal.
    ends : set of Group
        Those whose values are results: nothing is rolled across them.
    """
    runs = []
    for row in _rows(groups, ends):
        start = 0
        seen = [looks[each] for each in row]
        while start < len(row):
            period, times = _best_period(seen, start)
            if times > 1:
                end = start + period * times
                runs.append(Run(row[start : start + period], row[start + period : end], times))
            start += period * times
    return runs


def _rows(groups: Sequence[Group], ends: set[Group]) -> list[list[Group]]:
    """Return the longest rows in which each box reads the one before it, and no other reads that."""
    readers: dict[Group, list[Group]] = {each: [] for each in groups}
    before: dict[Group, list[Group]] = {}
    for each in groups:
        before[each] = list(dict.fromkeys(source for source, _ in each.sources))
        for source in before[each]:
            readers[source].append(each)
    rows: list[list[Group]] = []
    row_of: dict[Group, list[Group]] = {}
    for each in groups:
        if each.role in ("input", "parameter"):
            continue
        sources = before[each]
        previous = sources[0] if len(sources) == 1 else None
        if previous in row_of and previous not in ends and len(readers[previous]) == 1:
            row = row_of[previous]
        else:
            row = []
            rows.append(row)
        row.append(each)
        row_of[each] = row
    return rows


def _best_period(seen: Sequence[Any], start: int) -> tuple[int, int]:
    """Return length and number of the repetition at `start` that leaves out most; (1, 1) if there is none."""
    best = (1, 1)
    for period in range(1, min(LONGEST, (len(seen) - start) // 2) + 1):
        times = 1
        while seen[start + times * period : start + (times + 1) * period] == seen[start : start + period]:
            times += 1
        enough = times >= 3 or (times == 2 and period > 1)
        if enough and period * (times - 1) > best[0] * (best[1] - 1):
            best = (period, times)
    return best
