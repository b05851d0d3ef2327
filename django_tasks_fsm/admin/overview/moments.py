"""Raw rows of runs, as one statement gives them for several states at once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.each import list_each
from django_tasks_fsm.dialects.holds import where
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.run import TROUBLED

CAP = 10_000
"""Rows of one state that are counted: more is shown as "10,000+"."""
NEWEST_ENDED = 200
"""Runs of each kind that ended badly, whose dependents are looked for."""
TROUBLE = "state IN ('" + "', '".join(TROUBLED) + "')"
"""The condition of the index of those that ended badly, word for word."""
ENDED = (RunState.FAILED, RunState.CANCELLED, RunState.SKIPPED, RunState.ABORTED)


@dataclass(frozen=True, slots=True)
class Moment:
    """One run: when it started, is due or ended, by its state."""

    id: uuid.UUID
    at: datetime
    attempt: int
    queue: str
    worker: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Moments:
    """The runs of some states: the RUNNING and the due ones by time, the others newest first."""

    running: Sequence[Moment]
    due: Sequence[Moment]
    failed: Sequence[Moment]
    stopped: Sequence[Moment]


def moments(most: int, using: str) -> Moments:
    """Read them in one statement, each state from its index: all that run, up to the cap, and the first of the due."""
    runs = TaskRun.objects.using(using)
    running = runs.filter(state=RunState.RUNNING.value).order_by()
    due = runs.filter(state=RunState.PENDING.value, waiting_on=0, line=Place.OUTSIDE.value).order_by("run_at")
    parts = [
        _columns(running, "started_at", CAP + 1),
        _columns(due, "run_at", most),
        *(_columns(in_trouble(state, using).order_by("-finished_at"), "finished_at", NEWEST_ENDED) for state in ENDED),
    ]
    first, second, failed, *others = (_read(rows, using) for rows in list_each(parts, using))
    return Moments(first, second, failed[::-1], [moment for rows in others for moment in reversed(rows)])


def in_trouble(state: RunState, using: str) -> QuerySet[Any]:
    """Return the runs in one of the states that share an index of those that ended badly."""
    runs = TaskRun.objects.using(using).filter(state=state.value)
    return where(runs, TROUBLE) if for_alias(using).repeats_conditions else runs


def _columns(rows: QuerySet[Any], moment: str, most: int) -> QuerySet[Any]:
    return rows.values_list("pk", moment, "attempt", "queue", "worker_id")[:most]


def _read(rows: Sequence[Any], using: str) -> list[Moment]:
    time_out = for_alias(using).time_out
    found = [Moment(_id(pk), time_out(at), tries, lane, worker and _id(worker)) for pk, at, tries, lane, worker in rows]
    return sorted(found, key=lambda moment: moment.at)


def _id(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)
