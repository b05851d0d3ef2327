"""Limits that a task gets while runs of it exist: those that are queued or running count from now on.

So do those that had ended by then and are given a new life.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.db.models import Case, QuerySet, Value, When

from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.states import UNFINISHED, RunState
from django_tasks_fsm.models.run import TaskRun
from django_tasks_fsm.models.task import Task
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import batches

LIVE = (RunState.QUEUED.value, RunState.RUNNING.value)


@contextmanager
def first_limit(task_ids: Collection[Any], using: str) -> Iterator[None]:
    """Save the first limit of tasks inside; their unfinished runs stand in line then, or count as holders of a slot.

    Goes through the history of each task once; outside a transaction each batch is one. There may be more holders than
    slots then, and none is let in until they have ended.
    """
    lock_unlimited(task_ids, using)
    yield
    for task_id in task_ids:
        _limit_runs(task_id, using)


def lock_unlimited(task_ids: Collection[Any], using: str) -> None:
    """Lock the runs that a first limit will change, if a transaction is open: before the rows of their tasks.

    Whoever ends a run locks it first, and its task when the schedule ends with it: in the other order the two would
    meet as a deadlock, whose error an open transaction hands to its caller.
    """
    if connections[using].in_atomic_block and task_ids:
        pks = [pk for task_id in task_ids for pk in _unlimited(task_id, using).values_list("pk", flat=True)]
        for some in batches(sorted(pks)):
            list(TaskRun.objects.using(using).filter(pk__in=some).order_by("pk").select_for_update().values_list("pk"))


def _unlimited(task_id: Any, using: str) -> QuerySet[TaskRun]:
    unfinished = [state.value for state in UNFINISHED]
    return TaskRun.objects.using(using).filter(task_id=task_id, limited=False, state__in=unfinished).order_by("pk")


def _limit_runs(task_id: Any, using: str) -> None:
    for some in batches(list(_unlimited(task_id, using).values_list("pk", flat=True))):
        in_transaction(lambda some=some: _limit(some, using), using)  # type: ignore[misc]


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
