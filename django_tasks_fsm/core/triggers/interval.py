"""A trigger with slots at equal distances (fixed rate), or at a distance from the end of the last run (fixed delay)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django_tasks_fsm.core.triggers.base import Due, Trigger
from django_tasks_fsm.core.triggers.instants import base_of
from django_tasks_fsm.core.triggers.jitter import (
    KEY as JITTER,
)
from django_tasks_fsm.core.triggers.jitter import (
    checked_jitter,
    describe_jitter,
    jittered,
    read_jitter,
    write_jitter,
)
from django_tasks_fsm.core.triggers.quoting import quoted
from django_tasks_fsm.core.triggers.registry import register_kind
from django_tasks_fsm.core.triggers.window import KEYS, checked_window, describe_window, read_window, write_window
from django_tasks_fsm.exceptions import InvalidTrigger

SHORTEST = timedelta(milliseconds=10)
"""Below this a database cannot hold a run per slot, and 0 would never reach ``now``."""

LONGEST = timedelta(days=36525)
"""A hundred years."""

RANGE = "it must be from 10 ms to 36525 days"


@register_kind
@dataclass(frozen=True)
class Interval(Trigger):
    """Fire every ``every`` of real time, whatever the clocks on the wall do.

    The grid begins at ``start`` if given, else at the first slot (``every`` after the ``now`` of the first question),
    which comes back as ``previous``. Each slot is computed from the grid, so lateness does not add up. The last slot is
    not after ``end``. With ``from_end`` there is no grid: the next slot lies ``every`` after the end of the last run,
    which who fires knows; what is computed here is the earliest that it can be.
    """

    every: timedelta
    start: datetime | None = None
    end: datetime | None = None
    from_end: bool = False
    jitter: timedelta | None = None

    kind: ClassVar[str] = "interval"

    def __post_init__(self) -> None:
        if not isinstance(self.every, timedelta):
            raise InvalidTrigger(f"every must be a timedelta, not {quoted(self.every)}.")
        if not SHORTEST <= self.every <= LONGEST:
            raise InvalidTrigger(f"every is {quoted(str(self.every))}; {RANGE}.")
        if not isinstance(self.from_end, bool):
            raise InvalidTrigger(f"from_end is {quoted(self.from_end)}, but must be true or false.")
        start, end = checked_window(self.start, self.end)
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "end", end)
        object.__setattr__(self, "jitter", checked_jitter(self.jitter))

    @property
    def delay_after_end(self) -> timedelta | None:
        """Return ``every`` where it counts from the end of the last run."""
        return self.every if self.from_end else None

    def due_time(self, slot: datetime, seed: str = "") -> datetime:
        """Return the slot, or up to ``jitter`` later."""
        return jittered(slot, self.jitter, seed)

    def next_after(self, previous: datetime | None, now: datetime) -> datetime | None:
        """Return the first point of the grid strictly after ``previous``, else after ``now``."""
        try:
            found = self._grid_after(base_of(previous, now))
        except OverflowError:  # past the year 9999
            return None
        return None if self.end is not None and found > self.end else found

    def due(self, slot: datetime, now: datetime, keep: int) -> Due:
        """Return the newest due slots by division, in a time that does not depend on how many were missed."""
        following = None if self.from_end else self.next_after(slot, now)
        last = now if self.end is None else min(now, self.end)
        if following is None or following > last:
            return Due((slot,), 1)
        steps = (last - following) // self.every
        newest = [following + self.every * n for n in range(max(0, steps - keep + 1), steps + 1)]
        return Due((slot, *newest)[-keep:], steps + 2)

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads; ``every`` in seconds."""
        seconds = self.every.total_seconds()
        every = int(seconds) if seconds.is_integer() else seconds
        rest = {**({"from_end": True} if self.from_end else {}), **write_jitter(self.jitter)}
        return {**self.envelope(), "every": every, **write_window(self.start, self.end), **rest}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build it from ``every`` (seconds) and, where wanted, ``start``, ``end``, ``from_end`` and ``jitter``."""
        cls.check_keys(data, required=("every",), optional=(*KEYS, "from_end", JITTER))
        rest: dict[str, Any] = {**read_window(data), **read_jitter(data)}
        return cls(every=from_seconds(data["every"]), from_end=data.get("from_end", False), **rest)

    def describe(self) -> str:
        """Return a short text for people."""
        when = (
            f"{in_words(self.every)} after the end of the last run"
            if self.from_end
            else f"every {in_words(self.every)}"
        )
        return f"{when}{describe_jitter(self.jitter)}{describe_window(self.start, self.end)}"

    def _grid_after(self, base: datetime) -> datetime:
        if self.start is not None and base < self.start:
            return self.start
        if self.start is None or self.from_end:
            return base + self.every
        return self.start + ((base - self.start) // self.every + 1) * self.every


def from_seconds(value: object) -> timedelta:
    """Return a number of seconds as a timedelta; refuse what is no number, and what no timedelta can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidTrigger(f"every must be a number of seconds, not {quoted(value)}.")
    try:
        return timedelta(seconds=value)
    except (OverflowError, ValueError) as error:  # ValueError: NaN
        raise InvalidTrigger(f"every is {quoted(value)} s; {RANGE}.") from error


def in_words(length: timedelta) -> str:
    """Return a length in its units, without the empty ones."""
    hours, rest = divmod(length.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    exact = f"{seconds + length.microseconds / 1e6:.6f}".rstrip("0").rstrip(".")
    parts = ((length.days, "d"), (hours, "h"), (minutes, "min"), (exact, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count not in (0, "0"))
