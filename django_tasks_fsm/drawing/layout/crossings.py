"""Count how often links cross between neighbouring columns."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence

Neighbours = Sequence[Sequence[int]]


def positions(columns: Sequence[Sequence[int]], count: int) -> list[int]:
    """Return the place of every box in its column."""
    place = [0] * count
    for column in columns:
        for number, box in enumerate(column):
            place[box] = number
    return place


def crossings(columns: Sequence[Sequence[int]], left: Neighbours, place: Sequence[int]) -> int:
    """Return the crossings of a whole arrangement."""
    return sum(_between(column, left, place) for column in columns[1:])


def _between(column: Sequence[int], left: Neighbours, place: Sequence[int]) -> int:
    """Return the crossings of the links that enter one column: the inversions of their starting places."""
    above: list[int] = []
    count = 0
    for box in column:
        places = sorted(place[other] for other in left[box])
        count += sum(len(above) - bisect_right(above, start) for start in places)
        for start in places:
            insort(above, start)
    return count


def pair_crossings(upper: Sequence[int], lower: Sequence[int]) -> int:
    """Return the crossings of two boxes' links, given the sorted places of their neighbours in one column."""
    count = 0
    for place in upper:
        count += bisect_left(lower, place)
    return count
