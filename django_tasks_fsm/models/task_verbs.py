"""The steps behind the verbs on tasks. Each needs an open transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connections

from django_tasks_fsm import registry
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.core.triggers.instants import TICK
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.exceptions import InvalidTrigger
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.moments import instant, stored
from django_tasks_fsm.models.task import Task
from django_tasks_fsm.models.transitions import Change, Moved, announce, apply, record


def move_tasks(pks: Sequence[Any], change: Change, using: str) -> tuple[Moved, ...]:
    """Apply ``change`` and announce it."""
    moved = apply(Task, change, pks, using)
    announce(Task, moved, using)
    return moved


def pause(pks: Sequence[Any], change: Change, until: datetime | None, using: str) -> tuple[Moved, ...]:
    """Stop tasks from firing, until somebody resumes them or the time has come."""
    ends = None if until is None else stored(until)
    return move_tasks(pks, replace(change, values={"paused_until": ends}), using)


def resume(pks: Sequence[Any], change: Change, using: str, *, catch_up: bool = False) -> tuple[Moved, ...]:
    """Make tasks ACTIVE again with their next time counted from now; with ``catch_up`` it stays where it stood.

    A restored task begins a new count of its runs.
    """
    fresh = {"fired": 0} if change.event == "restore" else {}
    moved = move_tasks(pks, replace(change, values={"paused_until": None, **fresh}), using)
    if not moved:
        return moved
    now = for_alias(using).now()
    for task in Task.objects.using(using).filter(pk__in=[row.pk for row in moved]):
        if not catch_up or task.next_run_at is None:
            set_next_run(task, first_time(task, now), using)
    return moved


def first_time(task: Task, now: datetime) -> datetime | None:
    """Return when a task fires next after ``now``; None for one that cannot be read, which a check reports.

    None for a service too: its trigger says when it ticks, which is the business of whoever holds its run.
    """
    if registry.lifecycle_of(task.function) is not None:
        return None
    try:
        found = task.fires.next_after(None, instant(now))
    except InvalidTrigger:
        return None
    return None if found is None else stored(found)


def first_time_from(task: Task, moment: datetime) -> datetime | None:
    """Return when a task fires at ``moment`` or next after it."""
    at = first_time(task, moment - TICK)
    return at if at is not None and at <= moment else first_time(task, moment)


def run_at(pks: Sequence[Any], at: datetime, actor: Actor, reason: str, using: str) -> tuple[Moved, ...]:
    """Set the next time of ACTIVE tasks and take EXHAUSTED ones back into service with it."""
    change = Change("reschedule", actor, reason)
    kept = _active(pks, change, using)
    record(Task, change, kept, using)
    moved = move_tasks(pks, replace(change, values={"fired": 0}), using)
    rows = (*kept, *moved)
    Task.objects.using(using).filter(pk__in=[row.pk for row in rows]).update(next_run_at=stored(at))
    return rows


def _active(pks: Sequence[Any], change: Change, using: str) -> list[Moved]:
    # Locked, so that none is paused or retired before its time is written.
    for_alias(using).lock_for_writing(connections[using].ops.quote_name(Task._meta.db_table))
    active = Task.objects.using(using).filter(pk__in=pks, state=TaskState.ACTIVE.value).order_by("pk")
    state, found = TaskState.ACTIVE.value, active.select_for_update().values_list("pk", flat=True)
    return [Moved(pk, change.event, state, state) for pk in found]


def set_next_run(task: Task, at: datetime | None, using: str) -> None:
    """Write the next time of one task."""
    Task.objects.using(using).filter(pk=task.pk).update(next_run_at=at)


def begin_anew(task: Task, at: datetime | None, using: str) -> None:
    """Write the first time of another trigger; the runs of the one before do not count any more."""
    Task.objects.using(using).filter(pk=task.pk).update(next_run_at=at, fired=0)
