"""Do one thing at a time, across all processes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connections

from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.models import Lock

RUN_EDGES = "run edges"
TASK_EDGES = "task edges"


def hold(name: str, using: str) -> None:
    """Wait for the lock ``name`` and keep it until the open transaction ends.

    Take it before any row lock, or two that do it in different orders meet as a deadlock.
    """
    hold_all([name], using)


def hold_all(names: Iterable[str], using: str) -> None:
    """Wait for several locks, in the order of their names, and keep them until the open transaction ends."""
    for_alias(using).lock_for_writing(connections[using].ops.quote_name(Lock._meta.db_table))
    wanted = sorted(set(names))
    if len(_locked(wanted, using)) == len(wanted):
        return
    for name in wanted:
        Lock.objects.using(using).get_or_create(name=name)
    _locked(wanted, using)


def _locked(names: Sequence[str], using: str) -> list[str]:
    rows = Lock.objects.using(using).filter(name__in=names).order_by("name").select_for_update()
    return list(rows.values_list("name", flat=True))
