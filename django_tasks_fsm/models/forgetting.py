"""Rows of workers that are gone."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Collection
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models.run import TaskRun
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.worker import Worker


def idle(using: str) -> QuerySet[Worker]:
    """Return the workers that hold no run."""
    held = TaskRun.objects.using(using).filter(state=RunState.RUNNING.value, worker_id=OuterRef("pk"))
    return Worker.objects.using(using).filter(~Exists(held))


def forget(ids: Collection[uuid.UUID], lease: timedelta, using: str) -> list[uuid.UUID]:
    """Delete the rows of those that hold nothing and have stopped, or been silent for longer than ``lease``.

    Return their ids. One that comes back after all writes its row again.
    """
    gone = idle(using).filter(Q(stopped_at__isnull=False) | Q(heartbeat_at__lt=DatabaseNow() - lease))
    return [pk for pk in ids if in_transaction(functools.partial(gone.filter(pk=pk)._raw_delete, using), using)]
