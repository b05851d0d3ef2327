"""Who holds the running runs, and the pauses of queues."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.models import Queue, TaskRun
from django_tasks_fsm.store.check.advice import WORKERS
from django_tasks_fsm.store.check.invariant import Invariant, Look, Rows, Where
from django_tasks_fsm.store.check.states import RUNNING

LEASES = 2
"""A worker that is silent for so many leases has long been taken for lost by the others."""


def _unrescued(look: Look, runs: QuerySet[Any]) -> Any:
    if not look.is_looked_after:
        return runs.none()
    long_ago = look.now - LEASES * look.lease
    # Where the row is gone nobody knows since when: at least one lease must have passed since the run began.
    gone = Q(worker__heartbeat_at=None, started_at__lt=long_ago)
    return runs.filter(gone | Q(worker__stopped_at__lt=long_ago) | Q(worker__heartbeat_at__lt=long_ago), state=RUNNING)


RULES = (
    Invariant(
        "Q601",
        _("No running run is held by a worker that is gone, while another one lives."),
        _("It was not taken back. After an outage of the database that may be so for the length of a lease."),
        WORKERS,
        Rows(TaskRun, "run", _unrescued, ("worker_id", "worker__heartbeat_at", "worker__stopped_at")),
    ),
    Invariant(
        "Q602",
        _("A pause of a queue that has an end has a beginning."),
        _("The queue is served, although somebody wanted it to rest."),
        _("Pause it anew, or resume it."),
        Where(Queue, "queue", Q(paused_at=None, paused_until__isnull=False), ("paused_until",)),
    ),
)
