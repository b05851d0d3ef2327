"""Do one thing at a time, across all processes."""

from __future__ import annotations

from django.db import connections

from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.models import Lock

RUN_EDGES = "run edges"
TASK_EDGES = "task edges"


def hold(name: str, using: str) -> None:
    """Wait for the lock ``name`` and keep it until the open transaction ends.

    Take it before any row lock, or two that do it in different orders meet as a deadlock.
    """
    for_alias(using).lock_for_writing(connections[using].ops.quote_name(Lock._meta.db_table))
    if not _locked(name, using):
        Lock.objects.using(using).get_or_create(name=name)
        _locked(name, using)


def _locked(name: str, using: str) -> bool:
    return Lock.objects.using(using).filter(name=name).select_for_update().first() is not None
