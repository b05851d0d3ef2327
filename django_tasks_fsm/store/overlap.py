"""A time of a schedule that comes while as many runs of the task are going as may."""

from __future__ import annotations

from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.holds import where
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.models.line import going
from django_tasks_fsm.models.task import OnOverlap
from django_tasks_fsm.store.tables import due_by

NAMED = 5


def overlap(task: Task, using: str) -> str:
    """Return why the time gets a skipped run; nothing where it gets one that starts, or that waits.

    Going are the runs that hold a slot, and those that are due and in line for one, or will be. The task's row must be
    locked.
    """
    most = task.max_instances
    if most is None or task.on_overlap != OnOverlap.SKIP:
        return ""
    due = where(TaskRun.objects.using(using).filter(limited=True), due_by(for_alias(using).now_sql))
    parts = (going(using).order_by("-line", "id"), due.order_by("id"))
    found = [pk for part in parts for pk in part.filter(task_id=task.pk).values_list("pk", flat=True)[: most + 1]]
    if len(found) < most:
        return ""
    more = ", …" if len(found) > NAMED else ""
    return f"max_instances is {most}, and as many were going: {', '.join(map(str, found[:NAMED]))}{more}"
