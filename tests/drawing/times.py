"""Moments and rows of timelines, in seconds from one beginning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django_tasks_fsm.drawing.timeline import Bar, Line, Timeline

BEGIN = datetime(2030, 5, 20, 14, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """Return a moment."""
    return BEGIN + timedelta(seconds=seconds)


def bar(start: float | None, end: float | None, state: str = "DONE", **values: Any) -> Bar:
    """Return an attempt."""
    return Bar(None if start is None else at(start), None if end is None else at(end), state, **values)


def line(key: str, *bars: Bar, state: str = "DONE", **values: Any) -> Line:
    """Return a row."""
    return Line(key, values.pop("label", key), state, bars, **values)


def timeline(*lines: Line, now: float = 100, **values: Any) -> Timeline:
    """Return rows as they are after some seconds."""
    return Timeline(lines, at(now), **values)
