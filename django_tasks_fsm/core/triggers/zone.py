"""Time zones: which keys are allowed, and how local times and instants correspond.

Local times are naive datetimes, instants aware UTC. Aware local datetimes never leave this module: two of them that
differ in ``fold`` only are equal and hash alike.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django_tasks_fsm.core.triggers.quoting import MAX_SHOWN, quoted
from django_tasks_fsm.exceptions import InvalidTrigger

HOST_DEPENDENT = frozenset({"localtime", "posixrules", "Factory"})
"""Keys that mean another zone on each host, or none."""

SECOND = timedelta(seconds=1)
STRIDE = timedelta(hours=6)
"""Two changes of a zone that cancel each other out lie further apart than this."""


@cache
def zone_keys() -> frozenset[str]:
    """Return the keys that a trigger may use; read from the time zone database once a process."""
    return frozenset(available_timezones()) - HOST_DEPENDENT


def find_zone(key: object) -> ZoneInfo:
    """Return the zone of an IANA key; raise InvalidTrigger with the nearest keys for any other value."""
    if isinstance(key, str) and key in zone_keys():
        return ZoneInfo(key)
    short = isinstance(key, str) and len(key) <= MAX_SHOWN
    close = get_close_matches(str(key), zone_keys(), n=3) if short else []
    hint = f"Did you mean {' or '.join(close)}?" if close else "Use an IANA key such as 'Europe/Paris' or 'UTC'."
    raise InvalidTrigger(f"timezone is {quoted(key)}, which is no known time zone. {hint}")


def offset_at(zone: ZoneInfo, instant: datetime) -> timedelta:
    """Return how far the zone's clocks are ahead of UTC at an instant."""
    return instant.astimezone(zone).utcoffset() or timedelta(0)


def local_at(zone: ZoneInfo, instant: datetime) -> datetime:
    """Return what the zone's clocks show at an instant."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def passes(zone: ZoneInfo, local: datetime) -> tuple[datetime, ...]:
    """Return the instants at which the clocks show ``local``: one, two when they are set back, none in a gap."""
    found = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return tuple(sorted(instant for instant in found if local_at(zone, instant) == local))


def gap_end(zone: ZoneInfo, local: datetime) -> datetime:
    """Return the instant at which the clocks jump over ``local``, which they never show."""
    early, late = sorted(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first_change(zone, early, late) or late


def overlap_end(zone: ZoneInfo, instant: datetime) -> datetime | None:
    """Return the first local time after the repeated ones if ``instant`` lies in their second pass, else None."""
    local = instant.astimezone(zone)
    if not local.fold:
        return None
    first_pass = local.replace(fold=0).astimezone(UTC)
    change = first_change(zone, first_pass, instant)
    return None if change is None else change.replace(tzinfo=None) + offset_at(zone, first_pass)


def starts_after_gap(zone: ZoneInfo, instant: datetime) -> bool:
    """Tell whether the clocks are set forward at exactly this instant."""
    return offset_at(zone, instant) > offset_at(zone, instant - SECOND)


def first_change(zone: ZoneInfo, after: datetime, until: datetime) -> datetime | None:
    """Return the first instant in (``after``, ``until``] at which the offset is another than at ``after``."""
    offset, low = offset_at(zone, after), after
    while low < until:
        high = min(low + STRIDE, until)
        if offset_at(zone, high) != offset:
            return _narrow(zone, low, high)
        low = high
    return None


def _narrow(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """Return the change between two instants of different offset; zones change at whole seconds."""
    offset = offset_at(zone, low)
    while high - low > SECOND:
        middle = low + (high - low) / 2
        if offset_at(zone, middle) == offset:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
