"""Tell the workers that hold running runs that somebody wants something of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from functools import partial

from django.db import transaction

from django_tasks_fsm import signals
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.base import CHANNEL, call_for
from django_tasks_fsm.models.run import TaskRun
from django_tasks_fsm.models.transitions import Moved

WORKER = "worker:"


def call(workers: Iterable[uuid.UUID | None], using: str) -> None:
    """Call these workers, after commit, as the vendor can; without it they learn what is asked at their heartbeats."""
    names = frozenset(worker for worker in workers if worker is not None)
    dialect = for_alias(using)
    for name in sorted(names):
        dialect.wake(CHANNEL, call_for(name))
    if names and signals.workers_called.has_listeners(TaskRun):
        send = partial(signals.workers_called.send_robust, TaskRun, workers=names, using=using)
        transaction.on_commit(send, using=using)


def call_those_who_lost(moved: Iterable[Moved], using: str) -> None:
    """Call the workers from which somebody else has just taken a run: what they execute does not count any more."""
    taken = [row for row in moved if row.from_state == RunState.RUNNING and not row.actor.startswith(WORKER)]
    call([row.worker_id for row in taken], using)
