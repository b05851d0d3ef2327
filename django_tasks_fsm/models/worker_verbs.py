"""Pause, resume and resize workers: one UPDATE each, which tells who was first; they obey at their next heartbeat."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext

from django_tasks_fsm.core.payload import clean_text
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.querysets import Report
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import Moved
from django_tasks_fsm.models.worker import Worker

OPEN, PAUSED = TaskState.ACTIVE.value, TaskState.PAUSED.value
"""A worker has no state column; these two words of a task say the same."""

Ids = Iterable[uuid.UUID]


def pause_workers(ids: Ids, using: str, *, actor: Actor, reason: str = "") -> Report:
    """Let workers start nothing more, until somebody resumes them; what they hold goes on."""
    who, why = clean_text(actor.name, 150), clean_text(reason, 500)
    values = {"paused_at": DatabaseNow(), "paused_by": who, "pause_reason": why}
    return _move(ids, "pause", (OPEN, PAUSED), Q(paused_at=None), values, using)


def resume_workers(ids: Ids, using: str) -> Report:
    """Let paused workers start runs again."""
    values = {"paused_at": None, "paused_by": "", "pause_reason": ""}
    return _move(ids, "resume", (PAUSED, OPEN), Q(paused_at__isnull=False), values, using)


def resize_workers(ids: Ids, slots: int | None, using: str) -> Report:
    """Give workers so many slots; None gives them as many as they were started with.

    Those are left alone that have no slot beside their reserved ones then.
    """
    wanted = list(ids)
    rows = Worker.objects.using(using).filter(pk__in=wanted)
    fit = [row.pk for row in rows if slots is None or slots > row.kept_slots]
    report = _move(fit, "resize", (OPEN, OPEN), Q(), {"desired_concurrency": slots}, using)
    left = len(wanted) - len(fit)
    return Report(report.moved, refused=(*report.refused, *(((gettext("all slots reserved"), left),) if left else ())))


def _move(ids: Ids, event: str, states: tuple[str, str], fits: Q, values: dict[str, Any], using: str) -> Report:
    asked = sorted(ids)
    rows = Worker.objects.using(using).filter(fits, stopped_at=None)
    moved = tuple(
        Moved(pk, event, *states) for pk in asked if in_transaction(partial(rows.filter(pk=pk).update, **values), using)
    )
    left = len(asked) - len(moved)
    return Report(moved, refused=((gettext("stopped, or as asked already"), left),) if left else ())
