"""Find the runs of a key."""

from __future__ import annotations

import uuid

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects.holds import where
from django_tasks_fsm.models.prerequisite import RunPrerequisite
from django_tasks_fsm.models.run import TaskRun

RUNNING = f"state = '{RunState.RUNNING}'"
"""Word for word the condition of the index of what runs: the key that a run was given has none."""


def runs_of(key: str, using: str) -> set[uuid.UUID]:
    """Return the run that bears the key, and those before it: the RUNNING ones, and what it waits for to be retried."""
    rows = TaskRun.objects.using(using)
    bearers = rows.filter(key=key).values_list("pk", flat=True)
    running = where(rows.filter(worker__isnull=False, given_key=key), RUNNING).values_list("pk", flat=True)
    edges = RunPrerequisite.objects.using(using).filter(run__key=key, met=False, prerequisite__given_key=key)
    return {*bearers, *running, *edges.values_list("prerequisite_id", flat=True)}
