"""Triggers in words."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext

from django_tasks_fsm.admin.problems import trigger_problem
from django_tasks_fsm.admin.times import stamp
from django_tasks_fsm.core import triggers
from django_tasks_fsm.exceptions import InvalidTrigger
from django_tasks_fsm.models import Task


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
        frame = (
            gettext("%(duration)s after the end of the last run") if trigger.from_end else gettext("every %(duration)s")
        )
        return frame % {"duration": exact(trigger.every)}
    if isinstance(trigger, triggers.Cron):
        frame = '<code class="fsm-code">{}</code> <span class="quiet">{}</span>'
        return format_html(frame, trigger.expression, trigger.timezone)
    if isinstance(trigger, triggers.AnyOf | triggers.AllOf):
        glue = gettext(" or ") if isinstance(trigger, triggers.AnyOf) else gettext(" and ")
        return format_html_join(glue, "({})", ((_in_words(member),) for member in trigger.of))
    if isinstance(trigger, triggers.WorkerStart):
        return gettext("when a worker starts")
    if isinstance(trigger, triggers.WorkerStop):
        return gettext("before a worker stops")
    return trigger.describe()


def exact(length: timedelta) -> str:
    """Return a length in all its units, without the empty ones: "5 min", "1 d 1 h 1 min 1.5 s"."""
    left, parts = length - timedelta(microseconds=length.microseconds), []
    for size, words in ((86_400, gettext("%(n)d d")), (3_600, gettext("%(n)d h")), (60, gettext("%(n)d min"))):
        count, left = divmod(left, timedelta(seconds=size))
        parts += [words % {"n": count}] if count else []
    seconds = Decimal(left.seconds * 1_000_000 + length.microseconds) / 1_000_000
    if seconds or not parts:
        parts.append(gettext("%(seconds)s s") % {"seconds": number_format(seconds, use_l10n=True)})
    return " ".join(parts)
