"""What waits in the queues of a worker that has no slot for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.each import COUNT, EARLIEST, answer_each
from django_tasks_fsm.models import TaskRun

LOOKED_AT = 1_000
"""Ready runs of each queue, in the order of the claim."""
MOST_QUEUES = 100


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many runs are ready, counted to a bound, and for how many seconds the longest of them has been due."""

    count: int
    oldest: float


def backlog(queues: Sequence[str], using: str) -> Backlog:
    """Look, in one statement along the claim's index."""
    ready = TaskRun.objects.using(using).filter(state=RunState.QUEUED.value).values("run_at")
    parts = [
        ready.filter(queue=name).order_by("-priority", "run_at", "id")[:LOOKED_AT] for name in queues[:MOST_QUEUES]
    ]
    answers = answer_each([(what, part) for part in parts for what in (COUNT, EARLIEST)], using)
    dialect = for_alias(using)
    due = [dialect.time_out(value) for value in answers[1::2] if value is not None]
    oldest = (dialect.now() - min(due)).total_seconds() if due else 0.0
    return Backlog(sum(answers[::2]), max(0.0, oldest))
