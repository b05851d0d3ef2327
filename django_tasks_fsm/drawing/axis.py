"""The axis of a timeline: where a moment lies, and which moments are written under it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

MINUTE, HOUR, DAY = 60, 3600, 86400
STEPS = (
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30,
    MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
    HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY,
)  # fmt: skip
"""Seconds between two ticks."""
MOST_TICKS = 9
_LEAST_SPAN = 0.01


@dataclass(frozen=True, slots=True)
class Axis:
    """A stretch of time laid over a stretch of pixels."""

    begin: datetime
    end: datetime
    left: float
    width: float

    @property
    def span(self) -> float:
        """Return its length in seconds."""
        return max(self.end.timestamp() - self.begin.timestamp(), _LEAST_SPAN)

    def x(self, moment: datetime) -> float:
        """Return where a moment lies."""
        share = (moment.timestamp() - self.begin.timestamp()) / self.span
        return self.left + self.width * max(0.0, min(1.0, share))

    def ticks(self) -> list[tuple[float, str]]:
        """Return where the ticks stand, and what is written at them."""
        step = next((step for step in STEPS if self.span / step <= MOST_TICKS), STEPS[-1])
        midnight = self.begin.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
        first = math.ceil((self.begin.timestamp() - midnight) / step)
        last = math.floor((self.begin.timestamp() + self.span - midnight) / step)
        moments = [midnight + number * step for number in range(first, min(last, first + 2 * MOST_TICKS) + 1)]
        return [(self.x(at), _written(at, step)) for at in (self._moment(second) for second in moments)]

    def _moment(self, second: float) -> datetime:
        return datetime.fromtimestamp(second, self.begin.tzinfo)


def axis_over(moments: Iterable[datetime], left: float, width: float) -> Axis | None:
    """Return the axis on which all moments lie; None where there are none."""
    ordered = sorted(moments, key=lambda moment: moment.timestamp())
    return Axis(ordered[0], ordered[-1], left, width) if ordered else None


def _written(moment: datetime, step: float) -> str:
    """Write a moment as finely as the ticks stand apart: the same in every language."""
    if step >= DAY:
        return moment.strftime("%Y-%m-%d")
    if step >= MINUTE:
        return moment.strftime("%H:%M")
    return moment.strftime("%H:%M:%S") + (f".{moment.microsecond // 1000:03d}" if step < 1 else "")
