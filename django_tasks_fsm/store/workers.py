"""The rows of worker processes: come, live, go."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.db.models import Case, DateTimeField, F, QuerySet, When
from django.db.models.functions import Coalesce

from django_tasks_fsm.core.serving import served
from django_tasks_fsm.core.slots import Reserve
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models import Queue, TaskRun, Worker
from django_tasks_fsm.models.actor import Actor
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
    reserve: Reserve = ()
    queue_concurrency: Sequence[tuple[str, int]] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    is_paused: bool = False
    """Whether it starts paused."""
    succeeds: bool = False
    """Whether it takes over what people asked of the last worker of this name on this host."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What a worker says of itself at every heartbeat; ``rss`` is bytes, ``lanes`` counts its runs by executor."""

    concurrency: int
    saturated_for: float | None = None
    rss: int | None = None
    lanes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What people want of a worker; ``concurrency`` is None where nobody has asked for another than its flag's."""

    concurrency: int | None = None
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class Beat:
    """What a heartbeat learned: the fences of the runs this worker holds, and which of them should stop."""

    fences: dict[uuid.UUID, int] = field(default_factory=dict)
    stop: frozenset[uuid.UUID] = frozenset()
    is_look: bool = False
    """Whether it was a look between two heartbeats, which renews nothing."""
    wishes: Wishes | None = None
    """None where the row is not there, or was not read."""


def register(identity: Identity, using: str) -> Wishes:
    """Write the worker's row, alive from now by the database's clock; return what people want of it."""
    defaults = {
        **_paused(identity),
        **(_handed_down(identity, using) if identity.succeeds else {}),
        "name": identity.name[:100],
        "host": identity.host[:255],
        "pid": identity.pid,
        "queues": list(identity.queues),
        "excluded_queues": list(identity.excluded_queues),
        "concurrency": identity.concurrency,
        "reserved": [list(pair) for pair in identity.reserve],
        "queue_concurrency": dict(identity.queue_concurrency),
        "versions": dict(identity.versions),
        "started_at": DatabaseNow(),
        "heartbeat_at": DatabaseNow(),
    }
    # Not create(): where the answer to a commit was lost, the repeated transaction finds the row there.
    rows = Worker.objects.using(using)
    row, _ = in_transaction(lambda: rows.get_or_create(id=identity.id, defaults=defaults), using)
    return Wishes(row.desired_concurrency, row.is_paused)


def _paused(identity: Identity) -> dict[str, Any]:
    by = Actor.worker(identity.id).name
    return {"paused_at": DatabaseNow(), "paused_by": by} if identity.is_paused else {}


def _handed_down(identity: Identity, using: str) -> dict[str, Any]:
    former = Worker.objects.using(using).filter(name=identity.name[:100], host=identity.host[:255])
    wanted = ("desired_concurrency", "paused_at", "paused_by", "pause_reason")
    return former.order_by("-started_at").values(*wanted).first() or {}


def beat(identity: Identity, using: str, vitals: Vitals | None = None) -> Beat:
    """Renew the worker's lease and return what it holds and what people want of it.

    A row that somebody deleted is written again.
    """
    if not _renew(identity.id, vitals, using):
        register(identity, using)
    wished = Worker.objects.using(using).filter(pk=identity.id).values_list("desired_concurrency", "paused_at").first()
    wishes = None if wished is None else Wishes(wished[0], wished[1] is not None)
    return replace(_held(identity.id, using), wishes=wishes)


def look(identity: Identity, using: str) -> Beat:
    """Return what the worker holds, and write nothing."""
    return replace(_held(identity.id, using), is_look=True)


def _held(worker_id: uuid.UUID, using: str) -> Beat:
    rows = TaskRun.objects.using(using).filter(state=RunState.RUNNING.value, worker_id=worker_id)
    held = list(rows.values_list("pk", "fence", "cancel_requested_at"))
    return Beat({pk: fence for pk, fence, _ in held}, frozenset(pk for pk, _, asked in held if asked))


def _renew(worker_id: uuid.UUID, vitals: Vitals | None, using: str) -> bool:
    rows = Worker.objects.using(using).filter(pk=worker_id)
    told = {} if vitals is None else _told(vitals)
    return bool(in_transaction(lambda: rows.update(heartbeat_at=DatabaseNow(), stopped_at=None, **told), using))


def _told(vitals: Vitals) -> dict[str, Any]:
    saturated: Any = None
    if vitals.saturated_for is not None:
        began = DatabaseNow() - timedelta(seconds=vitals.saturated_for)
        saturated = Coalesce("saturated_since", began, output_field=DateTimeField())
    return {
        "concurrency": vitals.concurrency, "rss": vitals.rss, "lanes": dict(vitals.lanes), "saturated_since": saturated
    }  # fmt: skip


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
