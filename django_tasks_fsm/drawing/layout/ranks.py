"""Give every box its column: to the right of all that lead to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from django_tasks_fsm.drawing.layout.geometry import Pair

_PULLS = 4


def ranks(count: int, pairs: Sequence[Pair]) -> list[int]:
    """Return a column number for every box of a graph without cycles, the leftmost being 0."""
    into, out = _adjacent(count, pairs)
    order, rank = _longest_paths(into, out)
    for _ in range(_PULLS):
        if not _pull(order, rank, into, out):
            break
    lowest = min(rank, default=0)
    return [number - lowest for number in rank]


def _adjacent(count: int, pairs: Sequence[Pair]) -> tuple[list[list[int]], list[list[int]]]:
    """Return the boxes that lead to each box, and those it leads to."""
    into: list[list[int]] = [[] for _ in range(count)]
    out: list[list[int]] = [[] for _ in range(count)]
    for source, target in pairs:
        out[source].append(target)
        into[target].append(source)
    return into, out


def _longest_paths(into: list[list[int]], out: list[list[int]]) -> tuple[list[int], list[int]]:
    """Return the boxes in topological order, and the length of the longest path to each."""
    missing = [len(sources) for sources in into]
    rank = [0] * len(into)
    ready = deque(box for box, count in enumerate(missing) if not count)
    order: list[int] = []
    while ready:
        box = ready.popleft()
        order.append(box)
        for target in out[box]:
            rank[target] = max(rank[target], rank[box] + 1)
            missing[target] -= 1
            if not missing[target]:
                ready.append(target)
    return order, rank


def _pull(order: list[int], rank: list[int], into: list[list[int]], out: list[list[int]]) -> bool:
    """Move boxes along their slack to where more of their links get shorter; say whether any moved."""
    moved = False
    for box in reversed(order):
        wanted = _best_rank(box, rank, into[box], out[box])
        moved |= wanted != rank[box]
        rank[box] = wanted
    return moved


def _best_rank(box: int, rank: list[int], sources: list[int], targets: list[int]) -> int:
    """Return the column next to the side that has more links."""
    if len(targets) > len(sources):
        return min(rank[target] for target in targets) - 1
    if sources:
        return max(rank[source] for source in sources) + 1
    return rank[box]
