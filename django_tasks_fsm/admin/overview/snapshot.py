"""All that the overview tells, read at once and kept for some seconds in this process."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import router
from django.utils import timezone

from django_tasks_fsm.admin.overview import counts, hours, lanes
from django_tasks_fsm.admin.overview.moments import Moments, moments
from django_tasks_fsm.admin.overview.trouble import Broken, broken, unreadable
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.dialects.each import answer_each
from django_tasks_fsm.models import Task, TaskRun, Worker

KEPT = 5.0
"""Seconds for which a snapshot is shown: a page that many people leave open costs no more than one."""
MOST = 6
"""Rows of each list."""
HEAVY = ("args", "kwargs", "result", "task__args", "task__kwargs", "task__description")

_taken: dict[str, tuple[float, Snapshot]] = {}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was so at one moment. ``runs`` holds those that are shown, and names none of their payloads."""

    at: datetime
    tallies: Mapping[str, counts.Tally]
    hours: Sequence[hours.Hour]
    lanes: Sequence[lanes.Lane]
    workers: Sequence[Worker]
    held: Mapping[uuid.UUID | None, int]
    running: Sequence[TaskRun]
    failed: Sequence[TaskRun]
    due: Sequence[TaskRun]
    broken: Sequence[tuple[TaskRun, TaskRun]]
    firing: Sequence[Task]
    unreadable: Sequence[Task]


def snapshot() -> Snapshot:
    """Return the present snapshot, or take one."""
    using = router.db_for_read(TaskRun)
    kept = _taken.get(using)
    if kept is None or time.monotonic() - kept[0] >= KEPT:
        kept = _taken[using] = (time.monotonic(), take(using))
    return kept[1]


def forget() -> None:
    """Let the next one who asks take a new snapshot."""
    _taken.clear()


def take(using: str) -> Snapshot:
    """Read everything, in ten bounded statements."""
    now = timezone.now()
    lists, queues, workers = moments(MOST, using), lanes.queues(using), lanes.workers(using)
    since = hours.starts(now)
    asked = [counts.questions(using), hours.questions(since, using), lanes.questions(queues, using)]
    answers = iter(answer_each([question for part in asked for question in part], using))
    by_state, by_hour, by_queue = ([next(answers) for _ in part] for part in asked)
    edges = broken(lists, MOST, using)
    runs = _runs(_shown(lists, edges), using)
    return Snapshot(
        at=now,
        tallies=counts.tallies(by_state, counts.newest(using), len(lists.running)),
        hours=hours.hours(since, by_hour),
        lanes=lanes.lanes(queues, by_queue, workers, lists.running, using),
        workers=workers,
        held=Counter(moment.worker for moment in lists.running),
        running=[runs[one.id] for one in lists.running[:MOST] if one.id in runs],
        failed=[runs[one.id] for one in lists.failed[:MOST] if one.id in runs],
        due=[runs[one.id] for one in lists.due[:MOST] if one.id in runs],
        broken=[(runs[run], runs[of]) for run, of in edges if run in runs and of in runs],
        firing=_firing(using),
        unreadable=unreadable(MOST, using),
    )


def _shown(lists: Moments, edges: Sequence[Broken]) -> set[uuid.UUID]:
    found = {one.id for part in (lists.running, lists.failed, lists.due) for one in part[:MOST]}
    return found.union(*edges)


def _runs(ids: Collection[uuid.UUID], using: str) -> dict[uuid.UUID, TaskRun]:
    rows = TaskRun.objects.using(using).select_related("task", "worker").defer(*HEAVY)
    return {run.pk: run for run in rows.filter(pk__in=ids)}


def _firing(using: str) -> list[Task]:
    rows = Task.objects.using(using).filter(state=TaskState.ACTIVE.value, next_run_at__isnull=False)
    return list(rows.defer("args", "kwargs", "description").order_by("next_run_at")[:MOST])
