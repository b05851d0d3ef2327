"""What the page of a task shows above its form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext

from django_tasks_fsm import registry
from django_tasks_fsm.admin.badges import strip
from django_tasks_fsm.admin.links import Links
from django_tasks_fsm.admin.names import short_error
from django_tasks_fsm.admin.schedule_words import schedule_of
from django_tasks_fsm.admin.times import both, due, duration, stamp
from django_tasks_fsm.core.states import RunState, TaskState
from django_tasks_fsm.models import Task, TaskRun, Transition
from django_tasks_fsm.pictures.words import shown_state

LAST_RUNS = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One of the last runs: its numbers, and where its bar stands on a scale that all of them share, in percent."""

    run: TaskRun
    state: str
    href: str
    waited: str
    ran: str
    error: str
    wait_end: float
    run_width: float


def facts(task: Task, runs: Sequence[TaskRun], links: Links) -> list[tuple[str, Any]]:
    """Return what the head of the page says about a task."""
    queue = links.page("queue", task.queue)
    next_run = task.next_run_at if task.state == TaskState.ACTIVE else None
    return [
        (gettext("Next run"), stamp(None) if next_run is None else due(next_run)),
        (gettext("Schedule"), schedule_of(task)),
        *_ends(task),
        (gettext("Queue"), format_html('<a href="{}">{}</a>', queue, task.queue) if queue else task.queue),
        (gettext("Priority"), task.priority),
        (gettext("Declared in"), task.get_origin_display()),
        *_throttled(task),
        (gettext("Recent runs"), strip([run.state for run in reversed(runs)])),
    ]


def _throttled(task: Task) -> list[tuple[str, Any]]:
    return [(gettext("Rounds slowed down"), task.throttled)] if task.throttled else []


def _ends(task: Task) -> list[tuple[str, Any]]:
    """Return when its pause ends by itself, and after how many runs its schedule does, where they do."""
    found: list[tuple[str, Any]] = []
    if task.state == TaskState.PAUSED and task.paused_until is not None:
        found.append((gettext("Paused until"), both(task.paused_until)))
    if task.max_runs is not None:
        text = gettext("%(fired)d of %(max_runs)d") % {"fired": task.fired, "max_runs": task.max_runs}
        found.append((gettext("Runs of the schedule"), text))
    return found


def last_runs(task: Task) -> list[TaskRun]:
    """Return the newest runs without their payloads."""
    newest = task.runs.select_related("worker").defer("args", "kwargs", "result").order_by("-id")
    return list(newest[:LAST_RUNS])


def lines(runs: Sequence[TaskRun], links: Links) -> list[Line]:
    """Return the last runs as lines of a table."""
    now = timezone.now()
    spans = [_spans(run, now) for run in runs]
    longest = max((waited + ran for waited, ran in spans), default=timedelta(0)) or timedelta(seconds=1)
    return [_line(run, waited, ran, longest, links) for run, (waited, ran) in zip(runs, spans, strict=True)]


def _spans(run: TaskRun, now: datetime) -> tuple[timedelta, timedelta]:
    """Return how long a run waited from the time that it was due, and how long it ran."""
    due = max(run.enqueued_at, run.run_at)
    started = run.started_at or run.finished_at or now
    waited = max(timedelta(0), started - due)
    if run.started_at is None or (run.finished_at is None and run.state != RunState.RUNNING):
        return waited, timedelta(0)
    return waited, max(timedelta(0), (run.finished_at or now) - run.started_at)


def _line(run: TaskRun, waited: timedelta, ran: timedelta, longest: timedelta, links: Links) -> Line:
    return Line(
        run=run,
        state=shown_state(run),
        href=links.page("taskrun", run.pk),
        waited=duration(waited),
        ran=duration(ran) if run.started_at else "",
        error=short_error(links.error(run.error)),
        wait_end=round(100 * (waited / longest), 2),
        run_width=round(max(100 * (ran / longest), 0.5), 2),
    )


def last_failure(runs: Sequence[TaskRun]) -> Transition | None:
    """Return how the newest failed one of these runs failed."""
    failed = next((run for run in runs if run.state == RunState.FAILED), None)
    if failed is None:
        return None
    found = failed.transitions.filter(detail__isnull=False).order_by("-id").first()
    if found is not None:
        found.run = failed
    return found


def notes(task: Task) -> list[str]:
    """Return what a person should know before anything else."""
    found = []
    if registry.get(task.function) is None:
        found.append(
            gettext("No function is registered as “%(name)s” in this process: runs will wait or fail until one is.")
            % {"name": task.function}
        )
    if task.overrides:
        text = gettext("Changed here, and no longer synced from code: %(fields)s.")
        found.append(text % {"fields": ", ".join(_labels(task))})
    return found


def _labels(task: Task) -> list[str]:
    known = {field.name: str(field.verbose_name) for field in Task._meta.concrete_fields}
    return [known.get(name, name) for name in task.overrides]
