"""Prerequisites between tasks: the template from which graphs of runs are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connections, transaction

from django_tasks_fsm.core.graph import closure, cycle_in, successors
from django_tasks_fsm.core.prerequisites import Condition, OnFailure
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.exceptions import CycleFound, PrerequisiteDiffers
from django_tasks_fsm.models import Task, TaskPrerequisite
from django_tasks_fsm.models.task import Origin
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.store.definitions import forget


@dataclass(frozen=True, slots=True)
class TaskEdge:
    """Runs of ``task`` wait for the run of ``prerequisite`` that is made with them."""

    task: int
    prerequisite: int
    condition: Condition = Condition.DONE
    on_failure: OnFailure | None = None


def require_tasks(edges: Sequence[TaskEdge], using: str, origin: Origin = Origin.DATABASE) -> None:
    """Add edges between tasks, all or none; one that stands already is left as it is.

    Raise CycleFound, and PrerequisiteDiffers where the edge stands with another condition or policy.
    """
    in_transaction(lambda: _require(edges, using, origin), using)


def _require(edges: Sequence[TaskEdge], using: str, origin: Origin) -> None:
    lock_all(using)
    stand = {(row.task_id, row.prerequisite_id): row for row in TaskPrerequisite.objects.using(using)}
    fresh: dict[tuple[int, int], TaskPrerequisite] = {}
    for edge in edges:
        row = _row(edge, origin)
        if found := stand.get((edge.task, edge.prerequisite)):
            _refuse_other(found, row)
        else:
            fresh[edge.task, edge.prerequisite] = row
    if cycle := cycle_in([(before, task) for task, before in (*stand, *fresh)]):
        raise CycleFound(_names(cycle, using))
    TaskPrerequisite.objects.using(using).bulk_create(fresh.values())
    transaction.on_commit(forget, using=using)


def lock_all(using: str) -> None:
    """Lock every task, as whoever adds an edge does: of two halves of a cycle the second then sees the first."""
    for_alias(using).lock_for_writing(connections[using].ops.quote_name(Task._meta.db_table))
    list(Task.objects.using(using).order_by("pk").select_for_update().values_list("pk"))


def _row(edge: TaskEdge, origin: Origin) -> TaskPrerequisite:
    return TaskPrerequisite(
        task_id=edge.task,
        prerequisite_id=edge.prerequisite,
        condition=edge.condition.value,
        on_failure=edge.on_failure.value if edge.on_failure else "",
        origin=origin.value,
    )


def _refuse_other(stands: TaskPrerequisite, wanted: TaskPrerequisite) -> None:
    if (stands.condition, stands.on_failure) != (wanted.condition, wanted.on_failure):
        raise PrerequisiteDiffers(stands.task, stands.prerequisite, stands.terms, wanted.terms)


def _names(cycle: Sequence[int], using: str) -> list[str]:
    names = dict(Task.objects.using(using).filter(pk__in=cycle).values_list("pk", "name"))
    return [names[pk] for pk in cycle]


@dataclass(frozen=True, slots=True)
class Template:
    """The tasks whose runs are made together, and the edges between them."""

    tasks: dict[int, Task]
    edges: tuple[TaskEdge, ...]


def template_of(task: Task, using: str, *, upstream: bool, dependents: bool) -> Template:
    """Return ``task`` with what depends on it, if wanted, and with all that these wait for, if wanted.

    Retired tasks are left out with their edges: nothing waits for what has been put away.
    """
    rows = TaskPrerequisite.objects.using(using).exclude(prerequisite__state=TaskState.RETIRED.value)
    edges = [_edge(row) for row in rows.exclude(task__state=TaskState.RETIRED.value)]
    ids = {task.pk}
    if dependents:
        ids = closure(ids, successors((edge.prerequisite, edge.task) for edge in edges))
    if upstream:
        ids = closure(ids, successors((edge.task, edge.prerequisite) for edge in edges))
    others = Task.objects.using(using).in_bulk(ids - {task.pk})
    within = tuple(edge for edge in edges if edge.task in ids and edge.prerequisite in ids)
    return Template({task.pk: task, **others}, within)


def _edge(row: TaskPrerequisite) -> TaskEdge:
    policy = OnFailure(row.on_failure) if row.on_failure else None
    return TaskEdge(row.task_id, row.prerequisite_id, Condition(row.condition), policy)
