"""Why a run has not started, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext

from django_tasks_fsm.admin.badges import shown_state
from django_tasks_fsm.admin.links import Links
from django_tasks_fsm.admin.names import short_name, tail
from django_tasks_fsm.admin.times import both
from django_tasks_fsm.core.prerequisites import Standing
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.drawing import word
from django_tasks_fsm.models import Queue, TaskRun

MOST = 5
"""Prerequisites named in the sentence; the graph has them all."""


def waits_for(run: TaskRun, unmet: Sequence[tuple[TaskRun, Standing]], links: Links) -> str:
    """Return what the run waits for as safe markup; empty for a run that has started or ended."""
    if run.state == RunState.PREPARE:
        return gettext("It is being prepared, and goes when whoever prepares it lets it go.")
    if run.state == RunState.PENDING and run.waiting_on:
        return _for_prerequisites(run, unmet, links)
    if run.state == RunState.PENDING:
        return _for_its_time(run, timezone.now())
    if run.state == RunState.QUEUED:
        return _for_a_worker(run, links)
    return ""


def _for_prerequisites(run: TaskRun, unmet: Sequence[tuple[TaskRun, Standing]], links: Links) -> str:
    count = ngettext("It waits for %(count)d prerequisite", "It waits for %(count)d prerequisites", run.waiting_on) % {
        "count": run.waiting_on
    }
    broken = [other for other, how in unmet if how is Standing.BROKEN]
    named = [*broken, *(other for other, how in unmet if how is not Standing.BROKEN)]
    if not named:
        return format_html("{}.", count)
    pairs = [(_named(other, links), word(shown_state(other)).lower()) for other in named[:MOST]]
    listed = format_html_join(", ", "{} ({})", pairs)
    if len(named) > MOST:
        listed = format_html(gettext("{} and others"), listed)
    if not broken:
        return format_html("{}: {}.", count, listed)
    advice = gettext("What has ended in a way that does not count must be retried, or this run cancelled.")
    return format_html("{}: {}. {}", count, listed, advice)


def _named(run: TaskRun, links: Links) -> str:
    text = f"{short_name(run.task.name)} {tail(run.pk)}"
    href = links.page("taskrun", run.pk)
    return format_html('<a href="{}">{}</a>', href, text) if href else text


def _for_its_time(run: TaskRun, now: datetime) -> str:
    if run.run_at <= now:
        return gettext("Its time has come: a worker will put it into its queue within seconds.")
    if run.attempt:
        return format_html(gettext("Attempt {} failed; the next one is due {}."), run.attempt, both(run.run_at))
    return format_html(gettext("It is due {}."), both(run.run_at))


def _for_a_worker(run: TaskRun, links: Links) -> str:
    queue = Queue.objects.filter(pk=run.queue).exclude(paused_at=None).first()
    if queue is None:
        return format_html(gettext("It waits in the queue {} for a free worker."), run.queue)
    href = links.page("queue", queue.pk)
    name = format_html('<a href="{}">{}</a>', href, queue.name) if href else queue.name
    since = format_html(gettext("Its queue {} is paused since {}."), name, both(queue.paused_at))
    if not queue.pause_reason:
        return since
    return format_html("{} {}", since, gettext("Reason: %(reason)s") % {"reason": queue.pause_reason})
