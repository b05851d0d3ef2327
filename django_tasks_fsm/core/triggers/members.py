"""The triggers that another one is made of: which are allowed, and their JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django_tasks_fsm.core.triggers import registry
from django_tasks_fsm.core.triggers.base import Trigger
from django_tasks_fsm.core.triggers.interval import Interval
from django_tasks_fsm.core.triggers.quoting import quoted
from django_tasks_fsm.exceptions import InvalidTrigger

KEY = "of"
MOST = 10
"""Members of one trigger."""

DEEPEST = 3
"""Triggers inside triggers, the outermost counted."""


def checked_members(value: object) -> tuple[Trigger, ...]:
    """Return the members as a tuple; refuse too few, too many, and those whose slots depend on runs."""
    members = tuple(value) if isinstance(value, list | tuple) else ()
    if not 2 <= len(members) <= MOST or not all(isinstance(member, Trigger) for member in members):
        raise InvalidTrigger(f"of must be a list of 2 to {MOST} triggers, not {quoted(value)}.")
    for member in members:
        _check(member)
    if 1 + max(map(_depth, members)) > DEEPEST:
        raise InvalidTrigger(f"Triggers can be put into one another {DEEPEST} deep, and no deeper.")
    return members


def _check(member: Trigger) -> None:
    if member.delay_after_end is not None:
        raise InvalidTrigger("A delay after the end of the last run cannot be combined: give it a task of its own.")
    if isinstance(member, Interval) and member.start is None:
        raise InvalidTrigger(
            f"The interval ({member.describe()}) needs a start here: without one its grid would begin anew at each "
            "time of the others."
        )


def _depth(trigger: Trigger) -> int:
    return 1 + max((_depth(member) for member in getattr(trigger, KEY, ())), default=0)


def read_members(data: Mapping[str, Any]) -> tuple[Trigger, ...]:
    """Read the members that ``data`` holds; refuse what is nested too deep before it is read."""
    held = data[KEY]
    if not isinstance(held, list) or len(held) > MOST:
        raise InvalidTrigger(f"Key {KEY!r} must be a list of 2 to {MOST} triggers, not {quoted(held)}.")
    _refuse_depth(held)
    return tuple(registry.load(member) for member in held)


def _refuse_depth(level: list[Any]) -> None:
    for _ in range(DEEPEST):
        level = [one for each in level if isinstance(each, Mapping) for one in _listed(each.get(KEY))]
    if level:
        raise InvalidTrigger(f"Key {KEY!r} is nested deeper than {DEEPEST} triggers.")


def _listed(value: object) -> list[Any]:
    return value[: MOST + 1] if isinstance(value, list) else []


def write_members(members: tuple[Trigger, ...]) -> dict[str, Any]:
    """Return the JSON of the members."""
    return {KEY: [registry.dump(member) for member in members]}


def zone_of(members: tuple[Trigger, ...]) -> str:
    """Return the first zone of the members that is not UTC, else UTC."""
    return next((member.zone for member in members if member.zone != "UTC"), "UTC")


def latest_due(members: tuple[Trigger, ...], slot: datetime, seed: str) -> datetime:
    """Return when the run of ``slot`` is due by the longest jitter of the members."""
    return max(member.due_time(slot, seed) for member in members)
