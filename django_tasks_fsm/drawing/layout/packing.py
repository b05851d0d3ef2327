"""Put the arranged parts of a graph on one page, in rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django_tasks_fsm.drawing.layout.geometry import ROW_GAP, Point

LEAST_WIDTH = 900.0
"""Lone cards fill a row of this width, also where no part needs it."""

PART_GAP = 2 * ROW_GAP


@dataclass(frozen=True, slots=True)
class Page:
    """The upper left corner of every part, and the size of the whole."""

    corners: tuple[Point, ...]
    width: float
    height: float


def pack(sizes: Sequence[Point]) -> Page:
    """Lay parts of these widths and heights into rows, in their order, as wide as the widest of them."""
    limit = max([LEAST_WIDTH, *(width for width, _ in sizes)])
    corners: list[Point] = []
    left = top = row_height = widest = 0.0
    for width, height in sizes:
        if left and left + width > limit:
            left, top, row_height = 0.0, top + row_height + PART_GAP, 0.0
        corners.append((left, top))
        widest = max(widest, left + width)
        row_height = max(row_height, height)
        left += width + PART_GAP
    return Page(tuple(corners), widest, top + row_height)
