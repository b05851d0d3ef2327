"""Exchange neighbours in a column where that saves crossings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django_tasks_fsm.drawing.layout.budget import Budget
from django_tasks_fsm.drawing.layout.columns import Columns
from django_tasks_fsm.drawing.layout.crossings import pair_crossings

_ROUNDS = 6


@dataclass(slots=True)
class _Ends:
    """The sorted places of one box's neighbours, on both sides."""

    left: list[int]
    right: list[int]

    def crossings_above(self, other: _Ends) -> int:
        """Return how many links cross while this box lies above the other."""
        return pair_crossings(self.left, other.left) + pair_crossings(self.right, other.right)


def transpose(table: Columns, columns: list[list[int]], place: list[int], even: bool, budget: Budget) -> None:
    """Exchange neighbours until no exchange helps; ``even`` allows ones that change nothing, in the first round.

    Later rounds look only at columns next to a change.
    """
    waiting: Iterable[int] = range(len(columns))
    for turn in range(_ROUNDS):
        changed: set[int] = set()
        for number in waiting:
            if _exchange(table, columns[number], place, even and turn == 0, budget):
                changed |= {number - 1, number, number + 1}
        waiting = sorted(changed & set(range(len(columns))))
        if not waiting or budget.exhausted:
            break


def _exchange(table: Columns, column: list[int], place: list[int], even: bool, budget: Budget) -> bool:
    """Go down one column once; say whether crossings were saved."""
    ends = {box: _ends(table, box, place) for box in column}
    budget.spend(sum(2 + len(end.left) + len(end.right) for end in ends.values()))
    saved = False
    for upper in range(len(column) - 1):
        first, second = column[upper], column[upper + 1]
        now, then = ends[first].crossings_above(ends[second]), ends[second].crossings_above(ends[first])
        if then < now or (even and then == now and now):
            column[upper], column[upper + 1] = second, first
            saved |= then < now
    for number, box in enumerate(column):
        place[box] = number
    return saved


def _ends(table: Columns, box: int, place: list[int]) -> _Ends:
    """Look up where the neighbours of one box lie."""
    left = sorted([place[other] for other in table.left[box]])
    return _Ends(left, sorted([place[other] for other in table.right[box]]))
