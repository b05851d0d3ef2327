"""From local times to instants: what a cron expression means when the clocks are changed.

========  ==========================================  ===========================================================
policy    a time in the gap (clocks set forward)      a time in the overlap (clocks set back)
========  ==========================================  ===========================================================
vixie     hour field ``*``: nothing; any other:       hour field ``*``: fires in both passes; any other: fires in
          fires at the first instant after the gap    the first pass
skip      nothing                                     fires in the first pass
both      fires at the first instant after the gap    fires in both passes
utc       no gap: the expression is read in UTC       no overlap: the expression is read in UTC
========  ==========================================  ===========================================================

``vixie`` (the default) is the rule of the classic cron: a daily job runs every day, once; an hourly job (hour field
textually ``*``; ``*/1`` and ``0-23`` count as fixed hours) follows real time. Several times in one gap make one slot.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from django_tasks_fsm.core.triggers.expression import Expression
from django_tasks_fsm.core.triggers.local_times import LocalTimes
from django_tasks_fsm.core.triggers.zone import (
    SECOND,
    first_change,
    gap_end,
    local_at,
    offset_at,
    overlap_end,
    passes,
)
from django_tasks_fsm.exceptions import InvalidTrigger

DstPolicy = Literal["vixie", "skip", "both", "utc"]
POLICIES: tuple[DstPolicy, ...] = get_args(DstPolicy)

MAX_STEPS = 1000
"""Each step passes a change of the clocks; a search that needs more is a fault, not a schedule."""


def next_instant(expression: Expression, zone: ZoneInfo, policy: DstPolicy, after: datetime) -> datetime:
    """Return the first instant strictly after ``after`` (aware UTC, as the answer) at which the expression fires.

    Raise ScheduleNeverFires when there is none in croniter's reach, InvalidTrigger when the search makes no progress.
    """
    if policy == "utc" or zone.key == "UTC":
        return expression.times.after(after.replace(tzinfo=None)).replace(tzinfo=UTC)
    if policy == "both" or (policy == "vixie" and expression.hourly):
        return _in_real_time(expression.times, zone, after, fire_after_gap=policy == "both")
    return _on_the_clock(expression.times, zone, after, fire_after_gap=policy == "vixie")


def _on_the_clock(times: LocalTimes, zone: ZoneInfo, after: datetime, *, fire_after_gap: bool) -> datetime:
    """Fire once for each matching time on the wall."""
    resume = overlap_end(zone, after)
    cursor = local_at(zone, after) if resume is None else resume - SECOND
    for _ in range(MAX_STEPS):
        local = times.after(cursor)
        found = passes(zone, local)
        if found and found[0] > after:
            return found[0]
        end = None if found else gap_end(zone, local)
        if end is not None and end > after and fire_after_gap:
            return end
        cursor = local if end is None else local_at(zone, end) - SECOND
    raise _stuck(times, after)


def _in_real_time(times: LocalTimes, zone: ZoneInfo, after: datetime, *, fire_after_gap: bool) -> datetime:
    """Fire whenever the wall shows a matching time, going from one change of the clocks to the next."""
    position, cursor = after, local_at(zone, after)
    for _ in range(MAX_STEPS):
        offset = offset_at(zone, position)
        found = (times.after(cursor) - offset).replace(tzinfo=UTC)
        change = first_change(zone, position, found)
        if change is None:
            return found
        resume = local_at(zone, change)
        if fire_after_gap and times.after(change.replace(tzinfo=None) + offset - SECOND) < resume:
            return change
        position, cursor = change, resume - SECOND
    raise _stuck(times, after)


def _stuck(times: LocalTimes, after: datetime) -> InvalidTrigger:
    return InvalidTrigger(
        f"Cron expression {times.shown!r} made no progress after {after}. Set another one, and report this expression."
    )
