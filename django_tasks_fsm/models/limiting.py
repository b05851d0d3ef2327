"""Limits that a task gets while runs of it exist: those that are queued or running count from now on.

So do those that had ended by then and are given a new life.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Case, Value, When

from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.states import UNFINISHED, RunState
from django_tasks_fsm.models.run import TaskRun
from django_tasks_fsm.models.task import Task
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import batches

LIVE = (RunState.QUEUED.value, RunState.RUNNING.value)


def limit_runs(task_id: Any, using: str) -> int:
    """Let the unfinished runs of a task stand in line, or count as holders of a slot; return how many.

    Goes through the history of the task once; each batch is a transaction. There may be more holders than slots then,
    and none is let in until they have ended.
    """
    unfinished = [state.value for state in UNFINISHED]
    rows = TaskRun.objects.using(using).filter(task_id=task_id, limited=False, state__in=unfinished).order_by("pk")
    pks = list(rows.values_list("pk", flat=True))
    return sum(in_transaction(lambda some=some: _limit(some, using), using) for some in batches(pks))  # type: ignore[misc]


def _limit(pks: list[Any], using: str) -> int:
    rows = TaskRun.objects.using(using).filter(pk__in=pks)
    list(rows.order_by("pk").select_for_update().values_list("pk", flat=True))
    place = Case(When(state__in=LIVE, then=Value(Place.HELD.value)), default=Value(Place.OUTSIDE.value))
    return rows.filter(limited=False).update(limited=True, line=place)


def limit_revived(pks: Sequence[Any], using: str) -> None:
    """Let runs that begin a new life, and are locked, stand in line where their task has got limits since."""
    for some in batches(pks):
        rows = TaskRun.objects.using(using).filter(pk__in=some, limited=False)
        tasks = Task.objects.using(using).filter(pk__in=set(rows.values_list("task_id", flat=True)))
        limited = list(tasks.exclude(max_instances=None, rate_limit="").values_list("pk", flat=True))
        if limited:
            rows.filter(task_id__in=limited).update(limited=True)
