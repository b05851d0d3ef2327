"""How many runs were made in each of the last 24 hours, and how many failed in it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from django_tasks_fsm.admin.overview.moments import in_trouble
from django_tasks_fsm.core.ids import first_run_id_at
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects.each import COUNT, Question
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.pictures.words import local

CAP = 10_000
"""Runs counted in one hour: the primary key tells when a run was made, so this is a walk of so many steps in it."""
HOURS = 24


@dataclass(frozen=True, slots=True)
class Hour:
    """One bar; ``is_more`` says that there were more than were counted."""

    start: datetime
    made: int
    failed: int
    is_more: bool


def starts(now: datetime) -> list[datetime]:
    """Return the starts of the last 24 hours, by the clock on the wall, oldest first; the last hour is not over."""
    here = local(now)
    into = timedelta(minutes=here.minute, seconds=here.second, microseconds=here.microsecond)
    first = now - into - timedelta(hours=HOURS - 1)
    return [first + timedelta(hours=number) for number in range(HOURS)]


def questions(since: Sequence[datetime], using: str) -> list[Question]:
    """Return what to ask of each hour: the runs made in it, and those that failed in it."""
    runs, failed = TaskRun.objects.using(using).order_by().values("pk"), in_trouble(RunState.FAILED, using).order_by()
    asked: list[Question] = []
    for start in since:
        end = start + timedelta(hours=1)
        made = runs.filter(pk__gte=_first_id(start), pk__lt=_first_id(end))
        lost = failed.filter(finished_at__gte=start, finished_at__lt=end).values("finished_at")
        asked += [(COUNT, made[: CAP + 1]), (COUNT, lost[: CAP + 1])]
    return asked


def hours(since: Sequence[datetime], answers: Sequence[int]) -> tuple[Hour, ...]:
    """Put the answers together."""
    rows = zip(since, answers[::2], answers[1::2], strict=True)
    return tuple(Hour(start, min(made, CAP), min(lost, CAP), max(made, lost) > CAP) for start, made, lost in rows)


def _first_id(moment: datetime) -> uuid.UUID:
    aware = moment if timezone.is_aware(moment) else timezone.make_aware(moment, timezone.get_default_timezone())
    return first_run_id_at(aware.timestamp())
