"""From a template of tasks to the requests for one graph of runs."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from django_tasks_fsm.core.ids import new_run_id
from django_tasks_fsm.core.prerequisites import Awaited
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.store.definitions import with_edges
from django_tasks_fsm.store.enqueue import Request
from django_tasks_fsm.store.template import Template, template_of


def with_prerequisites(requests: Sequence[Request], using: str) -> list[Request]:
    """Return ``requests`` and those for the runs that their tasks' templates let them wait for.

    A request that says itself what it waits for is left alone, and so is one whose key an unfinished run bears.
    """
    found: list[Request] = []
    open_ones = {request.task_id for request in requests if not request.prerequisites}
    tasks = Task.objects.using(using).in_bulk(open_ones & with_edges(using))
    for request in requests:
        task = None if request.prerequisites or _is_borne(request, using) else tasks.get(request.task_id)
        found += [request] if task is None else with_template(request, task, using, upstream=True, dependents=False)
    return found


def _is_borne(request: Request, using: str) -> bool:
    return request.key is not None and TaskRun.objects.using(using).filter(key=request.key).exists()


def with_template(root: Request, task: Task, using: str, *, upstream: bool, dependents: bool) -> list[Request]:
    """Return ``root``, a request for a run of ``task``, first, and requests for the runs that belong to it.

    The others have the stored arguments of their tasks and are due when the root is. All are of one graph, unless the
    root is alone.
    """
    template = template_of(task, using, upstream=upstream, dependents=dependents)
    if len(template.tasks) == 1:
        return [root]
    ids = {pk: new_run_id() for pk in template.tasks} | {task.pk: root.id}
    graph = root.graph or root.id
    root = replace(root, graph=graph, prerequisites=(*root.prerequisites, *_awaited(task, template, ids)))
    return [root, *(_request(root, one, template, ids) for pk, one in template.tasks.items() if pk != task.pk)]


def _request(root: Request, task: Task, template: Template, ids: dict[int, uuid.UUID]) -> Request:
    return Request(
        id=ids[task.pk],
        task_id=task.pk,
        args=task.args,
        kwargs=task.kwargs,
        queue=task.queue,
        priority=task.priority,
        run_at=root.run_at,
        graph=root.graph,
        prerequisites=_awaited(task, template, ids),
    )


def _awaited(task: Task, template: Template, ids: dict[int, uuid.UUID]) -> tuple[Awaited, ...]:
    return tuple(
        Awaited(ids[edge.prerequisite], edge.condition, edge.on_failure or None)
        for edge in template.edges
        if edge.task == task.pk
    )
