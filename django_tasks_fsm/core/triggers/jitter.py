"""Jitter: let the run of a slot be due a little later, so that what shares a slot does not start at one moment.

The slot itself stays where it is, so nothing adds up. How much later follows from the slot and a seed: whoever asks
again, after a crash or on another host, gets the same answer.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django_tasks_fsm.core.triggers.quoting import quoted
from django_tasks_fsm.exceptions import InvalidTrigger

KEY = "jitter"
LONGEST = timedelta(days=1)


def checked_jitter(value: object) -> timedelta | None:
    """Return a jitter (timedelta, or seconds) as a timedelta, None for none; refuse what is out of range."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= LONGEST.total_seconds():
        raise InvalidTrigger(f"jitter is {quoted(value)}, but must be from 0 to {LONGEST.total_seconds():.0f} seconds.")
    return timedelta(seconds=seconds) or None


def read_jitter(data: Mapping[str, Any]) -> dict[str, timedelta | None]:
    """Read the jitter that ``data`` holds in seconds."""
    return {KEY: checked_jitter(data.get(KEY))}


def write_jitter(jitter: timedelta | None) -> dict[str, float]:
    """Return the JSON of a jitter, empty without one."""
    return {} if jitter is None else {KEY: jitter.total_seconds()}


def jittered(slot: datetime, jitter: timedelta | None, seed: str) -> datetime:
    """Return when the run of ``slot`` is due: from the slot on, at most ``jitter`` later."""
    if jitter is None:
        return slot
    # Not hash(), which differs from one process to the next.
    return slot + jitter * random.Random(f"{seed} {slot.isoformat()}").random()


def describe_jitter(jitter: timedelta | None) -> str:
    """Return the words to put behind a description, empty without a jitter."""
    return "" if jitter is None else f", up to {jitter.total_seconds():g} s later"
