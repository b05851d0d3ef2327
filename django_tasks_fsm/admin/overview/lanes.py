"""Queues and the workers that serve them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F

from django_tasks_fsm.admin.overview.moments import Moment
from django_tasks_fsm.core.latency import Latency
from django_tasks_fsm.core.serving import served
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.each import COUNT, EARLIEST, Question
from django_tasks_fsm.models import Queue, TaskRun, Worker
from django_tasks_fsm.models.latency import by_queue

MOST_QUEUES = 20
MOST_WORKERS = 200
COUNTED = 1_000
"""Ready runs of one queue are counted up to here: enough to see that it does not keep up."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A queue: what is ready in it, since when, how many of the slots that serve it are taken, how late runs start."""

    queue: Queue
    ready: int
    is_more: bool
    oldest: datetime | None
    busy: int
    slots: int
    latency: Latency | None


def queues(using: str) -> list[Queue]:
    """Return the queues, the paused ones first."""
    return list(Queue.objects.using(using).order_by(F("paused_at").desc(nulls_last=True), "name")[:MOST_QUEUES])


def workers(using: str) -> list[Worker]:
    """Return the workers that have not stopped, those last heard of first."""
    return list(Worker.objects.using(using).filter(stopped_at=None).order_by("-heartbeat_at")[:MOST_WORKERS])


def questions(rows: Sequence[Queue], using: str) -> list[Question]:
    """Return what to ask of each queue: how many are ready, and since when the longest of them."""
    ready = TaskRun.objects.using(using).filter(state=RunState.QUEUED.value).values("run_at")
    # The claim's own order, so that its index serves.
    lanes = [ready.filter(queue=row.pk).order_by("-priority", "run_at", "id")[: COUNTED + 1] for row in rows]
    return [(what, lane) for lane in lanes for what in (COUNT, EARLIEST)]


def lanes(
    rows: Sequence[Queue], answers: Sequence[Any], hands: Sequence[Worker], running: Sequence[Moment], using: str
) -> list[Lane]:
    """Put the answers together with what runs, and where."""
    busy = Counter(moment.queue for moment in running)
    slots = _slots(rows, hands)
    time_out, late = for_alias(using).time_out, by_queue(using)
    return [
        Lane(
            row,
            min(count, COUNTED),
            count > COUNTED,
            oldest and time_out(oldest),
            busy[row.pk],
            slots[row.pk],
            late.get(row.pk),
        )
        for row, count, oldest in zip(rows, answers[::2], answers[1::2], strict=True)
    ]


def _slots(rows: Sequence[Queue], hands: Sequence[Worker]) -> Counter[str]:
    known = {row.pk: None for row in rows}
    found: Counter[str] = Counter()
    for worker in hands:
        if worker.is_serving:
            found.update(dict.fromkeys(served(known, worker.queues, worker.excluded_queues), worker.concurrency))
    return found
