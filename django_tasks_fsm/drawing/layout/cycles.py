"""Find the links to turn round so that no cycle is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django_tasks_fsm.drawing.layout.geometry import Pair

_OPEN, _CLOSED = 1, 2


def backward_pairs(count: int, pairs: Sequence[Pair]) -> set[int]:
    """Return the numbers of the pairs that lead back to a box on the path to them.

    The search starts at boxes that nothing leads to, then goes by number, so the caller's order decides what counts as
    forward. It keeps its own stack: a chain may be longer than Python's.
    """
    leaving: list[list[int]] = [[] for _ in range(count)]
    for number, (source, _) in enumerate(pairs):
        leaving[source].append(number)
    state = [0] * count
    backward: set[int] = set()
    for root in _roots_first(count, pairs):
        if not state[root]:
            _walk(root, pairs, leaving, state, backward)
    return backward


def _roots_first(count: int, pairs: Sequence[Pair]) -> list[int]:
    """Return all boxes, those without a link into them first."""
    entered = {target for _, target in pairs}
    return sorted(range(count), key=lambda box: (box in entered, box))


def _walk(root: int, pairs: Sequence[Pair], leaving: list[list[int]], state: list[int], backward: set[int]) -> None:
    """Go depth first from one box and note every pair that leads to a box still open."""
    stack: list[tuple[int, Iterator[int]]] = [(root, iter(leaving[root]))]
    state[root] = _OPEN
    while stack:
        box, rest = stack[-1]
        number = next(rest, None)
        if number is None:
            state[box] = _CLOSED
            stack.pop()
            continue
        target = pairs[number][1]
        if state[target] == _OPEN:
            backward.add(number)
        elif not state[target]:
            state[target] = _OPEN
            stack.append((target, iter(leaving[target])))
