"""The life of a run in one list: the moments of its row and its transitions."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models.fields.json import KT
from django.utils.translation import gettext, pgettext_lazy

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Task, TaskRun, Transition, Worker

MOST = 200
"""Transitions on a page; a run that reschedules itself for ever has more."""

EVENTS = {
    "enqueued": pgettext_lazy("event", "Enqueued"),
    "started": pgettext_lazy("event", "Started"),
    "finished": pgettext_lazy("event", "Finished"),
    "start": pgettext_lazy("event", "Asked for"),
    "prepared": pgettext_lazy("event", "Let go"),
    "cancel": pgettext_lazy("event", "Cancelled"),
    "cancel_requested": pgettext_lazy("event", "Asked to stop"),
    "pause_requested": pgettext_lazy("event", "Asked to pause"),
    "error": pgettext_lazy("event", "Failed"),
    "skip": pgettext_lazy("event", "Skipped"),
    "abort": pgettext_lazy("event", "Aborted"),
    "retry": pgettext_lazy("event", "Retry"),
    "reschedule": pgettext_lazy("event", "Rescheduled"),
    "replaced": pgettext_lazy("event", "Given other arguments"),
    "handed_over": pgettext_lazy("event", "Followed by another run"),
    "release": pgettext_lazy("event", "Given back"),
    "lose": pgettext_lazy("event", "Worker lost"),
    "rerun": pgettext_lazy("event", "Run again"),
    "resolve": pgettext_lazy("event", "Resolved by hand"),
    "pause": pgettext_lazy("event", "Paused"),
    "resume": pgettext_lazy("event", "Resumed"),
    "retire": pgettext_lazy("event", "Retired"),
    "restore": pgettext_lazy("event", "Restored"),
    "exhaust": pgettext_lazy("event", "No more times"),
    "activate": pgettext_lazy("event", "Activated"),
    "update": pgettext_lazy("event", "Changed"),
}

REASONS = {
    "a new schedule was saved": pgettext_lazy("reason", "a new schedule was saved"),
    "code gave it another trigger": pgettext_lazy("reason", "code gave it another trigger"),
    "declared in code again": pgettext_lazy("reason", "declared in code again"),
    "its trigger has no more times": pgettext_lazy("reason", "its trigger has no more times"),
    "all runs that max_runs allows have been made": pgettext_lazy(
        "reason", "all runs that max_runs allows have been made"
    ),
    "its pause has ended": pgettext_lazy("reason", "its pause has ended"),
    "missed its grace time": pgettext_lazy("reason", "missed its grace time"),
    "asked for while it ran": pgettext_lazy("reason", "asked for while it ran"),
    "enqueued again": pgettext_lazy("reason", "enqueued again"),
    "made anew": pgettext_lazy("reason", "made anew"),
    "the run that bears its key now goes on instead": pgettext_lazy(
        "reason", "the run that bears its key now goes on instead"
    ),
    "the arguments do not fit the function": pgettext_lazy("reason", "the arguments do not fit the function"),
    "the result is not JSON": pgettext_lazy("reason", "the result is not JSON"),
}
"""What the engine gives as its reasons, which it stores in English."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history."""

    at: datetime
    event: str
    to_state: str = ""
    who: str = ""
    why: str = ""
    worker_id: uuid.UUID | None = None
    attempt: int | None = None
    exception: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """The lines in order, and whether older transitions were left out."""

    entries: tuple[Entry, ...]
    is_cut: bool
    workers: Mapping[uuid.UUID, str]


def history_of(run: TaskRun) -> History:
    """Return the life of a run."""
    rows = _newest(run.transitions, MOST)
    told = {row.to_state for row in rows}
    is_told = RunState.DONE in told
    moments = [moment for moment in _moments(run) if not (is_told and moment.to_state == RunState.DONE)]
    return _merged(moments, rows, MOST)


def history_of_task(task: Task, count: int = 10) -> History:
    """Return the last things that happened to a task."""
    return _merged([], _newest(task.transitions, count), count)


def _newest(transitions: Any, count: int) -> list[Transition]:
    # The detail holds tracebacks: only the name of the exception is wanted here.
    rows = transitions.defer("detail").annotate(exception=KT("detail__exception"))
    return list(rows.order_by("-id")[: count + 1])


def _merged(moments: Iterable[Entry], newest: Sequence[Transition], count: int) -> History:
    entries = sorted([*moments, *map(_entry, reversed(newest[:count]))], key=lambda entry: entry.at)
    return History(tuple(entries), len(newest) > count, _workers(entries))


def _moments(run: TaskRun) -> list[Entry]:
    """Return what the row's own timestamps tell; a state that a transition led to has its line there."""
    found = [Entry(run.enqueued_at, _word("enqueued"))]
    if run.started_at is not None:
        running = RunState.RUNNING.value
        found.append(Entry(run.started_at, _word("started"), running, worker_id=run.worker_id, attempt=run.attempt))
    if run.finished_at is not None and run.state == RunState.DONE:
        found.append(Entry(run.finished_at, _word("finished"), run.state, worker_id=run.worker_id, attempt=run.attempt))
    return found


def _entry(row: Transition) -> Entry:
    return Entry(
        at=row.at,
        event=_word(row.event),
        to_state=row.to_state if row.to_state != row.from_state else "",
        who=spoken(row.actor),
        why=str(REASONS.get(row.reason, row.reason)),
        worker_id=row.worker_id,
        attempt=row.attempt or None,
        exception=getattr(row, "exception", "") or "",
    )


def _word(event: str) -> str:
    return str(EVENTS.get(event, event))


def spoken(actor: str) -> str:
    """Return who did something, as people say it."""
    kind, _, name = actor.partition(":")
    if kind == "user":
        return name
    return gettext("the worker") if kind == "worker" else gettext("the system") if kind == "system" else actor


def _workers(entries: Iterable[Entry]) -> dict[uuid.UUID, str]:
    ids = {entry.worker_id for entry in entries if entry.worker_id}
    return dict(Worker.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}
