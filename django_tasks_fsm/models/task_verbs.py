"""The steps behind the verbs on tasks. Each needs an open transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connections

from django_tasks_fsm.core.states import TaskState
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


def resume(pks: Sequence[Any], change: Change, using: str) -> tuple[Moved, ...]:
    """Make tasks ACTIVE again with their next time counted from now."""
    moved = move_tasks(pks, change, using)
    if not moved:
        return moved
    now = for_alias(using).now()
    for task in Task.objects.using(using).filter(pk__in=[row.pk for row in moved]):
        set_next_run(task, first_time(task, now), using)
    return moved


def first_time(task: Task, now: datetime) -> datetime | None:
    """Return when a task fires next after ``now``; None for one that cannot be read, which a check reports."""
    try:
        found = task.fires.next_after(None, instant(now))
    except InvalidTrigger:
        return None
    return None if found is None else stored(found)


def reschedule(pks: Sequence[Any], at: datetime, actor: Actor, reason: str, using: str) -> tuple[Moved, ...]:
    """Set the next time of ACTIVE tasks and take EXHAUSTED ones back into service with it."""
    change = Change("reschedule", actor, reason)
    kept = _active(pks, change, using)
    record(Task, change, kept, using)
    moved = move_tasks(pks, change, using)
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
