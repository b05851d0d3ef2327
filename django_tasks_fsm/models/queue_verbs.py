"""Pause and resume queues: one UPDATE each, which tells who was first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django_tasks_fsm.core.payload import clean_text
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.querysets import Report
from django_tasks_fsm.models.queue import Queue, shut
from django_tasks_fsm.models.settling import wake
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import Moved

OPEN, PAUSED = TaskState.ACTIVE.value, TaskState.PAUSED.value
"""A queue has no state column; these two words of a task say the same."""


def pause_queues(
    names: Iterable[str], using: str, *, actor: Actor, reason: str = "", until: datetime | None = None
) -> Report:
    """Let workers start nothing more from open queues, until somebody resumes them or the time has come."""
    who, why = clean_text(actor.name, 150), clean_text(reason, 500)
    values = {"paused_at": DatabaseNow(), "paused_by": who, "paused_until": until, "pause_reason": why}
    return in_transaction(lambda: _move(names, "pause", OPEN, values, using), using)


def resume_queues(names: Iterable[str], using: str) -> Report:
    """Let workers start runs from paused queues again, and wake them."""
    values = {"paused_at": None, "paused_by": "", "paused_until": None, "pause_reason": ""}
    report = in_transaction(lambda: _move(names, "resume", PAUSED, values, using), using)
    wake([row.pk for row in report.moved], using)
    return report


def _move(names: Iterable[str], event: str, source: str, values: Mapping[str, Any], using: str) -> Report:
    target = PAUSED if source == OPEN else OPEN
    rows, asked = Queue.objects.using(using), sorted(names)
    moved = [
        Moved(name, event, source, target)
        for name in asked
        if rows.filter(shut() if source == PAUSED else ~shut(), pk=name).update(**values)
    ]
    left = len(asked) - len(moved)
    return Report(tuple(moved), refused=((target, left),) if left else ())
