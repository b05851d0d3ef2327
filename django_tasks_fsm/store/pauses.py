"""End the pauses of tasks whose time has come."""

from __future__ import annotations

from datetime import datetime

from django.db import connections

from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models import Task
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.task_verbs import first_time_from, move_tasks, set_next_run
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import Change

ENDED = "its pause has ended"


def end_pauses(using: str, limit: int = 100) -> int:
    """Resume up to ``limit`` tasks whose ``paused_until`` has passed; return how many.

    They fire from that moment on: what has passed since, with nobody there to look, are missed slots.
    """
    over = Task.objects.using(using).filter(state=TaskState.PAUSED.value, paused_until__lte=DatabaseNow())
    found = list(over.order_by("paused_until").values_list("pk", "paused_until")[:limit])
    return sum(in_transaction(lambda pk=pk, until=until: _end(pk, until, using), using) for pk, until in found)  # type: ignore[misc]


def _end(pk: int, until: datetime, using: str) -> bool:
    dialect = for_alias(using)
    dialect.lock_for_writing(connections[using].ops.quote_name(Task._meta.db_table))
    # Somebody may have resumed it in between, and paused it anew until another time.
    row = Task.objects.using(using).filter(pk=pk, state=TaskState.PAUSED.value, paused_until=until)
    task = row.select_for_update(skip_locked=dialect.skips_locked).first()
    if task is None:
        return False
    move_tasks([pk], Change("resume", Actor.system(), ENDED, values={"paused_until": None}), using)
    set_next_run(task, first_time_from(task, until), using)
    return True
