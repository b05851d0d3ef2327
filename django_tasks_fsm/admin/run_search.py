"""Find runs by what an index knows."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Q, QuerySet

from django_tasks_fsm.models import Task

LONGEST = 200
"""The longest name of a task."""
MOST_TASKS = 500


def search(runs: QuerySet[Any], term: str) -> QuerySet[Any]:
    """Return the runs with this id, or of the tasks whose name begins with ``term`` or has it as its last part."""
    term = term.strip()
    if not term:
        return runs
    run_id = _as_id(term)
    if run_id is not None:
        return runs.filter(pk=run_id)
    if len(term) > LONGEST:
        return runs.none()
    # The tasks first: they are few, while a join would test the name of every run.
    named = Task.objects.filter(Q(name__startswith=term) | Q(name__endswith=f".{term}"))
    return runs.filter(task__in=list(named.values_list("pk", flat=True)[:MOST_TASKS]))


def _as_id(term: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(term)
    except ValueError:
        return None
