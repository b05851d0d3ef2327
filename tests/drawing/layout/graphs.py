"""Graphs to lay out: made by a seed, so that every run sees the same."""

from __future__ import annotations

import random

from django_tasks_fsm.drawing.layout.geometry import Box, Drawn, Link, Pair, Point, Sheet

CARD = Box(188, 46)

ROUNDING = 0.5
"""In pixels: Graphviz writes few decimals."""


def task_pairs(count: int, seed: int = 1) -> list[Pair]:
    """Return the prerequisites of a realistic set of tasks: most need one to three of those declared shortly before."""
    source = random.Random(seed)
    pairs = {
        (max(0, target - 1 - int(source.expovariate(1 / (6 + count**0.5)))), target)
        for target in range(1, count)
        for _ in range(source.choice((0, 1, 1, 2, 2, 3)))
    }
    return sorted(pairs)


def sheet(count: int, pairs: list[Pair]) -> Sheet:
    """Return a sheet of cards."""
    return Sheet((CARD,) * count, tuple(pairs))


def cards(count: int) -> list[Box]:
    return [CARD] * count


def links(pairs: list[Pair]) -> list[Link]:
    return [Link(source, target) for source, target in pairs]


def overlapping(centres: tuple[Point, ...], boxes: tuple[Box, ...] | list[Box]) -> list[Pair]:
    """Return the pairs of boxes that cover each other."""
    places = list(zip(centres, boxes, strict=True))
    return [
        (one, other)
        for one, ((x, y), box) in enumerate(places)
        for other, ((u, v), second) in enumerate(places[:one])
        if abs(x - u) < (box.width + second.width) / 2 and abs(y - v) < (box.height + second.height) / 2
    ]


def is_inside(drawn: Drawn, boxes: tuple[Box, ...]) -> bool:
    """Say whether all boxes lie on the page."""
    return all(
        x - box.width / 2 >= -ROUNDING
        and y - box.height / 2 >= -ROUNDING
        and x + box.width / 2 <= drawn.width + ROUNDING
        and y + box.height / 2 <= drawn.height + ROUNDING
        for (x, y), box in zip(drawn.centres, boxes, strict=True)
    )
