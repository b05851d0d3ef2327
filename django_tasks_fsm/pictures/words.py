"""Names, times and states as a card has room for them."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.drawing.palette import BLOCKED, RETRY

if TYPE_CHECKING:
    from django_tasks_fsm.models import TaskRun

MINUTE, HOUR, DAY = 60, 3600, 86400
MOST = 17
"""Characters that fit on a card."""


def short_name(name: str) -> str:
    """Return a name, or the last part of a path of modules that is too long for a card."""
    *_, last = parts = name.split(".")
    return last if len(name) > MOST and all(part.isidentifier() for part in parts) else name


def tail(pk: uuid.UUID) -> str:
    """Return the end of a run's id: its beginning is a time and the same for runs made together."""
    return str(pk)[-6:]


def shown_state(run: TaskRun) -> str:
    """Return the state to show: a PENDING run may be blocked by prerequisites, or wait for another attempt."""
    if run.state == RunState.PENDING and run.waiting_on:
        return BLOCKED
    if run.state == RunState.PENDING and run.attempt:
        return RETRY
    return run.state


def duration(length: timedelta | float) -> str:
    """Return a length of time in its two largest units: "1 min 11 s"; below ten seconds with a decimal."""
    seconds = max(0.0, length.total_seconds() if isinstance(length, timedelta) else length)
    whole = round(seconds)
    if seconds < 9.95:
        return gettext("%(seconds)s s") % {"seconds": number_format(round(seconds, 1), 1 if seconds >= 0.05 else 0)}
    if whole < MINUTE:
        return gettext("%(seconds)s s") % {"seconds": whole}
    if whole < HOUR:
        return gettext("%(minutes)d min %(seconds)02d s") % {"minutes": whole // MINUTE, "seconds": whole % MINUTE}
    if whole < DAY:
        return gettext("%(hours)d h %(minutes)02d min") % {"hours": whole // HOUR, "minutes": whole % HOUR // MINUTE}
    return gettext("%(days)d d %(hours)d h") % {"days": whole // DAY, "hours": whole % DAY // HOUR}


def relative(moment: datetime, now: datetime | None = None) -> str:
    """Return how far a moment lies ahead or back."""
    ahead = (moment - (now or timezone.now())).total_seconds()
    if abs(ahead) < 1:
        return gettext("now")
    if ahead > 0:
        return gettext("in %(duration)s") % {"duration": duration(ahead)}
    return gettext("%(duration)s ago") % {"duration": duration(-ahead)}


def local(moment: datetime) -> datetime:
    """Return a moment in the current time zone; unchanged where the project has none."""
    return timezone.localtime(moment) if timezone.is_aware(moment) else moment
