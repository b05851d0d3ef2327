"""Queue what has become due, or put it in line where it has limits."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.machine import RUN_MACHINE
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.base import Dialect, Row
from django_tasks_fsm.dialects.pick import Pick
from django_tasks_fsm.models import TaskRun, events
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.settling import wake
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import Moved
from django_tasks_fsm.store.admit import admit_behind
from django_tasks_fsm.store.definitions import with_limits
from django_tasks_fsm.store.tables import due_by, tables

QUEUED = RUN_MACHINE.target("queue", RunState.PENDING)
COLUMNS = ("queue", "id", "attempt", "task_id", "concurrency_key", "limited")


def stage(using: str, limit: int = 500) -> int:
    """Move up to ``limit`` due runs that wait for nothing from PENDING to QUEUED, longest due first.

    Those with limits stand in line instead, and their tasks let in as many as there are slots for. Any worker may do it
    at any time: rows that another one is staging are skipped. Return how many were due.
    """
    rows = in_transaction(lambda: _staged(using, limit), using)
    limited = [(task_id, key) for *_, task_id, key, is_limited in rows if is_limited]
    if limited:
        admit_behind(limited, using)
    return len(rows)


def _staged(using: str, limit: int) -> list[Row]:
    dialect = for_alias(using)
    pick = Pick(tables(using).runs, due_by(dialect.now_sql), ("run_at",), limit)
    rows = dialect.take(pick, _assignments(with_limits(using)), (), COLUMNS)
    queued = [row for row in rows if not row[-1]]
    wake({row[0] for row in queued}, using)
    if events.are_heard():
        events.tell(TaskRun, _moved(dialect, queued), using)
    return rows


def _assignments(tasks: Collection[int]) -> str:
    # Also runs that were made before their task had a limit, or by a process that had not heard of it yet.
    limited = f"(limited OR task_id IN ({', '.join(map(str, sorted(tasks)))}))" if tasks else "limited"
    return (
        f"state = CASE WHEN {limited} THEN state ELSE '{QUEUED}' END, "
        f"line = CASE WHEN {limited} THEN {Place.IN_LINE.value} ELSE {Place.OUTSIDE.value} END, limited = {limited}"
    )


def _moved(dialect: Dialect, rows: Sequence[Row]) -> list[Moved]:
    source, name = RunState.PENDING.value, Actor.system().name

    def moved(run_id: uuid.UUID, attempt: int, task_id: int) -> Moved:
        return Moved(run_id, "queue", source, QUEUED.value, attempt, None, task_id, name)

    return [moved(dialect.id_out(run_id), attempt, task_id) for _, run_id, attempt, task_id, *_ in rows]
