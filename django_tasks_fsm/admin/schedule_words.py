"""Triggers in words, and the next times they fire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import gettext

from django_tasks_fsm.admin.problems import trigger_problem
from django_tasks_fsm.admin.times import stamp
from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.exceptions import InvalidTrigger
from django_tasks_fsm.models import Task

PREVIEWED = 5


def schedule_of(task: Task) -> str:
    """Return when a task fires, as safe markup; a trigger that cannot be read says so."""
    try:
        return _in_words(task.fires)
    except InvalidTrigger as error:
        return format_html('<span class="fsm-err">{}</span>', trigger_problem(error))


def _in_words(trigger: triggers.Trigger) -> str:
    if isinstance(trigger, triggers.Manual):
        return gettext("only when asked")
    if isinstance(trigger, triggers.Once):
        return format_html(gettext("once, {}"), stamp(trigger.at))
    if isinstance(trigger, triggers.Interval):
        return gettext("every %(duration)s") % {"duration": _exact(trigger.every)}
    if isinstance(trigger, triggers.Cron):
        frame = '<code class="fsm-code">{}</code> <span class="quiet">{}</span>'
        return format_html(frame, trigger.expression, trigger.timezone)
    return trigger.describe()


def _exact(length: timedelta) -> str:
    """Return a length in all its units, without the empty ones: "5 min", "1 d 1 h 1 min 1.5 s"."""
    left, parts = length - timedelta(microseconds=length.microseconds), []
    for size, words in ((86_400, gettext("%(n)d d")), (3_600, gettext("%(n)d h")), (60, gettext("%(n)d min"))):
        count, left = divmod(left, timedelta(seconds=size))
        parts += [words % {"n": count}] if count else []
    seconds = Decimal(left.seconds * 1_000_000 + length.microseconds) / 1_000_000
    if seconds or not parts:
        parts.append(gettext("%(seconds)s s") % {"seconds": number_format(seconds, use_l10n=True)})
    return " ".join(parts)


def next_times(task: Task, count: int = PREVIEWED) -> list[datetime]:
    """Return the next times at which an ACTIVE task fires; the stored one first, which a person may have moved."""
    if task.state != TaskState.ACTIVE or task.next_run_at is None:
        return []
    first = task.next_run_at
    try:
        following = triggers.preview(task.fires, first.astimezone(UTC), count)
    except InvalidTrigger:
        return [first]
    return [first, *(slot for slot in following if slot > first)][:count]
