"""Lists of runs for people: each along the index of its state, or among the newest only."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from django_tasks_fsm.core.ids import first_run_id_at
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.models.line import in_line
from django_tasks_fsm.models.moments import instant
from django_tasks_fsm.models.run import TROUBLED
from django_tasks_fsm.store.status import BLOCKED, IN_LINE, of_state

LOOKED_AT = 100_000
"""Of runs whose state has no index, those among the newest so many are found."""
ORDERS = {
    RunState.QUEUED.value: ("queue", "-priority", "run_at", "id"),
    RunState.PENDING.value: ("run_at",),
    RunState.RUNNING.value: ("started_at",),
    **dict.fromkeys(TROUBLED, ("-finished_at",)),
}
"""States whose index gives their order; all else comes newest first."""
PAYLOAD = ("args", "kwargs", "result")


def listed(
    state: str, task: Task | None, queue: str, since: datetime | None, limit: int, using: str
) -> tuple[list[TaskRun], bool]:
    """Return up to ``limit`` runs with task and worker, and whether only the newest ones were looked at.

    PENDING are those that wait for their time, BLOCKED those that wait for prerequisites, IN_LINE those that wait for a
    slot of their limits. ``since`` is when a run that
    ended badly has ended, and when any other was enqueued; aware, or naive without USE_TZ.
    """
    rows, is_cut = _ordered(state, task, using)
    if task is not None:
        rows = rows.filter(task=task)
    if queue:
        rows = rows.filter(queue=queue)
    if since is not None:
        rows = rows.filter(**_since(state, since))
    # Not joined: the condition of an index, which SQLite wants word for word, names its columns bare.
    found = rows.prefetch_related("task", "worker").defer(*PAYLOAD)[:limit]
    return list(found), is_cut


def _ordered(state: str, task: Task | None, using: str) -> tuple[QuerySet[TaskRun], bool]:
    if state == IN_LINE:
        return in_line(using).order_by("task_id", "-priority", "run_at", "id"), False
    if state in ORDERS:
        return of_state(RunState(state), using).order_by(*ORDERS[state]), False
    rows: QuerySet[TaskRun] = TaskRun.objects.using(using).order_by("-id")
    if state == BLOCKED:
        rows = rows.filter(state=RunState.PENDING.value, waiting_on__gt=0)
    elif state:
        rows = rows.filter(state=state)
    oldest = None if task is not None else _oldest_of_newest(using)
    return (rows, False) if oldest is None else (rows.filter(pk__gte=oldest), True)


def _oldest_of_newest(using: str) -> uuid.UUID | None:
    ids = TaskRun.objects.using(using).order_by("-id").values_list("pk", flat=True)
    return next(iter(ids[LOOKED_AT : LOOKED_AT + 1]), None)


def _since(state: str, since: datetime) -> dict[str, Any]:
    if state in TROUBLED:
        return {"finished_at__gte": since}
    if state in ORDERS:
        return {"enqueued_at__gte": since}
    # Ids sort by the time at which they were made.
    return {"pk__gte": first_run_id_at(instant(since).timestamp())}
