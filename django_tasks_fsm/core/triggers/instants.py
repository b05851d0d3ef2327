"""Instants: aware UTC datetimes, and how JSON holds them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django_tasks_fsm.core.triggers.quoting import quoted
from django_tasks_fsm.exceptions import InvalidTrigger

TICK = timedelta(microseconds=1)
"""The smallest step of a datetime: ``instant - TICK`` turns "strictly after" into "from ... on"."""


def as_utc(value: object, name: str) -> datetime:
    """Return ``value`` in UTC; refuse what is no aware datetime."""
    if not isinstance(value, datetime):
        raise InvalidTrigger(f"{name} must be a datetime, not {quoted(value)}.")
    if value.utcoffset() is None:
        raise InvalidTrigger(f"{name} is {value.isoformat()}, without a time zone. Give an aware datetime.")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise InvalidTrigger(f"{name} is {quoted(value)}, which lies outside the calendar.") from error


def base_of(previous: datetime | None, now: datetime) -> datetime:
    """Return the instant after which a trigger searches, in UTC: arithmetic in another zone follows the wall."""
    return as_utc(now, "now") if previous is None else as_utc(previous, "previous")


def read_instant(data: Mapping[str, Any], key: str) -> datetime:
    """Read the instant that ``data`` holds under ``key`` as ISO 8601 text with an offset."""
    value = data[key]
    if not isinstance(value, str):
        raise InvalidTrigger(f"Key {key!r} must be a date and time as text, not {quoted(value)}.")
    try:
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise InvalidTrigger(
            f"Key {key!r} is {quoted(value)}, which is no date and time. Write it as '2031-05-20T02:30:00+00:00'."
        ) from error
    return as_utc(found, f"Key {key!r}")


def write_instant(value: datetime) -> str:
    """Return the text that ``read_instant`` reads."""
    return value.isoformat()
