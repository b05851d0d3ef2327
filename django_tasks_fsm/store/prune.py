"""Delete what has ended long ago, a small batch at a time."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from django_tasks_fsm.core.ids import first_run_id_at
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models import (
    Message,
    RunChild,
    RunDetail,
    RunLog,
    RunPrerequisite,
    ServiceTicks,
    TaskRun,
    Transition,
)
from django_tasks_fsm.models.settling import forget_awaited
from django_tasks_fsm.models.transactions import in_transaction

BATCH = 500
LINES = 5_000
"""Lines of logs in one transaction; the runs of a batch may have many more."""
REVIVABLE = [state.value for state in RunState if state not in (RunState.DONE, RunState.ABORTED)]
"""Dependents in these states may yet run, some after a person's retry, and then read the results of prerequisites."""
LONGEST = timedelta(days=18_000)
"""No run is older; a longer age would reach back beyond what a datetime, or a UUIDv7, can say."""


def prune(keep: Mapping[RunState, timedelta], using: str, batch: int = BATCH) -> int:
    """Delete up to ``batch`` finished runs that ended longer ago than ``keep`` says for their state; return how many.

    States that ``keep`` does not name are kept. A run that another one waits for, or would read after a retry, stays,
    whatever its age. Call again until it returns 0: short transactions hold no long lock.
    """
    return sum(_prune_state(state, age, using, batch) for state, age in keep.items() if state in FINAL)


def _prune_state(state: RunState, age: timedelta, using: str, batch: int) -> int:
    # Ids sort by the time they were made, so the primary key leads the scan from the oldest on; no index on
    # finished_at has to be kept for this.
    age = min(age, LONGEST)
    newest = first_run_id_at((timezone.now() - age).timestamp())
    waiting = RunPrerequisite.objects.using(using).filter(prerequisite=OuterRef("pk"), run__state__in=REVIVABLE)
    old = TaskRun.objects.using(using).filter(
        ~Exists(waiting), pk__lt=newest, state=state.value, finished_at__lt=DatabaseNow() - age
    )
    ids = list(old.order_by("pk").values_list("pk", flat=True)[:batch])
    while ids and in_transaction(lambda: _delete_lines(old, ids, using), using) == LINES:
        pass
    return in_transaction(lambda: _delete(old, ids, using), using) if ids else 0


def _delete_lines(old: QuerySet[TaskRun], ids: Sequence[uuid.UUID], using: str) -> int:
    gone = _still(old, ids, using)
    lines = RunLog.objects.using(using).filter(run_id__in=gone)
    some = list(lines.values_list("pk", flat=True)[:LINES]) if gone else []
    for start in range(0, len(some), BATCH):
        RunLog.objects.using(using).filter(pk__in=some[start : start + BATCH])._raw_delete(using)
    return len(some)


def _still(old: QuerySet[TaskRun], ids: Sequence[uuid.UUID], using: str) -> list[uuid.UUID]:
    # Locked and asked again: since the first look a run may have been revived, or have become a prerequisite.
    runs = TaskRun.objects.using(using).filter(pk__in=ids).order_by("pk").select_for_update()
    return list(old.filter(pk__in=list(runs.values_list("pk", flat=True))).values_list("pk", flat=True))


def _delete(old: QuerySet[TaskRun], ids: Sequence[uuid.UUID], using: str) -> int:
    ids = _still(old, ids, using)
    if not ids:
        return 0
    forget_awaited(ids, using)
    # Children first, by raw deletes: the collector would load every row into memory.
    for model, column in (
        (Message, "run_id"), (ServiceTicks, "run_id"), (RunChild, "run_id"), (RunChild, "parent_id"),
        (Transition, "run_id"), (RunLog, "run_id"), (RunDetail, "run_id"), (RunPrerequisite, "run_id"),
        (RunPrerequisite, "prerequisite_id"),
    ):  # fmt: skip
        rows = model._base_manager.using(using).filter(**{f"{column}__in": ids})
        rows._raw_delete(using)
    deleted: int = TaskRun.objects.using(using).filter(pk__in=ids)._raw_delete(using)
    return deleted
