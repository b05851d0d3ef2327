"""The wish that a running run should rest; it obeys at its next ``context.check()``. Each step needs a transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import connections
from django.db.models import QuerySet

from django_tasks_fsm.core.states import UNFINISHED, RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.run import TaskRun
from django_tasks_fsm.models.transitions import Change, Moved, record


def pause(pks: Sequence[Any], actor: Actor, reason: str, using: str) -> tuple[tuple[Moved, ...], Collection[Any]]:
    """Ask RUNNING runs to rest; return the keys of those that are asked now, or were before."""
    running = TaskRun.objects.using(using).filter(pk__in=pks, state=RunState.RUNNING.value)
    asked = _locked(running, using)
    fresh = [row for row in asked if not row[-1]]
    running.filter(pk__in=[row[0] for row in fresh]).update(pause_requested_at=DatabaseNow())
    return _recorded("pause_requested", fresh, actor, reason, using), [row[0] for row in asked]


def resume(pks: Sequence[Any], actor: Actor, reason: str, using: str) -> tuple[tuple[Moved, ...], Collection[Any]]:
    """Take the wish back, also from runs that were given back with it; return the keys of those that had it."""
    unfinished = [state.value for state in UNFINISHED]
    rows = TaskRun.objects.using(using).filter(pk__in=pks, state__in=unfinished, pause_requested_at__isnull=False)
    resting = _locked(rows, using)
    TaskRun.objects.using(using).filter(pk__in=[row[0] for row in resting]).update(pause_requested_at=None)
    return _recorded("resume", resting, actor, reason, using), [row[0] for row in resting]


def _locked(rows: QuerySet[TaskRun], using: str) -> list[tuple[Any, ...]]:
    for_alias(using).lock_for_writing(connections[using].ops.quote_name(TaskRun._meta.db_table))
    columns = ("pk", "state", "attempt", "worker_id", "pause_requested_at")
    return list(rows.order_by("pk").select_for_update().values_list(*columns))


def _recorded(event: str, rows: Sequence[tuple[Any, ...]], actor: Actor, reason: str, using: str) -> tuple[Moved, ...]:
    # Events that change no state, as cancel_requested is: nothing has moved.
    same = [Moved(pk, event, state, state, attempt, worker) for pk, state, attempt, worker, _ in rows]
    record(TaskRun, Change(event, actor, reason), same, using)
    return ()
