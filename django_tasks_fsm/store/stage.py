"""Queue what has become due."""

from __future__ import annotations

import uuid

from django_tasks_fsm.core.machine import RUN_MACHINE
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.base import Pick
from django_tasks_fsm.models import TaskRun, events
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.settling import wake
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import Moved
from django_tasks_fsm.store.tables import due_by, tables

QUEUED = RUN_MACHINE.target("queue", RunState.PENDING)


def stage(using: str, limit: int = 500) -> int:
    """Move up to ``limit`` due runs that wait for nothing from PENDING to QUEUED, longest due first; return how many.

    Any worker may do it at any time: rows that another one is staging are skipped.
    """

    def work() -> int:
        dialect = for_alias(using)
        pick = Pick(tables(using).runs, due_by(dialect.now_sql), ("run_at",), limit)
        rows = dialect.take(pick, f"state = '{QUEUED}'", (), ("queue", "id", "attempt", "task_id"))
        wake({row[0] for row in rows}, using)
        if events.are_heard():
            moved = [_queued(dialect.id_out(run_id), attempt, task_id) for _, run_id, attempt, task_id in rows]
            events.tell(TaskRun, moved, using)
        return len(rows)

    return in_transaction(work, using)


def _queued(run_id: uuid.UUID, attempt: int, task_id: int) -> Moved:
    source = RunState.PENDING.value
    return Moved(run_id, "queue", source, QUEUED.value, attempt, None, task_id, Actor.system().name)
