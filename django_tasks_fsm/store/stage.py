"""Queue what has become due."""

from __future__ import annotations

from django_tasks_fsm.core.machine import RUN_MACHINE
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.base import Pick
from django_tasks_fsm.models.settling import wake
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.store.tables import DUE, tables

QUEUED = RUN_MACHINE.target("queue", RunState.PENDING)


def stage(using: str, limit: int = 500) -> int:
    """Move up to ``limit`` due runs that wait for nothing from PENDING to QUEUED, longest due first; return how many.

    Any worker may do it at any time: rows that another one is staging are skipped.
    """

    def work() -> int:
        dialect = for_alias(using)
        pick = Pick(tables(using).runs, f"{DUE} AND run_at <= {dialect.now_sql}", ("run_at",), limit)
        rows = dialect.take(pick, f"state = '{QUEUED}'", (), ("queue",))
        wake({row[0] for row in rows}, using)
        return len(rows)

    return in_transaction(work, using)
