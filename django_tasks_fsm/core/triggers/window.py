"""The window of a repeating trigger: an optional first and last instant, both inside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django_tasks_fsm.core.triggers.instants import as_utc, read_instant, write_instant
from django_tasks_fsm.exceptions import InvalidTrigger

KEYS = ("start", "end")


def checked_window(start: object, end: object) -> tuple[datetime | None, datetime | None]:
    """Return both ends in UTC; refuse a window that ends before it starts."""
    first = None if start is None else as_utc(start, "start")
    last = None if end is None else as_utc(end, "end")
    if first is not None and last is not None and last < first:
        raise InvalidTrigger(f"end ({last}) lies before start ({first}), so the trigger could never fire.")
    return first, last


def read_window(data: Mapping[str, Any]) -> dict[str, datetime]:
    """Read the ends that ``data`` holds; null counts as absent."""
    return {key: read_instant(data, key) for key in KEYS if data.get(key) is not None}


def write_window(start: datetime | None, end: datetime | None) -> dict[str, str]:
    """Return the JSON of the ends that are set."""
    return {key: write_instant(value) for key, value in zip(KEYS, (start, end), strict=True) if value is not None}


def describe_window(start: datetime | None, end: datetime | None) -> str:
    """Return the words to put behind a description, empty without a window."""
    return (f", from {start}" if start else "") + (f", until {end}" if end else "")
