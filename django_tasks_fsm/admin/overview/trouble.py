"""What waits for a person: runs that nothing lets go any more, tasks whose trigger nobody can read."""

from __future__ import annotations

import uuid

from django_tasks_fsm.admin.overview.moments import NEWEST_ENDED, Moments
from django_tasks_fsm.core.prerequisites import Standing
from django_tasks_fsm.core.states import RunState, TaskState
from django_tasks_fsm.exceptions import InvalidTrigger
from django_tasks_fsm.models import RunPrerequisite, Task

LOOKED_AT = 200
"""Active tasks without a next time whose triggers are read."""
EDGES = 10
"""Edges read for each that is shown: several may belong to one run."""

Broken = tuple[uuid.UUID, uuid.UUID]
"""A run, and what it waits for in vain."""


def broken(lists: Moments, most: int, using: str) -> list[Broken]:
    """Return runs that wait for one of those that ended badly of late, each with one such prerequisite."""
    ended = [moment.id for moment in (*lists.failed[:NEWEST_ENDED], *lists.stopped)]
    if not ended:
        return []
    edges = RunPrerequisite.objects.using(using).filter(
        prerequisite_id__in=ended, met=False, run__state=RunState.PENDING.value
    )
    rows = edges.select_related("prerequisite").only("run", "condition", "on_failure", "met", "prerequisite__state")
    found = {edge.run_id: edge.prerequisite_id for edge in rows[: most * EDGES] if edge.standing is Standing.BROKEN}
    return list(found.items())[:most]


def unreadable(most: int, using: str) -> list[Task]:
    """Return active tasks that have no next time because their trigger cannot be read."""
    tasks = Task.objects.using(using).filter(state=TaskState.ACTIVE.value, next_run_at=None)
    rows = tasks.exclude(trigger__kind="manual").order_by("name").only("name", "state", "trigger")
    return [task for task in rows[:LOOKED_AT] if not _is_readable(task)][:most]


def _is_readable(task: Task) -> bool:
    try:
        _ = task.fires
    except InvalidTrigger:
        return False
    return True
