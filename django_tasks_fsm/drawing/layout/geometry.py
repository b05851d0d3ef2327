"""The records that go into a layout and come out of it: boxes, links, and where they lie. Lengths are in pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Point = tuple[float, float]

Curve = tuple[Point, ...]
"""Cubic Bezier curves end to end: a start, then three points for each."""

Pair = tuple[int, int]
"""The numbers of the boxes that a link leads from and to."""

COLUMN_GAP = 56.0
ROW_GAP = 16.0


@dataclass(frozen=True, slots=True)
class Box:
    """The room that one card or label takes."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Link:
    """One edge between two boxes by their numbers, with the room for its label where it has one."""

    source: int
    target: int
    label: Box | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """How one link runs: in one piece, or in two with its label between them; in none where it leads to itself."""

    curves: tuple[Curve, ...]
    label: Point | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Where every box has its centre and how every link runs; ``engine`` is the one that did it."""

    centres: tuple[Point, ...]
    routes: tuple[Route, ...]
    width: float
    height: float
    engine: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One connected part without cycles: what an engine arranges."""

    boxes: tuple[Box, ...]
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One arranged sheet, its upper left corner at (0, 0); one curve for each pair."""

    centres: tuple[Point, ...]
    curves: tuple[Curve, ...]
    width: float
    height: float


Engine = Callable[[Sequence[Sheet]], list[Drawn]]


def moved(points: Sequence[Point], by: Point) -> Curve:
    """Return the points shifted to the right and downwards."""
    return tuple((x + by[0], y + by[1]) for x, y in points)
