"""How the last runs of tasks went, for many tasks in one query."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import OuterRef, Subquery

from django_tasks_fsm.models import Task, TaskRun

MARKS = 16


def recent_states(task_ids: Collection[int], count: int = MARKS) -> dict[int, list[str]]:
    """Return the states of the last ``count`` runs of each task, oldest first.

    Each is one step in the index over task and id, however many runs there are; a window function would read them all.
    """
    # Not an equality: then PostgreSQL may take the order from the primary key, and for a task without runs walk along
    # the runs of all others, once for each of the columns.
    of_task = TaskRun.objects.filter(task_id__gte=OuterRef("pk"), task_id__lte=OuterRef("pk"))
    newest_first = of_task.order_by("-task_id", "-id").values("state")
    columns = [Subquery(newest_first[number : number + 1]) for number in range(count)]
    rows = Task.objects.order_by().filter(pk__in=task_ids).values_list("pk", *columns)
    return {pk: [state for state in reversed(states) if state] for pk, *states in rows}
