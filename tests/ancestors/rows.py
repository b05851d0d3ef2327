"""Rows of schedules whose time has come."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from django_tasks_fsm.models import Task


def come_due(task: Task, late: timedelta = timedelta(seconds=1)) -> None:
    """Let the next time of a schedule lie that long ago."""
    Task.objects.filter(pk=task.pk).update(next_run_at=timezone.now() - late)
