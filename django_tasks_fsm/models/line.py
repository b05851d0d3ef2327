"""Runs by their place in line, in such words that the index of the lines serves."""

from __future__ import annotations

from django.db.models import QuerySet

from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.dialects.holds import where
from django_tasks_fsm.models.run import TaskRun

GOING = f"line > {Place.OUTSIDE.value}"
IN_LINE = f"line = {Place.IN_LINE.value} AND {GOING}"
HOLDING = f"line = {Place.HELD.value} AND {GOING}"
"""The second halves say nothing new: SQLite wants the condition of an index word for word."""


def in_line(using: str) -> QuerySet[TaskRun]:
    """Return the runs that are due and wait for a slot of their limits, in no order."""
    return where(TaskRun.objects.using(using).order_by(), IN_LINE)


def holding(using: str) -> QuerySet[TaskRun]:
    """Return the runs that hold a slot of their limits: queued or running."""
    return where(TaskRun.objects.using(using).order_by(), HOLDING)


def going(using: str) -> QuerySet[TaskRun]:
    """Return both."""
    return where(TaskRun.objects.using(using).order_by(), GOING)
