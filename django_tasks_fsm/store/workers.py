"""The rows of worker processes: come, live, go."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Case, F, QuerySet, When

from django_tasks_fsm.core.serving import served
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models import Queue, TaskRun, Worker
from django_tasks_fsm.models.forgetting import idle
from django_tasks_fsm.models.queue import shut
from django_tasks_fsm.models.transactions import in_transaction

FORGET_BATCH = 500


@dataclass(frozen=True, slots=True)
class Identity:
    """What a worker says of itself when it starts."""

    id: uuid.UUID
    name: str
    host: str
    pid: int
    queues: tuple[str, ...]
    excluded_queues: tuple[str, ...]
    concurrency: int


@dataclass(frozen=True, slots=True)
class Beat:
    """What a heartbeat learned: the fences of the runs this worker holds, and which of them should stop."""

    fences: dict[uuid.UUID, int] = field(default_factory=dict)
    stop: frozenset[uuid.UUID] = frozenset()


def register(identity: Identity, using: str) -> None:
    """Write the worker's row, alive from now by the database's clock."""

    defaults = {
        "name": identity.name[:100],
        "host": identity.host[:255],
        "pid": identity.pid,
        "queues": list(identity.queues),
        "excluded_queues": list(identity.excluded_queues),
        "concurrency": identity.concurrency,
        "started_at": DatabaseNow(),
        "heartbeat_at": DatabaseNow(),
    }
    # Not create(): where the answer to a commit was lost, the repeated transaction finds the row there.
    in_transaction(lambda: Worker.objects.using(using).get_or_create(id=identity.id, defaults=defaults), using)


def beat(identity: Identity, using: str) -> Beat:
    """Renew the worker's lease and return what it holds; a row that somebody deleted is written again."""
    if not _renew(identity.id, using):
        register(identity, using)
    rows = TaskRun.objects.using(using).filter(state=RunState.RUNNING.value, worker_id=identity.id)
    held = list(rows.values_list("pk", "fence", "cancel_requested_at"))
    return Beat({pk: fence for pk, fence, _ in held}, frozenset(pk for pk, _, asked in held if asked))


def _renew(worker_id: uuid.UUID, using: str) -> bool:
    rows = Worker.objects.using(using).filter(pk=worker_id)
    return bool(in_transaction(lambda: rows.update(heartbeat_at=DatabaseNow(), stopped_at=None), using))


def leave(worker_id: uuid.UUID, using: str) -> None:
    """Say that the worker has stopped; whatever it still holds may be rescued at once."""
    rows = Worker.objects.using(using).filter(pk=worker_id)
    in_transaction(lambda: rows.update(stopped_at=DatabaseNow(), heartbeat_at=F("heartbeat_at")), using)


def forget_gone(age: timedelta, using: str) -> int:
    """Delete the rows of workers that have been silent for longer than ``age`` and hold nothing; return how many."""
    gone = idle(using).filter(heartbeat_at__lt=DatabaseNow() - age)
    ids = list(gone.values_list("pk", flat=True)[:FORGET_BATCH])
    rows = gone.filter(pk__in=ids)  # asked again: one that has come back since keeps its row
    return in_transaction(lambda: rows._raw_delete(using), using) if ids else 0


def open_queues(wanted: Sequence[str], excluded: Sequence[str], using: str) -> tuple[str, ...]:
    """Return the queues to claim from: those asked for, or all known ones for "*", without excluded and paused ones."""
    return served(dict(Queue.objects.using(using).values_list("name", shut_since())), wanted, excluded)


def shut_since() -> Case:
    """Return since when a queue has been paused; NULL for an open one, and when its pause is over."""
    return Case(When(shut(), then=F("paused_at")))


def living(lease: timedelta, using: str) -> QuerySet[Worker]:
    """Return the workers that have not stopped and whose heartbeat is within ``lease``, by the database's clock."""
    return Worker.objects.using(using).filter(stopped_at=None, heartbeat_at__gte=DatabaseNow() - lease)
