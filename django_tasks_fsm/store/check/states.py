"""What belongs to the state of a run, by its own columns."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.core.slots import HIGHEST_PRIORITY, LOWEST_PRIORITY
from django_tasks_fsm.core.states import FINAL, UNFINISHED, RunState
from django_tasks_fsm.models import Queue, TaskRun
from django_tasks_fsm.store.check.advice import BY_HAND, RESTORE, RETRY_OR_ABORT
from django_tasks_fsm.store.check.invariant import Invariant, Look, Rows, Where

STATES = [state.value for state in RunState]
ENDED = [state.value for state in RunState if state in FINAL]
GOING = [state.value for state in RunState if state in UNFINISHED]
UNSTARTED = [RunState.PREPARE.value, RunState.PENDING.value, RunState.QUEUED.value]
RUNNING, DONE = RunState.RUNNING.value, RunState.DONE.value


def _runs(wrong: Q, *columns: str) -> Where:
    return Where(TaskRun, "run", wrong, ("state", *columns))


def _without_queue(look: Look, runs: QuerySet[Any]) -> Any:
    known = Queue.objects.using(look.using).values("name")
    return runs.filter(state__in=GOING).exclude(queue__in=known)


def _with_odd_arguments(look: Look, runs: QuerySet[Any]) -> Any:
    texts = runs.filter(state__in=GOING).annotate(a=Cast("args", TextField()), k=Cast("kwargs", TextField()))
    return texts.exclude(a__startswith="[", k__startswith="{")


RULES = (
    Invariant(
        "R101",
        _("Every state of a run is one that there is."),
        _("No worker takes such a run, and nothing else can be done with it."),
        RESTORE,
        _runs(~Q(state__in=STATES)),
    ),
    Invariant(
        "R102",
        _("A run has an end if, and only if, its state is final."),
        _("It is taken for ended here and for going on there; pruning and latencies go by either."),
        RETRY_OR_ABORT,
        _runs(Q(state__in=ENDED, finished_at=None) | Q(state__in=GOING, finished_at__isnull=False), "finished_at"),
    ),
    Invariant(
        "R103",
        _("A running run has been claimed by a worker."),
        _("Nobody executes it, and nobody takes it back."),
        RETRY_OR_ABORT,
        _runs(
            Q(state=RUNNING) & (Q(worker_id=None) | Q(started_at=None) | Q(attempt=0) | Q(fence=0)),
            "worker_id", "started_at", "attempt", "fence",
        ),
    ),
    Invariant(
        "R104",
        _("A run has not been tried more often than it was claimed."),
        _("Its attempts were raised without a claim, and it may fail before its time."),
        BY_HAND,
        _runs(Q(attempt__gt=F("fence")), "attempt", "fence"),
    ),
    Invariant(
        "R105",
        _("What was never claimed has no worker and no start."),
        _("Its fence was set back: a late worker may write what another one should."),
        BY_HAND,
        _runs(Q(fence__lt=0) | Q(fence=0, worker_id__isnull=False) | Q(fence=0, started_at__isnull=False), "fence"),
    ),
    Invariant(
        "R106",
        _("A run that waits has not been asked to stop."),
        _("It was given back after somebody cancelled it, and will begin again."),
        _("Cancel it."),
        _runs(Q(state__in=UNSTARTED, cancel_requested_at__isnull=False), "cancel_requested_at"),
    ),
    Invariant(
        "R107",
        _("A run that is DONE has no error, and no other has a result."),
        _("Whoever reads it gets the wrong answer."),
        BY_HAND,
        _runs((Q(state=DONE) & ~Q(error="")) | (~Q(state=DONE) & Q(result__isnull=False)), "error"),
    ),
    Invariant(
        "R108",
        _("Priority, progress and the number of slots lie within their bounds."),
        _("It is claimed out of turn, or shown wrongly."),
        BY_HAND,
        _runs(
            Q(priority__lt=LOWEST_PRIORITY) | Q(priority__gt=HIGHEST_PRIORITY) | Q(progress__gt=100) | Q(stands_for=0),
            "priority", "progress", "stands_for",
        ),
    ),
    Invariant(
        "R109",
        _("The queue of every unfinished run has a row."),
        _("Workers that serve all queues do not see the queue, and the run waits for ever."),
        _("Make the row in a shell: Queue.objects.create(name=...)."),
        Rows(TaskRun, "run", _without_queue, ("state", "queue")),
    ),
    Invariant(
        "R110",
        _("The arguments of an unfinished run are a list, its keyword arguments an object."),
        _("Its function cannot be called."),
        _("Cancel it, and enqueue it anew."),
        Rows(TaskRun, "run", _with_odd_arguments, ("state",)),
    ),
    Invariant(
        "R111",
        _("No run has ended before it began."),
        _("The database's clock was set back, or rows come from two clocks: durations and latencies are wrong."),
        _("Keep the clocks of the database's hosts in step (NTP)."),
        _runs(Q(state__in=ENDED, finished_at__lt=F("started_at")), "started_at", "finished_at"),
        is_note=True,
    ),
)  # fmt: skip
