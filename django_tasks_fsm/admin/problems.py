"""What is wrong with an entry, for the reader of a page: exceptions speak to programmers, and in English."""

from __future__ import annotations

from django.utils.translation import gettext

from django_tasks_fsm.core.misfire import MAX_CAP
from django_tasks_fsm.exceptions import InvalidTrigger, ScheduleNeverFires, UnstorablePayload


def trigger_problem(error: InvalidTrigger, kind: str = "") -> str:
    """Return why a trigger cannot be used; ``kind`` where it was entered as one that the form offers."""
    if isinstance(error, ScheduleNeverFires):
        return gettext("This schedule never fires: no date satisfies all of its fields. Check day, month and weekday.")
    if kind == "interval":
        return gettext("The time between two runs must be from 10 ms to 36525 days.")
    if kind == "cron":
        # The parser's own words lie below: they say which field is wrong, and why.
        text = gettext("This cron expression cannot be used. In detail: %(detail)s")
        return text % {"detail": error.__cause__ or error}
    return gettext("This schedule cannot be used. In detail: %(detail)s") % {"detail": error}


def payload_problem(error: UnstorablePayload) -> str:
    """Return why arguments cannot be stored."""
    return gettext("This cannot be stored. In detail: %(detail)s") % {"detail": error}


def cap_problem() -> str:
    """Return what a cap of missed times must be."""
    return gettext("This must be a whole number from 1 to %(most)d.") % {"most": MAX_CAP}
