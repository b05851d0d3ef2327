"""How many runs are in each state that is shown, as far as a bounded look can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils.formats import number_format

from django_tasks_fsm.admin.overview.moments import CAP, ENDED, in_trouble
from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects.each import COUNT, COUNT_TRIED, Question
from django_tasks_fsm.drawing.palette import BLOCKED, RETRY
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.line import in_line

NEWEST = 20_000
"""Runs among which those are counted whose state has no index: being prepared, blocked, done."""
SHOWN = ("PREPARE", "PENDING", BLOCKED, "QUEUED", "RUNNING", RETRY, "DONE", "FAILED", "CANCELLED", "SKIPPED", "ABORTED")


@dataclass(frozen=True, slots=True)
class Tally:
    """A number, whether there may be more, and whether only the newest runs were looked at."""

    number: int
    is_more: bool = False
    of_newest: bool = False

    def __str__(self) -> str:
        number = number_format(self.number, use_l10n=True, force_grouping=True)
        return f"{number}+" if self.is_more else number


def questions(using: str) -> list[Question]:
    """Return what to ask for the states that have an index."""
    runs = TaskRun.objects.using(using).order_by()
    due = runs.filter(state=RunState.PENDING.value, waiting_on=0, line=Place.OUTSIDE.value).order_by("run_at")
    queued = runs.filter(state=RunState.QUEUED.value).values("queue")
    # Each asks for a column that its index has, so that the rows need not be visited.
    ended = [in_trouble(state, using).order_by().values("finished_at") for state in ENDED]
    tried = (COUNT_TRIED, due.values("attempt")[: CAP + 1])
    lines = (COUNT, in_line(using).values("run_at")[: CAP + 1])
    rest = [(COUNT, rows[: CAP + 1]) for rows in (queued, *ended)]
    return [(COUNT, due.values("run_at")[: CAP + 1]), tried, lines, *rest]


def newest(using: str) -> dict[str, int]:
    """Look at the newest runs for the states that have no index."""
    runs = TaskRun.objects.using(using).order_by("-id").values("pk", "state", "waiting_on")[: NEWEST + 1]
    found: dict[str, int] = runs.aggregate(
        all=Count("pk"),
        PREPARE=Count("pk", filter=Q(state=RunState.PREPARE.value)),
        BLOCKED=Count("pk", filter=Q(state=RunState.PENDING.value, waiting_on__gt=0)),
        DONE=Count("pk", filter=Q(state=RunState.DONE.value)),
    )
    return found


def tallies(answers: Sequence[Any], seen: Mapping[str, int], running: int) -> dict[str, Tally]:
    """Put the answers together, in the order of a run's life."""
    due, again, in_lines, *counted = answers
    is_cut, is_long = seen["all"] > NEWEST, max(due, in_lines) > CAP
    found = {state.value: capped(count) for state, count in zip((RunState.QUEUED, *ENDED), counted, strict=True)}
    found |= {state: capped(seen[state], is_cut) for state in ("PREPARE", BLOCKED, "DONE")}
    first = max(0, min(due, CAP) - again) + min(in_lines, CAP)
    found |= {"RUNNING": capped(running), RETRY: Tally(min(again, CAP), is_long), "PENDING": Tally(first, is_long)}
    return {state: found[state] for state in SHOWN}


def capped(count: int, is_cut: bool = False) -> Tally:
    """Return a count of at most CAP + 1 rows; ``is_cut`` where only the newest runs were looked at."""
    is_full = count > CAP
    return Tally(min(count, CAP), is_full, is_cut and not is_full)
