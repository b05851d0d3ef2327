"""The records a caller fills to have a timeline drawn: rows, and what happened in each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

MAX_ROWS = 200
"""A picture of more rows cannot be read; what lies beyond is counted under it."""

Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Bar:
    """One attempt: ``end`` is None while it runs, ``start`` is None where only its end is known.

    ``lane`` is for one that was in another lane than the last.
    """

    start: datetime | None
    end: datetime | None
    state: str
    title: str = ""
    lane: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One row: ``waits`` are the stretches in which it could have run; ``note`` follows the word for its state."""

    key: str
    label: str
    state: str
    bars: tuple[Bar, ...] = ()
    waits: tuple[Stretch, ...] = ()
    href: str = ""
    note: str = ""
    lane: str = ""
    is_critical: bool = False
    current: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """Rows from top to bottom; datetimes are in the zone that is to be shown."""

    lines: tuple[Line, ...]
    now: datetime
    title: str = ""
    left_out: int = 0

    def moments(self) -> list[datetime]:
        """Return all that must lie on the axis; now only where something is still going on."""
        bars = [bar for line in self.lines for bar in line.bars]
        ends = [moment for bar in bars for moment in (bar.start, bar.end) if moment is not None]
        waits = [moment for line in self.lines for stretch in line.waits for moment in stretch]
        return [*ends, *waits, *([self.now] if any(bar.end is None for bar in bars) else [])]
