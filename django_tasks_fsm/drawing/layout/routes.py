"""Draw links as curves that leave and enter every column level."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from django_tasks_fsm.drawing.layout.columns import Columns
from django_tasks_fsm.drawing.layout.geometry import Curve, Point

_TOUCHING = 0.01
"""Where a box fills its column, its side and the column's edge are the same but for rounding."""


def route(table: Columns, chain: Sequence[int], centres: Sequence[Point], spans: Sequence[Point]) -> Curve:
    """Return the curve from the right side of a chain's first box, over its bends, to the left side of its last."""
    points = _waypoints(table, chain, centres, spans)
    curve = [points[0]]
    for start, end in pairwise(points):
        if end[0] - start[0] > _TOUCHING:
            curve.extend(_segment(start, end))
    return tuple(curve)


def _waypoints(table: Columns, chain: Sequence[int], centres: Sequence[Point], spans: Sequence[Point]) -> list[Point]:
    """Return where the link touches boxes and crosses column edges: inside a column it runs level."""
    points: list[Point] = []
    for box in chain:
        (x, y), half = centres[box], table.boxes[box].width / 2
        left, right = spans[table.rank[box]]
        if box != chain[0]:
            points.append((left, y))
        if box == chain[-1]:
            points.append((x - half, y))
            break
        if box == chain[0]:
            points.append((x + half, y))
        points.append((right, y))
    return points


def _segment(start: Point, end: Point) -> Curve:
    """Return the control points after ``start`` of an S-shaped piece, which is straight between equal heights."""
    (x0, y0), (x1, y1) = start, end
    middle = (x0 + x1) / 2
    return (middle, y0), (middle, y1), end
