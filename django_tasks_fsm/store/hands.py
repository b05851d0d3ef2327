"""Workers with what they hold, by the database's clock."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import F

from django_tasks_fsm import conf
from django_tasks_fsm.models import Worker

MOST = 100
"""Workers that are looked at."""

Held = tuple[uuid.UUID | None, str, uuid.UUID]
"""Worker, queue and id of a running run."""


@dataclass(frozen=True, slots=True)
class Hand:
    """A worker: the runs it holds, how many by queue, and for how long it has been silent."""

    worker: Worker
    runs: Sequence[uuid.UUID]
    silence: timedelta
    is_live: bool
    queues: Mapping[str, int] = field(default_factory=dict)

    @property
    def running(self) -> int:
        """Return how many runs it holds."""
        return len(self.runs)

    @property
    def is_serving(self) -> bool:
        """Tell whether it starts runs."""
        return self.is_live and not self.worker.is_paused

    @property
    def is_saturated(self) -> bool:
        """Tell whether it lives and does not keep up."""
        return self.is_live and self.worker.saturated_since is not None

    @property
    def state(self) -> str:
        """Return the word for how it is: one that has stopped has said so, a lost one is silent."""
        if self.worker.stopped_at is not None:
            return "STOPPED"
        if not self.is_live:
            return "LOST"
        return "PAUSED" if self.worker.is_paused else "LIVE"


def hands(at: datetime, running: Iterable[Held], using: str) -> list[Hand]:
    """Return the workers that have not stopped, those last heard of first."""
    rows = Worker.objects.using(using).filter(stopped_at=None).order_by("-heartbeat_at")[:MOST]
    return _hands(rows, at, running)


def stopped(at: datetime, running: Iterable[Held], using: str) -> list[Hand]:
    """Return the workers that have stopped, the last ones first."""
    rows = Worker.objects.using(using).filter(stopped_at__isnull=False).order_by(F("heartbeat_at").desc())[:MOST]
    return _hands(rows, at, running)


def _hands(rows: Iterable[Worker], at: datetime, running: Iterable[Held]) -> list[Hand]:
    held: dict[uuid.UUID | None, list[Held]] = defaultdict(list)
    for one in running:
        held[one[0]].append(one)
    lease = conf.options().lease
    return [_hand(worker, held.get(worker.pk, []), at, lease) for worker in rows]


def _hand(worker: Worker, held: Sequence[Held], at: datetime, lease: timedelta) -> Hand:
    silence = max(at - worker.heartbeat_at, timedelta())
    is_live = worker.stopped_at is None and silence <= lease
    return Hand(worker, [run for _, _, run in held], silence, is_live, Counter(queue for _, queue, _ in held))
