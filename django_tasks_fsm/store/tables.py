"""Quoted table names and the states that the hot statements name, taken from the models and the machine."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connections

from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.states import RunState, TaskState
from django_tasks_fsm.models import Queue, Task, TaskRun

READY = f"state = '{RunState.QUEUED}'"
DUE = f"state = '{RunState.PENDING}' AND waiting_on = 0 AND line = {Place.OUTSIDE.value}"
"""Of those that wait for nothing but their time; who is due and has limits stands in line."""
HELD = f"r.state = '{RunState.RUNNING}'"
FIRES = f"state = '{TaskState.ACTIVE}' AND next_run_at IS NOT NULL"
PAUSE_ENDS = f"state = '{TaskState.PAUSED}' AND paused_until IS NOT NULL"


def come(now_sql: str) -> str:
    """Return the condition that the time of a run has come, by the clock ``now_sql``."""
    return f"run_at <= {now_sql}"


def due_by(now_sql: str) -> str:
    """Return the condition by which runs are staged."""
    return f"{DUE} AND {come(now_sql)}"


def fires_by(now_sql: str) -> str:
    """Return the condition that the next time of a task has come."""
    return f"next_run_at <= {now_sql}"


@dataclass(frozen=True, slots=True)
class Tables:
    """The names as SQL."""

    runs: str
    tasks: str
    queues: str


def tables(using: str) -> Tables:
    """Return the table names, quoted for the database ``using``."""
    quote = connections[using].ops.quote_name
    return Tables(quote(TaskRun._meta.db_table), quote(Task._meta.db_table), quote(Queue._meta.db_table))
