"""Bring the prerequisites of declared tasks in line with ``requires``; those that a person added stay."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from django_tasks_fsm.exceptions import CycleFound
from django_tasks_fsm.models import Task, TaskPrerequisite
from django_tasks_fsm.models.task import Origin
from django_tasks_fsm.registry import Declaration
from django_tasks_fsm.store.template import TaskEdge, require_tasks

logger = logging.getLogger("django_tasks_fsm")


def sync_edges(declarations: Iterable[Declaration], using: str) -> None:
    """Write the edges of these declarations, whose rows exist; needs an open transaction.

    An edge that would close a loop with what people have added is left out, and the loop is named in the log.
    """
    ids = dict(Task.objects.using(using).values_list("name", "pk"))
    for declaration in declarations:
        task = ids[declaration.name]
        wanted = {edge.prerequisite: edge for edge in _edges(task, declaration, ids)}
        for prerequisite in _stale(task, wanted, using):
            wanted.pop(prerequisite)
        for edge in wanted.values():
            _add(edge, declaration.name, using)


def _edges(task: int, declaration: Declaration, ids: Mapping[str, int]) -> list[TaskEdge]:
    found = []
    for required in declaration.requires:
        if required.function not in ids:
            logger.error("The task %r requires %r, which is not registered here.", declaration.name, required.function)
            continue
        found.append(TaskEdge(task, ids[required.function], required.condition, required.on_failure))
    return found


def _stale(task: int, wanted: Mapping[int, TaskEdge], using: str) -> list[int]:
    """Delete the declared edges that are wanted no more, or otherwise, and return the prerequisites that need none."""
    kept = []
    for row in TaskPrerequisite.objects.using(using).filter(task_id=task):
        edge = wanted.get(row.prerequisite_id)
        is_same = edge is not None and (row.condition, row.on_failure) == (edge.condition, edge.on_failure or "")
        if row.origin == Origin.CODE and not is_same:
            row.delete(using=using)
        elif edge is not None:
            kept.append(row.prerequisite_id)
    return kept


def _add(edge: TaskEdge, name: str, using: str) -> None:
    try:
        require_tasks([edge], using, Origin.CODE)
    except CycleFound as error:
        logger.error("A prerequisite of the task %r is left out. %s", name, error)
