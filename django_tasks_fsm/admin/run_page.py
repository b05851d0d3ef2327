"""What the page of a run shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext

from django_tasks_fsm.admin.links import Links
from django_tasks_fsm.admin.payload import pretty
from django_tasks_fsm.admin.times import both, duration, stamp
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import TaskRun, Transition
from django_tasks_fsm.redaction import masked, masked_args, masked_kwargs

Fact = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run says it is."""

    percent: int | None
    text: str


def facts(run: TaskRun, links: Links) -> list[Fact]:
    """Return what the head of the page says about a run; what it has not is left out."""
    found: list[Fact] = [
        (gettext("Task"), _link(links.page("task", run.task_id), run.task.name)),
        *([(gettext("Label"), run.label)] if run.label else []),
        (gettext("Attempt"), _attempt(run)),
        (gettext("Queue"), _link(links.page("queue", run.queue), run.queue)),
        (gettext("Priority"), run.priority),
    ]
    ran = _ran(run)
    if run.latency is not None:
        found.append((gettext("Latency"), duration(run.latency)))
    if ran:
        found.append((gettext("Ran"), ran))
    if run.worker_id is not None:
        name = run.worker.name if run.worker is not None else str(run.worker_id)
        found.append((gettext("Worker"), _link(links.page("worker", run.worker_id), name)))
    return [*found, *_times(run)]


def _times(run: TaskRun) -> list[Fact]:
    found: list[Fact] = []
    if run.state in (RunState.PENDING, RunState.QUEUED):
        found.append((gettext("Due"), both(run.run_at)))
    if run.scheduled_for is not None:
        found.append((gettext("Slot"), _slot(run)))
    if run.cancel_requested_at is not None and run.state == RunState.RUNNING:
        found.append((gettext("Asked to stop"), both(run.cancel_requested_at)))
    return found


def _slot(run: TaskRun) -> str:
    at, more = stamp(run.scheduled_for), run.stands_for - 1
    if more < 1:
        return at
    return format_html(
        ngettext("{at} and {more} missed before it", "{at} and {more} missed before it", more), at=at, more=more
    )


def _attempt(run: TaskRun) -> str:
    most = max(run.task.max_attempts, run.attempt)
    return gettext("%(attempt)d of %(most)d") % {"attempt": run.attempt, "most": most}


def _ran(run: TaskRun) -> str:
    if run.started_at is None or run.state not in (*_ENDED, RunState.RUNNING):
        return ""
    return duration((run.finished_at or timezone.now()) - run.started_at)


_ENDED = (RunState.DONE, RunState.FAILED, RunState.CANCELLED, RunState.ABORTED)


def progress(run: TaskRun) -> Progress | None:
    """Return how far the run is, if it ever told."""
    detail = getattr(run, "detail", None)
    if run.progress is None and (detail is None or not (detail.progress_done or detail.progress_note)):
        return None
    if detail is None:
        return Progress(run.progress, "")
    parts = [f"{detail.progress_done} / {detail.progress_total}" if detail.progress_total else "", detail.progress_note]
    return Progress(run.progress, " \N{MIDDLE DOT} ".join(filter(None, parts)))


def payloads(run: TaskRun) -> list[Fact]:
    """Return arguments, result and metadata as text; call it only for who may see them."""
    found: list[Fact] = []
    function = run.task.function
    if run.args:
        found.append((gettext("Arguments"), pretty(masked_args(run.args, function))))
    if run.kwargs:
        found.append((gettext("Keyword arguments"), pretty(masked_kwargs(run.kwargs, function))))
    if run.state == RunState.DONE:
        found.append((gettext("Result"), pretty(masked(run.result, function))))
    detail = getattr(run, "detail", None)
    if detail is not None and detail.metadata:
        found.append((gettext("Metadata"), pretty(masked(detail.metadata, function))))
    return found or [(gettext("Arguments"), pretty([]))]


def last_failure(run: TaskRun) -> Transition | None:
    """Return the transition with the newest traceback."""
    return run.transitions.filter(detail__isnull=False).order_by("-id").first()


def _link(href: str, text: str) -> str:
    return format_html('<a href="{}">{}</a>', href, text) if href else text
