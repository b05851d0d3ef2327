"""Hand queued runs to one worker."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django_tasks_fsm.core.machine import RUN_MACHINE
from django_tasks_fsm.core.outcomes import Claim
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.base import Dialect, Pick, Row
from django_tasks_fsm.store.tables import READY, tables

COLUMNS = (
    "id", "task_id", "fence", "attempt", "queue", "priority", "args", "kwargs", "enqueued_at", "run_at", "started_at"
)  # fmt: skip
RUNNING = RUN_MACHINE.target("dispatch", RunState.QUEUED)


def claim(worker_id: uuid.UUID, queues: Sequence[str], limit: int, using: str) -> list[Claim]:
    """Take up to ``limit`` queued runs for a worker and return them, highest priority first, then longest due.

    Raises each run's fence, so whoever held it before can no longer write, and charges an attempt. Rows that another
    worker is claiming at this moment are skipped. Needs an open transaction.
    """
    if limit <= 0 or not queues:
        return []
    dialect = for_alias(using)
    pick = Pick(tables(using).runs, READY, ("-priority", "run_at", "id"), limit, "queue", tuple(queues))
    now = dialect.now_sql
    rows = dialect.take(
        pick,
        f"state = '{RUNNING}', fence = fence + 1, attempt = attempt + 1, worker_id = %s, started_at = {now}",
        (dialect.id_in(worker_id),),
        COLUMNS,
    )
    return sorted((_claim(dialect, row) for row in rows), key=lambda taken: (-taken.priority, taken.run_at, taken.id))


def _claim(dialect: Dialect, row: Row) -> Claim:
    run_id, task_id, fence, attempt, queue, priority, args, kwargs, enqueued, due, started = row
    return Claim(
        id=dialect.id_out(run_id),
        task_id=task_id,
        fence=fence,
        attempt=attempt,
        queue=queue,
        priority=priority,
        args=dialect.json_out(args),
        kwargs=dialect.json_out(kwargs),
        enqueued_at=dialect.time_out(enqueued),
        run_at=dialect.time_out(due),
        started_at=dialect.time_out(started),
    )
