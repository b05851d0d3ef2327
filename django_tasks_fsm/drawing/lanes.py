"""Put the attempts of many runs into lanes: in one row of a lane no two overlap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django_tasks_fsm.drawing.timeline import Bar, Line


@dataclass(frozen=True, slots=True)
class Track:
    """One row of a lane, and what lies in it from left to right."""

    name: str
    is_first: bool
    bars: tuple[tuple[Line, Bar], ...]


def in_lanes(lines: Iterable[Line], now: datetime) -> list[Track]:
    """Return the rows of all lanes by name, each as few as its attempts need; attempts without a start are left out."""
    lanes: dict[str, list[tuple[datetime, Line, Bar]]] = {}
    for line in lines:
        for bar in line.bars:
            if bar.start is not None:
                lanes.setdefault(bar.lane or line.lane, []).append((bar.start, line, bar))
    return [
        Track(name, number == 0, tuple(row))
        for name in sorted(lanes)
        for number, row in enumerate(_packed(sorted(lanes[name], key=lambda one: one[0]), now))
    ]


def _packed(bars: Iterable[tuple[datetime, Line, Bar]], now: datetime) -> list[list[tuple[Line, Bar]]]:
    rows: list[list[tuple[Line, Bar]]] = []
    free: list[datetime] = []
    for start, line, bar in bars:
        number = next((number for number, since in enumerate(free) if since <= start), len(rows))
        if number == len(rows):
            rows.append([])
            free.append(start)
        rows[number].append((line, bar))
        free[number] = bar.end or now
    return rows
