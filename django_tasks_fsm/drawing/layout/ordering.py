"""Order the boxes in their columns so that few links cross."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django_tasks_fsm.drawing.layout.budget import Budget
from django_tasks_fsm.drawing.layout.columns import Columns
from django_tasks_fsm.drawing.layout.crossings import crossings, positions
from django_tasks_fsm.drawing.layout.transposition import transpose

_SWEEPS = 40
_PATIENCE = 8

Order = list[list[int]]
Centre = Callable[[Sequence[int]], float]


def order(table: Columns, budget: Budget) -> None:
    """Reorder the columns; the first sweep is always made, the rest while the budget lasts.

    Two starts, one upside down, because each start leads to a different local best.
    """
    start = table.columns
    best, fewest = start, crossings(start, table.left, positions(start, len(table.boxes)))
    for attempt in range(2):
        if fewest == 0 or (attempt and budget.exhausted):
            break
        first = [column[::-1] for column in start] if attempt else _copied(start)
        found, count = _improve(table, first, attempt, budget)
        if count < fewest:
            best, fewest = found, count
    table.columns = best


def _improve(table: Columns, columns: Order, attempt: int, budget: Budget) -> tuple[Order, int]:
    """Sweep to and fro until nothing gets better for a while, and return the best order met."""
    place = positions(columns, len(table.boxes))
    best, fewest, stale = _copied(columns), crossings(columns, table.left, place), 0
    for turn in range(_SWEEPS):
        if turn and (budget.exhausted or stale >= _PATIENCE or fewest == 0):
            break
        budget.spend(2 * table.size)
        _sweep(table, columns, place, turn, rightward=(turn + attempt) % 2 == 0)
        transpose(table, columns, place, even=turn % 2 == 0, budget=budget)
        count = crossings(columns, table.left, place)
        stale = 0 if count < fewest else stale + 1
        if count < fewest:
            best, fewest = _copied(columns), count
    return best, fewest


def _copied(columns: Order) -> Order:
    return [column[:] for column in columns]


def _sweep(table: Columns, columns: Order, place: list[int], turn: int, rightward: bool) -> None:
    """Bring every column in turn into the order of its neighbours in the column before it."""
    neighbours = table.left if rightward else table.right
    centre = _mean if turn % 4 < 2 else _weighted_median
    for column in columns if rightward else reversed(columns):
        _reorder(column, neighbours, place, centre, keep_ties=turn % 3 != 0)


def _reorder(column: list[int], neighbours: list[list[int]], place: list[int], centre: Centre, keep_ties: bool) -> None:
    """Sort the boxes that have neighbours; the others keep their places."""
    bound = [box for box in column if neighbours[box]]
    keys = {box: centre(sorted(place[other] for other in neighbours[box])) for box in bound}
    ranked = sorted(bound if keep_ties else reversed(bound), key=keys.__getitem__)
    following = iter(ranked)
    column[:] = [next(following) if neighbours[box] else box for box in column]
    for number, box in enumerate(column):
        place[box] = number


def _mean(places: Sequence[int]) -> float:
    """Return the middle of sorted places by their sum."""
    return sum(places) / len(places)


def _weighted_median(places: Sequence[int]) -> float:
    """Return the median; between two middle places it leans to the side where the others lie closer together."""
    half = len(places) // 2
    if len(places) % 2:
        return places[half]
    lower, upper = places[half - 1], places[half]
    spread_below, spread_above = lower - places[0], places[-1] - upper
    spread = spread_below + spread_above
    return (lower * spread_above + upper * spread_below) / spread if spread else (lower + upper) / 2
