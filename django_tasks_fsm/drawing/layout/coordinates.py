"""Give every box its place: columns from left to right, and heights that make links straight."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from django_tasks_fsm.drawing.layout.budget import Budget
from django_tasks_fsm.drawing.layout.columns import Columns
from django_tasks_fsm.drawing.layout.geometry import COLUMN_GAP, ROW_GAP, Point
from django_tasks_fsm.drawing.layout.leastsquares import spread

_LEAST_ROUNDS, _ROUNDS = 4, 30
_LOOSE = 0.1
_STRAIGHTNESS = (1, 2, 8)
"""How strongly a step pulls by the number of its ends that are bends: long links should not waver."""

_LABEL_WIDTH = 160.0
_LABEL_GAP = 36.0
"""A narrow column holds nothing but labels, which lie in the middle of a link: there the gap comes twice."""

_MOST_FAN = 60.0
_FAN = 1.2


def heights(table: Columns, budget: Budget) -> list[float]:
    """Return the height of every centre, the topmost box touching 0."""
    gaps = [_gaps(table, column) for column in table.columns]
    place = _stacked(table, gaps)
    rounds = budget.rounds(2 * table.size, _LEAST_ROUNDS, _ROUNDS)
    budget.spend(2 * table.size * rounds)
    for turn in range(rounds):
        rightward = turn % 2 == 0
        for number in range(len(gaps)) if rightward else reversed(range(len(gaps))):
            _settle(table, table.columns[number], gaps[number], place, rightward, both=turn > rounds // 3)
    top = min((place[box] - table.boxes[box].height / 2 for box in range(len(place))), default=0.0)
    return [height - top for height in place]


def _gaps(table: Columns, column: Sequence[int]) -> list[float]:
    """Return the least distance between the centres of neighbours in one column."""
    gaps = []
    for upper, lower in pairwise(column):
        air = ROW_GAP * (0.6 if table.is_bend(upper) and table.is_bend(lower) else 1)
        gaps.append((table.boxes[upper].height + table.boxes[lower].height) / 2 + air)
    return gaps


def _stacked(table: Columns, gaps: Sequence[Sequence[float]]) -> list[float]:
    """Return heights with every column stacked tightly around 0."""
    place = [0.0] * len(table.boxes)
    for column, column_gaps in zip(table.columns, gaps, strict=True):
        height = -sum(column_gaps) / 2
        for box, gap in zip(column, [*column_gaps, 0.0], strict=False):
            place[box] = height
            height += gap
    return place


def _settle(
    table: Columns, column: Sequence[int], gaps: Sequence[float], place: list[float], rightward: bool, both: bool
) -> None:
    """Move one column to where its neighbours pull it: those on one side at first, later those on both."""
    wanted, weights = [], []
    for box in column:
        want, weight = _pull(table, box, _pullers(table, box, rightward, both), place)
        wanted.append(want)
        weights.append(weight)
    for box, height in zip(column, spread(wanted, weights, gaps), strict=True):
        place[box] = height


def _pullers(table: Columns, box: int, rightward: bool, both: bool) -> list[int]:
    """Return the neighbours that pull a box."""
    left, right = table.left[box], table.right[box]
    near = left if rightward else right
    return left + right if both or not near else near


def _pull(table: Columns, box: int, others: Sequence[int], place: Sequence[float]) -> tuple[float, float]:
    """Return the height that a box wants, and how much it wants it."""
    if not others:
        return place[box], _LOOSE
    own = table.is_bend(box)
    weights = [_STRAIGHTNESS[own + table.is_bend(other)] for other in others]
    total = sum(weights)
    return sum(place[other] * weight for other, weight in zip(others, weights, strict=True)) / total, total


def column_spans(table: Columns) -> list[Point]:
    """Return the left and the right edge of every column; full columns get more room for their links after them."""
    widths = [max((table.boxes[box].width for box in column), default=0.0) for column in table.columns]
    spans: list[Point] = []
    left = 0.0
    for column, width, following in zip(table.columns, widths, [*widths[1:], 0.0], strict=True):
        spans.append((left, left + width))
        gap = COLUMN_GAP if min(width, following) > _LABEL_WIDTH else _LABEL_GAP
        left += width + gap + min(_MOST_FAN, _FAN * len(column))
    return spans
